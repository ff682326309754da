"""A plan that asks for no role and no text takes any JSON, as jq would; one that does, does not."""

import gzip
import json
import os
import subprocess
import tempfile
import unittest

try:
    import pyarrow.parquet as parquet
except ImportError as missing:
    raise unittest.SkipTest("%s is not installed (tools/setup.sh test)" % missing.name)

TAMIS = os.environ.get("TAMIS", "build/release/tamis")
LINES = ['{"a": 1}', "[1, 2]", '{"a": 3, "text": "x"}', "7"]


class AnyJson(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(self.tmp.cleanup)
        self.file = os.path.join(self.tmp.name, "any.jsonl")
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("\n".join(LINES) + "\n")

    def run_it(self, *words):
        return subprocess.run([TAMIS, *words], capture_output=True, text=True)

    def test_fields_are_enough(self):
        done = self.run_it("filter", self.file, "--keep", "$.a >= 1", "-o", "-")
        self.assertEqual((done.returncode, done.stdout.splitlines()), (0, [LINES[0], LINES[2]]))

    def test_head_and_tag_take_any_record(self):
        done = self.run_it("head", self.file, "--records", "2", "-o", "-")
        self.assertEqual((done.returncode, done.stdout.splitlines()), (0, LINES[:2]))
        done = self.run_it("tag", self.file, "--set", "b=2", "-o", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        first = json.loads(done.stdout.splitlines()[0])
        self.assertEqual((list(first), first["a"]), (["a", "b"], 1))

    def test_a_selector_asks_for_a_layout(self):
        done = self.run_it("filter", self.file, "--keep", "words(document) >= 1",
                           "--limit-unreadable", "100%", "-o", "-")
        self.assertEqual(done.stdout.splitlines(), [LINES[2]])
        self.assertIn("T1020", done.stderr)

    def test_a_named_layout_is_held_to(self):
        done = self.run_it("filter", self.file, "--keep", "$.a >= 1", "--layout", "text",
                           "--limit-unreadable", "100%", "-o", "-")
        self.assertEqual(done.stdout.splitlines(), [LINES[2]])

    def test_what_looks_at_no_text_takes_any_json(self):
        path = os.path.join(self.tmp.name, "odd.jsonl")
        lines = ['{"a":1,"b":[2]}', "[1]", "null", '{"a":1,"b":[2]}', '{"b":[2],"a":1}', '"x"']
        lines += ['{"n":%d}' % n for n in range(200)] + ['{"text":"t"}']
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

        def out(*words):
            done = self.run_it(*words[:1], path, *words[1:], "-o", "-", "--quiet")
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout.splitlines()

        shuffled = out("shuffle")
        self.assertNotEqual(shuffled, lines)
        self.assertEqual(sorted(shuffled), sorted(lines))
        self.assertEqual(out("shuffle", "--threads", "1"), shuffled)
        drawn = out("sample", "--count", "50")
        self.assertEqual(len(drawn), 50)
        self.assertEqual(drawn, [line for line in lines if line in set(drawn)][:50])
        self.assertLessEqual(set(drawn), set(out("sample", "--count", "90")))
        # Equal but for spacing and escapes: the order of keys makes a difference.
        unique = [line for i, line in enumerate(lines) if line not in lines[:i]]
        self.assertEqual(out("dedup.exact", "--by", "everything"), unique)
        self.assertEqual(out("sort", "--by", "$.n")[:200], lines[6:206])
        routed = os.path.join(self.tmp.name, "sides")
        done = self.run_it("split", path, "--eval", "20", "--format", "jsonl", "-o", routed + "/")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(routed, "eval-00000.jsonl"), encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 20)
        done = self.run_it("dedup.exact", path, "--by", "everything", "--keep", "longest")
        self.assertIn("T1020", done.stderr)  # longest asks for texts

    def ids(self, *words):
        folder = os.path.join(self.tmp.name, "run-%d" % len(os.listdir(self.tmp.name)))
        done = self.run_it(*words, "-o", folder + "/", "--limit-unreadable", "100%")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = parquet.read_table(os.path.join(folder, "ledger.parquet")).to_pylist()
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            self.layouts = json.load(file)["inputs"][0]["layouts"]
        return {row["line"]: row["id"] for row in rows if row["fate"] != "unreadable"}

    def test_an_id_is_the_same_whatever_the_steps_ask_for(self):
        path = os.path.join(self.tmp.name, "mixed.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"prompt":"a","completion":"b","n":1}\n'
                       '{"n":2,"completion":"b","prompt":"a"}\n'
                       '{"a":1}\n{ "a":1}\n[3]\n{"text":"x"}\n')
        texts = self.ids("length", path)
        self.assertEqual((sorted(texts), texts[1]), ([1, 2, 6], texts[2]))
        for words in (["filter", path, "--keep", "$.z is null"], ["sort", path, "--by", "$.n"],
                      ["head", path], ["sample", path, "--count", "6"], ["shuffle", path]):
            fields = self.ids(*words)
            self.assertEqual({k: fields[k] for k in texts}, texts, words)
            self.assertEqual(len(fields), 6, words)
            self.assertNotEqual(fields[3], fields[4], words)  # no layout: named by their bytes
            self.assertEqual(self.layouts, {"prompt-completion": 2, "text": 1}, words)

    def test_steps_that_ask_for_texts_void_what_was_decided_without(self):
        path, folder = os.path.join(self.tmp.name, "two.jsonl"), os.path.join(self.tmp.name, "r")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"text":"x"}\n' * 3 + "[1]\n" * 3)
        first = self.run_it("dedup.exact", path, "--by", "everything", "-o", folder + "/")
        self.assertIn("4 merged  [exact-duplicate 4]", first.stderr)
        recipe = os.path.join(self.tmp.name, "r.yaml")
        with open(recipe, "w", encoding="utf-8") as file:
            file.write("steps:\n- dedup.exact: {by: everything}\n- length\n")
        then = self.run_it("run", recipe, path, "-o", folder + "/", "--overwrite",
                           "--limit-unreadable", "100%", "--json")
        self.assertEqual(then.returncode, 0, then.stderr)
        counts = json.loads(then.stdout)["counts"]
        self.assertEqual((counts["kept"], counts["merged"], counts["unreadable"]), (1, 2, 3))

    def test_values_one_behind_another_on_a_line(self):
        two = '{"text":"a"} {"text":"b"}'
        for name, text, code in (("one.json", two, 0), ("one.jsonl", two + "\n\n", 0),
                                 ("more.jsonl", two + '\n{"text":"c"}\n', 1)):
            path = os.path.join(self.tmp.name, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = self.run_it("cat", path)
            want = ['{"text":"c"}'] if code else two.split()
            self.assertEqual((done.returncode, done.stdout.splitlines()), (code, want), name)
            if code:
                self.assertIn(":1:14: error:", done.stderr)
                self.assertIn("--container json reads values one after another", done.stderr)
                done = self.run_it("cat", path, "--container", "json")
                self.assertEqual(done.stdout.splitlines(), two.split() + want)

    def test_lines_of_which_the_first_is_a_broken_array(self):
        """Read as an array, all behind it is lost; who named the file .jsonl is told the way."""
        way = "; if each line is a record, read the file with --container jsonl (T1111)"
        lines = '{"text":"ok"}\n{"text":"ok2"}\n'
        for first in ("[" * 2000, "[1,2", "[1]x", "[,", "[1,"):
            for name in ("a.jsonl", "a.ndjson", "a.jsonl.gz", "a.json", "a"):
                path = os.path.join(self.tmp.name, name)
                text = (first + "\n" + lines).encode()
                with open(path, "wb") as file:
                    file.write(gzip.compress(text) if name.endswith(".gz") else text)
                told = self.run_it("cat", path).stderr
                self.assertIn("(T1111)", told, first)
                self.assertEqual(way in told, name.startswith(("a.jsonl", "a.nd")), told)
                done = self.run_it("cat", path, "--container", "jsonl", "--limit-unreadable", "1")
                self.assertEqual(done.stdout, lines, (name, first))
        path = os.path.join(self.tmp.name, "a.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[" + '{"text":"ok"},' * 20 + '{"text":"' + "x" * 3000000 + "\n" + lines)
        told = self.run_it("cat", path, "--max-line", "1MiB").stderr
        self.assertIn(way, told)

    def test_the_dry_run_says_so(self):
        done = self.run_it("filter", self.file, "--keep", "$.a >= 1", "--dry-run")
        self.assertIn("any JSON", done.stdout)


if __name__ == "__main__":
    unittest.main()
