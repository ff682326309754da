#!/usr/bin/env python3
"""Spill folders: only their owner can look in, kill -9 leaves one behind and the next run takes it
away, and nothing else: no folder of a run that is alive, and nothing that only looks like one."""
# time-limit: 60

import os
import signal
import stat
import subprocess
import time
import unittest

import faultkit

# More than the probe takes in before it looks at it.
LINES = b"".join(b'{"text":"record %d %s"}\n' % (n % 700, b"x" * 2000) for n in range(1000))


class Spill(faultkit.Case):
    def setUp(self):
        super().setUp()
        self.spill = self.path("spill")
        os.mkdir(self.spill)

    def start(self, out):
        """A run that waits for the end of its input, which it copies to its spill folder."""
        before = set(os.listdir(self.spill))
        child = subprocess.Popen([faultkit.TAMIS, "dedup.exact", "-", "-o", out, "--spill-dir",
                                  self.spill], cwd=self.folder, stdin=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        self.addCleanup(child.stdin.close)
        child.stdin.write(LINES)
        child.stdin.flush()
        for _ in range(2000):
            new = set(os.listdir(self.spill)) - before
            if new and "input-1" in os.listdir(os.path.join(self.spill, *new)):
                return child, new.pop()
            time.sleep(0.005)
        return self.fail("it does not spill")

    def whole_run(self, out):
        self.tamis("dedup.exact", "-", "-o", out, "--spill-dir", self.spill, stdin=LINES)

    def mode(self, *names):
        return stat.S_IMODE(os.stat(os.path.join(self.spill, *names)).st_mode)

    def test_only_the_owner_can_look_in(self):
        old = os.umask(0)
        try:
            _, name = self.start("out.jsonl")
        finally:
            os.umask(old)
        self.assertEqual(self.mode(name), 0o700)
        self.assertEqual(self.mode(name, "input-1"), 0o600)

    def test_what_a_killed_run_left_goes_with_the_next_one(self):
        dead = set()
        for _ in range(2):
            child, name = self.start("out.jsonl")
            child.send_signal(signal.SIGKILL)
            child.wait()
            self.assertIn(name, os.listdir(self.spill))
            dead.add(name)
        self.assertEqual(len(dead), 2)
        self.assertEqual(len(os.listdir(self.spill)), 1)  # the second took away the first one's
        self.whole_run("out.jsonl")
        self.assertEqual(os.listdir(self.spill), [])
        with open(self.path("out.jsonl"), "rb") as file:
            self.assertEqual(file.read().count(b"\n"), 700)

    def test_of_living_runs_nothing_is_taken(self):
        child, name = self.start("one.jsonl")
        child.send_signal(signal.SIGSTOP)
        self.whole_run("two.jsonl")
        self.assertEqual(os.listdir(self.spill), [name])
        child.send_signal(signal.SIGCONT)
        child.stdin.close()
        self.assertEqual(child.wait(), 0)
        self.assertEqual(os.listdir(self.spill), [])
        with open(self.path("one.jsonl"), "rb") as one, open(self.path("two.jsonl"), "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_what_only_looks_like_one_stays(self):
        there = self.path("elsewhere")
        for folder, lock in ((there, b"process 1\n"),
                             (os.path.join(self.spill, "tamis-1-2-0x3"), None),
                             (os.path.join(self.spill, "tamis-2-2-0x3"), b"a letter\n"),
                             (os.path.join(self.spill, "tamis-3-notes"), b"process 1\n"),
                             (os.path.join(self.spill, "tamis-x"), b"process 1\n")):
            os.mkdir(folder)
            if lock:
                self.save(os.path.join(folder, "lock"), lock)
            self.save(os.path.join(folder, "mine"), b"mine")
        os.symlink(there, os.path.join(self.spill, "tamis-4-2-0x3"))
        self.save(os.path.join(self.spill, "tamis-5-2-0x3"), b"a file")
        before = sorted(os.listdir(self.spill))
        self.whole_run("out.jsonl")
        self.assertEqual(sorted(os.listdir(self.spill)), before)
        self.assertEqual(sorted(os.listdir(there)), ["lock", "mine"])


if __name__ == "__main__":
    unittest.main()
