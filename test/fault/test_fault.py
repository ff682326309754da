"""Fails every allocation and every file call of many commands in turn: nothing crashes, leaks or
leaves a half-written file under its final name, and the exit code and the message are right.

The program is the one built with -DTM_FAULTS and the address sanitizer (base/fault.h). `make test`
tries every seventh point of each command, `make fault` (TAMIS_FULL=1) all of them."""
# time-limit: 900

import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import unittest
import zlib

import faultkit
from faultkit import FAULTY, FULL

ONE = ["--threads", "1"]
RUN = ONE + ["-o", "out/"]

# name: words, and what is given on standard input
COMMANDS = {
    "refine": (["refine", "../in/chats.jsonl", *RUN], None),
    "run": (["run", "../in/recipe.yaml", *RUN], None),
    "run two threads": (["run", "../in/recipe.yaml", "-o", "out/", "--threads", "2"], None),
    "run to a file": (["run", "../in/recipe.yaml", *ONE, "-o", "out.jsonl.gz"], None),
    "run over an old run": (["run", "../in/recipe.yaml", *RUN, "--overwrite"], "old"),
    "inspect": (["inspect", "../in/broken.jsonl", *ONE, "-o", "report.html"], None),
    "check": (["check", "../in/broken.jsonl", *ONE], None),
    "cat jsonl": (["cat", "../in/broken.jsonl", *ONE], None),
    "cat zst": (["cat", "../in/chats.jsonl.zst", *ONE], None),
    "cat gz": (["cat", "../in/chats.jsonl.gz", *ONE], None),
    "cat array": (["cat", "../in/chats.json", *ONE], None),
    "cat folder": (["cat", "../in/texts", *ONE], None),
    "cat wide": (["cat", "../in/wide.jsonl", *ONE], None),
    "cat where": (["cat", "../in/ch*.jsonl", *ONE, "--where", "words(response) > 1"], None),
    "cat to an array": (["cat", "../in/chats.jsonl", *ONE, "-o", "out.json"], None),
    "explain": (["explain", "../in/done", "../in/broken.jsonl:3"], "in"),
    "audit": (["audit", "../in/done"], "in"),
    "ops": (["ops", "--json"], None),
    "split.turns": (["split.turns", "../in/chats.jsonl", *RUN], None),
    "sample": (["sample", "../in/chats.jsonl", "--count", "7", *ONE], None),
    "head": (["head", "../in/chats.jsonl", "--records", "5", *RUN], None),
    "decontaminate": (
        ["decontaminate", "../in/chats.jsonl", "--against", "../in/chats.jsonl.zst", "--ngram", "2"]
        + ["--fix", "cut", *RUN],
        None,
    ),
    "near": (
        ["dedup.near", "../in/chats.jsonl", "--against", "../in/chats.jsonl.gz", "--ngram", "2"]
        + ["--across", "none", "--keep", "longest", *RUN],
        None,
    ),
    "near by chains": (
        ["dedup.near", "../in/broken.jsonl", "--link", "chain", "--sketch", "classic", *RUN]
        + ["--threshold", "0.3", "--ngram", "1", "--limit-unreadable", "50%"],
        None,
    ),
    "clusters on sides": (["run", "../in/sides.yaml", *RUN], None),
    "stdin": (["dedup.exact", "-", "--by", "response", *RUN], b"chats.jsonl"),
    "packed, twice": (["dedup.exact", "../in/chats.jsonl.gz", "--by", "response", *RUN], None),
    "stdin gz": (["cat", "-", *ONE], b"chats.jsonl.gz"),
    "run that spills": (["run", "../in/spill.yaml", *RUN, "--memory", "58MiB"], None),
    "near that spills": (
        ["dedup.near", "../in/near.jsonl", "--units", "characters", "--rows", "1", "--bands", "8"]
        + ["--threshold", "0.95", "--link", "chain", *RUN, "--memory", "64MiB"],
        None,
    ),
    "dry run": (["run", "../in/recipe.yaml", "--dry-run", "--json"], None),
}

