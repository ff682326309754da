/* ASCII text is in NFC and has no zero-width marks: one loop folds its case and its space. Any
 * other text goes through a pass a step. */
#include "op/normalise.h"

#include "text/kernel.h"
#include "text/utf8.h"
#include "text/words.h"

const char *const tm_norm_names[] = {"unicode", "zero_width", "case", "space", NULL};

static void drop_zero_width(tm_str s, tm_buf *out)
{
    for (size_t at = 0, from = 0; at < s.n; from = at) {
        uint32_t c = tm_utf8_next(s, &at);
        if (c == TM_UTF8_BAD || !tm_is_zero_width(c)) tm_buf_add(out, s.p + from, at - from);
    }
}

static void fold_space(tm_str s, tm_buf *out)
{
    tm_str word;
    bool first = true;
    for (size_t at = 0; tm_text_next_word(s, &at, &word); first = false) {
        if (!first) tm_buf_char(out, ' ');
        tm_buf_str(out, word);
    }
}

static bool is_ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
}

/* Case and space of ASCII text in one pass: the common case, and most of the time of a key. false:
 * it is not ASCII, and *out is as it was. */
static bool fold_ascii(tm_str s, uint64_t steps, tm_buf *out)
{
    unsigned how =
        (steps & TM_NORM_CASE ? TM_FOLD_CASE : 0) | (steps & TM_NORM_SPACE ? TM_FOLD_SPACE : 0);
    if (!s.n || !tm_buf_grow(out, s.n)) return true;
    char *from = out->p + out->n, *to = from;
    for (size_t i = 0; i < s.n;) {
        bool after_space = to == from || to[-1] == ' ';
        size_t plain = tm_kernel_now()->fold(s.p + i, s.n - i, to, how, after_space);
        i += plain;
        to += plain;
        if (i == s.n) break;
        if ((uint8_t)s.p[i] >= 0x80) return false;
        if (to > from && to[-1] != ' ') *to++ = ' ';
        while (i < s.n && is_ascii_space(s.p[i])) i++;
    }
    if ((how & TM_FOLD_SPACE) && to > from && to[-1] == ' ') to--;
    out->n += (size_t)(to - from);
    return true;
}

static void to_nfc(tm_str s, tm_buf *out)
{
    tm_text_to_form(s, TM_FORM_NFC, out);
}

void tm_normalise(tm_str text, uint64_t steps, tm_buf *scratch, tm_buf *out)
{
    static const struct {
        uint64_t steps; /* all of them asked for */
        void (*pass)(tm_str s, tm_buf *out);
    } ORDER[] = {
        {TM_NORM_ZERO_WIDTH, drop_zero_width}, {TM_NORM_UNICODE, to_nfc},
        {TM_NORM_CASE, tm_text_fold},          {TM_NORM_UNICODE | TM_NORM_CASE, to_nfc},
        {TM_NORM_SPACE, fold_space},
    };
    if (fold_ascii(text, steps, out)) return;
    size_t from = out->n;
    tm_buf_str(out, text);
    for (unsigned i = 0; i < TM_COUNT(ORDER); i++) {
        if ((steps & ORDER[i].steps) != ORDER[i].steps) continue;
        tm_buf_clear(scratch);
        ORDER[i].pass((tm_str){out->p + from, out->n - from}, scratch);
        if (scratch->failed) out->failed = true;
        if (out->failed) return;
        out->n = from;
        tm_buf_str(out, tm_buf_view(scratch));
    }
}
