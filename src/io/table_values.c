/* Where the values of an array lie, and about how long they are as JSON.
 *
 * Sizes come from offsets, so a stretch of rows costs a few subtractions a column, not a look at
 * each value; only views and dictionaries are walked. */
#include <string.h>

#include "io/table_json.h"

enum { VIEW_BYTES = 16, VIEW_INLINE = 12 };

static int64_t offset_at(const void *offsets, uint8_t width, int64_t at)
{
    return width == 8 ? ((const int64_t *)offsets)[at] : ((const int32_t *)offsets)[at];
}

static bool view_at(const struct ArrowArray *a, int64_t at, tm_str *out)
{
    const char *view = (const char *)a->buffers[1] + at * VIEW_BYTES;
    int32_t field[4]; /* length; prefix, buffer, offset: or the text itself */
    memcpy(field, view, sizeof field);
    int64_t buffers = a->n_buffers - 3;
    const int64_t *sizes = a->buffers[a->n_buffers - 1];
    if (field[0] < 0) return false;
    *out = (tm_str){view + sizeof field[0], (size_t)field[0]};
    if (field[0] <= VIEW_INLINE) return true;
    if (field[2] < 0 || field[2] >= buffers || field[3] < 0) return false;
    if (sizes && (int64_t)field[3] + field[0] > sizes[field[2]]) return false;
    out->p = (const char *)a->buffers[2 + field[2]] + field[3];
    return true;
}

bool tm_table_bytes(const tm_table_column *c, const struct ArrowArray *a, int64_t index,
                    tm_str *out)
{
    int64_t at = index + a->offset;
    if (c->form == TM_TABLE_VIEWS) return view_at(a, at, out);
    if (c->form == TM_TABLE_FIXED) {
        *out = (tm_str){(const char *)a->buffers[1] + at * c->size, (size_t)c->size};
        return true;
    }
    int64_t from = offset_at(a->buffers[1], c->width, at);
    int64_t to = offset_at(a->buffers[1], c->width, at + 1);
    if (from < 0 || to < from || (to > from && !a->buffers[2])) return false;
    *out = (tm_str){to > from ? (const char *)a->buffers[2] + from : "", (size_t)(to - from)};
    return true;
}

bool tm_table_text(const tm_table_column *c, const struct ArrowArray *a, int64_t index, tm_str *out)
{
    if (c->kind == TM_TABLE_NULL || tm_table_null(a, index)) return false;
    if (c->kind == TM_TABLE_DICTIONARY)
        return tm_table_index(c, a, index, &index) &&
               tm_table_text(c->child, a->dictionary, index, out);
    return c->kind == TM_TABLE_TEXT && tm_table_bytes(c, a, index, out);
}

bool tm_table_range(const tm_table_column *c, const struct ArrowArray *a, int64_t index,
                    int64_t *from, int64_t *to)
{
    int64_t at = index + a->offset;
    if (c->form == TM_TABLE_FIXED) {
        *from = at * c->size;
        *to = *from + c->size;
    } else {
        *from = offset_at(a->buffers[1], c->width, at);
        *to = c->form == TM_TABLE_VIEWS ? *from + offset_at(a->buffers[2], c->width, at)
                                        : offset_at(a->buffers[1], c->width, at + 1);
    }
    return *from >= 0 && *to >= *from && *to <= a->children[0]->length;
}

int64_t tm_table_int(const tm_table_column *c, const struct ArrowArray *a, int64_t index)
{
    const char *p = (const char *)a->buffers[1] + (index + a->offset) * c->width;
    uint64_t value = 0;
    memcpy(&value, p, c->width); /* little-endian, as every machine Arrow is built for here */
    unsigned empty = 64 - 8u * c->width;
    return c->is_signed ? (int64_t)(value << empty) >> empty : (int64_t)value;
}

