/* Any bytes as a Parquet file: opened and read to the end under a memory limit of 4 MiB. Besides
 * not crashing it holds that an error has a sentence, that rows add up, and that what was read (up
 * to a thousand rows of each group) can be written by our writer and reads back the same. */
#include "io/parquet.h"
#include "support/memory_fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY (4 * TM_MIB)
#define ROWS 1000u

static bool is_text(tm_pq_type type)
{
    return type == TM_PQ_TEXT || type == TM_PQ_BYTES;
}

static void write_row(const tm_pq_reader *r, const tm_pq_column *column, uint32_t count,
                      uint32_t row, tm_pq_writer *w)
{
    for (uint32_t c = 0; c < count; c++) {
        if (tm_pq_is_null(r, c, row)) {
            tm_pq_null(w);
        } else if (is_text(column[c].type)) {
            tm_pq_text(w, tm_pq_get_text(r, c, row));
        } else if (column[c].type == TM_PQ_F64) {
            tm_pq_f64(w, tm_pq_get_f64(r, c, row));
        } else {
            tm_pq_u64(w, tm_pq_get_u64(r, c, row));
        }
    }
    TM_ASSERT(tm_pq_row(w, NULL) == TM_OK);
}

/* Every value of the loaded group as a digest of bytes. */
static uint64_t digest(const tm_pq_reader *r, uint32_t rows)
{
    const tm_pq_column *column;
    uint32_t count = tm_pq_columns(r, &column);
    uint64_t sum = 0;
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t c = 0; c < count; c++) {
            bool null = tm_pq_is_null(r, c, row);
            sum = sum * 31 + null;
            if (null) continue;
            tm_str s = {0};
            uint64_t number = 0;
            if (is_text(column[c].type)) {
                s = tm_pq_get_text(r, c, row);
            } else {
                number = tm_pq_get_u64(r, c, row);
            }
            sum = sum * 31 + number + s.n;
            for (size_t i = 0; i < s.n; i++) sum = sum * 31 + (uint8_t)s.p[i];
        }
    }
    return sum;
}

static void write_and_read_back(const tm_pq_reader *r, uint32_t rows)
{
    const tm_pq_column *column;
    uint32_t count = tm_pq_columns(r, &column), again_rows;
    tm_pq_column copy[64];
    tm_pq_writer *w;
    tm_pq_reader *again;
    bool more;
    if (count > TM_COUNT(copy)) return;
    for (uint32_t c = 0; c < count; c++) {
        copy[c] = column[c];
        if (copy[c].type == TM_PQ_TEXT) copy[c].type = TM_PQ_BYTES; /* may not be UTF-8 */
    }
    TM_ASSERT(tm_pq_create(&w, "copy", copy, count, false, NULL) == TM_OK);
    for (uint32_t row = 0; row < rows; row++) write_row(r, column, count, row, w);
    TM_ASSERT(tm_pq_commit(w, NULL, NULL) == TM_OK);
    TM_ASSERT(tm_pq_open(&again, "copy", NULL) == TM_OK);
    TM_ASSERT(tm_pq_next(again, &more, &again_rows, NULL) == TM_OK && more);
    TM_ASSERT(again_rows == rows && digest(again, rows) == digest(r, rows));
    tm_pq_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tm_pq_reader *r = NULL;
    tm_err err = {0};
    memory_fs_begin();
    tm_buf_add(&memory_file, data, size);
    tm_status status = tm_pq_open(&r, "fuzz.parquet", &err);
    bool more = status == TM_OK;
    uint64_t seen = 0, all = r ? tm_pq_rows(r) : 0;
    if (r) tm_pq_limit(r, MEMORY);
    while (more) {
        uint32_t rows;
        status = tm_pq_next(r, &more, &rows, &err);
        if (status != TM_OK || !more) break;
        seen += rows;
        write_and_read_back(r, TM_MIN(rows, ROWS));
        tm_buf_clear(&memory_file);
        tm_buf_add(&memory_file, data, size);
    }
    TM_ASSERT(status == TM_OK ? seen == all : err.msg[0] != 0);
    tm_pq_close(r);
    memory_fs_end();
    return 0;
}
