#!/bin/sh
# `make install` puts everything where a packager expects it, pkg-config finds it, and a program of
# two lines builds against what was installed and against nothing else.
# time-limit: 600
set -u
cd "$(dirname "$0")/../.." || exit 1

folder=${TAMIS_TMP:-$(mktemp -d)}
variant=$(basename "${TAMIS_BUILD:-build/release}")
case $variant in release | clang) ;; *) echo "only for release builds" && exit 77 ;; esac
[ -f include/tamis.h ] || { echo "include/tamis.h is not there yet" && exit 77; }

fail() {
    echo "$1"
    exit 1
}

make -s V="$variant" install DESTDIR="$folder" PREFIX=/opt/t >"$folder/log" 2>&1 || {
    cat "$folder/log"
    fail "make install failed"
}
root=$folder/opt/t
for file in bin/tamis lib/libtamis.a lib/pkgconfig/tamis.pc include/tamis.h; do
    [ -f "$root/$file" ] || fail "not installed: $file"
done
[ "$("$root/bin/tamis" --version | grep -c "$(cat VERSION)")" -ge 1 ] || fail "another version"

export PKG_CONFIG_PATH="$root/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$folder"
[ "$(pkg-config --modversion tamis)" = "$(cat VERSION)" ] || fail "pkg-config: another version"
unset PKG_CONFIG_SYSROOT_DIR
printf '#include <tamis.h>\nint main(void) { return 0; }\n' >"$folder/a.c"
# shellcheck disable=SC2046  # flags are meant to be split
gcc -std=c17 -Wall -Wextra -Wpedantic -Werror -o "$folder/a" "$folder/a.c" \
    $(pkg-config --define-variable=prefix="$root" --static --cflags --libs tamis) ||
    fail "a program does not build against the installed library"
"$folder/a" || fail "the program does not run"
