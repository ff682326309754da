"""What the torture tests share: the program run with its memory measured, its words about bad
records parsed, and the torture data found or the test skipped.

Every run has a time limit, so that a hang is a failure and not a wait. Standard output goes to a
file, so that a gigabyte may come in or out without being held here: the peak of a child is at least
that of its parent at the moment of the fork, so tests that measure memory must stay small."""

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TAMIS = os.environ.get("TAMIS", os.path.join(ROOT, "build/release/tamis"))
if not os.path.isabs(TAMIS):
    TAMIS = os.path.join(ROOT, TAMIS)
SHARED = os.path.abspath(os.environ.get("TAMIS_SHARED", os.path.join(ROOT, "..", "shared")))
DATA = os.path.join(SHARED, "data")
TORTURE = os.path.join(DATA, "torture")
SANITIZED = re.search(r"/(asan|tsan|fault|fuzz)/tamis$", TAMIS) is not None
HANG = 600 if SANITIZED else 90  # seconds
MIB = 1 << 20

# What is wrong with a line as JSON, as against what is wrong with it as a record.
JSON_CODES = {"T10%02d" % n for n in range(1, 15)} | {"T1111"}
SAID = re.compile(rb"^(.*):(\d+):(\d+): error: (.*) \((T\d{4})\)$", re.M)


def needs(path, what):
    """Skips the calling test or class when data from outside the repository are not there."""
    return unittest.skipUnless(os.path.exists(path), f"{what} is not here (TAMIS_SHARED)")


def needs_torture():
    return needs(os.path.join(TORTURE, "manifest.jsonl"), "the torture set")


def load_lines(*names):
    """The rows of a JSONL file of the shared data, packed or not."""
    path = os.path.join(TORTURE, *names)
    opened = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        return [json.loads(line) for line in file]


def json_suite():
    """(name, accept | reject | either, bytes) of every parsing test."""
    rows = load_lines("json_test_suite.jsonl.gz")
    return [(r["name"], r["expect"], base64.b64decode(r["b64"]))
            for r in rows if r["suite"] == "test_parsing"]


class Said:
    """One complaint: file, line, column, sentence and code."""

    def __init__(self, match):
        self.file = match.group(1)
        self.line, self.column = int(match.group(2)), int(match.group(3))
        self.sentence = match.group(4).decode(errors="replace")
        self.code = match.group(5).decode()


class Done:
    """A finished run: exit code, what it wrote and said, the most memory it took, and the seconds
    that processors worked for it."""

    def __init__(self, code, out_path, err, peak, busy):
        self.code, self.out_path, self.err, self.peak, self.busy = code, out_path, err, peak, busy

    @property
    def out(self):
        with open(self.out_path, "rb") as file:
            return file.read()

    def said(self, text=None):
        return [Said(m) for m in SAID.finditer(self.err if text is None else text)]

    def words(self):
        return self.err.decode(errors="replace")


def feed(pipe, pieces):
    try:
        for piece in pieces:
            pipe.write(piece)
        pipe.close()
    except (BrokenPipeError, ConnectionResetError):
        pass


class TortureCase(unittest.TestCase):
    """A test with a folder of its own, in which the program runs."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.runs = 0

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, data):
        path = self.path(name) if isinstance(name, str) else os.fsencode(self.folder) + b"/" + name
        with open(path, "wb") as out:
            if isinstance(data, (bytes, str)):
                out.write(data if isinstance(data, bytes) else data.encode())
            else:
                out.writelines(data)
        return path

    def tamis(self, *words, stdin=None, expect=None, keep_out=True, env=None):
        """stdin: bytes, or pieces of them to be streamed. expect: an exit code or several."""
        self.runs += 1
        out_path = self.path(f".out{self.runs}") if keep_out else os.devnull
        with open(out_path, "wb") as out, tempfile.TemporaryFile(dir=self.folder) as err:
            child = subprocess.Popen([TAMIS, *words], stdout=out, stderr=err, cwd=self.folder,
                                     env={**os.environ, **(env or {})},
                                     stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
            timer = threading.Timer(HANG, child.kill)
            timer.start()
            try:
                if stdin is not None:
                    feed(child.stdin, [stdin] if isinstance(stdin, bytes) else stdin)
                _, status, usage = os.wait4(child.pid, 0)
            finally:
                timer.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
            err.seek(0)
            done = Done(child.returncode, out_path, err.read(), usage.ru_maxrss * 1024,
                        usage.ru_utime + usage.ru_stime)
        self.assertGreaterEqual(done.code, 0, (words, "killed, or hung", done.words()[-2000:]))
        self.assertNotEqual(done.code, 99, (words, done.words()[-6000:]))
        if expect is not None:
            codes = expect if isinstance(expect, tuple) else (expect,)
            self.assertIn(done.code, codes, (words, done.words()[-2000:]))
        return done

    def run_folder(self, *words, expect=0, stdin=None, name=None):
        """Runs into a folder of its own; gives its path and what was said."""
        folder = self.path(name or f"run{self.runs + 1}")
        done = self.tamis(*words, "-o", folder + "/", "--format", "jsonl", expect=expect,
                          stdin=stdin)
        return folder, done

    def assert_peak(self, done, most):
        if not SANITIZED:
            self.assertLessEqual(done.peak, most, f"peak {done.peak // MIB} MiB")

    def assert_closes(self, folder):
        """Every record has one fate, and the program's own audit agrees."""
        c = manifest(folder)["counts"]
        self.assertEqual(c["read"] + c["made"], c["kept"] + c["dropped"] + c["merged"] +
                         c["parked"] + c["replaced"] + c["unreadable"], c)
        self.tamis("audit", folder, expect=0)
        return c


def manifest(folder):
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        return json.load(file)


def data(folder, route="data"):
    out = b""
    for output in manifest(folder)["outputs"]:
        if output["route"] == route:
            with open(os.path.join(folder, output["path"]), "rb") as file:
                out += file.read()
    return out


def unreadable(folder):
    """The index of unreadable records, with the raw bytes of each."""
    path = os.path.join(folder, "unreadable.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]
