#!/usr/bin/env python3
"""Runs every test and says the sum: the last line is `N passed, N failed[, N skipped]`.

Three kinds of test are found by name:
  test/**/test_*.c            cmocka programs, built as BUILD/test/**/test_*
  test/**/test_*.py           unittest files
  test/**/run_*.sh (or .py)   scripts: exit 0 passed, 77 skipped
A script whose last line is itself `N passed, N failed[, N skipped]` is counted by that line.

Each runs in a process group of its own, with a time limit (a line `# time-limit: SECONDS` or
`/* time-limit: SECONDS` near the top of the file raises it; those with the greatest one begin
first, so that none is alone at the end), from the root of the repository, with
  TAMIS         the program of the build under test
  TAMIS_BUILD   its build folder
  TAMIS_FAULT   the program built to fail on purpose (V=fault), when it is there
  TAMIS_SHARED  the folder of real data (default ../shared; tests that miss it skip)
  TAMIS_TMP     an empty folder of the test's own, removed afterwards (TMPDIR, too); in memory when
                there is plenty of it, for most of a short run is waiting for a disk to be sure
Output is shown for tests that fail; -v shows a line for the others too.
"""

import argparse
import concurrent.futures
import glob
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUM = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\.?$")
LIMIT = re.compile(r"^(?:#|/\*| \*) *time-limit: *(\d+)", re.M)
PLENTY = 8 << 30  # bytes of memory from which on the tests' files are kept in it
SHOWN = 12000  # characters of a failing test's output

# Sanitized programs are slower: their limits are stretched by this.
SLOW = {"asan": 4, "tsan": 10, "fault": 4, "fuzz": 4, "debug": 3, "cov": 4}

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:"
                    "allocator_may_return_null=1:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:exitcode=99",
}


class Outcome:
    """What one test file came to."""

    def __init__(self, name, passed=0, failed=0, skipped=0, output="", why=""):
        self.name, self.output, self.why = name, output, why
        self.passed, self.failed, self.skipped = passed, failed, skipped
        self.seconds = 0.0


# ---- finding -----------------------------------------------------------------------------------


def source_of(test, build):
    """The source file of a built program, for its time limit."""
    return os.path.relpath(test, build) + ".c" if test.startswith(build + os.sep) else test


def find_tests(build, folders, skip, words):
    """All tests below the folders, but not below skip, whose path holds one of the words."""
    found = []
    for source in glob.glob("test/**/test_*.c", recursive=True):
        found.append(os.path.join(build, source[:-2]))
    found += glob.glob("test/**/test_*.py", recursive=True)
    found += glob.glob("test/**/run_*.sh", recursive=True)
    found += glob.glob("test/**/run_*.py", recursive=True)

    def wanted(test):
        source = source_of(test, build)

        def below(some):
            return any(source == f or source.startswith(f.rstrip("/") + "/") for f in some)

        return ((not folders or below(folders)) and not below(skip)
                and (not words or any(w in source for w in words)))

    return sorted(filter(wanted, set(found)), key=lambda t: source_of(t, build))


# ---- judging -----------------------------------------------------------------------------------


def judge_cmocka(name, code, text):
    """Counts cmocka's own lines; a crash is one more failure than the lines say."""
    passed = len(re.findall(r"\[ +OK \] ", text))
    skipped = set(re.findall(r"\[ +SKIPPED +\] (?!\d+ test)(\S.*)", text))
    failed = set(re.findall(r"\[ +FAILED +\] (?!\d+ test)(?!GROUP)(\S.*)", text))
    out = Outcome(name, passed, len(failed), len(skipped))
    if code != 0 and not failed:
        out.failed, out.why = 1, ending(code)
    elif code == 0 and failed:
        out.why = "says FAILED and exits 0"
    elif not (passed or failed or skipped):
        out.failed, out.why = 1, "ran no test"
    return out


