#!/usr/bin/env python3
"""A folder of texts: what is said of a record names its file, with line and column in that file;
the ledger has the file as its source, and `explain` finds it by any of its lines."""
# time-limit: 60

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase  # noqa: E402

NAMES = ("a.txt", "b/c.md", "b/d \"q\\ü.txt", "b/e/f.markdown", "é.txt", "z.txt")


def spoiled_text(chance):
    """Bytes with one that is not UTF-8, and the line and column, both from 1, where it stands."""
    pieces = ("x", "é", "漢", "\U0001f600", "\n", "\r\n", "\t", "\"", "\\", "\x01", "\\n", "/")
    before = "".join(chance.choice(pieces) for _ in range(chance.randrange(60)))
    after = "".join(chance.choice(pieces) for _ in range(chance.randrange(9)))
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return before.encode() + b"\xff" + after.encode(), line, column


class Folders(LawCase):
    def setUp(self):
        super().setUp()
        os.makedirs(self.path("fold/b/e"))
        for name in NAMES:
            self.write("fold/" + name, f"the text of {name}\nhas two lines  \n".encode())

    def explain(self, folder, place, expect=0):
        done = self.tamis("explain", folder, place, "--json", expect=expect)
        return json.loads(done.stdout)["records"] if expect == 0 else done

    def test_messages_and_indexes_name_the_file(self):
        chance = random.Random(18)
        for turn in range(40):
            name = chance.choice(NAMES)
            whole = self.path("fold", name)
            raw, line, column = spoiled_text(chance)
            self.write(whole, raw)
            place = f"fold/{name}:{line}:{column}"
            folder = self.run_folder(f"out{turn}", "length", "fold", expect=1)
            with open(os.path.join(folder, "unreadable.jsonl"), encoding="utf-8") as file:
                (told,) = [json.loads(row) for row in file]
            self.assertEqual((told["source"], told["line"], told["column"]),
                             ("fold/" + name, line, column), raw)
            said = self.tamis("check", "fold", expect=1)
            self.assertIn(place + ": error:", said.stdout.decode(), raw)
            self.write(whole, b"well again")

    def test_findings_are_placed_too(self):
        self.write("fold/z.txt", b"one\n\xe6\xbc\xa2 \xff\n")
        text = self.tamis("check", "fold", "--utf8", "replace", expect=0).stdout.decode()
        self.assertIn("fold/z.txt:2:3: warning:", text)

    def test_explain_finds_a_file_by_any_line_and_any_path(self):
        folder = self.run_folder("out", "clean.text", "fold/")
        for name in NAMES:
            for asked in ("fold/" + name, "./fold/" + name, self.path("fold", name),
                          os.path.basename(name)):
                for line in (1, 2, 99):
                    (told,) = self.explain(folder, f"{asked}:{line}")
                    self.assertEqual((told["source"], told["line"]), ("fold/" + name, 1))
                    self.assertEqual(json.loads(told["raw"])["path"], name)
                    self.assertIn("lines\n", json.loads(told["written"])["text"])
        for nothing in ("fold/none.txt:1", "fold:2", "d.md:1"):
            self.explain(folder, nothing, expect=2)

    def test_explain_knows_when_files_have_changed(self):
        folder = self.run_folder("changing", "clean.text", "fold/")
        name = NAMES[0]
        with open(self.path("fold", name), "rb") as file:
            was = file.read()
        try:
            self.write("fold/" + name, was.replace(b"lines", b"LINES"))
            (told,) = self.explain(folder, f"fold/{name}:1")
            self.assertIn("has changed since", told["no_raw"])
            self.assertNotIn("raw", told)
        finally:
            self.write("fold/" + name, was)
        (told,) = self.explain(folder, f"fold/{name}:1")
        self.assertIn("lines", told["raw"])

    def test_explain_says_where_in_a_text_it_broke_off(self):
        self.write("fold/bad.txt", b"well\nbad \xff here\n")
        folder = self.run_folder("out", "length", "fold/", "--limit-unreadable", "1")
        (told,) = self.explain(folder, "fold/bad.txt:2")
        self.assertEqual((told["line"], told["text_line"], told["column"]), (1, 2, 5))

    def test_a_folder_beside_other_inputs(self):
        self.write("a.jsonl", '{"text":"one"}\n{"text":"two"}\n')
        self.write("last.jsonl", '{"text":"three"}\n')
        os.makedirs(self.path("more"))
        self.write("more/m.txt", "m")
        folder = self.run_folder("out", "length", "a.jsonl", "fold", "last.jsonl", "more")
        for place in ("a.jsonl:2", "fold/b/c.md:1", "fold/z.txt:1", "last.jsonl:1", "more/m.txt:1"):
            (told,) = self.explain(folder, place)
            self.assertEqual(f"{told['source']}:{told['line']}", place)

    def test_texts_are_counted_as_such(self):
        self.write("a.jsonl", '{"text":"one"}\n{"text":"two"}\n')
        os.makedirs(self.path("more"))
        self.write("more/m.txt", "m")
        for inputs, said in ((["fold"], "from 6 texts of 1 folder"),
                             (["more"], "from 1 text of 1 folder"),
                             (["fold", "more"], "from 7 texts of 2 folders"),
                             (["a.jsonl", "fold"], "from 1 file and 6 texts of 1 folder"),
                             (["a.jsonl"], "from 1 file")):
            done = self.tamis("refine", *inputs, "-o", self.path("out", "-".join(inputs), ""))
            self.assertRegex(done.stderr.decode(), "(?m)^  read +[0-9]+  %s$" % said)
        with open(self.path("out", "a.jsonl-fold", "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn('<td class="wrap">fold</td><td>folder of 6 texts</td>', page)
        self.assertIn('<td class="wrap">a.jsonl</td><td>jsonl</td>', page)
        done = self.tamis("refine", "fold", "--dry-run")
        self.assertIn(": 1 folder of texts, about 6 records", done.stdout.decode())
        done = self.tamis("refine", "fold", "a.jsonl", "--dry-run")
        self.assertIn(": 1 file and 1 folder of texts, about ", done.stdout.decode())

    def test_the_ledger_has_the_file(self):
        try:
            import pyarrow.parquet as pq  # pylint: disable=import-outside-toplevel
        except ImportError:
            self.skipTest("pyarrow is not there")
        for threads in ("1", "3"):
            folder = self.run_folder("out" + threads, "length", "fold", "--threads", threads)
            rows = pq.read_table(os.path.join(folder, "ledger.parquet")).to_pylist()
            paths = sorted(NAMES, key=str.encode)
            self.assertEqual([r["source"] for r in rows], ["fold/" + p for p in paths])
            self.assertEqual({r["line"] for r in rows}, {1})


if __name__ == "__main__":
    unittest.main()
