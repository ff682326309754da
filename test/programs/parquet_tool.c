/* Parquet files for the oracle tests: `make` writes one with our writer and prints what is in it,
 * `dump` prints what our reader finds in one. Both print JSON lines of the same form, so that made
 * == dumped, and either can be compared with what other programs read.
 *
 *   parquet_tool make FILE ROWS SEED     columns of all types, shaped to meet every encoding
 *   parquet_tool dump FILE [COLUMN...]
 *   parquet_tool speed FILE ROWS         a ledger's columns; says rows a second
 *
 * First line: {"rows":N,"columns":[[name,type,optional],...],"notes":{"by":...}}. Then an array a
 * row: null, integers as numbers, truth values as 0 and 1, doubles as the 16 hex digits of their
 * bits, text and bytes in hex. */
#include <inttypes.h>
#include <stdio.h>

#include "base/thread.h"
#include "io/parquet.h"

static const char *const type_name[] = {"i64", "u64", "f64", "text", "bytes", "i32", "bool"};

static const tm_pq_column made_column[] = {
    {"place", TM_PQ_U64, false},     {"path", TM_PQ_U64, true},      {"line", TM_PQ_U64, true},
    {"random", TM_PQ_U64, false},    {"signed", TM_PQ_I64, true},    {"small", TM_PQ_I32, false},
    {"yes", TM_PQ_BOOL, false},      {"maybe", TM_PQ_BOOL, true},    {"value", TM_PQ_F64, true},
    {"score", TM_PQ_F64, false},     {"id", TM_PQ_TEXT, false},      {"fate", TM_PQ_TEXT, false},
    {"step", TM_PQ_TEXT, true},      {"words", TM_PQ_TEXT, true},    {"raw", TM_PQ_BYTES, true},
    {"no_text", TM_PQ_TEXT, true},   {"no_number", TM_PQ_I64, true}, {"same", TM_PQ_U64, false},
    {"longish", TM_PQ_BYTES, false}, {"wide", TM_PQ_I64, false},
};

typedef struct maker { /* writes to the file and to the line at the same time */
    tm_pq_writer *w;
    tm_buf line;
    uint64_t state;
} maker;

static uint64_t chance(maker *m) /* splitmix64 (Steele, Lea, Flood, 2014) */
{
    uint64_t z = m->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void put_hex(tm_buf *b, const void *p, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    tm_buf_char(b, '"');
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = ((const uint8_t *)p)[i];
        tm_buf_char(b, digit[byte >> 4]);
        tm_buf_char(b, digit[byte & 15]);
    }
    tm_buf_char(b, '"');
}

static void put_value(tm_buf *b, tm_pq_type type, uint64_t number, tm_str text)
{
    switch (type) {
    case TM_PQ_TEXT:
    case TM_PQ_BYTES: put_hex(b, text.p, text.n); break;
    case TM_PQ_F64: tm_buf_print(b, "\"%016" PRIx64 "\"", number); break;
    case TM_PQ_I64:
    case TM_PQ_I32: tm_buf_i64(b, (int64_t)number); break;
    case TM_PQ_U64:
    case TM_PQ_BOOL: tm_buf_u64(b, number); break;
    }
    tm_buf_char(b, ',');
}

static void print_head(const tm_pq_column *column, uint32_t count, uint64_t rows, tm_str by)
{
    tm_buf b = {0};
    tm_buf_print(&b, "{\"rows\":%" PRIu64 ",\"columns\":[", rows);
    for (uint32_t i = 0; i < count; i++) {
        tm_buf_z(&b, i ? ",[" : "[");
        tm_buf_json(&b, tm_str_of(column[i].name));
        tm_buf_print(&b, ",\"%s\",%s]", type_name[column[i].type],
                     column[i].optional ? "true" : "false");
    }
    tm_buf_z(&b, "],\"notes\":{\"by\":");
    tm_buf_json(&b, by);
    tm_buf_z(&b, "}}\n");
    fwrite(b.p, 1, b.n, stdout);
    tm_buf_release(&b);
}

