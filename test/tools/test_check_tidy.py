"""The tidy check finds what is planted, with its line, and leaves lawful code alone."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

import check_tidy  # noqa: E402

HEAD = ("/* A file made for this test: it says in more than a dozen plain words what it is,\n"
        " * how it works and why it works that way. */\n")


def long_function(name, lines):
    """A static function of exactly that many lines."""
    return "static int %s(int x)\n{\n%s    return x;\n}\n" % (name, "    x++;\n" * (lines - 4))


class Tree(unittest.TestCase):
    """A small tree in a folder of its own."""

    def setUp(self):
        if not shutil.which("ctags"):
            self.skipTest("universal-ctags is not installed (tools/setup.sh check)")
        self.root = tempfile.mkdtemp(prefix="tamis-tidy-")
        self.addCleanup(shutil.rmtree, self.root)

    def put(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    def code(self, text, name="src/text/a.c"):
        """A file whose line 3 is the first line of `text`."""
        self.put(name, HEAD + text)

    def problems(self, base=None):
        return ["%s:%d: %s: %s" % row for row in check_tidy.check(self.root, base)]

    def assert_one(self, *words):
        found = self.problems()
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def assert_quiet(self):
        self.assertEqual(self.problems(), [])


class Texts(Tree):
    def test_a_lawful_file_is_quiet(self):
        self.code("#include <string.h>\n\nint tm_text_f(void);\n\nint tm_text_f(void)\n{\n"
                  "    return 0;\n}\n")
        self.assert_quiet()

    def test_a_long_line_is_found_and_counted_in_characters(self):
        self.code("/* %s */\n/* %s */\n" % ("é" * 94, "é" * 95))
        self.assert_one("src/text/a.c:4: text: 101 columns")

    def test_a_long_address_may_stand_in_one_line(self):
        self.code("/* https://%s */\n" % ("x" * 120))
        self.assert_quiet()

    def test_a_tab_is_found(self):
        self.code("static int x =\t1;\n")
        self.assert_one("a.c:3: text: a tab")

    def test_space_at_the_end_is_found(self):
        self.code("static int x; \n")
        self.assert_one("a.c:3: text: space at the end")

    def test_a_missing_final_newline_is_found(self):
        self.code("static int x;")
        self.assert_one("text: no newline at the end")

    def test_bytes_that_are_not_utf8_are_found(self):
        self.put("src/text/a.c", HEAD.encode() + b"/* \xff */\n")
        self.assert_one("a.c:3: text: not UTF-8")

    def test_a_leftover_note_is_found_in_any_language(self):
        self.put("tools/x.sh", "# TO" "DO: later\n")
        self.assert_one("tools/x.sh:1: leftover")

    def test_a_template_of_mkstemp_is_no_leftover(self):
        self.code('static const char name[] = "tmp.XXXXXX";\n')
        self.assert_quiet()


class Sizes(Tree):
    def test_500_lines_are_quiet_and_501_warn(self):
        self.code("\n" * 498)
        self.assert_quiet()
        self.code("\n" * 499)
        self.assert_one("warning: 501 lines")

    def test_801_lines_fail_unless_they_are_a_table(self):
        self.code("\n" * 799)
        self.assert_one("file-size: 801 lines")
        self.put("tools/tidy_tables.txt", "# data\nsrc/text/a.c\n")
        self.assert_quiet()

    def test_a_table_that_is_gone_is_found(self):
        self.put("tools/tidy_tables.txt", "src/text/gone.c\n")
        self.assert_one("there is no src/text/gone.c")

    def test_70_lines_are_a_function_and_71_too_many(self):
        self.code(long_function("f", 70))
        self.assert_quiet()
        self.code(long_function("f", 71))
        self.assert_one("a.c:3: function: f() has 71 lines, at most 70")

    def test_the_allow_list_holds_at_its_number_and_only_there(self):
        self.put("tools/tidy_allow.txt", "src/text/a.c f 80\n")
        self.code(long_function("f", 80))
        self.assert_quiet()
        self.code(long_function("f", 81))
        self.assert_one("f() has 81 lines, at most 80")
        self.code(long_function("f", 75))
        self.assert_one("f() has 75 lines now: lower its number")
        self.code(long_function("f", 20))
        self.assert_one("(remove it)")
        self.code("\n")
        self.assert_one("there is no f()")

    def test_the_allow_list_may_not_grow(self):
        def git(*words):
            subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
                           cwd=self.root, check=True, stdout=subprocess.DEVNULL)
        self.put("tools/tidy_allow.txt", "src/text/a.c f 80\n")
        self.code(long_function("f", 80) + long_function("g", 80))
        git("init", "-q")
        git("add", "-A")
        git("commit", "-q", "-m", "one")
        self.put("tools/tidy_allow.txt", "src/text/a.c f 80\nsrc/text/a.c g 80\n")
        self.assert_quiet()
        found = self.problems("HEAD")
        self.assertEqual(len(found), 1, found)
        self.assertIn("src/text/a.c g 80 is new", found[0])


class Headers(Tree):
    def test_a_file_without_an_opening_comment_is_found(self):
        self.put("src/text/a.c", "#include <string.h>\n")
        self.assert_one("a.c:1: header: open with a comment")

    def test_an_opening_comment_that_says_little_is_found(self):
        self.put("src/text/a.c", "/* a.c: JSON */\n")
        self.assert_one("header", "(1 words")

    def test_a_licence_line_before_the_comment_is_fine(self):
        self.put("src/text/a.c", "/* SPDX-License-Identifier: Apache-2.0 */\n" + HEAD)
        self.assert_quiet()

    def test_a_guard_of_another_name_is_found(self):
        self.code("#ifndef A_H\n#define A_H\n#endif\n", "src/text/a.h")
        self.assert_one("guard: the include guard is TM_TEXT_A_H")
        self.code("#ifndef TM_TEXT_A_H\n#define TM_TEXT_A_H\n#endif\n", "src/text/a.h")
        self.assert_quiet()


class Calls(Tree):
    def body(self, statement, name="src/text/a.c"):
        """`statement` stands on line 5 of the file."""
        self.code("static int f(void)\n{\n    %s\n}\n" % statement, name)

    def test_every_banned_call_is_found(self):
        for name in sorted(check_tidy.BANNED):
            self.body("%s(x);" % name)
            self.assert_one("src/text/a.c:5: banned: %s()" % name)

    def test_banned_calls_are_banned_in_tests_too(self):
        self.body("strcpy(a, b);", "test/unit/text/test_a.c")
        self.assert_one("banned: strcpy()")

    def test_locale_and_clock_are_for_base_alone(self):
        for name in ("strtod", "isalpha", "tolower", "rand", "time", "getenv"):
            self.body("%s(x);" % name)
            self.assert_one("a.c:5: banned: %s() outside src/base" % name)
        self.body("strtod(x);", "src/base/number.c")
        os.remove(os.path.join(self.root, "src/text/a.c"))
        self.assert_quiet()

    def test_the_heap_has_one_door(self):
        for name in sorted(check_tidy.HEAP):
            self.body("%s(x);" % name, "src/base/vec.c")
            self.assert_one("src/base/vec.c:5: heap: %s()" % name)
        os.remove(os.path.join(self.root, "src/base/vec.c"))
        self.body("free(malloc(3));", "src/base/alloc.c")
        self.assert_quiet()

    def test_exits_are_for_the_command_line(self):
        self.body("abort();")
        self.assert_one("a.c:5: exit: abort()")
        os.remove(os.path.join(self.root, "src/text/a.c"))
        self.body("exit(1);", "src/cli/main.c")
        self.body("abort();", "src/base/def.c")
        self.assert_quiet()

    def test_members_strings_comments_and_longer_names_are_no_calls(self):
        self.body('s->free(x); t.exit(1); tm_free(x); f("malloc(1)"); /* strcpy(a, b) */ '
                  "// gets(x)")
        self.assert_quiet()

    def test_system_headers_stay_in_base(self):
        self.code("#include <unistd.h>\n")
        self.assert_one("a.c:3: posix: <unistd.h>")
        os.remove(os.path.join(self.root, "src/text/a.c"))
        self.code("#include <sys/stat.h>\n", "src/base/file.c")
        self.assert_quiet()

    def test_a_format_that_is_no_literal_is_found(self):
        for call in ("printf(text)", "fprintf(f, text)", "snprintf(b, g(1, 2), text, 3)"):
            self.body(call + ";")
            self.assert_one("a.c:5: format: the format of")
        self.body('printf("%s", text); snprintf(b, g(1, "x"), "%" PRIu64 "\\n", n);')
        self.assert_quiet()


class Names(Tree):
    def test_a_public_function_without_our_prefix_is_found(self):
        self.code("int f(void)\n{\n    return 0;\n}\n")
        self.assert_one("a.c:3: name: f() is seen by other files")

    def test_static_functions_and_main_may_be_called_anything(self):
        self.code("static const char *f(void)\n{\n    return 0;\n}\n\n"
                  "int main(void)\n{\n    return 0;\n}\n")
        self.assert_quiet()

    def test_a_type_with_t_is_found(self):
        self.code("typedef struct tm_a {\n    int x;\n} tm_a_t;\n")
        self.assert_one("a.c:5: name: a type of ours has no _t: tm_a_t")

    def test_two_files_of_one_name_are_found(self):
        self.code("\n", "src/io/same.c")
        self.code("\n", "src/text/same.c")
        self.assert_one("src/text/same.c:1: name: src/io/same.c has this name already")


if __name__ == "__main__":
    unittest.main()
