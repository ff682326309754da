"""sample: strata, floors and nested subsets against its page, worked out again in Python."""

import collections
import fractions
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import LawCase, manifest  # noqa: E402


def records(count, seed=4):
    rng = random.Random(seed)
    langs = "a" * 60 + "b" * 25 + "c" * 10 + "d" * 4 + "e"
    return [{"text": f"record {i}", **({"lang": rng.choice(langs)} if i % 97 else {})}
            for i in range(count)]


def fair(sizes, floor, got):
    """Whether one rate lies between rounding every part's share down and rounding it up.

    A part at its floor or at its size says only that the rate is no higher, or no lower.
    """
    low, high = fractions.Fraction(0), fractions.Fraction(1)
    for part, records_of in sizes.items():
        if got[part] > min(floor, records_of):
            low = max(low, fractions.Fraction(got[part] - 1, records_of))
        if got[part] < records_of:
            high = min(high, fractions.Fraction(got[part] + 1, records_of))
    return low < high


class Sample(LawCase):
    def lines(self, name, rows):
        return self.write(name, "".join(json.dumps(r) + "\n" for r in rows))

    def test_an_option_takes_every_seed_that_a_recipe_takes(self):
        path, most = self.lines("n.jsonl", records(200)), 2**64 - 1
        recipe = self.write("seed.yaml", f"seed: {most}\ninputs: {{a: {{path: n.jsonl}}}}\n"
                            "steps:\n  - sample: {count: 9}\n")
        drawn = self.tamis("sample", path, "--count", "9", "--seed", str(most), "-o", "-").stdout
        self.assertEqual(drawn, self.tamis("run", recipe, "-o", "-").stdout)
        other = self.tamis("sample", path, "--count", "9", "--seed", "1", "-o", "-").stdout
        self.assertNotEqual(drawn, other)
        for text in (str(most + 1), "-1", "x"):
            done = self.tamis("sample", path, "--count", "9", "--seed", text, expect=2)
            self.assertIn(f'"seed" takes a whole number from 0 to {most}', done.stderr.decode())

    def sample(self, name, rows, step, seed=0):
        """{text: route} of the kept, and the run's folder."""
        recipe = {"inputs": self.lines(name + ".jsonl", rows), "steps": [{"sample": step}],
                  "seed": seed, "output": {"format": "jsonl"}}
        folder = self.run_folder(name, "run", self.write(name + ".json", json.dumps(recipe)))
        return self.routes(folder), folder

    def by_lang(self, rows, texts):
        return collections.Counter(r.get("lang") for r in rows if r["text"] in texts)

    def test_strata_have_their_share_and_their_floor(self):
        rng = random.Random(8)
        for number in range(8):
            rows = records(rng.randrange(50, 1500), seed=number)
            floor = rng.choice([0, 0, 1, 5, 40])
            places = rng.randrange(1, len(rows) + 20)
            step = {"count": places, "stratify": "$.lang", "floor": floor}
            kept, _ = self.sample(f"w{number}", rows, step, seed=number)
            self.assertEqual(len(kept), min(places, len(rows)))
            sizes = collections.Counter(r.get("lang") for r in rows)
            got = self.by_lang(rows, kept)
            if places >= sum(min(floor, size) for size in sizes.values()):
                self.assertTrue(fair(sizes, floor, got), (step, got))
                for lang, size in sizes.items():
                    self.assertGreaterEqual(got[lang], min(floor, size), (step, lang))
            else:
                self.assertLessEqual(max(got.values()), floor)

    def test_joint_strata_have_their_share(self):
        rng = random.Random(11)
        rows = [{"text": f"record {i}", "lang": rng.choice("aab"), "kind": rng.choice("xyy")}
                for i in range(1800)]
        for count in (90, 400):
            step = {"count": count, "stratify": ["$.lang", "$.kind"]}
            kept, _ = self.sample(f"joint{count}", rows, step)
            sizes = collections.Counter((r["lang"], r["kind"]) for r in rows)
            got = collections.Counter((r["lang"], r["kind"]) for r in rows if r["text"] in kept)
            self.assertTrue(fair(sizes, 0, got), got)
        path = self.lines("joint.jsonl", rows)
        both = self.tamis("sample", path, "--count", "90", "--stratify", "$.lang", "--stratify",
                          "$.kind", "-o", "-", "-q").stdout
        self.assertEqual({json.loads(line)["text"] for line in both.splitlines()},
                         set(self.sample("again", rows, {"count": 90, "stratify":
                                                         ["$.lang", "$.kind"]})[0]))

    def test_rare_strata_together_have_their_share(self):
        rows = [{"text": f"record {i}", "lang": "en" if i % 2 else f"l{i % 200}"}
                for i in range(2000)]
        self.assertEqual(len({r["lang"] for r in rows}), 101)
        english, drawn = 0, set()
        for seed in range(40):
            kept, _ = self.sample(f"s{seed}", rows, {"count": 10, "stratify": "$.lang"}, seed)
            got = self.by_lang(rows, kept)
            english += got.pop("en", 0)
            self.assertEqual(set(got.values()), {1})
            drawn |= set(got)
        self.assertTrue(170 <= english <= 230, english)
        self.assertGreater(len(drawn), 70)

    def test_a_floor_without_room_is_told(self):
        rows = [{"text": f"record {i}", "lang": "abc"[i % 3]} for i in range(600)]
        for step, short in (({"share": "2%", "floor": 50}, 3 * 46),
                            ({"count": 10, "floor": 300}, 3 * 200 - 10),
                            ({"count": 150, "floor": 50}, 0), ({"count": 30, "floor": 10}, 0)):
            name = "floor%d" % (step["floor"] + short)
            kept, folder = self.sample(name, rows, dict(step, stratify="$.lang"))
            codes = manifest(folder)["steps"][0]["findings"]
            self.assertEqual(codes.get("T1502", 0), short, step)
            self.assertEqual(codes.get("T1501", 0), 600 - len(kept) - short, step)

    def test_records_of_equal_texts_are_drawn_whatever_their_order(self):
        rows = [{"text": f"t{i % 7}", "q": i} for i in range(400)]
        drawn = set()
        for seed in range(4):
            random.Random(seed).shuffle(rows)
            source = self.lines("in.jsonl", rows)
            out = self.tamis("sample", source, "--count", "60", "-o", "-", "--quiet").stdout
            drawn.add(tuple(sorted(json.loads(line)["q"] for line in out.splitlines())))
        self.assertEqual(len(drawn), 1)
        self.assertEqual(len(next(iter(drawn))), 60)

    def test_a_share_within_strata_is_exact(self):
        rows = records(2000)
        kept, _ = self.sample("exact", rows, {"share": "10%", "stratify": "$.lang"})
        self.assertEqual(len(kept), 200)
        for lang, size in collections.Counter(r.get("lang") for r in rows).items():
            self.assertLessEqual(abs(self.by_lang(rows, kept)[lang] - size / 10), 1)

    def test_a_larger_sample_holds_every_smaller_one(self):
        rows = records(700)
        for extra in ({}, {"stratify": "$.lang"}, {"stratify": "$.lang", "floor": 7}):
            before = set()
            for places in (1, 2, 3, 10, 33, 34, 35, 200, 699, 700, 701):
                kept, _ = self.sample(f"n{len(extra)}-{places}", rows, {"count": places, **extra})
                self.assertEqual(len(kept), min(places, 700))
                self.assertLessEqual(before, set(kept), (places, extra))
                before = set(kept)

    def test_nested_subsets_are_the_samples_of_their_sizes(self):
        rows = records(1200)
        for number, (sizes, extra) in enumerate([
                (["10%", "50%", "100%"], {}),
                (["2.5%", "0.25"], {}),
                (["10%", "50%", "100%"], {"stratify": "$.lang"}),
                ([7, 100, 900], {}),
                ([7, 100, 900, 5000], {"stratify": "$.lang", "floor": 3})]):
            rings, folder = self.sample(f"r{number}", rows, {"nested": sizes, **extra})
            asked = manifest(folder)["steps"][0]["routes"]
            self.assertEqual(len(asked), len(sizes))
            names = {"2.5%": "0to2.5", "0.25": "2.5to25"}
            for size, route in zip(sizes, asked):
                self.assertEqual(route["route"], names.get(size, route["route"]))
            held = set()
            for k, (size, route) in enumerate(zip(sizes, asked)):
                ring = {t for t, r in rings.items() if r == route["route"]}
                self.assertEqual(len(ring), route["records"])
                held |= ring
                how = {"count": size} if isinstance(size, int) else {"share": size}
                alone, _ = self.sample(f"r{number}-{k}", rows, {**how, **extra})
                self.assertEqual(held, set(alone), (size, extra))
        self.assertEqual([r["route"] for r in asked], ["0to7", "7to100", "100to900", "900to5000"])
        self.assertEqual([r["asked"] for r in asked], ["7", "93", "800", "4100"])

    def test_order_and_files_do_not_matter(self):
        rows = records(900)
        mixed = random.Random(3).sample(rows, len(rows))
        for number, step in enumerate([{"count": 90, "stratify": "$.lang", "floor": 4},
                                       {"nested": ["10%", "30%"], "stratify": "$.lang"},
                                       {"nested": ["10%", "30%"]}]):
            one, _ = self.sample(f"o{number}", rows, step)
            two, _ = self.sample(f"p{number}", mixed, step)
            self.assertEqual(one, two, step)

    def test_a_signal_can_be_the_stratum(self):
        rows = [{"text": "word " * (1 + i % 3) + str(i)} for i in range(300)]
        recipe = {"inputs": self.lines("s.jsonl", rows), "output": {"format": "jsonl"},
                  "steps": ["length", {"sample": {"count": 30, "stratify": "length.words"}}]}
        folder = self.run_folder("s", "run", self.write("s.json", json.dumps(recipe)))
        words = collections.Counter()
        with open(os.path.join(folder, "data-00000.jsonl"), encoding="utf-8") as file:
            for line in file:
                words[len(json.loads(line)["text"].split())] += 1
        self.assertEqual(words, {2: 10, 3: 10, 4: 10})

    def test_too_many_strata_are_refused_with_what_to_do(self):
        rows = [{"text": f"t{i}", "n": i} for i in range(66000)]
        path = self.lines("many.jsonl", rows)
        done = self.tamis("sample", path, "--count", "10", "--stratify", "$.n", "-o", "-",
                          expect=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"put them into bins", done.stderr)

    def test_what_makes_no_sense_is_refused(self):
        path = self.lines("few.jsonl", records(10))
        for words, said in [
                ([], "one of share"),
                (["--share", "10%", "--count", "5"], "one of share"),
                (["--share", "10%", "--floor", "5"], "stratify:, which is missing"),
                (["--nested", "50%,10%"], "smallest to the largest"),
                (["--nested", "10%,10%"], "smallest to the largest"),
                (["--nested", "10%,500"], "not some of both"),
                (["--nested", "0"], "takes shares"),
                (["--nested", "some"], "takes shares"),
                (["--nested", "50%", "--then", "flag"], "100%"),
                (["--nested", "50%", "-o", "one.jsonl"], "")]:
            done = self.tamis("sample", path, *words, expect=2)
            self.assertIn(said, done.stderr.decode(), words)
        recipe = {"inputs": path, "steps": [{"split": {"eval": 2}}, {"sample": {"nested": [3]}}]}
        done = self.tamis("run", self.write("two.json", json.dumps(recipe)), expect=2)
        self.assertIn("split and sample", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
