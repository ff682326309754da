/* What a column is: the format strings of the Arrow C data interface, read into a tree.
 *
 * Every type that has a JSON form is known here (docs/guide/library.md says which form). Intervals,
 * unions and run-end encoding are not: such a column is refused by its name, since leaving it out
 * would be silent. An extension type is what it is stored as. */
#include <string.h>

#include "base/buf.h"
#include "record/table.h"
#include "text/json.h"

enum { DEPTH_MAX = 64, CHILDREN_MAX = 1 << 20, DECIMAL_BITS_MAX = 256 };

typedef struct where { /* a column in its columns */
    const struct where *up;
    const struct ArrowSchema *schema;
    unsigned depth;
} where;

typedef struct simple { /* a format without parameters */
    const char *format;
    tm_table_column is;
} simple;

#define IS(type, ...)               \
    {                               \
        .kind = (type), __VA_ARGS__ \
    }
static const simple simples[] = {
    {"n", IS(TM_TABLE_NULL, .width = 0)},
    {"b", IS(TM_TABLE_BOOL, .width = 0)},
    {"c", IS(TM_TABLE_INT, .width = 1, .is_signed = true)},
    {"C", IS(TM_TABLE_INT, .width = 1)},
    {"s", IS(TM_TABLE_INT, .width = 2, .is_signed = true)},
    {"S", IS(TM_TABLE_INT, .width = 2)},
    {"i", IS(TM_TABLE_INT, .width = 4, .is_signed = true)},
    {"I", IS(TM_TABLE_INT, .width = 4)},
    {"l", IS(TM_TABLE_INT, .width = 8, .is_signed = true)},
    {"L", IS(TM_TABLE_INT, .width = 8)},
    {"e", IS(TM_TABLE_FLOAT, .width = 2)},
    {"f", IS(TM_TABLE_FLOAT, .width = 4)},
    {"g", IS(TM_TABLE_FLOAT, .width = 8)},
    {"u", IS(TM_TABLE_TEXT, .width = 4)},
    {"U", IS(TM_TABLE_TEXT, .width = 8)},
    {"vu", IS(TM_TABLE_TEXT, .form = TM_TABLE_VIEWS)},
    {"z", IS(TM_TABLE_BYTES, .width = 4)},
    {"Z", IS(TM_TABLE_BYTES, .width = 8)},
    {"vz", IS(TM_TABLE_BYTES, .form = TM_TABLE_VIEWS)},
    {"tdD", IS(TM_TABLE_DATE, .width = 4, .is_signed = true)},
    {"tdm", IS(TM_TABLE_DATE, .width = 8, .is_signed = true)},
    {"tts", IS(TM_TABLE_TIME, .width = 4, .is_signed = true)},
    {"ttm", IS(TM_TABLE_TIME, .width = 4, .digits = 3, .is_signed = true)},
    {"ttu", IS(TM_TABLE_TIME, .width = 8, .digits = 6, .is_signed = true)},
    {"ttn", IS(TM_TABLE_TIME, .width = 8, .digits = 9, .is_signed = true)},
    {"tDs", IS(TM_TABLE_DURATION, .width = 8, .is_signed = true)},
    {"tDm", IS(TM_TABLE_DURATION, .width = 8, .digits = 3, .is_signed = true)},
    {"tDu", IS(TM_TABLE_DURATION, .width = 8, .digits = 6, .is_signed = true)},
    {"tDn", IS(TM_TABLE_DURATION, .width = 8, .digits = 9, .is_signed = true)},
    {"+l", IS(TM_TABLE_LIST, .width = 4)},
    {"+L", IS(TM_TABLE_LIST, .width = 8)},
    {"+vl", IS(TM_TABLE_LIST, .form = TM_TABLE_VIEWS, .width = 4)},
    {"+vL", IS(TM_TABLE_LIST, .form = TM_TABLE_VIEWS, .width = 8)},
    {"+s", IS(TM_TABLE_STRUCT, .width = 0)},
    {"+m", IS(TM_TABLE_MAP, .width = 4)},
};
#undef IS

static const struct {
    const char *begins, *name;
} strangers[] = {{"ti", "an interval"}, {"+u", "a union"}, {"+r", "run-end encoded"}};

static void put_name(const where *at, tm_buf *out)
{
    if (!at->up) return; /* the row itself */
    put_name(at->up, out);
    if (out->n) tm_buf_char(out, '.');
    tm_buf_z(out, at->schema->name && at->schema->name[0] ? at->schema->name : "(no name)");
}

