"""What --dry-run says of dedup.near: the curve, and a sample of what would be merged. Held against
what a run does. Covers report/sample_pairs.c and report/sample_told.c."""

import json
import random
import unittest

from dedupkit import lines
from lawkit import manifest
from nearkit import made, NearCase


class Sample(NearCase):
    """--dry-run tries the step on the first records; the run itself says whether that was so."""

    def sample(self, path, *more, stdin=None):
        done = self.tamis("dedup.near", path, *more, "--dry-run", "--json", stdin=stdin)
        return json.loads(done.stdout)["steps"][0]["sample"]

    def test_json_says_what_the_run_does(self):
        path = self.write("in.jsonl", lines(made(random.Random(9), 400)))
        common = ["--ngram", "2", "--threshold", "0.6"]
        for more, fate in ((["--link", "chain"], "merged"), (["--keep", "none"], "dropped"),
                           (["--link", "chain", "--keep", "none"], "dropped"),
                           (["--then", "park"], "parked"),
                           (["--sketch", "text-dedup", "--bands", "20", "--rows", "3"], "merged")):
            own = more if "--sketch" in more else [*common, *more]
            told = self.sample(path, *own)
            folder = self.run_folder("out", "dedup.near", path, *own, "--overwrite")
            steps = manifest(folder)["steps"]
            self.assertEqual(told["found"], steps[0]["counts"][fate], more)
            self.assertEqual((told["records"], told["all"]), (400, True))
            clusters = {r["dedup.near.cluster"] for r in self.ledger(folder)[0]} - {None, ""}
            self.assertEqual(told["clusters"], len(clusters), more)
            self.assertGreater(told["found"], 0)
            seen = [frozenset((p["record"]["line"], p["other"]["line"]))
                    for p in told["least_similar"]]
            self.assertEqual(len(set(seen)), len(seen), "a pair is shown once")
            self.assertEqual(bool(seen), "--sketch" not in more)
            fell = {n for n, row in self.ledger(folder)[1].items() if row[0] == fate}
            for pair in told["least_similar"]:
                self.assertGreaterEqual(len(fell & {pair["record"]["line"] - 1}), 1)
                self.assertTrue(pair["record"]["text"])
            for pair in told["below_threshold"]:
                self.assertLess(pair["value"], 0.6)
                self.assertNotIn(pair["record"]["line"] - 1, fell)

    def test_the_curve_stands_round_the_threshold(self):
        path = self.write("in.jsonl", lines([{"text": "a b c d e f"}] * 2))
        for threshold, measure, columns in (
                (0.8, "jaccard", [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]),
                (0.3, "jaccard", [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45]),
                (0.333, "jaccard", [0.033, 0.133, 0.233, 0.283, 0.333, 0.383, 0.433, 0.483]),
                (0.01, "jaccard", [0.01, 0.06, 0.11, 0.16]),
                (1, "jaccard", [0.7, 0.8, 0.9, 0.95, 1]),
                (0.8, "containment", [0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55])):
            common = ["dedup.near", path, "--threshold", str(threshold), "--measure", measure]
            step = json.loads(self.tamis(*common, "--dry-run", "--json").stdout)["steps"][0]
            curve = step["preview"]["caught"]
            self.assertEqual([round(s, 4) for s, _ in curve], columns)
            self.assertEqual([c for _, c in curve], sorted(c for _, c in curve))
            self.assertLess(curve[0][1], 1, threshold)
            told = self.tamis(*common, "--dry-run").stdout.decode()
            self.assertIn(" %g%%" % (columns[len(columns) // 2] * 100), told)

    def test_every_other_tool_can_be_tried(self):
        path = self.write("in.jsonl", lines([{"text": "a b c d e f g h"}] * 3))
        step = next(op for op in json.loads(self.tamis("ops", "--json").stdout)
                    if op["name"] == "dedup.near")
        sketches = next(p for p in step["params"] if p["name"] == "sketch")["choices"]
        self.assertEqual(len(sketches), 10)
        for sketch in sketches[2:]:
            words = ["dedup.near", path, "--sketch", sketch, "--bands", "16", "--rows", "8"]
            self.assertEqual(self.sample(path, *words[2:])["found"], 2, sketch)
            self.assertIn("nothing is compared",
                          self.tamis(*words, "--dry-run").stdout.decode())

    def test_keep_none_says_that_nobody_is_kept(self):
        path = self.write("in.jsonl", lines([{"text": "a b c d e f"}] * 2))
        done = self.tamis("dedup.near", path, "--keep", "none", "--dry-run").stdout.decode()
        self.assertIn("2 would be dropped, all there are of 1 cluster (keep: none)", done)
        self.assertNotIn("merged", done)

    def test_what_an_earlier_step_flagged_is_not_counted(self):
        texts = ["a b c d e f g h", "a b c d e f g h", "a b c d e f g h i", "q r s t u v w x"]
        self.write("in.jsonl", lines([{"text": text} for text in texts]))
        recipe = self.write("r.yaml", "inputs: in.jsonl\nsteps:\n- dedup.exact: {then: flag}\n"
                                      "- dedup.near: {threshold: 0.6}\n")
        plan = json.loads(self.tamis("run", recipe, "--dry-run", "--json").stdout)
        self.assertEqual(plan["steps"][1]["sample"]["found"], 2)
        done = json.loads(self.tamis("run", recipe, "--json", "-o", "out/").stdout)
        self.assertEqual(done["counts"]["merged"], 2)

    def test_what_is_read_once_has_no_sample_and_says_so(self):
        text = lines([{"text": "a b c d e f"}] * 2).encode()
        self.assertIn("only once", self.sample("-", stdin=text)["none_because"])
        done = self.tamis("dedup.near", "-", "--dry-run", stdin=text).stdout.decode()
        self.assertIn("no sample of what it would do: ", done)


if __name__ == "__main__":
    unittest.main()
