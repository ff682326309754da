/* Every kernel of every table against what kernel.h says of it, written down once more as naively
 * as can be (naive_kernels.h): on every length up to 200, at every alignment, between two pages
 * that may not be touched, and in the middle of bytes that would change the answer if they were
 * looked at. What a kernel writes goes into memory that faults behind its end and is watched before
 * its beginning. */
#include "text_help.h"

#include "naive_kernels.h"

enum { PAGE = 4096, MOST = 1024, BLOCK = 64, WATCHED = 128 };

/* ---- memory that is watched ---- */

/* One page between two that may not be touched. */
static char *island(void)
{
    char *p = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
    return p + PAGE;
}

static char *input, *output;

static int set_up(void **state)
{
    TM_UNUSED(state);
    input = island();
    output = island();
    return 0;
}

/* Room for n bytes: the page ends behind it, and the bytes before it are watched. */
static char *room_for(size_t n)
{
    memset(output + PAGE - n - WATCHED, 0x5A, n + WATCHED);
    return output + PAGE - n;
}

static bool untouched(size_t n)
{
    for (size_t i = 0; i < WATCHED; i++)
        if (output[PAGE - n - WATCHED + i] != 0x5A) return false;
    return true;
}

/* ---- the checks ---- */

#define SAME(kernel, what, s, condition)                                                   \
    do {                                                                                   \
        if (!(condition))                                                                  \
            fail_msg("%s %s is wrong on %zu bytes at %p: %s", (kernel)->name, what, (s).n, \
                     (const void *)(s).p, shown(s));                                       \
    } while (0)

static const char *shown(tm_str s)
{
    static char text[4 * MOST + 1];
    for (size_t i = 0; i < TM_MIN(s.n, (size_t)MOST); i++)
        snprintf(text + 4 * i, 5, "\\x%02X", at(s, i));
    return text;
}

static void check_lines(const tm_kernel *k, tm_str s)
{
    uint64_t want[MOST + 1], got[MOST + 1];
    for (size_t room = 0, all = naive_newlines(s); room <= all + 1; room += 1 + room / 3) {
        size_t want_eaten, got_eaten = SIZE_MAX;
        size_t count = naive_lines(s, want, room, &want_eaten);
        memset(got, 0x5A, sizeof got);
        SAME(k, "lines", s, k->lines(s.p, s.n, got, room, &got_eaten) == count);
        SAME(k, "lines", s, got_eaten == want_eaten);
        SAME(k, "lines", s, !memcmp(want, got, count * sizeof *want));
        SAME(k, "lines", s, got[room] == 0x5A5A5A5A5A5A5A5Au);
    }
}

static void check_fold(const tm_kernel *k, tm_str s)
{
    char want[MOST];
    for (unsigned how = 0; how < 8; how++) {
        char *to = room_for(s.n);
        size_t stop = naive_fold(s, want, how & 3, how >> 2);
        SAME(k, "fold", s, k->fold(s.p, s.n, to, how & 3, how >> 2) == stop);
        SAME(k, "fold", s, !memcmp(to, want, stop) && untouched(s.n));
    }
}

static void check_words(const tm_kernel *k, tm_str s)
{
    for (int before = 0; before < 2; before++) {
        bool want_inside = before, got_inside = before;
        size_t want = 7, got = 7, stop = naive_words(s, &want_inside, &want);
        SAME(k, "words", s, k->words(s.p, s.n, &got_inside, &got) == stop);
        SAME(k, "words", s, got == want && got_inside == want_inside);
    }
}

/* In the room it asks for, which is more than a page where the text is long. */
static void check_escape(const tm_kernel *k, tm_str s)
{
    char want[6 * MOST + 8];
    size_t written = naive_escape(s, want);
    char *to = 6 * s.n + WATCHED <= PAGE ? room_for(6 * s.n) : malloc(6 * s.n);
    assert_non_null(to);
    SAME(k, "escape", s, k->escape(s.p, s.n, to) == written && !memcmp(to, want, written));
    SAME(k, "escape_more", s, k->escape_more(s.p, s.n) == written - s.n);
    if (6 * s.n + WATCHED <= PAGE)
        SAME(k, "escape", s, untouched(6 * s.n));
    else
        free(to);
}

