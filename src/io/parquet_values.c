/* Decoding of page values: PLAIN, RLE, dictionary indices, the three DELTA encodings and
 * BYTE_STREAM_SPLIT (Encodings.md).
 *
 * Every function gets the bytes of the page and the number of values that must be in them, and
 * fails unless they are; nothing is read past the page and nothing is written past `count` values.
 * Text is sliced, not copied, except for DELTA_BYTE_ARRAY, whose values share heads and are put
 * together in the arena (whose limit is what stops a bomb there). Numbers are widened to 64 bits,
 * floats to doubles, which is exact. */
#include "io/parquet_values.h"
#include "io/parquet_bits.h"

static tm_status damaged(tm_err *err, const char *encoding)
{
    return tm_fail(err, TM_EINPUT, "a page does not hold the %s values that its header states",
                   encoding);
}

/* Bytes of a stored number; 0 for single bits. */
static unsigned stored_bytes(const tm_pq_leaf *leaf)
{
    switch (leaf->physical) {
    case TM_PQP_BOOLEAN: return 0;
    case TM_PQP_INT32:
    case TM_PQP_FLOAT: return 4;
    case TM_PQP_FIXED: return leaf->fixed_bytes;
    default: return 8;
    }
}

/* A stored number as we keep it. */
static uint64_t widen(const tm_pq_leaf *leaf, uint64_t stored)
{
    if (leaf->physical == TM_PQP_INT32) {
        uint32_t low = (uint32_t)stored;
        return leaf->no_sign ? low : (uint64_t)(int64_t)(int32_t)low;
    }
    if (leaf->physical == TM_PQP_FLOAT) {
        float f;
        uint32_t low = (uint32_t)stored;
        memcpy(&f, &low, sizeof f);
        double d = (double)f;
        memcpy(&stored, &d, sizeof d);
    }
    return stored;
}

static tm_status plain_numbers(const tm_pq_leaf *leaf, tm_str s, uint64_t *out, uint32_t count,
                               tm_err *err)
{
    unsigned bytes = stored_bytes(leaf);
    if (s.n < (bytes ? (uint64_t)count * bytes : ((uint64_t)count + 7) / 8)) {
        return damaged(err, "PLAIN");
    }
    if (bytes == 8) {
        memcpy(out, s.p, (size_t)count * 8);
        return TM_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t v = 0;
        if (bytes) {
            memcpy(&v, s.p + (size_t)i * 4, 4);
        } else {
            v = (uint8_t)s.p[i / 8] >> i % 8 & 1;
        }
        out[i] = widen(leaf, v);
    }
    return TM_OK;
}

static tm_status plain_text(const tm_pq_leaf *leaf, tm_str s, tm_str *out, uint32_t count,
                            tm_err *err)
{
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = leaf->fixed_bytes;
        if (leaf->physical == TM_PQP_BYTE_ARRAY) {
            if (s.n - at < 4) return damaged(err, "PLAIN");
            memcpy(&n, s.p + at, 4);
            at += 4;
        }
        if (s.n - at < n) return damaged(err, "PLAIN");
        out[i] = (tm_str){s.p + at, n};
        at += n;
    }
    return TM_OK;
}

static tm_status rle_bools(tm_pq_decoding *d, tm_str s, uint64_t *out, uint32_t count, tm_err *err)
{
    uint32_t bytes;
    if (d->leaf->physical != TM_PQP_BOOLEAN || s.n < 4) return damaged(err, "RLE");
    memcpy(&bytes, s.p, 4);
    if (bytes > s.n - 4 || !tm_pq_hybrid_decode(s.p + 4, bytes, 1, count, d->index)) {
        return damaged(err, "RLE");
    }
    for (uint32_t i = 0; i < count; i++) out[i] = d->index[i];
    return TM_OK;
}

static tm_status indexed(tm_pq_decoding *d, tm_str s, tm_pq_values out, uint32_t at, uint32_t count,
                         tm_err *err)
{
    if (!d->has_dictionary) {
        return tm_fail(err, TM_EINPUT, "a page refers to a dictionary that is not there");
    }
    if (s.n < 1 || !tm_pq_hybrid_decode(s.p + 1, s.n - 1, (uint8_t)s.p[0], count, d->index)) {
        return damaged(err, "dictionary");
    }
    uint32_t most = 0;
    for (uint32_t i = 0; i < count; i++) most = TM_MAX(most, d->index[i]);
    if (most >= d->entries) return damaged(err, "dictionary");
    if (out.text) {
        for (uint32_t i = 0; i < count; i++) out.text[at + i] = d->dictionary.text[d->index[i]];
    } else {
        for (uint32_t i = 0; i < count; i++) out.number[at + i] = d->dictionary.number[d->index[i]];
    }
    return TM_OK;
}

static tm_status delta_numbers(tm_pq_decoding *d, tm_str s, uint64_t *out, uint32_t count,
                               tm_err *err)
{
    size_t used;
    if (d->leaf->physical != TM_PQP_INT32 && d->leaf->physical != TM_PQP_INT64) {
        return damaged(err, "DELTA_BINARY_PACKED");
    }
    if (!tm_pq_delta_decode(s.p, s.n, count, out, &used))
        return damaged(err, "DELTA_BINARY_PACKED");
    for (uint32_t i = 0; i < count; i++) out[i] = widen(d->leaf, out[i]);
    return TM_OK;
}

