#!/bin/sh
# A mode of rofi's: rofi -modes "otp:$PWD/rofi-otp.sh" -show otp
# The row that is chosen has its id in ROFI_INFO; without one the rows are wanted.
if [ -n "$ROFI_INFO" ]; then
    setsid -f otpctl --quiet --prompt get --copy -- "$ROFI_INFO" >/dev/null 2>&1
else
    otpctl --prompt list --format rofi
fi
