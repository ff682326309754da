"""Signals, locks, full disks and closed streams: the exit code says what happened, the message says
what to do, and nothing is mixed or half there."""

import os
import resource
import signal
import stat
import subprocess
import time
import unittest

import faultkit
from faultkit import TAMIS

RECIPE = """seed: 3
inputs:
  all: {path: %s}
steps:
  - clean.text: {on: response}
  - dedup.exact: {by: [prompt, response]}
  - shuffle
"""
CHATS = RECIPE % "chats.jsonl"
TEXTS = "inputs:\n  all: {path: texts}\nsteps:\n  - dedup.exact: {by: document}\n"


class Signals(faultkit.Case):
    """What happens to a run that is disturbed from outside."""

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.save("recipe.yaml", CHATS.encode())

    def chats(self, megabytes=12, seed=4):
        faultkit.sized(self.path("chats.jsonl"), megabytes, seed)

    def start(self, *words, **more):
        more.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([TAMIS, *words], cwd=self.folder, **more)

    def run_words(self, out="out/"):
        return ["run", "recipe.yaml", "-o", out, "--quiet", "--threads", "2"]

    def whole(self):
        """The result of an undisturbed run."""
        self.tamis(*self.run_words("whole/"))
        return self.result("whole")

    def wait_for(self, *names):
        """Until a file is there; a run that is past it already is no failure."""
        for _ in range(2000):
            if os.path.exists(self.path(*names)):
                return True
            time.sleep(0.002)
        return False

    def finish(self, child):
        said = child.communicate(timeout=60)[1]
        return child.returncode, (said or b"").decode("utf-8", "replace")

    def stop_early(self, number, times=1):
        """Sends a signal soon after a run has begun; gives exit code and message."""
        for _ in range(20):
            child = self.start(*self.run_words())
            self.assertTrue(self.wait_for("out/.tamis/plan"))
            for _ in range(times):
                child.send_signal(number)
                time.sleep(0.001)
            code, said = self.finish(child)
            if code != 0:
                return code, said
            subprocess.run(["rm", "-rf", self.path("out")], check=True)  # it was too fast
        self.skipTest("every run ended before its signal came")

    def goes_on(self, whole):
        self.assertFalse(os.path.exists(self.path("out/manifest.json")))
        self.tamis(*self.run_words())
        self.assertEqual(self.result("out"), whole)
        self.assertEqual(sorted(faultkit.tree(self.path("out"))),
                         sorted(faultkit.tree(self.path("whole"))))

    def test_one_interrupt_ends_well_and_can_be_resumed(self):
        self.chats()
        whole = self.whole()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            code, said = self.stop_early(number)
            self.assertEqual(code, 4, said)
            self.assertRegex(
                said, "interrupted: (nothing was decided yet.*: )?run the same command again")
            self.assertFalse(os.path.exists(self.path("out/.tamis/lock")))
            left = [p for p in faultkit.tree(self.path("out")) if not p.startswith(".tamis/")]
            self.assertEqual(left, [])
            self.goes_on(whole)
            subprocess.run(["rm", "-rf", self.path("out")], check=True)

    def test_a_second_interrupt_ends_at_once(self):
        self.chats()
        whole = self.whole()
        code, said = self.stop_early(signal.SIGINT, times=2)
        self.assertIn(code, (4, 128 + signal.SIGINT), said)
        self.goes_on(whole)

    def test_an_interrupt_ends_a_wait_for_standard_input(self):
        for words in (["cat", "-"], ["cat", "-", "-o", "file.jsonl"],
                      ["length", "-", "-o", "out/", "--quiet"]):
            child = self.start(*words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            child.stdin.write(faultkit.lines([faultkit.chat(i) for i in range(9000)]))
            child.stdin.flush()
            time.sleep(0.3)
            child.send_signal(signal.SIGINT)
            try:
                child.wait(timeout=10)
            finally:
                child.kill()
            self.assertEqual(child.returncode, 4, words)
            child.stdin.close()
            child.stderr.close()
            self.assertFalse(os.path.exists(self.path("file.jsonl")))

    def test_a_reader_that_has_enough_is_no_error(self):
        self.chats()
        for command in ("cat chats.jsonl", "ops --json", "length chats.jsonl", "man",
                        "run recipe.yaml --threads 2 --quiet"):
            done = subprocess.run(["bash", "-c", "%s %s | head -c 9; echo ${PIPESTATUS[0]}"
                                   % (TAMIS, command)], cwd=self.folder, check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            code = done.stdout.split()[-1][-1:]
            self.assertEqual(code, b"0", (command, done.stdout))
            self.assertNotIn(b"error", done.stderr, command)

    def test_a_second_process_is_told_who_holds_the_folder(self):
        self.chats()
        whole = self.whole()
        first = self.start(*self.run_words())
        self.assertTrue(self.wait_for("out/.tamis/lock"))
        first.send_signal(signal.SIGSTOP)
        with open(self.path("out/.tamis/lock"), "rb") as lock:
            self.assertEqual(lock.read(), b"process %d\n" % first.pid)
        second = self.tamis(*self.run_words(), expect=2)
        self.assertIn("held by process %d" % first.pid, second.said)
        first.kill()
        self.finish(first)
        self.assertTrue(os.path.exists(self.path("out/.tamis/lock")))
        self.goes_on(whole)

    def test_two_that_start_together_leave_one_result(self):
        self.chats(2)
        whole = self.whole()
        for _ in range(8):
            pair = [self.start(*self.run_words()) for _ in range(3)]
            codes = sorted(self.finish(child)[0] for child in pair)
            self.assertEqual(codes, [0, 2, 2])
            self.assertEqual(self.result("out"), whole)
            subprocess.run(["rm", "-rf", self.path("out")], check=True)

    def limited(self, limit):
        """Runs with a largest file size, which is a disk that is full soon."""
        return self.tamis(*self.run_words(), expect=None, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)))

    def test_a_full_disk_is_an_error_and_can_be_resumed(self):
        self.chats()
        whole = self.whole()
        for limit in (0, 4096, 100_000):
            done = self.limited(limit)
            self.assertEqual(done.returncode, 5, done.said)
            self.assertIn("File too large", done.said)
            names = [p for p in faultkit.tree(self.path("out")) if not p.startswith(".tamis/")]
            self.assertFalse([n for n in names if ".tmp-" in n or "manifest" in n], names)
        self.goes_on(whole)

    def test_a_small_tmpfs_that_is_full(self):
        self.chats()
        os.makedirs(self.path("small"))
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none",
                                self.path("small")], check=False, capture_output=True)
        if mount.returncode:
            self.skipTest("mounting is not permitted here")
        try:
            done = self.tamis(*self.run_words("small/out/"), expect=5)
            self.assertIn("No space left on device", done.said)
            self.assertFalse(os.path.exists(self.path("small/out/manifest.json")))
        finally:
            subprocess.run(["umount", self.path("small")], check=True)

    def test_output_that_cannot_be_written(self):
        self.chats(1)
        with open("/dev/full", "wb") as full:
            for words in (["cat", "chats.jsonl"], ["ops"], ["check", "chats.jsonl"],
                          ["--version"], ["inspect", "chats.jsonl"]):
                done = self.tamis(*words, expect=5, stdout=full)
                self.assertIn("No space left on device", done.said, words)
        done = subprocess.run(["sh", "-c", TAMIS + " cat chats.jsonl >&-"], cwd=self.folder,
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn(b"Bad file descriptor", done.stderr)

    def test_closed_streams_do_not_end_in_the_data(self):
        self.chats(1)
        whole = self.whole()
        command = "%s run recipe.yaml -o out/ --json %s"
        for closed in (">&-", ">&- 2>&-", "<&- >&- 2>&-"):
            done = subprocess.run(["sh", "-c", command % (TAMIS, closed)], cwd=self.folder,
                                  stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 5)
            self.assertEqual(self.result("out"), whole)
            self.tamis("audit", "out")
            subprocess.run(["rm", "-rf", self.path("out")], check=True)

    def as_nobody(self, *words, expect):
        more = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        try:
            return self.tamis(*words, expect=expect, **more)
        except PermissionError:
            raise unittest.SkipTest("the program cannot be run by nobody here") from None

    def test_permissions_that_lack(self):
        self.chats(1)
        os.makedirs(self.path("fixed"))
        os.chmod(self.path("fixed"), stat.S_IRUSR | stat.S_IXUSR | stat.S_IROTH | stat.S_IXOTH)
        for out in ("fixed/out/", "fixed/out.jsonl"):
            done = self.as_nobody("run", "recipe.yaml", "-o", out, expect=2)
            self.assertIn("Permission denied", done.said)
            self.assertIn("fixed/", done.said)
        os.makedirs(self.path("old"))
        os.chmod(self.path("old"), 0o555)
        self.assertIn("Permission denied", self.as_nobody(*self.run_words("old/"), expect=2).said)
        os.chmod(self.path("chats.jsonl"), 0)
        done = self.as_nobody("cat", "chats.jsonl", expect=3)
        self.assertIn("chats.jsonl", done.said)
        self.assertIn("Permission denied", done.said)
        self.tamis("cat", "nowhere.jsonl", expect=3)
        self.tamis("run", "recipe.yaml", "-o", "nowhere/out.jsonl", expect=2)

    def half_done(self):
        """Leaves an unfinished run with its decisions made."""
        done = self.limited(300_000)
        self.assertEqual(done.returncode, 5, done.said)
        work = os.listdir(self.path("out/.tamis"))
        self.assertTrue([n for n in work if n.startswith("decisions") and n.endswith(".bin")], work)

    def resumed(self):
        with open(self.path("out/run.json"), encoding="utf-8") as file:
            return faultkit.json.load(file)["resumed"]

    def test_input_that_is_gone_when_a_run_is_resumed(self):
        self.chats(2)
        self.half_done()
        os.rename(self.path("chats.jsonl"), self.path("elsewhere.jsonl"))
        done = self.tamis(*self.run_words(), expect=3)
        self.assertIn("chats.jsonl", done.said)
        os.rename(self.path("elsewhere.jsonl"), self.path("chats.jsonl"))
        self.tamis(*self.run_words())
        self.assertTrue(self.resumed())
        whole = self.whole()
        self.assertEqual(self.result("out"), whole)

    def test_input_that_changed_is_not_mixed_with_old_decisions(self):
        self.chats(2)
        self.half_done()
        with open(self.path("chats.jsonl"), "r+b") as file:  # as many bytes, other records
            data = file.read()
            file.seek(0)
            file.write(data[data.index(b"\n") + 1:] + data[:data.index(b"\n") + 1])
        self.tamis(*self.run_words())
        self.assertFalse(self.resumed())
        self.assertEqual(self.result("out"), self.whole())

    def test_a_text_that_changed_in_a_folder_is_not_mixed(self):
        os.makedirs(self.path("texts/deep"))
        for i in range(4000):
            with open(self.path("texts/deep", "%d.txt" % i), "w", encoding="ascii") as out:
                out.write("text %04d %d\n" % (i % 2000, (3 + i % 2000) ** 200))
        self.save("recipe.yaml", TEXTS.encode())
        self.half_done()
        with open(self.path("texts/deep/5.txt"), "r+b") as file:
            file.write(b"text 0006")
        self.tamis(*self.run_words())
        self.assertFalse(self.resumed())
        self.assertEqual(self.result("out"), self.whole())

    def test_a_result_never_takes_the_place_of_an_input(self):
        self.chats(1)
        before = faultkit.digest(self.path("chats.jsonl"))
        os.symlink("chats.jsonl", self.path("other.jsonl"))
        for out in ("./chats.jsonl", "other.jsonl"):
            done = self.tamis("run", "recipe.yaml", "-o", out, "--overwrite", expect=2)
            self.assertIn("input", done.said)
        os.makedirs(self.path("mine"))
        os.rename(self.path("chats.jsonl"), self.path("mine/data-00000.jsonl"))
        words = ["length", "mine/data-00000.jsonl", "-o", "mine/", "--quiet"]
        self.assertIn("of no run", self.tamis(*words, expect=2).said)
        self.assertIn("is an input", self.tamis(*words, "--overwrite", expect=2).said)
        self.assertEqual(faultkit.digest(self.path("mine/data-00000.jsonl")), before)
