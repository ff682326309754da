/* Lower case and character classes of Python.
 *
 * Only one thing sets str.lower() apart from tm_text_lower: a capital sigma becomes the final form
 * where a cased letter stands before it and none behind it, characters that do not count for case
 * (quotes, marks) being passed over (Unicode 15.0, 3.13, Final_Sigma). Runs of such characters
 * between two sigmas are looked at once from each, so the work stays linear.
 *
 * The properties Cased and Case_Ignorable are put together from general categories and the short
 * lists of PropList.txt and WordBreakProperty.txt, because utf8proc does not carry them. */
#include "text/python.h"

#include <utf8proc.h>

#include "text/utf8.h"
#include "text/words.h"

enum { CAPITAL_SIGMA = 0x3A3 };

typedef struct range {
    uint32_t from, to;
} range;

static bool in_ranges(uint32_t c, const range *r, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c >= r[i].from && c <= r[i].to) return true;
    return false;
}

/* Other_Lowercase and Other_Uppercase. */
static bool is_other_cased(uint32_t c)
{
    static const range R[] = {
        {0xAA, 0xAA},       {0xBA, 0xBA},       {0x2B0, 0x2B8},     {0x2C0, 0x2C1},
        {0x2E0, 0x2E4},     {0x345, 0x345},     {0x37A, 0x37A},     {0x1D2C, 0x1D6A},
        {0x1D78, 0x1D78},   {0x1D9B, 0x1DBF},   {0x2071, 0x2071},   {0x207F, 0x207F},
        {0x2090, 0x209C},   {0x2160, 0x217F},   {0x24B6, 0x24E9},   {0x2C7C, 0x2C7D},
        {0xA69C, 0xA69D},   {0xA770, 0xA770},   {0xA7F8, 0xA7F9},   {0xAB5C, 0xAB5F},
        {0x10780, 0x10780}, {0x10783, 0x10785}, {0x10787, 0x107B0}, {0x107B2, 0x107BA},
        {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189},
    };
    return in_ranges(c, R, TM_COUNT(R));
}

static bool is_cased(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT: return true;
    default: return is_other_cased(c);
    }
}

/* Single_Quote, MidLetter and MidNumLet of Word_Break. */
static bool is_inside_words(uint32_t c)
{
    static const range R[] = {
        {0x27, 0x27},     {0x2E, 0x2E},     {0x3A, 0x3A},     {0xB7, 0xB7},
        {0x387, 0x387},   {0x55F, 0x55F},   {0x5F4, 0x5F4},   {0x2018, 0x2019},
        {0x2024, 0x2024}, {0x2027, 0x2027}, {0xFE13, 0xFE13}, {0xFE52, 0xFE52},
        {0xFE55, 0xFE55}, {0xFF07, 0xFF07}, {0xFF0E, 0xFF0E}, {0xFF1A, 0xFF1A},
    };
    return in_ranges(c, R, TM_COUNT(R));
}

static bool is_case_ignorable(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: return is_inside_words(c);
    }
}

static bool is_final_sigma(tm_str s, size_t before, size_t behind)
{
    uint32_t c = 0;
    bool found = false;
    while (!found && before) {
        size_t at = before = tm_utf8_back(s, before);
        c = tm_utf8_next(s, &at);
        found = !is_case_ignorable(c);
    }
    if (!found || !is_cased(c)) return false;
    while (behind < s.n) {
        c = tm_utf8_next(s, &behind);
        if (!is_case_ignorable(c)) return !is_cased(c);
    }
    return true;
}

/* The next capital sigma (CE A3) at or behind `at`, or the end. */
static size_t next_sigma(tm_str s, size_t at)
{
    while (at + 1 < s.n) {
        const char *p = memchr(s.p + at, 0xCE, s.n - at - 1);
        if (!p) break;
        at = (size_t)(p - s.p);
        if ((uint8_t)p[1] == 0xA3) return at;
        at++;
    }
    return s.n;
}

void tm_python_lower(tm_str s, tm_buf *out)
{
    for (size_t at = 0; at < s.n;) {
        size_t sigma = next_sigma(s, at);
        tm_text_lower((tm_str){s.p + at, sigma - at}, out);
        if (sigma == s.n) return;
        at = sigma + 2;
        tm_buf_z(out, is_final_sigma(s, sigma, at) ? "\xCF\x82" : "\xCF\x83");
    }
}

bool tm_python_is_word(uint32_t c)
{
    if (c < 128) return (c | 32) - 'a' < 26 || c - '0' < 10 || c == '_';
    utf8proc_category_t of = utf8proc_category((utf8proc_int32_t)c);
    return (of >= UTF8PROC_CATEGORY_LU && of <= UTF8PROC_CATEGORY_LO) ||
           (of >= UTF8PROC_CATEGORY_ND && of <= UTF8PROC_CATEGORY_NO);
}

bool tm_python_is_digit(uint32_t c)
{
    if (c < 128) return c - '0' < 10;
    return utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ND;
}

bool tm_python_is_mark(uint32_t c)
{
    return c >= 0x300 && utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_MN;
}

bool tm_python_is_symbol(uint32_t c)
{
    return c >= 0x80 && utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_SO;
}
