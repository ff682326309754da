/* Column chunks: choosing an encoding, cutting pages, compressing them.
 *
 * The choice is made once a row group and column, by the exact size before compression: a
 * dictionary with its indices, differences (of integers, or of the lengths of text), or plain
 * values, the earlier of equals. It depends on the values alone, so the same rows give the same
 * bytes. Numbers always fit one page, since TM_PARQUET_ROWS values of 8 bytes do; text without a
 * dictionary is cut at about TM_PQ_PAGE_BYTES, on multiples of 64 rows so that a page's levels
 * begin at a word of the bit map. Differences of lengths leave the text in one piece, which zstd
 * takes faster and smaller.
 *
 * Compression is one codec a chunk. When there is no dictionary and the first page does not shrink
 * by a sixteenth (ids, random bits), the chunk is stored as it is: that is faster on both sides and
 * hardly larger. */
#include "io/parquet_encode.h"
#include "io/parquet_bits.h"
#include "io/thrift.h"

typedef struct slice {       /* the part of a column that one page holds */
    uint32_t row, rows;      /* row is a multiple of 64 */
    uint32_t first, present; /* values */
    uint64_t text_at, text_bytes;
} slice;

/* The value parts of pages: text plainly, */
static void plain_text(const tm_pq_build *c, const slice *s, tm_buf *out)
{
    if (!tm_buf_grow(out, s->text_bytes + (size_t)s->present * 4)) return;
    char *to = out->p + out->n;
    const char *p = c->bytes.p ? c->bytes.p + s->text_at : ""; /* all of them may be empty */
    for (uint32_t i = s->first; i < s->first + s->present; i++) {
        memcpy(to, &c->length[i], 4);
        memcpy(to + 4, p, c->length[i]);
        to += 4 + c->length[i];
        p += c->length[i];
    }
    out->n = (size_t)(to - out->p);
}

/* text behind its lengths, */
static void text_behind_lengths(const tm_pq_encoder *e, const tm_pq_build *c, const slice *s,
                                tm_buf *out)
{
    tm_pq_delta_encode(e->lengths + s->first, s->present, out);
    if (s->text_bytes) tm_buf_add(out, c->bytes.p + s->text_at, s->text_bytes);
}

/* and numbers plainly. */
static void plain_numbers(const tm_pq_build *c, const slice *s, tm_buf *out)
{
    if (s->present == 0) return;
    const uint64_t *v = c->value + s->first;
    unsigned bytes = tm_pq_number_bytes(c->is.type);
    if (bytes == 8) {
        tm_buf_add(out, v, (size_t)s->present * 8);
        return;
    }
    if (!tm_buf_grow(out, (size_t)s->present * 4 + 1)) return;
    char *to = out->p + out->n;
    if (bytes == 4) {
        for (uint32_t i = 0; i < s->present; i++) memcpy(to + (size_t)i * 4, &v[i], 4);
        out->n += (size_t)s->present * 4;
        return;
    }
    memset(to, 0, ((size_t)s->present + 7) / 8);
    for (uint32_t i = 0; i < s->present; i++) {
        to[i / 8] = (char)(to[i / 8] | (int)(v[i] & 1) << i % 8);
    }
    out->n += ((size_t)s->present + 7) / 8;
}

static void dictionary_values(const tm_pq_dict *d, const tm_pq_build *c, tm_buf *out)
{
    if (tm_pq_is_text(c->is.type)) {
        for (uint32_t i = 0; i < d->count; i++) {
            uint32_t n = (uint32_t)d->text[i].n;
            tm_buf_add(out, &n, 4);
            tm_buf_str(out, d->text[i]);
        }
        return;
    }
    slice all = {.present = d->count};
    tm_pq_build entries = {.is = c->is, .value = d->number};
    plain_numbers(&entries, &all, out);
}

static void page_header(tm_pq_encoder *e, bool dictionary, uint32_t values, tm_pq_encoding encoding,
                        tm_str stored)
{
    tm_thrift_out o = {.buf = &e->pages};
    tm_thrift_begin(&o, 0);
    tm_thrift_put_i32(&o, 1, dictionary ? TM_PQ_PAGE_DICTIONARY : TM_PQ_PAGE_DATA);
    tm_thrift_put_i32(&o, 2, (int32_t)e->body.n);
    tm_thrift_put_i32(&o, 3, (int32_t)stored.n);
    tm_thrift_put_i32(&o, 4, (int32_t)tm_pq_crc(stored));
    tm_thrift_begin(&o, dictionary ? 7 : 5);
    tm_thrift_put_i32(&o, 1, (int32_t)values);
    tm_thrift_put_i32(&o, 2, (int32_t)encoding);
    if (!dictionary) {
        tm_thrift_put_i32(&o, 3, TM_PQE_RLE);
        tm_thrift_put_i32(&o, 4, TM_PQE_RLE);
    }
    tm_thrift_end(&o);
    tm_thrift_end(&o);
}