static void print_line(tm_buf *b)
{
    if (b->n > 1) b->n--; /* the last comma */
    tm_buf_z(b, "]\n");
    fwrite(b->p, 1, b->n, stdout);
    tm_buf_clear(b);
    tm_buf_char(b, '[');
}

static void put_null(maker *m)
{
    tm_pq_null(m->w);
    tm_buf_z(&m->line, "null,");
}

static void put_u64(maker *m, tm_pq_type type, uint64_t value)
{
    tm_pq_u64(m->w, value);
    put_value(&m->line, type, value, (tm_str){0});
}

static void put_f64(maker *m, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    tm_pq_f64(m->w, value);
    put_value(&m->line, TM_PQ_F64, bits, (tm_str){0});
}

static void put_text(maker *m, tm_str value)
{
    tm_pq_text(m->w, value);
    put_value(&m->line, TM_PQ_TEXT, 0, value);
}

static void make_numbers(maker *m, uint64_t row)
{
    put_u64(m, TM_PQ_U64, (UINT64_C(1) << 40) + row * 1200 + chance(m) % 1000);
    if (row % 1000 < 990) {
        put_null(m);
    } else {
        put_u64(m, TM_PQ_U64, row % 7);
    }
    if (row % 3 == 0) {
        put_null(m);
    } else {
        put_u64(m, TM_PQ_U64, row + 1);
    }
    put_u64(m, TM_PQ_U64, chance(m));
    if (chance(m) % 2) {
        put_null(m);
    } else {
        put_u64(m, TM_PQ_I64, chance(m));
    }
    put_u64(m, TM_PQ_I32, (uint64_t)((int64_t)(chance(m) % 5000) - 2500));
    put_u64(m, TM_PQ_BOOL, chance(m) & 1);
    if (row / 500 % 2) {
        put_null(m);
    } else {
        put_u64(m, TM_PQ_BOOL, row % 11 == 0);
    }
}

static void make_doubles(maker *m)
{
    static const double odd[] = {0.0, -0.0, 1e308, -1e-308, 0.1};
    uint64_t dice = chance(m);
    if (dice % 5 == 0) {
        put_null(m);
    } else if (dice % 5 == 1) {
        put_f64(m, odd[dice / 5 % TM_COUNT(odd)]);
    } else {
        put_f64(m, (double)(int64_t)chance(m) * 1e-9);
    }
    put_f64(m, (double)(chance(m) % 1001) / 1000);
}

static void make_text(maker *m, uint64_t row)
{
    static const char *const fate[] = {"kept", "dropped", "merged", "parked"};
    static const char *const word[] = {
        "", "sieve", "\xc3\xbc\x62\x65r", "\xe7\xaf\xa9", "\xf0\x9f\x8d\xb3", "NUL\0inside"};
    tm_buf b = {0};
    tm_buf_print(&b, "%016" PRIx64 "%016" PRIx64, chance(m), chance(m));
    put_text(m, tm_buf_view(&b));
    put_text(m, tm_str_of(fate[chance(m) % 64 < 60 ? 0 : row % 4]));
    if (row % 4) {
        put_null(m);
    } else {
        put_text(m, TM_STR("dedup.exact"));
    }
    tm_buf_clear(&b);
    for (uint64_t n = chance(m) % 20; n > 0; n--) tm_buf_z(&b, word[chance(m) % TM_COUNT(word)]);
    if (chance(m) % 10 == 0) {
        put_null(m);
    } else {
        put_text(m, tm_buf_view(&b));
    }
    tm_buf_clear(&b);
    for (uint64_t n = chance(m) % 30; n > 0; n--) tm_buf_char(&b, (char)chance(m));
    if (row % 64 == 63) {
        put_null(m);
    } else {
        put_text(m, tm_buf_view(&b));
    }
    tm_buf_release(&b);
}

static void make_rest(maker *m, uint64_t row)
{
    static const char filling[512] = "long";
    put_null(m);
    put_null(m);
    put_u64(m, TM_PQ_U64, 42);
    put_text(m, (tm_str){filling, (size_t)(chance(m) % sizeof filling)});
    put_u64(m, TM_PQ_I64, row % 5 ? (uint64_t)INT64_MAX - row : (uint64_t)INT64_MIN + row);
}

