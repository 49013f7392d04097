#!/bin/sh
# A credential_process of the AWS CLI: a session begun with a code from otpd, kept until it ends.
#   aws-session.sh PROFILE SERIAL QUERY [options of aws]
# PROFILE has the lasting keys, SERIAL is the ARN of its MFA device. With jq.
set -eu
umask 077
profile=$1 serial=$2 query=$3
shift 3
kept=${XDG_RUNTIME_DIR:-$HOME/.aws}/otp-session-$profile.json
if ! jq -e '.Expiration[:19] + "Z" | fromdate > now + 300' "$kept" >/dev/null 2>&1; then
    code=$(otpctl get "$query" --fresh --prompt)
    # Through a pipe: what stands on a command line is everybody's to read.
    session=$(printf '%s' "$code" | aws --profile "$profile" "$@" sts get-session-token \
        --output json --serial-number "$serial" --token-code file:///dev/stdin)
    printf '%s' "$session" | jq '.Credentials + {Version: 1}' >"$kept.$$"
    mv "$kept.$$" "$kept"
fi
cat "$kept"