def judge_script(name, code, text):
    """By the script's own last line when that is a sum, else by its exit status."""
    lines = text.strip().splitlines()
    match = SUM.match(lines[-1].strip()) if lines else None
    if match:
        passed, failed, skipped = (int(n or 0) for n in match.groups())
        if code not in (0, 77) and failed == 0:
            return Outcome(name, passed, 1, skipped, why=ending(code))
        return Outcome(name, passed, failed, skipped)
    if code == 77:
        return Outcome(name, skipped=1, why=lines[-1].strip() if lines else "no reason given")
    return Outcome(name, 1 if code == 0 else 0, 0 if code == 0 else 1, 0,
                   why="" if code == 0 else ending(code))


def ending(code):
    if code < 0:
        return "ended by signal %d (%s)" % (-code, signal.Signals(-code).name)
    return "exit status %d%s" % (code, " (a sanitizer spoke)" if code == 99 else "")


# ---- running -----------------------------------------------------------------------------------


def command_of(test):
    if test.endswith(".py"):
        venv = os.path.join(ROOT, ".venv/bin/python")
        python = venv if os.access(venv, os.X_OK) else sys.executable
        if os.path.basename(test).startswith("test_"):
            return [python, "-B", os.path.join(ROOT, "tools/run_tests.py"), "--unittest", test]
        return [python, "-B", test]
    return ["sh", test] if test.endswith(".sh") and not os.access(test, os.X_OK) else [test]


def own_limit(test, build):
    """The seconds that the file says it may take; 0 when it says nothing."""
    try:
        with open(source_of(test, build), encoding="utf-8") as file:
            match = LIMIT.search(file.read(4000))
    except OSError:
        match = None
    return int(match.group(1)) if match else 0


def limit_of(test, options):
    """The file's own limit when it is the greater one, stretched for slow builds."""
    return max(options.limit, own_limit(test, options.build)) * options.slow


def scratch():
    """Where the folders of tests are made: None stands for the system's own place."""
    if "TMPDIR" in os.environ:
        return None
    try:
        room = os.statvfs("/dev/shm")
        with open("/proc/meminfo", encoding="ascii") as file:
            free = int(re.search(r"MemAvailable: *(\d+) kB", file.read()).group(1)) << 10
    except (OSError, AttributeError):
        return None
    plenty = min(free, room.f_bavail * room.f_frsize) >= PLENTY and os.access("/dev/shm", os.W_OK)
    return "/dev/shm" if plenty else None


def environment(options, folder):
    env = dict(os.environ, TAMIS_BUILD=os.path.abspath(options.build), TAMIS_TMP=folder,
               TMPDIR=folder, LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1",
               TAMIS=os.path.abspath(os.path.join(options.build, "tamis")),
               TAMIS_SLOW=str(options.slow))
    env.setdefault("TAMIS_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
    fault = os.path.abspath(os.path.join(options.fault, "tamis")) if options.fault else ""
    if os.path.exists(fault):
        env["TAMIS_FAULT"] = fault
    for name, value in SANITIZERS.items():
        env[name] = value + (":" + os.environ[name] if name in os.environ else "")
    return env


def run_one(test, options):
    """Runs one test to its end or its limit and judges what it said."""
    name = source_of(test, options.build)
    folder = tempfile.mkdtemp(prefix="tamis-test-", dir=scratch())
    os.chmod(folder, 0o1777)  # as every TMPDIR: tests run the program as another user, too
    limit, start = limit_of(test, options), time.monotonic()
    try:
        child = subprocess.Popen(command_of(test), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, start_new_session=True,
                                 env=environment(options, folder))
        try:
            text = child.communicate(timeout=limit)[0].decode("utf-8", "replace")
            code = child.returncode
        except subprocess.TimeoutExpired:
            kill_group(child)
            text = child.communicate()[0].decode("utf-8", "replace")
            code = None
    except OSError as error:
        text, code = str(error), 126
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    if code is None:
        out = Outcome(name, failed=1, why="still running after %d s" % limit)
    elif test.endswith((".py", ".sh")):
        out = judge_script(name, code, text)
    else:
        out = judge_cmocka(name, code, text)
    out.output, out.seconds = text, time.monotonic() - start
    return out


def kill_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class CountingResult(unittest.TextTestResult):
    """unittest counts everything but what went well."""

    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def run_unittest(path):
    """The child side of a unittest file: run it and end with the line of sums."""
    sys.path[:0] = [os.path.dirname(os.path.abspath(path)), os.path.join(ROOT, "test/support")]
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    except unittest.SkipTest as skip:
        print("skipped: %s\n0 passed, 0 failed, 1 skipped" % skip)
        return 0
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, resultclass=CountingResult)
    result = runner.run(suite)
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    if result.testsRun == 0 and not result.skipped and bad == 0:
        print("this file holds no tests")
        bad = 1
    for _, why in result.skipped:
        print("skipped: %s" % why)
    print("%d passed, %d failed, %d skipped" % (result.passed, bad, len(result.skipped)))
    return 1 if bad else 0


