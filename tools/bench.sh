#!/bin/sh
# Runs every bench script, one a claim, one after the other so that they do not share the cores.
#
#   tools/bench.sh [WORD...]    only those whose name holds one of the words
#
# A script is bench/bench_*.py or .sh; it runs its rival in the same run and prints both figures.
# TAMIS names the program under test. A script that exits 77 could not run (a rival is missing).
set -u
cd "$(dirname "$0")/.." || exit 1

python=.venv/bin/python
[ -x $python ] || python=python3
worst=0
for script in bench/bench_*.py bench/bench_*.sh; do
    [ -f "$script" ] || continue
    if [ $# -gt 0 ]; then
        hit=
        for word in "$@"; do case $script in *"$word"*) hit=1 ;; esac done
        [ -n "$hit" ] || continue
    fi
    echo "== $script"
    case $script in
    *.py) $python -B "$script" ;;
    *) sh "$script" ;;
    esac
    status=$?
    [ $status = 77 ] && echo "   skipped" && continue
    [ $status = 0 ] || worst=1
done
exit $worst
