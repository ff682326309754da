"""decontaminate against a naive oracle: every record against every item, n-gram by n-gram.

The oracle knows neither hashes nor filters, samples nothing and compares lists of words. What is
dropped, every span with its place, its share and the item it names must be the same. Beside it:
contamination planted at known places, in a chat's clothes; and what is known of published sets
(with ../shared).
"""

import gzip
import json
import os
import random
import re
import sys
import unicodedata
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import SHARED, LawCase, manifest  # noqa: E402

try:
    import pyarrow.parquet as parquet
except ImportError:
    parquet = None

INVISIBLE = set(
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2066\u2067\u2068\u2069"
)
UNSPACED = ((0xE00, 0xFFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x30FF), (0x4E00, 0x9FFF))


def terms_of(text):
    """[(term, from, to)]: places in bytes."""
    found, word, begin, end, at = [], "", 0, 0, 0

    def close():
        nonlocal word
        if word:
            folded = unicodedata.normalize("NFC", word).casefold()
            found.append((folded, begin, end))
        word = ""

    for c in text:
        size = len(c.encode())
        if c in INVISIBLE:
            at += size
            continue
        term = c == "_" or unicodedata.category(c)[0] in "LMN"
        own = term and any(low <= ord(c) <= high for low, high in UNSPACED)
        if not term or own:
            close()
        if own:
            found.append((c, at, at + size))
        elif term:
            if not word:
                begin = at
            word += c
            end = at + size
        at += size
    close()
    return found


def parts_of(record):
    """[(text, response)] in the order of the record's parts."""
    if "text" in record:
        return [(record["text"], False)]
    return [(record["prompt"], False), (record["completion"], True)]


class Oracle:
    def __init__(self, references, ngram=13, overlap=0.0, least=5, common=100, short="exact"):
        self.n, self.overlap = ngram, overlap
        self.items, seen = [], set()
        for number, record in enumerate(references):
            for text, response in parts_of(record):
                terms = tuple(t[0] for t in terms_of(text))
                brief = len(terms) < ngram
                if len(terms) < least or (brief and (short == "none" or response)):
                    continue
                if terms not in seen:
                    self.items.append((number, terms, brief))
                seen.add(terms)
        of = {}
        for i, (_, terms, brief) in enumerate(self.items):
            for gram in [] if brief else self.grams(terms, ngram):
                of.setdefault(gram, set()).add(i)
        self.common = {gram for gram, items in of.items() if len(items) > common}

    @staticmethod
    def grams(terms, n):
        return [tuple(terms[i : i + n]) for i in range(len(terms) - n + 1)]

    def looked_for(self, item):
        """[gram] of an item that count."""
        _, terms, brief = self.items[item]
        if brief:
            return [terms]
        grams = set(self.grams(terms, self.n))
        return [g for g in grams if g not in self.common] or grams

    def findings(self, record):
        """[(part, at, bytes, share, record of the reference, short)]"""
        parts = [terms_of(text) for text, _ in parts_of(record)]
        plain = [[t[0] for t in part] for part in parts]
        held = {n: {g for p in plain for g in self.grams(p, n)} for n in range(1, self.n + 1)}
        share = {}
        for i in range(len(self.items)):
            grams = self.looked_for(i)
            hits = sum(gram in held[len(gram)] for gram in grams)
            if hits and hits / len(grams) >= self.overlap:
                share[i] = hits / len(grams)
        told = []
        for number, part in enumerate(parts):
            hits = []
            for i in share:
                for gram in set(self.looked_for(i)):
                    for at in range(len(part) - len(gram) + 1):
                        if tuple(plain[number][at : at + len(gram)]) == gram:
                            hits.append((at, at + len(gram), i))
            told += [(number, *span) for span in self.spans(part, sorted(hits), share)]
        return told

    def spans(self, part, hits, share):
        joined = []
        for begin, end, item in hits:
            if joined and begin <= joined[-1][1]:
                joined[-1][1] = max(end, joined[-1][1])
                joined[-1][2].add(item)
            else:
                joined.append([begin, end, {item}])
        for begin, end, items in joined:
            best = min(items, key=lambda i: (-share[i], i))
            number, _, brief = self.items[best]
            at = part[begin][1]
            yield at, part[end - 1][2] - at, share[best], number, brief