static tm_status refuse(const where *at, const char *why, tm_err *err)
{
    tm_buf name = {0};
    put_name(at, &name);
    tm_fail(err, TM_EUNSUPPORTED,
            "column \"%.*s\" of the table is %s (Arrow format \"%.40s\"), which has no form as "
            "JSON here: cast it to another type or leave the column out",
            TM_FMT(tm_buf_view(&name)), why, at->schema->format);
    tm_buf_release(&name);
    return TM_EUNSUPPORTED;
}

static tm_status unknown(const where *at, tm_err *err)
{
    const char *format = at->schema->format;
    for (size_t i = 0; i < TM_COUNT(strangers); i++)
        if (tm_str_starts(tm_str_of(format), tm_str_of(strangers[i].begins)))
            return refuse(at, strangers[i].name, err);
    return refuse(at, "of a type unknown to this version", err);
}

/* ---- formats with parameters ----------------------------------------------------------------- */

static bool read_timestamp(tm_str format, tm_table_column *out)
{
    static const char units[] = "smun";
    const char *unit = format.n > 3 && format.p[3] == ':' ? strchr(units, format.p[2]) : NULL;
    if (!unit) return false;
    *out = (tm_table_column){.kind = TM_TABLE_TIMESTAMP,
                             .width = 8,
                             .is_signed = true,
                             .digits = (uint8_t)(3 * (unit - units)),
                             .zoned = format.n > 4};
    return true;
}

/* "d:precision,scale" or "d:precision,scale,bits". */
static bool read_decimal(tm_str format, tm_table_column *out)
{
    tm_str precision, rest, scale, width;
    int64_t digits = 0, bits = 128;
    if (!tm_str_cut(tm_str_slice(format, 2, format.n), ',', &precision, &rest)) return false;
    bool narrow = tm_str_cut(rest, ',', &scale, &width);
    if (narrow && !tm_str_to_i64(width, &bits)) return false;
    if (!tm_str_to_i64(scale, &digits) || digits < -1000 || digits > 1000) return false;
    if (bits < 32 || bits > DECIMAL_BITS_MAX || (bits & (bits - 1)) != 0) return false;
    *out = (tm_table_column){
        .kind = TM_TABLE_DECIMAL, .width = (uint8_t)(bits / 8), .scale = (int32_t)digits};
    return true;
}

static bool read_fixed(tm_str format, tm_table_kind kind, tm_table_column *out)
{
    *out = (tm_table_column){.kind = (uint8_t)kind, .form = TM_TABLE_FIXED};
    tm_str size = tm_str_slice(format, tm_str_find_char(format, ':') + 1, format.n);
    return tm_str_to_i64(size, &out->size) && out->size >= 0 && out->size <= INT32_MAX;
}

static bool read_format(tm_str format, tm_table_column *out)
{
    for (size_t i = 0; i < TM_COUNT(simples); i++)
        if (tm_str_is(format, simples[i].format)) return *out = simples[i].is, true;
    if (tm_str_starts(format, TM_STR("ts"))) return read_timestamp(format, out);
    if (tm_str_starts(format, TM_STR("d:"))) return read_decimal(format, out);
    if (tm_str_starts(format, TM_STR("w:"))) return read_fixed(format, TM_TABLE_BYTES, out);
    return tm_str_starts(format, TM_STR("+w:")) && read_fixed(format, TM_TABLE_LIST, out);
}

/* ---- the tree -------------------------------------------------------------------------------- */

static tm_status name_it(tm_arena *mem, const char *name, tm_table_column *out, tm_err *err)
{
    tm_buf key = {0};
    out->name = tm_arena_str(mem, tm_str_of(name));
    tm_buf_char(&key, '"');
    tm_json_escape_bytes(out->name, &key);
    tm_buf_z(&key, "\":");
    out->key = key.failed ? (tm_str){0} : tm_arena_str(mem, tm_buf_view(&key));
    tm_buf_release(&key);
    return out->name.p && out->key.p ? TM_OK : tm_fail_memory(err, "a column", 0);
}

static bool has_children(const tm_table_column *c, const struct ArrowSchema *schema)
{
    int64_t n = schema->n_children;
    switch (c->kind) {
    case TM_TABLE_STRUCT: return n >= 0 && n <= CHILDREN_MAX;
    case TM_TABLE_MAP: return n == 1 && schema->children[0]->n_children == 2;
    case TM_TABLE_LIST: return n == 1;
    default: return n == 0;
    }
}

