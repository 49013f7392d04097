#!/usr/bin/env bash
# Type-checks everything for both Apple targets. Nothing is linked or run: there is no macOS here.
# Without the Rust targets nothing can be checked, which is said and is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=(aarch64-apple-darwin x86_64-apple-darwin)
cargo=${CARGO:-cargo}

for target in "${targets[@]}"; do
    if ! rustup target list --installed 2>/dev/null | grep -qx "$target" &&
        ! rustup -q target add "$target" >/dev/null 2>&1; then
        echo "SKIPPED: the check for macOS: the Rust target $target cannot be installed" >&2
        exit 0
    fi
done
for target in "${targets[@]}"; do
    $cargo clippy -q --locked --target "$target" --all-targets \
        -p otp-proto -p otpd -p otpctl -p otp-helper -- -D warnings
done
