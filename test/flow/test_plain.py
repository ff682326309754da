"""Into a pipe, kept records that stand together are copied as one; here beside a plain reading in
Python and beside the same run with a ledger, which takes every record by itself. Lines at every
edge: CR LF, blank lines, records that are unreadable, parked, changed or repeated, with a key that
stands twice, and no newline at the end; all kept, none kept, and every mixture."""
# time-limit: 120

import json
import os
import random
import subprocess
import tempfile
import unittest

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))


def lines(rng, count, share):
    """Lines of which about `share` are to be kept, with odd ones among them."""
    out = []
    for i in range(count):
        keep = "true" if rng.random() < share else "false"
        text = f"{i} " + rng.choice(["a ", "é", "\\n", "\\u00e9  "]) * rng.randrange(0, 90)
        twice = f'"n":{i},' if rng.random() < 0.01 else ""
        line = '{"text":"%s",%s"n":%d,"keep":%s}' % (text, twice, i, keep)
        odd = rng.random()
        if odd < 0.01:
            line = line[:rng.randrange(1, len(line))]
        elif odd < 0.02:
            line = rng.choice(["", "  ", "\t"])
        elif odd < 0.05:
            line = line.replace(f',"keep":{keep}', rng.choice(["", ',"keep":null']))
        out.append(line + rng.choice(["", "", "", "\r"]))
    return out


def readable(line):
    try:
        return json.loads(line)
    except ValueError:
        return None


class Plain(unittest.TestCase):
    def run_tamis(self, words):
        done = subprocess.run([TAMIS, *words, "--limit-unreadable", "100%"], capture_output=True,
                              check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.stdout

    def both(self, words, source, folder):
        """What goes into a pipe, and what a run with a ledger leaves; with its counts."""
        piped = self.run_tamis([words[0], source, *words[1:], "-o", "-", "--threads", "2"])
        out = os.path.join(folder, "run")
        self.run_tamis([words[0], source, *words[1:], "-o", out + "/", "--format", "jsonl",
                        "--overwrite"])
        with open(os.path.join(out, "manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        data = b""
        for entry in manifest["outputs"]:
            if entry["route"] != "parked":
                with open(os.path.join(out, os.path.basename(entry["path"])), "rb") as file:
                    data += file.read()
        return piped, data, manifest["counts"]

    def test_filters_keep_what_python_keeps(self):
        for seed, share in enumerate((0, 0.02, 0.5, 0.98, 1)):
            rng = random.Random(seed)
            with self.subTest(share=share), tempfile.TemporaryDirectory() as folder:
                source = os.path.join(folder, "in.jsonl")
                made = lines(rng, 9000, share)
                end = rng.choice(["", "\n"])
                with open(source, "w", encoding="utf-8", newline="") as file:
                    file.write("\n".join(made) + end)
                records = [line.rstrip("\r") for line in made if line.strip()]
                kept = [r for r in records if (readable(r) or {}).get("keep") is True]
                want = "".join(r + "\n" for r in kept).encode()
                piped, data, counts = self.both(["filter", "--keep", "$.keep"], source, folder)
                self.assertEqual(piped, want)
                self.assertEqual(data, want)
                self.assertEqual(counts["kept"], len(kept))
                self.assertEqual(counts["read"], len(records))

    def test_changed_and_parked_records_keep_their_place(self):
        rng = random.Random(9)
        recipes = (["filter", "--park", "not $.keep"], ["filter", "--drop", "$.keep"],
                   ["clean.text", "--on", "all"], ["tag", "--set", "seen=1"])
        for words in recipes:
            with self.subTest(words=words), tempfile.TemporaryDirectory() as folder:
                source = os.path.join(folder, "in.jsonl")
                with open(source, "w", encoding="utf-8", newline="") as file:
                    file.write("\n".join(lines(rng, 6000, 0.7)))
                piped, data, counts = self.both(words, source, folder)
                self.assertEqual(piped, data)
                self.assertEqual(piped.count(b"\n"), counts["written"])
                self.assertGreater(counts["written"], 0)


if __name__ == "__main__":
    unittest.main()
