/* The footer: FileMetaData of parquet.thrift, as far as a reader of flat columns needs it.
 *
 * Fields that are not needed are passed over, so newer files can be read. What is needed is checked
 * here, once: required fields are there, columns are flat, chunks lie before the footer, row counts
 * are not negative and add up. Behind this file every number can be relied on, but not the pages.
 * Lists are taken element by element and a hostile count ends at the footer's last byte; memory is
 * at most a small multiple of the footer. */
#include "io/parquet_meta.h"
#include "base/vec.h"
#include "io/thrift.h"

typedef struct element { /* SchemaElement */
    int64_t physical, fixed_bytes, repetition, children, converted, scale;
    tm_str name;
    int16_t logical; /* field of the union, 0 = none */
    bool integer_signed;
} element;

static tm_status broken(tm_err *err, const char *what)
{
    return tm_fail(err, TM_EINPUT, "the footer of this Parquet file is damaged: %s", what);
}

static void read_logical(tm_thrift_in *in, element *e)
{
    int16_t id, inner, outer = tm_thrift_enter(in);
    tm_thrift_type type;
    while (tm_thrift_field(in, &id, &type)) {
        e->logical = id;
        if (id != TM_PQ_LOGICAL_INTEGER || type != TM_THRIFT_STRUCT) {
            tm_thrift_skip(in, type);
            continue;
        }
        int16_t union_outer = tm_thrift_enter(in);
        while (tm_thrift_field(in, &inner, &type)) {
            if (inner == 2) {
                e->integer_signed = tm_thrift_bool(in, type);
            } else {
                tm_thrift_skip(in, type);
            }
        }
        tm_thrift_leave(in, union_outer);
    }
    tm_thrift_leave(in, outer);
}

static element read_element(tm_thrift_in *in)
{
    element e = {.physical = -1, .converted = -1, .integer_signed = true};
    int16_t id, outer = tm_thrift_enter(in);
    tm_thrift_type type;
    while (tm_thrift_field(in, &id, &type)) {
        switch (id) {
        case 1: e.physical = tm_thrift_int(in, type); break;
        case 2: e.fixed_bytes = tm_thrift_int(in, type); break;
        case 3: e.repetition = tm_thrift_int(in, type); break;
        case 4: e.name = tm_thrift_text(in, type); break;
        case 5: e.children = tm_thrift_int(in, type); break;
        case 6: e.converted = tm_thrift_int(in, type); break;
        case 10:
            if (type == TM_THRIFT_STRUCT) {
                read_logical(in, &e);
                break;
            }
            in->failed = true;
            break;
        default: tm_thrift_skip(in, type);
        }
    }
    tm_thrift_leave(in, outer);
    return e;
}

/* Our type for a stored one; why it cannot be read goes to leaf->cannot. */
static tm_pq_type type_of(const element *e, tm_pq_leaf *leaf)
{
    enum {
        ENUM = 4,
        DECIMAL = 5,
        JSON = 12,
        CONVERTED_DECIMAL = 5,
        CONVERTED_ENUM = 4,
        CONVERTED_JSON = 19
    };
    if (e->logical == DECIMAL || e->converted == CONVERTED_DECIMAL) leaf->cannot = "DECIMAL";
    leaf->no_sign =
        e->logical == TM_PQ_LOGICAL_INTEGER
            ? !e->integer_signed
            : e->converted >= TM_PQ_CONVERTED_UINT8 && e->converted <= TM_PQ_CONVERTED_UINT64;
    switch (leaf->physical) {
    case TM_PQP_BOOLEAN: return TM_PQ_BOOL;
    case TM_PQP_INT32: return leaf->no_sign ? TM_PQ_U64 : TM_PQ_I32;
    case TM_PQP_INT64: return leaf->no_sign ? TM_PQ_U64 : TM_PQ_I64;
    case TM_PQP_INT96: leaf->cannot = "INT96"; return TM_PQ_BYTES;
    case TM_PQP_FLOAT:
    case TM_PQP_DOUBLE: return TM_PQ_F64;
    case TM_PQP_FIXED: return TM_PQ_BYTES;
    case TM_PQP_BYTE_ARRAY: break;
    }
    bool text = e->logical == TM_PQ_LOGICAL_STRING || e->logical == ENUM || e->logical == JSON ||
                e->converted == TM_PQ_CONVERTED_UTF8 || e->converted == CONVERTED_ENUM ||
                e->converted == CONVERTED_JSON;
    return text ? TM_PQ_TEXT : TM_PQ_BYTES;
}

