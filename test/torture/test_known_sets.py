"""Deduplication of sets about which a number is known."""
# time-limit: 300

import json
import os
import random
import subprocess
import unittest

from torturekit import DATA, TortureCase, data, manifest, needs

TOOLFORMER = os.path.join(DATA, "dedup/gpteacher_toolformer.jsonl.zst")


def lines(records):
    return (json.dumps(r) + "\n" for r in records)


class Known(TortureCase):
    """Sets about which a number is known."""

    def test_five_prices(self):
        """Rows 1, 3 and 4 are the same: two thirds of what seems to link a colour and a price is
        one row said three times."""
        rows = [("mug", "blue", "$30"), ("lamp", "grey", "$4"), ("mug", "blue", "$30"),
                ("mug", "blue", "$30"), ("mug", "grey", "$3")]
        table = [{"prompt": f"{{item: {i}, colour: {c}}}", "completion": p} for i, c, p in rows]
        dressed = [dict(r) for r in table]
        dressed[2]["prompt"] = dressed[2]["prompt"].upper()
        dressed[3]["prompt"] = dressed[3]["prompt"].replace(": ", ":  ")
        for verb, records in ((["dedup.exact"], table), (["dedup.near"], table),
                              (["dedup.exact", "--normalise", "case,space"], dressed),
                              (["dedup.near"], dressed), (["dedup.near", "--ngram", "2"], table)):
            source = self.write("in.jsonl", "".join(lines(records)))
            folder, _ = self.run_folder(verb[0], source, *verb[1:])
            self.assertEqual(data(folder).decode(),
                             "".join(lines([records[0], records[1], records[4]])), verb)

    def measured(self, source):
        """What inspect says of repeats, in records."""
        told = json.loads(self.tamis("inspect", source, "--json", expect=0).out)
        return told["duplicates"] / told["records"]

    def test_a_thousandth_of_the_records_a_hundred_times(self):
        """Repeated a hundred times, 0.1 % of the records make 9.1 % of all; none of it is left."""
        chance = random.Random(2)
        records = [{"text": " ".join(f"v{chance.randrange(500)}" for _ in range(30))}
                   for _ in range(20000)]
        repeated = chance.sample(records, 20)
        plain = records + [r for r in repeated for _ in range(100)]
        dressed = records + [{"text": r["text"].upper() + "!"} for r in repeated
                             for _ in range(100)]
        chance.shuffle(plain)
        chance.shuffle(dressed)
        source = self.write("in.jsonl", "".join(lines(plain)))
        self.assertEqual(f"{self.measured(source):.1%}", "9.1%")
        self.assertRegex(self.tamis("inspect", source).out, rb"\nequal +2000 +9\.1 ")
        for verb, more, given in (("dedup.exact", [], plain), ("dedup.near", [], plain),
                                  ("dedup.exact", ["--normalise", "case"], plain),
                                  ("dedup.near", [], dressed),
                                  ("dedup.near", ["--threshold", "0.6", "--ngram", "2"], dressed)):
            source = self.write("in.jsonl", "".join(lines(given)))
            folder, _ = self.run_folder(verb, source, *more)
            counts = manifest(folder)["counts"]
            self.assertEqual(f"{counts['merged'] / counts['read']:.1%}", "9.1%", (verb, more))
            again = self.write("again.jsonl", data(folder))
            self.assertEqual(self.measured(again), 0)
            folder, _ = self.run_folder(verb, again, *more)
            self.assertEqual(manifest(folder)["counts"]["merged"], 0)

    def sides(self, steps, source):
        """{side: texts} of a recipe that splits."""
        recipe = self.write("recipe.yaml", f"steps:\n{steps}  - split: {{eval: 20%}}\n")
        folder, _ = self.run_folder("run", recipe, source)
        return {side: [json.loads(line)["text"] for line in data(folder, side).splitlines()]
                for side in ("train", "eval")}

    def crossing(self, sides):
        """How many texts of eval are near to one of train."""
        def grams(text):
            words = text.lower().split()
            return {tuple(words[i:i + 5]) for i in range(len(words) - 4)}
        of = {}
        train = [grams(text) for text in sides["train"]]
        for n, of_one in enumerate(train):
            for gram in of_one:
                of.setdefault(gram, set()).add(n)
        count = 0
        for one in map(grams, sides["eval"]):
            near = {n for gram in one for n in of.get(gram, ())}
            count += any(len(one & train[n]) >= 0.8 * len(one | train[n]) for n in near)
        return count

    def test_nothing_crosses_train_and_eval(self):
        """Copies, and copies with a word of sixty changed. Deduplicated before it is split,
        no record of eval has a near duplicate in train; not deduplicated, more than two hundred
        have."""
        chance = random.Random(3)
        records = []
        for _ in range(1500):
            words = [f"v{chance.randrange(3000)}" for _ in range(60)]
            for _ in range(chance.randrange(1, 4)):
                changed = list(words)
                for _ in range(chance.randrange(2)):
                    changed[chance.randrange(60)] = f"v{chance.randrange(3000)}"
                records.append({"text": " ".join(changed)})
        chance.shuffle(records)
        source = self.write("in.jsonl", "".join(lines(records)))
        self.assertGreater(self.crossing(self.sides("  - tag: {set: {a: 1}}\n", source)), 200)
        sure = "  - dedup.near: {bands: 64, rows: 2}\n"  # every pair at 0.8 is a candidate
        sides = self.sides(sure, source)
        self.assertEqual(self.crossing(sides), 0)
        self.assertGreater(len(sides["eval"]), 200)
        exact = self.sides("  - dedup.exact: {}\n", source)
        self.assertEqual(set(exact["train"]) & set(exact["eval"]), set())
        near = self.sides("  - dedup.near: {}\n", source)
        self.assertLessEqual(self.crossing(near), 5)  # what the sketch misses: see the curve

    @needs(TOOLFORMER, "the published cuts")
    def test_published_cuts_by_similarity(self):
        """How these cuts were made is not known. What comes nearest to them of all that was tried
        (whole records or answers; words, pairs of words, 1 to 5 characters; both ways of linking)
        is the words of the answers alone: for the highest cut nine of ten survivors are theirs,
        and fewer the lower it is. Compared as whole records nearly nothing goes with 5-grams, and
        far more than was cut with words: the same description of a tool stands in every prompt.
        What differs: of thirty drawn from those that they cut at 0.9 and ours keeps, 27 have an
        answer left whose ratio of edits by letters (difflib) is about 0.9 or more; of thirty that
        both keep, six. Such a ratio rises with letters in common inside other words, and a set of
        words does not. So no equality can be asked for,
        only that the two agree far beyond chance, and ever less as the cut goes down."""
        raw = subprocess.run(["zstd", "-dc", TOOLFORMER], stdout=subprocess.PIPE, check=True).stdout
        rows = [json.loads(line) for line in raw.splitlines()]
        source = self.write("in.jsonl", raw)
        least = {"0.9": 0.85, "0.8": 0.75, "0.7": 0.65, "0.6": 0.55}
        before = None
        print("cut  ours  theirs  both  of all")
        for cut, agreement in least.items():
            folder, _ = self.run_folder("dedup.near", source, "--by", "response", "--ngram", "1",
                                        "--threshold", cut, "--bands", "64", "--rows", "2",
                                        "--compare-most", "1000000")
            ours = {json.loads(line)["row"] for line in data(folder).splitlines()}
            theirs = {r["row"] for r in rows if cut in r["kept_at"]}
            both = len(ours & theirs)
            print(f"{cut} {len(ours):5} {len(theirs):7} {both:5}  {both / len(ours | theirs):.3f}")
            self.assertGreater(both / len(ours | theirs), agreement, cut)
            self.assertGreater(both, 1.15 * len(ours) * len(theirs) / len(rows))  # beyond chance
            self.assertTrue(before is None or len(ours) < before)
            before = len(ours)


if __name__ == "__main__":
    unittest.main()
