#!/usr/bin/env bash
# Builds the programs as they are shipped and collects them in $DIST.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
dist=${DIST:-target/dist}
target=${CARGO_TARGET_DIR:-target}

host=$($cargo -vV | sed -n 's/^host: //p')
static=()
case $host in
*-linux-gnu)
    musl=${host%-gnu}-musl
    if rustup target list --installed 2>/dev/null | grep -qx "$musl" ||
        rustup -q target add "$musl" >/dev/null 2>&1; then
        static=(--target "$musl")
    else
        echo "otpctl is linked dynamically: the target $musl cannot be installed" >&2
    fi
    ;;
esac

quiet=(-q)
[ -t 2 ] && quiet=()
echo "building otpd and otp-helper" >&2
$cargo build "${quiet[@]}" --locked --release -p otpd -p otp-helper
echo "building otpctl" >&2
$cargo build "${quiet[@]}" --locked --profile tiny -p otpctl "${static[@]}"

mkdir -p "$dist"
# Installed over running programs too, hence not copied in place.
install -m 0755 "$target/release/otpd" "$target/release/otp-helper" "$dist/"
install -m 0755 "$target/${static[1]:+${static[1]}/}tiny/otpctl" "$dist/"
