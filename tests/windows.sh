#!/usr/bin/env bash
# Builds proto, otpd and otpctl for Windows and runs their tests under Wine, in a prefix of its
# own that is gone afterwards. Without the Rust target nothing can be built, which is said and is
# no failure.
#
# Wine isn't Windows: version 8 knows no FILE_FLAG_FIRST_PIPE_INSTANCE, no remote clients and no
# owner-rights entry; what rests on these alone is not proved here.
set -euo pipefail
cd "$(dirname "$0")/.."
target=x86_64-pc-windows-gnu
# Longest run of the tests, in seconds; a program that hangs is ended with its Wine.
limit=${WINDOWS_SECONDS:-420}

if ! rustup target list --installed 2>/dev/null | grep -qx "$target" &&
    ! rustup -q target add "$target" >/dev/null 2>&1; then
    echo "SKIPPED: the tests for Windows: the Rust target $target cannot be installed" >&2
    exit 0
fi
tests/packages.sh packages-windows.txt
for tool in x86_64-w64-mingw32-gcc wine; do
    command -v $tool >/dev/null || { echo "$tool is missing (tests/packages-windows.txt)" >&2; exit 1; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/otpd-wine.XXXXXX")
export WINEPREFIX=$work/prefix WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
finish() {
    # The prefix's own server, and with it every program that runs there.
    wineserver=$(command -v wineserver || ls /usr/lib/wine/wineserver64 /usr/lib/wine/wineserver 2>/dev/null | head -n 1)
    if [ -n "$wineserver" ] && [ -d "$WINEPREFIX" ]; then
        timeout 20 "$wineserver" -k || true
        timeout 20 "$wineserver" -w || true
    fi
    rm -rf "$work"
}
trap finish EXIT

export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine
cargo=${CARGO:-cargo}
packages=(-p otp-proto -p otpd -p otpctl)
# Both programs first: otpctl's tests start the otpd beside it.
$cargo build -q --locked --target $target "${packages[@]}" --bins
$cargo test -q --locked --target $target "${packages[@]}" --no-run

timeout 120 wine wineboot -i >"$work/boot.log" 2>&1 || { cat "$work/boot.log" >&2; exit 1; }
# Wine 8 lacks the library that Rust's standard library takes random numbers from.
system=$WINEPREFIX/drive_c/windows/system32
if [ ! -f "$system/bcryptprimitives.dll" ]; then
    cat >"$work/random.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID to, ULONG count);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T count)
{
    for (; count > 4096; to += 4096, count -= 4096)
        if (!SystemFunction036(to, 4096)) return FALSE;
    return SystemFunction036(to, (ULONG)count);
}
BOOL WINAPI DllMain(HINSTANCE self, DWORD why, LPVOID more) { return TRUE; }
C
    x86_64-w64-mingw32-gcc -O2 -shared -o "$system/bcryptprimitives.dll" "$work/random.c" -ladvapi32
fi

# To a file: an agent that a test started may outlive the test and would keep a pipe open.
status=0
timeout "$limit" $cargo test --locked --target $target "${packages[@]}" >"$work/tests.log" 2>&1 </dev/null || status=$?
cat "$work/tests.log"
if [ $status -eq 124 ]; then echo "windows: not done after $limit s" >&2; fi
exit $status
