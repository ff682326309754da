"""Where a run's output goes, and what is said when it cannot go there: names that say a format,
formats that are not written, inputs named twice, interrupts, and what comes after the run."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import ROOT, TAMIS, LawCase, manifest  # noqa: E402

LINES = b'{"text":"one"}\n{"text":"two"}\n'


class Names(LawCase):
    def setUp(self):
        super().setUp()
        self.write("a.jsonl", LINES)

    def said(self, *words, expect=2, stdin=None):
        return self.tamis(*words, expect=expect, stdin=stdin).stderr.decode()

    def test_a_name_of_a_format_that_is_not_written_is_refused(self):
        for name in ("y.parquet", "y.pq", "y.csv", "y.tsv", "y.csv.gz", "y.jsonl.xz",
                     "y.json.bz2", "y.lz4"):
            said = self.said("length", "a.jsonl", "-o", name)
            self.assertIn("is not written by this version", said)
            self.assertIn("--format", said)
            self.assertFalse(os.path.exists(self.path(name)))
            self.tamis("length", "a.jsonl", "-o", name, "--format", "jsonl", "-q")
            with open(self.path(name), "rb") as file:
                self.assertEqual(file.read(), LINES)

    def test_a_name_that_says_nothing_asks_for_the_format(self):
        for name in ("x.foo", "x.txt", "x.foo.gz"):
            self.assertIn("--format", self.said("length", "a.jsonl", "-o", name))
            self.assertFalse(os.path.exists(self.path(name)))
        recipe = "inputs: {a: {path: a.jsonl}}\nsteps: [length]\noutput: {path: x.foo%s}\n"
        self.write("no.yaml", recipe % "")
        self.assertIn("--format", self.said("run", "no.yaml"))
        self.write("yes.yaml", recipe % ", format: jsonl")
        self.tamis("run", "yes.yaml", "-q")
        with open(self.path("x.foo"), "rb") as file:
            self.assertEqual(file.read(), LINES)

    def test_a_format_is_checked_when_the_recipe_is_read(self):
        self.write("r.yaml", "inputs: {a: {path: a.jsonl}}\nsteps: [length]\noutput:\n"
                             "  path: o/\n  format: parquet\n")
        for words in (["--dry-run"], []):
            said = self.said("run", "r.yaml", *words)
            self.assertIn("r.yaml:5:11: error:", said)
            self.assertIn("jsonl.zst", said)
        self.assertFalse(os.path.exists(self.path("o")))
        self.assertIn('not "parquet"', self.said("cat", "a.jsonl", "--format", "parquet"))
        self.assertIn('did you mean "jsonl.gz"',
                      self.said("cat", "a.jsonl", "--format", "jsonl.gzz"))

    def test_a_link_that_leads_nowhere_is_told_before_anything_is_read(self):
        os.symlink("nowhere.jsonl", self.path("x.jsonl"))
        said = self.said("length", "a.jsonl", "-o", "x.jsonl")
        self.assertIn("x.jsonl is a link that leads nowhere: give --overwrite", said)
        self.assertTrue(os.path.islink(self.path("x.jsonl")))
        self.tamis("length", "a.jsonl", "-o", "x.jsonl", "--overwrite", "-q")
        self.assertFalse(os.path.islink(self.path("x.jsonl")))
        os.mkdir(self.path("fold"))
        self.write("fold/a.jsonl", LINES)
        os.symlink("nowhere", self.path("fold/b.jsonl"))
        said = self.said("length", "fold", "-o", "-", expect=None)
        self.assertIn("fold/b.jsonl is a link that leads nowhere: take it away, or name", said)
        self.assertEqual(self.tamis("length", "fold/*.jsonl", "-o", "-").stdout, LINES)

    def test_a_recipe_from_standard_input(self):
        recipe = b"steps: [{filter: {keep: \"$.text = 'one'\"}}]"
        done = self.tamis("run", "-", "a.jsonl", "-o", "-", stdin=recipe)
        self.assertEqual(done.stdout, LINES.splitlines(True)[0])
        self.assertIn("-:1:9: error: ", self.said("run", "-", "a.jsonl", "-o", "-",
                                                  stdin=b"steps: [nosuch]"))
        own = b"inputs: {a: {path: '-'}}\n" + recipe
        for words, text in ((["-"], recipe), ([], own)):
            said = self.said("run", "-", *words, "-o", "-", stdin=text)
            self.assertIn("is the recipe and an input at once", said)

    def test_where_no_run_folder_can_be_made_the_way_out_is_said(self):
        self.write("runs", "a file")
        terminal, inside = os.openpty()
        self.addCleanup(os.close, terminal)
        done = subprocess.run([TAMIS, "length", "a.jsonl"], cwd=self.folder, stdout=inside,
                              stderr=subprocess.PIPE, check=False)
        os.close(inside)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"give -o DIR/", done.stderr)

    def test_a_memory_of_less_than_a_mebibyte_is_said_in_bytes(self):
        said = self.said("length", "a.jsonl", "-o", "-", "--memory", "1")
        self.assertIn("and has 1 byte\n", said)

    def test_every_format_that_may_be_said_is_written(self):
        with open(os.path.join(ROOT, "docs/reference/recipe.schema.json"), "rb") as file:
            output = json.load(file)["$defs"]["output"]
        formats = output["properties"]["format"]["enum"]
        self.assertGreaterEqual(len(formats), 6)
        for name in formats:
            folder = self.path("f-" + name)
            self.tamis("length", "a.jsonl", "-o", folder + "/", "--format", name, "-q")
            self.assertEqual(manifest(folder)["counts"]["written"], 2)
            self.tamis("audit", folder)

    def test_what_gives_its_bytes_once_is_named_once(self):
        self.write("r.yaml", "inputs: {a: {path: '-'}, b: {path: '-'}}\nsteps: [length]\n")
        self.write("ref.yaml", "inputs: {a: {path: '-'}}\nreferences: {b: {path: '-'}}\n"
                               "steps: [{dedup.exact: {against: b}}]\n")
        for words in (["cat", "-", "-"], ["cat", "-", "a.jsonl", "-"], ["run", "r.yaml"],
                      ["run", "ref.yaml"]):
            self.assertIn("put them into a file", self.said(*words, stdin=LINES), words)
        os.mkfifo(self.path("pipe"))
        child = subprocess.Popen([TAMIS, "cat", "pipe", "pipe"], cwd=self.folder,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(self.path("pipe"), "wb") as pipe:
            pipe.write(LINES)
        out, err = child.communicate(timeout=60)
        self.assertEqual((child.returncode, out), (2, b""))
        self.assertIn(b"pipe is named twice", err)
        self.assertEqual(self.tamis("cat", "a.jsonl", "a.jsonl").stdout, LINES * 2)


class Said(LawCase):
    """Slips that are told: half an option, a limit that lets nothing through, a file twice."""

    def setUp(self):
        super().setUp()
        self.write("a.jsonl", LINES)

    def said(self, *words, expect=2):
        return self.tamis(*words, expect=expect).stderr.decode()

    def test_a_beginning_of_an_option_is_completed(self):
        self.assertIn("did you mean --output?", self.said("cat", "a.jsonl", "--out", "x.jsonl"))
        self.assertIn("did you mean --overwrite?", self.said("cat", "a.jsonl", "--over"))

    def test_no_line_is_as_short_as_nothing(self):
        said = self.said("cat", "a.jsonl", "--max-line", "0")
        self.assertIn('"max_line" takes a number of 1 or more', said)
        self.write("r.yaml", "inputs: {a: {path: a.jsonl}}\nsteps: [length]\n"
                             "limits: {max_line: 0}\n")
        self.assertIn("r.yaml:3:", self.said("run", "r.yaml"))

    def test_a_file_that_is_read_twice_is_told(self):
        os.link(self.path("a.jsonl"), self.path("hard.jsonl"))
        for more in ("./a.jsonl", "*.jsonl", "hard.jsonl"):
            done = self.tamis("length", "a.jsonl", more, "-o", "-")
            said = done.stderr.decode()
            self.assertIn("a.jsonl is named more than once among the inputs", said)
            self.assertEqual(done.stdout.count(b"one"), 3 if "*" in more else 2)
            self.assertEqual(self.said("length", "a.jsonl", more, "-o", "-", "-q", expect=0), "")
        self.write("b.jsonl", LINES)
        self.assertNotIn("more than once", self.said("length", "a.jsonl", "b.jsonl", "-o", "-",
                                                     expect=0))

    def test_a_recipe_is_printed_as_json_when_that_is_asked(self):
        plain = self.tamis("length", "a.jsonl", "--print-recipe").stdout
        told = json.loads(self.tamis("length", "a.jsonl", "--print-recipe", "--json").stdout)
        self.assertEqual(told, {"recipe": plain.decode()})


class OneFile(LawCase):
    """A file that two runs write at once, or one that has died."""

    LONG = 100000 * LINES  # more than is looked at before anything is written

    def setUp(self):
        super().setUp()
        self.write("a.jsonl", LINES)

    def begin(self, *words):
        child = subprocess.Popen([TAMIS, "cat", "-", "-o", "x.jsonl", *words], cwd=self.folder,
                                 stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(child.stderr.close)
        child.stdin.write(self.LONG)
        child.stdin.flush()
        copy = self.path(".x.jsonl.tmp")
        for _ in range(1000):
            if os.path.exists(copy) and os.path.getsize(copy):
                return child
            time.sleep(0.01)
        self.fail("the first run did not begin to write")

    def end(self, child):
        child.stdin.close()
        said = child.stderr.read().decode()
        return child.wait(), said

    def held(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def hidden(self):
        return [name for name in os.listdir(self.folder) if name.startswith(".x")]

    def test_the_second_run_is_refused_while_the_first_writes(self):
        for more in ([], ["--overwrite"]):
            first = self.begin(*more)
            said = self.tamis("cat", "a.jsonl", "-o", "x.jsonl", *more, expect=2).stderr.decode()
            self.assertIn("another run is writing x.jsonl", said)
            self.assertEqual(self.end(first), (0, ""))
            self.assertEqual((self.held("x.jsonl"), self.hidden()), (self.LONG, []))
            os.remove(self.path("x.jsonl"))

    def test_what_came_to_be_there_meanwhile_is_not_overwritten(self):
        first = self.begin()
        self.write("x.jsonl", b"mine\n")
        code, said = self.end(first)
        self.assertEqual((code, self.held("x.jsonl"), self.hidden()), (2, b"mine\n", []))
        self.assertIn("x.jsonl has come to be there since this run began", said)
        first = self.begin("--overwrite")
        self.assertEqual(self.end(first)[0], 0)
        self.assertEqual(self.held("x.jsonl"), self.LONG)

    def test_the_copy_of_a_dead_run_goes_with_the_next(self):
        first = self.begin()
        first.kill()
        self.end(first)
        self.assertEqual(sorted(self.hidden()), [".x.jsonl.tamis-lock", ".x.jsonl.tmp"])
        said = self.tamis("cat", ".x.jsonl.tmp", "-o", "x.jsonl", expect=2).stderr.decode()
        self.assertIn("is an input of this run: write elsewhere", said)
        self.assertEqual(self.held(".x.jsonl.tmp")[:len(LINES)], LINES)  # may still be saved
        os.chmod(self.path(".x.jsonl.tmp"), 0o600)
        command = "umask 027; exec %s cat a.jsonl -o x.jsonl" % TAMIS
        subprocess.run(["sh", "-c", command], cwd=self.folder, check=True)
        self.assertEqual((self.held("x.jsonl"), self.hidden()), (LINES, []))
        self.assertEqual(os.stat(self.path("x.jsonl")).st_mode & 0o777, 0o640)


    def test_what_only_has_the_name_of_a_copy_or_a_lock_is_a_strangers(self):
        self.write(".x.jsonl.tmp", b"mine\n")
        self.tamis("cat", "a.jsonl", "-o", "x.jsonl")
        self.assertEqual(self.held("x.jsonl"), LINES)
        self.assertEqual((self.hidden(), self.held(".x.jsonl.tmp")), ([".x.jsonl.tmp"], b"mine\n"))
        self.write(".y.jsonl.tamis-lock", b"mine\n")
        said = self.tamis("cat", "a.jsonl", "-o", "y.jsonl", expect=2).stderr.decode()
        self.assertIn(".y.jsonl.tamis-lock is there and is no lock of a run", said)
        self.assertEqual(self.held(".y.jsonl.tamis-lock"), b"mine\n")


class Ends(LawCase):
    def setUp(self):
        super().setUp()
        self.write("a.jsonl", LINES)

    def test_a_run_whose_name_cannot_be_kept_is_still_well(self):
        self.write("runs", "a file in the place of the folder\n")
        done = self.tamis("length", "a.jsonl", "-o", "out/")
        self.assertIn(b'note: "last" does not name this run', done.stderr)
        self.assertIn(b"result: out", done.stderr)
        self.tamis("audit", "out")

    def interrupt(self, *words):
        """Interrupts a run over a pipe that stays open."""
        child = subprocess.Popen([TAMIS, *words], cwd=self.folder, stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        child.stdin.write(LINES * 200_000)  # more than is looked at before the run begins
        child.stdin.flush()
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        said = child.stderr.read().decode()
        child.stdin.close()
        self.assertEqual(child.wait(timeout=60), 4, said)
        return said

    def closed(self, *words, stdin=None):
        """A run whose reader takes one line of much and goes; its exit status and messages."""
        child = subprocess.Popen([TAMIS, *words], cwd=self.folder, stdin=stdin,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(child.stdout.readline(), LINES.splitlines(True)[0])
        child.stdout.close()
        said = child.stderr.read().decode()
        child.stderr.close()
        return child.wait(timeout=60), said

    def test_a_private_file_stays_private(self):
        path, out = self.write("p.jsonl", b'{"text":"a"}\n'), self.path("private.jsonl")
        for mode in (0o600, 0o644, 0o400):
            self.write(out, b"old")
            os.chmod(out, mode)
            self.tamis("length", path, "-o", out, "--overwrite", "-q")
            private = not os.stat(out).st_mode & 0o077
            self.assertEqual(private, mode != 0o644, oct(mode))
            with open(out, "rb") as file:
                self.assertEqual(file.read(), b'{"text":"a"}\n')
            os.unlink(out)

    def test_a_closed_pipe_is_an_end_unless_a_run_folder_is_kept(self):
        self.write("big.jsonl", LINES * 200_000)
        self.assertEqual(self.closed("length", "big.jsonl", "-o", "-"), (0, ""))
        words = ["length", "big.jsonl", "-o", "-", "--run", "kept/"]
        code, said = self.closed(*words)
        self.assertEqual(code, 4)
        self.assertIn("standard output was closed before all was written", said)
        self.assertIn("kept/ is not finished: run the same command again", said)
        self.assertEqual(os.listdir(self.path("kept")), [".tamis"])
        out = self.tamis(*words, "--resume", "-q").stdout
        self.assertEqual(out, LINES * 200_000)
        self.tamis("audit", "kept")
        with open(self.path("big.jsonl"), "rb") as file:
            code, said = self.closed("length", "-", *words[2:4], "--run", "gone/", stdin=file)
        self.assertEqual(code, 4)
        self.assertIn("gone/ was not made", said)
        self.assertEqual(os.listdir(self.path("gone")), [])

    def test_a_named_pipe_is_waited_for_and_its_reader_may_leave(self):
        self.write("big.jsonl", LINES * 200_000)
        os.mkfifo(self.path("pipe"))
        words = [TAMIS, "cat", "big.jsonl", "-o", "pipe", "--overwrite", "-q"]
        child = subprocess.Popen(words, cwd=self.folder, stderr=subprocess.PIPE)
        with open(self.path("pipe"), "rb") as reader:
            self.assertEqual(reader.readline(), LINES.splitlines(True)[0])
        self.assertEqual(child.communicate(timeout=60)[1], b"")
        self.assertEqual(child.returncode, 0)
        child = subprocess.Popen(words, cwd=self.folder, stderr=subprocess.PIPE)
        time.sleep(0.5)  # nobody reads
        child.send_signal(signal.SIGINT)
        self.assertIn(b"interrupted", child.communicate(timeout=60)[1])

    def test_options_that_would_do_nothing_are_refused(self):
        for words, why in ((("-o", "out/", "--run", "other/"), "is a run folder already"),
                           (("-o", "x.jsonl", "--shard", "1MB"), "--shard cuts the data"),
                           (("-o", "x.jsonl.gz", "--level", "13"), "level 13 is more than gzip")):
            said = self.tamis("length", "a.jsonl", *words, expect=2).stderr.decode()
            self.assertIn(why, said)
        self.tamis("length", "a.jsonl", "-o", "x.jsonl.gz", "--level", "12")
        self.tamis("inspect", "a.jsonl", "-o", "page.html", "--run", "kept/")
        self.assertTrue(os.path.exists(self.path("page.html")))
        self.tamis("audit", "kept")
        self.tamis("inspect", "a.jsonl", "-o", "kept/", "--run", "other/", expect=2)

    def test_cat_looks_at_turns_and_tells_as_json(self):
        self.write("t.jsonl", '{"prompt":"a","completion":"b"}\n{"text":"c"}\n')
        out = self.tamis("cat", "t.jsonl", "--where", "turns() = 2").stdout
        self.assertEqual(out, b'{"prompt":"a","completion":"b"}\n')
        told = json.loads(self.tamis("cat", "t.jsonl", "--json", "-o", "c.jsonl").stdout)
        self.assertEqual(told["counts"]["written"], 2)
        plan = json.loads(self.tamis("cat", "t.jsonl", "--dry-run", "--json").stdout)
        self.assertEqual(plan["inputs"][0]["records_estimated"], 2)
        said = self.tamis("cat", "t.jsonl", "--where", "$.a / 0 = 1", expect=2).stderr
        self.assertNotIn(b"filter", said)

    def test_no_resume_is_promised_where_there_can_be_none(self):
        for words in (["-o", "out/"], ["-o", "x.jsonl"], ["-o", "-"]):
            said = self.interrupt("dedup.exact", "-", *words)
            self.assertIn("a pipe cannot be read again", said)
            self.assertIn("put the input into a file", said)
            self.assertNotIn("to go on (", said)
        self.assertFalse(os.path.exists(self.path("x.jsonl")))

    def test_memory_names_a_plan_only_where_it_decides_what_is_readable(self):
        names = {}
        for memory in ("200MiB", "400MiB", "700MiB", "1GiB", "8GiB"):
            self.tamis("length", "a.jsonl", "-o", memory + "/", "-q", "--memory", memory)
            names[memory] = manifest(self.path(memory))["identity"]
        self.assertEqual(names["700MiB"], names["1GiB"])
        self.assertEqual(names["8GiB"], names["1GiB"])
        self.assertEqual(len(set(names.values())), 3)

    def test_the_manifest_says_what_a_step_does_with_its_findings(self):
        self.write("r.yaml", "inputs: {a: {path: a.jsonl}}\n"
                             "steps: [{check.record: {then: park}}, length]\n")
        self.tamis("run", "r.yaml", "-o", "out/", "-q")
        steps = manifest(self.path("out"))["steps"]
        self.assertEqual([step["then"] for step in steps], ["park", None])

    def test_no_control_byte_of_a_file_name_reaches_the_terminal(self):
        name = "a\x1b[31m\x07\u202e.jsonl"
        self.write(name, LINES)
        self.tamis("length", name, "-o", "out/", "-q")
        out = self.tamis("audit", "out").stdout.decode()
        self.assertIn("a\\u001B[31m\\u0007\\u202E.jsonl", out)
        self.assertFalse([c for c in out if ord(c) < 32 and c != "\n"] or "\u202e" in out)
        told = json.loads(self.tamis("audit", "out", "--json").stdout)
        self.assertIn(name, [thing["name"] for thing in told["looked_at"]])


if __name__ == "__main__":
    unittest.main()
