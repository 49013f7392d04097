#!/usr/bin/env bash
# Repeats the tests of crashes, failing disks and races until SOAK_MINUTES (30) have passed.
set -euo pipefail
cd "$(dirname "$0")/.."
end=$((SECONDS + ${SOAK_MINUTES:-30} * 60))
export OTPD_PROGRAMS=$PWD/${DIST:-target/dist}
rounds=0
while [ $SECONDS -lt $end ]; do
    cargo test -q --locked -p otp-tests -- crash:: start:: limits:: memory::
    rounds=$((rounds + 1))
    echo "== soak: $rounds rounds, $(((end - SECONDS) / 60)) minutes left" >&2
done
