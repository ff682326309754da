"""dedup.near through the program, against the oracle of nearkit.py, and what it promises."""
# time-limit: 300

import itertools
import json
import os
import random
import unittest

from dedupkit import lines
from lawkit import digest, manifest
from nearkit import made, NearCase, Oracle, ORDERS, ranked, set_of, similarity, SURE


class AgainstOracle(NearCase):
    def check(self, inputs, references, order, **settings):
        """Everything that was merged, into what, and the value; and that all else was kept."""
        records, sources, ranks = ranked(inputs, references, settings.get("across", "all"))
        oracle = Oracle([r["text"] for r in records], ranks,
                        [0 if not n else ORDERS[order](r, n) for r, n in zip(records, sources)],
                        **settings)
        more = ["--keep", order, *SURE]
        for key, value in settings.items():
            more += ["--" + key, str(value)]
        folder = self.near(inputs, *more, references=references)
        rows, got = self.ledger(folder)
        self.assertEqual(len(rows), len(records) - len(references))
        offsets, at = {}, 0
        for n, record in enumerate(references):
            offsets[at] = n
            at += len(lines([record]).encode())
        for n, (fate, other, value) in got.items():
            want = oracle.merged.get(n + len(references))
            self.assertEqual(fate, "merged" if want else "kept", (settings, records[n]))
            if want and want[0] < len(references):
                other = offsets[rows[n]["other_place"] & (1 << 40) - 1] - len(references)
            if want:
                self.assertEqual((other + len(references), value), want, (settings, order))
        survivors = [r["id"] for n, r in enumerate(itertools.chain(*inputs))
                     if n + len(references) not in oracle.merged]
        self.assertEqual(self.ids(folder), survivors)
        return len(oracle.merged)

    def settings(self, chance):
        return {
            "threshold": chance.choice((0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0)),
            "ngram": chance.choice((1, 2, 3, 5, 5, 8)),
            "measure": "jaccard",
            "link": chance.choice(("representative", "representative", "chain")),
        }

    def test_one_input(self):
        chance, total = random.Random(1), 0
        for trial in range(60):
            order = chance.choice(list(ORDERS))
            settings = self.settings(chance)
            with self.subTest(trial=trial, order=order, **settings):
                total += self.check([made(chance, 120)], [], order, **settings)
        self.assertGreater(total, 1500)  # the data are a test

    def test_across_inputs_and_against_a_reference(self):
        chance, total = random.Random(2), 0
        for trial in range(45):
            records = made(chance, 120)
            cut = sorted(chance.sample(range(1, 120), 3))
            parts = [records[a:b] for a, b in zip([0, *cut], [*cut, 120])]
            settings = self.settings(chance)
            settings["across"] = chance.choice(("all", "inputs", "none"))
            references = []
            if settings["across"] == "none" or chance.random() < 0.5:
                references, parts = parts[0], parts[1:]
            if settings["across"] != "inputs" and chance.random() < 0.5:
                parts = [sum(parts, [])]
            order = chance.choice(list(ORDERS))
            with self.subTest(trial=trial, order=order, **settings):
                total += self.check(parts, references, order, **settings)
        self.assertGreater(total, 500)

    def test_characters(self):
        chance = random.Random(3)
        for threshold in (0.6, 0.8, 0.95):
            self.check([made(chance, 150)], [], "longest,first", threshold=threshold,
                       units="characters")

    def test_containment(self):
        """Candidates are found by Jaccard: with a band a value they are all that share anything
        worth a comparison, but for the smallest parts of the longest texts."""
        words = ["w%d" % n for n in range(60)]
        records = [{"id": n, "score": n, "text": " ".join(words[:60 - 5 * n])} for n in range(7)]
        for order in ("longest,first", "shortest,max $.score"):
            for link in ("representative", "chain"):
                merged = self.check([records], [], order, measure="containment", link=link,
                                    threshold=0.9)
                self.assertEqual(merged, 6)


