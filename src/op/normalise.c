/* Each step is a pass of its own over ever shorter text; most texts need none of the first three
 * (ASCII is in NFC, has no zero-width marks and folds by a table), so what costs is the last. */
#include "op/normalise.h"

#include "text/utf8.h"
#include "text/words.h"

const char *const tm_norm_names[] = {"unicode", "zero_width", "case", "space", NULL};

static bool is_ascii(tm_str s)
{
    uint8_t all = 0;
    for (size_t i = 0; i < s.n; i++) all |= (uint8_t)s.p[i];
    return all < 0x80;
}

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

typedef void (*pass)(tm_str s, tm_buf *out);
static void to_nfc(tm_str s, tm_buf *out) { tm_text_to_form(s, TM_FORM_NFC, out); }

void tm_normalise(tm_str text, uint64_t steps, tm_buf *scratch, tm_buf *out)
{
    static const pass PASSES[] = {to_nfc, drop_zero_width, tm_text_fold, fold_space};
    if (is_ascii(text)) steps &= (uint64_t)(TM_NORM_CASE | TM_NORM_SPACE);
    size_t from = out->n;
    tm_buf_str(out, text);
    for (unsigned i = 0; i < TM_COUNT(PASSES); i++) {
        if (!(steps >> i & 1)) continue;
        tm_buf_clear(scratch);
        PASSES[i]((tm_str){out->p + from, out->n - from}, scratch);
        if (scratch->failed) out->failed = true;
        if (out->failed) return;
        out->n = from;
        tm_buf_str(out, tm_buf_view(scratch));
    }
}