# What is failed, with the numbers counted up (%d), the words of the message it must give, and the
# counter that says how many points there are.
PLANS = {
    "alloc:%d": ("no memory left", "allocs"),
    "alloc:%d+": ("no memory left", "allocs"),
    "io:%d:EIO": ("Input/output error", "calls"),
    "io:%d+:ENOSPC": ("No space left on device", "calls"),
    "io:%d:EINTR": (None, "calls"),
}
# These are slow: so many points of each plan are drawn, in make test and in make fault.
DRAWN = {"run that spills": (4, 60), "near that spills": (4, 60)}
# Not counted: these hold all the time and change nothing.
HARMLESS = ["short:1", "short:7,eintr:2", "eintr:3", "short:4096,eintr:5"]

# gcc 12 does not align vectors of 64 bytes on ASan's fake stack (gcc bug 110027): it stays off.
ASAN = os.environ.get("ASAN_OPTIONS", "exitcode=99") + ":detect_stack_use_after_return=0"
TOLD = re.compile(r"allocs (\d+) calls (\d+) fired (\d+)")
TEMPORARY = re.compile(r"\.tmp-\d+")
TIMES = ("run.json", "report.html")  # hold times: only their being whole is looked at
NO_LAST = '"last" does not name this run'
BAD = ("Sanitizer", "runtime error:", "tamis: bug at")


class Lane:
    """One folder in which commands are run one after another."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, name, plan, fresh=True):
        """Runs a command with a plan of faults; gives what came of it."""
        words, given = COMMANDS[name]
        work, told = os.path.join(self.folder, "work"), os.path.join(self.folder, "told")
        if fresh:
            shutil.rmtree(work, ignore_errors=True)
            if given == "old":
                shutil.copytree(os.path.join(self.folder, "in/done"), os.path.join(work, "out"))
            os.makedirs(work, exist_ok=True)
        stdin = subprocess.DEVNULL
        if isinstance(given, bytes):
            stdin = open(os.path.join(self.folder, "in", given.decode()), "rb")
        env = dict(os.environ, TAMIS_FAULTS=plan, TAMIS_FAULTS_TOLD=told, ASAN_OPTIONS=ASAN)
        try:
            done = subprocess.run([FAULTY, *words], cwd=work, stdin=stdin, env=env, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        finally:
            if stdin is not subprocess.DEVNULL:
                stdin.close()
        counts = [0, 0, 0]
        if os.path.exists(told):
            with open(told, encoding="ascii") as file:
                counts = [int(n) for n in TOLD.match(file.read()).groups()]
            os.remove(told)
        return Outcome(done, counts, faultkit.tree(work))


class Outcome:
    """Exit code, what was said, how many calls there were, and all files."""

    def __init__(self, done, counts, files):
        self.code, self.out = done.returncode, done.stdout
        self.said = done.stderr.decode("utf-8", "replace")
        self.allocs, self.calls, self.fired = counts
        self.files = files


def difference(one, other):
    """What differs between two runs that ended well, or None."""
    if one.code != other.code or one.out != other.out:
        return "the exit code or standard output"
    for name in sorted(set(one.files) | set(other.files)):
        if name == "runs/last" and NO_LAST in one.said + other.said:
            continue  # a convenience: that it could not be kept is said, and no failure
        if name not in one.files or name not in other.files:
            return name + " (there or not)"
        if os.path.basename(name) not in TIMES and one.files[name] != other.files[name]:
            return name
    return None


def complaint(name, base, got, sentence):
    """What is wrong with an outcome, or None."""
    if got.code < 0 or got.code == 99 or any(bad in got.said for bad in BAD):
        return "crash, leak or sanitizer report (exit %d)" % got.code
    left = [path for path in got.files if TEMPORARY.search(path)]
    if left and not (got.code == 5 and os.path.dirname(left[0]) in got.said):
        return "temporary files are left: %s" % sorted(got.files)
    if name == "audit" and sentence and got.code == 1 and sentence.encode() in got.out:
        return None  # it goes on and tells which of the things could not be looked at
    if got.code == base.code and not (base.code and "no memory left" in got.said):
        other = difference(got, base)
        return other and "exit %d, but %s differs" % (got.code, other)
    if sentence is None:
        return "did not survive (exit %d)" % got.code
    if got.code != 5:
        return "exit %d instead of 5" % got.code
    if "error:" not in got.said or sentence not in got.said:
        return "the message does not say %r" % sentence
    return half_written(name, base, got)


def half_written(name, base, got):
    """Files under their final names are whole: those of the undisturbed run, or of the old one."""
    old = COMMANDS[name][1] == "old"
    for path, data in got.files.items():
        file = os.path.basename(path)
        if TEMPORARY.search(path):
            continue  # what could not be taken away, and was said
        if "/.tamis/" in path or (old and path not in base.files):
            continue
        if path not in base.files:
            return "%s is no file of this command" % path
        if file in TIMES:
            if not data.rstrip().endswith((b"}", b"</html>")):
                return "%s is half written" % path
        elif data != base.files[path] and not (old and data in OLD):
            return "%s is half written" % path
    return None


OLD = set()  # the bytes of the files of the old run


def points(total, name, plan):
    """Which n to try: all and one beyond, or every seventh from one of the command's own."""
    if name in DRAWN:
        chance, many = random.Random(name + plan), DRAWN[name][FULL]
        return sorted(chance.sample(range(1, total + 1), min(many, total)))
    if FULL:
        return range(1, total + 2)
    every = 7 if plan != "alloc:%d+" else 21
    first = zlib.crc32((name + plan).encode()) % every
    return range(first + 1, total + every, every)