static tm_status take_column(tm_arena *mem, const element *e, tm_pq_column *column,
                             tm_pq_leaf *leaf, tm_err *err)
{
    tm_str name = tm_arena_str(mem, e->name);
    if (!name.p) return tm_fail_memory(err, "a column's name", e->name.n);
    if (memchr(name.p, 0, name.n)) return broken(err, "a column's name holds a NUL");
    if (e->children != 0 || e->repetition == 2) {
        return tm_fail(err, TM_EUNSUPPORTED,
                       "column %s is nested, which this build does not read; flatten it first",
                       name.p);
    }
    if (e->physical < TM_PQP_BOOLEAN || e->physical > TM_PQP_FIXED || e->repetition < 0 ||
        e->repetition > 1) {
        return broken(err, "a column has no known type");
    }
    *leaf = (tm_pq_leaf){.physical = (tm_pq_physical)e->physical};
    if (leaf->physical == TM_PQP_FIXED) {
        if (e->fixed_bytes <= 0 || e->fixed_bytes > (int64_t)TM_MIB) {
            return broken(err, "a column of fixed length has none");
        }
        leaf->fixed_bytes = (uint32_t)e->fixed_bytes;
    }
    *column = (tm_pq_column){name.p, type_of(e, leaf), e->repetition == TM_PQR_OPTIONAL};
    return TM_OK;
}

static tm_status read_schema(tm_arena *mem, tm_thrift_in *in, tm_thrift_type type, tm_pq_meta *m,
                             tm_err *err)
{
    tm_thrift_type of;
    uint32_t count = tm_thrift_count(in, type, &of);
    if (in->failed || of != TM_THRIFT_STRUCT || count < 2 || m->columns) {
        return broken(err, "it has no columns");
    }
    element root = read_element(in);
    m->column = TM_NEW(mem, tm_pq_column, count - 1);
    m->leaf = TM_NEW(mem, tm_pq_leaf, count - 1);
    if (!m->column || !m->leaf) return tm_fail_memory(err, "Parquet columns", count);
    for (uint32_t i = 0; i + 1 < count; i++) {
        element e = read_element(in);
        if (in->failed) return broken(err, "its schema ends too early");
        TM_TRY(take_column(mem, &e, &m->column[i], &m->leaf[i], err));
    }
    if (root.children != (int64_t)count - 1) return broken(err, "its columns do not add up");
    m->columns = count - 1;
    return TM_OK;
}

typedef struct chunk_facts { /* ColumnMetaData */
    int64_t physical, codec, values, bytes, data_page, dictionary_page;
} chunk_facts;

static chunk_facts read_chunk_meta(tm_thrift_in *in)
{
    chunk_facts f = {-1, -1, -1, -1, -1, -1};
    int16_t id, outer = tm_thrift_enter(in);
    tm_thrift_type type;
    while (tm_thrift_field(in, &id, &type)) {
        switch (id) {
        case 1: f.physical = tm_thrift_int(in, type); break;
        case 4: f.codec = tm_thrift_int(in, type); break;
        case 5: f.values = tm_thrift_int(in, type); break;
        case 7: f.bytes = tm_thrift_int(in, type); break;
        case 9: f.data_page = tm_thrift_int(in, type); break;
        case 11: f.dictionary_page = tm_thrift_int(in, type); break;
        default: tm_thrift_skip(in, type);
        }
    }
    tm_thrift_leave(in, outer);
    return f;
}

static chunk_facts read_chunk(tm_thrift_in *in, bool *elsewhere)
{
    chunk_facts f = {-1, -1, -1, -1, -1, -1};
    int16_t id, outer = tm_thrift_enter(in);
    tm_thrift_type type;
    while (tm_thrift_field(in, &id, &type)) {
        if (id == 3 && type == TM_THRIFT_STRUCT) {
            f = read_chunk_meta(in);
        } else if (id == 1 || id == 8 || id == 9) { /* another file, encryption */
            *elsewhere = true;
            tm_thrift_skip(in, type);
        } else {
            tm_thrift_skip(in, type);
        }
    }
    tm_thrift_leave(in, outer);
    return f;
}

static tm_status read_chunks(tm_arena *mem, tm_thrift_in *in, tm_thrift_type type, uint64_t end,
                             const tm_pq_meta *m, tm_pq_group *g, tm_err *err)
{
    tm_thrift_type of;
    uint32_t count = tm_thrift_count(in, type, &of);
    if (in->failed || of != TM_THRIFT_STRUCT || count != m->columns || g->place) {
        return broken(err, "a row group does not have all columns");
    }
    g->place = TM_NEW(mem, tm_pq_place, count);
    if (!g->place) return tm_fail_memory(err, "a Parquet footer", count);
    for (uint32_t i = 0; i < count; i++) {
        bool elsewhere = false;
        chunk_facts f = read_chunk(in, &elsewhere);
        if (elsewhere) {
            return tm_fail(err, TM_EUNSUPPORTED,
                           "column %s is encrypted or lies in another file, which is not read",
                           m->column[i].name);
        }
        int64_t at = f.dictionary_page > 0 && f.dictionary_page < f.data_page ? f.dictionary_page
                                                                              : f.data_page;
        if (f.values == 0) at = f.bytes = 0; /* empty row groups may point anywhere */
        if (in->failed || f.physical != (int64_t)m->leaf[i].physical || at < 0 || f.bytes < 0 ||
            (uint64_t)at > end || (uint64_t)f.bytes > end - (uint64_t)at ||
            f.codec != (int32_t)f.codec || f.values < 0) {
            return broken(err, "a column chunk has no place");
        }
        g->place[i] = (tm_pq_place){(uint64_t)at, (uint64_t)f.bytes, (int32_t)f.codec};
        if (i > 0 && (uint64_t)f.values != g->rows) return broken(err, "columns differ in length");
        g->rows = (uint64_t)f.values;
    }
    return TM_OK;
}

