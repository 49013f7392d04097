#!/usr/bin/env bash
# step.sh NAME COMMAND…: runs a step, says how long it took, and notes it in $OTPD_STEPS.
set -uo pipefail
name=$1
shift
echo "== $name" >&2
start=$SECONDS
"$@"
status=$?
took=$((SECONDS - start))
if [ -n "${OTPD_STEPS:-}" ]; then printf '%d\t%s\n' "$took" "$name" >>"$OTPD_STEPS"; fi
if [ $status -ne 0 ]; then
    echo "== $name failed (exit $status, ${took} s)" >&2
    exit $status
fi
echo "== $name: ${took} s" >&2
