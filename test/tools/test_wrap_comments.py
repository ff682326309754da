"""The comment wrapper moves what is too long and nothing else, and is done after one go."""

import glob
import os
import re
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from wrap_comments import wrap_text  # noqa: E402


def words(text):
    """A text without what the wrapper may change: space, stars that open lines, dashes of rules."""
    return [w for w in re.sub(r"^\s*\*(?!/)|-{4,}", " ", text, flags=re.M).split()]


class Wrap(unittest.TestCase):
    def assert_wraps(self, old, new):
        self.assertEqual(wrap_text(old), new)
        self.assertEqual(wrap_text(new), new)

    def test_what_fits_stays(self):
        text = "/* %s */\nint x; /* y */\n" % ("a" * 94)
        self.assert_wraps(text, text)

    def test_a_long_last_line_takes_its_mark_along(self):
        self.assert_wraps("/* one\n * %s end. */\nint x;\n" % ("b" * 94),
                          "/* one\n * %s\n * end. */\nint x;\n" % ("b" * 94))
        self.assert_wraps("/* %s end. */\n" % ("b" * 91), "/* %s\n * end. */\n" % ("b" * 91))

    def test_a_paragraph_is_filled_to_its_end_and_no_further(self):
        self.assert_wraps("/* %s two\n * three\n *\n * four */\n" % ("b" * 95),
                          "/* %s\n * two three\n *\n * four */\n" % ("b" * 95))

    def test_examples_and_list_items_are_left_apart(self):
        self.assert_wraps("/* %s two\n *   code;\n */\n" % ("b" * 95),
                          "/* %s\n * two\n *   code;\n */\n" % ("b" * 95))
        self.assert_wraps("/* %s two\n * - item */\n" % ("b" * 95),
                          "/* %s\n * two\n * - item */\n" % ("b" * 95))

    def test_a_long_example_is_left_for_a_person(self):
        text = "/* x\n *   %s y\n */\n" % ("b" * 99)
        self.assert_wraps(text, text)

    def test_a_rule_fits_exactly(self):
        new = wrap_text("/* ---- title %s */\n" % ("-" * 99))
        self.assertEqual(len(new), 101)
        self.assertTrue(new.startswith("/* ---- title ---") and new.endswith("--- */\n"))

    def test_a_comment_after_code_goes_above_it(self):
        self.assert_wraps("    int x;%s/* %s */\n" % (" " * 30, "b" * 70),
                          "    /* %s */\n    int x;\n" % ("b" * 70))

    def test_code_and_macros_are_left(self):
        for text in ("int %s;\n" % ("x" * 99), "#define X %s /* y */\n" % ("x" * 99),
                     "    X(%s) /* y */ \\\n" % ("x" * 99)):
            self.assert_wraps(text, text)

    def test_our_own_files_keep_their_words(self):
        for path in glob.glob(os.path.join(ROOT, "src/*/*.[ch]")):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertEqual(sorted(words(wrap_text(text))), sorted(words(text)), path)
            self.assertEqual(wrap_text(wrap_text(text)), wrap_text(text), path)


if __name__ == "__main__":
    unittest.main()
