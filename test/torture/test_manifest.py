"""Every file of the torture set through cat, check and refine, each as its manifest says: the rows,
the bad lines with their places, and what becomes of the rest. Where the manifest leaves a choice,
OURS says how this program decides it. CSV files and archives are refused with advice."""

import gzip
import os
import shutil
import subprocess
import unittest

from torturekit import (JSON_CODES, MIB, TORTURE, TortureCase, load_lines, manifest, needs_torture,
                        unreadable)

FILES = os.path.join(TORTURE, "files")

# rows: records that are JSON; bad: physical lines that are not; code: what is said of them;
# damage: the source ends badly, with this code; refused: nothing is read, with this code;
# map: how its records are bound; odd: lines that are JSON and no record.
OURS = {
    "cr_only.jsonl": {"rows": 10, "bytes_change": True},
    "utf16le_bom.jsonl": {"rows": 10, "bytes_change": True},
    "utf16be_bom.jsonl": {"rows": 10, "bytes_change": True},
    "utf32le_bom.jsonl": {"rows": 10, "bytes_change": True},
    "nul_bytes.jsonl": {"code": "T1007"},
    "invalid_utf8.jsonl": {"code": "T1008"},
    "mixed_encodings.jsonl": {"code": "T1008", "map": "text=t"},
    "mojibake.jsonl": {"map": "text=t"},
    "lone_surrogates.jsonl": {"rows": 4, "bad": [], "map": "text=t", "parked": 3},
    "duplicate_keys.jsonl": {"rows": 3, "odd": [1, 3]},
    "huge_numbers.jsonl": {"map": "text=n", "parked": 11},
    "deep_500.json": {"rows": 1, "odd": [1], "bytes_change": True},
    "deep_1024.json": {"rows": 1, "odd": [1], "bytes_change": True},
    "deep_10000.json": {"rows": 0, "bad": [1], "code": "T1009"},
    "deep_100000.json": {"rows": 0, "bad": [1], "code": "T1009"},
    "deep_objects_20000.jsonl": {"rows": 1, "bad": [1], "code": "T1009"},
    "unclosed_100k.json": {"rows": 0, "bad": [1], "code": "T1111"},
    "wide_object_20000_keys.jsonl": {"map": "text=k19999", "parked": 1},
    "same_hash_like_keys.jsonl": {"map": "text=BBBBBBBBBBBBBBBBBBBBBBBB", "parked": 1},
    "cut_mid_record.jsonl": {"code": "T1013"},
    "not_objects.jsonl": {"rows": 6, "bad": [], "odd": [1, 2, 3, 4, 5], "map": "text=id",
                          "parked": 1},
    "type_drift.jsonl": {"map": "text=a"},
    "json_array_not_lines.json": {"bytes_change": True},
    "concatenated_pretty.json": {"rows": 3, "bytes_change": True},
    "unicode_lines.jsonl": {"map": "text=t"},
    "unicode_zoo.jsonl": {"map": "text=t"},
    "truncated.jsonl.gz": {"damage": "T1101"},
    "truncated.jsonl.zst": {"damage": "T1101"},
    "bad_crc.jsonl.gz": {"rows": 2000, "damage": "T1102"},
    "bad_size.jsonl.gz": {"rows": 2000, "damage": "T1102"},
    "bad_checksum.jsonl.zst": {"rows": 2000, "damage": "T1102"},
    "flipped_byte.jsonl.gz": {"damage": "T1102"},
    "trailing_garbage.jsonl.gz": {"rows": 2000, "damage": "T1104"},
    "gz_named_plain.jsonl.gz": {"rows": 10},
    "plain_named_gz.jsonl": {"rows": 2000},
    "window_31.jsonl.zst": {"refused": "T1105"},
    "bomb_1GiB_one_line.zst": {"rows": 0, "bad": [1], "code": "T1110"},
    "nested_gz_12.gz": {"refused": "T1120"},
    "slip.tar": {"refused": "T1120"},
    "slip.zip": {"refused": "T1120"},
    "formula_cells.csv": {"refused": "T1120"},
    "ragged.csv": {"refused": "T1120"},
    "cp1252_semicolon.csv": {"refused": "T1120"},
}
BIG = {"bomb_256MiB_rows.jsonl.gz"}  # has a test of its own in test_damage.py
CAP = 256 * MIB


def wanted(row):
    name = os.path.basename(row["file"])
    ours = OURS.get(name, {})
    out = {"name": name, "rows": row.get("rows"), "bad": row.get("bad_lines") or [], "odd": [],
           "code": None, "damage": None, "refused": None, "map": None, "parked": None}
    out.update(ours)
    return out


def lines_of(path, bad):
    """The good lines of a file, as any other tool sees them."""
    with open(path, "rb") as file:
        raw = file.read()
    if raw[:2] == b"\x1f\x8b":
        with gzip.open(path) as file:
            raw = file.read()
    elif raw[:4] == b"\x28\xb5\x2f\xfd":
        raw = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    lines = [line.removesuffix(b"\r") for line in lines]
    return b"".join(line + b"\n" for number, line in enumerate(lines, 1)
                    if line.strip(b" \t\r") and number not in bad)