class Promises(NearCase):
    """What the documentation says of it, with the bands that a threshold chooses."""

    def test_what_is_merged_is_near_and_what_is_near_is_merged(self):
        chance = random.Random(4)
        for sketch in ("fast", "classic"):
            for threshold in (0.6, 0.8, 0.9):
                records = made(chance, 1500)
                folder = self.near([records], "--threshold", str(threshold), "--ngram", "3",
                                   "--sketch", sketch)
                sets = [set_of(r["text"], 3) for r in records]
                rows, got = self.ledger(folder)
                merged = 0
                for n, (fate, other, value) in got.items():
                    if fate != "merged":
                        continue
                    merged += 1
                    self.assertGreaterEqual(value, threshold)
                    self.assertEqual(value, similarity(sets[n], sets[other]))
                    self.assertEqual(got[other][0], "kept")
                    self.assertLess(other, n)
                sure = len(Oracle([r["text"] for r in records], [1] * 1500, [0] * 1500,
                                  threshold=threshold, ngram=3).merged)
                self.assertGreater(sure, 200)
                self.assertLessEqual(merged, sure * 1.01)
                self.assertGreaterEqual(merged, sure * 0.97, (sketch, threshold))

    def test_planted_pairs_are_found(self):
        """Of 400 pairs at 0.9 and above all but a few in a thousand are candidates at 0.8."""
        chance = random.Random(5)
        records = []
        for number in range(400):
            words = ["p%d_%d" % (number, n) for n in range(100)]
            other = list(words)
            other[chance.randrange(100)] = "changed"
            records += [{"id": 2 * number, "text": " ".join(words)},
                        {"id": 2 * number + 1, "text": " ".join(other).upper()}]
        chance.shuffle(records)
        folder = self.near([records])
        self.assertGreaterEqual(manifest(folder)["counts"]["merged"], 396)
        pairs = {i // 2 for i in self.ids(folder)}
        self.assertEqual(len(pairs), 400)  # never both

    def test_chain_and_representative(self):
        words = ["w%d" % n for n in range(30)]
        a, b, c = words[:24], words[3:27], words[6:30]  # 21 of 27 common, and 18 of 30
        records = [{"id": n, "text": " ".join(t)} for n, t in enumerate((a, b, c))]
        sets = [set_of(r["text"], 1) for r in records]
        near = similarity(sets[0], sets[1])
        self.assertEqual(near, similarity(sets[1], sets[2]))
        self.assertLess(similarity(sets[0], sets[2]), 0.7)
        common = ("--threshold", "0.75", "--ngram", "1", *SURE)
        folder = self.near([records], "--link", "representative", *common)
        self.assertEqual(self.ids(folder), [0, 2])
        self.assertEqual(self.ledger(folder)[1][1], ("merged", 0, near))
        folder = self.near([records], "--link", "chain", *common)
        self.assertEqual(self.ids(folder), [0])
        got = self.ledger(folder)[1]
        self.assertEqual(got[1], ("merged", 0, near))
        self.assertEqual(got[2], ("merged", 0, similarity(sets[0], sets[2])))

    def test_a_chain_that_drifts(self):
        records = [{"id": n, "text": " ".join("w%d" % (n * 2 + k) for k in range(40))}
                   for n in range(60)]
        for link, kept in (("chain", 1), ("representative", 20)):
            folder = self.near([records], "--link", link, "--ngram", "1", *SURE, "--threshold",
                               "0.8")
            self.assertEqual(len(self.ids(folder)), kept, link)

    def test_short_and_empty_texts_are_neither_lost_nor_lumped(self):
        texts = ["", "", " ", "\n", "...", "...", "....", "No", "no!", "NO", "Yes", "a b c d",
                 "A, b: c (d)", "a b c e", "🍲", "🍲", "🍳", "!", "?", "a b c d e"]
        records = [{"id": n, "text": text} for n, text in enumerate(texts)]
        for more in ([], ["--link", "chain"], ["--sketch", "classic"], ["--units", "characters"],
                     ["--threshold", "0.01"], ["--measure", "containment"]):
            folder = self.near([records], *more)
            gone = [n for n in range(len(texts)) if n not in self.ids(folder)]
            want = [5, 8, 9, 12, 15]
            self.assertEqual(gone, want, more)
            self.assertEqual(self.ledger(folder)[1][9], ("merged", 7, 1.0))

    def test_scripts_without_spaces_are_compared_by_characters(self):
        chance = random.Random(6)
        han = [chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(80)]
        thai = [chr(chance.randrange(0x0E01, 0x0E2F)) for _ in range(80)]
        korean = ["한국어", "문장은", "띄어", "쓰기가", "있다", "그래서", "단어로", "본다"]

        def changed(letters):
            return "".join(letters[:40]) + "x" + "".join(letters[41:])

        texts = ["".join(han), changed(han), "".join(thai), changed(thai), " ".join(korean),
                 " ".join(korean[:7]) + "!", "plain words in a row, that is all",
                 "".join(han[::-1]), "好", "好", "坏", "好吗"]
        units = ["characters"] * 4 + ["words"] * 3 + ["characters"] * 5
        records = [{"id": n, "text": text} for n, text in enumerate(texts)]
        folder = self.near([records])
        rows, got = self.ledger(folder)
        self.assertEqual([r["dedup.near.units"] for r in rows], units)
        self.assertEqual(self.ids(folder), [0, 2, 4, 5, 6, 7, 8, 10, 11])
        for n in (1, 3):
            want = similarity(set_of(texts[n - 1], 5, True), set_of(texts[n], 5, True))
            self.assertEqual(got[n], ("merged", n - 1, want))
        folder = self.near([records], "--units", "words")
        self.assertEqual(self.ids(folder), [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11])

    def test_by_and_turn_choose_what_is_compared(self):
        answer = " ".join("w%d" % n for n in range(30))
        records = [{"id": n, "messages": [{"role": "user", "content": question},
                                          {"role": "assistant", "content": answer + " " + extra}]}
                   for n, (question, extra) in enumerate((
                       ("What?", ""), ("What, then?", "x"), ("Why?", "y"),
                       ("what", "1 2 3 4 5 6 7 8 9")))]
        self.assertEqual(self.ids(self.near([records], "--by", "response")), [0, 3])
        self.assertEqual(self.ids(self.near([records], "--by", "prompt")), [0, 1, 2])
        self.assertEqual(self.ids(self.near([records], "--turn", "1")), [0, 1, 2])
        self.assertEqual(self.ids(self.near([records], "--turn", "-1")), [0, 3])

    def test_then_flag_keeps_all_and_names_the_other(self):
        records = [{"id": n, "text": "the same words here again and again"} for n in range(3)]
        folder = self.near([records], "--then", "flag")
        self.assertEqual(self.ids(folder), [0, 1, 2])
        rows = self.findings(folder)
        self.assertEqual([(r["code"], r["value"]) for r in rows], [("T1711", 1.0)] * 2)
        self.assertEqual(len({r["other_place"] for r in rows}), 1)

    def test_a_limit_on_comparisons_flags_what_was_not_compared(self):
        """A template: 60 texts that share bands and reach the threshold with none. Each band has a
        limit of its own; test_link.c counts exactly."""
        template = " ".join("t%d" % n for n in range(30))
        records = [{"id": n, "text": "%s %s" % (template, " ".join("r%d_%d" % (n, k) for k in
                                                                   range(30)))} for n in range(60)]
        common = ("--ngram", "1", "--threshold", "0.8", "--bands", "64", "--rows", "1")
        for most, least, flagged in ((3, 45, 57), (10, 10, 49), (59, 0, 0)):
            folder = self.near([records], *common, "--compare-most", str(most))
            self.assertEqual(len(self.ids(folder)), 60)
            rows = self.findings(folder)
            self.assertEqual({(r["code"], r["value"]) for r in rows} or {("T1712", most)},
                             {("T1712", most)})
            self.assertIn(len(rows), range(least, flagged + 1))

    def test_a_limit_on_comparisons_breaks_no_chain(self):
        """Each is near to all others and compared with few: merged, not kept and flagged."""
        template = " ".join("t%d" % n for n in range(60))
        records = [{"id": n, "text": "%s end%d" % (template, n)} for n in range(300)]
        for link in ("representative", "chain"):
            for most in ("1", "7", "100"):
                folder = self.near([records], "--link", link, "--compare-most", most)
                self.assertEqual((self.ids(folder), self.findings(folder)), ([0], []), link)

    def test_nobody_survives_when_nobody_is_kept(self):
        """keep: none drops whoever would be merged, and who it would be merged into."""
        chance = random.Random(9)
        records = made(chance, 200)
        for link in ("representative", "chain"):
            common = ("--link", link, "--ngram", "2", "--threshold", "0.6")
            merged = self.ledger(self.near([records], *common, "--keep", "max $.absent"))[1]
            gone = {n for n, (fate, _, _) in merged.items() if fate == "merged"}
            gone |= {other for fate, other, _ in merged.values() if fate == "merged"}
            folder = self.near([records], *common, "--keep", "none")
            got = self.ledger(folder)[1]
            self.assertEqual({n for n, (fate, _, _) in got.items() if fate == "dropped"}, gone)
            self.assertEqual(self.ids(folder), [n for n in range(200) if n not in gone])
            self.assertGreater(len(gone), 100)
            for n in gone:
                self.assertIn(got[n][1], gone - {n})


class Answers(NearCase):
    """The same words in another answer say something else, in a set and in its index."""

    def records(self):
        good, bad = (" ".join("%s%d" % (word, n) for n in range(150)) for word in ("good", "bad"))
        pairs = [(good, bad), (bad, good), (good, bad + " x"), ("yes", "no"), ("yes no", ""),
                 ("no", "yes"), ("Yes", "No!"), ("\u4f60\u597d\u5417", "\u597d\u7684\u8c22\u8c22"),
                 ("\u597d\u7684\u8c22\u8c22", "\u4f60\u597d\u5417")]
        return [{"id": n, "prompt": "Is it?", "chosen": chosen, "rejected": rejected}
                for n, (chosen, rejected) in enumerate(pairs)]

    def test_swapped_answers_are_no_duplicates(self):
        for link in ("representative", "chain"):
            folder = self.near([self.records()], "--link", link)
            self.assertEqual(self.ids(folder), [0, 1, 3, 4, 5, 7, 8], link)

    def test_an_index_knows_the_answers(self):
        records = self.records()
        path = self.write("old.jsonl", lines(records))
        for more in ([], ["--threshold", "0.5"]):  # with keys of this run, and with others
            index = os.path.join(self.folder, "old.index.jsonl")
            self.tamis("index", path, "-q", "-o", index, "--overwrite", *more)
            same, swapped = (self.write(name, lines(
                {**r, "chosen": r[a], "rejected": r[b]} for r in records[2:5]))
                for name, a, b in (("same.jsonl", "chosen", "rejected"),
                                   ("swapped.jsonl", "rejected", "chosen")))
            for new, stays in ((same, 0), (swapped, 1)):  # two of them are in the set, swapped
                done = self.tamis("dedup.near", new, "--across", "none", "--against", index, "-q",
                                  "-o", "-")
                self.assertEqual(len(done.stdout.splitlines()), stays)


class Templates(NearCase):
    """Records that share most of their text with all others, and nothing is lost among them."""

    def test_equal_ones_are_found_behind_any_number_of_others(self):
        fixed = ["w%d" % n for n in range(40)]
        texts = [" ".join(fixed + ["u%d_%d" % (n, k) for k in range(7)]) for n in range(700)]
        records = [{"id": n, "text": text} for n, text in enumerate(texts + texts)]
        for link in ("representative", "chain"):
            folder = self.near([records], "--link", link, "--compare-most", "5")
            self.assertEqual(self.ids(folder), list(range(700)), link)

    def test_near_ones_are_found_behind_any_number_of_others(self):
        fixed = ["w%d" % n for n in range(40)]
        texts = [fixed + ["u%d_%d" % (n, k) for k in range(60)] for n in range(400)]
        texts += [[*words[:-1], "other"] for words in texts]
        records = [{"id": n, "text": " ".join(words)} for n, words in enumerate(texts)]
        folder = self.near([records], "--compare-most", "5", "--bands", "16", "--rows", "4")
        self.assertEqual(self.ids(folder), list(range(400)))

    def test_a_set_held_against_itself_is_emptied(self):
        chance = random.Random(12)
        words = ["w%d" % n for n in range(9)]
        records = [{"id": n, "text": "please " * 3 + " ".join(
            words + [chance.choice(words) for _ in range(6)]) + " thank you very much indeed"}
                   for n in range(1500)]
        folder = self.near([records], "--across", "none", references=records)
        self.assertEqual(self.ids(folder), [])


class Sameness(NearCase):
    def test_shuffled_input_keeps_the_same_records(self):
        chance = random.Random(7)
        records = made(chance, 600)
        for link, keep in itertools.product(("representative", "chain"),
                                            ("max $.score", "longest")):
            want = None
            for _ in range(5):
                folder = self.near([records], "--keep", keep, "--link", link, "--ngram", "2",
                                   "--threshold", "0.7")
                got = sorted(self.ids(folder))
                want = want or got
                self.assertEqual(got, want, link)
                chance.shuffle(records)
            self.assertLess(len(want), 500)

    def test_threads_memory_and_kernels_change_nothing(self):
        chance = random.Random(8)
        # one family in which all are candidates of each other, and its sets do not fit
        words = ["big%d" % n for n in range(1500)]
        records = made(chance, 2000)
        for number in range(1500):
            text = " ".join(words[:700 + chance.randrange(500)]) + " end%d" % number
            records.append({"id": 2000 + number, "score": number, "text": text})
        chance.shuffle(records)
        common = ["--keep", "max $.score", "--threshold", "0.97", "--rows", "2", "--bands", "8"]
        ways = [(["--threads", "1"], None), (["--threads", "2"], None), (["--threads", "8"], None),
                (["--threads", "2", "--memory", "80MiB"], None),
                (["--threads", "1", "--batch-records", "5", "--memory", "64MiB"], None),
                (["--threads", "2"], {"TAMIS_SIMD": "scalar"}),
                (["--threads", "2"], {"TAMIS_SIMD": "avx2"})]
        for link in ("representative", "chain"):
            seen = set()
            for number, (way, env) in enumerate(ways):
                folder = self.near([records], *common, "--link", link, *way, env=env)
                seen.add((self.data(folder), digest(os.path.join(folder, "ledger.parquet")),
                          digest(os.path.join(folder, "findings.parquet"))))
                self.assertEqual(len(seen), 1, (link, way, env))
                if "--memory" in way:
                    with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
                        self.assertGreater(json.load(file)["spilled_bytes"], 1 << 20)

    def test_nothing_to_compare_with_is_said(self):
        records = [{"id": 1, "text": "a"}]
        path = self.write("a.jsonl", lines(records))
        for words, said in ((["--across", "none"], "against:"), (["--bands", "4"], "rows"),
                            (["--across", "inputs"], "inputs: {old: {path: old.jsonl}"),
                            (["--bands", "300", "--rows", "200"], "bands x rows"),
                            (["--keep", "best"], "best"), (["--threshold", "0"], "from 0.01"),
                            (["--by", "everything"], "dedup.exact"),
                            (["--sketch", "datatrove", "--threshold", "0.9"], "threshold"),
                            (["--sketch", "datasketch", "--link", "chain"], "link")):
            done = self.tamis("dedup.near", path, *words, "-o", "-", expect=2)
            self.assertIn(said, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
