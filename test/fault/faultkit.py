"""What the tests of faults, kills and signals share: running a program in a folder of its own,
saying what lies in that folder afterwards, and small datasets made here."""

import gzip
import hashlib
import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FULL = os.environ.get("TAMIS_FULL", "") not in ("", "0")


def program(variable, folder):
    """An absolute path from the environment, or where a build puts it."""
    return os.path.join(ROOT, os.environ.get(variable) or "build/%s/tamis" % folder)


TAMIS = program("TAMIS", "release")
FAULTY = program("TAMIS_FAULT", "fault")


def scratch():
    """A folder in memory where there is one: these tests sync and rename thousands of times."""
    fast = "/dev/shm"
    given = os.environ.get("TAMIS_TMP")
    if os.path.isdir(fast) and os.access(fast, os.W_OK):
        return tempfile.mkdtemp(prefix="tamis-fault-", dir=fast)
    return tempfile.mkdtemp(prefix="tamis-fault-", dir=given)


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = scratch()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def tamis(self, *words, expect=0, stdin=None, **more):
        """Runs the program in the folder and checks its exit code."""
        done = subprocess.run([TAMIS, *words], cwd=self.folder, input=stdin, check=False,
                              stdout=more.pop("stdout", subprocess.PIPE),
                              stderr=subprocess.PIPE, **more)
        done.said = done.stderr.decode("utf-8", "replace")
        if expect is not None:
            self.assertEqual(done.returncode, expect, (words, done.said))
        return done

    def save(self, name, data):
        with open(self.path(name), "wb") as out:
            out.write(data)
        return self.path(name)

    def result(self, name):
        """What law 3 says is always the same: decoded data, counts, ledger and findings."""
        folder = self.path(name)
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        out = {"counts": manifest["counts"], "steps": manifest["steps"],
               "inputs": manifest["inputs"], "outputs": manifest["outputs"]}
        for file in ("ledger.parquet", "findings.parquet"):
            out[file] = digest(os.path.join(folder, file))
        data = [o["path"] for o in manifest["outputs"] if o["route"] != "parked"]
        decoded = b"".join(self.tamis("cat", os.path.join(folder, d)).stdout for d in data)
        out["data"] = hashlib.sha256(decoded).hexdigest()
        return out


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def tree(folder):
    """Every file below a folder with its bytes, by its path."""
    out = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                out[os.path.relpath(path, folder)] = file.read()
    return out


def chat(number, words=3):
    """One record; some are equal, some are empty, so that there is something to find."""
    question = "question %d %s" % (number % 7, "why " * words)
    answer = "" if number % 11 == 5 else "answer %d\u200b because %s " % (number % 5, "so " * words)
    return {"id": number, "messages": [{"role": "user", "content": question},
                                       {"role": "assistant", "content": answer}]}


def lines(records):
    return b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\n" for r in records)


def make_inputs(folder):
    """The small inputs of all commands, one of each container and codec."""
    os.makedirs(os.path.join(folder, "texts/sub"))
    records = [chat(i) for i in range(20)]
    plain = lines(records)
    broken = plain + b'{"messages": [{"role": "user", "content": "cut\n' + b'{"a": "\xff"}\n'
    files = {"chats.jsonl": plain, "broken.jsonl": broken,
             "chats.json": json.dumps(records, indent=1).encode(),
             "chats.jsonl.gz": gzip.compress(plain, mtime=0),
             "texts/a.txt": b"one text\n", "texts/sub/b.md": b"# another\n",
             "wide.jsonl": plain.decode().encode("utf-16"),
             "old-train.jsonl": lines(records[:3]), "old-eval.jsonl": lines(records[3:5]),
             "recipe.yaml": RECIPE.encode(), "spill.yaml": SPILL.encode(),
             "sides.yaml": SIDES.encode()}
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(data)
    subprocess.run([TAMIS, "cat", "chats.jsonl", "-o", "chats.jsonl.zst"], cwd=folder, check=True,
                   stderr=subprocess.DEVNULL)
    beside = folder + "-maker"  # so that paths in the manifest are those of the tests' commands
    os.makedirs(beside)
    subprocess.run([TAMIS, "refine", "../in/broken.jsonl", "-o", "../in/done/",
                    "--limit-unreadable", "50%", "--quiet"], cwd=beside, check=True)
    shutil.rmtree(beside)


RECIPE = """seed: 5
inputs:
  chats:
    path: ../in/broken.jsonl
    tags: {origin: "made here"}
steps:
  - check.record: {then: flag}
  - filter: {keep: "words(response) >= 0 and $.id < 100"}
  - clean.text: {on: response}
  - tag: {set: {$.seen: "1"}}
  - dedup.exact: {by: [prompt, response], keep: longest}
  - shuffle
output: {format: jsonl.zst, ledger: signals}
limits: {unreadable: 50%}
"""


SIDES = """inputs: {chats: {path: ../in/chats.jsonl}}
references: {train: {path: ../in/old-train.jsonl}, eval: {path: ../in/old-eval.jsonl}}
steps:
  - dedup.near: {ngram: 1, link: chain, then: flag, against: [train, eval]}
  - dedup.exact: {by: everything, normalise: [case], then: flag, against: [train, eval]}
  - split: {eval: 30%, group: [dedup.near.cluster, dedup.exact.cluster], earlier: [train, eval]}
output: {format: jsonl, ledger: signals}
"""


SPILL = """seed: 6
inputs: {big: {path: ../in/spill.jsonl}}
steps:
  - dedup.exact: {by: [prompt, response]}
  - shuffle
"""


def sized(path, megabytes, seed):
    """A file of chats of about so many megabytes, a third of them copies of earlier ones."""
    chance = random.Random(seed)
    made, bytes_made = [], 0
    with open(path, "wb") as out:
        while bytes_made < megabytes << 20:
            if made and chance.random() < 0.33:
                line = chance.choice(made)
            else:
                record = chat(chance.randrange(1 << 40), chance.randrange(20, 200))
                record["messages"][0]["content"] += "%x" % chance.getrandbits(2400)
                line = lines([record])
                made.append(line)
            out.write(line)
            bytes_made += len(line)
    return path
