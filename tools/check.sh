#!/bin/sh
# The house checks, each one gate: format, layers, tidy, scripts, clang-tidy, docs.
#
#   tools/check.sh               all of them
#   tools/check.sh tidy docs     these
#
# clang-tidy reads the C files of src that differ from BASE: an environment variable, by default
# where this branch left origin's main branch, else the commit before this one. BASE=all reads
# everything. The last line is `N passed, N failed`.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8

passed=0 failed=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

gate() {
    name=$1
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok    $name"
    else
        failed=$((failed + 1))
        echo "FAIL  $name"
    fi
    # A gate that passes may still have warned.
    [ ! -s "$log" ] || tail -n 500 "$log" | sed 's/^/      | /'
}

find_base() {
    if [ -n "${BASE:-}" ]; then
        echo "$BASE"
        return
    fi
    head=$(git rev-parse HEAD 2>/dev/null) || return
    for name in origin/HEAD origin/main; do
        fork=$(git merge-base HEAD "$name" 2>/dev/null) || continue
        [ "$fork" = "$head" ] || { echo "$fork" && return; }
    done
    git rev-parse -q --verify 'HEAD~1' || echo all
}

c_files() {
    find src include test examples bench -name '*.[ch]' 2>/dev/null | LC_ALL=C sort
}

need() {
    command -v "$1" >/dev/null || { echo "$1 is missing: run tools/setup.sh check" && return 1; }
}

# One line a file: `make fmt` mends them all.
check_format() {
    need clang-format || return 1
    c_files | xargs -r -P "$(nproc)" -n 20 clang-format --dry-run -Werror --ferror-limit=1 2>&1 |
        grep -E '(error|warning):' && return 1
    return 0
}

check_tidy() {
    base=$(find_base)
    [ "$base" = all ] && base=
    tools/check_tidy.py ${base:+--base "$base"}
}

check_scripts() {
    bad=0
    for script in tools/*.sh .ci/run $(find test bench -name '*.sh' 2>/dev/null); do
        [ -f "$script" ] || continue
        case $(head -n 1 "$script") in
        *bash*) bash -n "$script" || bad=1 ;;
        *) sh -n "$script" || bad=1 ;;
        esac
        [ -x "$script" ] || { echo "$script: not executable" && bad=1; }
    done
    find tools test bench -name '*.py' 2>/dev/null | while read -r script; do
        python3 -B -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$script" ||
            echo failed
    done | grep -q failed && bad=1
    return $bad
}

changed_sources() {
    base=$(find_base)
    if [ "$base" = all ]; then
        find src -name '*.c'
    else
        git diff --name-only --diff-filter=d "$base" -- src
        git ls-files --others --exclude-standard -- src
    fi | grep '\.c$' | LC_ALL=C sort -u
}

# The flags of the clang build, without what only a build needs.
check_clang_tidy() {
    need clang-tidy || return 1
    flags=$(make -s V=clang CCACHE= print-CPPFLAGS_ALL print-PY_FLAGS print-CFLAGS_ALL |
        tr '\n' ' ')
    changed_sources | FLAGS="$flags" xargs -r -P "$(nproc)" -n 1 sh -c \
        'eval "set -- \"$1\" -- $FLAGS"; clang-tidy --quiet "$@" 2>/dev/null' tidy
}

check_docs() {
    [ -x tools/gen_docs.sh ] || return 0
    make -s -j"$(nproc)" all && TAMIS=${TAMIS:-build/release/tamis} tools/gen_docs.sh --check
}

[ $# -gt 0 ] || set -- format layers tidy scripts clang-tidy docs
for name in "$@"; do
    case $name in
    format) gate "format (make fmt)" check_format ;;
    layers) gate "layers" tools/check_layers.py ;;
    tidy) gate "tidy" check_tidy ;;
    scripts) gate "scripts" check_scripts ;;
    clang-tidy) gate "clang-tidy (since $(find_base | cut -c 1-12))" check_clang_tidy ;;
    docs) gate "docs up to date (make docs)" check_docs ;;
    *) echo "check.sh: there is no gate \"$name\"" >&2 && failed=$((failed + 1)) ;;
    esac
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
