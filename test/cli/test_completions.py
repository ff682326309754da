"""Every option that the parser takes for a verb stands in its help, in the manual page and in the
completions of each shell, and nothing else does; completions offer what the first word may be.

What the parser takes is found by asking it: a name that it does not know is refused as one. The
completions are asked in the shells themselves, those that are installed (cli/option_walk.c)."""
# time-limit: 120

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "laws"))
from lawkit import TAMIS, LawCase  # noqa: E402

ZSH = """compadd() { shift; print -l -- "$@" }; _files() { print -l -- *(N) }; compdef() { : }
source $1; shift; words=("$@") CURRENT=$# PREFIX=${@[-1]}; _tamis"""
BASH = """. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tamis 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}" """


def said(*words):
    return subprocess.run([TAMIS, *words], capture_output=True, text=True, check=False)


def dashed(name):
    return "--" + name.replace("_", "-")


class Registry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tables = tables = json.loads(said("ops", "--tables").stdout)
        cls.verbs = {v["name"]: v for v in tables["commands"] + tables["operators"]}
        cls.shared = tables["options"] + tables["step"]
        every = cls.shared + [p for verb in cls.verbs.values() for p in verb["params"]]
        cls.names = sorted({p["name"] for p in every})

    def taken(self, verb):
        """Names of the options that the parser takes."""
        of = self.verbs[verb]
        if any(p.get("rest") for p in of["params"]):  # it takes any name: those it describes
            own = {p["name"] for p in of["params"] + self.shared}
            return own - (set() if of["then"] else {"then"})
        refused = re.compile(f"there is no option|{re.escape(verb)} takes no ")
        own = {p["name"] for p in of["params"] + self.shared}
        alien = [n for n in self.names if n not in own][:3]
        taken = {n for n in [*own, *alien]
                 if not refused.search(said(verb, dashed(n) + "=1", "--help").stderr)}
        return taken - ({"then"} if of.get("then") == [] else set())

    def test_options_are_told_where_they_are_taken(self):
        man = said("man").stdout.replace("\\", "")
        in_man = set(re.findall(r"Fl -(?!no-)([a-z0-9-]+)", man))
        scripts = {shell: said("completions", shell).stdout for shell in ("bash", "zsh", "fish")}
        for verb in self.verbs:
            want = {dashed(n) for n in self.taken(verb)}
            help_page = said(verb, "--help").stdout
            told = set(re.findall(r"^  (?:-[a-z], )?(--[a-z0-9-]+)", help_page, re.M))
            self.assertEqual(told, want, verb)
            self.assertLessEqual({w[2:] for w in want}, in_man, verb)
            for shell in ("bash", "zsh"):
                line = re.search(rf"^    {re.escape(verb)}\) options=\"([^\"]*)\"",
                                 scripts[shell], re.M)
                self.assertEqual({w for w in line[1].split() if not w.startswith("--no-")},
                                 want | self.letters(verb), (shell, verb))
            offered = re.findall(rf"'__tamis_verb {re.escape(verb)}' -l (?!no-)(\S+)",
                                 scripts["fish"])
            self.assertEqual({"--" + name for name in offered}, want, verb)

    def letters(self, verb):
        """-n of head, -o of what runs: each verb's own, as its help tells them."""
        told = re.findall(r"^  (-[a-z]), --", said(verb, "--help").stdout, re.M)
        self.assertEqual(len(told), len(set(told)), verb)
        return set(told)

    def test_letters_are_short_names(self):
        lines = "".join(f'{{"text":"{i}"}}\n' for i in range(9))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.jsonl")
            with open(path, "w", encoding="utf-8") as out:
                out.write(lines)
            want = "".join(lines.splitlines(True)[:5])
            for words in (["-n", "5", path], [path, "-n5"], ["-j1", "-n", "5", path]):
                done = said("head", *words, "-o", "-")
                self.assertEqual((done.returncode, done.stdout), (0, want), (words, done.stderr))
            self.assertEqual(len(said("sample", "-n", "4", path, "-o", "-").stdout.split()), 4)
            for words in (["-n"], ["-nfive", path], ["-q5", path]):
                self.assertEqual(said("head", *words).returncode, 2, words)
            self.assertIn("no option -n", said("cat", "-n", "5", path).stderr)

    def test_words_of_then_are_those_of_the_operator(self):
        script = said("completions", "bash").stdout
        for op in self.tables["operators"]:
            line = re.search(rf"^    {re.escape(op['name'])}\) .*", script, re.M)[0]
            values = re.search(r" --then\) values=\"([^\"]*)\"", line)
            self.assertEqual(values[1].split() if values else [], op["then"], op["name"])

    def test_options_of_runs_are_refused_where_nothing_runs(self):
        for words in (("doctor", "--threads", "3"), ("man", "--json"), ("explain", "--memory=1")):
            done = said(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("there is no option " + words[1].split("=")[0], done.stderr)


class Shells(LawCase):
    def setUp(self):
        super().setUp()
        self.write("notes.txt", "x\n")
        self.operators = {op["name"] for op in json.loads(said("ops", "--json").stdout)}

    def script(self, shell):
        return self.write("tamis." + shell, said("completions", shell).stdout)

    def bash(self, words):
        return ["bash", "--norc", "-c", BASH, "sh", self.script("bash"), *words]

    def zsh(self, words):
        return ["zsh", "-f", "-c", ZSH, "sh", self.script("zsh"), *words]

    def fish(self, words):
        return ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]",
                self.script("fish"), " ".join(words)]

    def offered(self, shell, *words):
        done = subprocess.run(getattr(self, shell)(["tamis", *words]), cwd=self.folder, text=True,
                              capture_output=True, check=False,
                              env={**os.environ, "HOME": self.folder})
        self.assertEqual(done.stderr, "", (shell, words))
        return {line.split("\t")[0] for line in done.stdout.splitlines() if line}

    def ask(self, shell):
        if not shutil.which(shell):
            self.skipTest(f"{shell} is not installed")

        def offers(*words):
            return self.offered(shell, *words)

        self.assertEqual(offers("completions", ""), {"bash", "zsh", "fish"})
        self.assertEqual(offers("ops", ""), self.operators)
        self.assertEqual(offers("doctor", ""), set())
        self.assertLessEqual({"last", "notes.txt"}, offers("audit", ""))
        self.assertIn("last", offers("explain", "--json", ""))
        self.assertNotIn("last", offers("explain", "run", ""))
        self.assertIn("notes.txt", offers("explain", "run", ""))
        self.assertIn("notes.txt", offers("length", "a", "no"))
        self.assertLessEqual(self.operators | {"refine", "explain"}, offers(""))
        self.assertNotIn("notes.txt", offers(""))
        self.assertLessEqual({"--then", "--name", "--keep", "--threads"},
                             offers("dedup.exact", "a", "--"))
        self.assertIn("merge", offers("dedup.exact", "--then", ""))
        self.assertNotIn("notes.txt", offers("dedup.exact", "--then", ""))
        self.assertLessEqual({"--json", "--help", "--color"}, offers("explain", "run", "--"))
        self.assertNotIn("--threads", offers("explain", "run", "--"))
        self.assertLessEqual({"--resume", "--no-resume"}, offers("refine", "--"))
        self.assertEqual(offers("cat", "x", "--utf8", ""), {"strict", "replace"})

    def test_bash(self):
        self.ask("bash")

    def test_zsh(self):
        self.ask("zsh")

    def test_fish(self):
        self.ask("fish")


if __name__ == "__main__":
    unittest.main()
