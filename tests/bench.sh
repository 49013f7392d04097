#!/usr/bin/env bash
# Measures the programs in target/dist and writes the table into docs/benchmarks.md.
# Usage: tests/bench.sh [--quick]   (a quick run only shows its table)
set -euo pipefail
cd "$(dirname "$0")/.."
dist=${DIST:-target/dist}
bench=tests/bench
tools=target/bench
cargo=${CARGO:-cargo}

for program in otpd otpctl; do
    [ -x "$dist/$program" ] || { echo "bench: $dist/$program is missing; run make build" >&2; exit 1; }
done

# `load` has to be compiled as otpd is; the two lists drifting apart would measure something else.
overrides() { sed -n "/^\[profile\.$1\.package/{s/profile\.$1/profile/;N;p}" "$2"; }
if ! diff <(overrides release Cargo.toml) <(overrides product $bench/Cargo.toml); then
    echo "bench: the package profiles of Cargo.toml and $bench/Cargo.toml differ" >&2
    exit 1
fi

export CARGO_TARGET_DIR=$PWD/target/bench-build
$cargo build -q --locked --release --manifest-path $bench/Cargo.toml -p otp-bench
$cargo build -q --locked --profile product --manifest-path $bench/Cargo.toml -p otp-bench-load
rm -rf $tools
mkdir -p $tools
cp "$CARGO_TARGET_DIR"/release/{otp-bench,scrypt,echo,desk} "$CARGO_TARGET_DIR"/product/load $tools
"${CC:-gcc}" -static -O2 -Wall -Wextra -o $tools/ref_client $bench/ref_client.c

exec $tools/otp-bench "$dist" $tools docs/benchmarks.md "$@"