/* All that may be asked of any bytes. */
static void check(tm_str s)
{
    size_t valid = naive_valid(s), count = naive_count(s), newlines = naive_newlines(s);
    size_t plain = naive_plain(s), backslash = naive_backslash(s);
    bool tidy = naive_tidy(s);
    for (size_t i = 0; i < kernel_count(); i++) {
        const tm_kernel *k = kernel_at(i);
        SAME(k, "utf8_valid", s, k->utf8_valid(s.p, s.n) == valid);
        SAME(k, "utf8_count", s, k->utf8_count(s.p, s.n) == count);
        SAME(k, "count_newlines", s, k->count_newlines(s.p, s.n) == newlines);
        SAME(k, "string_plain", s, k->string_plain(s.p, s.n) == plain);
        SAME(k, "escape_plain", s, k->escape_plain(s.p, s.n) == plain);
        SAME(k, "find_backslash", s, k->find_backslash(s.p, s.n) == backslash);
        SAME(k, "is_tidy", s, k->is_tidy(s.p, s.n) == tidy);
        check_lines(k, s);
        check_escape(k, s);
        check_fold(k, s);
        check_words(k, s);
    }
}

/* `s` must be the inside of a JSON string. */
static void check_unescape(tm_str s)
{
    char want[MOST];
    size_t want_written, want_eaten = naive_unescape(s, want, &want_written);
    for (size_t i = 0; i < kernel_count(); i++) {
        const tm_kernel *k = kernel_at(i);
        char *to = room_for(s.n);
        size_t written = SIZE_MAX;
        SAME(k, "unescape", s, k->unescape(s.p, s.n, to, &written) == want_eaten);
        SAME(k, "unescape", s, written == want_written && written <= want_eaten);
        SAME(k, "unescape", s, !memcmp(to, want, written) && untouched(s.n));
    }
}

/* Against both walls of the island; each puts the text at an alignment of its own. */
static void at_the_walls(tm_str s, void (*check_it)(tm_str s))
{
    char *const place[] = {input, input + PAGE - s.n};
    for (size_t i = 0; i < TM_COUNT(place); i++) {
        memset(input, '\n', PAGE);
        if (s.n) memcpy(place[i], s.p, s.n);
        check_it((tm_str){place[i], s.n});
    }
}

/* ---- the texts ---- */

