/* The reader: footer first, then one row group at a time, column by column.
 *
 * A row group is read whole into one arena, and the arena's limit (tm_pq_limit) is what stands
 * between a hostile file and the machine's memory: a few bytes can claim any number of rows. The
 * file is read in place (read_at), one column chunk at a time; columns that are not wanted are not
 * read at all. */
#include "io/parquet_chunk.h"

#define READ_BYTES TM_GIB
#define FOOTER_TIMES 32 /* parsed, a footer takes at most this many times its bytes (and a bit) */

struct tm_pq_reader {
    tm_arena mem;   /* of the file */
    tm_arena group; /* of the row group */
    int file;
    bool open;
    char *path;
    tm_pq_meta meta;
    tm_pq_loaded *loaded;
    bool *wanted;
    uint32_t next, rows;
    tm_buf chunk;
    tm_pq_codec codec;
};

static tm_status not_parquet(tm_err *err)
{
    return tm_fail(err, TM_EINPUT,
                   "this is not a Parquet file, or its end is missing; get the whole file again");
}

static tm_status read_footer(tm_pq_reader *r, uint64_t bytes, tm_err *err)
{
    char head[4], tail[TM_PQ_TAIL];
    uint32_t footer;
    if (bytes < sizeof head + sizeof tail) return not_parquet(err);
    TM_TRY(tm_file_read_at(r->file, r->path, head, sizeof head, 0, err));
    TM_TRY(tm_file_read_at(r->file, r->path, tail, sizeof tail, bytes - sizeof tail, err));
    if (memcmp(tail + 4, TM_PQ_MAGIC_ENCRYPTED, 4) == 0) {
        return tm_fail(err, TM_EUNSUPPORTED, "this Parquet file is encrypted; decrypt it first");
    }
    if (memcmp(tail + 4, TM_PQ_MAGIC, 4) != 0 || memcmp(head, TM_PQ_MAGIC, 4) != 0)
        return not_parquet(err);
    memcpy(&footer, tail, sizeof footer);
    if (footer > bytes - sizeof head - sizeof tail) return not_parquet(err);
    uint64_t at = bytes - sizeof tail - footer;
    tm_arena_init(&r->mem, TM_MIB + (size_t)footer * FOOTER_TIMES);
    char *p = tm_arena_alloc(&r->mem, footer + 1u, 1);
    if (!p) return tm_fail_memory(err, "a Parquet footer", footer);
    TM_TRY(tm_file_read_at(r->file, r->path, p, footer, at, err));
    TM_TRY(tm_pq_meta_read(&r->mem, (tm_str){p, footer}, at, &r->meta, err));
    r->loaded = TM_NEW(&r->mem, tm_pq_loaded, r->meta.columns);
    r->wanted = TM_NEW(&r->mem, bool, r->meta.columns);
    if (!r->loaded || !r->wanted) return tm_fail_memory(err, "Parquet columns", r->meta.columns);
    memset(r->wanted, true, r->meta.columns * sizeof *r->wanted);
    return TM_OK;
}

static tm_status open_file(tm_pq_reader *r, const char *path, tm_err *err)
{
    tm_file_info info;
    size_t n = strlen(path) + 1;
    r->path = tm_alloc(n);
    if (!r->path) return tm_fail_memory(err, "a path", n);
    memcpy(r->path, path, n);
    TM_TRY(tm_file_open(path, &r->file, err));
    r->open = true;
    TM_TRY(tm_file_info_of(path, &info, err));
    return read_footer(r, info.bytes, err);
}

static tm_status load_column(tm_pq_reader *r, const tm_pq_group *g, uint32_t column,
                             uint32_t *index, tm_err *err)
{
    const tm_pq_place *place = &g->place[column];
    if (place->bytes > r->group.limit) return tm_pq_too_big(&r->group, place->bytes, err);
    tm_buf_clear(&r->chunk);
    if (!tm_buf_grow(&r->chunk, (size_t)place->bytes)) {
        return tm_fail_memory(err, "a column chunk", place->bytes);
    }
    r->chunk.n = (size_t)place->bytes;
    TM_TRY(tm_file_read_at(r->file, r->path, r->chunk.p, r->chunk.n, place->at, err));
    return tm_pq_chunk_read(&r->group, &r->codec, index, &r->meta.leaf[column],
                            r->meta.column[column].optional, place->codec, tm_buf_view(&r->chunk),
                            (uint32_t)g->rows, &r->loaded[column], err);
}

