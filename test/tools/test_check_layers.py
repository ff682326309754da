"""The layer check finds what is planted, and nothing else."""

import os
import shutil
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

import check_layers  # noqa: E402

LAYERS = "base :  # the floor\ntext : base\nio : base text\n"


class Tree(unittest.TestCase):
    """A small tree in a folder of its own."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="tamis-layers-")
        self.addCleanup(shutil.rmtree, self.root)
        self.put("LAYERS", LAYERS)
        self.put("base/str.h", "#include <stddef.h>\n")
        self.put("text/json.h", '#include "base/str.h"\n')

    def put(self, name, text):
        path = os.path.join(self.root, "src", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def problems(self):
        return ["%s:%d: %s" % row for row in check_layers.check(self.root)]

    def assert_one(self, *words):
        found = self.problems()
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])


class Includes(Tree):
    def test_a_lawful_tree_is_quiet(self):
        self.put("io/source.c", '#include "io/source.h"\n#include "text/json.h"\n')
        self.put("io/source.h", '#include "base/str.h"\n#include <zstd.h>\n')
        self.assertEqual(self.problems(), [])

    def test_an_include_upwards_is_found_with_its_line(self):
        self.put("io/source.h", "\n")
        self.put("text/bad.c", '/* a\n b */\n#include "io/source.h"\n')
        self.assert_one("src/text/bad.c:3:", "text may not include io", "it may: base")

    def test_an_include_without_its_layer_is_found(self):
        self.put("text/bad.c", '#include "json.h"\n')
        self.assert_one("src/text/bad.c:1:", 'write "layer/file.h"')

    def test_an_include_that_climbs_is_found(self):
        self.put("text/bad.c", '#include "../base/str.h"\n')
        self.assert_one('write "layer/file.h"')

    def test_our_file_in_angles_is_found(self):
        self.put("text/bad.c", "#include <base/str.h>\n")
        self.assert_one("with quotes")

    def test_a_missing_file_is_found(self):
        self.put("text/bad.c", '#include "base/nothing.h"\n')
        self.assert_one("there is no src/base/nothing.h")

    def test_an_included_c_file_is_found(self):
        self.put("text/a.c", "\n")
        self.put("text/bad.c", '#include "text/a.c"\n')
        self.assert_one("includes a .c file")

    def test_an_include_in_a_comment_is_none(self):
        self.put("text/fine.c", '/* #include "io/source.h" */\n// #include "x.h"\n')
        self.assertEqual(self.problems(), [])

    def test_the_installed_header_needs_no_layer(self):
        self.put("io/api.c", '#include "tamis.h"\n')
        self.assertEqual(self.problems(), [])

    def test_headers_in_a_circle_are_found(self):
        self.put("text/a.h", '#include "text/b.h"\n')
        self.put("text/b.h", '#include "text/a.h"\n')
        self.assert_one("text/a.h -> text/b.h -> text/a.h")


class Layers(Tree):
    def test_a_folder_without_a_line_is_found(self):
        self.put("extra/x.c", '#include "base/str.h"\n')
        self.assert_one("no line for extra")

    def test_a_layer_that_needs_one_below_it_is_found(self):
        self.put("LAYERS", "base : text\ntext : base\nio : base text\n")
        self.assert_one("base needs text", "close a circle")

    def test_a_second_line_for_a_folder_is_found(self):
        self.put("LAYERS", LAYERS + "text : base\n")
        self.assert_one("text has a line already")

    def test_a_line_of_another_shape_is_found(self):
        self.put("LAYERS", LAYERS + "what is this\n")
        self.assert_one("not a line")

    def test_a_file_in_src_itself_is_found(self):
        self.put("loose.c", "\n")
        self.assert_one("src/loose.c:1:", "layer's folder")


if __name__ == "__main__":
    unittest.main()