static tm_status make(const char *path, uint64_t rows, uint64_t seed, tm_err *err)
{
    maker m = {.state = seed};
    TM_TRY(tm_pq_create(&m.w, path, made_column, TM_COUNT(made_column), false, err));
    print_head(made_column, TM_COUNT(made_column), rows, TM_STR("parquet_tool \"make\""));
    tm_buf_char(&m.line, '[');
    tm_status status = TM_OK;
    for (uint64_t row = 0; row < rows && status == TM_OK; row++) {
        make_numbers(&m, row);
        make_doubles(&m);
        make_text(&m, row);
        make_rest(&m, row);
        status = tm_pq_row(m.w, err);
        if (status == TM_OK) status = tm_buf_ok(&m.line, err);
        print_line(&m.line);
    }
    tm_buf_release(&m.line);
    if (status != TM_OK) {
        tm_pq_abandon(m.w);
        return status;
    }
    tm_pq_note(m.w, "by", TM_STR("parquet_tool \"make\""));
    return tm_pq_commit(m.w, NULL, err);
}

static void dump_row(const tm_pq_reader *r, const tm_pq_column *column, const uint32_t *show,
                     uint32_t shown, uint32_t row, tm_buf *line)
{
    for (uint32_t k = 0; k < shown; k++) {
        uint32_t c = show[k];
        bool text = column[c].type == TM_PQ_TEXT || column[c].type == TM_PQ_BYTES;
        if (tm_pq_is_null(r, c, row)) {
            tm_buf_z(line, "null,");
        } else {
            put_value(line, column[c].type, text ? 0 : tm_pq_get_u64(r, c, row),
                      text ? tm_pq_get_text(r, c, row) : (tm_str){0});
        }
    }
    print_line(line);
}

static tm_status dump(tm_pq_reader *r, char *const *name, uint32_t names, tm_err *err)
{
    const tm_pq_column *column;
    uint32_t count = tm_pq_columns(r, &column), shown = names ? names : count, rows;
    uint32_t *show = tm_alloc_zero(shown, sizeof *show);
    tm_buf line = {0};
    bool more;
    if (!show) return tm_fail_memory(err, "columns", shown);
    for (uint32_t i = 0; i < shown; i++) show[i] = names ? tm_pq_column_named(r, name[i]) : i;
    tm_pq_want(r, show, shown);
    print_head(column, count, tm_pq_rows(r), tm_pq_note_of(r, "by"));
    tm_buf_char(&line, '[');
    tm_status status = tm_pq_next(r, &more, &rows, err);
    while (status == TM_OK && more) {
        for (uint32_t row = 0; row < rows; row++) dump_row(r, column, show, shown, row, &line);
        status = tm_pq_next(r, &more, &rows, err);
    }
    tm_buf_release(&line);
    tm_free(show);
    return status;
}

/* One row of a ledger: sorted places, an id a record, few words. */
static void speed_row(maker *m, uint64_t row)
{
    static const char *const fate[] = {"kept", "dropped", "merged", "parked"};
    static const char *const step[] = {"check", "dedup.exact", "filter", "length"};
    char id[16];
    uint64_t dice = chance(m), more = chance(m);
    bool fell = dice % 8 == 0;
    memcpy(id, &dice, 8);
    memcpy(id + 8, &more, 8);
    tm_pq_u64(m->w, (UINT64_C(1) << 40) + row * 1000 + dice % 900);
    tm_pq_u64(m->w, 0);
    tm_pq_text(m->w, TM_STR("logs/2026-01.jsonl.zst"));
    tm_pq_u64(m->w, row + 1);
    tm_pq_text(m->w, (tm_str){id, sizeof id});
    tm_pq_text(m->w, tm_str_of(fate[fell ? dice / 8 % 4 : 0]));
    if (fell) {
        tm_pq_text(m->w, tm_str_of(step[dice / 32 % 4]));
        tm_pq_text(m->w, tm_str_of(step[dice / 128 % 4]));
        tm_pq_f64(m->w, (double)(more % 1001) / 1000);
    } else {
        tm_pq_null(m->w);
        tm_pq_null(m->w);
        tm_pq_null(m->w);
    }
    tm_pq_null(m->w);
    tm_pq_null(m->w);
    tm_pq_text(m->w, TM_STR("data"));
    tm_pq_u64(m->w, fell ? 0 : 1);
    tm_pq_u64(m->w, more % 4000);
    tm_pq_f64(m->w, (double)(more / 4096 % 1001) / 1000);
}

