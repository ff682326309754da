"""A finished run folder named as an input or as a reference stands for the data it kept."""

import json
import os
import unittest

from dedupkit import DedupCase, lines


class RunAsInput(DedupCase):
    def setUp(self):
        super().setUp()
        self.old = [{"id": n, "text": "the words of record number %d" % (n % 30), "n": n}
                    for n in range(40)]
        self.new = [{"id": 100 + n, "text": "The words of record, number %d" % (n + 20)}
                    for n in range(20)]
        self.first = self.write("old.jsonl", lines(self.old))
        self.month = self.write("new.jsonl", lines(self.new))

    def out(self, *words):
        told = self.tamis(*words, "-o", "-", "-q").stdout
        return [json.loads(line)["id"] for line in told.splitlines()]

    def test_what_was_kept_and_nothing_else(self):
        """Repeats, what was parked and what could not be read are no data of a run."""
        with open(self.first, "a", encoding="utf-8") as file:
            file.write("{broken\n")
        steps = "steps:\n  - dedup.exact: {}\n  - filter: {park: '$.n < 3'}\n"
        recipe = self.write("r.yaml", steps)
        jan = self.run_folder("jan", "run", recipe, self.first)
        self.assertEqual(self.out("cat", jan), list(range(3, 30)))
        self.assertEqual(self.out("cat", jan + "/"), list(range(3, 30)))
        for verb in ("dedup.exact", "dedup.near"):
            args = [verb, self.month, "--across", "none"]
            args += ["--normalise", "case"] if verb == "dedup.exact" else []
            want = self.out(*args, "--against", self.write("d.jsonl", self.data(jan)))
            self.assertEqual(self.out(*args, "--against", jan), want)
            near = list(range(110, 120)) if verb == "dedup.near" else list(range(100, 120))
            self.assertEqual(want, near)

    def test_every_side_of_a_split(self):
        both = self.run_folder("both", "split", self.first, "--eval", "10")
        self.assertEqual(sorted(self.out("cat", both)), list(range(40)))
        near = self.out("dedup.near", self.month, "--against", both)
        self.assertEqual(near, list(range(110, 120)))

    def test_the_last_run(self):
        self.tamis("dedup.near", self.first, "-o", "jan/", "-q")
        self.assertEqual(self.out("cat", "last"), list(range(30)))
        self.assertEqual(self.out("dedup.near", self.month, "--against", "last"),
                         list(range(110, 120)))
        self.write("last", lines(self.new))  # a file of that name is meant
        self.assertEqual(self.out("cat", "last"), list(range(100, 120)))

    def test_data_that_lie_elsewhere(self):
        self.tamis("dedup.near", self.first, "-o", self.path("kept.jsonl"), "--run", "jan", "-q")
        self.assertEqual(self.out("cat", "jan"), list(range(30)))
        self.tamis("dedup.near", self.first, "-o", "-", "--run", "gone", "-q")
        said = self.tamis("cat", "gone", expect=2).stderr.decode()
        self.assertIn("gone wrote its data to standard output", said)

    def test_what_is_no_finished_run(self):
        os.makedirs(self.path("half", ".tamis"))
        self.write("half/.tamis/plan", "x")
        self.write("half/data.jsonl", lines(self.old))
        self.assertIn("not finished", self.tamis("cat", "half", expect=2).stderr.decode())
        for strange in ('{"id":1}', "[1", '{"tamis":"other","id":1}'):
            os.makedirs(self.path("plain"), exist_ok=True)
            self.write("plain/manifest.json", strange)
            self.write("plain/data.jsonl", lines(self.old[:2]))
            got = self.tamis("cat", "plain", "--limit-unreadable", "100%", expect=None).stdout
            self.assertEqual(len(got.splitlines()), 2 + strange.startswith("{"), strange)

    def test_a_run_is_not_written_over_while_it_is_read(self):
        jan = self.run_folder("jan", "dedup.exact", self.first)
        said = self.tamis("dedup.near", jan, "-o", jan + "/", "--overwrite", expect=2).stderr
        self.assertIn(b"is an input of this run", said)
        self.assertEqual(self.out("cat", jan), list(range(30)))


if __name__ == "__main__":
    unittest.main()
