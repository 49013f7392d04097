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
echo "building otpd and otp-desktop" >&2
$cargo build "${quiet[@]}" --locked --release -p otpd -p otp-desktop
echo "building otp-helper" >&2
$cargo build "${quiet[@]}" --locked --profile helper -p otp-helper

# The shipped standard library brings the printing of panics and a symboliser for backtraces,
# more than half of what a small program weighs. Built with the program it is left out, and a
# panic, whose message could quote a secret, ends the program without one. OTPD_STD=shipped keeps
# the shipped library (a panic then names its place), and so does a machine where the library's
# source cannot be had.
own_std() {
    : >"$target/own-std.log"
    [ "${OTPD_STD:-own}" = own ] && [ ${#static[@]} -gt 0 ] || return 1
    rustup component list --installed 2>/dev/null | grep -qx rust-src ||
        rustup -q component add rust-src >/dev/null 2>&1 || return 1
    # Building it is a nightly option of the stable cargo. Relocations of a static program fit in
    # a tenth of their place (DT_RELR).
    RUSTC_BOOTSTRAP=1 RUSTFLAGS="${RUSTFLAGS:-} -C link-arg=-Wl,-z,pack-relative-relocs -Z unstable-options -C panic=immediate-abort" \
        $cargo build -q --locked --profile tiny -p otpctl "${static[@]}" \
        -Z build-std=std,panic_abort -Z build-std-features=optimize_for_size 2>"$target/own-std.log"
}
echo "building otpctl" >&2
if own_std; then
    unwinding=(-R .eh_frame -R .eh_frame_hdr -R .gcc_except_table)
else
    echo "otpctl is linked with the standard library as it is shipped (see $target/own-std.log)" >&2
    unwinding=()
    $cargo build "${quiet[@]}" --locked --profile tiny -p otpctl "${static[@]}"
fi

mkdir -p "$dist"
# Installed over running programs too, hence not copied in place.
install -m 0755 "$target/release/otpd" "$target/helper/otp-helper" "$target/release/otp-desktop" "$dist/"
otpctl=$target/${static[1]:+${static[1]}/}tiny/otpctl
for program in "$otpctl" "${otpctl%ctl}-askpass"; do
    install -m 0755 "$program" "$dist/"
    if [ ${#unwinding[@]} -gt 0 ] && command -v objcopy >/dev/null; then
        small=$dist/$(basename "$program")
        objcopy "${unwinding[@]}" "$program" "$small.new"
        mv "$small.new" "$small"
    fi
done
