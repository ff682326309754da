"""The seven laws, each with a test that fails when it is broken."""

# time-limit: 300

import glob
import html.parser
import json
import os
import stat
import unittest

from lawkit import SHARED, LawCase, digest, manifest

ODD = [
    '{"text":"plain"}',
    '{ "text" : "spaced" ,  "n" : 1.0 , "m":1e400, "z":-0, "k":12345678901234567890 }',
    '{"text":"\\u00e9\\ud83d\\ude00\\/ \\u0041","text2":"\\ud800 alone","e":{},"a":[ ],"nil":null}',
    '{"b":1,"text":"key twice","b":2,"text":"the last binds"}',
    '{"text":"é naïve 漢字 \U0001f600","":"empty key","__proto__":{"x":[1,[2,[3]]]}}',
    '\t {"text":"white space around it"}  ',
]


class Tags(html.parser.HTMLParser):
    """What a browser would see: elements with their attributes, and text."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_data(self, data):
        self.texts.append(data)


class Laws(LawCase):
    def test_1_conservation(self):
        folder = self.run_folder("run", "refine", *self.demo())
        told = manifest(folder)
        counts = told["counts"]
        self.assertEqual(counts["read"], sum(1500 for _ in range(1)))
        self.assertEqual(counts["written"], self.data(folder).count(b"\n"))
        self.assertEqual(
            counts["read"] + counts["made"],
            counts["kept"]
            + counts["dropped"]
            + counts["merged"]
            + counts["parked"]
            + counts["replaced"]
            + counts["unreadable"],
        )
        self.tamis("audit", folder)

    def test_1_audit_sees_what_does_not_close(self):
        folder = self.run_folder("run", "refine", *self.demo())
        path = os.path.join(folder, "manifest.json")
        with open(path, encoding="utf-8") as file:
            told = file.read()
        kept = manifest(folder)["counts"]["kept"]
        with open(path, "w", encoding="utf-8") as file:
            file.write(told.replace(f'"kept":{kept},', f'"kept":{kept - 1},', 1))
        self.tamis("audit", folder, expect=1)

    def test_1_audit_sees_a_changed_output_and_a_changed_input(self):
        files = self.demo()
        folder = self.run_folder("run", "refine", *files, "--format", "jsonl")
        data = os.path.join(folder, "data-00000.jsonl")
        with open(data, "r+b") as file:
            file.seek(20)
            file.write(b"#")
        done = self.tamis("audit", folder, expect=1)
        self.assertIn(b"DIFFERS output", done.stdout)
        with open(files[0], "ab") as file:
            file.write(b'{"text":"more"}\n')
        done = self.tamis("audit", folder, expect=1)
        self.assertIn(b"DIFFERS input", done.stdout)

    def test_2_lossless(self):
        lines = "".join(line + "\n" for line in ODD).encode()
        source = self.write("odd.jsonl", lines)
        self.assertEqual(self.tamis("cat", source).stdout, lines)
        folder = self.run_folder("run", "length", source)
        self.assertEqual(self.data(folder), lines)
        out = self.path("out.jsonl.gz")
        self.tamis("length", source, "-o", out, "--quiet")
        self.assertEqual(self.decode(out), lines)

    def test_2_an_edit_is_a_splice(self):
        source = self.write("a.jsonl", '{"n":1.0,"text":"\\u0041b \\t","x":[1e5, "\\u00e9"]}\n')
        folder = self.run_folder("run", "clean.text", source)
        self.assertEqual(self.data(folder), b'{"n":1.0,"text":"\\u0041b","x":[1e5, "\\u00e9"]}\n')

    def test_2_absent_null_and_empty_stay_different(self):
        lines = (
            b'{"prompt":"a","completion":""}\n{"messages":[{"role":"user","content":"q"},'
            b'{"role":"assistant","content":null,"refusal":"no"}]}\n'
        )
        source = self.write("a.jsonl", lines)
        folder = self.run_folder("run", "clean.text", source)
        self.assertEqual(self.data(folder), lines)

    def test_3_same_bytes_twice(self):
        files = self.demo()
        one = self.run_folder("one", "refine", *files, "--seed", "5")
        two = self.run_folder("two", "refine", *files, "--seed", "5", "--threads", "5")
        for name in ("ledger.parquet", "findings.parquet", "unreadable.bin", "unreadable.jsonl"):
            self.assertEqual(digest(os.path.join(one, name)), digest(os.path.join(two, name)), name)
        self.assertEqual(self.data(one), self.data(two))

    def test_4_a_plan_that_cannot_fit_is_refused_with_what_would_do(self):
        done = self.tamis("refine", *self.demo(), "-o", "out/", "--memory", "8MiB", expect=2)
        self.assertRegex(done.stderr.decode(), r"needs --memory \d+MiB")

    def test_5_nothing_silent(self):
        folder = self.run_folder("run", "filter", *self.demo(), "--keep", "words(response) >= 20")
        fell = manifest(folder)["counts"]["dropped"]
        self.assertGreater(fell, 0)
        self.assertEqual(
            sum(step["findings"].get("T1401", 0) for step in manifest(folder)["steps"]), fell
        )
        with open(os.path.join(folder, "unreadable.jsonl"), encoding="utf-8") as file:
            lost = sum(1 for _ in file)
        self.assertEqual(lost, manifest(folder)["counts"]["unreadable"])

    def test_5_every_edited_record_has_a_finding(self):
        files = self.demo()
        folder = self.run_folder("run", "clean.text", *files)
        lost = set()
        with open(os.path.join(folder, "unreadable.jsonl"), encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                lost.add((row["source"], row["line"]))
        raw = []
        for name in files:
            lines = self.decode(name).removeprefix(b"\xef\xbb\xbf").split(b"\n")
            raw += [
                line.rstrip(b"\r")
                for number, line in enumerate(lines, 1)
                if line.strip() and (name, number) not in lost
            ]
        written = self.data(folder).splitlines()
        self.assertEqual(len(raw), len(written))
        edited = sum(a != b for a, b in zip(raw, written))
        found = manifest(folder)["steps"][0]["findings"]
        self.assertGreater(edited, 0)
        self.assertEqual(sum(found.values()), edited, found)  # the demo plants one flaw a record

    def test_5_no_default_throws_away_a_short_answer(self):
        lines = "".join(
            f'{{"prompt":"Is {n} odd?","completion":"{a}"}}\n'
            for n, a in enumerate(["No", "Yes", "n", "5", "-", "Ok."])
        ).encode()
        source = self.write("short.jsonl", lines)
        folder = self.run_folder("run", "refine", source)
        self.assertEqual(self.data(folder), lines)

    def test_6_originals_are_never_touched(self):
        files = self.demo()
        before = [digest(name) for name in files]
        self.run_folder("run", "refine", *files)
        self.assertEqual([digest(name) for name in files], before)
        self.tamis("refine", files[0], "-o", files[0], "--overwrite", expect=2)
        self.assertEqual(digest(files[0]), before[0])

    def test_6_an_existing_result_is_refused(self):
        source = self.write("a.jsonl", '{"text":"a"}\n')
        out = self.write("out.jsonl", "precious\n")
        self.tamis("length", source, "-o", out, expect=2)
        self.tamis("length", source, "-o", self.path("run/"), "--quiet")
        self.tamis("length", source, "-o", self.path("run/"), expect=2)
        with open(out, encoding="utf-8") as file:
            self.assertEqual(file.read(), "precious\n")
        self.assertEqual(glob.glob(self.path(".*tmp*")), [])

    def test_7_raw_text_is_owner_only(self):
        folder = self.run_folder("run", "refine", *self.demo())
        for name in ("unreadable.bin", "unreadable.jsonl", "parked-00000.jsonl.zst", "report.html"):
            mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
            self.assertEqual(mode & 0o077, 0, name)
        self.assertFalse(os.path.exists(os.path.join(folder, ".tamis")))

    def test_7_dataset_text_is_only_text_in_the_report(self):
        hostile = [
            "<script>__xss(1)</script>",
            '"><img src=x onerror=__xss(2)>',
            "'-__xss(3)-'",
            "</pre></article><svg onload=__xss(4)>",
            "\u202egnp.exe",
        ]
        probes = os.path.join(SHARED, "data/torture/xss_probes.jsonl")
        if os.path.exists(probes):
            with open(probes, encoding="utf-8") as file:
                hostile += [
                    v for line in file for v in json.loads(line).values() if isinstance(v, str)
                ]
        lines = "".join(json.dumps({"text": text + "  ", text: 1}) + "\n" for text in hostile)
        lines += "".join(text.replace("\n", " ") + "\n" for text in hostile)  # unreadable ones
        source = self.write("<b>hostile.jsonl", lines)
        folder = self.run_folder("run", "refine", source, "--limit-unreadable", "100%")
        with open(os.path.join(folder, "report.html"), encoding="utf-8") as file:
            page = file.read()
        tags = Tags()
        tags.feed(page[page.index("<body>") :])
        self.assertTrue(any("__xss(" in text for text in tags.texts), "no card shows the text")
        self.assertTrue(any("<b>hostile" in text for text in tags.texts))
        for tag, attributes in tags.tags:
            self.assertNotIn(tag, ("script", "img", "iframe", "object", "embed", "form", "base"))
            self.assertFalse([name for name, _ in attributes if name.startswith("on")], tag)
            self.assertNotIn("__xss", str(attributes))
        self.assertNotIn("\u202e", page)
        self.assertIn("default-src 'none'", page)


if __name__ == "__main__":
    unittest.main()
