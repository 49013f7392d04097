#!/bin/sh
# Asks otpd for a code: get.sh QUERY (with jq and socat)
set -e
socket=${OTPD_SOCKET:-$XDG_RUNTIME_DIR/otpd/otpd.sock}
request=$(jq -nc --arg q "$1" '{jsonrpc: "2.0", id: 1, method: "get", params: {query: $q}}')
answer=$(printf '%s\n' "$request" | socat -t 60 - "UNIX-CONNECT:$socket")
printf '%s\n' "$answer" | jq -er '.result.code // (.error.message + "\n" | halt_error(1))'
