"""The wheel: what is in it, the same bytes each time, and at work in a fresh environment, where
nothing of this tree is on the path."""
# time-limit: 300

import base64
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

from python_package import ROOT, package

TREE = package()
PROGRAM = """
import os, sys
import tamis
from tamis import _tamis
assert os.path.realpath(tamis.__file__).startswith(os.path.realpath(sys.prefix)), tamis.__file__
path = os.path.join(sys.argv[1], "a.jsonl")
with open(path, "w") as file:
    file.write('{"text": "a b c"}\\n{"text": "a b c"}\\n{"text": "d"}\\n')
chain = tamis.read(path).dedup.exact()
assert [row["text"] for row in chain] == ["a b c", "d"]
run = chain.run(os.path.join(sys.argv[1], "out"))
print(tamis.__version__, run.counts["merged"])
assert not {"pyarrow", "pandas", "polars", "numpy"} & set(sys.modules)
"""


def others():
    """Other Pythons of this machine, 3.9 and later: the wheel is for them as well."""
    found = {}
    for path in sorted(glob.glob("/usr/bin/python3.*") + glob.glob("/usr/local/bin/python3.*")
                       + glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python"))):
        said = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2])"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        version = tuple(map(int, said.stdout.split())) if said.returncode == 0 else ()
        if version >= (3, 9) and version != sys.version_info[:2]:
            found[version] = path
    return list(found.values())


class Wheel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.wheel = cls.make(os.path.join(cls.folder, "dist"))

    @classmethod
    def make(cls, out):
        tool = os.path.join(ROOT, "tools/make_wheel.py")
        done = subprocess.run([sys.executable, "-B", tool, "--tree", TREE, "--out", out],
                              check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def test_contents(self):
        with open(os.path.join(ROOT, "VERSION"), encoding="utf-8") as file:
            version = file.read().strip()
        name = os.path.basename(self.wheel)
        self.assertRegex(name, rf"^tamis-{version}-cp39-abi3-linux_\w+\.whl$")
        with zipfile.ZipFile(self.wheel) as wheel:
            names = wheel.namelist()
            for want in ("__init__.py", "_tamis.abi3.so", "_tamis.pyi", "py.typed", "operators.py",
                         "spark.py", "stages.py", "dataset.py"):
                self.assertIn("tamis/" + want, names)
            record = wheel.read(f"tamis-{version}.dist-info/RECORD").decode()
            rows = [row.rsplit(",", 2) for row in record.splitlines()]
            self.assertEqual(sorted(row[0] for row in rows), sorted(names))
            for path, digest, size in rows:
                if not path.endswith("RECORD"):
                    body = wheel.read(path)
                    sha = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=")
                    self.assertEqual((digest, size), ("sha256=" + sha.decode(), str(len(body))))
            self.assertIn(f"Version: {version}\n",
                          wheel.read(f"tamis-{version}.dist-info/METADATA").decode())

    def test_the_same_bytes_each_time(self):
        with open(self.wheel, "rb") as one, open(self.make(self.folder + "/again"), "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_the_extension_shows_one_name_and_needs_little(self):
        path = os.path.join(TREE, "tamis/_tamis.abi3.so")
        shown = subprocess.run(["nm", "-D", "--defined-only", path], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.split()
        self.assertEqual(shown[1:], ["T", "PyInit__tamis"])
        asked = subprocess.run(["nm", "-D", "--undefined-only", path], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.split()
        private = [name for name in asked if name.startswith("_Py") and not name.endswith("_SizeT")]
        self.assertLessEqual(set(private), {"_Py_Dealloc", "_Py_NoneStruct"})  # of the stable ABI

    def test_installed_in_a_fresh_environment(self):
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        for number, python in enumerate([sys.executable, *others()]):
            with self.subTest(python=python):
                self.check_installed(python, os.path.join(self.folder, f"env-{number}"), env)

    def check_installed(self, python, venv, env):
        subprocess.run([python, "-m", "venv", "--without-pip", venv], check=True, env=env)
        inside = os.path.join(venv, "bin/python")
        if python == sys.executable:
            pip = [python, "-m", "pip", "--python", inside, "--quiet", "install", "--no-index",
                   "--no-deps", "--no-compile", "--disable-pip-version-check", self.wheel]
            subprocess.run(pip, check=True, env=env)
        else:  # its pip may be too old to be told of another Python: unpacking is what it does
            (site,) = glob.glob(os.path.join(venv, "lib/python*/site-packages"))
            with zipfile.ZipFile(self.wheel) as wheel:
                wheel.extractall(site)
        work = tempfile.mkdtemp(dir=self.folder)
        done = subprocess.run([inside, "-c", PROGRAM, work], env=env, cwd=work, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        with open(os.path.join(ROOT, "VERSION"), encoding="utf-8") as file:
            self.assertEqual(done.stdout.split(), [file.read().strip(), "1"])



if __name__ == "__main__":
    unittest.main()