WORDS = (
    "red Blue GREEN tea cup 17 5 x_1 naïve cafe\u0301 straße İstanbul don't re-use 水 日本 ไทย "
    "ab\u200bc soft\u00adly ΑΣ ﬁn two"
).split()
GAPS = [" ", " ", " ", ", ", "\n", " — ", "**", " (", ".  ", "\u200b "]


def phrase(chance, length):
    return "".join(chance.choice(WORDS) + chance.choice(GAPS) for _ in range(length))


def shouted(chance, text):
    """The same terms in other clothes."""
    return chance.choice([str, str.upper, str.lower])(text).replace(", ", chance.choice(GAPS[:9]))


def fragments(chance, items, count):
    """A text of pieces of items and other words."""
    out = ""
    for _ in range(count):
        if chance.random() < 0.6:
            words = chance.choice(items).split(" ")
            at = chance.randrange(len(words))
            out += " ".join(words[at : at + chance.randrange(1, 40)]) + " "
        else:
            out += phrase(chance, chance.randrange(6))
    return out


def made_record(chance, make):
    if chance.random() < 0.3:
        return {"text": make()}
    return {"prompt": make(), "completion": make()}


class Case(LawCase):
    def findings(self, folder, lines):
        """[(line, code, part, at, bytes, value, line of the reference)]"""
        rows = parquet.read_table(os.path.join(folder, "findings.parquet")).to_pylist()
        offsets = {name: self.offsets(name) for name in lines}
        return [
            (
                offsets["in"][row["place"] & (1 << 40) - 1],
                row["code"],
                row["part"],
                row["at"],
                row["bytes"],
                round(row["value"], 9),
                offsets["ref"][row["other_place"] & (1 << 40) - 1],
            )
            for row in rows
        ]

    def offsets(self, name):
        out, at = {}, 0
        with open(self.path(name + ".jsonl"), "rb") as file:
            for number, line in enumerate(file):
                out[at] = number
                at += len(line)
        return out

    def lines(self, name, records):
        text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
        return self.write(name + ".jsonl", text)

    def decontaminated(self, records, *more, references):
        return self.run_folder(
            "out",
            "decontaminate",
            self.lines("in", records),
            "--against",
            self.lines("ref", references),
            "--overwrite",
            *more,
        )


