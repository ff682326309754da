"""length against a few lines of Python: what counts as what, of talks with tools and reasoning."""

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../laws"))
from lawkit import LawCase  # noqa: E402

SIGNALS = ("chars", "words", "turns", "system", "user", "assistant", "tool", "reasoning", "call",
           "response", "response_words")


def count(texts):
    """texts: [(kind or role, text, whether it is of the response)]; turns are the caller's."""
    out = dict.fromkeys(SIGNALS, 0)
    for kind, text, trained in texts:
        out["chars"] += len(text)
        out["words"] += len(text.split())
        if kind in out:
            out[kind] += len(text)
        if trained and kind in ("assistant", "document"):
            out["response"] += len(text)
            out["response_words"] += len(text.split())
    return out


class Length(LawCase):
    def measured(self, records):
        source = self.write("in.jsonl", "".join(json.dumps(r) + "\n" for r in records))
        sets = ", ".join('n.%s: "= length.%s"' % (name, name) for name in SIGNALS)
        recipe = self.write("r.yaml", "inputs: {a: {path: %s}}\nsteps:\n  - length\n"
                            "  - tag: {set: {%s}}\noutput: {path: out.jsonl}\n" % (source, sets))
        self.tamis("run", recipe, "--quiet", "--overwrite")
        with open(self.path("out.jsonl"), encoding="utf-8") as file:
            return [json.loads(line)["n"] for line in file]

    def test_an_answer_is_its_content(self):
        calls = [{"id": "c", "type": "function",
                  "function": {"name": "f", "arguments": '{"a": "b c d e"}'}}]
        talk = [{"role": "user", "content": "Look it up."},
                {"role": "assistant", "content": None, "tool_calls": calls},
                {"role": "tool", "tool_call_id": "c", "content": "r1 r2 r3 r4 r5 r6"},
                {"role": "assistant", "content": "ok", "reasoning_content": "one two three"}]
        (told,) = self.measured([{"messages": talk}])
        self.assertEqual(told, {"chars": 11 + 16 + 17 + 2 + 13, "words": 3 + 5 + 6 + 1 + 3,
                                "turns": 4, "system": 0, "user": 11, "assistant": 2, "tool": 17,
                                "reasoning": 13, "call": 16, "response": 2, "response_words": 1})

    def test_a_prompt_that_both_sides_repeat_counts_once(self):
        def side(text):
            return [{"role": "user", "content": "Why is it?"}, {"role": "assistant",
                                                                 "content": text}]

        both = {"chosen": side("a b"), "rejected": side("c")}
        apart = {"prompt": side("")[:1], "chosen": side("a b")[1:], "rejected": side("c")[1:]}
        one, two = self.measured([both, apart])
        self.assertEqual(one, two)
        self.assertEqual((one["user"], one["response"], one["words"]), (10, 4, 6))

    def test_documents_and_completions(self):
        text, pair = (self.measured([r])[0] for r in ({"text": "a b\u00e9"},
                                                      {"prompt": "p q", "completion": "c"}))
        self.assertEqual(text, {**count([("document", "a b\u00e9", True)]), "turns": 1})
        self.assertEqual(pair, {**count([("user", "p q", False), ("assistant", "c", True)]),
                                "turns": 2})

    def test_random_talks(self):
        chance = random.Random(4)

        def text():
            return "".join(chance.choice("ab  \n\u00e9\u4e2d\u3000\U0001f600")
                           for _ in range(chance.randrange(12)))

        records, wanted = [], []
        for _ in range(500):
            texts, messages = [], []
            last = chance.randrange(4)
            for turn in range(last + 1):
                trained = turn == last
                messages.append({"role": "user", "content": text()})
                texts.append(("user", messages[-1]["content"], False))
                for _ in range(chance.randrange(1, 3)):
                    said = {"role": "assistant", "content": text()}
                    texts.append(("assistant", said["content"], trained))
                    if chance.random() < 0.4:
                        said["reasoning_content"] = text()
                        texts.append(("reasoning", said["reasoning_content"], trained))
                    messages.append(said)
                    if chance.random() < 0.4:
                        arguments = json.dumps({"a": text()}, ensure_ascii=False)
                        said["tool_calls"] = [{"function": {"name": "f", "arguments": arguments}}]
                        texts.append(("call", arguments, trained))
                        messages.append({"role": "tool", "content": text()})
                        texts.append(("tool", messages[-1]["content"], trained))
            records.append({"messages": messages})
            wanted.append({**count(texts), "turns": len(messages)})
        for record, want, have in zip(records, wanted, self.measured(records)):
            self.assertEqual(have, want, json.dumps(record))


if __name__ == "__main__":
    unittest.main()
