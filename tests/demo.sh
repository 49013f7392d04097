#!/usr/bin/env bash
# The main job from end to end, on real programs in a private temporary home: a key is enrolled
# from the picture of a QR code, asked for codes, locked, and nothing is left behind.
set -euo pipefail
cd "$(dirname "$0")/.."
dist=${DIST:-target/dist}
target=${CARGO_TARGET_DIR:-target}

japanese=
case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in ja*) japanese=1 ;; esac
# say ENGLISH JAPANESE: one line a step.
say() { if [ -n "$japanese" ]; then printf '● %s\n' "$2"; else printf '* %s\n' "$1"; fi; }
show() { sed 's/^/    /'; }

work=$(mktemp -d "${TMPDIR:-/tmp}/otpd-demo.XXXXXX")
chmod 0755 "$work"
agent=
finish() {
    status=$?
    trap - EXIT
    if [ -n "$agent" ]; then kill "$agent" 2>/dev/null || true; wait "$agent" 2>/dev/null || true; fi
    if [ $status -ne 0 ] && [ -s "$work/otpd.log" ]; then
        echo "otpd said:" >&2
        show <"$work/otpd.log" >&2
    fi
    rm -rf "$work"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM
fail() {
    echo "demo failed: $1" >&2
    exit 1
}

for program in otpd otpctl otp-helper; do
    [ -x "$dist/$program" ] || fail "$dist/$program is missing; run: make build"
done
say "build the maker of QR codes" "QRコード生成プログラムをビルドします"
cargo build -q --locked --profile helper -p otp-helper --example qr_fixture || fail "the example qr_fixture does not build"

# Root shows it as somebody without any right; anybody else as themselves.
mkdir "$work/bin" "$work/home" "$work/run"
install -m 0755 "$dist/otpd" "$dist/otpctl" "$dist/otp-helper" "$target/helper/examples/qr_fixture" "$work/bin"
as=()
uid=$(id -u)
if [ "$uid" -eq 0 ]; then
    uid=$((700000 + $$ % 100000))
    chown "$uid:$uid" "$work/home" "$work/run"
    as=(setpriv "--reuid=$uid" "--regid=$uid" --clear-groups --bounding-set=-all --inh-caps=-all)
fi
chmod 0700 "$work/home" "$work/run"
run() {
    (cd "$work/home" && exec env -i PATH="$work/bin:/usr/bin:/bin" HOME="$work/home" \
        XDG_RUNTIME_DIR="$work/run" LANG="${LANG:-C.UTF-8}" "${as[@]}" "$@")
}

say "start a private otpd (user $uid, home $work/home)" "専用の otpd を起動します(ユーザー $uid、ホーム $work/home)"
(cd "$work/home" && exec env -i PATH="$work/bin:/usr/bin:/bin" HOME="$work/home" \
    XDG_RUNTIME_DIR="$work/run" "${as[@]}" "$work/bin/otpd") >"$work/otpd.log" 2>&1 &
agent=$!
for _ in $(seq 100); do
    grep -q '^otpd: ready at ' "$work/otpd.log" && break
    kill -0 "$agent" 2>/dev/null || fail "otpd ended instead of starting"
    sleep 0.05
done
grep -q '^otpd: ready at ' "$work/otpd.log" || fail "otpd is not ready after 5 s"

passphrase=$(head -c 12 /dev/urandom | base64)
say "make the vault; its recovery key is shown once:" "保管庫を作ります。回復キーは一度だけ表示されます:"
printf '%s\n' "$passphrase" | run otpctl init 2>"$work/err" | show || fail "otpctl init: $(cat "$work/err")"

# As the office manual's service makes it: no issuer in the label, a key of 80 bits.
key=$(head -c 10 /dev/urandom | base32)
uri="otpauth://totp/abc****?secret=$key&issuer=Trend%20Micro%20SaaS%20Account"
say "a service shows a QR code (a PNG, 80-bit key, no issuer prefix)" "サービスがQRコードを表示します(PNG、80ビット鍵、発行者の接頭辞なし)"
printf '%s' "$uri" | "$work/bin/qr_fixture" >"$work/qr.png" || fail "qr_fixture"
chmod 0644 "$work/qr.png"

say "otpctl add --image qr.png" "otpctl add --image qr.png"
run otpctl add --image "$work/qr.png" </dev/null >"$work/out" 2>&1 || fail "otpctl add: $(cat "$work/out")"
show <"$work/out"

say "the key is in no file in clear" "鍵はどのファイルにも平文で残っていません"
hex=$(printf '%s' "$key" | base32 -d | od -An -tx1 | tr -d ' \n')
seen() { grep -rlaiF -e "$key" -e "$hex" -e 'otpauth://' "$@" 2>/dev/null || true; }
printf '%s' "$uri" >"$work/control"
[ -n "$(seen "$work/control")" ] || fail "the search does not find a key that is there"
rm "$work/control"
found=$(seen "$work/home" "$work/run" "$work/otpd.log")
[ -z "$found" ] || fail "the key is in clear in $found"
vault=$(find "$work/home" -path '*/otpd/vault/*.age')
[ "$(head -c 21 "$vault")" = "age-encryption.org/v1" ] || fail "the vault is not an age file: $vault"

say "otpctl get trend" "otpctl get trend"
before=$(date +%s)
code=$(run otpctl get trend </dev/null) || fail "otpctl get trend (exit $?)"
after=$(date +%s)
echo "    $code"
case $code in [0-9][0-9][0-9][0-9][0-9][0-9]) ;; *) fail "not a code of six digits" ;; esac
if command -v oathtool >/dev/null; then
    wanted=$(for at in "$before" "$after"; do printf '%s' "$key" | oathtool --totp --base32 --now "@$at" -; done)
    case $wanted in *"$code"*) ;; *) fail "oathtool computes another code" ;; esac
    say "oathtool computes the same" "oathtool の計算結果と一致しました"
fi

say "lock; now a code is refused" "ロックすると、コードは拒否されます"
run otpctl lock </dev/null >"$work/out" 2>&1 || fail "otpctl lock: $(cat "$work/out")"
show <"$work/out"
status=0
run otpctl get trend </dev/null >"$work/out" 2>&1 || status=$?
show <"$work/out"
[ $status -eq 5 ] || fail "a locked vault must refuse with exit status 5, not $status"

say "stop the agent; no process and no file is left" "エージェントを停止します。プロセスもファイルも残りません"
kill -TERM "$agent"
status=0
wait "$agent" || status=$?
agent=
[ $status -eq 0 ] || fail "otpd ended with status $status"
[ ! -e "$work/run/otpd/otpd.sock" ] || fail "the socket is still there"
for status in /proc/[0-9]*/status; do
    if [ ${#as[@]} -gt 0 ] && grep -q "^Uid:[[:space:]]$uid[[:space:]]" "$status" 2>/dev/null; then
        fail "process ${status//[!0-9]/} is left"
    fi
done
if [ ${#as[@]} -gt 0 ]; then
    left=$(find /tmp /var/tmp /dev/shm /run -xdev -uid "$uid" -not -path "$work/*" 2>/dev/null || true)
    [ -z "$left" ] || fail "left behind: $left"
fi
rm -rf "$work"
[ ! -e "$work" ] || fail "the temporary home is still there"
say "done" "完了しました"