@needs_torture()
class Manifest(TortureCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = [wanted(row) for row in load_lines("manifest.jsonl")]
        cls.rows = [row for row in cls.rows if row["name"] not in BIG]

    def each(self, refused=False):
        for row in self.rows:
            if bool(row["refused"]) != refused:
                continue
            yield row, os.path.join(FILES, row["name"])

    def exit_of(self, row, lost, good):
        if not good and lost:
            return 3
        return 1 if row["damage"] or lost * 20 > good + lost else 0

    def test_the_table_names_only_files_that_are_there(self):
        names = {row["name"] for row in self.rows}
        self.assertEqual(set(OURS) - names, set())
        self.assertGreaterEqual(len(names), 60)

    def test_cat_gives_the_rows_and_names_the_bad_lines(self):
        for row, path in self.each():
            with self.subTest(file=row["name"]):
                self.cat_one(row, path)

    def cat_one(self, row, path):
        done = self.tamis("cat", path)
        said = done.said()
        bad = [s.line for s in said if not row["damage"] or s.code != row["damage"]]
        out = done.out
        if row["rows"] is not None:
            self.assertEqual(out.count(b"\n"), row["rows"])
            self.assertEqual(done.code, self.exit_of(row, len(bad), row["rows"]))
        if row["damage"]:
            self.assertEqual([s.code for s in said if s.code == row["damage"]],
                             [row["damage"]])
            self.assertEqual(done.code, 1)
            last = [s for s in said if s.code == row["damage"]][0]
            self.assertEqual(last.line, out.count(b"\n") + len(bad) + 1)
            self.assertEqual(last.file, os.fsencode(path))
        else:
            self.assertEqual(bad, row["bad"])
            if row["code"]:
                self.assertEqual({s.code for s in said}, {row["code"]})
        self.assert_peak(done, CAP)
        if not row.get("bytes_change") and not row["damage"] and row["code"] != "T1110":
            self.assertEqual(out, lines_of(path, row["bad"]))

    def test_check_names_the_same_bad_lines(self):
        for row, path in self.each():
            with self.subTest(file=row["name"]):
                self.check_one(row, path)

    def check_one(self, row, path):
        more = ["--map", row["map"]] if row["map"] else []
        done = self.tamis("check", path, *more, "--most", "0")
        said = done.said(done.out)
        reader = JSON_CODES | {row["code"]}
        self.assertEqual([s.line for s in said if s.code in reader], row["bad"])
        self.assertEqual([s.line for s in said if s.code in ("T1020", "T1021")],
                         row["odd"] if "flipped" not in path else
                         [s.line for s in said if s.code == "T1020"])
        if row["damage"]:
            self.assertEqual(said[-1].code, row["damage"])
        errors = bool(row["bad"] or row["odd"] or row["damage"] or row["parked"])
        if row["name"] != "type_drift.jsonl":
            self.assertEqual(done.code, 1 if errors else 0, done.words())
        self.assertRegex(done.words(), r"\brecords?: ")

    def test_refine_accounts_for_every_row_and_bad_line(self):
        for row, path in self.each():
            with self.subTest(file=row["name"]):
                self.refine_one(row, path)

    def refine_one(self, row, path):
        more = ["--map", row["map"]] if row["map"] else []
        lost = len(row["bad"]) + len(row["odd"]) + (1 if row["damage"] else 0)
        expect = (0, 1, 3)
        if row["rows"] is not None:
            expect = self.exit_of(row, lost, row["rows"] - len(row["odd"]))
        folder, done = self.run_folder("refine", path, *more, expect=expect)
        c = self.assert_closes(folder)
        self.assert_peak(done, CAP)
        if row["rows"] is not None:
            self.assertEqual(c["read"], row["rows"] + lost - len(row["odd"]))
            self.assertEqual(c["unreadable"], lost)
        index = unreadable(folder)
        if not row["damage"]:
            self.assertEqual([u["line"] for u in index], sorted(row["bad"] + row["odd"]))
        else:
            self.assertEqual(index[-1]["code"], row["damage"])
            self.assertNotEqual(done.code, 0)
        if row["parked"]:
            self.assertEqual(c["parked"], row["parked"])
        self.raw_bytes_are_kept(folder, index)
        self.assertEqual(manifest(folder)["inputs"][0]["bytes"], os.path.getsize(path))
        shutil.rmtree(folder)

    def raw_bytes_are_kept(self, folder, index):
        """unreadable.bin holds the bytes of each unreadable record, one after another."""
        kept = [u for u in index if u["code"] != "T1110"]
        path = os.path.join(folder, "unreadable.bin")
        size = os.path.getsize(path) if os.path.exists(path) else 0
        at = 0
        for u in kept:
            self.assertEqual(u["at"], at, u)
            at += u["bytes"]
        if len(kept) == len(index):
            self.assertEqual(size, at)

    def test_what_is_not_read_is_refused_with_advice(self):
        for row, path in self.each(refused=True):
            for verb in ("cat", "check", "refine"):
                before = set(os.listdir(self.folder))
                words = ["-o", self.path("never") + "/"] if verb == "refine" else []
                done = self.tamis(verb, path, *words, expect=(2, 3))
                self.assertEqual(done.out, b"")
                self.assertIn(f"({row['refused']})", done.words())
                self.assertIn(row["name"], done.words())
                new = {n for n in os.listdir(self.folder) if not n.startswith(".out")}
                self.assertEqual(new - before, set(), "nothing is written")


if __name__ == "__main__":
    unittest.main()
