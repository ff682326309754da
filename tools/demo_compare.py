#!/usr/bin/env python3
"""Compares what a run found with what make_demo.py planted; exit 1 when they differ.

    tools/demo_compare.py PLANTED_JSON RUN_FOLDER
"""

import json
import os
import sys


def found_by(manifest):
    """Findings by code, then unreadable records: of bad UTF-8, and the others."""
    codes = dict(manifest["reader"]["findings"])
    for step in manifest["steps"]:
        for code, count in step["findings"].items():
            codes[code] = codes.get(code, 0) + count
    lost = manifest["reader"]["unreadable"]
    utf8 = lost.get("T1008", 0)
    return codes, utf8, sum(lost.values()) - utf8


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        made = json.load(file)
    with open(os.path.join(sys.argv[2], "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    codes, utf8, broken = found_by(manifest)
    planted, differs = made["planted"], 0
    same = codes.get("T1701", 0) + codes.get("T1702", 0)
    rows = []
    twins = sum(n for name, n in planted.items() if name.startswith("T1701"))
    for name, count in planted.items():
        if name.startswith("T1701"):
            continue
        if name.startswith("unreadable"):
            found = utf8 if "UTF-8" in name else broken
        elif name.startswith("kept"):
            continue
        else:
            found = codes.get(name.split()[0], 0)
        rows.append((name, count, found))
    rows.append(("T1701, T1702 duplicates (exact, case, space)", twins, same))
    print(f"{'planted':42} {'there':>7} {'found':>7}")
    for name, count, found in rows:
        differs += count != found
        print(f"{name:42} {count:7,} {found:7,}{'' if count == found else '   DIFFERS'}")
    read = manifest["counts"]["read"]
    differs += read != made["records"]
    print(f"{'records':42} {made['records']:7,} {read:7,}")
    sys.exit(1 if differs else 0)


if __name__ == "__main__":
    main()
