"""Datasets over files: what a chain gathers, what it does, and what is said when it cannot.

The program is the oracle: a chain's run, file and stream are compared with those of the recipe that
the chain prints, run by `tamis`.
"""

import filecmp
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings

from python_package import ROOT, need, package

package()
import tamis  # noqa: E402

TAMIS = os.path.abspath(os.environ.get("TAMIS", os.path.join(ROOT, "build/release/tamis")))


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        cls.addClassCleanup(shutil.rmtree, cls.data, ignore_errors=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "tools/make_demo.py"), cls.data,
                        "--records", "2000", "--files", "3"], check=True)
        cls.chats = os.path.join(cls.data, "chats-*.jsonl*")

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def chain(self):
        return (
            tamis.read(self.chats)
            .options(seed=7, unreadable="10%", threads=2)
            .check.record()
            .clean.text(fix=["control", "zero_width"])
            .length()
            .dedup.near(by="response", threshold=0.8, keep=["longest", "first"])
            .filter("words(response) >= 3 and length.turns <= 9")
            .split(eval="2%", rest="train")
        )

    def program(self, *words):
        return subprocess.run([TAMIS, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=self.folder, check=False)


class Chains(Case):
    def test_a_run_is_that_of_the_recipe(self):
        chain = self.chain()
        run = chain.run(self.path("mine"))
        recipe = self.write("recipe.yaml", chain.recipe())
        done = self.program("run", recipe, "-o", self.path("theirs"), "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("ledger.parquet", "findings.parquet", "train-00000.jsonl.zst",
                     "eval-00000.jsonl.zst", "parked-00000.jsonl.zst", "unreadable.jsonl"):
            self.assertTrue(filecmp.cmp(self.path("mine", name), self.path("theirs", name),
                                        shallow=False), name)
        with open(self.path("theirs/manifest.json"), encoding="utf-8") as file:
            theirs = json.load(file)
        self.assertEqual(run.counts, theirs["counts"])
        self.assertEqual(run.manifest["identity"], theirs["identity"])
        self.assertEqual(run.counts, {**chain.counts(), "written": run.counts["kept"]})
        self.assertGreater(run.counts["merged"], 50)

    def test_json_is_the_same_recipe(self):
        chain = self.chain()
        self.assertEqual(json.loads(chain.recipe("json"))["seed"], 7)
        recipe = self.write("recipe.json", chain.recipe("json"))
        done = self.program("run", recipe, "--dry-run", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        mine = chain.plan()
        self.assertEqual(json.loads(done.stdout)["identity"], mine["identity"])
        self.assertEqual([step["name"] for step in mine["steps"]],
                         ["check.record", "clean.text", "length", "dedup.near", "filter", "split"])

    def test_the_chain_is_not_changed_by_what_hangs_on_it(self):
        first = tamis.read(self.chats).check.record()
        before = first.recipe()
        first.dedup.exact().filter("words(all) > 3")
        first.options(seed=9)
        first.decontaminate(against=self.chats)
        self.assertEqual(first.recipe(), before)
        self.assertIn("check.record", repr(first))

    def test_write_gives_the_records_that_iterating_gives(self):
        chain = tamis.read(self.chats).options(unreadable="10%").dedup.exact(by="response")
        counts = chain.write(self.path("out.jsonl"))
        with open(self.path("out.jsonl"), "rb") as file:
            lines = file.read().splitlines()
        self.assertEqual(counts["written"], len(lines))
        self.assertEqual(list(chain.records(bytes)), lines)
        self.assertEqual(list(chain.records(str)), [line.decode() for line in lines])
        self.assertEqual(list(chain), [json.loads(line) for line in lines])
        self.assertEqual(json.loads(chain.stream().result() or "null"), None)
        with self.assertRaisesRegex(tamis.UsageError, "there already"):
            chain.write(self.path("out.jsonl"))
        chain.write(self.path("out.jsonl"), overwrite=True)
        packed = chain.write(self.path("out.json.gz"))
        self.assertEqual(packed["written"], len(lines))

    def test_a_stream_says_what_its_run_came_to(self):
        stream = tamis.read(self.chats).options(unreadable="10%").dedup.exact().stream()
        rows = 0
        while (batch := stream.read("record")) is not None:
            rows += len(batch)
        result = json.loads(stream.result())
        self.assertEqual(result["counts"]["kept"], rows)
        self.assertEqual(stream.check(), None)

    def test_inputs_are_added_and_mapped(self):
        one = self.write("one.jsonl", '{"q": "a b", "a": "c"}\n{"q": "d", "a": "e"}\n')
        two = self.write("two.jsonl", '{"prompt": "a b", "completion": "c"}\n')
        both = tamis.read(one, map={"prompt": "q", "response": "a"}, tags={"from": "one"}) \
            + tamis.read(two)
        made = both.dedup.exact(by=["prompt", "response"], across="inputs")
        self.assertEqual(made.counts()["merged"], 1)
        self.assertEqual([record.get("from") for record in made], ["one", "one"])
        self.assertEqual(len(made.plan()["inputs"]), 2)
        with self.assertRaisesRegex(ValueError, "before their first step"):
            made + both
        listed = tamis.read([one, two], layout="prompt-completion", utf8="replace")
        self.assertIn('path: ["', listed.recipe())

    def users(self, run, side):
        lines = subprocess.run([TAMIS, "cat", self.path(run, side + "-00000.jsonl.zst")],
                               check=True, stdout=subprocess.PIPE).stdout
        return {json.loads(line)["u"] for line in lines.splitlines()}

    def test_sides_of_an_earlier_split_by_their_names(self):
        """What went to a side once stays there; files and Datasets name it."""
        for name, users, records in (("a.jsonl", 40, 400), ("b.jsonl", 50, 300)):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.writelines(json.dumps({"text": f"{name} {i}", "u": i % users}) + "\n"
                                for i in range(records))
        first, sides = {}, ("train", "eval")
        tamis.read(self.path("a.jsonl")).split(eval="20%", group="$.u").run(self.path("first"))
        for side in sides:
            first[side] = self.path("first", side + "-00000.jsonl.zst")
        then = tamis.read(self.path("b.jsonl"))
        for earlier in (first, {side: tamis.read(first[side]) for side in sides}):
            step = then.split(eval="20%", group="$.u", earlier=earlier)
            self.assertIn("earlier: [train, eval]", step.recipe())
            step.run(self.path("second"), overwrite=True)
            users = {(run, side): self.users(run, side)
                     for run in ("first", "second") for side in sides}
            self.assertFalse(users["first", "train"] & users["second", "eval"])
            self.assertFalse(users["first", "eval"] & users["second", "train"])
        with self.assertRaisesRegex(tamis.UsageError, '"evil" is no side'):
            then.split(eval="20%", earlier={"evil": first["eval"]})

    def test_references_by_path_by_name_and_by_dataset(self):
        exam = self.write("exam.jsonl", '{"text": "one two three four five six"}\n')
        data = self.write("data.jsonl", '{"text": "one two three four five six"}\n'
                                        '{"text": "seven eight nine"}\n')
        read = tamis.read(data)
        ways = [
            read.decontaminate(against=exam, ngram=5),
            read.decontaminate(against=[exam], ngram=5),
            read.references(exam=exam).decontaminate(against="exam", ngram=5),
            read.decontaminate(against=tamis.read(exam, layout="text"), ngram=5),
        ]
        for way in ways:
            self.assertEqual([row["text"] for row in way], ["seven eight nine"], way)
        two = ways[0].dedup.exact(against=exam)
        self.assertIn("reference_2: {path:", two.recipe())
        self.assertEqual([row["text"] for row in two], ["seven eight nine"])
        with self.assertRaisesRegex(ValueError, "without steps"):
            read.decontaminate(against=tamis.read(exam).head(1))

    def test_texts_of_every_kind_come_through_a_recipe(self):
        words = ['"', "\\", "a\nb", "\t", "no", "null", "1", "{x}", "# not", ": ", "é", "\x7f",
                 "\u2028", "\ufeff", "𝄞", "- a", "*", "&a", "%", "@", "`", " lead", "trail "]
        path = self.write("words.jsonl", '{"text": "x"}\n')
        for word in words:
            (record,) = tamis.read(path).tag(set={"word": word})
            self.assertEqual(record["word"], word)
        (record,) = tamis.read(path).tag(set={"a": 1, "b": 2.5, "c": True, "d": None, "e": "true"})
        self.assertEqual(record, {"text": "x", "a": 1, "b": 2.5, "c": True, "d": None,
                                  "e": "true"})

    def test_odd_paths(self):
        for name in ("a, b.jsonl", "[1].jsonl", "é ü.jsonl", 'q"uote.jsonl'):
            path = self.write(name, '{"text": "x"}\n')
            pattern = path.replace("[", "[[]")
            self.assertEqual(len(list(tamis.read(pattern))), 1, name)

    def test_progress_is_told_and_decides_nothing(self):
        seen = []
        chain = self.chain()
        quiet = chain.counts()
        self.assertEqual(chain.counts(progress=seen.append), quiet)
        self.assertTrue(all(isinstance(now, tamis.Progress) for now in seen))
        self.assertTrue(seen)
        for now in seen:
            self.assertLessEqual(now.number, now.passes)
            self.assertLessEqual(now.kept + now.fallen + now.unreadable, 2000)
        with self.assertRaisesRegex(TypeError, "progress is"):
            chain.counts(progress=3)
        self.assertEqual(chain.counts(progress=True), quiet)  # no terminal: nothing is shown

    def test_what_progress_raises_ends_the_run(self):
        def full(now):
            raise LookupError("enough")

        with self.assertRaisesRegex(LookupError, "enough"):
            self.chain().run(self.path("out"), progress=full)
        self.assertFalse(os.path.exists(self.path("out/manifest.json")))
        with self.assertRaisesRegex(LookupError, "enough"):
            list(self.chain().options(progress=full).records())


class Runs(Case):
    def test_a_run_folder_is_read_back(self):
        need("pyarrow")
        run = self.chain().run(self.path("out"))
        again = tamis.Run(self.path("out"))
        self.assertEqual(again.counts, run.counts)
        self.assertEqual([os.path.basename(f) for f in run.files()],
                         ["train-00000.jsonl.zst", "eval-00000.jsonl.zst"])
        ledger = run.ledger()
        self.assertEqual(ledger.num_rows, run.counts["read"] + run.counts["made"])
        fates = ledger["fate"].to_pylist()
        self.assertEqual(fates.count("kept"), run.counts["kept"])
        self.assertIn("length.turns", ledger.column_names)
        self.assertEqual(run.findings(["step"]).column_names, ["step"])
        parked = run.ledger(["source", "line", "fate"]).to_pylist()
        row = next(row for row in parked if row["fate"] == "parked")
        story = run.explain(f"{row['source']}:{row['line']}")
        self.assertEqual(story["records"][0]["fate"], "parked")
        self.assertEqual(len(list(run.read("eval"))) + len(list(run.read("train"))),
                         run.counts["kept"])
        self.assertEqual([step["name"] for step in run.steps][-1], "split")
        self.assertIn(f"{run.counts['kept']} kept", repr(run))
        with self.assertRaises(tamis.UsageError):
            self.chain().run(self.path("out"))
        self.assertEqual(self.chain().run(self.path("out"), overwrite=True).counts, run.counts)


class Errors(Case):
    def test_a_wrong_value_is_said_at_once_and_names_the_parameter(self):
        read = tamis.read(self.chats).check.record()
        with self.assertRaises(tamis.UsageError) as raised:
            read.dedup.near(threshold=7)
        error = raised.exception
        self.assertIn('"threshold" takes a share', str(error))
        self.assertEqual((error.source, error.line, error.status), ("recipe", 5, 2))
        self.assertGreater(error.column, 1)
        with self.assertRaisesRegex(tamis.UsageError, "did you mean"):
            read.dedup.exact(across="imputs")
        with self.assertRaises(TypeError):
            read.dedup.near(thresold=0.8)
        with self.assertRaisesRegex(TypeError, "texts, numbers"):
            read.filter(object())
        with self.assertRaisesRegex(TypeError, "not dict: pyarrow.Table.from_pylist"):
            tamis.read([{"text": "a"}])

    @unittest.skipUnless(importlib.util.find_spec("numpy"), "numpy is not installed")
    def test_numbers_of_numpy_are_numbers(self):
        import numpy as np

        read = tamis.read(self.chats)
        near = read.dedup.near(threshold=0.5).recipe()
        for half in (np.float64(0.5), np.float32(0.5), np.linspace(0, 1, 3)[1]):
            self.assertEqual(read.dedup.near(threshold=half).recipe(), near)
        self.assertEqual(read.head(np.int64(3)).recipe(), read.head(3).recipe())
        self.assertEqual(read.sample(nested=np.array([10, 20])).recipe(),
                         read.sample(nested=[10, 20]).recipe())

    def test_a_wrong_expression_has_its_place_in_the_recipe(self):
        chain = tamis.read(self.chats).length()
        with self.assertRaisesRegex(tamis.UsageError, "did you mean length.words") as raised:
            chain.filter("lenght.words > 2")
        right = chain.filter("length.words > 2").recipe().splitlines()
        self.assertIn("length.words > 2", right[raised.exception.line - 1])

    def test_parameters_are_checked_with_each_other_when_a_step_is_added(self):
        read = tamis.read(self.chats)
        for wrong, says in (
                (lambda: read.split(eval="300%"), 'eval" takes a share'),
                (lambda: read.dedup.near(keep="longst"), "longst"),
                (lambda: read.dedup.near(bands=16, rows=8, hashes=64), "leave hashes out"),
                (lambda: read.dedup.near(across="inputs"), "two inputs or more"),
                (lambda: read.sort(by="max wrods(all)"), "did you mean words")):
            with self.assertRaisesRegex(tamis.UsageError, says) as raised:
                wrong()
            self.assertEqual((raised.exception.source, raised.exception.line), ("recipe", 4))

    def test_a_lint_has_its_code(self):
        with self.assertRaises(tamis.UsageError) as raised:
            tamis.read(self.chats).filter("words(response) > 9 and words(response) < 5")
        self.assertEqual(raised.exception.code, "T3101")
        self.assertIn("(T3101)", str(raised.exception))

    def told_by(self, call):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            call()
        return told

    def test_remarks_are_warnings_when_a_run_begins(self):
        rows = self.write("rows.jsonl", '{"text": "a", "score": 1}\n' * 3)
        made = tamis.read(rows).sort(by="$.scor").filter("$.scroe > 0")
        self.assertEqual(self.told_by(made.plan), [])
        for call in (made.counts, made.stream, lambda: list(made),
                     lambda: made.run(self.path("out")),
                     lambda: made.write(self.path("out.jsonl"))):
            told = self.told_by(call)
            self.assertEqual([each.category for each in told], [tamis.TamisWarning] * 2)
            self.assertRegex(str(told[0].message), r'^by of "sort": .* \$\.score\? \(T3114\)$')
            self.assertRegex(str(told[1].message), r'^keep of "filter": .*\(T3114\)$')
            self.assertEqual({each.filename for each in told}, {__file__})
            self.assertEqual(told[0].message.code, "T3114")
        self.assertTrue(issubclass(tamis.TamisWarning, UserWarning))
        self.assertEqual(self.told_by(tamis.read(rows).sort(by="$.score").counts), [])

    def test_a_warning_that_is_an_error_runs_nothing(self):
        rows = self.write("rows.jsonl", '{"text": "a", "score": 1}\n' * 3)
        made = tamis.read(rows).sort(by="$.scor")
        with warnings.catch_warnings():
            warnings.simplefilter("error", tamis.TamisWarning)
            for call in (made.stream, lambda: made.run(self.path("out"))):
                with self.assertRaisesRegex(tamis.TamisWarning, "T3114"):
                    call()
        self.assertFalse(os.path.exists(self.path("out", "manifest.json")))

    def test_missing_and_unreadable_inputs(self):
        with self.assertRaises((tamis.InputError, tamis.UsageError)):
            tamis.read(self.path("none.jsonl")).counts()
        broken = self.write("broken.jsonl", "{\n[\n")
        with self.assertRaises(tamis.InputError):
            tamis.read(broken).counts()
        with self.assertRaisesRegex(ValueError, "a path"):
            tamis.read()

    def test_what_is_no_run_folder(self):
        os.mkdir(self.path("empty"))
        os.mkdir(self.path("torn"))
        self.write("torn/manifest.json", '{"counts":')
        os.mkdir(self.path("other"))
        self.write("other/manifest.json", '[1]')
        for name in ("nope", "empty", os.path.basename(self.chats), "torn", "other"):
            with self.assertRaisesRegex(tamis.InputError, "is no finished run folder") as raised:
                tamis.Run(self.path(name))
            self.assertIn(self.path(name), str(raised.exception))

    def test_findings_leave_a_complete_folder(self):
        half = self.write("half.jsonl", '{"text": "a"}\n{"text": \n')
        with self.assertRaises(tamis.FindingsError) as raised:
            tamis.read(half).run(self.path("out"))
        self.assertEqual(raised.exception.run.counts["unreadable"], 1)
        self.assertEqual(list(raised.exception.run.read()), [{"text": "a"}])
        with self.assertRaises(tamis.FindingsError):
            list(tamis.read(half))
        lines = '{"text": "a"}\n{"text": "b\n[1\n{"text": "c"}\n'
        several = self.write("several.jsonl", lines)
        for what in (lambda: tamis.read(several).counts(), lambda: list(tamis.read(several)),
                     lambda: tamis.read(several).write(self.path("no.jsonl")),
                     lambda: tamis.read(several).to_arrow(),
                     lambda: tamis.read(several).run(self.path("several"))):
            with self.assertRaisesRegex(tamis.FindingsError, "2 of 4 .*; the first: ") as now:
                what()
            error = now.exception
            place = f"{error.source}:{error.line}:{error.column}"
            self.assertEqual((error.source, error.line), (several, 2))
            told = subprocess.run([TAMIS, "cat", several], capture_output=True, text=True).stderr
            first = f"{place}: error: {error.message.split('; the first: ')[1]} ({error.code})"
            self.assertEqual(told.splitlines()[0], first)
        self.assertEqual(len(list(tamis.read(half).options(unreadable="60%"))), 1)

    @unittest.skipUnless(importlib.util.find_spec("pyarrow"), "pyarrow is not installed")
    def test_a_run_on_spark_takes_a_path_a_text_or_a_dataset(self):
        import pathlib
        import pyarrow

        from tamis.stages import recipe_of

        said = self.write("said.yaml", "steps: [dedup.exact]\n")
        self.assertEqual(recipe_of(pathlib.Path(said)), (said, True))
        self.assertEqual(recipe_of(said), (said, True))
        self.assertEqual(recipe_of("no-such.yaml"), ("no-such.yaml", True))
        for text in ("steps: [length]", "{steps: [length]}", "steps:\n- length\n"):
            self.assertEqual(recipe_of(text), (text, False))
        chain = tamis.read(self.chats).length()
        self.assertEqual(recipe_of(chain), (chain.recipe(), False))
        with self.assertRaisesRegex(tamis.UsageError, "cannot be read on other machines"):
            recipe_of(tamis.read(pyarrow.table({"text": ["a"]})).length())

    @unittest.skipUnless(importlib.util.find_spec("pyarrow"), "pyarrow is not installed")
    def test_a_run_on_spark_finds_its_folder_in_the_recipe(self):
        from tamis.stages import output_of

        steps = "steps: [dedup.exact]\n"
        said = self.write("said.yaml", steps + "output: {path: /data/run}\n")
        self.assertEqual(output_of(said, True), "/data/run")
        self.assertEqual(output_of(steps + "output: {path: /data/run.1/}\n", False), "/data/run.1/")
        for output, says in (("", "give folder="), ("output: {path: a.jsonl}", "the file a.jsonl"),
                             ("outputs: {}", "did you mean")):
            with self.assertRaisesRegex(tamis.UsageError, says):
                output_of(steps + output, False)

    def test_other_orders_are_streamed_as_they_are_written(self):
        chats = tamis.read(self.chats).options(seed=7, unreadable="10%")
        plain = list(chats.records(bytes))
        for name, other in (("shuffle", chats.shuffle()),
                            ("sort", chats.shuffle().sort(by="max words(all)")),
                            ("little", chats.options(memory="58MiB").shuffle())):
            counts = other.write(self.path(f"{name}.jsonl"))
            with open(self.path(f"{name}.jsonl"), "rb") as file:
                written = file.read().splitlines()
            self.assertEqual(len(written), counts["kept"])
            self.assertEqual(list(other.records(bytes)), written)
            self.assertEqual(sorted(written), sorted(plain))
            self.assertNotEqual(written, plain)

    def test_classes_are_one_family(self):
        for status, kind in enumerate((tamis.FindingsError, tamis.UsageError, tamis.InputError,
                                       tamis.CancelledError, tamis.InternalError), 1):
            self.assertTrue(issubclass(kind, tamis.TamisError))
            self.assertEqual(kind.status, status)


if __name__ == "__main__":
    unittest.main()
