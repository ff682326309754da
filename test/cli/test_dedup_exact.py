"""dedup.exact through the program, against a few lines of Python that know no hash: every record
against every other, texts compared as texts, for each choice of texts, keep list and scope."""
# time-limit: 300

import itertools
import json
import os
import random
import unicodedata
import unittest

from dedupkit import DedupCase, lines
from lawkit import digest, manifest

WORDS = ("red", "Red", "tea", "cafe\u0301", "caf\u00e9", "Stra\u00dfe", "STRASSE", "7")
GAPS = (" ", " ", " ", "  ", "\n", " \u200b")
ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


def text(chance):
    words = [chance.choice(WORDS) for _ in range(chance.choice((0, 1, 1, 2)))]
    return "".join(w + chance.choice(GAPS) for w in words).rstrip(" \n")


def record(chance, number):
    """Of one of four layouts, with few words to choose from, so that many are equal."""
    out = {"id": number, "score": chance.choice((1, 2, 3, None)),
           "day": "2026-%02d-%02d" % (chance.randrange(1, 4), chance.randrange(1, 4))}
    kind = chance.randrange(6)
    if kind == 0:
        return {"text": text(chance), **out}
    if kind == 1:
        return {"prompt": text(chance), "completion": text(chance), **out}
    if kind == 2:
        sides = {k: text(chance) for k in ("prompt", "chosen", "rejected")}
        return {**sides, **out}
    roles = ["system"] * chance.randrange(2) + ["user", "assistant"] * chance.choice((1, 1, 2, 3))
    turns = [{"role": role, "content": text(chance)} for role in roles]
    return {"messages": turns, **out}


def parts(r):
    """[(role, answer, text, whether it is a response)], a message each."""
    if "text" in r:
        return [("document", 0, r["text"], True)]
    if "completion" in r:
        return [("user", 0, r["prompt"], False), ("assistant", 1, r["completion"], True)]
    if "chosen" in r:
        return [("user", 0, r["prompt"], False), ("assistant", 1, r["chosen"], True),
                ("assistant", 2, r["rejected"], True)]
    last = max(n for n, m in enumerate(r["messages"]) if m["role"] == "user")
    return [(m["role"], 0, m["content"], n > last) for n, m in enumerate(r["messages"])]


def is_in(part, selector):
    role, answer, _, response = part
    return {"all": True, "prompt": not response, "response": response, "chosen": answer == 1,
            "rejected": answer == 2}.get(selector, role == selector)


def normal(value, steps):
    if "unicode" in steps:
        value = unicodedata.normalize("NFC", value)
    if "zero_width" in steps:
        value = value.translate(ZERO_WIDTH)
    if "case" in steps:
        value = value.casefold()
    return " ".join(value.split()) if "space" in steps else value


class Oracle:
    def __init__(self, records, ranks, keep="first", by="all", turn=0, prefix=False, normalise="",
                 across="all", sources=None):
        self.records, self.ranks, self.across, self.prefix = records, ranks, across, prefix
        self.sources = sources
        self.keep, self.by = keep, by.split(",")
        steps = normalise.split(",")
        self.keys = []
        for r in records:
            chosen = [p for p in parts(r) if any(is_in(p, s) for s in self.by)]
            if turn:
                at = turn - 1 if turn > 0 else len(chosen) + turn
                chosen = chosen[at:at + 1] if 0 <= at < len(chosen) else []
            key = tuple((role, answer == 2, normal(value, steps))
                        for role, answer, value, _ in chosen)
            self.keys.append(key if any(value for _, _, value in key) else None)
        self.order = sorted(range(len(records)), key=self.place_of)

    def place_of(self, i):
        """Where a record stands among those that are alike: the first of them stays."""
        r, key = self.records[i], self.keys[i] or ()
        place = [self.ranks[i]]
        if self.prefix:  # no shorter conversation begins with all of a longer one
            place.append(-sum(16 + len(value.encode()) for _, _, value in key))
        for item in self.keep.split(",") if self.ranks[i] else ():
            word, _, field = item.partition(" $.")
            if word in ("longest", "shortest"):
                size = sum(len(p[2]) for p in parts(r))
                place.append(-size if word == "longest" else size)
            elif word == "source_order":
                place.append(self.sources[i])
            elif field:
                value = r[field] if field == "score" else int(r[field].replace("-", ""))
                place.append((value is None, 0 if value is None else
                              value if word == "min" else -value))
        return place + [i]

    def alike(self, whole, other):
        if self.keys[whole] is None or self.keys[other] is None:
            return False
        if self.prefix:
            return self.keys[other][:len(self.keys[whole])] == self.keys[whole]
        return self.keys[other] == self.keys[whole]

    def may_merge(self, into, i):
        if not self.ranks[into] or self.across == "all":
            return bool(self.ranks[i])
        return self.across == "inputs" and self.ranks[into] < self.ranks[i]

    def merged(self):
        """{record: the one that stays for it}"""
        out = {}
        for i in range(len(self.records)):
            into = next((k for k in self.order if self.alike(i, k)), i)
            if into != i and self.may_merge(into, i):
                out[i] = into
        return out