class Random(Case):
    """Data made at random, against the oracle."""

    def run_both(self, references, records, **settings):
        oracle = Oracle(references, **settings)
        expect = [
            (line, "T1722" if short else "T1721", at, size, round(share, 9), number)
            for line, record in enumerate(records)
            for _, at, size, share, number, short in oracle.findings(record)
        ]
        given = []
        for name, value in settings.items():
            given += ["--" + name, str(value)]
        folder = self.run_folder(
            "out",
            "decontaminate",
            self.lines("in", records),
            "--against",
            self.lines("ref", references),
            *given,
            "--overwrite",
            "--threads",
            "2",
        )
        got = [(f[0], f[1], *f[3:]) for f in self.findings(folder, ("in", "ref"))]
        self.assertEqual(got, expect, settings)
        dropped = {f[0] for f in expect}
        self.assertEqual(manifest(folder)["counts"]["dropped"], len(dropped), settings)
        kept = [r for line, r in enumerate(records) if line not in dropped]
        self.assertEqual([json.loads(x) for x in self.data(folder).splitlines()], kept)
        return len(expect)

    @unittest.skipUnless(parquet, "pyarrow is not installed")
    def test_each_benchmark_has_its_findings(self):
        """Of several files each is held against by itself: what stands in two is found twice, and
        the table counts for each the records that hold an item of it."""
        chance = random.Random(12)
        for trial in range(30):
            texts = [phrase(chance, chance.randrange(5, 30)) for _ in range(8)]
            files = [[made_record(chance, lambda: chance.choice(texts)) for _ in range(6)]
                     for _ in range(3)]
            records = [made_record(chance, lambda: fragments(chance, texts, chance.randrange(4)))
                       for _ in range(30)]
            overlap = chance.choice([0, 0.5])
            expect, table = [], [set(), set(), set()]
            for number, references in enumerate(files):
                oracle = Oracle(references, overlap=overlap)
                for line, record in enumerate(records):
                    for part, at, size, share, item, _ in oracle.findings(record):
                        expect.append((line, part, at, number, size, round(share, 9), item))
                        table[number].add(line)
            names = [self.lines(f"b{n}", references) for n, references in enumerate(files)]
            against = [word for name in names for word in ("--against", name)]
            folder = self.run_folder("out", "decontaminate", self.lines("in", records), *against,
                                     "--overlap", str(overlap), "--overwrite")
            rows = parquet.read_table(os.path.join(folder, "findings.parquet")).to_pylist()
            lines = {n: self.offsets(f"b{n}") for n in range(3)}
            offsets = self.offsets("in")
            got = []
            for row in rows:
                number = (row["other_place"] >> 40) - 2
                got.append((offsets[row["place"] & (1 << 40) - 1], row["at"], number, row["bytes"],
                            round(row["value"], 9),
                            lines[number][row["other_place"] & (1 << 40) - 1]))
            self.assertEqual(sorted(got), sorted((e[0], *e[2:]) for e in expect), trial)
            counted = [sum(r["records"].values())
                       for r in manifest(folder)["steps"][0]["references"]]
            self.assertEqual(counted, [len(t) for t in table])

    @unittest.skipUnless(parquet, "pyarrow is not installed")
    def test_same_findings_as_the_oracle(self):
        chance = random.Random(11)
        total = 0
        for trial in range(60):
            texts = [phrase(chance, chance.randrange(1, 30)) for _ in range(12)]
            texts += [chance.choice(texts) + phrase(chance, 4) for _ in range(8)]
            references = [made_record(chance, lambda: chance.choice(texts)) for _ in range(25)]
            records = [
                made_record(
                    chance, lambda: shouted(chance, fragments(chance, texts, chance.randrange(4)))
                )
                for _ in range(40)
            ]
            settings = {
                "ngram": chance.choice([1, 2, 3, 4, 5, 8, 8, 13, 13, 20, 64]),
                "overlap": chance.choice([0.0, 0.0, 0.3, 0.75, 1.0]),
                "least": chance.choice([2, 3, 5]),
                "common": chance.choice([100, 100, 6]),
                "short": chance.choice(["exact", "exact", "none"]),
            }
            with self.subTest(trial=trial):
                total += self.run_both(references, records, **settings)
        self.assertGreater(total, 800)  # the data are a test


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


def shared_lines(path):
    full = os.path.join(SHARED, "data", path)
    if not os.path.exists(full):
        raise unittest.SkipTest(f"{path} is not there: see ../shared")
    with gzip.open(full, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Published(Case):
    """What is known of published sets; skipped without ../shared."""

    def count(self, references, texts, *more):
        self.write("ref.jsonl", "".join(json.dumps({"text": t}) + "\n" for t in references))
        self.write("in.jsonl", "".join(json.dumps({"text": t}) + "\n" for t in texts))
        folder = self.run_folder(
            "out", "decontaminate", "in.jsonl", "--against", "ref.jsonl", "--overwrite", *more
        )
        return manifest(folder)["counts"]["dropped"]

    def test_rephrased_questions_are_found_by_no_ngram(self):
        rows = shared_lines("cot/gsm8k_rephrased.jsonl.gz")
        originals = [row["original_question"] for row in rows]
        self.assertEqual(self.count(originals, originals), len(rows))
        self.assertEqual(self.count(originals, [row["rephrased"] for row in rows]), 0)

    def test_same_as_sets_of_ngrams_in_python(self):
        tests = [row["original_question"] for row in shared_lines("cot/gsm8k_rephrased.jsonl.gz")]
        rows = shared_lines("cot/gsm8k_train.jsonl.gz")
        trains = [row["question"] + "\n" + row["answer"] for row in rows]
        for n in (8, 13):
            known = {g for t in tests for g in Oracle.grams([w[0] for w in terms_of(t)], n)}
            expect = sum(
                not known.isdisjoint(Oracle.grams([w[0] for w in terms_of(t)], n)) for t in trains
            )
            more = ["--ngram", str(n), "--short", "none", "--common", "9999"]
            got = self.count(tests, trains, *more)
            self.assertEqual(got, expect)


if __name__ == "__main__":
    unittest.main()
