"""The package's types: an example of everything passes mypy --strict, the package itself does, and
what is wrong is found."""
# time-limit: 600

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from python_package import environment, need, package

TREE = package()
need("mypy")

EXAMPLE = '''
from __future__ import annotations

import warnings

import tamis

def show(now: tamis.Progress) -> None:
    print(now.doing, now.records)

chain: tamis.Dataset = (
    tamis.read("a.jsonl", ["b.jsonl"], map={"prompt": "q"}, tags={"year": 2026}, utf8="replace")
    .options(seed=1, threads=2, memory="2GiB", unreadable="1%", ledger="fates", progress=show)
    .check.record(profile="strict", then="drop")
    .clean.text(on=["prompt", "response"], fix="control")
    .tag(set={"a": 1, "b": "= words(response)"}, remove=["c"])
    .length()
    .dedup.exact(["prompt", "response"], keep=["max $.rating", "first"])
    .dedup.near(by="response", threshold=0.8, against=tamis.read("old.jsonl"))
    .decontaminate(against="exam.jsonl", fix="cut")
    .filter("words(response) >= 3", name="short")
    .split(eval="2%", test=100, group="$.user")
    .split.turns()
    .sample(count=10)
    .shuffle()
    .head(5)
)
run: tamis.Run = chain.run("out", overwrite=True, progress=True)
kept: int = run.counts["kept"]
files: list[str] = run.files("eval")
counts: dict[str, int] = chain.write("out.jsonl")
for record in chain:
    print(record["prompt"])
raw: list[bytes] = list(chain.records(bytes))
texts: list[str] = list(chain.records(str))
stream: tamis.Stream = chain.stream(parts=True)
try:
    chain.plan()
except tamis.UsageError as error:
    print(error.source, error.line + 1, error.code.upper())
except tamis.FindingsError as error:
    print(error.run.counts if error.run else None)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("error", tamis.TamisWarning)
codes: list[str] = [each.message.code for each in told
                    if isinstance(each.message, tamis.TamisWarning)]
'''
WRONG = [
    'tamis.read("x").dedup.near(threshhold=0.8)',
    'tamis.read("x").dedup.near(by="answer")',
    'tamis.read("x").check.record(then="merge")',
    'tamis.read("x").filter(3)',
    'tamis.read("x").counts()["read"].upper()',
    'tamis.read(3)',
    'tamis.read("x").options(memroy="1GiB")',
]


class Types(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cache = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        cls.addClassCleanup(shutil.rmtree, cls.cache, ignore_errors=True)

    def mypy(self, *words):
        return subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", self.cache,
                               *words], env={**environment(), "MYPYPATH": TREE}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def test_an_example_of_everything(self):
        done = self.mypy("-c", EXAMPLE)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_what_is_wrong_is_found(self):
        done = self.mypy("-c", "import tamis\n" + "\n".join(WRONG) + "\n")
        for number in range(2, 2 + len(WRONG)):
            self.assertIn(f"<string>:{number}: error", done.stdout)

    def test_the_package_itself(self):
        done = self.mypy("-p", "tamis", "--exclude", "spark")
        ours = [line for line in done.stdout.splitlines()
                if "error" in line and "/spark.py" not in line and "/stages.py" not in line
                and line.startswith(TREE)]
        self.assertEqual(ours, [])
        self.assertIn("checked", done.stdout)


if __name__ == "__main__":
    unittest.main()