static tm_status load_group(tm_pq_reader *r, const tm_pq_group *g, uint32_t number, tm_err *err)
{
    uint64_t scratch = g->rows * sizeof(uint32_t);
    if (g->rows > UINT32_MAX || scratch > r->group.limit) {
        return tm_pq_too_big(&r->group, scratch, err);
    }
    uint32_t *index = tm_arena_alloc(&r->group, (size_t)scratch, 8);
    if (!index) return tm_pq_too_big(&r->group, scratch, err);
    for (uint32_t i = 0; i < r->meta.columns; i++) {
        tm_err why = {0};
        if (!r->wanted[i]) continue;
        tm_status status = load_column(r, g, i, index, &why);
        if (status != TM_OK) {
            return tm_fail(err, status, "row group %u, column %s: %s", number + 1,
                           r->meta.column[i].name, why.msg);
        }
    }
    return TM_OK;
}

static const tm_pq_loaded *loaded(const tm_pq_reader *r, uint32_t column, uint32_t row)
{
    TM_ASSERT(column < r->meta.columns && row < r->rows && r->wanted[column]);
    return &r->loaded[column];
}

tm_status tm_pq_open(tm_pq_reader **out, const char *path, tm_err *err)
{
    *out = NULL;
    tm_pq_reader *r = tm_alloc_zero(1, sizeof *r);
    if (!r) return tm_fail_memory(err, "a Parquet reader", sizeof *r);
    tm_arena_init(&r->group, READ_BYTES);
    tm_status status = open_file(r, path, err);
    if (status != TM_OK) {
        tm_err_at(err, tm_str_of(path), 0, 0, UINT64_MAX);
        tm_pq_close(r);
        return status;
    }
    *out = r;
    return TM_OK;
}

void tm_pq_limit(tm_pq_reader *r, uint64_t bytes)
{
    r->group.limit = (size_t)bytes;
}

void tm_pq_want(tm_pq_reader *r, const uint32_t *columns, uint32_t count)
{
    memset(r->wanted, false, r->meta.columns * sizeof *r->wanted);
    for (uint32_t i = 0; i < count; i++) {
        TM_ASSERT(columns[i] < r->meta.columns);
        r->wanted[columns[i]] = true;
    }
    r->rows = 0;
}

uint32_t tm_pq_columns(const tm_pq_reader *r, const tm_pq_column **columns)
{
    if (columns) *columns = r->meta.column;
    return r->meta.columns;
}

uint64_t tm_pq_rows(const tm_pq_reader *r)
{
    return r->meta.rows;
}

uint32_t tm_pq_column_named(const tm_pq_reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->meta.columns; i++) {
        if (strcmp(r->meta.column[i].name, name) == 0) return i;
    }
    return TM_NONE;
}

tm_str tm_pq_note_of(const tm_pq_reader *r, const char *key)
{
    for (uint32_t i = 0; i < r->meta.notes; i++) {
        if (tm_str_is(r->meta.note[i][0], key)) return r->meta.note[i][1];
    }
    return TM_STR("");
}

tm_status tm_pq_next(tm_pq_reader *r, bool *more, uint32_t *rows, tm_err *err)
{
    *more = false;
    *rows = 0;
    r->rows = 0;
    tm_arena_reset(&r->group);
    while (r->next < r->meta.groups && r->meta.group[r->next].rows == 0) r->next++;
    if (r->next == r->meta.groups) return TM_OK;
    const tm_pq_group *g = &r->meta.group[r->next];
    tm_status status = load_group(r, g, r->next, err);
    if (status != TM_OK) {
        tm_err_at(err, tm_str_of(r->path), 0, 0, UINT64_MAX);
        return status;
    }
    r->next++;
    r->rows = *rows = (uint32_t)g->rows;
    *more = true;
    return TM_OK;
}

bool tm_pq_is_null(const tm_pq_reader *r, uint32_t column, uint32_t row)
{
    const tm_pq_loaded *c = loaded(r, column, row);
    return c->valid && !(c->valid[row / 64] >> row % 64 & 1);
}

uint64_t tm_pq_get_u64(const tm_pq_reader *r, uint32_t column, uint32_t row)
{
    const tm_pq_loaded *c = loaded(r, column, row);
    TM_ASSERT(c->values.number);
    return c->values.number[row];
}

double tm_pq_get_f64(const tm_pq_reader *r, uint32_t column, uint32_t row)
{
    uint64_t bits = tm_pq_get_u64(r, column, row);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

tm_str tm_pq_get_text(const tm_pq_reader *r, uint32_t column, uint32_t row)
{
    const tm_pq_loaded *c = loaded(r, column, row);
    TM_ASSERT(c->values.text);
    return c->values.text[row];
}

void tm_pq_close(tm_pq_reader *r)
{
    if (!r) return;
    if (r->open) (void)tm_file_close(r->file, r->path, NULL);
    tm_arena_release(&r->mem);
    tm_arena_release(&r->group);
    tm_buf_release(&r->chunk);
    tm_pq_codec_release(&r->codec);
    tm_free(r->path);
    tm_free(r);
}
