"""inspect looks and writes nothing unless asked; what it says is counted here once more."""

import json
import os
import subprocess
import tempfile
import unittest

TAMIS = os.environ.get("TAMIS", "build/release/tamis")
ROWS = [
    {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"},
                  {"role": "assistant", "content": "Hello."}]},
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
    {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": ""}]},
]


class Inspect(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(self.tmp.cleanup)
        self.write("chats.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS) + "{broken\n")

    def write(self, name, text):
        with open(os.path.join(self.tmp.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def inspect(self, *words, code=0):
        out = subprocess.run([TAMIS if os.path.isabs(TAMIS) else os.path.abspath(TAMIS), "inspect",
                              "--limit-unreadable", "100%", *words], capture_output=True, text=True,
                             cwd=self.tmp.name)
        self.assertEqual(out.returncode, code, out.stderr)
        return out

    def test_it_says_what_is_there(self):
        said = self.inspect("chats.jsonl").stdout
        self.assertIn("chats.jsonl: jsonl, 5 records, 1 unreadable", said)
        self.assertIn("messages (4); runner-up: none", said)
        self.assertIn("kind        sft", said)
        self.assertIn("duplicates  1 record", said)
        self.assertIn("first chats.jsonl:5:2", said)
        self.assertIn("tamis check.record chats.jsonl --then park", said)
        self.assertEqual(os.listdir(self.tmp.name), ["chats.jsonl"])

    def test_a_page_is_one_file(self):
        self.inspect("chats.jsonl", "-o", "page.html")
        self.assertEqual(sorted(os.listdir(self.tmp.name)), ["chats.jsonl", "page.html"])
        with open(os.path.join(self.tmp.name, "page.html"), encoding="utf-8") as file:
            self.assertIn("length.response", file.read())
        again = self.inspect("chats.jsonl", "-o", "page.html", code=2)
        self.assertIn("page.html is there already", again.stderr)
        self.inspect("chats.jsonl", "-o", "page.html", "--overwrite")

    def test_nothing_and_what_no_layout_fits(self):
        self.write("empty.jsonl", "")
        self.assertIn("none: there are no records", self.inspect("empty.jsonl").stdout)
        self.write("odd.jsonl", '{"q": 1}\n')
        self.assertIn("none fits", self.inspect("odd.jsonl", code=3).stdout)


if __name__ == "__main__":
    unittest.main()
