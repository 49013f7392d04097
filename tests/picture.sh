#!/usr/bin/env bash
# Makes docs/enrol.png and README.md's transcript below it, of a real enrolment: a console in
# Chromium, and `otpctl add --screen` in a terminal beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
for list in packages.txt packages-browser.txt packages-picture.txt; do tests/packages.sh $list; done
work=$(mktemp -d "${TMPDIR:-/tmp}/otpd-picture.XXXXXX")
trap 'rm -rf "$work"' EXIT
OTPT_PICTURE=$work $cargo test -q --locked -p otp-tests --features browser --test console -- \
    --ignored the_documentation_s_picture
pngquant --quality 60-95 --output "$work/small.png" 64 "$work/enrol.png"
optipng -quiet -o5 -strip all "$work/small.png"
install -m 0644 "$work/small.png" docs/enrol.png
# The terminal's text, without the lines of script(1), carriage returns, colours and the last prompt.
sed -e 's/\r//g' -e 's/\x1b\[[0-9;?]*[a-zA-Z]//g' -e '/^Script /d' -e '/^\$ *$/d' -e 's/ *$//' \
    "$work/enrol.txt" >"$work/transcript"
# In place of the block that follows the picture.
awk -v transcript="$work/transcript" '
    /\(docs\/enrol\.png\)/ { place = 1 }
    place == 2 && $0 != "```" { next }
    $0 == "```" && place == 2 { place = 0 }
    { print }
    $0 == "```" && place == 1 { while ((getline line < transcript) > 0) print line; place = 2 }
' README.md >"$work/README.md"
cat "$work/README.md" >README.md
git diff --stat README.md docs