/* Compresses e->body and appends it to e->pages behind its header. */
static tm_status put_page(tm_pq_encoder *e, tm_pq_chunk *chunk, bool dictionary, uint32_t values,
                          tm_pq_encoding encoding, tm_err *err)
{
    TM_TRY(tm_buf_ok(&e->body, err));
    if (e->body.n > INT32_MAX / 2) {
        return tm_fail(err, TM_ELIMIT, "a page of %zu bytes is more than Parquet can hold",
                       e->body.n);
    }
    tm_str stored = tm_buf_view(&e->body);
    if (chunk->codec == TM_PQC_ZSTD) {
        tm_buf_clear(&e->squeezed);
        TM_TRY(tm_pq_compress(&e->codec, stored, &e->squeezed, err));
        bool first = e->pages.n == 0 && !dictionary;
        if (first && e->squeezed.n > stored.n - stored.n / 16) {
            chunk->codec = TM_PQC_UNCOMPRESSED;
        } else {
            stored = tm_buf_view(&e->squeezed);
        }
    }
    size_t before = e->pages.n;
    page_header(e, dictionary, values, encoding, stored);
    chunk->plain_bytes += e->pages.n - before + e->body.n;
    tm_buf_str(&e->pages, stored);
    chunk->data_pages += !dictionary;
    return tm_buf_ok(&e->pages, err);
}

/* Begins a data page: the levels of its rows, behind their length. */
static void begin_body(tm_pq_encoder *e, const tm_pq_build *c, const slice *s)
{
    tm_buf_clear(&e->body);
    if (!c->valid) return;
    uint32_t bytes = 0;
    tm_buf_add(&e->body, &bytes, 4);
    tm_pq_levels_encode(c->valid + s->row / 64, s->rows, &e->body);
    if (e->body.failed) return;
    bytes = (uint32_t)(e->body.n - 4);
    memcpy(e->body.p, &bytes, 4);
}

/* The next page's part of a plain column. False at the end. */
static bool next_slice(const tm_pq_build *c, slice *s)
{
    s->row += s->rows;
    s->first += s->present;
    s->text_at += s->text_bytes;
    s->rows = 0;
    s->present = 0;
    s->text_bytes = 0;
    uint64_t bytes = 0;
    while (s->row + s->rows < c->rows && bytes < TM_PQ_PAGE_BYTES) {
        uint32_t row = s->row + s->rows, rows = TM_MIN(c->rows - row, 64u);
        uint32_t more = c->valid ? (uint32_t)__builtin_popcountll(c->valid[row / 64]) : rows;
        if (tm_pq_is_text(c->is.type)) {
            uint32_t from = s->first + s->present;
            for (uint32_t i = from; i < from + more; i++) s->text_bytes += c->length[i];
            bytes = s->text_bytes + (uint64_t)(s->present + more) * 4;
        }
        s->rows += rows;
        s->present += more;
    }
    return s->rows > 0;
}

static tm_status put_slices(tm_pq_encoder *e, const tm_pq_build *c, tm_pq_chunk *chunk, tm_err *err)
{
    slice s = {0};
    while (next_slice(c, &s)) {
        begin_body(e, c, &s);
        if (s.present == 0) {
            /* nothing but nulls */
        } else if (chunk->encoding == TM_PQE_DELTA_BINARY_PACKED) {
            tm_pq_delta_encode(c->value + s.first, s.present, &e->body);
        } else if (chunk->encoding == TM_PQE_DELTA_LENGTH_BYTE_ARRAY) {
            text_behind_lengths(e, c, &s, &e->body);
        } else if (tm_pq_is_text(c->is.type)) {
            plain_text(c, &s, &e->body);
        } else {
            plain_numbers(c, &s, &e->body);
        }
        TM_TRY(put_page(e, chunk, false, s.rows, chunk->encoding, err));
    }
    return TM_OK;
}

