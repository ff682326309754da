#!/bin/sh
# make demo: makes a messy dataset, refines it, compares what was found with what was planted.
set -eu
tamis=${TAMIS:-build/release/tamis}
folder=${1:-demo}
mkdir -p "$folder"
echo "Making 20,000 chat records with known flaws in $folder/data ..."
python3 tools/make_demo.py "$folder/data" --records 20000
echo
echo "\$ tamis inspect $folder/data/*.jsonl*"
"$tamis" inspect "$folder"/data/*.jsonl* --quiet || true
echo
echo "\$ tamis refine $folder/data/*.jsonl* -o $folder/clean/"
"$tamis" refine "$folder"/data/*.jsonl* -o "$folder/clean/" --overwrite
echo
python3 tools/demo_compare.py "$folder/data/planted.json" "$folder/clean" "$tamis"
echo
echo "\$ tamis audit $folder/clean"
"$tamis" audit "$folder/clean" | tail -3
echo
echo "The report lies in $folder/clean/report.html: open it in a browser."
gone=$(python3 tools/demo_compare.py --gone "$folder/data/planted.json")
echo "Why did a record go? For example:  $tamis explain $folder/clean $gone"
