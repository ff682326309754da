/* A shared library for the oracle test of Arrow exports: a stream of batches of made-up rows, all
 * types with and without nulls. The values are simple functions of the row number, which the test
 * knows too. Loaded into Python by ctypes; see test/oracle/test_arrow.py. */
#include "base/alloc.h"
#include "base/buf.h"
#include "record/arrow.h"

static const tm_arrow_column columns[] = {
    {"u64", TM_ARROW_U64, false},
    {"i64", TM_ARROW_I64, true},
    {"f64", TM_ARROW_F64, true},
    {"bool", TM_ARROW_BOOL, true},
    {"text", TM_ARROW_TEXT, true},
    {"large", TM_ARROW_LARGE_TEXT, false},
    {"bytes", TM_ARROW_BYTES, true},
    {"large_bytes", TM_ARROW_LARGE_BYTES, true},
    {"nothing", TM_ARROW_LARGE_TEXT, true},
};

typedef struct feed {
    uint64_t row, rows, batch, fails_at;
} feed;

int feed_open(struct ArrowArrayStream *out, uint64_t rows, uint64_t batch, uint64_t fails_at);
uint64_t feed_live(void);

static void put_row(tm_arrow_builder *b, uint64_t row)
{
    tm_buf text = {0};
    tm_buf_print(&text, "row %u \xf0\x9f\x8d\xb3", (unsigned)row);
    tm_str s = tm_buf_view(&text);
    tm_arrow_u64(b, UINT64_MAX - row);
    for (uint32_t c = 1; c < TM_COUNT(columns); c++) {
        if (columns[c].optional && (c == 8 || (row + c) % 3 == 0)) {
            tm_arrow_null(b);
        } else if (c == 1 || c == 3) {
            tm_arrow_u64(b, c == 1 ? 0 - row : row & 1);
        } else if (c == 2) {
            tm_arrow_f64(b, (double)row / 8);
        } else {
            tm_arrow_text(b, tm_str_slice(s, 0, row % 2 ? s.n : 0));
        }
    }
    tm_buf_release(&text);
}

static tm_status fill(void *arg, tm_arrow_builder *b, bool *more, tm_err *err)
{
    feed *f = arg;
    for (uint64_t i = 0; i < f->batch && f->row < f->rows; i++) {
        if (f->row == f->fails_at)
            return tm_fail(err, TM_EINPUT, "row %u is bad", (unsigned)f->row);
        put_row(b, f->row++);
        TM_TRY(tm_arrow_row(b, err));
    }
    *more = f->row < f->rows;
    return TM_OK;
}

int feed_open(struct ArrowArrayStream *out, uint64_t rows, uint64_t batch, uint64_t fails_at)
{
    feed *f = tm_alloc_zero(1, sizeof *f);
    if (!f) return 1;
    *f = (feed){.rows = rows, .batch = batch, .fails_at = fails_at};
    return tm_arrow_stream(out, columns, TM_COUNT(columns), fill, tm_free, f, NULL) != TM_OK;
}

uint64_t feed_live(void)
{
    return tm_alloc_live();
}
