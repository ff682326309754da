#!/bin/sh
# Runs the fuzz targets of a V=fuzz build.
#
#   tools/fuzz.sh run BUILD SECONDS    each target that long, starting from its stored corpus; what
#                                      it finds goes to BUILD/corpus, never into the repository
#   tools/fuzz.sh replay BUILD         every stored input once through every target
#
# The last line is `N passed, N failed`, one a target. An input that breaks a target is kept in
# BUILD/crash/; once understood it belongs, made small, into test/fuzz/corpus/.
set -u
cd "$(dirname "$0")/.." || exit 1

mode=${1:?run or replay} build=${2:?the build folder} seconds=${3:-30}
export ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
mkdir -p "$build/crash" || exit 1
passed=0 failed=0

fuzz_one() {
    name=$1 target=$2
    stored=test/fuzz/corpus/$name
    set -- -artifact_prefix="$build/crash/$name-" -timeout=20 -rss_limit_mb=2048 -max_len=65536
    [ -f "test/fuzz/$name.dict" ] && set -- "$@" -dict="test/fuzz/$name.dict"
    if [ "$mode" = run ]; then
        mkdir -p "$build/corpus/$name"
        set -- "$@" -max_total_time="$seconds" "$build/corpus/$name"
        [ -d "$stored" ] && set -- "$@" "$stored"
    else
        set -- "$@" -runs=0
        [ -d test/fuzz/corpus ] && set -- "$@" test/fuzz/corpus
    fi
    "$target" "$@" >"$build/crash/$name.log" 2>&1
}

for source in test/fuzz/fuzz_*.c; do
    [ -f "$source" ] || break
    name=$(basename "$source" .c)
    name=${name#fuzz_}
    if fuzz_one "$name" "$build/test/fuzz/fuzz_$name"; then
        passed=$((passed + 1))
        echo "ok    fuzz_$name: $(tail -n 1 "$build/crash/$name.log")"
    else
        failed=$((failed + 1))
        echo "FAIL  fuzz_$name (the whole log is $build/crash/$name.log)"
        tail -n 40 "$build/crash/$name.log" | sed 's/^/      | /'
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
