/* Rows as JSON: texts, lists, structs, maps and what a dictionary stands for.
 *
 * A map whose keys are texts is an object, its entries in their order; any other is a list of
 * {"key":...,"value":...}. Texts are escaped as far as JSON demands and not looked at otherwise:
 * bytes that are not UTF-8 come through, and the scanner finds them at their place, as in a
 * file. */
#include "io/table_json.h"

#include "text/json.h"

enum { PIECE = 64 << 10 };

static void put_text(tm_row_writer *w, tm_str text)
{
    tm_buf_char(w->out, '"');
    for (size_t at = 0; at < text.n && w->out->n <= w->most; at += PIECE)
        tm_json_escape_bytes(tm_str_slice(text, at, at + PIECE), w->out);
    tm_buf_char(w->out, '"');
}

static void put_bytes(tm_row_writer *w, const tm_table_column *c, const struct ArrowArray *a,
                      int64_t index)
{
    tm_str bytes;
    if (!tm_table_bytes(c, a, index, &bytes))
        w->broken = c;
    else if (c->kind == TM_TABLE_TEXT)
        put_text(w, bytes);
    else
        tm_row_base64(w, bytes);
}

static void put_struct(tm_row_writer *w, const tm_table_column *c, const struct ArrowArray *a,
                       int64_t index)
{
    for (uint32_t i = 0; i < c->children; i++) {
        tm_buf_char(w->out, i ? ',' : '{');
        tm_buf_str(w->out, c->child[i].key);
        tm_row_value(w, &c->child[i], a->children[i], index + a->offset);
    }
    tm_buf_z(w->out, c->children ? "}" : "{}");
}

/* An entry of a map as a member of an object. */
static void put_member(tm_row_writer *w, const tm_table_column *entry, const struct ArrowArray *a,
                       int64_t index)
{
    tm_row_value(w, &entry->child[0], a->children[0], index + a->offset);
    tm_buf_char(w->out, ':');
    tm_row_value(w, &entry->child[1], a->children[1], index + a->offset);
}

static bool has_text_keys(const tm_table_column *c)
{
    const tm_table_column *key = c->child->child;
    if (key->kind == TM_TABLE_DICTIONARY) key = key->child;
    return c->kind == TM_TABLE_MAP && key->kind == TM_TABLE_TEXT;
}

static void put_list(tm_row_writer *w, const tm_table_column *c, const struct ArrowArray *a,
                     int64_t index)
{
    int64_t from, to;
    bool members = c->kind == TM_TABLE_MAP && has_text_keys(c);
    if (!tm_table_range(c, a, index, &from, &to)) {
        w->broken = c;
        return;
    }
    tm_buf_char(w->out, members ? '{' : '[');
    for (int64_t i = from; i < to && w->out->n <= w->most && !w->broken; i++) {
        if (i > from) tm_buf_char(w->out, ',');
        members ? put_member(w, c->child, a->children[0], i)
                : tm_row_value(w, c->child, a->children[0], i);
    }
    tm_buf_char(w->out, members ? '}' : ']');
}

static void put_entry(tm_row_writer *w, const tm_table_column *c, const struct ArrowArray *a,
                      int64_t index)
{
    int64_t at;
    if (tm_table_index(c, a, index, &at))
        tm_row_value(w, c->child, a->dictionary, at);
    else
        w->broken = c;
}

void tm_row_value(tm_row_writer *w, const tm_table_column *c, const struct ArrowArray *a,
                  int64_t index)
{
    const uint8_t *bits;
    uint64_t at = (uint64_t)(index + a->offset);
    if (c->kind == TM_TABLE_NULL || tm_table_null(a, index)) {
        tm_buf_z(w->out, "null");
        return;
    }
    switch ((tm_table_kind)c->kind) {
    case TM_TABLE_TEXT:
    case TM_TABLE_BYTES: put_bytes(w, c, a, index); return;
    case TM_TABLE_STRUCT: put_struct(w, c, a, index); return;
    case TM_TABLE_LIST:
    case TM_TABLE_MAP: put_list(w, c, a, index); return;
    case TM_TABLE_DICTIONARY: put_entry(w, c, a, index); return;
    case TM_TABLE_BOOL:
        bits = a->buffers[1];
        tm_buf_z(w->out, bits[at / 8] >> at % 8 & 1 ? "true" : "false");
        return;
    default: tm_row_scalar(w, c, a, index);
    }
}
