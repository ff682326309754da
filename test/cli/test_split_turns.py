"""split.turns against a few lines of Python: which children a conversation has, what is left out,
and which records pass whole, each with its finding."""

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../laws"))
from lawkit import LawCase, manifest  # noqa: E402


def says(role, text):
    return {"role": role, "content": text}


ASKS, SAYS = says("user", "q"), says("assistant", "a")


class SplitTurns(LawCase):
    def split(self, records):
        """What comes out, and the findings by code."""
        source = self.write("in.jsonl", "".join(json.dumps(r) + "\n" for r in records))
        folder = self.run_folder("out", "split.turns", source, "--overwrite")
        told = manifest(folder)
        return [json.loads(x) for x in self.data(folder).splitlines()], told

    def expect(self, record, children, *codes):
        """children None: it passes as it is, with fate kept."""
        out, told = self.split([record])
        self.assertEqual(out, [record] if children is None else children, json.dumps(record))
        self.assertEqual(told["counts"]["replaced"], 0 if children is None else 1)
        self.assertEqual(told["steps"][0]["findings"], {code: 1 for code in codes})

    def test_what_stands_behind_the_last_answer(self):
        def chat(*messages):
            return {"id": 7, "messages": list(messages), "n": 1}

        tail, other = says("user", "tail"), says("assistant", "b")
        self.expect(chat(ASKS, SAYS), None)
        self.expect(chat(ASKS), None)
        self.expect(chat(ASKS, SAYS, tail), [chat(ASKS, SAYS)], "T1604")
        self.expect(chat(ASKS, SAYS, tail, tail), [chat(ASKS, SAYS)], "T1604")
        self.expect(chat(ASKS, SAYS, ASKS, other, tail),
                    [chat(ASKS, SAYS), chat(ASKS, SAYS, ASKS, other)], "T1604")
        self.expect(chat(ASKS, SAYS, ASKS, other),
                    [chat(ASKS, SAYS), chat(ASKS, SAYS, ASKS, other)])

    def test_what_is_no_message_in_a_list_stays_where_it_is(self):
        for odd in (None, "x", 7, []):
            for at in range(1, 5):
                talk = [ASKS, SAYS, ASKS, says("assistant", "b")]
                talk.insert(at, odd)
                behind = 1 if at == 4 else 0
                first = talk.index(SAYS) + 1
                self.expect({"messages": talk},
                            [{"messages": talk[:first]}, {"messages": talk[:len(talk) - behind]}],
                            *["T1604"] * behind)

    def test_answers_in_no_one_list_pass_whole_and_say_so(self):
        alpaca = {"instruction": "i", "input": "", "output": "o"}
        self.expect(alpaca, None)
        self.expect({**alpaca, "history": []}, None)
        self.expect({**alpaca, "history": [["h1", "g1"], ["h2", "g2"]]}, None, "T1603")
        self.expect({"prompt": [ASKS, SAYS, ASKS], "completion": [SAYS]}, None, "T1603")
        self.expect({"prompt": [ASKS], "completion": [SAYS]}, None)
        self.expect({"prompt": "p", "completion": "c"}, None)

    def test_a_label_is_not_given_to_earlier_answers(self):
        talk = [ASKS, SAYS, ASKS, says("assistant", "b")]
        self.expect({"messages": talk, "label": False}, None, "T1603")
        self.expect({"messages": talk, "score": 0.5}, None, "T1603")
        self.expect({"messages": talk[:2], "label": True}, None)

    def test_pairs_are_not_torn_apart(self):
        other = says("assistant", "b")
        self.expect({"prompt": "p", "chosen": "a", "rejected": "b"}, None)
        self.expect({"chosen": [ASKS, SAYS], "rejected": [ASKS, other]}, None)
        self.expect({"chosen": [ASKS, SAYS, ASKS, SAYS], "rejected": [ASKS, SAYS, ASKS, other]},
                    None, "T1603")

    def test_random_talks(self):
        chance = random.Random(9)
        records, wanted, cut = [], [], 0
        for number in range(400):
            roles = [chance.choice(("user", "assistant", "system", "tool"))
                     for _ in range(chance.randrange(1, 8))]
            talk = [says(role, "%s %d" % (role, n)) for n, role in enumerate(roles)]
            ends = [n for n, role in enumerate(roles) if role == "assistant"]
            records.append({"messages": talk, "n": number})
            tail = bool(ends) and ends[-1] + 1 < len(talk)
            cut += tail
            if len(ends) + tail < 2:
                ends = [len(talk) - 1]
            wanted += [{"messages": talk[:end + 1], "n": number} for end in ends]
        out, told = self.split(records)
        self.assertEqual(out, wanted)
        self.assertEqual(told["steps"][0]["findings"], {"T1604": cut})


if __name__ == "__main__":
    unittest.main()
