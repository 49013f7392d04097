#!/usr/bin/env bash
# `make install` puts every file where a packager expects it, and `make uninstall` takes it away.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(mktemp -d "${TMPDIR:-/tmp}/otpd-install.XXXXXX")
trap 'rm -rf "$root"' EXIT
fail() {
    echo "install: $1" >&2
    exit 1
}

make --no-print-directory install PREFIX=/usr DESTDIR="$root"
wanted="etc/xdg/autostart/io.otpd.Desktop.desktop usr/share/applications/io.otpd.Desktop.desktop
usr/lib/systemd/user/otp-desktop.service
usr/bin/otp-askpass usr/bin/otpctl usr/bin/otpd
usr/lib/systemd/user/otpd.service usr/lib/systemd/user/otpd.socket
usr/libexec/otpd/otp-desktop usr/libexec/otpd/otp-helper
usr/share/bash-completion/completions/otpctl
usr/share/dbus-1/interfaces/io.otpd.Agent1.xml usr/share/dbus-1/services/io.otpd.Agent1.service
usr/share/doc/otpd/CHANGELOG.md usr/share/doc/otpd/LICENSE-APACHE usr/share/doc/otpd/LICENSE-MIT
usr/share/doc/otpd/README.md usr/share/doc/otpd/SECURITY.md
usr/share/doc/otpd/examples/aws-session.sh usr/share/doc/otpd/examples/openvpn-otp.sh
usr/share/doc/otpd/examples/get.py usr/share/doc/otpd/examples/get.sh
usr/share/doc/otpd/examples/otp.bash usr/share/doc/otpd/examples/rofi-otp.sh
usr/share/fish/vendor_completions.d/otpctl.fish
usr/share/man/man1/otp-askpass.1 usr/share/man/man1/otpctl.1 usr/share/man/man1/otpd.1
usr/share/man/man5/otpd.toml.5 usr/share/man/man7/otpd-ipc.7
usr/share/zsh/site-functions/_otpctl"
found=$(cd "$root" && find . -type f | sed 's|^\./||' | LC_ALL=C sort)
[ "$found" = "$(echo "$wanted" | tr ' ' '\n' | LC_ALL=C sort)" ] || fail "other files than expected: $found"
for file in $found; do [ -s "$root/$file" ] || fail "$file is empty"; done
grep -q '^ExecStart=/usr/bin/otpd$' "$root/usr/lib/systemd/user/otpd.service" || fail "the unit starts another program"
grep -q '^ExecStart=/usr/libexec/otpd/otp-desktop run$' "$root/usr/lib/systemd/user/otp-desktop.service" || fail "the unit of the hotkeys starts another program"
grep -q '^Exec=/usr/libexec/otpd/otp-desktop run$' "$root/etc/xdg/autostart/io.otpd.Desktop.desktop" || fail "the session starts another program"
grep -q '^Exec=/usr/bin/otpd$' "$root/usr/share/dbus-1/services/io.otpd.Agent1.service" || fail "the bus starts another program"
grep -q '^\.TH' "$root/usr/share/man/man1/otpctl.1" || fail "otpctl.1 is no manual page"
bash -n "$root/usr/share/bash-completion/completions/otpctl" || fail "the completions for bash"
"$root/usr/bin/otpctl" version >/dev/null || fail "the installed otpctl does not run"

make --no-print-directory uninstall PREFIX=/usr DESTDIR="$root"
left=$(cd "$root" && find . -type f)
[ -z "$left" ] || fail "left behind: $left"
