#!/usr/bin/env bash
# Makes docs/notify.png: a pressed hotkey, and the code in a notification of a real server (dunst) on
# an X server of its own. Needs what tests/packages.txt has, and the programs in target/dist ($DIST).
set -euo pipefail
cd "$(dirname "$0")/.."
for list in packages.txt packages-picture.txt; do tests/packages.sh $list; done
dist=$(realpath "${DIST:-target/dist}")
work=$(mktemp -d "${TMPDIR:-/tmp}/otpd-picture.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
mkdir -m 700 "$work/run" "$work/home"
export HOME=$work/home XDG_RUNTIME_DIR=$work/run LC_ALL=C.UTF-8 PATH=$dist:$PATH
export XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share XDG_STATE_HOME=$HOME/.local/state
unset WAYLAND_DISPLAY
mkdir -p "$XDG_CONFIG_HOME/otpd" "$XDG_CONFIG_HOME/dunst"

# Waits for what another program does.
until_done() {
    for _ in $(seq 600); do "$@" >/dev/null 2>&1 && return; sleep 0.05; done
    echo "it never came to be: $*" >&2
    exit 1
}

Xvfb -displayfd 3 -screen 0 900x340x24 3>"$work/display" 2>/dev/null &
until_done grep -q . "$work/display"
DISPLAY=:$(cat "$work/display")
export DISPLAY
dbus-daemon --session --nofork --address="unix:path=$work/run/bus" &
export DBUS_SESSION_BUS_ADDRESS=unix:path=$work/run/bus
until_done test -S "$work/run/bus"
cat >"$XDG_CONFIG_HOME/dunst/dunstrc" <<'END'
[global]
    font = DejaVu Sans 13
    origin = top-right
    offset = 24x24
    width = 380
    height = 300
    padding = 14
    horizontal_padding = 16
    frame_width = 1
    corner_radius = 6
[urgency_normal]
    background = "#fcfcfc"
    foreground = "#202020"
    frame_color = "#8090a0"
END
dunst &
printf "%s\n" '[hotkeys]' '"Ctrl+Alt+G" = { entry = "github", do = "notify" }' >"$XDG_CONFIG_HOME/otpd/otpd.toml"
phrase='a passphrase for a picture'
printf '%s\n' "$phrase" | otpctl init >/dev/null
printf '%s\n' 'otpauth://totp/GitHub:taro@example.com?secret=JBSWY3DPEHPK3PXP&issuer=GitHub' | otpctl add >/dev/null
xsetroot -solid '#3b5568'
cat >"$work/login" <<'END'
printf '\n  $ ssh build.example.com\n  (taro@build.example.com) Verification code: '
sleep 60
END
xterm -geometry 62x7+40+160 -fa 'DejaVu Sans Mono' -fs 12 -bg '#101418' -fg '#d8dee4' -e sh "$work/login" &
until_done xdotool search --onlyvisible --class xterm
otp-desktop run 2>"$work/log" &
until_done grep -q 'serving 1 hotkeys' "$work/log"
xdotool key ctrl+alt+g
until_done sh -c 'test "$(dunstctl count displayed)" = 1'
# What is displayed has yet to be drawn.
sleep 1
import -window root "$work/notify.png"
otpctl lock
kill "$(otpctl status --json --no-start | jq .pid)" 2>/dev/null || true
pngquant --quality 60-95 --output "$work/small.png" 64 "$work/notify.png"
optipng -quiet -o5 -strip all "$work/small.png"
install -m 0644 "$work/small.png" docs/notify.png
