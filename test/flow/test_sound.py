"""Blocks that an earlier pass saw to be sound are copied when they are written, all but what was
decided about; here beside a set of texts in Python, with lines at every edge: none fallen, all
fallen, first and last of a block, blank lines, CR LF, broken and repeated keys, no newline at the
end. A ledger, which has a row for every record, makes the engine look at each: same data, same
counts."""
# time-limit: 120

import json
import os
import random
import subprocess
import tempfile
import unittest

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))
WIDE = ["é", "日本", "😀", "x"]


def record(rng, text):
    return json.dumps({"n": rng.randrange(10**rng.randrange(1, 9)), "text": text},
                      ensure_ascii=rng.random() < 0.5)


def lines(rng, count, share):
    """Records of which about `share` repeat an earlier text."""
    texts, out = [], []
    for i in range(count):
        again = texts and rng.random() < share
        text = rng.choice(texts) if again else f"{i} " + rng.choice(WIDE) * rng.randrange(1, 900)
        texts.append(text)
        out.append(record(rng, text))
    return out


def expected(all_lines):
    """Kept lines, and how many are read, unreadable and merged."""
    seen, kept, bad, read = set(), [], 0, 0
    for line in all_lines:
        if not line.strip():
            continue
        read += 1
        line = line.rstrip("\r")
        try:
            text = json.loads(line)["text"]
        except ValueError:
            bad += 1
            continue
        if text not in seen:
            kept.append(line)
        seen.add(text)
    return kept, read, bad, read - bad - len(kept)


class Sound(unittest.TestCase):
    def run_tamis(self, path, out, *more):
        said = subprocess.run([TAMIS, "dedup.exact", path, "-o", out, "--format", "jsonl",
                               "--limit-unreadable", "100%", *more],
                              capture_output=True, text=True, check=False)
        self.assertIn(said.returncode, (0, 1), said.stderr)

    def check(self, all_lines, end="\n"):
        kept, read, bad, merged = expected(all_lines)
        want = "".join(line + "\n" for line in kept)
        with tempfile.TemporaryDirectory() as folder:
            path, first = os.path.join(folder, "in.jsonl"), None
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write("\n".join(all_lines) + end)
            for ledger in ("none", "signals"):
                for threads in ("1", "3"):
                    out = os.path.join(folder, f"{ledger}-{threads}")
                    self.run_tamis(path, out, "--ledger", ledger, "--threads", threads)
                    with open(os.path.join(out, "data-00000.jsonl"), encoding="utf-8",
                              newline="") as file:
                        self.assertEqual(file.read(), want)
                    with open(os.path.join(out, "manifest.json"), encoding="utf-8") as file:
                        manifest = json.load(file)
                    counts = manifest["counts"]
                    self.assertEqual((counts["read"], counts["unreadable"], counts["merged"],
                                      counts["kept"]), (read, bad, merged, len(kept)))
                    step = manifest["steps"][0]
                    said = (counts, step["counts"], step["duplicates"]["sources"],
                            manifest["reader"], manifest["inputs"])
                    self.assertEqual(said, first or said)
                    first = said

    def test_shares(self):
        rng = random.Random(1)
        for share in (0, 0.02, 0.5, 1):
            self.check(lines(rng, 5000, share), end=rng.choice(("\n", "")))

    def test_edges_of_blocks(self):
        rng = random.Random(2)
        first = record(rng, "again")
        filler = [record(rng, f"{i} " + "y" * 1000) for i in range(4000)]
        for every in (1, 2, 1000, 3999):
            mixed = [first]
            for i, line in enumerate(filler):
                mixed += [line, first] if i % every == 0 else [line]
            self.check(mixed)
        self.check([first] * 30000)

    def test_what_is_not_sound(self):
        rng = random.Random(3)
        for spoil in (lambda line: line[:-1], lambda line: line + "\r",
                      lambda line: "\n" + line, lambda line: '{"text":"a","n":1,"n":2}'):
            some = lines(rng, 6000, 0.1)
            for _ in range(3):
                at = rng.randrange(len(some))
                some[at] = spoil(some[at])
            self.check("\n".join(some).split("\n"))


if __name__ == "__main__":
    unittest.main()
