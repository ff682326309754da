#!/bin/sh
# `make install` puts everything where a packager expects it and nothing else; pkg-config finds it;
# programs in C and C++ build and run against what was installed, shared and static, and against
# nothing else; the manual page and the completions are understood by those who read them.
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

# ---- what is installed ---------------------------------------------------------------------------

make -s V="$variant" install DESTDIR="$folder" PREFIX=/opt/t LIBDIR=/opt/t/lib/here \
    >"$folder/log" 2>&1 || {
    cat "$folder/log"
    fail "make install failed"
}
root=$folder/opt/t
lib=$root/lib/here
so=libtamis.so.$(cut -d. -f1 VERSION)
(cd "$root" && find . ! -type d | sort) >"$folder/is"
sort >"$folder/wanted" <<END
./bin/tamis
./include/tamis.h
./lib/here/libtamis.a
./lib/here/libtamis.so
./lib/here/$so
./lib/here/pkgconfig/tamis.pc
./share/bash-completion/completions/tamis
./share/fish/vendor_completions.d/tamis.fish
./share/man/man1/tamis.1
./share/zsh/site-functions/_tamis
END
diff "$folder/wanted" "$folder/is" || fail "other files are installed than should be"
[ "$(find "$root" -type f -size 0 | wc -l)" = 0 ] || fail "an installed file is empty"
cmp -s include/tamis.h "$root/include/tamis.h" || fail "another header"
[ "$("$root/bin/tamis" --version | grep -c "$(cat VERSION)")" -ge 1 ] || fail "another version"

# ---- the shared library --------------------------------------------------------------------------

exported=$(nm -D --defined-only "$lib/libtamis.so" | awk '{print $3}' | grep -cv '^tamis_')
[ "$exported" = 0 ] || fail "the shared library shows $exported names that are not tamis_*"
grep -o 'tamis_[a-z_]*(' include/tamis.h | tr -d '(' | sort -u >"$folder/declared"
nm -D --defined-only "$lib/libtamis.so" | awk '{print $3}' | sort -u >"$folder/shown"
diff "$folder/declared" "$folder/shown" || fail "the header and the shared library differ"
readelf -d "$lib/libtamis.so" | grep -q "SONAME.*\[$so\]" || fail "the soname is not $so"
readelf -d "$lib/libtamis.so" | grep -qE "TEXTREL|RUNPATH|RPATH" && fail "relocations or a run path"

# ---- programs against it -------------------------------------------------------------------------

export PKG_CONFIG_PATH="$lib/pkgconfig"
[ "$(PKG_CONFIG_SYSROOT_DIR=$folder pkg-config --modversion tamis)" = "$(cat VERSION)" ] ||
    fail "pkg-config: another version"
cat >"$folder/a.c" <<'END'
#include <stdio.h>
#include <tamis.h>
int main(void)
{
    tamis_plan *plan;
    tamis_error error;
    tamis_options options = TAMIS_OPTIONS;
    puts(tamis_version());
    return tamis_open(&plan, &options, &error) == TAMIS_USAGE ? 0 : 1;
}
END
cp "$folder/a.c" "$folder/a.cpp"
flags() {
    pkg-config --define-variable=prefix="$root" "$@" tamis
}
build() {
    compiler=$1
    shift
    "$compiler" -Wall -Wextra -Wpedantic -Werror -o "$folder/a" "$@" ||
        fail "$compiler does not build a program against the installed library"
    said=$(LD_LIBRARY_PATH=$lib "$folder/a") || fail "the program does not run"
    [ "$said" = "$(cat VERSION)" ] || fail "the program says $said"
}
# shellcheck disable=SC2046  # flags are meant to be split
{
    build gcc -std=c99 "$folder/a.c" $(flags --cflags --libs)
    readelf -d "$folder/a" | grep -q "NEEDED.*\[$so\]" || fail "the program does not ask for $so"
    mv "$lib/libtamis.so" "$lib/elsewhere.so"
    build gcc -std=c17 "$folder/a.c" $(flags --static --cflags --libs)
    readelf -d "$folder/a" | grep -q "NEEDED.*libtamis" && fail "the library was not linked in"
    mv "$lib/elsewhere.so" "$lib/libtamis.so"
    command -v g++ >/dev/null && build g++ -std=c++11 "$folder/a.cpp" $(flags --cflags --libs)
}

# ---- the manual page and the completions ---------------------------------------------------------

page=$root/share/man/man1/tamis.1
if command -v mandoc >/dev/null; then
    mandoc -Tlint -Wwarning "$page" >"$folder/lint" || {
        cat "$folder/lint"
        fail "the manual page has warnings"
    }
fi
if command -v groff >/dev/null; then
    groff -man -Tutf8 -ww -z "$page" 2>"$folder/warnings"
    [ -s "$folder/warnings" ] && {
        cat "$folder/warnings"
        fail "groff has warnings"
    }
fi
bash_says() {
    wanted=$1
    shift
    said=$(cd "$folder" && bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        eval "$(complete -p tamis | sed "s/.*-F \([^ ]*\).*/\1/")"
        IFS="|"; printf "%s" "${COMPREPLY[*]}"' \
        sh "$root/share/bash-completion/completions/tamis" "$@")
    [ "$said" = "$wanted" ] || fail "bash completes \"$*\" to \"$said\""
}
: >"$folder/two words.jsonl"
bash_says refine tamis re
bash_says --normalise tamis dedup.exact --norm
bash_says --no-resume tamis refine x --no-
bash_says 'strict|replace' tamis cat x --utf8 ''
bash_says 'two words.jsonl' tamis audit two
if command -v zsh >/dev/null; then
    zsh -n "$root/share/zsh/site-functions/_tamis" || fail "zsh refuses its completions"
fi
if command -v fish >/dev/null; then
    completions=$root/share/fish/vendor_completions.d/tamis.fish
    fish -n "$completions" || fail "fish refuses its completions"
    fish -c ". $completions; complete -C 'tamis re'" |
        grep -q '^refine' || fail "fish completes nothing"
fi
exit 0
