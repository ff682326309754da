"""An index stands for the set it was made of: dedup.near gives the same against either."""

import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase  # noqa: E402


def conversation(rng, words):
    turns = [" ".join(rng.choice(words) for _ in range(rng.choice([1, 3, 12, 40])))
             for _ in range(4)]
    roles = ["user", "assistant", "user", "assistant"]
    return {"messages": [{"role": r, "content": t} for r, t in zip(roles, turns)]}


def changed(rng, words, record):
    out = json.loads(json.dumps(record))
    message = rng.choice(out["messages"])
    text = message["content"].split(" ")
    text[rng.randrange(len(text))] = rng.choice(words).upper() + "!"
    message["content"] = " ".join(text)
    return out


class Index(LawCase):
    def setUp(self):
        super().setUp()
        rng = random.Random(8)
        words = ["caf\u00e9", "\u5929\u6c17"] + [f"w{i}" for i in range(200)]
        old = [conversation(rng, words) for _ in range(300)]
        new = [changed(rng, words, rng.choice(old)) for _ in range(200)]
        new += [conversation(rng, words) for _ in range(100)]
        new += [{"messages": [{"role": "user", "content": "?!"},
                              {"role": "assistant", "content": ""}]}]
        rng.shuffle(new)
        self.old = self.lines("old.jsonl", old)
        self.new = self.lines("new.jsonl", new)

    def lines(self, name, records):
        return self.write(name, "".join(json.dumps(r) + "\n" for r in records))

    def test_scripts_are_judged_by_their_letters(self):
        """A table of Han characters is mostly blanks and bars: it is characters all the same, and
        its index, which holds no blanks, finds it."""
        rng = random.Random(3)
        rows = []
        for _ in range(30):
            cells = ["".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(rng.randint(2, 3)))
                     for _ in range(12)]
            rows.append({"text": "|".join(cell.ljust(20) for cell in cells)})
        table, index = self.lines("table.jsonl", rows), self.path("table.index.jsonl")
        for keys in ([], ["--no-keys"]):
            self.tamis("index", table, "-o", index, "--overwrite", *keys)
            out = self.tamis("dedup.near", table, "--against", index, "--across", "none", "-o",
                             "-", "--quiet")
            self.assertEqual(len(out.stdout), 0, keys)
        folder = self.path("units")
        self.tamis("dedup.near", table, "-o", folder + "/")
        import pyarrow.parquet as parquet
        ledger = parquet.read_table(os.path.join(folder, "ledger.parquet"))
        self.assertEqual(set(ledger["dedup.near.units"].to_pylist()), {"characters"})

    def survivors(self, reference, *options):
        out = self.path("out.jsonl")
        self.tamis("dedup.near", self.new, "--against", reference, "-o", out, "--overwrite",
                   "--threshold", "0.7", *options)
        with open(out, "rb") as file:
            return file.read()

    def test_the_same_survive_against_the_index_and_against_the_set(self):
        for options in ([], ["--by", "response"], ["--by", "user", "--turn", "1"],
                        ["--by", "assistant", "--turn", "-1", "--across", "none"]):
            index = self.path("old.index.jsonl.zst")
            which = [o for o in options if o not in ("--across", "none")]
            self.tamis("index", self.old, *which, "-o", index, "--overwrite")
            kept = self.survivors(self.old, *options)
            self.assertEqual(self.survivors(index, *options), kept, options)
            self.assertLess(kept.count(b"\n"), 301, options)

    def test_keys_change_nothing(self):
        """Those of the run, those of other parameters, none, and of records printed anew."""
        index, printed = self.path("old.index.jsonl"), self.path("printed.jsonl")
        for options in (["--units", "characters"], ["--ngram", "3"], ["--sketch", "classic"],
                        ["--bands", "9", "--rows", "3"], ["--hashes", "64"], []):
            kept = self.survivors(self.old, *options)
            for which in (["--threshold", "0.7", *options], ["--threshold", "0.9"], ["--no-keys"],
                          ["--threshold", "0.7", "--ngram", "2"]):
                self.tamis("index", self.old, *which, "-o", index, "--overwrite")
                self.assertEqual(self.survivors(index, *options), kept, (options, which))
                with open(index, encoding="utf-8") as file:
                    records = [json.loads(line) for line in file]
                have = [record for record in records if "tamis_bands" in record]
                self.assertEqual(len(have), 0 if "--no-keys" in which else len(records))
                self.lines(printed, records)
                self.assertEqual(self.survivors(printed, *options), kept, (options, which))

    def test_an_index_of_an_index_is_the_same(self):
        one = self.path("1.jsonl")
        two = self.path("2.jsonl")
        self.tamis("index", self.old, "-o", one)
        self.tamis("index", one, "-o", two)
        with open(one, "rb") as a, open(two, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def refused(self, status, sentence, *command):
        out = self.path("refused.jsonl")
        done = self.tamis(*command, "-o", out, "--overwrite", expect=status)
        self.assertIn(sentence, done.stderr.decode())
        self.assertFalse(os.path.exists(out))

    def test_a_step_that_compares_other_texts_is_refused(self):
        """Whatever differs: nothing would be found, and nothing would tell."""
        index = self.path("old.index.jsonl.zst")
        rules = ({}, {"by": "response"}, {"by": "user", "turn": 1}, {"by": "user", "turn": -1},
                 {"by": "user"})
        said = ["by: all", "by: response", "by: user, turn: 1", "by: user, turn: -1", "by: user"]
        options = [[o for name, value in r.items() for o in ("--" + name, str(value))]
                   for r in rules]
        for made, words in zip(options, said):
            self.tamis("index", self.old, *made, "-o", index, "--overwrite")
            for asked, other in zip(options, said):
                if asked == made:
                    self.survivors(index, *asked)
                    continue
                sentence = f"index.jsonl.zst: error: this index was made with {words}, and "
                self.refused(2, sentence + f"dedup.near has {other}: other texts are not in it",
                             "dedup.near", self.new, "--against", index, *asked)
                self.refused(2, f"made with {words}, and index has {other}",
                             "index", index, *asked)

    def test_steps_that_need_texts_as_they_stand_refuse_an_index(self):
        index = self.path("old.index.jsonl")
        self.tamis("index", self.old, "-o", index)
        for step in (["dedup.exact"], ["dedup.exact", "--by", "everything"], ["decontaminate"],
                     ["dedup.near", "--sketch", "datatrove"]):
            self.refused(2, "old.index.jsonl: error: this reference is an index, and ", *step,
                         self.new, "--against", index)

    def test_an_index_of_everything_is_refused(self):
        self.refused(2, "dedup.exact", "index", self.old, "--by", "everything")

    def test_a_reference_with_keys_of_its_own_is_mapped_by_a_recipe(self):
        exam = self.write("exam.jsonl", '{"question":"what is two and two","answer":"4"}\n')
        path = self.write("a.jsonl", '{"text":"So what is two and two?"}\n{"text":"none"}\n')
        self.refused(3, "references: {NAME: {path: PATH, map:", "decontaminate", path,
                     "--against", exam)
        recipe = self.write("r.yaml", f"""
inputs: {{a: {path}}}
references:
  exam: {{path: {exam}, map: {{prompt: question, response: answer}}}}
steps:
  - decontaminate: {{against: exam}}
""")
        done = self.tamis("run", recipe, "-q", "-o", "-")
        self.assertEqual(done.stdout, b'{"text":"none"}\n')

    def test_an_index_that_does_not_say_what_it_is_of_is_refused(self):
        """Of an earlier version, or not ours at all."""
        hostile = ["5", "null", "[]", '""', '"2"', '"2 by turn 0"', '"2 by all,, turn 0"',
                   '"2 by alls turn 0"', '"2 by all turn 0 "', '"2 by all turn"',
                   '"-1 by all turn 0"',
                   '"2 by all turn 99999999999999999999"', '"2 by \\u0000 turn 0"',
                   '"2 by ' + "all," * 5000 + 'all turn x"', '"0 by all turn 0"']
        for head in hostile:
            index = self.write("i.jsonl", '{"tamis_index":"a","tamis_rules":%s}\n' % head)
            self.refused(3, "i.jsonl: error: a record of this index has a tamis_rules",
                         "dedup.near", self.new, "--against", index)
        index = self.write("i.jsonl", '{"tamis_index":"a","tamis_rules":"3 by all turn 0"}\n')
        self.refused(3, "version 3", "dedup.near", self.new, "--against", index)
        index = self.write("i.jsonl", '{"tamis_index":"a"}\n')
        self.refused(3, "does not say what it was made of", "dedup.near", self.new, "--against",
                     index)

    def test_one_record_of_another_index_among_many_is_seen(self):
        one, other, both = (self.path(n) for n in ("1.jsonl", "2.jsonl", "both.jsonl"))
        self.tamis("index", self.old, "-o", one)
        self.tamis("index", self.new, "--by", "response", "-o", other)
        with open(one, encoding="utf-8") as a, open(other, encoding="utf-8") as b:
            self.write("both.jsonl", a.read() + b.readline())
        self.refused(2, "made with by: response, and dedup.near has by: all", "dedup.near",
                     self.new, "--against", both)


if __name__ == "__main__":
    unittest.main()
