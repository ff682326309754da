/* Pages, one after another: header, checksum, decompression, levels, values.
 *
 * A chunk is a dictionary page (or none) and data pages until all rows are there. Data pages come
 * in two forms: v1 compresses levels and values together, v2 keeps the levels outside. Values are
 * decoded densely and then moved apart from the back to leave room for nulls, so a row is an index.
 *
 * Every size in a header is held against the bytes that are left (compressed) or taken from the
 * arena, whose limit it cannot pass (expanded); a page may not have more rows than are missing. */
#include "io/parquet_chunk.h"
#include "io/parquet_bits.h"
#include "io/thrift.h"

typedef struct page {
    int64_t type, expanded, stored, crc, values, encoding;
    int64_t level_encoding;             /* v1 */
    int64_t rows, level_bytes, repeats; /* v2 */
    bool has_crc, compressed, has_head; /* has_head: the header of its own type was there */
} page;

typedef struct chunk {
    tm_pq_decoding decoding;
    tm_pq_codec *codec;
    int32_t codec_id;
    bool optional;
    uint32_t rows, done;
    tm_pq_loaded *out;
} chunk;

static tm_status broken(tm_err *err, const char *what)
{
    return tm_fail(err, TM_EINPUT, "a page is damaged: %s", what);
}

static void read_v1(tm_thrift_in *in, page *p, bool data)
{
    int16_t id, outer = tm_thrift_enter(in);
    tm_thrift_type type;
    while (tm_thrift_field(in, &id, &type)) {
        switch (id) {
        case 1: p->values = tm_thrift_int(in, type); break;
        case 2: p->encoding = tm_thrift_int(in, type); break;
        case 3:
            if (data) {
                p->level_encoding = tm_thrift_int(in, type);
                break;
            }
            tm_thrift_skip(in, type);
            break;
        default: tm_thrift_skip(in, type);
        }
    }
    tm_thrift_leave(in, outer);
}

static void read_v2(tm_thrift_in *in, page *p)
{
    int16_t id, outer = tm_thrift_enter(in);
    tm_thrift_type type;
    while (tm_thrift_field(in, &id, &type)) {
        switch (id) {
        case 1: p->values = tm_thrift_int(in, type); break;
        case 3: p->rows = tm_thrift_int(in, type); break;
        case 4: p->encoding = tm_thrift_int(in, type); break;
        case 5: p->level_bytes = tm_thrift_int(in, type); break;
        case 6: p->repeats = tm_thrift_int(in, type); break;
        case 7: p->compressed = tm_thrift_bool(in, type); break;
        default: tm_thrift_skip(in, type);
        }
    }
    tm_thrift_leave(in, outer);
}

static bool read_header(tm_thrift_in *in, page *p)
{
    int64_t head = -1;
    *p = (page){.type = -1,
                .expanded = -1,
                .stored = -1,
                .values = -1,
                .level_encoding = TM_PQE_RLE,
                .compressed = true};
    int16_t id, outer = tm_thrift_enter(in);
    tm_thrift_type type;
    while (tm_thrift_field(in, &id, &type)) {
        bool is_struct = type == TM_THRIFT_STRUCT;
        if (id == 1) {
            p->type = tm_thrift_int(in, type);
        } else if (id == 2) {
            p->expanded = tm_thrift_int(in, type);
        } else if (id == 3) {
            p->stored = tm_thrift_int(in, type);
        } else if (id == 4) {
            p->crc = tm_thrift_int(in, type);
            p->has_crc = true;
        } else if ((id == 5 || id == 7) && is_struct) {
            read_v1(in, p, id == 5);
            head = id == 5 ? TM_PQ_PAGE_DATA : TM_PQ_PAGE_DICTIONARY;
        } else if (id == 8 && is_struct) {
            read_v2(in, p);
            head = TM_PQ_PAGE_DATA_V2;
        } else {
            tm_thrift_skip(in, type);
        }
    }
    tm_thrift_leave(in, outer);
    p->has_head = head == p->type;
    return !in->failed && p->expanded >= 0 && p->expanded <= INT32_MAX && p->stored >= 0;
}

/* The page's bytes as they were before compression, in the arena. `plain_bytes` at the front are
 * never compressed (the levels of v2). */
static tm_status expand(chunk *c, const page *p, tm_str stored, size_t plain_bytes, tm_str *out,
                        tm_err *err)
{
    size_t bytes = (size_t)p->expanded;
    if (plain_bytes > bytes || plain_bytes > stored.n) return broken(err, "levels above its size");
    char *to = tm_arena_alloc(c->decoding.mem, TM_MAX(bytes, (size_t)1), 1);
    if (!to) return tm_pq_too_big(c->decoding.mem, bytes, err);
    *out = (tm_str){to, bytes};
    if (plain_bytes) memcpy(to, stored.p, plain_bytes);
    tm_str rest = {stored.p + plain_bytes, stored.n - plain_bytes};
    if (bytes == plain_bytes) return TM_OK;
    int32_t codec_id = p->compressed ? c->codec_id : TM_PQC_UNCOMPRESSED;
    return tm_pq_expand(c->codec, codec_id, rest, to + plain_bytes, bytes - plain_bytes, err);
}

static tm_status read_dictionary(chunk *c, const page *p, tm_str stored, tm_err *err)
{
    tm_str bytes;
    tm_pq_decoding *d = &c->decoding;
    if (d->has_dictionary || c->done) return broken(err, "a dictionary at the wrong place");
    if (p->encoding != TM_PQE_PLAIN && p->encoding != TM_PQE_PLAIN_DICTIONARY) {
        return broken(err, "a dictionary that is not plain");
    }
    TM_TRY(expand(c, p, stored, 0, &bytes, err));
    /* An entry takes a byte at least, but for truth values, which have no dictionaries. */
    if ((uint64_t)p->values > bytes.n || d->leaf->physical == TM_PQP_BOOLEAN) {
        return broken(err, "a dictionary with more entries than bytes");
    }
    uint32_t entries = (uint32_t)p->values;
    TM_TRY(tm_pq_values_room(d, entries, &d->dictionary, err));
    TM_TRY(tm_pq_values_read(d, TM_PQE_PLAIN, bytes, d->dictionary, 0, entries, err));
    d->entries = entries;
    d->has_dictionary = true;
    return TM_OK;
}