static tm_status put_dictionary(tm_pq_encoder *e, const tm_pq_build *c, tm_pq_chunk *chunk,
                                tm_err *err)
{
    tm_buf_clear(&e->body);
    dictionary_values(&e->dict, c, &e->body);
    TM_TRY(put_page(e, chunk, true, e->dict.count, TM_PQE_PLAIN, err));
    chunk->first_data_page = e->pages.n;
    slice all = {.rows = c->rows};
    begin_body(e, c, &all);
    tm_buf_str(&e->body, tm_buf_view(&e->indices));
    return put_page(e, chunk, false, c->rows, TM_PQE_RLE_DICTIONARY, err);
}

/* The smallest encoding without a dictionary; *bytes = its size. */
static tm_status choose_direct(tm_pq_encoder *e, const tm_pq_build *c, tm_pq_encoding *out,
                               uint64_t *bytes, tm_err *err)
{
    uint64_t delta = UINT64_MAX;
    tm_pq_encoding differences = TM_PQE_DELTA_BINARY_PACKED;
    *out = TM_PQE_PLAIN;
    *bytes = (uint64_t)c->present * tm_pq_number_bytes(c->is.type);
    if (c->present == 0) return TM_OK;
    if (tm_pq_is_text(c->is.type)) {
        *bytes = c->bytes.n + (uint64_t)c->present * 4;
        if (!e->lengths) e->lengths = tm_alloc(TM_PARQUET_ROWS * sizeof *e->lengths);
        if (!e->lengths) return tm_fail_memory(err, "lengths", TM_PARQUET_ROWS);
        for (uint32_t i = 0; i < c->present; i++) e->lengths[i] = c->length[i];
        delta = tm_pq_delta_size(e->lengths, c->present) + c->bytes.n;
        differences = TM_PQE_DELTA_LENGTH_BYTE_ARRAY;
    } else if (c->is.type == TM_PQ_I64 || c->is.type == TM_PQ_U64) {
        delta = tm_pq_delta_size(c->value, c->present);
    }
    if (delta < *bytes) *bytes = delta, *out = differences;
    return TM_OK;
}

/* The smallest encoding; when it is a dictionary, e->dict and e->indices hold it. */
static tm_status choose(tm_pq_encoder *e, const tm_pq_build *c, tm_pq_encoding *out, tm_err *err)
{
    bool pays;
    uint64_t direct;
    TM_TRY(choose_direct(e, c, out, &direct, err));
    TM_TRY(tm_pq_dict_make(&e->dict, c, &pays, err));
    if (!pays) return TM_OK;
    unsigned width = TM_MAX(tm_pq_width(e->dict.count - 1), 1u);
    tm_buf_clear(&e->indices);
    tm_buf_char(&e->indices, (char)(uint8_t)width);
    tm_pq_hybrid_encode(e->dict.index, c->present, width, &e->indices);
    TM_TRY(tm_buf_ok(&e->indices, err));
    unsigned each = tm_pq_is_text(c->is.type) ? 4 : tm_pq_number_bytes(c->is.type);
    uint64_t entries = e->dict.bytes + (uint64_t)e->dict.count * each;
    if (entries + e->indices.n <= direct) *out = TM_PQE_RLE_DICTIONARY;
    return TM_OK;
}

tm_status tm_pq_encode(tm_pq_encoder *e, const tm_pq_build *column, tm_pq_chunk *out, tm_err *err)
{
    *out = (tm_pq_chunk){
        .codec = TM_PQC_ZSTD, .values = column->rows, .nulls = column->rows - column->present};
    tm_buf_clear(&e->pages);
    TM_TRY(choose(e, column, &out->encoding, err));
    bool dictionary = out->encoding == TM_PQE_RLE_DICTIONARY;
    out->has_range = dictionary && tm_pq_is_text(column->is.type)
                         ? tm_pq_range_of_texts(e->dict.text, e->dict.count, &out->range)
                         : tm_pq_build_range(column, &out->range);
    return dictionary ? put_dictionary(e, column, out, err) : put_slices(e, column, out, err);
}

void tm_pq_encoder_release(tm_pq_encoder *e)
{
    tm_pq_codec_release(&e->codec);
    tm_pq_dict_release(&e->dict);
    tm_free(e->lengths);
    tm_buf_release(&e->pages);
    tm_buf_release(&e->body);
    tm_buf_release(&e->indices);
    tm_buf_release(&e->squeezed);
}
