#!/usr/bin/env bash
# The office manual's systems, one test a row, against a console in Debian's Chromium. The
# programs are those of `make build` if DIST names them, else fresh ones.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
tests/packages.sh
tests/packages.sh packages-browser.txt
[ -z "${DIST:-}" ] || export OTPD_PROGRAMS=$PWD/$DIST
$cargo clippy -q --locked -p otp-tests --features browser --test console -- -D warnings
# Each has a browser of its own: as many at once as the machine has processors.
$cargo test --locked -p otp-tests --features browser --test console -- --test-threads="$(nproc)" "$@"
