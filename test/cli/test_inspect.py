"""inspect looks and writes nothing unless asked; what it says is counted here once more."""

import json
import os
import random
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
        self.assertRegex(said, r"\nequal +1 +25\.0 +[\d.]+ % +1 +2\n")
        self.assertRegex(said, r"\nbut for case and space +1 +25\.0 ")
        self.assertRegex(said, r"\nnearly equal +1 +25\.0 ")
        self.assertIn("       2  records, all alike\n          chats.jsonl:2  [user] Hi "
                      "[assistant] Hello.\n          chats.jsonl:3  ", said)
        self.assertNotIn("shared by source", said)
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

    def make(self):
        """Three sources; of each text the level at which it repeats an earlier one."""
        rng = random.Random(11)
        words = ["w%d" % i for i in range(300)]
        pool = [[rng.choice(words) for _ in range(rng.randint(3, 25))] for _ in range(150)]
        texts = []
        for source in range(3):
            rows = []
            for _ in range(200):
                text = " ".join(rng.choice(pool))
                if rng.random() < 0.4:
                    text = text.upper().replace(" ", rng.choice(["  ", "\t", " "]))
                rows.append(text)
            self.write("s%d.jsonl" % source, "".join(json.dumps({"text": t}) + "\n"
                                                      for t in rows))
            texts.append(rows)
        return texts

    def levels(self, *words):
        said = json.loads(self.inspect("s0.jsonl", "s1.jsonl", "s2.jsonl", "--json", *words).stdout)
        return {level["level"]: level for level in said["levels"]}, said

    def test_levels_are_those_of_a_naive_count(self):
        texts = self.make()
        levels, said = self.levels()
        self.assertEqual(list(levels), ["equal", "folded", "near"])
        for name, fold in (("equal", str), ("folded", lambda t: " ".join(t.split()).casefold())):
            seen, found, chars = set(), [0, 0, 0], 0
            places = {}
            for source, rows in enumerate(texts):
                for text in rows:
                    if fold(text) in seen:
                        found[source] += 1
                        chars += len(text)
                    seen.add(fold(text))
                    places.setdefault(fold(text), []).append(source)
            told = levels[name]
            self.assertTrue(told["whole"])
            self.assertEqual(told["of_records"], 600)
            self.assertEqual((told["records"], told["chars"]), (sum(found), chars))
            self.assertEqual([s["found"] for s in told["duplicates"]["sources"]], found)
            self.assertEqual(told["duplicates"]["clusters"]["count"],
                             sum(len(p) > 1 for p in places.values()))
            shared = [[sum(p.count(a) for p in places.values()
                           if p.count(b) > (a == b)) for b in range(3)] for a in range(3)]
            self.assertEqual([s["shared"] for s in told["duplicates"]["sources"]], shared)
        self.assertEqual(levels["equal"]["records"], said["duplicates"])
        self.assertEqual(levels["equal"]["chars"], said["duplicate_chars"])
        self.assertGreater(levels["folded"]["records"], levels["equal"]["records"])
        self.assertGreaterEqual(levels["near"]["records"], levels["folded"]["records"])
        self.assertEqual(self.levels("--near", "0")[0].keys(), {"equal", "folded"})
        codes = [f["code"] for f in said["findings"]]
        self.assertEqual(codes.count("T1701"), 1)
        self.assertNotIn("T1711", codes)

    def test_of_large_inputs_near_duplicates_are_looked_for_in_the_first_records(self):
        self.make()
        whole, _ = self.levels("--near", "0.7")
        sample, _ = self.levels("--near", "0.7", "--near-whole", "1KiB", "--near-sample", "250")
        self.assertEqual(sample["folded"], whole["folded"])
        near = sample["near"]
        self.assertEqual((near["whole"], near["of_records"]), (False, 250))
        self.assertEqual([s["records"] for s in near["duplicates"]["sources"]], [200, 50, 0])
        self.assertTrue(0 < near["records"] < whole["near"]["records"])
        said = self.inspect("s0.jsonl", "s1.jsonl", "--near-whole", "1KiB", "--near-sample",
                            "250").stdout
        self.assertIn("of the first 250 records alone", said)
        self.assertRegex(said, r"shared by source +records +% in 1 +% in 2\n 1  s0.jsonl +200 ")

    def test_a_pipe_and_texts_that_would_steer_the_terminal(self):
        head = "the same beginning of every text, so long that it says nothing of the difference, "
        text = head * 3 + "\x1b[31m\u202e <script>"
        raw = "".join(json.dumps({"text": text + end}, ensure_ascii=False) + "\n"
                      for end in ("one two three four", "one two three four five"))
        out = subprocess.run([os.path.abspath(TAMIS), "inspect", "-"], input=raw.encode(),
                             capture_output=True, cwd=self.tmp.name, check=True).stdout.decode()
        self.assertNotIn("\x1b", out)
        self.assertNotIn("\u202e", out)
        self.assertRegex(out, r"\n +-:1  \.\.\. .*\\u001B\[31m\\u202E <script>one two three four\n")
        self.assertRegex(out, r"\n +-:2  \.\.\. .*one two three four five\n")

    def test_the_page_has_the_levels_too(self):
        self.make()
        self.inspect("s0.jsonl", "s1.jsonl", "-o", "page.html")
        with open(os.path.join(self.tmp.name, "page.html"), encoding="utf-8") as file:
            page = file.read()
        for part in ("<td>equal</td>", "<td>folded</td>", "<td>near</td>",
                     "Which sources share duplicates", "The biggest clusters"):
            self.assertIn(part, page)

    def test_nothing_and_what_no_layout_fits(self):
        self.write("empty.jsonl", "")
        self.assertIn("none: there are no records", self.inspect("empty.jsonl").stdout)
        self.write("odd.jsonl", '{"q": 1}\n')
        self.assertIn("none fits", self.inspect("odd.jsonl", code=3).stdout)


if __name__ == "__main__":
    unittest.main()
