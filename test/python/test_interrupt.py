"""Ctrl-C while the library works: a KeyboardInterrupt soon after, nothing half-written, and a run
folder that goes on. And threads of Python, which the work does not hold up.

Children run a plan and say when it is at work; then they get a real SIGINT. How fast the machine is
and who else is at work on it decides nothing: a run that is over too soon is made longer.
"""
# time-limit: 600

import contextlib
import filecmp
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest

from python_package import ROOT, environment, need, package

package()
import tamis  # noqa: E402

COPIES = 60  # of the demo's file
STEPS = (3, 12, 48)  # a run that was over before the signal came is followed by a longer one

CHILD = """
import tamis
told, seen = [], [0, 0]
def say(now):
    seen[:] = now.number, now.passes
    if now.bytes and not told:
        told.append("at work")
        print("begun", flush=True)
chain = tamis.read({pattern!r}).options(unreadable="10%", threads=1, progress=say)
for number in range({steps}):
    chain = chain.dedup.near(name=f"near_{{number}}", threshold=0.8)
try:
{body}
except KeyboardInterrupt:
    print("interrupted" if seen[0] < seen[1] else "over", flush=True)
else:
    print("over", flush=True)
"""


class Interrupt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "tools/make_demo.py"), cls.folder,
                        "--records", "3000", "--files", "1"], check=True)
        for number in range(COPIES):
            shutil.copy(os.path.join(cls.folder, "chats-1.jsonl"),
                        os.path.join(cls.folder, f"part-{number:02d}.jsonl"))
        cls.pattern = os.path.join(cls.folder, "part-*.jsonl")

    def signal(self, body, steps):
        """What a child says that is sent a signal when it is at work."""
        text = CHILD.format(pattern=self.pattern, body=textwrap.indent(body, "    "), steps=steps)
        child = subprocess.Popen([sys.executable, "-c", text], env=environment(),
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            begun = child.stdout.readline()
            child.send_signal(signal.SIGINT)
            said, errors = child.communicate()
        finally:
            child.kill()
        self.assertEqual(begun, "begun\n", errors)
        if said == "interrupted\n":
            self.assertEqual((child.returncode, errors), (0, ""))
        return said, errors

    def interrupt(self, body):
        """Interrupts a run in its midst: before its last pass. Gives its number of steps."""
        for steps in STEPS:
            said, errors = self.signal(body, steps)
            if said != "over\n":
                break
        self.assertEqual(said, "interrupted\n", errors)
        return steps

    def test_a_run_into_a_folder_goes_on_afterwards(self):
        out = os.path.join(self.folder, "out")
        steps = self.interrupt(f"chain.run({out!r}, overwrite=True)")
        self.assertEqual([name for name in os.listdir(out) if name != ".tamis"], [])
        chain = tamis.read(self.pattern).options(unreadable="10%")
        for number in range(steps):
            chain = chain.dedup.near(name=f"near_{number}", threshold=0.8)
        chain.run(out)
        whole = os.path.join(self.folder, "whole")
        chain.run(whole)
        for name in ("data-00000.jsonl.zst", "ledger.parquet"):
            self.assertTrue(filecmp.cmp(os.path.join(out, name), os.path.join(whole, name),
                                        shallow=False), name)

    def test_a_file_is_not_there(self):
        out = os.path.join(self.folder, "out.jsonl")
        self.interrupt(f"chain.write({out!r}, overwrite=True)")
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith(("out.", ".out"))], [])

    def test_counts_and_python_goes_on(self):
        self.interrupt("try:\n    chain.counts()\nexcept KeyboardInterrupt:\n"
                       f"    some = tamis.read({self.pattern!r}).head(9)\n"
                       "    assert some.counts()['kept'] == 9\n    raise")

    def test_iterating(self):
        self.interrupt("for record in chain: pass")

    def test_to_arrow(self):
        need("pyarrow")
        self.interrupt("chain.to_arrow()")

    def test_a_reader_that_knows_nothing_of_us(self):
        need("pyarrow")
        for reads in ("pyarrow.table(chain)",
                      "for batch in pyarrow.RecordBatchReader.from_stream(chain): pass"):
            # It has an error of its own to raise; the KeyboardInterrupt is right behind it.
            self.interrupt(f"import pyarrow\ntry:\n    {reads}\nexcept OSError as error:\n"
                           "    text = str(error)\n"
                           "    for turn in range(9): assert 'interrupted' in text")

    def test_a_handler_of_ones_own(self):
        self.interrupt("import signal\n"
                       "def stop(number, frame): raise KeyboardInterrupt('mine')\n"
                       "signal.signal(signal.SIGINT, stop)\nchain.counts()")


class Threads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "tools/make_demo.py"), cls.folder,
                        "--records", "20000", "--files", "2"], check=True)

    def chain(self, number):
        return (tamis.read(os.path.join(self.folder, f"chats-{number}.jsonl"))
                .options(unreadable="10%", threads=1).dedup.near(threshold=0.8))

    def test_two_at_once_and_python_goes_on(self):
        alone = {number: list(self.chain(number).records(bytes)) for number in (1, 2)}
        ways = [lambda n, out: out.extend(self.chain(n).records(bytes)),
                lambda n, out: (self.chain(n).run(os.path.join(self.folder, f"run-{n}")),
                                out.extend(tamis.Run(os.path.join(self.folder, f"run-{n}"))
                                           .read().records(bytes)))]
        for way in ways:
            found = {1: [], 2: []}
            threads = [threading.Thread(target=way, args=(n, out)) for n, out in found.items()]
            for thread in threads:
                thread.start()
            steps = 0
            while any(thread.is_alive() for thread in threads):
                steps += 1
                time.sleep(0.001)
            self.assertEqual(found, alone)
            self.assertGreater(steps, 5)

    def test_a_plan_is_used_by_one_thread_at_a_time(self):
        plan = self.chain(1)._open()
        inside, refused = threading.Event(), []

        def look(*_):
            inside.set()
            time.sleep(0.05)

        def run():
            with contextlib.suppress(tamis.CancelledError):
                plan.run(look)

        thread = threading.Thread(target=run)
        thread.start()
        self.assertTrue(inside.wait(60))
        for call in (plan.json, plan.close, lambda: plan.run(None), lambda: plan.stream(0, None)):
            try:
                call()
            except RuntimeError as error:
                refused.append(str(error))
        plan.cancel()
        thread.join()
        if refused:  # unless the run was over by then
            self.assertIn("in use by another thread", refused[0])
        plan.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            plan.json()


if __name__ == "__main__":
    unittest.main()
