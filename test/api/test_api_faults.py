"""Fails every allocation and every file call of a program that goes through all of tamis.h: the
library gives a status and a sentence, never crashes, hangs or leaks, and a folder with a manifest
holds all its files. Like test/fault, with the library instead of the program."""

# time-limit: 240

import os
import re
import subprocess
import sys
import unittest
from unittest import mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "test/fault"), os.path.join(ROOT, "test/support")]

import faultkit  # noqa: E402
from build_program import build_program  # noqa: E402

ASAN = os.environ.get("ASAN_OPTIONS", "exitcode=99") + ":detect_stack_use_after_return=0"
TOLD = re.compile(r"allocs (\d+) calls (\d+) fired (\d+)")
STEP = 1 if faultkit.FULL else 7
ROWS = "".join('{"prompt":"%d","completion":"%s"}\n' % (i, "a b c" if i % 3 else "one \\u200b two")
               for i in range(40)) + "{broken\n"


@unittest.skipUnless(os.path.exists(faultkit.FAULTY), "there is no build with faults (V=fault)")
class Faults(faultkit.Case):
    uses, helpers, words, says = "use_api", ["toy_table"], [], ("of 41", "80 rows")

    def use(self, plan):
        env = dict(os.environ, TAMIS_FAULTS=plan, TAMIS_FAULTS_TOLD=self.path("told"),
                   ASAN_OPTIONS=ASAN)
        out = self.path("out")
        subprocess.run(["rm", "-rf", out], check=True)
        done = subprocess.run([self.program, out, self.path("in.jsonl"), *self.words],
                              env=env, check=False,
                              capture_output=True, text=True, timeout=60)
        with open(self.path("told"), encoding="ascii") as file:
            done.counts = [int(n) for n in TOLD.match(file.read()).groups()]
        done.files = sorted(os.listdir(out)) if os.path.isdir(out) else []
        return done

    def sweep(self, plan, counter, sentence):
        whole = self.use("")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        for said in self.says:
            self.assertIn(said, whole.stdout)
        failed = 0
        for n in range(1, whole.counts[counter] + 1, STEP):
            done = self.use(plan % n)
            self.assertNotIn("Sanitizer", done.stderr, (plan % n, done.stderr[:3000]))
            self.assertIn(done.returncode, (0, 1, 2, 3, 5), (plan % n, done.stderr))
            if done.returncode == 0:
                self.assertEqual(done.stdout, whole.stdout, plan % n)
                continue
            failed += 1
            self.assertRegex(done.stderr, sentence, plan % n)
            if "manifest.json" in done.files:
                self.assertLessEqual(set(whole.files) - {"report.html"}, set(done.files), plan % n)
        self.assertGreater(failed, whole.counts[counter] // STEP // 3)

    def setUp(self):
        super().setUp()
        with mock.patch.dict(os.environ, TAMIS_BUILD=os.path.dirname(faultkit.FAULTY)):
            self.program = build_program(self.uses, self.folder, self.helpers)
        self.save("in.jsonl", ROWS.encode())

    def test_every_allocation_that_fails_is_said(self):
        self.sweep("alloc:%d", 0, "no memory left")

    def test_no_memory_from_some_point_on_is_said(self):
        self.sweep("alloc:%d+", 0, "no memory left")

    def test_every_file_call_that_fails_is_said(self):
        self.sweep("io:%d:EIO", 1, "Input/output error|cannot|could not")


class FaultsOfTables(Faults):
    """A table that is not given back ends the program with 9."""

    words, says = ["tables"], ("of 47", "5 columns")


class FaultsOfStages(Faults):
    uses, helpers, says = "use_stages", [], ('"read":41',)


if __name__ == "__main__":
    unittest.main()
