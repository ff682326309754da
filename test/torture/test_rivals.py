"""Defects that were seen in other tools for datasets, one test each: what a user would lose there,
and that it is not lost here. The numbers are those of our own notes on these tools."""

import json
import os
import unittest

from torturekit import TortureCase, data, manifest, unreadable

ALL_STEPS = """
inputs: {all: {path: "%s"}}
steps:
  - check.record
  - clean.text
  - length
  - filter: {keep: "words(all) >= 0"}
  - tag: {set: {seen: true}}
  - dedup.exact: {by: [document]}
output: {format: jsonl}
limits: {unreadable: 100%%}
"""


def lines(*records):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)


class Rivals(TortureCase):
    def test_01_a_bad_record_takes_no_neighbour_with_it(self):
        """One record that an operator cannot handle empties the whole batch it stood in, up to a
        thousand records, with one line in a log and a successful exit."""
        rows = [{"text": f"record {n}"} for n in range(1000)]
        rows[500] = {"text": None}
        source = self.write("a.jsonl", lines(*rows) + '{"text":7}\n{"text":\n')
        folder, _ = self.run_folder("run", self.write("r.yaml", ALL_STEPS % source))
        counts = self.assert_closes(folder)
        self.assertEqual(counts["kept"], 999)
        self.assertEqual(counts["read"], 1002)
        self.assertEqual((counts["parked"], counts["unreadable"]), (1, 2))
        kept = [json.loads(line)["text"] for line in data(folder).splitlines()]
        self.assertEqual(kept, [r["text"] for n, r in enumerate(rows) if n != 500])
        with open(os.path.join(folder, "parked-00000.jsonl"), encoding="utf-8") as file:
            self.assertEqual(file.read(), '{"text": null}\n')
        for line, fate in ((501, b"parked"), (1001, b"unreadable"), (1002, b"unreadable")):
            told = self.tamis("explain", folder, f"a.jsonl:{line}", expect=0)
            self.assertIn(fate, told.out)

    def test_02_short_texts_are_neither_lost_nor_merged(self):
        """Texts of fewer than five words vanish in deduplication, or all count as one."""
        short = ["No thanks", "No", "Yes", "42", "No thanks!", ".", "a", "是", "No thanks"]
        rows = [{"prompt": "Coffee?", "completion": text} for text in short]
        source = self.write("a.jsonl", lines(*rows))
        folder, _ = self.run_folder("refine", source)
        self.assertEqual(manifest(folder)["counts"]["merged"], 1)
        self.assertEqual(data(folder), lines(*rows[:-1]).encode())

    def test_03_values_of_jsonl_are_not_converted(self):
        """Reading and writing through a table library turns "007" into 7, dates into numbers and
        integers beside a null into fractions."""
        text = ('{"text":"a","id":"00012","code":"007","day":"2024-01-05","at":1700000000,"n":3}\n'
                '{"text":"b","id":"1e5","code":"+1","day":"05/01/24","at":1700000000.0,"n":null}\n'
                '{"text":"c","id":12345678901234567890123,"code":true,"x":0.1000,"y":1E+2,"n":-0}\n'
                '{"text":"d","deep":[{"k":"07"},{"k":null},{}],"big":9007199254740993}\n')
        source = self.write("a.jsonl", text)
        folder, _ = self.run_folder("refine", source)
        self.assertEqual(data(folder), text.encode())
        array = self.path("a.json")
        self.tamis("length", source, "-o", array, expect=0)
        self.assertEqual(self.tamis("cat", array, expect=0).out, text.encode())

    def test_05_a_blank_record_is_a_finding_and_no_crash(self):
        """A text of nothing but line breaks passes the first rule and divides by zero in the
        second."""
        blank = ["\n\n", "", " ", "\t", "\u00a0", "\u3000\u2028", "\u200b", "\r\n \r\n"]
        rows = [{"text": text} for text in blank] + [
            {"messages": [{"role": "user", "content": "\n\n"},
                          {"role": "assistant", "content": "\n"}]}, {"text": "a word"}]
        source = self.write("a.jsonl", lines(*rows))
        folder, _ = self.run_folder("run", self.write("r.yaml", ALL_STEPS % source))
        counts = self.assert_closes(folder)
        self.assertEqual((counts["read"], counts["unreadable"]), (10, 0))
        self.assertIn({"text": "a word", "seen": True},
                      [json.loads(line) for line in data(folder).splitlines()])
        for verb in ("length", "clean.text", "split.turns", "dedup.exact", "shuffle"):
            self.tamis(verb, source, "-o", "-", expect=0)
        self.tamis("inspect", source)

    def test_08_what_is_skipped_makes_the_run_not_fine(self):
        """Chats without a text field are skipped with one warning, malformed lines are not counted,
        and at a byte that cannot be decoded the rest of the file is left out; exit 0."""
        chat = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant",
                                                               "content": "r"}]}
        good = [dict(chat, n=n) for n in range(30)]
        raw = (lines(*good[:10]).encode() + b'{"messages": [\n' +
               lines(*good[10:20]).encode() + b'{"text":"\xff"}\n' + b'{"other":1}\n' +
               lines(*good[20:]).encode())
        source = self.write("a.jsonl", raw)
        folder, done = self.run_folder("length", source, expect=1)
        counts = self.assert_closes(folder)
        self.assertEqual((counts["read"], counts["kept"], counts["unreadable"]), (33, 30, 3))
        self.assertEqual(data(folder), lines(*good).encode())
        self.assertEqual([u["line"] for u in unreadable(folder)], [11, 22, 23])
        self.assertEqual([s.line for s in done.said()], [11, 22, 23])

    def test_11_a_folder_of_many_kinds_is_read_whole_or_says_what_is_not(self):
        """Of a folder only the files with the most common ending are read, the rest is ignored, and
        nulls are dropped while loading."""
        os.mkdir(self.path("d"))
        self.write("d/a.jsonl", lines({"text": "1"}, {"text": None}))
        self.write("d/b.jsonl", lines({"text": "2"}))
        self.write("d/c.json", json.dumps([{"text": "3"}, {"text": "4"}]))
        self.write("d/no-ending", lines({"text": "8"}))
        folder, done = self.run_folder("refine", self.path("d"))
        counts = self.assert_closes(folder)
        self.assertEqual((counts["read"], counts["kept"], counts["parked"]), (6, 5, 1))
        texts = sorted(json.loads(line)["text"] for line in data(folder).splitlines())
        self.assertEqual(texts, ["1", "2", "3", "4", "8"])
        self.assertNotIn("left out", done.words())
        self.write("d/e.md", "5")
        self.write("d/f.txt", "6")
        self.write("d/z.csv", "a,b\n1,2\n3,4\n")
        done = self.tamis("cat", self.path("d"), expect=0)
        self.assertEqual(done.out.count(b"\n"), 6)
        self.assertIn("texts beside data: e.md, f.txt", done.words())
        self.assertIn("z.csv", done.words())
        done = self.tamis("refine", self.path("d/z.csv"), "-o", self.path("r") + "/", expect=3)
        self.assertIn("z.csv", done.words())
        self.assertFalse(os.path.exists(self.path("r/manifest.json")))

    def test_12_tool_calls_get_no_keys_they_did_not_have(self):
        """Records put into one table give every tool call the arguments of all others, as nulls."""
        def call(name, arguments):
            return {"type": "function", "id": "c1",
                    "function": {"name": name, "arguments": arguments}}

        rows = [{"messages": [{"role": "user", "content": "q"},
                              {"role": "assistant", "content": None,
                               "tool_calls": [call("weather", json.dumps({"city": "Oslo"}))]},
                              {"role": "tool", "tool_call_id": "c1", "content": "5"},
                              {"role": "assistant", "content": "Five degrees."}]},
                {"messages": [{"role": "user", "content": "r"},
                              {"role": "assistant", "content": None,
                               "tool_calls": [call("add", '{"a":1, "b":null}')]},
                              {"role": "tool", "tool_call_id": "c1", "content": "1"},
                              {"role": "assistant", "content": "One."}],
                 "extra": {"only": "here"}}]
        text = lines(*rows)
        source = self.write("a.jsonl", text)
        folder, _ = self.run_folder("refine", source)
        self.assertEqual(data(folder), text.encode())
        array = self.path("a.json")
        self.tamis("length", source, "-o", array, expect=0)
        with open(array, encoding="utf-8") as file:
            self.assertEqual(json.load(file), rows)


if __name__ == "__main__":
    unittest.main()
