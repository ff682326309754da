"""The example program builds against what `make install` installs and says what the program says;
the shared library's stream is read by pyarrow, when that is there."""

# time-limit: 300

import ctypes
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TAMIS_BUILD", os.path.join(ROOT, "build/release")))
VARIANT = os.path.basename(BUILD)


RECORDS, PARTS = 0, 1


class Options(ctypes.Structure):
    """tamis_options, as tamis.h has it."""

    _fields_ = [(name, kind) for kind, names in (
        (ctypes.c_size_t, ["bytes"]),
        (ctypes.c_char_p, ["recipe", "recipe_name", "recipe_file", "op"]),
        (ctypes.POINTER(ctypes.c_char_p), ["params", "settings", "inputs"]),
        (ctypes.c_char_p, ["folder", "file"]),
        (ctypes.c_uint, ["threads"]),
        (ctypes.c_int, ["overwrite", "no_resume"])) for name in names]


def pyarrow(test):
    try:
        import pyarrow
    except ImportError:
        test.skipTest("pyarrow is not there")
    return pyarrow


@unittest.skipUnless(VARIANT in ("release", "clang"), "only for release builds")
class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=os.environ.get("TAMIS_TMP"))
        cls.prefix = os.path.join(cls.folder, "usr")
        made = subprocess.run(
            ["make", "-s", "-C", ROOT, f"V={VARIANT}", f"BUILD={os.path.dirname(BUILD)}",
             f"PREFIX={cls.prefix}", "install"], capture_output=True, text=True)
        assert made.returncode == 0, made.stdout + made.stderr
        subprocess.run([sys.executable, os.path.join(ROOT, "tools/make_demo.py"), cls.folder,
                        "--records", "600", "--files", "1"], check=True)
        cls.data = os.path.join(cls.folder, "chats-1.jsonl")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def kept(self, *words):
        """The records that the program keeps, as lines."""
        out = subprocess.run([os.path.join(self.prefix, "bin/tamis"), *words, "-o", "-", "--quiet",
                              "--limit-unreadable", "100%"], capture_output=True)
        self.assertEqual(out.returncode, 0, out.stderr)
        return out.stdout.splitlines()

    def build(self, source, name):
        """A program against what was installed, as pkg-config says, and the environment to run it
        in."""
        env = {**os.environ, "PKG_CONFIG_PATH": os.path.join(self.prefix, "lib/pkgconfig")}
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "tamis"], env=env, check=True,
                               capture_output=True, text=True).stdout.split()
        program = os.path.join(self.folder, name)
        strict = ["-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
        subprocess.run(["cc", *strict, "-o", program, source, *flags], check=True)
        return program, {**env, "LD_LIBRARY_PATH": os.path.join(self.prefix, "lib")}

    def test_the_example_says_what_the_program_says(self):
        program, env = self.build(os.path.join(ROOT, "examples/long_answers.c"), "long_answers")
        out = subprocess.run([program, "words(response) >= 40", self.data], env=env,
                             capture_output=True, text=True)
        lines = self.kept("filter", self.data, "--keep", "words(response) >= 40")
        longest = max(lines, key=len)
        with open(self.data, "rb") as file:
            line = 1 + file.read().splitlines().index(longest)
        self.assertEqual(out.stdout, f"{len(lines)} records kept; the longest has {len(longest)} "
                                     f"bytes and stands in line {line}\n", out.stderr)
        out = subprocess.run([program, "wrods(response) >= 40", self.data], env=env,
                             capture_output=True, text=True)
        self.assertEqual(out.returncode, 2)
        self.assertIn("words", out.stderr)

    def test_the_program_of_the_guide_runs(self):
        with open(os.path.join(ROOT, "docs/guide/library.md"), encoding="utf-8") as file:
            source = re.search(r"```c\n(.*?)```", file.read(), re.S).group(1)
        with open(os.path.join(self.folder, "guide.c"), "w", encoding="utf-8") as file:
            file.write(source)
        program, env = self.build(os.path.join(self.folder, "guide.c"), "guide")
        shutil.copy(self.data, os.path.join(self.folder, "train.jsonl"))
        out = subprocess.run([program], cwd=self.folder, env=env, capture_output=True, text=True)
        self.assertEqual(out.returncode, 0, out.stderr)
        with open(os.path.join(self.folder, "clean/manifest.json"), encoding="utf-8") as file:
            self.assertEqual(json.loads(out.stdout)["counts"], json.load(file)["counts"])
        again = subprocess.run([program], cwd=self.folder, env=env, capture_output=True, text=True)
        self.assertEqual(again.returncode, 2)
        self.assertIn("holds a finished run", again.stderr)

    def stream(self, pa, table, inputs, recipe):
        """A stream of the shared library, as pyarrow sees it. The plan is closed at once."""
        library = ctypes.CDLL(os.path.join(self.prefix, "lib/libtamis.so"))
        library.tamis_close.argtypes = [ctypes.c_void_p]
        library.tamis_stream.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p,
                                         ctypes.c_void_p]
        plan = ctypes.c_void_p()
        stream = ctypes.create_string_buffer(5 * ctypes.sizeof(ctypes.c_void_p))
        options = Options()
        options.bytes = ctypes.sizeof(Options)
        options.recipe = recipe
        options.settings = (ctypes.c_char_p * 2)(b"limits.unreadable=100%", None)
        options.inputs = (ctypes.c_char_p * (len(inputs) + 1))(*[i.encode() for i in inputs], None)
        self.assertEqual(library.tamis_open(ctypes.byref(plan), ctypes.byref(options), None), 0)
        self.assertEqual(library.tamis_stream(plan, table, stream, None), 0)
        library.tamis_close(plan)
        return pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))

    def test_pyarrow_reads_the_stream(self):
        pa = pyarrow(self)
        reader = self.stream(pa, RECORDS, [self.data],
                             b"{steps: [check.record, length, dedup.exact]}")
        table = reader.read_all()
        self.assertEqual(table.column_names[:6],
                         ["place", "path", "source", "line", "layout", "record"])
        with open(os.path.join(self.folder, "r.yaml"), "w", encoding="utf-8") as file:
            file.write("steps: [check.record, length, dedup.exact]\n")
        lines = self.kept("run", os.path.join(self.folder, "r.yaml"), self.data)
        self.assertEqual([r.encode() for r in table["record"].to_pylist()], lines)
        self.assertEqual(table["place"].to_pylist(), sorted(table["place"].to_pylist()))
        for row in table.slice(0, 50).to_pylist():
            turns = len(json.loads(row["record"])["messages"])
            self.assertEqual(row["length.turns"], turns)

    def test_pyarrow_reads_texts(self):
        table = self.stream(pyarrow(self), PARTS, [self.data], b"{steps: []}").read_all()
        with open(self.data, "rb") as file:
            lines = file.read().splitlines()
        seen = 0
        for row in table.to_pylist()[:500]:
            if not re.fullmatch(r"messages\[\d+\]\.content", row["part"]):
                continue
            messages = json.loads(lines[row["line"] - 1].removeprefix(b"\xef\xbb\xbf"))["messages"]
            message = messages[int(row["part"][9:-9])]
            self.assertEqual(row["text"], message["content"])
            self.assertEqual(row["role"], message["role"])
            seen += 1
        self.assertGreater(seen, 300)

    def test_a_broken_input_gives_what_came_before_and_then_says_so(self):
        pa = pyarrow(self)
        whole = b"".join(b'{"text":"%d"}\n' % i for i in range(500000))
        packed = gzip.compress(whole, 1)
        broken = os.path.join(self.folder, "broken.jsonl.gz")
        with open(broken, "wb") as file:
            file.write(packed[:len(packed) // 2])
        reader = self.stream(pa, RECORDS, [broken], b"{steps: []}")
        rows = 0
        with self.assertRaises((OSError, pa.ArrowInvalid)) as said:
            for batch in reader:
                rows += len(batch)
        self.assertGreater(rows, 200000)
        self.assertIn("could not be decoded to its end", str(said.exception))


if __name__ == "__main__":
    unittest.main()
