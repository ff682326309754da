"""Texts inside strings that hold JSON, with surrogates escaped alone at any level: what is cleaned
is what Python's reading of the same record has, and nothing else changes.

Covers record/frame.c."""

import json
import os
import random
import subprocess
import tempfile
import unittest

TAMIS = os.path.abspath(os.environ.get("TAMIS", "build/release/tamis"))
PIECES = ("a", "hello ", "\\", '"', "\u00e9", "\u200b", "\ud83d", "\udc00", "\U0001F372", "{", "\n")


class NestedStrings(unittest.TestCase):
    def clean(self, lines):
        done = subprocess.run(
            [TAMIS, "clean.text", "-", "--map", "prompt=b.q", "--map", "response=a", "--fix",
             "zero_width", "-o", "-", "--quiet"], input="".join(lines).encode("ascii"),
            capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode("ascii").splitlines()

    def test_a_lone_surrogate_hides_no_text(self):
        """The outer level escapes what the inner one leaves bare, and the other way round."""
        chance = random.Random(9)
        rows = [{"q": "".join(chance.choice(PIECES) for _ in range(chance.randrange(6))),
                 "n": chance.choice((1, "\ud800", None))} for _ in range(600)]
        lines, want = [], []
        for n, row in enumerate(rows):
            for into, q in ((lines, row["q"]), (want, row["q"].replace("\u200b", ""))):
                inner = json.dumps({**row, "q": q}, ensure_ascii=n % 2 == 0)
                into.append(json.dumps({"b": inner, "a": "yes"}) + "\n")
        self.assertGreater(sum(a != b for a, b in zip(lines, want)), 100)
        for have, line in zip(self.clean(lines), want):
            self.assertEqual([json.loads(json.loads(have)["b"]), json.loads(have)["a"]],
                             [json.loads(json.loads(line)["b"]), "yes"])

    def test_what_is_not_changed_keeps_its_bytes(self):
        line = '{"b":"{\\"q\\":\\"hello \\ud83d\\",\\"n\\": 1}","a":"yes"}'
        self.assertEqual(self.clean([line + "\n"]), [line])

    def test_a_list_of_messages_that_is_text_hides_nothing(self):
        """A string that holds the list is read as T1020 advises: roles, escapes and answers."""
        words = "one two three\nfour five six seven eight nine"
        list_of = lambda text: json.dumps([{"role": "user", "content": text},
                                           {"role": "assistant", "content": "yes"}])
        records = "".join(json.dumps({"messages": list_of(text)}) + "\n"
                          for text in (words, "Say: " + words + "\tnow", "nothing of it"))
        with tempfile.TemporaryDirectory() as folder:
            known = os.path.join(folder, "known.jsonl")
            with open(known, "w") as out:
                out.write(json.dumps({"text": words.replace("\n", " ")}) + "\n")
            command = [TAMIS, "decontaminate", "-", "--map", "messages=messages", "--against",
                       known, "--ngram", "8", "-o", "-", "--quiet"]
            dropped = subprocess.run(command, input=records.encode(), capture_output=True)
            cut = subprocess.run(command + ["--fix", "cut"], input=records.encode(),
                                 capture_output=True)
        lines = records.splitlines()
        self.assertEqual(dropped.stdout.decode().splitlines(), lines[2:], dropped.stderr.decode())
        left = [json.loads(json.loads(line)["messages"])
                for line in cut.stdout.decode().splitlines()]
        self.assertEqual([len(one) for one in left], [2, 2, 2])
        self.assertFalse(any("seven" in one[0]["content"] for one in left))
        self.assertTrue(left[1][0]["content"].startswith("Say:"))
        answers = subprocess.run([TAMIS, "dedup.exact", "-", "--map", "messages=messages", "--by",
                                  "response", "-o", "-", "--quiet"], input=records.encode(),
                                 capture_output=True)
        self.assertEqual(answers.stdout.decode().splitlines(), lines[:1], answers.stderr.decode())


if __name__ == "__main__":
    unittest.main()