# ---- telling -----------------------------------------------------------------------------------


def tell(out, verbose):
    if out.failed:
        print("FAIL  %s (%.1f s)%s" % (out.name, out.seconds, ": " + out.why if out.why else ""))
        text = out.output if len(out.output) <= SHOWN else "...\n" + out.output[-SHOWN:]
        print("".join("      | %s\n" % line for line in text.rstrip().splitlines()), end="")
    elif out.skipped and not out.passed:
        reason = out.why or (re.findall(r"skipped: (.*)", out.output) or [""])[0]
        print("skip  %s%s" % (out.name, ": " + reason if reason else ""))
    elif verbose:
        print("ok    %s (%d, %.1f s)" % (out.name, out.passed, out.seconds))
    sys.stdout.flush()


def tell_slowest(outcomes):
    """Where the time went, when it was more than a cup of tea."""
    slow = sorted((o for o in outcomes if o.seconds > 10), key=lambda o: -o.seconds)[:12]
    if slow:
        print("slowest: " + ", ".join("%s %.0f s" % (o.name, o.seconds) for o in slow))


def main():
    # what a shell starts in the background ignores Ctrl-C, and so would the programs under test
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release", help="build folder under test")
    parser.add_argument("--fault", default="build/fault", help="build folder of the fault build")
    parser.add_argument("--jobs", type=int, default=2, help="tests at the same time (2)")
    parser.add_argument("--limit", type=float, default=300, help="seconds a test may take (300)")
    parser.add_argument("--slow", type=float, help="stretches every limit (by the kind of build)")
    parser.add_argument("--in", dest="folders", action="append", default=[], metavar="FOLDER",
                        help="only tests below this folder")
    parser.add_argument("--skip", action="append", default=[], metavar="FOLDER",
                        help="no tests below this folder")
    parser.add_argument("--match", action="append", default=[], metavar="WORD",
                        help="only tests whose path holds this")
    parser.add_argument("--unittest", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for every test")
    parser.add_argument("words", nargs="*", help="the same as --match")
    options = parser.parse_args()
    if options.unittest:
        return run_unittest(options.unittest)

    os.chdir(ROOT)
    options.build = os.path.normpath(options.build)
    options.slow = options.slow or SLOW.get(os.path.basename(options.build), 1)
    tests = find_tests(options.build, options.folders, options.skip,
                       options.match + options.words)
    tests.sort(key=lambda test: -own_limit(test, options.build))
    start, outcomes = time.monotonic(), []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for job in concurrent.futures.as_completed(
                [pool.submit(run_one, test, options) for test in tests]):
            outcomes.append(job.result())
            tell(outcomes[-1], options.verbose)
    if not tests:
        outcomes.append(Outcome("", failed=1))
        print("no test matches: that is no success")
    print("%d test files in %.1f s" % (len(tests), time.monotonic() - start))
    tell_slowest(outcomes)
    passed, failed, skipped = (sum(getattr(o, k) for o in outcomes)
                               for k in ("passed", "failed", "skipped"))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
