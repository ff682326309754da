"""decontaminate on contamination planted at known places, in a chat's clothes: what is found, cut
out, counted and told of it."""

import json
import os
import random
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import manifest  # noqa: E402
from leakkit import Case, parquet  # noqa: E402

QUESTIONS = [
    "Nadia keeps four hives and takes eleven jars of honey from each of them every summer month",
    "A tram leaves the depot at noon with nine riders and takes on three more at every second stop",
    "How many tiles of twelve by thirty centimetres cover a floor of six by five metres exactly",
]
ANSWERS = ["132", "She takes four times eleven, and so gets forty-four jars of honey a month", "b"]
WRAPPERS = [
    "{}",
    "Question: {}?\nAnswer:",
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
    "### Instruction:\nSolve this.\n\n### Input:\n{}\n\n### Response:\n",
    "[INST] <<SYS>>You count.<</SYS>> {} [/INST]",
    "> **{}**\n\n> think step by step",
    "<p>{}</p>",
]
CLOTHES = [
    str,
    str.upper,
    lambda t: t.replace(" ", "  \n"),
    lambda t: t.replace(" ", ", "),
    lambda t: " ".join(f"*{w}*" for w in t.split()),
    lambda t: t.replace("e", "e\u200b"),
]


class Planted(Case):
    """Contamination planted at known places."""

    def references(self):
        return [{"prompt": q, "completion": a} for q, a in zip(QUESTIONS, ANSWERS)]

    def clean(self, chance, words):
        return " ".join(chance.choice(("oak", "tin", "gate", "rain")) for _ in range(words))

    def planted(self):
        """(records, [(line, part, at, bytes, line of the reference)])"""
        chance = random.Random(5)
        records, places = [], []
        for wrapper in WRAPPERS:
            for dress in CLOTHES:
                for number, question in enumerate(QUESTIONS):
                    dressed = dress(question)
                    text = wrapper.format(dressed)
                    at = len(text[: text.index(dressed)].encode())
                    trail = len(dressed) - len(dressed.rstrip("*\u200b"))
                    lead = len(dressed) - len(dressed.lstrip("*"))
                    size = len(dressed[lead : len(dressed) - trail].encode())
                    turn = chance.choice([0, 2])
                    turns = [self.clean(chance, 9) for _ in range(4)]
                    turns[turn] = text
                    part = f"messages[{turn}].content"
                    places.append((len(records), part, at + lead, size, number))
                    records.append(self.chat(turns))
                    records.append(self.chat([self.clean(chance, 9) for _ in range(4)]))
        return records, places

    def chat(self, turns):
        roles = ("user", "assistant", "user", "assistant")
        return {"messages": [{"role": r, "content": t} for r, t in zip(roles, turns)]}

    def decontaminated(self, records, *more, references=None):
        return super().decontaminated(records, *more, references=references or self.references())

    @unittest.skipUnless(parquet, "pyarrow is not installed")
    def test_chat_wrappers_case_and_markup_hide_nothing(self):
        records, places = self.planted()
        folder = self.decontaminated(records)
        got = [(f[0], *f[2:5], f[6]) for f in self.findings(folder, ("in", "ref"))]
        self.assertEqual(got, places)
        self.assertEqual(manifest(folder)["counts"]["dropped"], len(places))

    def test_cut_takes_out_what_was_found_and_no_more(self):
        records, places = self.planted()
        folder = self.decontaminated(records, "--fix", "cut")
        got = [json.loads(line) for line in self.data(folder).splitlines()]
        want = json.loads(json.dumps(records))
        for line, part, at, size, _ in places:
            message = want[line]["messages"][int(part[len("messages[")])]
            text = message["content"].encode()
            message["content"] = (text[:at] + text[at + size :]).decode()
        self.assertEqual(got, want)

    @unittest.skipUnless(parquet, "pyarrow is not installed")
    def test_an_item_split_over_turns_is_counted_as_one(self):
        words = QUESTIONS[0].split()
        halves = [" ".join(words[:8]), "and", " ".join(words[8:]), "yes"]
        records = [self.chat(halves)]
        # 17 words are 13 runs of five; four of these stand across the gap
        for overlap, dropped in (("69%", 1), ("70%", 0)):
            folder = self.decontaminated(records, "--ngram", "5", "--overlap", overlap)
            self.assertEqual(manifest(folder)["counts"]["dropped"], dropped)
        folder = self.decontaminated(records, "--ngram", "5")
        got = [(f[2], f[3], f[5]) for f in self.findings(folder, ("in", "ref"))]
        share = round(9 / 13, 9)
        self.assertEqual(
            got, [("messages[0].content", 0, share), ("messages[2].content", 0, share)]
        )

    def test_short_items(self):
        references = [
            {"prompt": "What is the capital of Chad?", "completion": "N'Djamena"},
            {"prompt": "Yes", "completion": "It is the one on the left"},
        ]
        records = [
            self.chat(["yes", "No.", "what is the CAPITAL of -- chad", "N'Djamena"]),
            self.chat(["Yes", "It is the one on the left", "ok", "N'Djamena."]),
            self.chat(["what is the capital of France", "Paris", "of Chad?", "Yes"]),
        ]
        for more, dropped in (([], 1), (["--short", "none"], 0), (["--least", "7"], 0)):
            folder = self.decontaminated(records, *more, references=references)
            self.assertEqual(manifest(folder)["counts"]["dropped"], dropped, more)

    def test_one_word_is_no_item_whatever_ngram_is(self):
        references = [{"prompt": p, "completion": "no"} for p in ("Yes", "of Chad")]
        records = [self.chat(["yes", "no", "of Chad?", "Yes"])]
        for more in ([], ["--ngram", "1"], ["--ngram", "2", "--overlap", "100%"]):
            folder = self.decontaminated(records, *more, references=references)
            self.assertEqual(manifest(folder)["counts"]["kept"], 1, more)

    def test_a_benchmarks_wording_is_no_item(self):
        common = "Choose the right answer from the options below and give its letter and no words"
        references = [
            {"prompt": f"{common}: what is {n}?", "completion": "A"} for n in range(30)
        ]
        records = [self.chat([f"{common}. Which?", "B", "", ""])]
        for more, dropped in ((["--common", "10"], 0), (["--common", "40"], 1)):
            folder = self.decontaminated(records, *more, references=references)
            self.assertEqual(manifest(folder)["counts"]["dropped"], dropped, more)

    def test_explain_shows_the_matched_text_and_its_source(self):
        records, places = self.planted()
        folder = self.decontaminated(records)
        for line, part, at, size, _ in places[::40]:
            told = self.tamis("explain", folder, f"in.jsonl:{line + 1}", "--json").stdout
            found = json.loads(told)["records"][0]["findings"][0]
            text = records[line]["messages"][int(part[len("messages[")])]["content"].encode()
            self.assertEqual(found["part"], part)
            self.assertEqual(found["matched"], text[at : at + size].decode())
            name, number = found["other"].rsplit(":", 1)
            self.assertEqual(name, self.path("ref.jsonl"))
            with open(name, encoding="utf-8") as file:
                item = file.read().splitlines()[int(number) - 1]
            words = [re.findall(r"[a-z]+", text.lower()) for text in (found["matched"], item)]
            self.assertIn(" ".join(words[0]), " ".join(words[1]))

    def test_table_of_benchmarks_and_inputs(self):
        asked = [self.chat([q, "a", q, "b"]) for q in QUESTIONS]
        self.lines("a", asked[:1] * 3 + [self.chat(["x", "y", "", ""])])
        self.lines("b", asked[1:] * 2)
        for number in range(3):
            self.lines(f"exam{number}", self.references()[number : number + 1])
        recipe = self.write(
            "recipe.yaml",
            """
inputs: {left: a.jsonl, right: b.jsonl}
references: {ours: [exam0.jsonl, exam1.jsonl], theirs: exam2.jsonl}
steps:
  - decontaminate: {against: ours}
  - decontaminate: {name: flagged, then: flag}
""",
        )
        folder = self.run_folder("out", "run", recipe)
        told = [
            [(r["reference"], r["path"], r["records"]) for r in step["references"]]
            for step in manifest(folder)["steps"]
        ]
        files = [("ours", "exam0.jsonl"), ("ours", "exam1.jsonl"), ("theirs", "exam2.jsonl")]
        want = [[{"left": 3}, {"right": 2}, {}], [{}, {}, {"right": 2}]]
        self.assertEqual(told, [[(*f, n) for f, n in zip(files, row)] for row in want])

    def test_equal_items_are_one(self):
        references = self.references() * 200  # not a wording of 200 items
        record = self.chat([QUESTIONS[1], "", "", ""])
        folder = self.decontaminated([record], references=references)
        self.assertEqual(manifest(folder)["counts"]["dropped"], 1)

    def test_ledger_holds_no_matched_text(self):
        folder = self.decontaminated(self.planted()[0])
        for name in ("ledger.parquet", "findings.parquet", "manifest.json", "run.json"):
            with open(os.path.join(folder, name), "rb") as file:
                self.assertNotIn(b"Nadia", file.read(), name)

    def test_without_references_it_says_what_to_do(self):
        self.write("in.jsonl", '{"text":"a"}\n')
        done = self.tamis("decontaminate", "in.jsonl", "-o", "-", expect=2)
        self.assertIn(b"references:", done.stderr)

    def test_time_is_near_linear_where_everything_matches(self):
        text = " ".join(["alpha beta gamma delta epsilon"] * 20000)
        records = [{"text": text}] * 3
        references = [{"text": " ".join(text.split()[: 20 + n % 40])} for n in range(400)]
        folder = self.decontaminated(records, references=references)
        self.assertEqual(manifest(folder)["counts"]["dropped"], 3)


if __name__ == "__main__":
    unittest.main()
