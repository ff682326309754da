/* Taking a table over: the schema, then batch after batch until the stream ends.
 *
 * Every batch is kept as it came, so the other program's memory is used where it lies; its release
 * callbacks are called by tm_table_free, on the thread that frees the plan. Empty batches are given
 * back at once. */
#include "record/table.h"

#include "base/alloc.h"
#include "base/vec.h"

static tm_status stream_failed(struct ArrowArrayStream *stream, const tm_table *t, tm_err *err)
{
    const char *why = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    return tm_fail(err, TM_EINPUT, "the table \"%.*s\" could not be read: %s", TM_FMT(t->name),
                   why ? why : "its stream says no more");
}

static tm_status read_schema(tm_table *t, struct ArrowArrayStream *stream, tm_err *err)
{
    struct ArrowSchema schema = {0};
    if (stream->get_schema(stream, &schema) != 0) return stream_failed(stream, t, err);
    tm_status status = tm_table_type(&t->mem, &schema, &t->row, err);
    if (schema.release) schema.release(&schema);
    if (status == TM_OK && t->row.kind != TM_TABLE_STRUCT)
        status = tm_fail(err, TM_EUNSUPPORTED,
                         "this stream is of one column without a name: hand over a table");
    return status;
}

static tm_status add_chunk(tm_table *t, struct ArrowArray *array, tm_err *err)
{
    if (!tm_table_fits(&t->row, array))
        return tm_fail(err, TM_EINPUT, "batch %u of the table \"%.*s\" does not fit its schema",
                       t->chunks + 1, TM_FMT(t->name));
    if (!TM_ROOM(&t->mem, t->chunk, t->chunks, t->room, 1))
        return tm_fail_memory(err, "a table", t->chunks * sizeof *array);
    t->chunk[t->chunks++] = *array;
    array->release = NULL;
    t->rows += (uint64_t)t->chunk[t->chunks - 1].length;
    return TM_OK;
}

static tm_status read_chunks(tm_table *t, struct ArrowArrayStream *stream, tm_err *err)
{
    for (;;) {
        struct ArrowArray array = {0};
        if (stream->get_next(stream, &array) != 0) return stream_failed(stream, t, err);
        if (!array.release) return TM_OK;
        tm_status status = array.length ? add_chunk(t, &array, err) : TM_OK;
        if (array.release) array.release(&array);
        TM_TRY(status);
    }
}

static tm_status count_rows(tm_table *t, tm_err *err)
{
    uint64_t before = 0;
    t->first = TM_NEW(&t->mem, uint64_t, t->chunks + 1);
    if (!t->first) return tm_fail_memory(err, "a table", t->chunks * sizeof *t->first);
    for (uint32_t i = 0; i < t->chunks; i++) {
        t->first[i] = before;
        before += (uint64_t)t->chunk[i].length;
    }
    t->first[t->chunks] = before;
    if (before < (uint64_t)1 << 40) return TM_OK; /* a place has 40 bits for the row */
    return tm_fail(err, TM_ELIMIT, "the table \"%.*s\" has more than 2^40 rows", TM_FMT(t->name));
}

static tm_status take(tm_table *t, tm_str name, struct ArrowArrayStream *stream, tm_err *err)
{
    t->name = tm_arena_str(&t->mem, name);
    if (!t->name.p) return tm_fail_memory(err, "a table", name.n);
    TM_TRY(read_schema(t, stream, err));
    TM_TRY(read_chunks(t, stream, err));
    return count_rows(t, err);
}

tm_status tm_table_take(tm_table **out, tm_str name, struct ArrowArrayStream *stream, tm_err *err)
{
    *out = NULL;
    if (!stream->release)
        return tm_fail(err, TM_EUSAGE, "the stream of the table \"%.*s\" was released before",
                       TM_FMT(name));
    tm_table *t = tm_alloc_zero(1, sizeof *t);
    tm_status status = t ? take(t, name, stream, err) : tm_fail_memory(err, "a table", sizeof *t);
    stream->release(stream);
    if (status == TM_OK)
        *out = t;
    else
        tm_table_free(t);
    return status;
}

void tm_table_free(tm_table *t)
{
    if (!t) return;
    for (uint32_t i = 0; i < t->chunks; i++) t->chunk[i].release(&t->chunk[i]);
    tm_arena_release(&t->mem);
    tm_free(t);
}

uint32_t tm_table_chunk_of(const tm_table *t, uint64_t row)
{
    uint32_t low = 0, high = t->chunks;
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->first[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}
