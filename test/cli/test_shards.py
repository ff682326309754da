"""Data files of a size: none holds more than was asked for, but for one record that is longer, and
none could have held the next record; whatever the format, the routes, the order or the threads."""

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase, manifest  # noqa: E402


def packed(lines, most, array):
    """The files, filled one behind another, by the definition of the formats."""
    def text(held):
        if array:
            return b"[\n" + b",\n".join(line.rstrip(b"\n") for line in held) + b"\n]\n"
        return b"".join(held)

    files, held = [], []
    for line in lines:
        if held and len(text(held + [line])) > most:
            files.append(text(held))
            held = []
        held.append(line)
    return files + [text(held)]


class Shards(LawCase):
    def setUp(self):
        super().setUp()
        chance = random.Random(3)
        sizes = [chance.choice((3, 40, 700, 9000)) for _ in range(700)] + [400_000, 5, 3_000_000, 5]
        self.lines = [json.dumps({"n": n, "text": "%x" % chance.getrandbits(4 * size)}).encode()
                      + b"\n" for n, size in enumerate(sizes)]
        self.write("a.jsonl", b"".join(self.lines))

    def files(self, folder, route="data"):
        outputs = [o for o in manifest(folder)["outputs"] if o["route"] == route]
        self.assertEqual([o["path"].split(".")[0] for o in outputs],
                         ["%s-%05d" % (route, n) for n in range(len(outputs))])
        files = [self.decode(os.path.join(folder, o["path"])) for o in outputs]
        self.assertEqual([len(data) for data in files], [o["decoded_bytes"] for o in outputs])
        return files

    def test_every_format_and_size(self):
        for form in ("jsonl", "jsonl.zst", "jsonl.gz", "json", "json.gz"):
            for most in (1, 100_000, 1_500_000):
                lines = self.lines if most > 1 else self.lines[:9]
                self.write("b.jsonl", b"".join(lines))
                folder = self.run_folder(f"{form}-{most}", "length", "b.jsonl", "--format", form,
                                         "--shard", str(most))
                self.assertEqual(self.files(folder), packed(lines, most, form.startswith("json.") or
                                                            form == "json"), (form, most))

    def test_threads_and_order(self):
        want = packed(self.lines, 30_000, False)
        for words in (["--threads", "1"], ["--threads", "3", "--batch-records", "7"]):
            folder = self.run_folder("o" + words[1], "length", "a.jsonl", "--shard", "30000",
                                     *words)
            self.assertEqual(self.files(folder), want)
        folder = self.run_folder("sorted", "sort", "a.jsonl", "--by", "max $.n", "--shard", "30000")
        self.assertEqual(self.files(folder), packed(self.lines[::-1], 30_000, False))

    def test_routes(self):
        folder = self.run_folder("sides", "split", "a.jsonl", "--eval", "30%", "--shard", "30000")
        both = []
        for route in ("train", "eval"):
            files = self.files(folder, route)
            lines = b"".join(files).splitlines(True)
            self.assertEqual(files, packed(lines, 30_000, False))
            self.assertGreater(len(files), 5)
            both += lines
        self.assertEqual(sorted(both), sorted(self.lines))
        self.tamis("audit", folder)


if __name__ == "__main__":
    unittest.main()
