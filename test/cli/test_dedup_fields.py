"""What dedup.exact says of fields that merged records had otherwise than those that stay, against
Python: the ledger says who was merged into whom, and the two records are compared as objects.

Covers op/dedup/exact_fields.c and flow/lost_fields.c."""

import collections
import json
import os
import random
import subprocess
import unittest

from dedupkit import DedupCase
from lawkit import TAMIS, manifest

TEXTS = ("red", "Red", "red ", "blue")
FIELDS = {"answer": (1, 2, "1", None), "source": ("u/\u00fc", "v", "w"), "two words": (True, False),
          "list": ([1, 2], [1, 3], {"a": [1]}, {"a": 1}, []),
          "k\u00e9y": ("x", "y"), "id": tuple(range(9)), "url": ("u", "v")}


def record(chance):
    text = chance.choice(TEXTS)
    own = chance.choice(({"text": text}, {"prompt": "p", "completion": text},
                         {"messages": [{"role": "user", "content": "p"},
                                       {"role": "assistant", "content": text}]}))
    items = list(own.items())
    for name, values in FIELDS.items():
        if chance.random() < 0.6:
            items.append((name, chance.choice(values)))
    chance.shuffle(items)
    return dict(items)


def spaced(row, chance):
    gap = chance.choice(("", " "))
    text = json.dumps(row, ensure_ascii=chance.random() < 0.3, separators=("," + gap, ":" + gap))
    return text.replace("/", chance.choice(("/", "\\/"))) + "\n"


def lost(row, into):
    """Names of what the record has and the other has not, or otherwise, in its own order."""
    texts = ("text", "prompt", "completion", "messages", "id", "url")
    return [k for k, v in row.items() if k not in texts and v is not None
            and json.dumps(into.get(k)) != json.dumps(v)]


def path(name):
    return "$." + name if name.isascii() and name.isalnum() else '$["%s"]' % name


class Fields(DedupCase):
    def compare(self, rows, folder):
        _, fates = self.ledger(folder)
        want, first = collections.Counter(), {}
        for n, (fate, other, _) in fates.items():
            names = lost(rows[n], rows[other]) if fate == "merged" else []
            want.update(path(name) for name in names)
            if names:
                first[n] = (names[0], float(len(names)), other)
        step = manifest(folder)["steps"][0]
        ordered = sorted(want.items(), key=lambda item: (-item[1], item[0]))
        told = [(f["field"], f["records"]) for f in step["differs"]]
        self.assertEqual(sorted(told), sorted(ordered))
        self.assertEqual([n for _, n in told], [n for _, n in ordered])
        self.assertEqual(step["findings"].get("T1703", 0), len(first))
        number = {r["place"]: n for n, r in enumerate(self.ledger(folder)[0])}
        found = {number[f["place"]]: (f["part"], f["value"], number[f["other_place"]])
                 for f in self.findings(folder) if f["code"] == "T1703"}
        self.assertEqual({n: f[1:] for n, f in found.items()}, {n: f[1:] for n, f in first.items()})
        for n, f in found.items():
            self.assertIn(first[n][0], f[0])
        return len(first)

    def test_every_merge_names_the_fields_that_differed(self):
        told = 0
        for seed, more in enumerate(((), ("--normalise", "case,space"),
                                     ("--normalise", "case,space", "--alike", "flag"),
                                     ("--within", "$.answer"), ("--by", "response"),
                                     ("--keep", "max number($.answer)"))):
            chance = random.Random(seed)
            rows = [record(chance) for _ in range(120)]
            source = self.write("in.jsonl", "".join(spaced(row, chance) for row in rows))
            for threads in "1", "3":
                folder = self.run_folder("out", "dedup.exact", source, *more, "--threads", threads,
                                         "--batch-records", "7", "--overwrite")
                told += self.compare(rows, folder)
            if "--within" in more:
                fields = {f["field"] for f in manifest(folder)["steps"][0]["differs"]}
                self.assertNotIn("$.answer", fields)
        self.assertGreater(told, 300)

    def test_the_summary_names_them(self):
        rows = [{"text": "a", "answer": n % 2, "source": n, "url": n} for n in range(10)]
        source = self.write("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        done = subprocess.run([TAMIS, "dedup.exact", source, "-o", "-"], capture_output=True,
                              text=True, check=True)
        self.assertIn("in $.source 9, $.answer 5; --within FIELD keeps such apart", done.stderr)
        rows[3]["<b>"] = 1
        source = self.write("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        folder = self.run_folder("out", "dedup.exact", source)
        with open(folder + "/report.html", encoding="utf-8") as file:
            self.assertIn("<code>$.source</code> 9, <code>$.answer</code> 5, "
                          "<code>$[&quot;&lt;b&gt;&quot;]</code> 1. ", file.read())

    def test_whole_records_have_no_such_fields(self):
        source = self.write("in.jsonl", '{"text":"a","b":"\\u0061"}\n{"text":"a","b":"a"}\n')
        folder = self.run_folder("out", "dedup.exact", source, "--by", "everything")
        step = manifest(folder)["steps"][0]
        self.assertEqual((step["counts"]["merged"], step["differs"]), (1, []))

    def test_refine_keeps_judgements_apart(self):
        """A text with another answer, label, target, class or rating is another record."""
        for field in "label", "answer", "target", "class", "rating":
            for text in {"text": "t"}, {"prompt": "p"}:
                rows = [{**text, field: value, "url": n} for n, value in enumerate((1, 2, 1))]
                source = self.write("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
                folder = self.run_folder("out", "refine", source, "--overwrite")
                self.assertEqual(self.kept(folder), rows[:2])

    def test_long_names_are_counted_and_not_held(self):
        """A name takes no more room than its count is worth."""
        rows = [{"text": "same", ("x" * 300_000) + str(n): n, "answer": n} for n in range(40)]
        source = self.write("in.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        folder = self.run_folder("long", "dedup.exact", source, "--memory", "64MiB")
        step = manifest(folder)["steps"][0]
        self.assertEqual(step["differs"], [{"field": None, "records": 39},
                                           {"field": "$.answer", "records": 39}])
        self.assertLess(os.path.getsize(os.path.join(folder, "manifest.json")), 20_000)

    def test_more_fields_than_are_looked_at(self):
        rows = [{"text": "a", **{"f%03d" % n: (n, side) for n in range(100)}} for side in (0, 1)]
        source = self.write("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        step = manifest(self.run_folder("out", "dedup.exact", source))["steps"][0]
        self.assertEqual([f["field"] for f in step["differs"]], ["$.f%03d" % n for n in range(63)])


if __name__ == "__main__":
    unittest.main()
