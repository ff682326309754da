/* datatrove's simplify_text with its defaults: lower case, numbers to 0, punctuation to spaces,
 * runs of white space to one space, marks taken off (decomposed, category Mn dropped). One pass
 * over the lower-cased text for the first four, a decomposition, one pass for the last. */
#include "op/conform/conform_words.h"
#include "text/python.h"
#include "text/utf8.h"
#include "text/words.h"

/* What it takes for punctuation: all of ASCII's, controls but tab and newline, and these. (Also
 * U+FF11, but that is a digit, and numbers come first.) */
static bool is_punctuation(uint32_t c)
{
    static const uint16_t MORE[] = {
        0xAB,   0xB4,   0xBB,   0x2013, 0x2014, 0x2019, 0x201C, 0x201D, 0x201E, 0x2026, 0x2236,
        0x2501, 0x25BA, 0x3001, 0x3002, 0x3008, 0x3009, 0x300A, 0x300B, 0x300C, 0x300D, 0x3010,
        0x3011, 0xFF01, 0xFF05, 0xFF08, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF5E,
    };
    if (c < 0x80) return c != '\t' && c != '\n' && c != ' ' && (c == '_' || !tm_python_is_word(c));
    if (c < 0xA0) return true;
    for (size_t i = 0; i < TM_COUNT(MORE) && MORE[i] <= c; i++)
        if (MORE[i] == c) return true;
    return false;
}

static bool is_decimal_mark(uint32_t c)
{
    return c == '.' || c == ',' || c == 0x60C || c == 0x66B || (c >= 0x2396 && c <= 0x2398);
}

static size_t skip_digits(tm_str s, size_t at)
{
    for (size_t next = at; next < s.n; at = next)
        if (!tm_python_is_digit(tm_utf8_next(s, &next))) break;
    return at;
}

/* Behind the number whose first digit ends at `at`. */
static size_t skip_number(tm_str s, size_t at)
{
    at = skip_digits(s, at);
    size_t mark = at;
    if (at == s.n || !is_decimal_mark(tm_utf8_next(s, &mark))) return at;
    size_t end = skip_digits(s, mark);
    return end > mark ? end : at;
}

static void simplify(tm_str s, tm_buf *out)
{
    bool space = false;
    if (!tm_buf_grow(out, s.n + 1)) return;
    for (size_t at = 0; at < s.n;) {
        size_t begin = at;
        uint32_t c = tm_utf8_next(s, &at);
        bool digit = tm_python_is_digit(c);
        if (!digit && (is_punctuation(c) || tm_is_space(c))) {
            space = out->n > 0;
            continue;
        }
        if (space) tm_buf_char(out, ' ');
        space = false;
        if (digit) {
            at = skip_number(s, at);
            tm_buf_char(out, '0');
        } else {
            tm_buf_add(out, s.p + begin, at - begin);
        }
    }
}

static void drop_marks(tm_str s, tm_buf *out)
{
    if (!tm_buf_grow(out, s.n + 1)) return;
    for (size_t at = 0; at < s.n;) {
        size_t begin = at;
        uint32_t c = tm_utf8_next(s, &at);
        if (!tm_python_is_mark(c)) tm_buf_add(out, s.p + begin, at - begin);
    }
}

void tm_simplify_datatrove(tm_str text, tm_conform_words *w, tm_buf *out)
{
    tm_buf *lower = tm_conform_work(w, 0), *plain = tm_conform_work(w, 1);
    tm_python_lower(text, lower);
    simplify(tm_buf_view(lower), plain);
    tm_buf *decomposed = tm_conform_work(w, 0);
    tm_text_to_form(tm_buf_view(plain), TM_FORM_NFD, decomposed);
    drop_marks(tm_buf_view(decomposed), out);
}

void tm_words_datatrove(tm_str text, bool english, tm_conform_words *w)
{
    tm_buf *simple = tm_conform_work(w, 2);
    tm_simplify_datatrove(text, w, simple);
    tm_str rest = tm_buf_view(simple), chunk;
    while (rest.n) {
        tm_str_cut(rest, ' ', &chunk, &rest);
        if (chunk.n) tm_words_spacy(chunk, english, w);
    }
}
