"""The example program builds against what `make install` installs and says what the program says;
the shared library's stream is read by pyarrow, when that is there."""

# time-limit: 300

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TAMIS_BUILD", os.path.join(ROOT, "build/release")))
VARIANT = os.path.basename(BUILD)


class Options(ctypes.Structure):
    """tamis_options, as tamis.h has it."""

    _fields_ = [(name, kind) for kind, names in (
        (ctypes.c_size_t, ["bytes"]),
        (ctypes.c_char_p, ["recipe", "recipe_name", "op"]),
        (ctypes.POINTER(ctypes.c_char_p), ["params", "inputs"]),
        (ctypes.c_char_p, ["layout", "folder", "file"]),
        (ctypes.c_uint64, ["memory"]),
        (ctypes.c_uint, ["threads"]),
        (ctypes.c_int, ["overwrite", "no_resume"])) for name in names]


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

    def test_the_example_says_what_the_program_says(self):
        env = {**os.environ, "PKG_CONFIG_PATH": os.path.join(self.prefix, "lib/pkgconfig")}
        flags = subprocess.run(["pkg-config", "--static", "--cflags", "--libs", "tamis"], env=env,
                               check=True, capture_output=True, text=True).stdout.split()
        program = os.path.join(self.folder, "long_answers")
        strict = ["-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
        subprocess.run(["cc", *strict, "-o", program,
                        os.path.join(ROOT, "examples/long_answers.c"), *flags], check=True)
        env["LD_LIBRARY_PATH"] = os.path.join(self.prefix, "lib")
        out = subprocess.run([program, '{keep: "words(response) >= 40"}', self.data], env=env,
                             capture_output=True, text=True)
        lines = self.kept("filter", self.data, "--keep", "words(response) >= 40")
        longest = max(lines, key=len)
        self.assertIn(f"{len(lines)} records kept; the longest has {len(longest)} bytes",
                      out.stdout)
        out = subprocess.run([program, '{kepe: "1"}', self.data], env=env, capture_output=True,
                             text=True)
        self.assertEqual(out.returncode, 2)
        self.assertIn("keep", out.stderr)

    def test_pyarrow_reads_the_stream(self):
        try:
            import pyarrow as pa
        except ImportError:
            self.skipTest("pyarrow is not there")
        library = ctypes.CDLL(os.path.join(self.prefix, "lib/libtamis.so"))
        stream = ctypes.create_string_buffer(5 * ctypes.sizeof(ctypes.c_void_p))
        options = Options()
        options.bytes = ctypes.sizeof(Options)
        options.recipe = b"{steps: [check.record, length, dedup.exact], limits: {unreadable: 100%}}"
        options.inputs = (ctypes.c_char_p * 2)(self.data.encode(), None)
        self.assertEqual(library.tamis_stream(stream, ctypes.byref(options), None), 0)
        reader = pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))
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


if __name__ == "__main__":
    unittest.main()
