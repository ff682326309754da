"""Fails every allocation of the libraries too, from outside: the same demands as in test_fault.py,
on the program as it is shipped. One in 29 in `make test`, all in `make fault`."""
# time-limit: 120

import os
import subprocess
import unittest

import faultkit
from faultkit import FULL, TAMIS

COMMANDS = {
    "run": ["run", "../in/recipe.yaml", "--threads", "1", "-o", "out/"],
    "refine": ["refine", "../in/chats.jsonl", "--threads", "1", "-o", "out/"],
    "cat gz": ["cat", "../in/chats.jsonl.gz", "--threads", "1"],
    "cat zst": ["cat", "../in/chats.jsonl.zst", "--threads", "1"],
    "cat to gz": ["cat", "../in/chats.jsonl", "--threads", "1", "-o", "out.jsonl.gz"],
    "cat where": ["cat", "../in/chats.jsonl", "--threads", "1", "--where",
                  "matches(response, 'an.*')"],
    "explain": ["explain", "../in/done", "../in/broken.jsonl:3"],
    "inspect": ["inspect", "../in/broken.jsonl", "--threads", "1"],
}
STEP = 1 if FULL else 29


class Libraries(faultkit.Case):
    """Every command, every allocation of everything in it."""

    def setUp(self):
        super().setUp()
        build = os.path.basename(os.path.dirname(TAMIS))
        if build not in ("release", "clang", "debug"):
            self.skipTest("a sanitizer has an allocator of its own (%s)" % build)
        os.makedirs(self.path("in"))
        faultkit.make_inputs(self.path("in"))
        self.shim = self.path("fail_malloc.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fail_malloc.c")
        made = subprocess.run([os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", "-o",
                               self.shim, source], check=False, capture_output=True)
        if made.returncode:
            self.skipTest("no C compiler, or another C library")

    def run_one(self, words, at):
        work, told = self.path("work"), self.path("told")
        subprocess.run(["rm", "-rf", work, told], check=True)
        os.makedirs(work)
        env = dict(os.environ, LD_PRELOAD=self.shim, FAIL_AT=str(at), FAIL_TOLD=told)
        done = subprocess.run([TAMIS, *words], cwd=work, env=env, check=False, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True)
        files = {name: data for name, data in faultkit.tree(work).items()
                 if os.path.basename(name) not in ("run.json", "report.html")}
        with open(told, encoding="ascii") as file:
            count, fired = map(int, file.read().split())
        return done, files, count, fired

    def judge(self, base, base_files, done, files):
        if done.returncode == base.returncode:
            if (done.stdout, files) != (base.stdout, base_files):
                return "exit %d with another result" % done.returncode
        elif done.returncode != 5:
            return "exit %d instead of 5" % done.returncode
        elif b"error:" not in done.stderr:
            return "no message"
        if any(".tmp-" in name for name in files):
            return "temporary files are left"
        return None

    def test_no_failed_allocation_of_a_library_does_harm(self):
        tried, wrong = 0, []
        for order, (name, words) in enumerate(COMMANDS.items()):
            base, base_files, count, _ = self.run_one(words, 0)
            self.assertIn(base.returncode, (0, 1), base.stderr)
            for at in range(1 + (order * 7) % STEP, count + 1, STEP):
                try:
                    done, files, _, _ = self.run_one(words, at)
                    trouble = self.judge(base, base_files, done, files)
                except FileNotFoundError:  # it did not live to tell
                    trouble = "a crash"
                tried += 1
                if trouble:
                    wrong.append("%s, allocation %d: %s" % (name, at, trouble))
        print("%d commands, %d allocations" % (len(COMMANDS), tried))
        self.assertEqual(wrong, [], "\n".join(wrong[:40]))


if __name__ == "__main__":
    unittest.main()