static tm_status read_all(const char *path, uint64_t rows, double *seconds, tm_err *err)
{
    tm_pq_reader *r;
    bool more = true;
    uint32_t here;
    double start = tm_now();
    TM_TRY(tm_pq_open(&r, path, err));
    tm_status status = TM_OK;
    while (status == TM_OK && more) {
        status = tm_pq_next(r, &more, &here, err);
        rows -= here;
    }
    tm_pq_close(r);
    *seconds = tm_now() - start;
    return status == TM_OK && rows ? tm_fail(err, TM_EBUG, "rows are missing") : status;
}

static tm_status speed(const char *path, uint64_t rows, tm_err *err)
{
    static const tm_pq_column column[] = {
        {"place", TM_PQ_U64, false},        {"path", TM_PQ_U64, false},
        {"source", TM_PQ_TEXT, false},      {"line", TM_PQ_U64, true},
        {"id", TM_PQ_BYTES, false},         {"fate", TM_PQ_TEXT, false},
        {"step", TM_PQ_TEXT, true},         {"rule", TM_PQ_TEXT, true},
        {"value", TM_PQ_F64, true},         {"other_place", TM_PQ_U64, true},
        {"other_path", TM_PQ_U64, true},    {"route", TM_PQ_TEXT, true},
        {"copies", TM_PQ_U64, false},       {"length.words", TM_PQ_U64, true},
        {"quality.score", TM_PQ_F64, true},
    };
    maker m = {.state = 1};
    tm_file_sum sum;
    double start = tm_now();
    TM_TRY(tm_pq_create(&m.w, path, column, TM_COUNT(column), false, err));
    for (uint64_t row = 0; row < rows; row++) {
        speed_row(&m, row);
        tm_status status = tm_pq_row(m.w, err);
        if (status != TM_OK) return status;
    }
    double filled = tm_now() - start;
    TM_TRY(tm_pq_commit(m.w, &sum, err));
    double seconds = tm_now() - start, reading;
    TM_TRY(read_all(path, rows, &reading, err));
    printf("{\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"seconds\":%.3f,"
           "\"rows_per_second\":%.0f,\"rows_read_per_second\":%.0f}\n",
           rows, sum.bytes, seconds, (double)rows / filled, (double)rows / reading);
    return TM_OK;
}

int main(int argc, char **argv)
{
    tm_err err = {0};
    uint64_t rows = 0, seed = 0;
    tm_status status = TM_EUSAGE;
    if (argc >= 4) (void)tm_str_to_u64(tm_str_of(argv[3]), &rows);
    if (argc == 5) (void)tm_str_to_u64(tm_str_of(argv[4]), &seed);
    if (argc == 5 && strcmp(argv[1], "make") == 0) {
        status = make(argv[2], rows, seed, &err);
    } else if (argc == 4 && strcmp(argv[1], "speed") == 0) {
        status = speed(argv[2], rows, &err);
    } else if (argc >= 3 && strcmp(argv[1], "dump") == 0) {
        tm_pq_reader *r;
        status = tm_pq_open(&r, argv[2], &err);
        if (status == TM_OK) {
            status = dump(r, argv + 3, (uint32_t)(argc - 3), &err);
            tm_pq_close(r);
        }
    }
    if (status != TM_OK) {
        char text[2048];
        tm_err_print(&err, text, sizeof text);
        fprintf(stderr, "%s\n", text);
    }
    return tm_status_exit(status);
}