KEEPS = ("first", "source_order,first", "max $.score,first", "min $.score,source_order,first",
         "source_order,max $.score,first", "source_order,longest,source_order,first",
         "newest $.day,first", "longest,first", "shortest,first", "max $.score,newest $.day,first",
         "longest,min $.score,first")
BYS = ("all", "prompt", "response", "user", "assistant", "prompt,response", "chosen", "system,user")
NORMALS = ("", "case", "space", "case,space", "unicode,zero_width,case,space", "unicode")


class AgainstOracle(DedupCase):
    def check(self, inputs, references, **settings):
        records = [*references, *itertools.chain(*inputs)]
        sources = [0] * len(references)
        for n, part in enumerate(inputs):
            sources += [1 + n] * len(part)
        across = settings.get("across") == "inputs"
        ranks = [n if across else min(n, 1) for n in sources]
        want = Oracle(records, ranks, sources=sources, **settings).merged()
        more = []
        for key, value in settings.items():
            more += ["--" + key, "true" if value is True else str(value)] if value != "" else []
        folder = self.merge("dedup.exact", inputs, *more, references=references)
        rows, got = self.ledger(folder)
        begin = len(references)
        at = {n: sum(len(lines([r]).encode()) for r in references[:n]) for n in range(begin)}
        for n, (fate, other, value) in got.items():
            into = want.get(n + begin)
            self.assertEqual(fate, "kept" if into is None else "merged", (settings, records[n]))
            self.assertIsNone(value)
            if into is None:
                continue
            if into < begin:
                self.assertEqual(rows[n]["other_place"] & (1 << 40) - 1, at[into], settings)
            else:
                self.assertEqual(other, into - begin, settings)
        stays = [r["id"] for n, r in enumerate(records) if n >= begin and n not in want]
        self.assertEqual(self.ids(folder), stays)
        self.assertEqual(manifest(folder)["counts"]["merged"], len(want))
        return len(want)

    def settings(self, chance):
        out = {"keep": chance.choice(KEEPS), "by": chance.choice(BYS),
               "normalise": chance.choice(NORMALS)}
        if chance.random() < 0.3:
            out["turn"] = chance.choice((1, 2, 3, -1, -2))
        elif chance.random() < 0.3:
            out["prefix"] = True
        return out

    def test_one_input(self):
        chance, total = random.Random(1), 0
        for trial in range(60):
            records = [record(chance, n) for n in range(100)]
            settings = self.settings(chance)
            with self.subTest(trial=trial, **settings):
                total += self.check([records], [], **settings)
        self.assertGreater(total, 800)  # the data are a test

    def test_across_inputs_and_against_a_reference(self):
        chance, total = random.Random(2), 0
        for trial in range(60):
            cuts = [[record(chance, 100 * k + n) for n in range(40)] for k in range(3)]
            settings = {**self.settings(chance), "across": chance.choice(("all", "inputs", "none"))}
            refer = settings["across"] == "none" or chance.random() < 0.5
            references, inputs = (cuts[0], cuts[1:]) if refer else ([], cuts)
            if settings["across"] == "none" and chance.random() < 0.5:
                inputs = [sum(inputs, [])]
            with self.subTest(trial=trial, **settings):
                total += self.check(inputs, references, **settings)
        self.assertGreater(total, 800)


