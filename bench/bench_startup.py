"""Start-up: `tamis --version` and a one-row cat beside jq, 200 runs each."""

import os

import benchkit as kit


def measure():
    kit.need("jq")
    os.makedirs(kit.FOLDER, exist_ok=True)
    row = os.path.join(kit.FOLDER, "row.jsonl")
    with open(row, "w", encoding="utf-8") as file:
        file.write('{"a": 1}\n')
    met = True
    for name, ours, theirs in (("--version", [kit.TAMIS, "--version"], ["jq", "--version"]),
                               ("one row", [kit.TAMIS, "cat", row], ["jq", "-c", ".", row])):
        a, b = kit.pair(ours, theirs, runs=200)
        met &= kit.claim(f"startup-{name.strip('-').replace(' ', '-')}", f"start-up, {name}", "jq",
                         1.0, a, b, at_most=True)
    return met


if __name__ == "__main__":
    kit.main(measure)
