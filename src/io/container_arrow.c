/* Tables: rows of another program's Arrow arrays as records, one JSON object a line.
 *
 * The reader only says which rows a block is: as many as make about TM_BLOCK_BYTES, by the lengths
 * that stand in the arrays (table_values.c), so where blocks end depends on the values alone and
 * not on how the table is cut into batches. The worker that takes the block writes the rows out,
 * those of them that are needed (tm_block_row), or asks for their texts alone (tm_block_row_text).
 * Only when a digest is wanted are they written while they are read, since it covers them in order;
 * it is that of the JSONL file they would be.
 *
 * A place is the number of the row, and so is the line. A row that may pass max_line as JSON is a
 * block of its own, and given up at the limit, so memory holds a block and one record. */
#include "base/vec.h"
#include "io/reader.h"
#include "io/table_json.h"

enum { STEP = 4096, LONGER = TM_ROW_LONGER /* tm_rows_size is off by no more */ };

static uint64_t take_rows(const tm_table *t, uint64_t row, uint64_t max_line, uint64_t *weight)
{
    uint64_t taken = 0, alone = TM_MIN(max_line / LONGER, (uint64_t)TM_BLOCK_BYTES), size = 0;
    uint64_t most = alone < TM_BLOCK_BYTES ? 1 : STEP;
    uint32_t c = tm_table_chunk_of(t, row);
    *weight = 0;
    while (row + taken < t->rows) {
        while (row + taken >= t->first[c + 1]) c++;
        int64_t at = (int64_t)(row + taken - t->first[c]);
        uint64_t step = TM_MIN(most, t->first[c + 1] - row - taken);
        for (;;) {
            size = tm_rows_size(&t->row, &t->chunk[c], at, at + (int64_t)step);
            if (*weight + size <= TM_BLOCK_BYTES || step == 1) break;
            most = step /= 2; /* what is left of the longer stretch is at most as long */
        }
        bool fits = *weight + size <= TM_BLOCK_BYTES && (most > 1 || size <= alone);
        if (!fits && taken) break;
        taken += step;
        *weight += size;
        if (!fits) break;
    }
    return taken;
}

static tm_status broken(const tm_table *t, uint64_t row, const tm_table_column *column, tm_err *err)
{
    tm_fail(err, TM_EINPUT,
            "in row %llu of the table, column \"%.*s\": an offset or index leads outside its data, "
            "so the table was built wrongly",
            (unsigned long long)row + 1, TM_FMT(column->name));
    tm_err_at(err, t->name, row + 1, 0, row);
    return TM_EINPUT;
}

static void too_long(tm_block *b)
{
    tm_damage_set(&b->damage, b->by_memory ? TM_DAMAGE_ROOM : TM_DAMAGE_LONG,
                  "a row is longer than the limit of %llu bytes as JSON; raise limits.%s",
                  (unsigned long long)b->max_line, b->by_memory ? "memory" : "max_line");
    b->damage.at = b->at;
    b->damage.bytes = b->bytes.n; /* more was not written */
    tm_block_keep(b, b->bytes.p, b->bytes.n);
    tm_buf_clear(&b->bytes);
}

/* The row of the block's span `line`, behind those that are written. */
static tm_status put_row(tm_block *b, const tm_table *t, const struct ArrowArray *chunk,
                         int64_t index, uint32_t line, tm_err *err)
{
    size_t from = b->bytes.n;
    tm_row_writer w = {.out = &b->bytes, .most = from + b->max_line};
    tm_row_value(&w, &t->row, chunk, index);
    if (w.broken) return broken(t, b->at + line, w.broken, err);
    TM_TRY(tm_buf_ok(&b->bytes, err));
    if (b->bytes.n > w.most) {
        if (b->rows > 1) return broken(t, b->at + line, &t->row, err);
        too_long(b);
        b->spans = 0;
        return tm_buf_ok(&b->torn, err);
    }
    b->span[line] = (tm_span){.at = (uint32_t)from,
                              .bytes = (uint32_t)(b->bytes.n - from),
                              .line = line,
                              .ascii = tm_is_ascii(b->bytes.p + from, b->bytes.n - from),
                              .lost = w.lost};
    tm_buf_char(&b->bytes, '\n');
    return tm_buf_ok(&b->bytes, err);
}

static const struct ArrowArray *chunk_of(const tm_block *b, const tm_table *t, uint32_t line,
                                         int64_t *index)
{
    uint32_t c = tm_table_chunk_of(t, b->at + line);
    *index = (int64_t)(b->at + line - t->first[c]);
    return &t->chunk[c];
}

