"""explain tells one record's story: its fate, what was noticed, its text as read and as written,
and nothing of a source that has changed (flow/file_digest.c)."""

import base64
import json
import os
import subprocess
import tempfile
import unittest

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))
ROWS = [
    {"messages": [{"role": "user", "content": "Hi\u200b there"}, {"role": "assistant",
                                                                  "content": "Hello \x07you"}]},
    {"messages": [{"role": "user", "content": "Count"}, {"role": "assistant", "content": "1 2 3"}]},
    {"messages": [{"role": "user", "content": "Count"}, {"role": "assistant", "content": "1 2 3"}]},
    {"messages": [{"role": "user", "content": "Why"}, {"role": "assistant", "content": ""}]},
]


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        cls.file = os.path.join(cls.tmp.name, "chats.jsonl")
        cls.lines = [json.dumps(row) for row in ROWS]
        with open(cls.file, "w", encoding="utf-8") as file:
            file.write("\n".join(cls.lines) + "\nnot json\n")
        cls.run_folder = os.path.join(cls.tmp.name, "out")
        subprocess.run([TAMIS, "refine", cls.file, "-o", cls.run_folder, "--limit-unreadable", "1"],
                       check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.tmp.cleanup()

    def explain(self, place, *options):
        return subprocess.run([TAMIS, "explain", self.run_folder, place, *options],
                              capture_output=True, text=True)

    def story(self, line):
        out = self.explain(f"chats.jsonl:{line}", "--json")
        self.assertEqual(out.returncode, 0, out.stderr)
        records = json.loads(out.stdout)["records"]
        self.assertEqual(len(records), 1)
        return records[0]

    def test_bytes_that_are_not_utf8_are_told_and_none_is_lost(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP")) as folder:
            lines = [b'{"text":"ok"}', b'{"text":"\xed\xa0\x80"}', b'{"text":"\xc3\xa4a\xff"}',
                     b'{"text":"b\xe2\x82"}']
            with open(os.path.join(folder, "b.jsonl"), "wb") as file:
                file.write(b"\n".join(lines) + b"\n")
            for how, fate in (("strict", "unreadable"), ("replace", "kept")):
                subprocess.run([TAMIS, "length", "b.jsonl", "-o", how + "/", "--utf8", how,
                                "--limit-unreadable", "100%"], cwd=folder, capture_output=True,
                               check=True)
                for number, line in enumerate(lines, 1):
                    out = subprocess.run([TAMIS, "explain", how, f"b.jsonl:{number}", "--json"],
                                         cwd=folder, capture_output=True, check=True).stdout
                    story = json.loads(out)["records"][0]
                    if number == 1:
                        self.assertNotIn("raw_base64", story)
                        continue
                    self.check_bytes(story, line, sum(len(x) + 1 for x in lines[:number - 1]), fate)

    def check_bytes(self, story, line, offset, fate):
        with self.assertRaises(UnicodeDecodeError) as wrong:
            line.decode()
        at, end = wrong.exception.start, wrong.exception.end
        self.assertEqual(story["fate"], fate)
        self.assertEqual(base64.b64decode(story["raw_base64"], validate=True), line)
        if fate == "kept":
            self.assertEqual([(f["code"], f["at"], f["bytes"]) for f in story["findings"]],
                             [("T1008", at, end - at)])
            return
        named = " ".join(f"0x{byte:02X}" for byte in line[at:end])
        self.assertEqual((story["byte"], story["ill_formed"]), (offset + at, named))
        self.assertIn(f"not UTF-8 ({named})", story["message"])
        self.assertEqual(story["column"], len(line[:at].decode()) + 1)

    def test_an_edited_record_is_shown_as_read_and_as_written(self):
        story = self.story(1)
        self.assertEqual(story["fate"], "kept")
        self.assertEqual(story["raw"], self.lines[0])
        written = json.loads(story["written"])
        self.assertEqual([m["content"] for m in written["messages"]], ["Hi there", "Hello you"])
        with open(os.path.join(self.run_folder, self.data_file()), encoding="utf-8") as file:
            self.assertEqual(file.readline().rstrip("\n"), story["written"])
        self.assertEqual([(f["code"], f["part"]) for f in story["findings"]],
                         [("T1303", "messages[0].content"), ("T1302", "messages[1].content")])

    def data_file(self):
        subprocess.run(["zstd", "-qdf", *[os.path.join(self.run_folder, name) for name
                                          in os.listdir(self.run_folder)
                                          if name.startswith("data-") and name.endswith(".zst")]],
                       check=True)
        return sorted(name for name in os.listdir(self.run_folder)
                      if name.startswith("data-") and name.endswith(".jsonl"))[0]

    def test_a_record_that_was_not_edited_says_so(self):
        self.assertEqual(self.story(2)["written"], self.story(2)["raw"])

    def test_a_merged_record_names_the_one_it_went_into(self):
        story = self.story(3)
        self.assertEqual(story["fate"], "merged")
        self.assertTrue(story["other"].endswith("chats.jsonl:2"), story["other"])
        self.assertNotIn("written", story)

    def test_a_parked_record_says_why(self):
        story = self.story(4)
        self.assertEqual(story["fate"], "parked")
        self.assertEqual(story["rule"], "empty-response")

    def test_a_place_that_is_no_record_is_said(self):
        out = self.explain("chats.jsonl:77")
        self.assertEqual(out.returncode, 2)
        self.assertIn("no record of this run stands at", out.stderr)

    def test_a_source_changed_in_place_is_not_quoted(self):
        with open(self.file, "rb+") as file:
            was = file.read()
            file.seek(was.index(b"user"))
            file.write(b"usex")
        try:
            story = self.story(1)
            self.assertIn("has changed since the run", story["no_raw"])
            self.assertNotIn("written", story)
        finally:
            with open(self.file, "wb") as file:
                file.write(was)

    def test_a_changed_source_is_not_quoted(self):
        with open(self.file, "a", encoding="utf-8") as file:
            file.write("{}\n")
        try:
            self.assertIn("has changed since the run", self.story(1)["no_raw"])
        finally:
            os.truncate(self.file, os.path.getsize(self.file) - 3)


if __name__ == "__main__":
    unittest.main()