static tm_status read_group(tm_arena *mem, tm_thrift_in *in, uint64_t end, const tm_pq_meta *m,
                            tm_pq_group *g, tm_err *err)
{
    int64_t rows = -1;
    int16_t id, outer = tm_thrift_enter(in);
    tm_thrift_type type;
    while (tm_thrift_field(in, &id, &type)) {
        if (id == 1) {
            TM_TRY(read_chunks(mem, in, type, end, m, g, err));
        } else if (id == 3) {
            rows = tm_thrift_int(in, type);
        } else {
            tm_thrift_skip(in, type);
        }
    }
    tm_thrift_leave(in, outer);
    if (in->failed || rows < 0 || !g->place || g->rows != (uint64_t)rows) {
        return broken(err, "a row group's columns do not have its length");
    }
    return TM_OK;
}

static tm_status read_groups(tm_arena *mem, tm_thrift_in *in, tm_thrift_type type, uint64_t end,
                             tm_pq_meta *m, tm_err *err)
{
    tm_thrift_type of;
    uint32_t count = tm_thrift_count(in, type, &of), room = 0;
    if (m->columns == 0 || m->group) return broken(err, "row groups come before the columns");
    if (count && of != TM_THRIFT_STRUCT) return broken(err, "its row groups are none");
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        if (!TM_ROOM(mem, m->group, m->groups, room, 1)) {
            return tm_fail_memory(err, "a Parquet footer", i * sizeof *m->group);
        }
        m->group[i] = (tm_pq_group){0};
        TM_TRY(read_group(mem, in, end, m, &m->group[i], err));
        m->groups++;
    }
    return TM_OK;
}

static tm_status read_notes(tm_arena *mem, tm_thrift_in *in, tm_thrift_type type, tm_pq_meta *m,
                            tm_err *err)
{
    tm_thrift_type of;
    uint32_t count = tm_thrift_count(in, type, &of), room = 0;
    if (m->note || (count && of != TM_THRIFT_STRUCT)) return broken(err, "its notes are none");
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        if (!TM_ROOM(mem, m->note, m->notes, room, 1)) {
            return tm_fail_memory(err, "a Parquet footer", i * sizeof *m->note);
        }
        tm_str *note = m->note[m->notes++];
        note[0] = note[1] = TM_STR("");
        int16_t id, outer = tm_thrift_enter(in);
        while (tm_thrift_field(in, &id, &type)) {
            if (id == 1 || id == 2) {
                note[id - 1] = tm_thrift_text(in, type);
            } else {
                tm_thrift_skip(in, type);
            }
        }
        tm_thrift_leave(in, outer);
    }
    return TM_OK;
}

tm_status tm_pq_meta_read(tm_arena *mem, tm_str footer, uint64_t data_end, tm_pq_meta *out,
                          tm_err *err)
{
    tm_thrift_in in = {.p = footer.p, .end = footer.p + footer.n};
    int64_t rows = -1;
    int16_t id, outer = tm_thrift_enter(&in);
    tm_thrift_type type;
    *out = (tm_pq_meta){0};
    while (tm_thrift_field(&in, &id, &type)) {
        switch (id) {
        case 2: TM_TRY(read_schema(mem, &in, type, out, err)); break;
        case 3: rows = tm_thrift_int(&in, type); break;
        case 4: TM_TRY(read_groups(mem, &in, type, data_end, out, err)); break;
        case 5: TM_TRY(read_notes(mem, &in, type, out, err)); break;
        default: tm_thrift_skip(&in, type);
        }
    }
    tm_thrift_leave(&in, outer);
    if (in.failed) return broken(err, "it ends too early or is not Thrift");
    uint64_t sum = 0;
    for (uint32_t i = 0; i < out->groups; i++) {
        if (out->group[i].rows > INT64_MAX - sum) return broken(err, "it has too many rows");
        sum += out->group[i].rows;
    }
    if (out->columns == 0 || rows < 0 || sum != (uint64_t)rows) {
        return broken(err, "its row groups do not add up to its rows");
    }
    out->rows = sum;
    return TM_OK;
}
