#!/usr/bin/env bash
# An extension of pass (passwordstore.org): `pass otp` asks otpd, and leaves pass's own store alone.
#   install -D otp.bash ~/.password-store/.extensions/otp.bash
#   export PASSWORD_STORE_ENABLE_EXTENSIONS=true
exec otpctl pass-otp "$@"
