"""What the tests of the laws share: running the program, reading what it wrote, making data."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TAMIS = os.environ.get("TAMIS", os.path.join(ROOT, "build/release/tamis"))
if not os.path.isabs(TAMIS):
    TAMIS = os.path.join(ROOT, TAMIS)
SHARED = os.path.abspath(os.environ.get("TAMIS_SHARED", os.path.join(ROOT, "..", "shared")))


class LawCase(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, data):
        path = self.path(name)
        with open(path, "wb") as out:
            out.write(data if isinstance(data, bytes) else data.encode())
        return path

    def tamis(self, *words, stdin=None, env=None, expect=0):
        done = subprocess.run(
            [TAMIS, *words],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            check=False,
        )
        if expect is not None:
            self.assertEqual(done.returncode, expect, (words, done.stderr.decode(errors="replace")))
        return done

    def run_folder(self, name, *words, expect=0, env=None):
        """Runs into a folder; gives its path."""
        folder = self.path(name)
        self.tamis(*words, "-o", folder + "/", "--quiet", expect=expect, env=env)
        return folder

    def data(self, folder):
        """All decoded data of a run, in order."""
        out = b""
        for output in manifest(folder)["outputs"]:
            if output["route"] != "parked":
                out += self.decode(os.path.join(folder, output["path"]))
        return out

    def routes(self, folder):
        """{text: route} of what a run wrote as plain JSONL with texts that differ."""
        routes = {}
        for output in manifest(folder)["outputs"]:
            with open(os.path.join(folder, output["path"]), encoding="utf-8") as file:
                for line in file:
                    text = json.loads(line)["text"]
                    self.assertNotIn(text, routes)
                    routes[text] = output["route"]
        return routes

    def decode(self, path):
        """The decoded bytes of a file, by tools that are not ours where they are there."""
        for suffix, tool in ((".zst", "zstd"), (".gz", "gzip")):
            if path.endswith(suffix) and shutil.which(tool):
                return subprocess.run(
                    [tool, "-dc", path], stdout=subprocess.PIPE, check=True
                ).stdout
        if path.endswith((".zst", ".gz")):
            return self.tamis("cat", path).stdout
        with open(path, "rb") as file:
            return file.read()

    def demo(self, records=1500, seed=3, files=3):
        """The demo's messy data; gives the file names."""
        folder = self.path(f"demo-{records}-{seed}")
        if not os.path.isdir(folder):
            subprocess.run(
                [
                    sys.executable,
                    os.path.join(ROOT, "tools/make_demo.py"),
                    folder,
                    "--records",
                    str(records),
                    "--seed",
                    str(seed),
                    "--files",
                    str(files),
                ],
                check=True,
            )
        return sorted(
            os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("chats")
        )


def manifest(folder):
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        return json.load(file)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def operators():
    """The registry, as the program tells it."""
    out = subprocess.run([TAMIS, "ops", "--json"], stdout=subprocess.PIPE, check=True).stdout
    told = json.loads(out)
    return told["ops"] if isinstance(told, dict) else told
