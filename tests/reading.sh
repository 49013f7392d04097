#!/usr/bin/env bash
# Reads QR codes as people meet them with otp-helper, zxing-cpp and zbar, and compares: SEED (the
# time, so that nobody has seen them), COUNT pictures of each kind (12). OTPD_READER is the
# otp-helper; the others are what Debian (zbar-tools, qrencode) and PyPI (zxing-cpp) have.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/target/reading/tools
pictures=$PWD/target/reading/pictures
tests/packages.sh packages-reading.txt
helper=${OTPD_READER:-target/dist/otp-helper}
[ -x "$helper" ] || make --no-print-directory build
if ! PYTHONPATH=$tools python3 -c 'import numpy, PIL, zxingcpp' 2>/dev/null; then
    python3 -m pip install -q --disable-pip-version-check --target "$tools" numpy pillow zxing-cpp
fi
export PYTHONPATH=$tools
rm -rf "$pictures"
seed=${SEED:-$(date +%s)}
echo "seed $seed" >&2
python3 tests/reading/pictures.py "$pictures" "$seed" "${COUNT:-12}"
python3 tests/reading/score.py "$pictures" "$helper"