static const tm_str alphabets[] = {
    TM_STR_INIT("a\n"),
    TM_STR_INIT("aaaaaaa\n\xC3"),
    TM_STR_INIT("\"\\a \x1F\x20\x7F"),
    TM_STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\"),
    TM_STR_INIT("aB \n\t"),
    TM_STR_INIT("aBz \n"),
    TM_STR_INIT("AZ@[az`{ "),
    TM_STR_INIT("ab \t\v\f\r\n\x1B\x1C\x1F\x20\x08\x0E"),
    TM_STR_INIT("\0\x01\x7F\x80\xBF\xFF"),
    TM_STR_INIT("\x80\xBF\xC2\xE0\xED\xF0\xF4\x8F\x90\x9F\xA0"),
    TM_STR_INIT("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
};

static tm_str random_text(tm_str alphabet, size_t n)
{
    static char text[MOST];
    for (size_t i = 0; i < n; i++) text[i] = alphabet.p[chance(alphabet.n)];
    return (tm_str){text, n};
}

/* Mostly plain: pieces, most of them words. */
static tm_str random_pieces(const char *const *piece, size_t pieces, size_t n)
{
    static char text[MOST + 16];
    size_t have = 0, words = 1 + (size_t)chance(12);
    while (have < n) {
        const char *p = chance(words) ? "word" : piece[chance(pieces)];
        memcpy(text + have, p, strlen(p));
        have += strlen(p);
    }
    return (tm_str){text, n};
}

static void answer_right_at_every_length_between_two_walls(void **state)
{
    static const char *const piece[] = {" ",    "\n",       "\n\n",         "\n\n\n",
                                        " \n",  "\t",       "\xC3\xA9",     "\xE2\x82\xAC",
                                        "\x7F", "\xED\xA0", "\xF0\x9F\x8D", "\xF0\x9F\x8D\xB2"};
    TM_UNUSED(state);
    for (size_t n = 0; n <= 200; n++) {
        for (size_t a = 0; a < TM_COUNT(alphabets); a++)
            at_the_walls(random_text(alphabets[a], n), check);
        for (int round = 0; round < 20; round++)
            at_the_walls(random_pieces(piece, TM_COUNT(piece), n), check);
    }
}

/* What stands around the text would change every answer, were it read. */
static void do_not_look_around_the_text_at_any_alignment(void **state)
{
    static const char around[] = "\n\\\xF0\x80\xBF \t\"A";
    TM_UNUSED(state);
    for (size_t shift = 0; shift < BLOCK; shift++) {
        for (size_t n = 0; n <= 200; n += 1 + (size_t)chance(5)) {
            char *p = input + 1024 + shift;
            for (size_t i = 0; i < PAGE; i++) input[i] = around[chance(sizeof around - 1)];
            for (size_t i = 0; i < n; i++) p[i] = chance(40) ? 'a' : around[chance(9)];
            check((tm_str){p, n});
        }
    }
}

static void see_every_byte_at_every_place(void **state)
{
    TM_UNUSED(state);
    for (size_t place = 0; place < 2 * BLOCK + 3; place++) {
        char *p = input + PAGE - (2 * BLOCK + 3);
        memset(p, 'a', 2 * BLOCK + 3);
        for (unsigned byte = 0; byte < 256; byte++) {
            p[place] = (char)byte;
            check((tm_str){p, 2 * BLOCK + 3});
        }
    }
}

/* Bytes of the text in front of an escape that its end would cut in half. */
static size_t whole(tm_str s)
{
    size_t odd = 0;
    while (odd < s.n && s.p[s.n - 1 - odd] == '\\') odd++;
    return s.n - (odd & 1);
}

static void check_valid_at(const uint8_t *bytes, size_t n, size_t place)
{
    tm_str s = {input + PAGE - (place + n), place + n};
    memcpy(input + PAGE - n, bytes, n);
    size_t valid = naive_valid(s);
    for (size_t i = 0; i < kernel_count(); i++) {
        const tm_kernel *k = kernel_at(i);
        SAME(k, "utf8_valid", s, k->utf8_valid(s.p, s.n) == valid);
    }
}

/* Bytes at the borders of all ranges of table 3-7, four in a row, across the borders of blocks. */
static void judge_every_four_border_bytes_of_utf8(void **state)
{
    static const uint8_t border[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                     0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
                                     0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    static const size_t places[] = {0, 29, 61};
    const size_t all = TM_COUNT(border);
    TM_UNUSED(state);
    memset(input, 'a', PAGE);
    for (size_t number = 0; number < all * all * all * all; number++) {
        uint8_t four[6] = {border[number % all],
                           border[number / all % all],
                           border[number / all / all % all],
                           border[number / all / all / all],
                           'a',
                           'a'};
        size_t k = number % TM_COUNT(places);
        check_valid_at(four, 4, places[k]);
        check_valid_at(four, 6, places[k] + number / TM_COUNT(places) % 4);
    }
}

static void judge_every_two_bytes_of_utf8(void **state)
{
    TM_UNUSED(state);
    memset(input, 'a', PAGE);
    for (size_t place = 30; place < 66; place += place == 32 ? 30 : 1) {
        for (unsigned number = 0; number < 65536; number++) {
            uint8_t two[3] = {(uint8_t)(number >> 8), (uint8_t)number, 'a'};
            check_valid_at(two, 2 + number % 2, place);
        }
    }
}

/* All that is well-formed, by the thousand, with one byte of it changed. */
static void find_one_wrong_byte_among_many_characters(void **state)
{
    static const char *const one[] = {
        "\xC3\xA9",     "\xDF\xBF",         "\xE0\xA0\x80",     "\xED\x9F\xBF",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "z"};
    TM_UNUSED(state);
    for (int round = 0; round < 20000; round++) {
        size_t n = 0, most = (size_t)chance(300);
        char text[MOST];
        while (n < most) {
            const char *p = one[chance(TM_COUNT(one))];
            memcpy(text + n, p, strlen(p));
            n += strlen(p);
        }
        for (size_t k = 0; k < kernel_count(); k++)
            assert_int_equal(kernel_at(k)->utf8_valid(text, n), n);
        if (!n) continue;
        text[chance(n)] = (char)chance(256);
        if (chance(2)) n -= (size_t)chance(n);
        at_the_walls((tm_str){text, n}, check);
    }
}

static void unescape_at_every_length_between_two_walls(void **state)
{
    static const char *const piece[] = {"\\\"",     "\\\\", "\\/",           "\\b",
                                        "\\f",      "\\n",  "\\r",           "\\t",
                                        "\xC3\xA9", "u",    "\\\\\\\\\\\\u", "\\\\\\\\\\\\\\n"};
    TM_UNUSED(state);
    for (size_t n = 0; n <= 260; n++) {
        for (int round = 0; round < 60; round++) {
            tm_str s = random_pieces(piece, TM_COUNT(piece), n);
            s.n = whole(s);
            at_the_walls(s, check_unescape);
        }
    }
}

static void stop_before_the_first_unicode_escape(void **state)
{
    static const char *const piece[] = {"\\n", "\\\\", "\\\"", "\\u00e9", "\\ud83d\\ude00"};
    TM_UNUSED(state);
    for (size_t before = 0; before <= 140; before++) {
        for (int round = 0; round < 60; round++) {
            char text[MOST];
            tm_str s = random_pieces(piece, 3, before);
            size_t n = whole(s);
            memcpy(text, s.p, n);
            const char *u = piece[3 + chance(2)];
            memcpy(text + n, u, strlen(u));
            n += strlen(u);
            s = random_pieces(piece, TM_COUNT(piece), (size_t)chance(80));
            size_t whole = s.n; /* what is cut off at the end may be half an escape: drop it */
            while (whole &&
                   memchr(s.p + whole - TM_MIN(whole, (size_t)12), '\\', TM_MIN(whole, (size_t)12)))
                whole--;
            memcpy(text + n, s.p, whole);
            at_the_walls((tm_str){text, n + whole}, check_unescape);
        }
    }
}

/* Blank lines and blanks meet the borders of blocks in every way. */
static void call_tidy_what_is_tidy(void **state)
{
    static const char *const part[] = {"\n\n",      "\n\n\n",  " \n",  "\t\n",     " \t",
                                       "\n ",       "\n\n \n", "\r\n", "\n\n\n\n", "  x",
                                       "\n\nx\n\n", " ",       "\t",   "\n"};
    TM_UNUSED(state);
    for (size_t k = 0; k < TM_COUNT(part); k++) {
        size_t bytes = strlen(part[k]);
        for (size_t place = 0; place < 2 * BLOCK + 3; place++) {
            for (size_t behind = 0; behind < 3; behind++) {
                size_t n = place + bytes + behind;
                char text[MOST];
                memset(text, 'a', n);
                memcpy(text + place, part[k], bytes);
                at_the_walls((tm_str){text, n}, check);
            }
        }
    }
}

static void take_the_empty_text_that_lies_nowhere(void **state)
{
    TM_UNUSED(state);
    check((tm_str){0});
    check_unescape((tm_str){0});
}

static void are_found_by_name(void **state)
{
    TM_UNUSED(state);
    assert_ptr_equal(tm_kernel_named("scalar"), &tm_kernel_scalar);
    assert_null(tm_kernel_named(""));
    assert_null(tm_kernel_named("avx"));
    assert_non_null(tm_kernel_now());
    assert_ptr_equal(tm_kernel_now(), tm_kernel_named(tm_kernel_now()->name));
    print_message("kernels of this CPU: %zu, the last is %s\n", kernel_count(),
                  kernel_at(kernel_count() - 1)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_right_at_every_length_between_two_walls),
        cmocka_unit_test(do_not_look_around_the_text_at_any_alignment),
        cmocka_unit_test(see_every_byte_at_every_place),
        cmocka_unit_test(judge_every_two_bytes_of_utf8),
        cmocka_unit_test(judge_every_four_border_bytes_of_utf8),
        cmocka_unit_test(find_one_wrong_byte_among_many_characters),
        cmocka_unit_test(unescape_at_every_length_between_two_walls),
        cmocka_unit_test(stop_before_the_first_unicode_escape),
        cmocka_unit_test(call_tidy_what_is_tidy),
        cmocka_unit_test(take_the_empty_text_that_lies_nowhere),
        cmocka_unit_test(are_found_by_name),
    };
    return cmocka_run_group_tests_name("text kernels", tests, set_up, NULL);
}