/* Lengths, then the bytes of all values. */
static tm_status delta_lengths(const tm_pq_decoding *d, tm_str s, tm_str *out, uint32_t count,
                               tm_err *err)
{
    size_t at;
    uint64_t *length = TM_NEW(d->mem, uint64_t, count);
    if (!length) return tm_pq_too_big(d->mem, (uint64_t)count * 8, err);
    if (!tm_pq_delta_decode(s.p, s.n, count, length, &at)) {
        return damaged(err, "DELTA_LENGTH_BYTE_ARRAY");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (length[i] > s.n - at) return damaged(err, "DELTA_LENGTH_BYTE_ARRAY");
        out[i] = (tm_str){s.p + at, (size_t)length[i]};
        at += (size_t)length[i];
    }
    return TM_OK;
}

/* Each value is a number of bytes of the value before it and a tail of its own. */
static tm_status delta_text(tm_pq_decoding *d, tm_str s, tm_str *out, uint32_t count, tm_err *err)
{
    size_t at;
    uint64_t *shared = TM_NEW(d->mem, uint64_t, count);
    if (!shared) return tm_pq_too_big(d->mem, (uint64_t)count * 8, err);
    if (!tm_pq_delta_decode(s.p, s.n, count, shared, &at)) return damaged(err, "DELTA_BYTE_ARRAY");
    TM_TRY(delta_lengths(d, tm_str_slice(s, at, s.n), out, count, err));
    tm_str last = TM_STR("");
    for (uint32_t i = 0; i < count; i++) {
        if (shared[i] > last.n) return damaged(err, "DELTA_BYTE_ARRAY");
        size_t head = (size_t)shared[i], n = head + out[i].n;
        if (head) {
            char *p = tm_arena_alloc(d->mem, n, 1);
            if (!p) return tm_pq_too_big(d->mem, n, err);
            memcpy(p, last.p, head);
            memcpy(p + head, out[i].p, out[i].n);
            out[i] = (tm_str){p, n};
        }
        last = out[i];
        if (d->leaf->physical == TM_PQP_FIXED && n != d->leaf->fixed_bytes) {
            return damaged(err, "DELTA_BYTE_ARRAY");
        }
    }
    return TM_OK;
}

/* The first bytes of all values, then the second bytes, and so on. */
static tm_status split(tm_pq_decoding *d, tm_str s, tm_pq_values out, uint32_t at, uint32_t count,
                       tm_err *err)
{
    unsigned bytes = stored_bytes(d->leaf);
    bool text = tm_pq_leaf_is_text(d->leaf);
    if (bytes == 0 || d->leaf->physical == TM_PQP_BYTE_ARRAY || s.n < (uint64_t)count * bytes) {
        return damaged(err, "BYTE_STREAM_SPLIT");
    }
    char *joined = text ? tm_arena_alloc(d->mem, (size_t)count * bytes, 1) : NULL;
    if (text && !joined) return tm_pq_too_big(d->mem, (uint64_t)count * bytes, err);
    for (uint32_t i = 0; i < count; i++) {
        char number[8] = {0}, *to = text ? joined + (size_t)i * bytes : number;
        for (unsigned k = 0; k < bytes; k++) to[k] = s.p[(size_t)k * count + i];
        uint64_t v;
        memcpy(&v, number, sizeof v);
        if (text) {
            out.text[at + i] = (tm_str){to, bytes};
        } else {
            out.number[at + i] = widen(d->leaf, v);
        }
    }
    return TM_OK;
}

tm_status tm_pq_too_big(const tm_arena *mem, uint64_t bytes, tm_err *err)
{
    enum { SLACK = 64 }; /* what the arena may add for alignment */
    if (bytes + SLACK < mem->limit - TM_MIN(mem->held, mem->limit)) {
        return tm_fail_memory(err, "a row group", bytes);
    }
    return tm_fail(err, TM_ELIMIT,
                   "the row group needs more than %zu bytes of memory, the limit; write the file "
                   "again with smaller row groups",
                   mem->limit);
}

tm_status tm_pq_values_room(const tm_pq_decoding *d, uint32_t count, tm_pq_values *out, tm_err *err)
{
    bool text = tm_pq_leaf_is_text(d->leaf);
    size_t each = text ? sizeof *out->text : sizeof *out->number;
    void *p = tm_arena_alloc(d->mem, TM_MAX((size_t)count * each, each), 8);
    if (!p) return tm_pq_too_big(d->mem, (uint64_t)count * each, err);
    *out = text ? (tm_pq_values){.text = p} : (tm_pq_values){.number = p};
    return TM_OK;
}

tm_status tm_pq_values_read(tm_pq_decoding *d, int64_t encoding, tm_str bytes, tm_pq_values out,
                            uint32_t at, uint32_t count, tm_err *err)
{
    if (count == 0) return TM_OK;
    bool text = tm_pq_leaf_is_text(d->leaf);
    switch (encoding) {
    case TM_PQE_PLAIN:
        return text ? plain_text(d->leaf, bytes, out.text + at, count, err)
                    : plain_numbers(d->leaf, bytes, out.number + at, count, err);
    case TM_PQE_PLAIN_DICTIONARY:
    case TM_PQE_RLE_DICTIONARY: return indexed(d, bytes, out, at, count, err);
    case TM_PQE_BYTE_STREAM_SPLIT: return split(d, bytes, out, at, count, err);
    case TM_PQE_RLE:
        if (text) break;
        return rle_bools(d, bytes, out.number + at, count, err);
    case TM_PQE_DELTA_BINARY_PACKED:
        if (text) break;
        return delta_numbers(d, bytes, out.number + at, count, err);
    case TM_PQE_DELTA_LENGTH_BYTE_ARRAY:
        if (d->leaf->physical != TM_PQP_BYTE_ARRAY) break;
        return delta_lengths(d, bytes, out.text + at, count, err);
    case TM_PQE_DELTA_BYTE_ARRAY:
        if (!text) break;
        return delta_text(d, bytes, out.text + at, count, err);
    default: break;
    }
    return tm_fail(err, TM_EINPUT, "a page has encoding %d, which its column cannot have",
                   (int)encoding);
}
