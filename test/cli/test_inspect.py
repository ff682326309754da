"""inspect looks and writes nothing unless asked; what it says is counted here once more."""

import json
import os
import random
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

TAMIS = os.environ.get("TAMIS", "build/release/tamis")
ROWS = [
    {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"},
                  {"role": "assistant", "content": "Hello."}]},
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
    {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": ""}]},
]


class Inspect(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(self.tmp.cleanup)
        self.write("chats.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS) + "{broken\n")

    def write(self, name, text):
        with open(os.path.join(self.tmp.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def inspect(self, *words, code=0):
        out = subprocess.run([TAMIS if os.path.isabs(TAMIS) else os.path.abspath(TAMIS), "inspect",
                              "--limit-unreadable", "100%", *words], capture_output=True, text=True,
                             cwd=self.tmp.name)
        self.assertEqual(out.returncode, code, out.stderr)
        return out

    def test_it_says_what_is_there(self):
        said = self.inspect("chats.jsonl").stdout
        self.assertIn("chats.jsonl: jsonl, 5 records, 1 unreadable", said)
        self.assertIn("messages (4); runner-up: none", said)
        self.assertIn("kind        sft", said)
        self.assertRegex(said, r"\nequal +1 +25\.0 +[\d.]+ % +1 +2\n")
        self.assertRegex(said, r"\nbut for case and space +1 +25\.0 ")
        self.assertRegex(said, r"\nnearly equal +1 +25\.0 ")
        self.assertIn("       2  records, all alike\n          chats.jsonl:2  [user] Hi "
                      "[assistant] Hello.\n          chats.jsonl:3  ", said)
        self.assertNotIn("shared by source", said)
        self.assertIn("first chats.jsonl:5:2", said)
        self.assertIn("tamis check.record chats.jsonl --then park", said)
        self.assertEqual(os.listdir(self.tmp.name), ["chats.jsonl"])

    def test_every_kind_is_told_most_first(self):
        pair = {"prompt": "p", "chosen": "c", "rejected": "r"}
        rows = ([pair] * 3 + [{"prompt": "p", "completion": "c", "label": True}] * 4 +
                [{"prompt": "p", "completion": "c"}] * 2 + [ROWS[1]] * 5 + [{"text": "t"}] * 3)
        os.mkdir(os.path.join(self.tmp.name, "sets"))
        self.write("sets/all.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.write("sets/more.json", json.dumps([pair] * 2))
        said = self.inspect("sets").stdout
        self.assertIn("\nlayouts     preference (5), messages (5), unpaired (4), text (3), "
                      "prompt-completion (2); ", said)
        self.assertIn("\nkinds       sft (7), preference (5), unpaired (4), corpus (3)\n", said)
        told = json.loads(self.inspect("sets", "--json").stdout)["inputs"][0]
        self.assertEqual(list(told["kinds"].items()),
                         [("sft", 7), ("preference", 5), ("unpaired", 4), ("corpus", 3)])
        told = json.loads(self.inspect("chats.jsonl", "--json").stdout)["inputs"][0]
        self.assertEqual((told["kind"], told["kinds"]), ("sft", {"sft": 4}))
        self.write("mapped.jsonl", '{"q": "a", "good": "b", "bad": "c"}\n' * 2)
        words = ("mapped.jsonl", "--map", "prompt=q", "--map", "chosen=good", "--map",
                 "rejected=bad")
        self.assertIn("\nkind        preference\n", self.inspect(*words).stdout)
        told = json.loads(self.inspect(*words, "--json").stdout)["inputs"][0]
        self.assertEqual(told["kinds"], {"preference": 2})

    def test_quantiles_are_bounds_and_small_numbers_exact(self):
        rng = random.Random(5)
        sizes = [rng.randint(0, 900) for _ in range(101)]
        long_ones = [rng.randint(2000, 90000) for _ in range(57)]
        rows = [{"messages": [{"role": "user", "content": "u" * n}] * (i % 7 + 1) +
                             [{"role": "assistant", "content": "a" * long_ones[i % 57]}]}
                for i, n in enumerate(sizes)]
        self.write("sizes.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

        def nth(values, percent):
            return sorted(values)[-(-len(values) * percent // 100) - 1]

        said = json.loads(self.inspect("sizes.jsonl", "--json").stdout)
        users = [n for i, n in enumerate(sizes) for _ in range(i % 7 + 1)]
        answers = [long_ones[i % 57] for i in range(101)]
        turns = [i % 7 + 2 for i in range(101)]
        for told, values in ((said["roles"]["user"], users), (said["turns"], turns)):
            self.assertEqual((told["median"], told["p90"], told["max"], told["exact"]),
                             (nth(values, 50), nth(values, 90), max(values), True))
        told = said["roles"]["assistant"]
        self.assertFalse(told["exact"])
        for name, percent in (("median", 50), ("p90", 90)):
            true = nth(answers, percent)
            self.assertTrue(true <= told[name] <= true * 1.01, (true, told[name]))
        text = self.inspect("sizes.jsonl").stdout
        self.assertRegex(text, r"assistant +101 +~%d +~%d " % (told["median"], told["p90"]))
        self.assertIn("(~ about: less than 1 % too high, never too low)", text)

    def test_sources_are_told_apart_by_the_beginning_of_their_names(self):
        os.mkdir(os.path.join(self.tmp.name, "o"))
        names = ["train-00000.jsonl.zst", "eval-00000.jsonl.zst", "t.jsonl"]
        for name in names:
            self.write("o/" + name, '{"text":"the same eight words in all of them"}\n')
        text = self.inspect("o").stdout
        for shown in ("train-00...jsonl.zst", "eval-00000.jsonl.zst", "o/t.jsonl"):
            self.assertRegex(text, r"(?m)^ \d  %s +1  " % shown)

    def test_many_equal_records_in_little_memory(self):
        """What is linked goes to disk; with less disk than that, the limit is named."""
        one = '{"text":"the same eight words in all of them","i":%d}\n'
        self.write("same.jsonl", "".join(one % n for n in range(100000)))
        done = self.inspect("same.jsonl", "--memory", "68MiB")
        self.assertRegex(done.stdout, r"(?m)^equal +99999 ")
        self.assertRegex(done.stdout, r"(?m)^nearly equal +99999 ")
        done = self.inspect("same.jsonl", "--memory", "68MiB", "--max-disk", "1MB", code=2)
        self.assertIn("the spill would pass --max-disk", done.stderr)

    def test_commands_are_shell_words_and_name_all_inputs(self):
        """Each command, pasted into a shell, looks at the files and at nothing else."""
        names = ["a b;touch pwned.jsonl", "it's $(touch pwned).jsonl", "-x`touch pwned`.jsonl",
                 "new\nline\x1b[31m.jsonl", "sub/" + "long" * 30 + "/" + "f" * 200 + ".jsonl"]
        rows = [{"messages": [{"role": "user", "content": "Why?\0"},
                              {"role": "assistant", "content": ""}]}, ROWS[1]]
        for name in names:
            os.makedirs(os.path.dirname(os.path.join(self.tmp.name, name)), exist_ok=True)
            self.write(name, "".join(json.dumps(row) + "\n" for row in rows))
        given = ["./" + n if n.startswith("-") else n for n in names]
        said = json.loads(self.inspect(*given, "--json").stdout)
        found = {f["code"]: f for f in said["findings"]}
        self.assertEqual(set(found), {"T1202", "T1203", "T1701"})
        shell = os.path.join(self.tmp.name, "bin")
        os.mkdir(shell)
        os.symlink(os.path.abspath(TAMIS), os.path.join(shell, "tamis"))
        env = {**os.environ, "PATH": shell + ":" + os.environ["PATH"]}
        for code, count, left in (("T1202", 5, 5), ("T1203", 5, 10), ("T1701", 4 + 4, 2)):
            self.assertEqual(found[code]["count"], count)
            done = subprocess.run(["bash", "-c", found[code]["remedy"] + " -o - --quiet"], env=env,
                                  cwd=self.tmp.name, capture_output=True, check=True)
            self.assertEqual(done.stdout.count(b"\n"), left, found[code])
            self.assertNotIn(b"u0000" if code == "T1203" else b'"never"', done.stdout)
        self.assertFalse([n for n in os.listdir(self.tmp.name) if n.startswith("pwned")])
        text = self.inspect(*given).stdout
        self.assertNotIn("\x1b", text)
        self.assertIn("f" * 200 + ".jsonl --then park", text)
        self.assertIn("first a b;touch pwned.jsonl:1:", text)

    def test_every_byte_of_a_name_reaches_the_shell(self):
        every = bytes(b for b in range(1, 256) if b != ord("/"))
        names = [os.fsdecode(half + b"7.jsonl") for half in (every[:127], every[127:])]
        for name in names:
            self.write(name, json.dumps(ROWS[3]) + "\n")
        said = json.loads(self.inspect(*names, "--json").stdout)
        command = [f["remedy"] for f in said["findings"] if f["code"] == "T1202"][0]
        self.assertTrue(command.isascii() and command.isprintable())
        command = command.replace("tamis check.record", "printf '%s\\0'")
        words = subprocess.run(["bash", "-c", command],
                               capture_output=True, check=True, cwd=self.tmp.name).stdout
        self.assertEqual(words.split(b"\0")[:2], [os.fsencode(name) for name in names])

    def test_the_cure_of_every_code_does_something_for_it(self):
        """Every cure is a command that runs; parking is the cure of no fixed verdict."""
        program = os.path.abspath(TAMIS)
        codes = json.loads(subprocess.run([program, "ops", "--codes", "--json"], check=True,
                                          capture_output=True, text=True).stdout)
        for cure in {c["cure"] for c in codes if c["cure"]}:
            words = shlex.split(cure.replace("INPUT", "chats.jsonl"))
            done = subprocess.run([program, *words, "--limit-unreadable=100%"], check=False,
                                  cwd=self.tmp.name, capture_output=True)
            self.assertIn(done.returncode, (0, 1) if words[0] == "check" else (0,), done.stderr)
        for c in codes:
            if c["cure"] and "--then park" in c["cure"]:
                self.assertFalse(c["fixed_verdict"], c)
        fixed = {c["code"]: c["cure"] for c in codes if c["code"] in ("T1201", "T1227", "T1240")}
        self.assertEqual(set(fixed.values()), {None})

    def test_many_inputs(self):
        for i in range(25):
            self.write("in%02d.jsonl" % i, json.dumps(ROWS[3]) + "\n" + "{broken\n" * (i > 22))
        names = ["in%02d.jsonl" % i for i in range(25)]
        text = self.inspect(*names).stdout
        self.assertIn("in19.jsonl: jsonl, 1 records, 0 unreadable\nand 5 more files: 7 records, "
                      "2 unreadable\n", text)
        self.assertIn("tamis dedup.exact INPUTS\n", text)
        self.assertIn("INPUTS: all that this command was given", text)
        found = json.loads(self.inspect(*names, "--json").stdout)["findings"]
        self.assertIn("tamis dedup.exact " + " ".join(names), [f["remedy"] for f in found])

    def test_cures_repeat_how_the_input_is_read(self):
        self.write("odd.jsonl", '{"q it": "Why?", "a": ""}\n')
        said = json.loads(self.inspect("odd.jsonl", "--map", 'prompt=["q it"]', "--map",
                                       "response=a", "--json").stdout)
        self.assertEqual([f["remedy"] for f in said["findings"] if f["code"] == "T1202"],
                         ["tamis check.record odd.jsonl --map 'prompt=[\"q it\"]' "
                          "--map response=a --then park"])

    def test_long_paths_are_cut_with_a_mark(self):
        os.mkdir(os.path.join(self.tmp.name, "folder-with-a-name"))
        for name in ("folder-with-a-name/one.jsonl", "two.jsonl"):
            self.write(name, json.dumps(ROWS[1]) + "\n")
        text = self.inspect("folder-with-a-name/one.jsonl", "two.jsonl").stdout
        self.assertRegex(text, r"\n 1  \.\.\.-a-name/one\.jsonl +1 ")
        self.assertRegex(text, r"\n 2  two\.jsonl +1 ")

    def test_a_page_is_one_file(self):
        self.inspect("chats.jsonl", "-o", "page.html")
        self.assertEqual(sorted(os.listdir(self.tmp.name)), ["chats.jsonl", "page.html"])
        with open(os.path.join(self.tmp.name, "page.html"), encoding="utf-8") as file:
            self.assertIn("length.response", file.read())
        again = self.inspect("chats.jsonl", "-o", "page.html", code=2)
        self.assertIn("page.html is there already", again.stderr)
        self.inspect("chats.jsonl", "-o", "page.html", "--overwrite")

    def make(self):
        """Three sources; of each text the level at which it repeats an earlier one."""
        rng = random.Random(11)
        words = ["w%d" % i for i in range(300)]
        pool = [[rng.choice(words) for _ in range(rng.randint(3, 25))] for _ in range(150)]
        texts = []
        for source in range(3):
            rows = []
            for _ in range(200):
                text = " ".join(rng.choice(pool))
                if rng.random() < 0.4:
                    text = text.upper().replace(" ", rng.choice(["  ", "\t", " "]))
                rows.append(text)
            self.write("s%d.jsonl" % source, "".join(json.dumps({"text": t}) + "\n"
                                                      for t in rows))
            texts.append(rows)
        return texts

    def levels(self, *words):
        said = json.loads(self.inspect("s0.jsonl", "s1.jsonl", "s2.jsonl", "--json", *words).stdout)
        return {level["level"]: level for level in said["levels"]}, said

    def test_levels_are_those_of_a_naive_count(self):
        texts = self.make()
        levels, said = self.levels()
        self.assertEqual(list(levels), ["equal", "folded", "near"])
        for name, fold in (("equal", str), ("folded", lambda t: " ".join(t.split()).casefold())):
            seen, found, chars = set(), [0, 0, 0], 0
            places = {}
            for source, rows in enumerate(texts):
                for text in rows:
                    if fold(text) in seen:
                        found[source] += 1
                        chars += len(text)
                    seen.add(fold(text))
                    places.setdefault(fold(text), []).append(source)
            told = levels[name]
            self.assertTrue(told["whole"])
            self.assertEqual(told["of_records"], 600)
            self.assertEqual((told["records"], told["chars"]), (sum(found), chars))
            self.assertEqual([s["found"] for s in told["duplicates"]["sources"]], found)
            self.assertEqual(told["duplicates"]["clusters"]["count"],
                             sum(len(p) > 1 for p in places.values()))
            shared = [[sum(p.count(a) for p in places.values()
                           if p.count(b) > (a == b)) for b in range(3)] for a in range(3)]
            self.assertEqual([s["shared"] for s in told["duplicates"]["sources"]], shared)
        self.assertEqual(levels["equal"]["records"], said["duplicates"])
        self.assertEqual(levels["equal"]["chars"], said["duplicate_chars"])
        self.assertGreater(levels["folded"]["records"], levels["equal"]["records"])
        self.assertGreaterEqual(levels["near"]["records"], levels["folded"]["records"])
        self.assertEqual(self.levels("--near", "0")[0].keys(), {"equal", "folded"})
        codes = [f["code"] for f in said["findings"]]
        self.assertEqual(codes.count("T1701"), 1)
        self.assertNotIn("T1711", codes)

    def test_of_large_inputs_near_duplicates_are_looked_for_in_the_first_records(self):
        self.make()
        whole, _ = self.levels("--near", "0.7")
        sample, _ = self.levels("--near", "0.7", "--near-whole", "1KiB", "--near-sample", "250")
        self.assertEqual(sample["folded"], whole["folded"])
        near = sample["near"]
        self.assertEqual((near["whole"], near["of_records"]), (False, 250))
        self.assertEqual([s["records"] for s in near["duplicates"]["sources"]], [200, 50, 0])
        self.assertTrue(0 < near["records"] < whole["near"]["records"])
        every, _ = self.levels("--near", "0.7", "--near-whole", "1KiB")
        self.assertTrue(every["near"]["whole"], "the sample was all there is")
        self.assertEqual(every["near"]["records"], whole["near"]["records"])
        said = self.inspect("s0.jsonl", "s1.jsonl", "--near-whole", "1KiB", "--near-sample",
                            "250").stdout
        self.assertIn("of the first 250 records alone", said)
        self.assertRegex(said, r"shared by source +records +% in 1 +% in 2\n 1  s0.jsonl +200 ")

    def test_a_similarity_that_cannot_be_is_refused_as_it_was_written(self):
        self.make()
        said = self.inspect("s0.jsonl", "--near", "0.001", code=2).stderr
        self.assertEqual(said, "tamis: error: --near takes 0, or a number from 0.01 to 1, "
                               "not 0.001\n")

    def test_a_pipe_and_texts_that_would_steer_the_terminal(self):
        head = "the same beginning of every text, so long that it says nothing of the difference, "
        text = head * 3 + "\x1b[31m\u202e <script>"
        raw = "".join(json.dumps({"text": text + end}, ensure_ascii=False) + "\n"
                      for end in ("one two three four", "one two three four five"))
        out = subprocess.run([os.path.abspath(TAMIS), "inspect", "-"], input=raw.encode(),
                             capture_output=True, cwd=self.tmp.name, check=True).stdout.decode()
        self.assertNotIn("\x1b", out)
        self.assertNotIn("\u202e", out)
        self.assertRegex(out, r"\n +-:1  \.\.\. .*\\u001B\[31m\\u202E <script>one two three four\n")
        self.assertRegex(out, r"\n +-:2  \.\.\. .*one two three four five\n")

    def test_the_page_has_the_levels_too(self):
        self.make()
        self.inspect("s0.jsonl", "s1.jsonl", "-o", "page.html")
        with open(os.path.join(self.tmp.name, "page.html"), encoding="utf-8") as file:
            page = file.read()
        for part in ("<td>equal</td>", "<td>folded</td>", "<td>near</td>",
                     "Which sources share duplicates", "The biggest clusters"):
            self.assertIn(part, page)

    def test_nothing_and_what_no_layout_fits(self):
        self.write("empty.jsonl", "")
        self.assertIn("none: there are no records", self.inspect("empty.jsonl").stdout)
        self.write("odd.jsonl", '{"q": 1}\n')
        self.assertIn("none fits", self.inspect("odd.jsonl", code=3).stdout)

    def test_nothing_is_remarked_on_a_recipe_that_nobody_wrote(self):
        for name, line, code in (("odd.jsonl", {"q": 1}, 3), ("void.jsonl", {"text": ""}, 0)):
            self.write(name, json.dumps(line) + "\n")
            for words in ((), ("--near-whole", "1")):
                said = self.inspect(name, *words, code=code).stderr
                self.assertNotIn("warning: ", said)
                self.assertNotIn("inspect:", said)

    def test_records_in_a_list_of_one_are_reached_as_it_says(self):
        rows = [{"prompt": f"p {n}", "completion": f"c {n}"} for n in range(10)]
        self.write("dump.json", json.dumps({"data": rows, "version": 1}))
        said = self.inspect("dump.json", code=3).stdout
        self.assertIn("data holds a list of 10 objects that fit prompt-completion; ", said)
        command = re.search(r"if they are the records: (jq .*)$", said, re.M).group(1)
        self.assertEqual(command, "jq -c '.data[]' FILE > records.jsonl")
        if not shutil.which("jq"):
            self.skipTest("jq is not installed")
        subprocess.run(command.replace("FILE", "dump.json"), shell=True, cwd=self.tmp.name,
                       check=True)
        self.assertIn("10 records, 0 unreadable", self.inspect("records.jsonl").stdout)


    def test_contradicting_labels_are_told_and_the_cure_keeps_both(self):
        self.write("thumbs.jsonl", "".join(
            json.dumps({"prompt": "p", "completion": "c", "label": label}) + "\n"
            for label in (True, False, True)))
        found = {f["code"]: f for f in
                 json.loads(self.inspect("thumbs.jsonl", "--json").stdout)["findings"]}
        self.assertEqual(found["T1241"]["count"], 3)
        words = shlex.split(found["T1701"]["remedy"])
        self.assertEqual(words, ["tamis", "dedup.exact", "thumbs.jsonl", "--within", "label"])
        kept = subprocess.run([os.path.abspath(TAMIS), *words[1:], "-o", "-", "--quiet"],
                              cwd=self.tmp.name, capture_output=True, check=True).stdout
        self.assertEqual([json.loads(line)["label"] for line in kept.splitlines()], [True, False])


if __name__ == "__main__":
    unittest.main()
