#!/usr/bin/env python3
"""What README, ARCHITECTURE and docs/ show is run, read and followed.

Of each page, in order and in one scratch folder of its own:
  ```console  `$ command` lines are run (continued by a backslash or a here-document), and what they
              print (both streams) is compared with the lines below them. `...` stands for anything
              within a line, on a line of its own for any lines. Seconds, rates and megabytes are
              not compared. A command that shows nothing must succeed.
  ```sh       run; must succeed.
  ```python   run; a ```text fence right behind it is what it prints.
  ```yaml     a recipe: `tamis run --dry-run` takes it, or, where a ```text fence right behind it
              holds a message of recipe.yaml, refuses it with that message.
  ```json     each line, or the whole, is JSON.
`make demo` runs what it runs once everything is built. Links and their anchors must lead somewhere.
"""
# time-limit: 180

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import python_package

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TAMIS = os.path.abspath(os.environ.get("TAMIS", os.path.join(ROOT, "build/release/tamis")))
FENCE = re.compile(r"^(```+|~~~+) *(\S*)[^\n]*\n(.*?)^\1 *$", re.M | re.S)
FIGURE = re.compile(r"\b[\d,.]+(?= (?:s|MB|MB/s|GB/s)\b)")
NEEDS = ("duckdb", "polars", "pandas", "pyarrow", "tamis")
INPUT = '{"prompt":"one two","completion":"three four five","meta":{"consent":true}}\n'


try:
    PACKAGE = python_package.package()  # for the pages that import tamis
except unittest.SkipTest:
    PACKAGE = ""


def pages():
    found = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"]
    found += sorted(glob.glob("docs/**/*.md", root_dir=ROOT, recursive=True))
    return [p for p in found if os.path.exists(os.path.join(ROOT, p))]


