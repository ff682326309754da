/* Columns being filled, and the range of their values.
 *
 * Nulls take a bit and nothing else: values lie densely, as Parquet stores them. The range compares
 * by the logical type (unsigned for U64, bytes for text), because that is what column_orders
 * promises. Text keeps the first eight bytes of both ends as big-endian numbers, which settle
 * nearly every comparison without touching the ends themselves. */
#include "io/parquet_column.h"

static uint64_t head_of(tm_str s)
{
    uint64_t head = 0;
    memcpy(&head, s.p, TM_MIN(s.n, sizeof head));
    return __builtin_bswap64(head);
}

typedef struct ends { /* of the texts seen so far */
    tm_str least, most;
    uint64_t low, high; /* their heads */
} ends;

static void widen(ends *e, tm_str s)
{
    uint64_t head = head_of(s);
    if (head <= e->low && tm_str_cmp(s, e->least) < 0) e->least = s, e->low = head;
    if (head >= e->high && tm_str_cmp(s, e->most) > 0) e->most = s, e->high = head;
}

static bool range_is(const ends *e, tm_pq_range *out)
{
    out->min = e->least;
    out->max = e->most;
    return e->least.n <= TM_PQ_RANGE_BYTES && e->most.n <= TM_PQ_RANGE_BYTES;
}

static bool range_of_text(const tm_pq_build *c, tm_pq_range *out)
{
    const char *p = c->bytes.p ? c->bytes.p : "";
    tm_str first = {p, c->length[0]};
    ends e = {first, first, head_of(first), head_of(first)};
    for (uint32_t i = 0; i < c->present; i++) {
        widen(&e, (tm_str){p, c->length[i]});
        p += c->length[i];
    }
    return range_is(&e, out);
}

static bool range_of_doubles(const tm_pq_build *c, tm_pq_range *out)
{
    double least = 0, most = 0;
    bool any = false;
    for (uint32_t i = 0; i < c->present; i++) {
        double d;
        memcpy(&d, &c->value[i], sizeof d);
        if (d != d) continue;
        least = !any || d < least ? d : least;
        most = !any || d > most ? d : most;
        any = true;
    }
    if (least == 0) least = -0.0;
    if (most == 0) most = 0.0;
    memcpy(&out->least, &least, sizeof least);
    memcpy(&out->most, &most, sizeof most);
    return any;
}

static void range_of_integers(const tm_pq_build *c, tm_pq_range *out)
{
    /* Turning the sign bit makes signed order unsigned order. */
    uint64_t flip = c->is.type == TM_PQ_U64 ? 0 : UINT64_C(1) << 63;
    uint64_t least = UINT64_MAX, most = 0;
    for (uint32_t i = 0; i < c->present; i++) {
        uint64_t v = c->value[i] ^ flip;
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    out->least = least ^ flip;
    out->most = most ^ flip;
}

tm_pq_physical tm_pq_physical_of(tm_pq_type type)
{
    switch (type) {
    case TM_PQ_I64:
    case TM_PQ_U64: return TM_PQP_INT64;
    case TM_PQ_F64: return TM_PQP_DOUBLE;
    case TM_PQ_I32: return TM_PQP_INT32;
    case TM_PQ_BOOL: return TM_PQP_BOOLEAN;
    case TM_PQ_TEXT:
    case TM_PQ_BYTES: break;
    }
    return TM_PQP_BYTE_ARRAY;
}

unsigned tm_pq_number_bytes(tm_pq_type type)
{
    return type == TM_PQ_BOOL ? 0 : type == TM_PQ_I32 ? 4 : 8;
}

tm_status tm_pq_build_init(tm_pq_build *c, tm_arena *mem, const tm_pq_column *is, tm_err *err)
{
    *c = (tm_pq_build){.is = *is};
    c->is.name = tm_arena_str(mem, tm_str_of(is->name)).p;
    if (is->optional) c->valid = TM_NEW(mem, uint64_t, TM_PARQUET_ROWS / 64);
    if (!c->is.name || (is->optional && !c->valid)) {
        return tm_fail_memory(err, "a Parquet column", TM_PARQUET_ROWS / 8);
    }
    return TM_OK;
}

void tm_pq_build_release(tm_pq_build *c)
{
    tm_free(c->value);
    tm_free(c->length);
    tm_buf_release(&c->bytes);
    *c = (tm_pq_build){0};
}

void tm_pq_build_clear(tm_pq_build *c)
{
    if (c->valid) memset(c->valid, 0, ((size_t)c->rows + 63) / 64 * sizeof *c->valid);
    c->rows = 0;
    c->present = 0;
    tm_buf_clear(&c->bytes);
}

bool tm_pq_build_range(const tm_pq_build *c, tm_pq_range *out)
{
    bool any = c->present > 0;
    if (any && tm_pq_is_text(c->is.type)) return range_of_text(c, out);
    if (any && c->is.type == TM_PQ_F64) {
        any = range_of_doubles(c, out);
    } else if (any) {
        range_of_integers(c, out);
    }
    size_t bytes = TM_MAX(tm_pq_number_bytes(c->is.type), 1u);
    out->min = (tm_str){(const char *)&out->least, bytes};
    out->max = (tm_str){(const char *)&out->most, bytes};
    return any;
}

bool tm_pq_range_of_texts(const tm_str *text, uint32_t count, tm_pq_range *out)
{
    ends e = {text[0], text[0], head_of(text[0]), head_of(text[0])};
    for (uint32_t i = 1; i < count; i++) widen(&e, text[i]);
    return range_is(&e, out);
}
