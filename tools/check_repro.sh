#!/bin/sh
# Builds the committed and changed source once more in a folder of another name and length, without
# any cache, and compares the program byte by byte: the build depends on the source alone.
#
#   tools/check_repro.sh [VARIANT]
set -u
cd "$(dirname "$0")/.." || exit 1

variant=${1:-release}
jobs=$(nproc 2>/dev/null || echo 2)
other=$(mktemp -d "${TMPDIR:-/tmp}/a-folder-of-another-length-XXXXXX") || exit 1
trap 'rm -rf "$other"' EXIT

make -s -j"$jobs" V="$variant" all lib || exit 1
cp -R Makefile VERSION recipes src include "$other/" || exit 1
(cd "$other" && make -s -j"$jobs" V="$variant" CCACHE= all lib) || exit 1
for name in tamis libtamis.a libtamis.so.0; do
    [ -f "build/$variant/$name" ] || continue
    cmp "build/$variant/$name" "$other/build/$variant/$name" || {
        echo "check_repro.sh: $name differs between two builds of the same source" >&2
        exit 1
    }
    echo "$name: the same $(wc -c <"build/$variant/$name") bytes twice"
done
