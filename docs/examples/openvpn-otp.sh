#!/bin/sh
# Answers OpenVPN's management interface (management-notes.txt, "static challenge"):
#   socat UNIX-CONNECT:SOCKET EXEC:"openvpn-otp.sh NAME QUERY COMMAND"
# COMMAND, such as pass show vpn, prints the password on its first line.
set -eu
name=$1 query=$2
shift 2
coded() { printf '%s\n' "$1" | head -n 1 | tr -d '\n' | base64 | tr -d '\n'; }
while IFS= read -r line; do
    case $line in
    '>HOLD:'*) echo 'hold release' ;;
    ">PASSWORD:Need 'Auth' username/password SC:"[01],*)
        password=$("$@")
        code=$(otpctl get "$query" --fresh --prompt)
        printf 'username "Auth" "%s"\n' "$name"
        printf 'password "Auth" "SCRV1:%s:%s"\n' "$(coded "$password")" "$(coded "$code")"
        ;;
    '>PASSWORD:Verification Failed:'*)
        echo 'openvpn-otp: the server refused password or code' >&2
        exit 1
        ;;
    esac
done
