/* The rows that cross between stages, to and from Arrow.
 *
 * Columns are found by name, so whoever stands between may leave out, put in and reorder some:
 * Spark sorts facts by four columns and has no use for the rest. Integers are signed and a rid is
 * 16 bytes of big-endian, because a JVM has no unsigned numbers and would sort them wrongly. Only
 * the formats of the Arrow interface that stand for these columns are read; nulls count as
 * empty. */
#include <string.h>

#include "api/api.h"

enum { WHAT, STAGE, SPLIT, KEY, ORDER, RID, DATA };

const tm_arrow_column tm_api_seam[TM_SEAM_COLUMNS] = {
    [WHAT] = {"what", TM_ARROW_I64, false},     [STAGE] = {"stage", TM_ARROW_I64, false},
    [SPLIT] = {"split", TM_ARROW_I64, false},   [KEY] = {"key", TM_ARROW_BYTES, false},
    [ORDER] = {"order", TM_ARROW_BYTES, false}, [RID] = {"rid", TM_ARROW_BYTES, false},
    [DATA] = {"data", TM_ARROW_BYTES, false}};

tm_status tm_seam_put(tm_arrow_builder *to, const tm_seam_row *row, tm_err *err)
{
    char rid[16];
    tm_rid_put(row->rid, rid);
    tm_arrow_u64(to, row->what);
    tm_arrow_u64(to, row->stage);
    tm_arrow_u64(to, row->split);
    tm_arrow_text(to, row->key);
    tm_arrow_text(to, row->order);
    tm_arrow_text(to, (tm_str){rid, sizeof rid});
    tm_arrow_text(to, row->data);
    return tm_arrow_row(to, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

static tm_status stream_failed(tm_seam_reader *r, tm_err *err)
{
    const char *why = r->stream.get_last_error(&r->stream);
    return tm_fail(err, TM_EINPUT, "the rows given to a stage: %.400s",
                   why ? why : "their stream failed");
}

static bool format_fits(tm_seam_reader *r, int column, const char *format)
{
    r->large[column] = strcmp(format, "Z") == 0;
    if (column < KEY) return strcmp(format, "l") == 0 || strcmp(format, "L") == 0;
    return r->large[column] || strcmp(format, "z") == 0;
}

static tm_status find_columns(tm_seam_reader *r, const struct ArrowSchema *schema, tm_err *err)
{
    if (strcmp(schema->format, "+s") != 0)
        return tm_fail(err, TM_EUSAGE, "the rows given to a stage are no table");
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *child = schema->children[i];
        for (int c = 0; c < TM_SEAM_COLUMNS; c++) {
            if (!child->name || strcmp(child->name, tm_api_seam[c].name) != 0) continue;
            if (!format_fits(r, c, child->format))
                return tm_fail(err, TM_EUSAGE, "column %s is %.20s, not %s", child->name,
                               child->format, c < KEY ? "int64" : "binary");
            r->column[c] = (int)i;
        }
    }
    return TM_OK;
}

tm_status tm_seam_open(tm_seam_reader *r, struct ArrowArrayStream *stream, tm_err *err)
{
    struct ArrowSchema schema = {0};
    *r = (tm_seam_reader){0};
    for (int c = 0; c < TM_SEAM_COLUMNS; c++) r->column[c] = -1;
    if (!stream || !stream->release) return TM_OK;
    r->stream = *stream;
    stream->release = NULL;
    if (r->stream.get_schema(&r->stream, &schema) != 0) return stream_failed(r, err);
    tm_status status = find_columns(r, &schema, err);
    if (schema.release) schema.release(&schema);
    return status;
}

static bool is_null(const struct ArrowArray *a, int64_t row)
{
    const uint8_t *valid = a->null_count ? a->buffers[0] : NULL;
    return valid && !(valid[row / 8] >> row % 8 & 1);
}

static uint64_t number_at(const tm_seam_reader *r, int column)
{
    if (r->column[column] < 0) return 0;
    const struct ArrowArray *a = r->batch.children[r->column[column]];
    int64_t row = r->at + r->batch.offset + a->offset;
    const uint64_t *values = a->buffers[1];
    return is_null(a, row) ? 0 : values[row];
}

static tm_str bytes_at(const tm_seam_reader *r, int column)
{
    if (r->column[column] < 0) return (tm_str){0};
    const struct ArrowArray *a = r->batch.children[r->column[column]];
    int64_t row = r->at + r->batch.offset + a->offset;
    const char *values = a->buffers[2];
    if (is_null(a, row)) return (tm_str){0};
    if (r->large[column]) {
        const int64_t *offset = a->buffers[1];
        return (tm_str){values + offset[row], (size_t)(offset[row + 1] - offset[row])};
    }
    const int32_t *offset = a->buffers[1];
    return (tm_str){values + offset[row], (size_t)(offset[row + 1] - offset[row])};
}

static tm_status next_batch(tm_seam_reader *r, bool *more, tm_err *err)
{
    *more = false;
    if (!r->stream.release) return TM_OK;
    do {
        if (r->batch.release) r->batch.release(&r->batch);
        r->batch = (struct ArrowArray){0};
        r->at = 0;
        if (r->stream.get_next(&r->stream, &r->batch) != 0) return stream_failed(r, err);
    } while (r->batch.release && r->batch.length == 0);
    *more = r->batch.release != NULL;
    return TM_OK;
}

tm_status tm_seam_next(tm_seam_reader *r, tm_seam_row *row, bool *more, tm_err *err)
{
    *more = true;
    if (!r->batch.release || r->at >= r->batch.length) TM_TRY(next_batch(r, more, err));
    if (!*more) return TM_OK;
    *row = (tm_seam_row){.what = number_at(r, WHAT),
                         .stage = number_at(r, STAGE),
                         .split = number_at(r, SPLIT),
                         .key = bytes_at(r, KEY),
                         .order = bytes_at(r, ORDER),
                         .data = bytes_at(r, DATA)};
    tm_str rid = bytes_at(r, RID);
    r->at++;
    if (rid.n != 16 && rid.n != 0)
        return tm_fail(err, TM_EINPUT, "a rid is 16 bytes, and this one %zu", rid.n);
    if (rid.n) row->rid = (tm_rid){tm_be64_get(rid.p), tm_be64_get(rid.p + 8)};
    return TM_OK;
}

void tm_seam_close(tm_seam_reader *r)
{
    if (r->batch.release) r->batch.release(&r->batch);
    if (r->stream.release) r->stream.release(&r->stream);
    *r = (tm_seam_reader){0};
}