def read(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def fences(page):
    """(line, language, text, the text fence right behind it or None) of a page."""
    text, found = read(page), []
    matches = list(FENCE.finditer(text))
    for match, after in zip(matches, matches[1:] + [None]):
        behind = None
        if after and after.group(2) == "text" and not text[match.end():after.start()].strip():
            behind = after.group(3)
        line = text.count("\n", 0, match.start()) + 1
        found.append((line, match.group(2), match.group(3), behind))
    return found


def commands(text):
    """(command, expected output) of a console fence."""
    lines, found = text.split("\n")[:-1], []
    while lines:
        line = lines.pop(0)
        if not line.startswith("$ "):
            raise AssertionError("a console fence begins with a command: " + line)
        command = line[2:]
        while command.endswith("\\") and lines:
            command += "\n" + lines.pop(0)
        here = re.search(r"<<'(\w+)'", command)
        while here and lines:
            command += "\n" + lines.pop(0)
            if command.endswith("\n" + here.group(1)):
                break
        shown = []
        while lines and not lines[0].startswith("$ "):
            shown.append(lines.pop(0))
        while shown and not shown[-1]:
            shown.pop()
        found.append((command, "\n".join(shown)))
    return found


def agrees(shown, printed):
    """Whether the output is the one that a page shows."""
    pattern = ""
    lines = FIGURE.sub("#", shown).rstrip("\n").split("\n")
    for number, line in enumerate(lines):
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
            continue
        pattern += r"[^\n]*?".join(re.escape(p) for p in line.rstrip().split("..."))
        pattern += r" *" + ("\n" if number + 1 < len(lines) else r"\n?")
    return re.fullmatch(pattern, FIGURE.sub("#", printed.rstrip("\n") + "\n")) is not None


class Scratch:
    """A folder with the program on its path and the tools beside it."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(dir=os.environ.get("TAMIS_TMP"))
        self.folder = os.path.join(self.holder.name, "work")
        bin_folder = os.path.join(self.holder.name, "bin")
        os.makedirs(self.folder)
        os.makedirs(bin_folder)
        os.symlink(TAMIS, os.path.join(bin_folder, "tamis"))
        python = os.path.join(bin_folder, "python3")  # a link would lose its environment
        with open(python, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        os.chmod(python, 0o755)
        for name in ("tools", "recipes"):
            os.symlink(os.path.join(ROOT, name), os.path.join(self.folder, name))
        self.env = {**os.environ, "PATH": bin_folder + ":" + os.environ["PATH"],
                    "TAMIS": "tamis", "HOME": self.holder.name, "LC_ALL": "C.UTF-8",
                    "PYTHONPATH": PACKAGE}

    def shell(self, command):
        if command == "make demo":
            command = "sh tools/demo.sh"
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def close(self):
        self.holder.cleanup()


def missing(program):
    """A package that a Python example needs and that is not installed."""
    for name in NEEDS:
        if re.search(r"^(?:import|from) %s\b" % name, program, re.M) or "%s." % name in program:
            try:
                __import__(name)
            except ImportError:
                return name
    return None


class Page(unittest.TestCase):
    """The examples of the pages; `run_page` does the work of each test below."""

    maxDiff = None

    def console(self, scratch, where, text):
        for command, shown in commands(text):
            code, printed = scratch.shell(command)
            if not shown:
                self.assertEqual((code, printed), (0, ""), f"{where}: {command}")
            elif not agrees(shown, printed):
                self.assertEqual(printed, shown, f"{where}: {command}")

    def recipe(self, scratch, where, text, behind):
        self.assertRegex(text, r"(?m)^steps:", f"{where}: no recipe without steps")
        scratch.write("recipe.yaml", text)
        scratch.write("one.jsonl", INPUT)
        rows = re.findall(r"(?m)^reference: (.*)$", behind or "")
        if rows and "references:" not in text:  # the reference of an operator's example
            scratch.write("reference.jsonl", "\n".join(rows) + "\n")
            scratch.write("recipe.yaml", text + "references: {reference: reference.jsonl}\n")
        code, printed = scratch.shell("tamis run recipe.yaml one.jsonl --dry-run")
        if behind and behind.startswith("recipe.yaml:"):
            self.assertNotEqual(code, 0, f"{where}: a message is shown and none came")
            self.assertEqual(printed, behind, where)
        else:
            self.assertEqual(code, 0, f"{where}: {printed}")

    def python(self, scratch, where, text, behind):
        if missing(text):
            print(f"{where}: skipped, {missing(text)} is not installed")
            return
        scratch.write("example.py", text)
        code, printed = scratch.shell("python3 example.py")
        self.assertEqual(code, 0, f"{where}: {printed}")
        if behind is not None and not agrees(behind, printed):
            self.assertEqual(printed, behind, where)

    def run_page(self, page):
        scratch = Scratch()
        self.addCleanup(scratch.close)
        for line, language, text, behind in fences(page):
            where = f"{page}:{line}"
            if language == "console":
                self.console(scratch, where, text)
            elif language == "sh":
                code, printed = scratch.shell(text)
                self.assertEqual(code, 0, f"{where}: {printed}")
            elif language == "python":
                self.python(scratch, where, text, behind)
            elif language == "yaml":
                self.recipe(scratch, where, text, behind)
            elif language == "json":
                try:
                    json.loads(text)
                except ValueError:
                    for row in text.strip().split("\n"):
                        json.loads(row)


def anchors(page):
    """The ids of a page's headings, as the usual forges make them."""
    text = FENCE.sub("", read(page))
    found = set()
    for heading in re.findall(r"^#+ +(.*?) *#*$", text, re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add("".join(c for c in heading if c.isalnum() or c in " -_").replace(" ", "-"))
    return found


class Links(unittest.TestCase):
    """Where the pages point."""

    def test_every_link_leads_to_a_file_and_a_heading_that_are_there(self):
        for page in pages():
            text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", read(page)))
            for link in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, part = link.partition("#")
                goal = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                self.assertTrue(os.path.exists(os.path.join(ROOT, goal)), f"{page}: {link}")
                if part and goal.endswith(".md"):
                    self.assertIn(part, anchors(goal), f"{page}: {link}")

    def test_files_that_the_architecture_names_are_there(self):
        if not os.path.exists(os.path.join(ROOT, "ARCHITECTURE.md")):
            self.skipTest("no ARCHITECTURE.md")
        text = read("ARCHITECTURE.md")
        for name in re.findall(r"`?\b((?:\w+/)+[\w.]+\.(?:c|h|def|py|sh|md))\b", text):
            there = any(os.path.exists(os.path.join(ROOT, top, name)) for top in ("", "src"))
            self.assertTrue(there, name)
        folders = [os.path.basename(f[:-1]) for f in glob.glob(os.path.join(ROOT, "src/*/"))]
        with open(os.path.join(ROOT, "src/LAYERS"), encoding="utf-8") as file:
            layers = re.findall(r"^(\w+) *:", file.read(), re.M)
        for layer in layers + folders:
            self.assertRegex(text, r"(?m)^\| `%s` \|" % layer)

    def test_pictures_are_small(self):
        for picture in glob.glob(os.path.join(ROOT, "docs/images/*")):
            self.assertLess(os.path.getsize(picture), 300 << 10, picture)


class Comparison(unittest.TestCase):
    """The comparison itself sees differences."""

    def test_other_output_is_seen_and_figures_are_not(self):
        self.assertTrue(agrees("a\n...\nz 0.2 s", "a\nb\nc\nz 1.35 s\n"))
        self.assertTrue(agrees("a ... c", "a b c\n"))
        self.assertFalse(agrees("a\nb", "a\nc\n"))
        self.assertFalse(agrees("a", "a\nb\n"))
        self.assertFalse(agrees("a\n...\nz 2 records", "a\nz 3 records\n"))

    def test_here_documents_and_continued_lines_are_one_command(self):
        text = "$ cat > f <<'EOF'\n$ 1\nEOF\n$ a \\\n  b\nout\n\n"
        self.assertEqual(commands(text), [("cat > f <<'EOF'\n$ 1\nEOF", ""), ("a \\\n  b", "out")])


def add_pages():
    for page in pages():
        name = "test_the_examples_of_" + re.sub(r"\W", "_", page[:-3])
        setattr(Page, name, lambda self, page=page: self.run_page(page))


add_pages()

if __name__ == "__main__":
    unittest.main()