static tm_status read_type(tm_arena *mem, const where *at, tm_table_column *out, tm_err *err);

static tm_status read_children(tm_arena *mem, const where *at, tm_table_column *out, tm_err *err)
{
    const struct ArrowSchema *schema = at->schema;
    if (!has_children(out, schema)) return refuse(at, "described wrongly", err);
    out->children = (uint32_t)schema->n_children;
    out->child = TM_NEW(mem, tm_table_column, out->children + 1);
    if (!out->child) return tm_fail_memory(err, "columns", out->children);
    for (uint32_t i = 0; i < out->children; i++) {
        const where below = {at, schema->children[i], at->depth + 1};
        TM_TRY(read_type(mem, &below, &out->child[i], err));
    }
    bool entries = out->kind != TM_TABLE_MAP || out->child[0].kind == TM_TABLE_STRUCT;
    return entries ? TM_OK : refuse(at, "described wrongly", err);
}

static tm_status read_dictionary(tm_arena *mem, const where *at, tm_table_column *out, tm_err *err)
{
    const where below = {at, at->schema->dictionary, at->depth + 1};
    if (out->kind != TM_TABLE_INT) return refuse(at, "described wrongly", err);
    out->kind = TM_TABLE_DICTIONARY;
    out->children = 1;
    out->child = TM_NEW(mem, tm_table_column, 1);
    if (!out->child) return tm_fail_memory(err, "columns", 1);
    return read_type(mem, &below, out->child, err);
}

static tm_status read_type(tm_arena *mem, const where *at, tm_table_column *out, tm_err *err)
{
    const struct ArrowSchema *schema = at->schema;
    if (at->depth > DEPTH_MAX) return refuse(at, "nested too deeply", err);
    if (!read_format(tm_str_of(schema->format), out)) return unknown(at, err);
    TM_TRY(name_it(mem, schema->name, out, err));
    return schema->dictionary ? read_dictionary(mem, at, out, err)
                              : read_children(mem, at, out, err);
}

tm_status tm_table_type(tm_arena *mem, const struct ArrowSchema *schema, tm_table_column *out,
                        tm_err *err)
{
    const where top = {NULL, schema, 0};
    return read_type(mem, &top, out, err);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

/* How many buffers there are at least, the one of validity with them. */
static int64_t buffers_of(const tm_table_column *c)
{
    bool bytes = c->kind == TM_TABLE_TEXT || c->kind == TM_TABLE_BYTES;
    switch (c->kind) {
    case TM_TABLE_NULL: return 0;
    case TM_TABLE_STRUCT: return 1;
    case TM_TABLE_LIST:
    case TM_TABLE_TEXT:
    case TM_TABLE_BYTES:
        if (c->form == TM_TABLE_FIXED) return bytes ? 2 : 1;
        return bytes || c->form == TM_TABLE_VIEWS ? 3 : 2;
    default: return 2;
    }
}

/* The buffers that must be there when there are values; a text's bytes need not be. */
static bool has_buffers(const tm_table_column *c, const struct ArrowArray *a)
{
    int64_t need = buffers_of(c);
    if (a->n_buffers < need) return false;
    if (a->length + a->offset == 0) return true;
    if (need >= 2 && !a->buffers[1]) return c->form == TM_TABLE_FIXED && !c->size;
    return !(c->kind == TM_TABLE_LIST && c->form == TM_TABLE_VIEWS) || a->buffers[2];
}

/* Elements that the child must have for the array's own. */
static bool child_reaches(const tm_table_column *c, const struct ArrowArray *a, uint32_t child)
{
    int64_t end = a->offset + a->length, need = 0;
    if (c->kind == TM_TABLE_STRUCT) need = end;
    if (c->kind == TM_TABLE_LIST && c->form == TM_TABLE_FIXED &&
        __builtin_mul_overflow(end, c->size, &need))
        return false;
    return a->children[child]->length >= need;
}

bool tm_table_fits(const tm_table_column *c, const struct ArrowArray *a)
{
    if (a->length < 0 || a->offset < 0 || a->offset > INT64_MAX - a->length) return false;
    if (!has_buffers(c, a)) return false;
    if (c->kind == TM_TABLE_DICTIONARY)
        return a->dictionary && tm_table_fits(c->child, a->dictionary);
    if (a->n_children != c->children) return false;
    for (uint32_t i = 0; i < c->children; i++)
        if (!child_reaches(c, a, i) || !tm_table_fits(&c->child[i], a->children[i])) return false;
    return true;
}