bool tm_table_index(const tm_table_column *c, const struct ArrowArray *a, int64_t index,
                    int64_t *out)
{
    *out = tm_table_int(c, a, index);
    return *out >= 0 && *out < a->dictionary->length;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

enum { NUMBER = 8, TIME = 26, QUOTES = 3, WORD = 5, BRACKETS = 3 };

static uint64_t bytes_size(const tm_table_column *c, const struct ArrowArray *a, int64_t from,
                           int64_t to)
{
    uint64_t sum = (uint64_t)(to - from) * QUOTES;
    if (c->form == TM_TABLE_FIXED) return sum + (uint64_t)(to - from) * (uint64_t)c->size;
    if (c->form == TM_TABLE_OFFSETS) {
        int64_t first = offset_at(a->buffers[1], c->width, from + a->offset);
        int64_t last = offset_at(a->buffers[1], c->width, to + a->offset);
        return last > first ? sum + (uint64_t)(last - first) : sum;
    }
    for (int64_t i = from; i < to; i++) {
        int32_t n;
        memcpy(&n, (const char *)a->buffers[1] + (i + a->offset) * VIEW_BYTES, sizeof n);
        if (n > 0 && !tm_table_null(a, i)) sum += (uint64_t)n;
    }
    return sum;
}

static uint64_t list_size(const tm_table_column *c, const struct ArrowArray *a, int64_t from,
                          int64_t to)
{
    int64_t first, last, end;
    uint64_t sum = (uint64_t)(to - from) * BRACKETS;
    if (c->form != TM_TABLE_VIEWS) { /* the lists lie one behind the other */
        bool well = tm_table_range(c, a, from, &first, &last);
        well = well && tm_table_range(c, a, to - 1, &end, &last) && last >= first;
        return well ? sum + tm_rows_size(c->child, a->children[0], first, last) : sum;
    }
    for (int64_t i = from; i < to; i++)
        if (!tm_table_null(a, i) && tm_table_range(c, a, i, &first, &last))
            sum += tm_rows_size(c->child, a->children[0], first, last);
    return sum;
}

static uint64_t dictionary_size(const tm_table_column *c, const struct ArrowArray *a, int64_t from,
                                int64_t to)
{
    int64_t at;
    uint64_t sum = (uint64_t)(to - from);
    for (int64_t i = from; i < to; i++)
        if (!tm_table_null(a, i) && tm_table_index(c, a, i, &at))
            sum += tm_rows_size(c->child, a->dictionary, at, at + 1);
    return sum;
}

uint64_t tm_rows_size(const tm_table_column *c, const struct ArrowArray *a, int64_t from,
                      int64_t to)
{
    uint64_t n = (uint64_t)(to - from), sum = n * BRACKETS;
    if (from == to) return 0;
    switch ((tm_table_kind)c->kind) {
    case TM_TABLE_NULL:
    case TM_TABLE_BOOL: return n * WORD;
    case TM_TABLE_INT:
    case TM_TABLE_FLOAT: return n * NUMBER;
    case TM_TABLE_DECIMAL: return n * (TIME + (uint64_t)(c->scale < 0 ? -c->scale : c->scale));
    case TM_TABLE_DATE:
    case TM_TABLE_TIME:
    case TM_TABLE_TIMESTAMP:
    case TM_TABLE_DURATION: return n * TIME;
    case TM_TABLE_TEXT:
    case TM_TABLE_BYTES: return bytes_size(c, a, from, to);
    case TM_TABLE_LIST:
    case TM_TABLE_MAP: return list_size(c, a, from, to);
    case TM_TABLE_DICTIONARY: return dictionary_size(c, a, from, to);
    case TM_TABLE_STRUCT: break;
    }
    for (uint32_t i = 0; i < c->children; i++) {
        int64_t at = from + a->offset;
        sum += n * c->child[i].key.n;
        sum += tm_rows_size(&c->child[i], a->children[i], at, at + (int64_t)n);
    }
    return sum;
}
