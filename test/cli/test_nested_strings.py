"""Texts inside strings that hold JSON, with surrogates escaped alone at any level: what is cleaned
is what Python's reading of the same record has, and nothing else changes.

Covers record/frame.c."""

import json
import os
import random
import subprocess
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


if __name__ == "__main__":
    unittest.main()