/* Sets the rows' bits from the levels; *present = how many are not null. */
static tm_status read_levels(chunk *c, tm_str levels, uint32_t rows, uint32_t *present, tm_err *err)
{
    uint32_t *level = c->decoding.index;
    if (!tm_pq_hybrid_decode(levels.p, levels.n, 1, rows, level)) {
        return broken(err, "its definition levels do not fit its rows");
    }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t row = c->done + i;
        sum += level[i];
        c->out->valid[row / 64] |= (uint64_t)level[i] << row % 64;
    }
    *present = sum;
    return TM_OK;
}

/* Moves the dense values of the last rows apart, from the back. */
static void spread(chunk *c, uint32_t rows, uint32_t present)
{
    const uint64_t *valid = c->out->valid;
    uint64_t *number = c->out->values.number;
    tm_str *text = c->out->values.text;
    uint32_t from = c->done + present;
    for (uint32_t row = c->done + rows; row-- > c->done;) {
        bool there = valid[row / 64] >> row % 64 & 1;
        if (there) from--;
        if (number) {
            number[row] = there ? number[from] : 0;
        } else {
            text[row] = there ? text[from] : TM_STR("");
        }
    }
}

static tm_status read_data(chunk *c, const page *p, tm_str stored, tm_err *err)
{
    bool v2 = p->type == TM_PQ_PAGE_DATA_V2;
    tm_str bytes, levels = {0};
    if ((uint64_t)p->values > c->rows - c->done) return broken(err, "more rows than its row group");
    uint32_t rows = (uint32_t)p->values, present = rows;
    if (v2 && (p->repeats != 0 || p->level_bytes < 0 || p->level_bytes > p->expanded)) {
        return broken(err, "levels that a flat column does not have");
    }
    size_t outside = v2 ? (size_t)p->level_bytes : 0;
    TM_TRY(expand(c, p, stored, outside, &bytes, err));
    if (v2) {
        levels = tm_str_slice(bytes, 0, outside);
        bytes = tm_str_slice(bytes, outside, bytes.n);
    } else if (c->optional) {
        uint32_t n = 0;
        if (p->level_encoding != TM_PQE_RLE || bytes.n < 4) return broken(err, "no levels");
        memcpy(&n, bytes.p, 4);
        if (n > bytes.n - 4) return broken(err, "levels above its size");
        levels = tm_str_slice(bytes, 4, 4 + (size_t)n);
        bytes = tm_str_slice(bytes, 4 + (size_t)n, bytes.n);
    }
    if (c->optional && rows) TM_TRY(read_levels(c, levels, rows, &present, err));
    TM_TRY(
        tm_pq_values_read(&c->decoding, p->encoding, bytes, c->out->values, c->done, present, err));
    if (present < rows) spread(c, rows, present);
    c->done += rows;
    return TM_OK;
}

static tm_status read_page(chunk *c, tm_str *left, tm_err *err)
{
    page p;
    tm_thrift_in in = {.p = left->p, .end = left->p + left->n};
    if (!read_header(&in, &p)) return broken(err, "its header is not Thrift");
    size_t rest = (size_t)(in.end - in.p);
    if ((uint64_t)p.stored > rest) return broken(err, "it ends behind its column chunk");
    tm_str stored = {in.p, (size_t)p.stored};
    *left = (tm_str){in.p + stored.n, rest - stored.n};
    if (p.has_crc && (uint32_t)p.crc != tm_pq_crc(stored)) return broken(err, "wrong checksum");
    bool dictionary = p.type == TM_PQ_PAGE_DICTIONARY;
    if (!dictionary && p.type != TM_PQ_PAGE_DATA && p.type != TM_PQ_PAGE_DATA_V2) return TM_OK;
    if (!p.has_head || p.values < 0) return broken(err, "it does not say how many values it has");
    return dictionary ? read_dictionary(c, &p, stored, err) : read_data(c, &p, stored, err);
}

tm_status tm_pq_chunk_read(tm_arena *mem, tm_pq_codec *codec, uint32_t *index,
                           const tm_pq_leaf *leaf, bool optional, int32_t codec_id, tm_str bytes,
                           uint32_t rows, tm_pq_loaded *out, tm_err *err)
{
    chunk c = {.decoding = {.mem = mem, .leaf = leaf, .index = index},
               .codec = codec,
               .codec_id = codec_id,
               .optional = optional,
               .rows = rows,
               .out = out};
    *out = (tm_pq_loaded){0};
    if (leaf->cannot) {
        return tm_fail(err, TM_EUNSUPPORTED,
                       "%s values are not read yet; write the column again as a number or text",
                       leaf->cannot);
    }
    TM_TRY(tm_pq_codec_known(codec_id, err));
    TM_TRY(tm_pq_values_room(&c.decoding, rows, &out->values, err));
    if (optional) {
        out->valid = TM_NEW(mem, uint64_t, (size_t)rows / 64 + 1);
        if (!out->valid) return tm_pq_too_big(mem, rows / 8, err);
    }
    while (c.done < rows) {
        if (bytes.n == 0) return broken(err, "its column chunk ends before all rows");
        TM_TRY(read_page(&c, &bytes, err));
    }
    return TM_OK;
}
