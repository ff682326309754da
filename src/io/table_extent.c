/* How long a row is as JSON, for whoever does not need it written.
 *
 * Texts are looked at where they lie: whether they are UTF-8, how many characters they have, and
 * what escaping adds. All other values are short; they are written to a scratch buffer and
 * counted there. */
#include "io/table_json.h"

#include "text/kernel.h"

static bool is_text(const tm_table_column *c)
{
    return c->kind == TM_TABLE_TEXT || (c->kind == TM_TABLE_DICTIONARY && is_text(c->child));
}

static bool add_utf8(tm_str s, tm_row_extent *out)
{
    const tm_kernel *kernel = tm_kernel_now();
    if (kernel->utf8_valid(s.p, s.n) < s.n) return false;
    out->bytes += s.n;
    out->characters += kernel->utf8_count(s.p, s.n);
    return true;
}

static bool add_text(const tm_table_column *c, const struct ArrowArray *a, int64_t index,
                     tm_row_extent *out)
{
    tm_str text = {0};
    enum { QUOTES = 2, NOTHING = 4 }; /* null */
    bool none = tm_table_null(a, index);
    if (!none && !tm_table_text(c, a, index, &text)) return false;
    uint64_t more = none ? NOTHING : QUOTES + tm_kernel_now()->escape_more(text.p, text.n);
    out->bytes += more;
    out->characters += more;
    return none || add_utf8(text, out);
}

static tm_status add_other(const tm_table_column *c, const struct ArrowArray *a, int64_t index,
                           tm_buf *scratch, tm_row_extent *out, tm_err *err)
{
    tm_row_writer w = {.out = scratch, .most = SIZE_MAX};
    tm_buf_clear(scratch);
    tm_row_value(&w, c, a, index);
    TM_TRY(tm_buf_ok(scratch, err));
    out->readable = !w.broken && !w.lost && add_utf8(tm_buf_view(scratch), out);
    return TM_OK;
}

tm_status tm_row_extent_of(const tm_table_column *row, const struct ArrowArray *array,
                           int64_t index, tm_buf *scratch, tm_row_extent *out, tm_err *err)
{
    *out = (tm_row_extent){.readable = !tm_table_null(array, index) && row->children};
    if (!out->readable) return add_other(row, array, index, scratch, out, err);
    out->bytes = out->characters = 1; /* the last brace; a brace or comma before each key */
    for (uint32_t i = 0; i < row->children && out->readable; i++) {
        const tm_table_column *c = &row->child[i];
        const struct ArrowArray *a = array->children[i];
        int64_t at = index + array->offset;
        out->bytes++;
        out->characters++;
        out->readable = add_utf8(c->key, out);
        if (!out->readable) break;
        if (is_text(c))
            out->readable = add_text(c, a, at, out);
        else
            TM_TRY(add_other(c, a, at, scratch, out, err));
    }
    return TM_OK;
}