def try_command(folder, name):
    """All plans over one command; gives the number of points and the complaints."""
    lane = Lane(folder)
    base = lane.run(name, "")
    tried, wrong = 0, []
    if base.code not in (0, 1) or any(bad in base.said for bad in BAD):
        return 0, ["%s: does not go even undisturbed: %s" % (name, base.said)]
    if name in DRAWN and b'"spilled_bytes":0,' in base.files["out/run.json"]:
        return 0, ["%s: does not spill" % name]
    for plan in HARMLESS if name not in DRAWN else ["short:5000,eintr:5"]:
        got = lane.run(name, plan)
        tried += 1
        trouble = complaint(name, base, got, None)
        if trouble:
            wrong.append("%s with %s: %s\n%s" % (name, plan, trouble, got.said))
    for plan, (sentence, counter) in PLANS.items():
        for n in points(getattr(base, counter), name, plan):
            got = lane.run(name, plan % n)
            tried += 1
            trouble = complaint(name, base, got, sentence)
            if not trouble and got.code == 5 and tried % 5 == 0:
                trouble = goes_on(lane, name, base)
            if trouble:
                wrong.append("%s with %s: %s\n%s" % (name, plan % n, trouble, got.said[:3000]))
            if not got.fired and n > getattr(base, counter):
                break
    return tried, wrong


def goes_on(lane, name, base):
    """After a failure the same command in the same folder comes to the same result."""
    got = lane.run(name, "", fresh=False)
    if "finished run" in got.said or "there already" in got.said:
        return None
    other = difference(got, base)
    return other and "then goes on, but %s differs (%s)" % (other, got.said)


@unittest.skipUnless(os.access(FAULTY, os.X_OK), "the fault build is not there (make V=fault)")
class Faults(faultkit.Case):
    """Every command under every plan."""

    def test_no_failed_call_does_harm(self):
        lanes = []
        chosen = [c for c in COMMANDS if os.environ.get("TAMIS_ONLY", c) == c]
        chosen.sort(key=lambda name: name not in DRAWN)  # the slow ones first
        for name in chosen:
            lane = self.path(name.replace(" ", "-"))
            os.makedirs(os.path.join(lane, "in"))
            lanes.append((lane, name))
        faultkit.make_inputs(os.path.join(lanes[0][0], "in"))
        if "run that spills" in chosen:
            faultkit.sized(os.path.join(lanes[0][0], "in/spill.jsonl"), 20, 9)
        if "near that spills" in chosen:
            faultkit.sized(os.path.join(lanes[0][0], "in/near.jsonl"), 1, 9)
        for lane, _ in lanes[1:]:
            shutil.rmtree(os.path.join(lane, "in"))
            os.symlink(os.path.join(lanes[0][0], "in"), os.path.join(lane, "in"))
        OLD.update(faultkit.tree(os.path.join(lanes[0][0], "in/done")).values())
        tried, wrong = 0, []
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for points_tried, complaints in pool.map(lambda job: try_command(*job), lanes):
                tried += points_tried
                wrong += complaints
        print("%d commands, %d points tried" % (len(chosen), tried))
        if wrong:
            self.fail("%d points went wrong:\n%s" % (len(wrong), "\n".join(wrong[:60])))