static tm_status end_rows(tm_block *b, tm_err *err)
{
    if (!tm_buf_grow(&b->bytes, TM_BLOCK_SLACK))
        return tm_fail_memory(err, "a block", TM_BLOCK_SLACK);
    memset(b->bytes.p + b->bytes.n, 0, TM_BLOCK_SLACK);
    return TM_OK;
}

/* Spans of rows that are not written: all but the line is to come. */
static tm_status place_rows(tm_block *b, tm_err *err)
{
    tm_buf_clear(&b->bytes);
    b->spans = b->rows;
    if (!TM_ROOM_HEAP(b->span, 0, b->span_room, b->rows))
        return tm_fail_memory(err, "the rows of a block", b->rows * sizeof *b->span);
    for (uint32_t i = 0; i < b->rows; i++) b->span[i] = (tm_span){.line = i};
    return TM_OK;
}

static tm_status write_rows(tm_block *b, const tm_table *t, tm_err *err)
{
    TM_TRY(place_rows(b, err));
    uint32_t c = tm_table_chunk_of(t, b->at);
    for (uint32_t i = 0; i < b->rows; i++) {
        uint64_t row = b->at + i;
        while (row >= t->first[c + 1]) c++;
        TM_TRY(put_row(b, t, &t->chunk[c], (int64_t)(row - t->first[c]), i, err));
    }
    b->written = true;
    return end_rows(b, err);
}

tm_status tm_arrow_next(tm_reader *r, tm_block *b, tm_err *err)
{
    const tm_table *t = r->source->table;
    if (b->bytes.room > 4 * TM_BLOCK_BYTES) tm_buf_release(&b->bytes);
    b->at = r->at;
    b->max_line = r->max_line;
    b->by_memory = r->memory != 0;
    b->rows = (uint32_t)take_rows(t, r->at, r->max_line, &b->weight);
    b->lines = b->rows;
    b->dropped_lines = 0;
    b->damage = (tm_damage){0};
    tm_buf_clear(&b->torn);
    b->written = false;
    r->at += b->rows;
    b->last = r->at == t->rows;
    if (!r->digest) return TM_OK;
    TM_TRY(write_rows(b, t, err));
    tm_sha256_add(r->digest, b->bytes.p, b->bytes.n);
    r->digested += b->bytes.n;
    return TM_OK;
}

tm_status tm_arrow_records(tm_block *b, const tm_table *table, tm_err *err)
{
    return b->written ? TM_OK : write_rows(b, table, err);
}

/* A row alone in its block may be longer than all limits: whether it is, its writing shows. */
tm_status tm_block_begin(tm_block *b, const tm_source *source, tm_err *err)
{
    bool later = b->of_rows && !b->written && b->rows > 1;
    return later ? place_rows(b, err) : tm_block_records(b, source, err);
}

tm_status tm_block_row(tm_block *b, const tm_source *source, uint32_t span, tm_err *err)
{
    int64_t index;
    if (!b->of_rows || b->written) return TM_OK;
    const struct ArrowArray *chunk = chunk_of(b, source->table, span, &index);
    TM_TRY(put_row(b, source->table, chunk, index, span, err));
    return end_rows(b, err);
}

tm_status tm_block_row_extent(const tm_block *b, const tm_source *source, uint32_t span,
                              tm_buf *scratch, tm_row_extent *out, tm_err *err)
{
    int64_t index;
    const struct ArrowArray *chunk = chunk_of(b, source->table, span, &index);
    return tm_row_extent_of(&source->table->row, chunk, index, scratch, out, err);
}

bool tm_block_row_text(const tm_block *b, const tm_source *source, uint32_t span, uint32_t column,
                       tm_str *out)
{
    int64_t index;
    const struct ArrowArray *chunk = chunk_of(b, source->table, span, &index);
    const tm_table_column *row = &source->table->row;
    return tm_table_text(&row->child[column], chunk->children[column], index + chunk->offset, out);
}

tm_source tm_source_of_table(const tm_table *t)
{
    tm_source source = {.path = t->name, .container = TM_ARROW, .seekable = true, .table = t};
    for (uint32_t i = 0; i < t->chunks; i++)
        source.bytes += tm_rows_size(&t->row, &t->chunk[i], 0, t->chunk[i].length);
    return source;
}
