"""An unfinished run in the folder: whose it is, who may take it up, and that nobody throws it away
unasked."""

import json
import os
import random
import resource
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import TAMIS, LawCase, manifest  # noqa: E402

STEPS = "steps:\n  - dedup.exact: {by: all}\n  - filter: {keep: 'chars(all) > %d'}\n"


class Resume(LawCase):
    def setUp(self):
        super().setUp()
        chance = random.Random(5)
        rows = [{"text": "%x" % chance.getrandbits(4000)} for _ in range(900)]
        self.lines = [json.dumps(row).encode() + b"\n" for row in rows]
        self.write("a.jsonl", b"".join(self.lines + self.lines[:40]))
        self.write("b.jsonl", b'{"text":"one"}\n')
        self.write("r.yaml", "inputs: {a: {path: a.jsonl}}\n" + STEPS % 3)

    def half(self, *words):
        """Ends in the middle of writing, when the decisions are made."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        done = subprocess.run([TAMIS, *words, "-o", "out/", "-q"], cwd=self.folder, check=False,
                              stderr=subprocess.PIPE, preexec_fn=limit)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertTrue(os.path.exists(self.path("out/.tamis/plan")))

    def work(self):
        folder = self.path("out/.tamis")
        return {name: os.stat(os.path.join(folder, name)).st_mtime_ns
                for name in os.listdir(folder) if name != "lock"}

    def resumed(self):
        with open(self.path("out/run.json"), encoding="utf-8") as file:
            return json.load(file)["resumed"]

    def said(self, *words, expect=0):
        return self.tamis(*words, expect=expect).stderr.decode()

    def test_another_plan_does_not_throw_it_away(self):
        self.half("run", "r.yaml")
        before = self.work()
        seed = ["run", "r.yaml", "--seed", "8"]
        for words in (["length", "b.jsonl"], ["length", "a.jsonl"], seed, seed + ["--no-resume"],
                      ["length", "b.jsonl", "--resume"]):
            said = self.said(*words, "-o", "out/", expect=2)
            self.assertIn("out holds an unfinished run of another plan", said, words)
            self.assertIn("--overwrite", said)
            self.assertEqual(self.work(), before)
        self.assertEqual(self.said("run", "r.yaml", "-o", "out/", "--resume", "-q"), "")
        self.assertTrue(self.resumed())
        self.assertEqual(self.data(self.path("out")), b"".join(self.lines))

    def test_a_run_that_decided_nothing_is_in_nobodys_way(self):
        os.makedirs(self.path("out/.tamis"))
        with open(self.path("out/.tamis/plan"), "w", encoding="utf-8") as file:
            file.write("0" * 32 + " " + "1" * 32 + "\n")
        self.assertEqual(self.said("length", "b.jsonl", "-o", "out/", "-q"), "")
        self.assertEqual(manifest(self.path("out"))["counts"]["written"], 1)

    def test_what_a_step_has_begun_is_not_thrown_away_either(self):
        self.half("run", "r.yaml")
        work = self.path("out/.tamis")
        for name in os.listdir(work):  # as if it had ended a round before
            if name.endswith(".bin"):
                os.rename(os.path.join(work, name), os.path.join(work, name[:-4] + ".round0"))
        before = self.work()
        self.assertTrue(any(name.endswith(".round0") for name in before))
        said = self.said("length", "b.jsonl", "-o", "out/", expect=2)
        self.assertIn("out holds an unfinished run of another plan", said)
        self.assertEqual(self.work(), before)

    def test_a_run_that_was_killed_before_its_report_is_ended_by_the_same_command(self):
        self.half("run", "r.yaml")
        with open(self.path("out/.tamis/plan"), "rb") as file:
            plan = file.read()
        self.tamis("run", "r.yaml", "-o", "out/", "-q")
        data = self.data(self.path("out"))
        for words, expect in ((["run", "r.yaml"], 0), (["run", "r.yaml", "--resume"], 0),
                              (["length", "b.jsonl"], 2), (["run", "r.yaml", "--seed", "8"], 2)):
            if os.path.exists(self.path("out/report.html")):  # as it was when it was killed
                os.unlink(self.path("out/report.html"))
                os.mkdir(self.path("out/.tamis"))
                self.write("out/.tamis/plan", plan)
            said = self.said(*words, "-o", "out/", expect=expect)
            self.assertEqual("out holds a finished run" in said, expect == 2, said)
            self.assertEqual(self.data(self.path("out")), data)
            self.assertEqual(os.path.exists(self.path("out/report.html")), expect == 0)
            self.assertEqual(os.path.exists(self.path("out/.tamis")), expect == 2)
        self.tamis("run", "r.yaml", "-o", "out/", "-q")
        self.tamis("audit", "out")
        said = self.said("run", "r.yaml", "-o", "out/", expect=2)  # now it is whole
        self.assertIn("out holds a finished run", said)

    def test_what_a_pipe_made_is_not_taken_for_the_same(self):
        os.makedirs(self.path("out/report.html/x"))  # the report cannot be written
        words = [TAMIS, "filter", "-", "--keep", "words(document) > 0", "-o", "out/"]
        for text, more in (("a", ["--overwrite"]), ("b", [])):
            done = subprocess.run([*words, *more], cwd=self.folder, stderr=subprocess.PIPE,
                                  input=b'{"text":"%s"}\n' % text.encode(), check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            if more:
                subprocess.run(["rm", "-r", self.path("out/report.html")], check=True)
        self.assertIn(b"out holds a finished run", done.stderr)
        self.assertEqual(self.data(self.path("out")), b'{"text":"a"}\n')

    def test_overwrite_does(self):
        self.half("run", "r.yaml")
        self.tamis("length", "b.jsonl", "-o", "out/", "--overwrite")
        self.assertEqual(manifest(self.path("out"))["counts"]["written"], 1)
        self.assertFalse(self.resumed())
        self.assertFalse(os.path.exists(self.path("out/.tamis")))

    def test_a_plan_that_begins_alike_takes_up_its_decisions_and_says_so(self):
        self.half("run", "r.yaml")
        self.write("r.yaml", "inputs: {a: {path: a.jsonl}}\n" + STEPS % 5)
        said = self.said("run", "r.yaml", "-o", "out/", "--resume")
        self.assertIn("takes up what 1 of its steps decided", said)
        self.assertTrue(self.resumed())

    def test_inputs_that_changed_begin_it_anew(self):
        self.half("run", "r.yaml")
        self.write("a.jsonl", self.lines[0] * 2)
        words = ["run", "r.yaml", "-o", "out/"]
        said = self.said(*words, "--resume", expect=2)
        self.assertIn("nothing to resume in out: the inputs have changed since", said)
        self.assertIn("begins anew", self.said(*words))
        self.assertFalse(self.resumed())
        self.assertEqual(self.data(self.path("out")), self.lines[0])

    def test_other_bytes_of_the_same_size_and_time_are_noticed(self):
        for at in (0, -1):
            self.half("run", "r.yaml", "--overwrite")
            was = os.stat(self.path("a.jsonl"))
            with open(self.path("a.jsonl"), "r+b") as file:  # the same inode
                file.seek(len(self.lines[0]) * at, 0 if at == 0 else 2)
                file.write(json.dumps({"text": "0" * (len(self.lines[0]) - 13)}).encode())
            os.utime(self.path("a.jsonl"), ns=(was.st_atime_ns, was.st_mtime_ns))
            now = os.stat(self.path("a.jsonl"))
            self.assertEqual((now.st_size, now.st_ino, now.st_mtime_ns),
                             (was.st_size, was.st_ino, was.st_mtime_ns))
            self.assertIn("begins anew", self.said("run", "r.yaml", "-o", "out/"))
            self.assertFalse(self.resumed())

    def test_a_shorter_plan_does_not_let_go_of_later_decisions(self):
        inputs = "inputs: {a: {path: a.jsonl}}\nsteps:\n  - dedup.exact: {by: all}\n"
        self.write("r.yaml", inputs + "  - sample: {count: 850}\n")
        self.half("run", "r.yaml")
        before = self.work()
        self.write("short.yaml", inputs)
        said = self.said("run", "short.yaml", "-o", "out/", expect=2)
        self.assertIn("out holds an unfinished run of another plan", said)
        self.assertEqual(self.work(), before)
        self.write("short.yaml", inputs + "  - sample: {count: 840}\n")  # as long
        said = self.said("run", "short.yaml", "-o", "out/")
        self.assertIn("takes up what 1 of its steps decided", said)
        self.assertEqual(manifest(self.path("out"))["counts"]["written"], 840)

    def test_to_resume_nothing_is_refused(self):
        words = ["length", "b.jsonl", "--resume"]
        self.assertIn("there is no such folder", self.said(*words, "-o", "out/", expect=2))
        self.assertFalse(os.path.exists(self.path("out")))
        os.mkdir(self.path("out"))
        self.assertIn("no unfinished run is there", self.said(*words, "-o", "out/", expect=2))
        self.assertEqual(os.listdir(self.path("out")), [])
        self.assertIn("needs a run folder", self.said(*words, "-o", "x.jsonl", expect=2))
        self.assertIn("needs a run folder", self.said(*words, "-o", "-", expect=2))
        self.tamis("length", "b.jsonl", "-o", "out/")
        self.assertIn("holds a finished run", self.said(*words, "-o", "out/", expect=2))
        words += ["-o", "out/", "--overwrite"]
        self.assertIn("nothing to resume", self.said(*words, expect=2))
        self.assertEqual(manifest(self.path("out"))["counts"]["written"], 1)

    def test_what_came_through_a_pipe_leaves_nothing(self):
        child = subprocess.Popen([TAMIS, "dedup.exact", "-", "-o", "out/"], cwd=self.folder,
                                 stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdin.write(b"".join(self.lines) * 3)
        child.stdin.flush()
        while not os.path.exists(self.path("out/.tamis/plan")):
            time.sleep(0.01)
        child.send_signal(2)
        self.assertEqual(child.wait(timeout=60), 4)
        child.stdin.close()
        child.stderr.close()
        self.assertEqual(os.listdir(self.path("out")), [])
        self.tamis("length", "b.jsonl", "-o", "out/")


if __name__ == "__main__":
    unittest.main()
