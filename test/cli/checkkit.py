"""What the tests of `tamis check` share: messages to make records of, text that nobody can see, and
the codes that are found in records."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../laws"))
from lawkit import LawCase  # noqa: E402

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKS = {"role": "user", "content": "Why?"}
SAYS = {"role": "assistant", "content": "Because."}
UNSEEN = ["", " ", "\n", "\t \n", "\u200b", "\ufeff", "\u00ad", "\u0007", "\u2060\u200b", "\u200d",
          "\u200e", "\u3164", "\u2800", "\u00a0", "\u3000", "\u0085", "\u034f\u115f", "\ufe0f",
          "\U000e0041", "\u001b\u200b \n"]
SEEN = ["a", ".", "0", "\u00e9", "\u4e2d", "\U0001f600", "a\u200b", "\u200b-", "\u0301", "\ufffd"]
OF_THE_SET = ("T1241", "T1242", "T1243")  # of all records together: test_labels.py


def answer(**keys):
    return {"role": "assistant", **keys}


def chat(*messages, **more):
    return {"messages": list(messages), **more}


def lines(records):
    return "".join(json.dumps(r) + "\n" for r in records)


class CheckCase(LawCase):
    def found(self, records, *words):
        """For each record, what was found: [(code, the raw text from there on)]."""
        lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
        source = self.write("in.jsonl", "".join(line + "\n" for line in lines))
        done = self.tamis("check", source, "--format", "json", "--most", "100000", *words,
                          expect=None)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        told = json.loads(done.stdout)
        out = [[] for _ in records]
        for f in told if isinstance(told, list) else told["findings"]:
            if f["code"] in OF_THE_SET:
                continue
            line = lines[f["line"] - 1]
            out[f["line"] - 1].append((f["code"], line.encode()[f["column"] - 1:].decode()))
        return out

    def codes(self, records, *words):
        return [sorted(code for code, _ in found) for found in self.found(records, *words)]

    def expect(self, pairs, *words):
        """pairs: (record, its codes)."""
        got = self.codes([record for record, _ in pairs], *words)
        for (record, want), have in zip(pairs, got):
            self.assertEqual(have, sorted(want), json.dumps(record))
