#!/usr/bin/env python3
"""Compares what a run found with what make_demo.py planted; exit 1 when they differ.

    tools/demo_compare.py PLANTED_JSON RUN_FOLDER [TAMIS]
    tools/demo_compare.py --gone PLANTED_JSON      the place of a record that was merged

Flaws with a code are counted by the run. What must come through as it was (unknown fields, odd
numbers) is counted in what was written; marks that must not (byte order mark, CR LF) by the records
that were read of such files, if none of it was written.
"""

import json
import os
import re
import subprocess
import sys

NUMBER = re.compile(rb'"cost": (12345678901234567890123|1\.0|1e400|-0|0\.10000000000000000555)}$',
                    re.M)
FIELDS = b'"x-trace": {"deep": [1, [2, {"three": null}]]'


def found_by(manifest):
    """Findings by code, then unreadable records: of bad UTF-8, and the others."""
    codes = dict(manifest["reader"]["findings"])
    for step in manifest["steps"]:
        for code, count in step["findings"].items():
            codes[code] = codes.get(code, 0) + count
    lost = manifest["reader"]["unreadable"]
    utf8 = lost.get("T1008", 0)
    return codes, utf8, sum(lost.values()) - utf8


def read_of(manifest, folder, made, wanted):
    """Lines of the files whose bytes are `wanted`: how many there are, and how many were read."""
    there = read = 0
    records = {os.path.basename(i["path"]): i["records"] for i in manifest["inputs"]}
    for name, lines in made["lines"].items():
        if name.endswith(".gz"):
            continue
        with open(os.path.join(folder, name), "rb") as file:
            if wanted(file.read()):
                there += lines
                read += records.get(name, 0)
    return there, read


def rows_of(made, manifest, data, written):
    """(what, how many there are, how many were found)"""
    codes, utf8, broken = found_by(manifest)
    same = codes.get("T1701", 0) + codes.get("T1702", 0)
    counted = {"unreadable: not UTF-8": utf8, "unreadable: broken JSON": broken,
               "kept: unknown fields": written.count(FIELDS),
               "kept: odd numbers": len(NUMBER.findall(written))}
    twins = sum(n for name, n in made["planted"].items() if name.startswith("T1701"))
    for name, count in made["planted"].items():
        if not name.startswith("T1701"):
            yield name, count, counted.get(name, codes.get(name.split()[0], 0))
    yield "T1701, T1702 duplicates (exact, case, space)", twins, same
    there, read = read_of(manifest, data, made, lambda b: b.startswith(b"\xef\xbb\xbf"))
    yield "lines behind a byte order mark", there, read if b"\xef\xbb\xbf" not in written else 0
    there, read = read_of(manifest, data, made, lambda b: b.endswith(b"\r\n"))
    yield "lines that end in CR LF", there, read if b"\r" not in written else 0


def main():
    if sys.argv[1] == "--gone":
        with open(sys.argv[2], encoding="utf-8") as file:
            print(json.load(file)["first"]["T1701 exact duplicates"])
        return
    with open(sys.argv[1], encoding="utf-8") as file:
        made = json.load(file)
    with open(os.path.join(sys.argv[2], "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    tamis = sys.argv[3] if len(sys.argv) > 3 else "tamis"
    written = subprocess.run([tamis, "cat", sys.argv[2]], check=True, capture_output=True).stdout
    differs = 0
    print(f"{'planted':42} {'there':>7} {'found':>7}")
    for name, count, found in rows_of(made, manifest, os.path.dirname(sys.argv[1]), written):
        differs += count != found
        print(f"{name:42} {count:7,} {found:7,}{'' if count == found else '   DIFFERS'}")
    read = manifest["counts"]["read"]
    differs += read != made["records"]
    print(f"{'records':42} {made['records']:7,} {read:7,}")
    sys.exit(1 if differs else 0)


if __name__ == "__main__":
    main()
