#!/bin/sh
# `make install` puts everything where a packager expects it, pkg-config finds it, and a program of
# two lines builds against what was installed and against nothing else.
# time-limit: 600
set -u
cd "$(dirname "$0")/../.." || exit 1

folder=${TAMIS_TMP:-$(mktemp -d)}
variant=$(basename "${TAMIS_BUILD:-build/release}")
case $variant in release | clang) ;; *) echo "only for release builds" && exit 77 ;; esac
fail() {
    echo "$1"
    exit 1
}

make -s V="$variant" install DESTDIR="$folder" PREFIX=/opt/t >"$folder/log" 2>&1 || {
    cat "$folder/log"
    fail "make install failed"
}
root=$folder/opt/t
for file in bin/tamis lib/libtamis.a lib/libtamis.so lib/pkgconfig/tamis.pc include/tamis.h \
    share/man/man1/tamis.1 share/bash-completion/completions/tamis \
    share/zsh/site-functions/_tamis share/fish/vendor_completions.d/tamis.fish; do
    [ -s "$root/$file" ] || fail "not installed: $file"
done
exported=$(nm -D --defined-only "$root/lib/libtamis.so" | awk '{print $3}' | grep -cv '^tamis_')
[ "$exported" = 0 ] || fail "the shared library shows $exported names that are not tamis_*"

completed=$(bash -c '. "$1"; COMP_WORDS=(tamis ref); COMP_CWORD=1
    eval "$(complete -p tamis | sed "s/.*-F \([^ ]*\).*/\1/")"; echo "${COMPREPLY[@]}"' \
    sh "$root/share/bash-completion/completions/tamis")
[ "$completed" = refine ] || fail "bash completes \"ref\" to \"$completed\""
if command -v mandoc >/dev/null; then
    mandoc -Tlint -Wwarning "$root/share/man/man1/tamis.1" >"$folder/lint" || {
        cat "$folder/lint"
        fail "the manual page has warnings"
    }
fi
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