class Survivors(DedupCase):
    def records(self, count=3000):
        chance = random.Random(3)
        return [record(chance, n) for n in range(count)]

    def test_nobody_survives_when_nobody_is_kept(self):
        """keep: none drops all that are alike, and names one of the others for each."""
        records = self.records(300)
        oracle = Oracle(records, [1] * 300)
        repeated = {i for i in range(300) for k in range(300) if i != k and oracle.alike(i, k)}
        folder = self.merge("dedup.exact", [records], "--keep", "none")
        got = self.ledger(folder)[1]
        self.assertEqual({n for n, (fate, _, _) in got.items() if fate == "dropped"}, repeated)
        for n in repeated:
            self.assertTrue(got[n][1] != n and oracle.alike(n, got[n][1]))
        self.assertEqual(self.ids(folder), [n for n in range(300) if n not in repeated])

    def test_nobody_is_merged_into_a_record_of_nothing(self):
        chance = random.Random(4)
        records = [{"id": n, "prompt": "", "completion": chance.choice(("", " ", "\u200b"))}
                   for n in range(60)]
        self.assertEqual(len(self.ids(self.merge("dedup.exact", [records[:1] * 50]))), 50)
        folder = self.merge("dedup.exact", [records], "--normalise", "zero_width,space")
        self.assertEqual(len(self.ids(folder)), 60)

    def test_absent_null_and_empty_are_three_things(self):
        answers = [{"content": None}, {"content": ""}, {}]
        talks = [{"messages": [{"role": "user", "content": "Say nothing."},
                               {"role": "assistant", **answer}]} for answer in answers * 2]
        done = self.tamis("dedup.exact", self.write("three.jsonl", lines(talks)), "-o", "-")
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], talks[:3])

    def test_the_longest_has_the_longest_texts_of_all_and_numbers_win(self):
        rows = [{"prompt": "a", "completion": text} for text in ("mid answer", "short", "x" * 40)]
        path = self.write("long.jsonl", lines(rows))
        for keep, kept in (("longest", "x" * 40), ("shortest", "short"), ("first", "mid answer"),
                           ("longest,first", "x" * 40)):
            out = self.tamis("dedup.exact", path, "--by", "prompt", "--keep", keep, "-o", "-", "-q")
            self.assertEqual(json.loads(out.stdout)["completion"], kept, keep)
        path = self.write("rated.jsonl", lines([{"text": "a", "r": r}
                                                for r in ("N/A", 5, True, 1, None, "9")]))
        for keep, kept in (("max $.r", 5), ("min $.r", 1)):
            out = self.tamis("dedup.exact", path, "--keep", keep, "-o", "-", "-q").stdout
            self.assertEqual(json.loads(out)["r"], kept, keep)

    def test_shuffled_input_keeps_the_same_records(self):
        """Where the keep list does not look at order; ties are most of what it decides."""
        records, seeds = self.records(), []
        for seed in ("1", "2"):
            chance, want = random.Random(5), None
            for _ in range(5):
                folder = self.merge("dedup.exact", [records], "--keep", "longest", "--normalise",
                                    "case,space", "--seed", seed)
                got = sorted(self.ids(folder))
                want = want or got
                self.assertEqual(got, want)
                chance.shuffle(records)
            seeds.append(want)
            self.assertLess(len(want), 2500)
        self.assertNotEqual(*seeds)

    def test_the_earlier_source_wins_and_within_it_the_next_item(self):
        """However the lines of each source are shuffled; without a next item the seed decides."""
        records, chance = self.records(), random.Random(7)
        parts = [records[:700], records[700:2000], records[2000:]]
        for keep in ("source_order,max $.score", "source_order"):
            want = None
            for _ in range(4):
                got = set(self.ids(self.merge("dedup.exact", parts, "--keep", keep)))
                want = want or got
                self.assertEqual(got, want, keep)
                for part in parts:
                    chance.shuffle(part)
        texts = [[json.dumps(Oracle([r], [1]).keys[0]) for r in part] for part in parts]
        for part, others in ((0, 1), (1, 2)):
            early = set(itertools.chain(*texts[:others])) - {"null"}
            for r, text in zip(parts[part + 1], texts[part + 1]):
                self.assertFalse(r["id"] in want and text in early, "an earlier source has it")
        self.assertNotEqual(want, set(self.ids(self.merge("dedup.exact", parts))))

    def test_a_keep_list_is_refused_by_the_words_that_stand_in_it(self):
        path = self.write("one.jsonl", lines([{"text": "a"}]))
        for keep, said in (("first,source_order", '"source_order" stands behind "first"'),
                           ("source_order,first,longest", '"longest" stands behind "first"')):
            done = self.tamis("dedup.exact", path, "--keep", keep, "-o", "-", expect=2)
            self.assertIn(said, done.stderr.decode())

    def test_threads_memory_and_kernels_change_nothing(self):
        chance = random.Random(6)
        records = self.records(20000)
        for n in range(0, 20000, 2):  # what is verified does not fit into the least memory
            records[n] = {"id": n, "score": n, "text": "word " * 300 + str(n // 4)}
        chance.shuffle(records)
        seen = set()
        for way, env in ((["--threads", "1"], {}), (["--threads", "2"], {}),
                         (["--threads", "1", "--memory", "60MiB"], {}),
                         (["--threads", "7", "--batch-records", "3"], {}),
                         (["--threads", "2"], {"TAMIS_SIMD": "scalar"}),
                         (["--threads", "2"], {"TAMIS_SIMD": "avx2"})):
            folder = self.merge("dedup.exact", [records], "--keep", "max $.score", *way, env=env)
            seen.add((self.data(folder), digest(os.path.join(folder, "ledger.parquet"))))
            self.assertEqual(len(seen), 1, (way, env))
            if "--memory" in way:
                with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
                    self.assertGreater(json.load(file)["spilled_bytes"], 100000)  # packed

    def test_what_is_exchanged_is_no_more_than_was_said(self):
        """At its worst: every record is a duplicate, and its text packs badly."""
        chance = random.Random(8)
        for size, records in ((6, 100000), (75, 40000)):
            made = [{"text": chance.randbytes(size).hex(), "n": n} for n in range(records // 2)]
            path = self.write("worst.jsonl", lines(made + made))
            folder = self.run_folder("worst", "dedup.exact", path, "--memory", "60MiB",
                                     "--overwrite")
            with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
                spilled = json.load(file)["spilled_bytes"]
            told = manifest(folder)
            self.assertEqual(told["counts"]["merged"], records // 2)
            self.assertGreater(spilled, 100000)
            self.assertGreater(told["plan"]["cost"]["fact_bytes"], spilled)

    def test_then_flag_keeps_all_and_names_the_other(self):
        records = [{"id": n, "text": "the same"} for n in range(3)]
        folder = self.merge("dedup.exact", [records], "--then", "flag")
        self.assertEqual(self.ids(folder), [0, 1, 2])
        found = self.findings(folder)
        self.assertEqual([r["code"] for r in found], ["T1701"] * 2)
        self.assertEqual(len({r["other_place"] for r in found}), 1)

    def test_a_keep_list_that_makes_no_sense_is_refused(self):
        path = self.write("a.jsonl", lines([{"text": "a"}]))
        for keep in ("best", "none,first", "first,longest", "max", "max $.x +",
                     ",".join(["longest"] * 17)):
            for verb in ("dedup.exact", "dedup.near"):
                self.tamis(verb, path, "--keep", keep, "-o", "-", expect=2)


if __name__ == "__main__":
    unittest.main()
