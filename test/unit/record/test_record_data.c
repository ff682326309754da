/* Real rows: every layout over published sets. Skips with a word where the shared data is
 * absent. */
#include "record_help.h"

#include <zlib.h>

typedef struct set {
    const char *file;
    const char *const *map; /* or NULL: detection */
    const char *layout;
    uint32_t records, parts_at_least;
} set;

static const char *shared(void)
{
    const char *given = getenv("TAMIS_SHARED");
    return given ? given : "../shared";
}

static bool load(const char *file, tm_buf *out)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/data/%s", shared(), file);
    gzFile in = gzopen(path, "rb");
    if (!in) return false;
    for (;;) {
        if (!tm_buf_grow(out, 1 << 16)) abort();
        int got = gzread(in, out->p + out->n, 1 << 16);
        assert_true(got >= 0);
        if (got == 0) break;
        out->n += (size_t)got;
    }
    gzclose(in);
    return true;
}

/* Every row is read, comes out as it came in, and comes out edited where each text is edited. */
static void check_row(fixture *f, const set *s, tm_str row, tm_buf *out)
{
    uint32_t r = fx_add_str(f, row), first = f->b.first_part[r], end;
    if (f->b.fate[r] != TM_LIVE)
        fail_msg("%s: %.*s: %.*s", s->file, TM_FMT(f->b.trouble[r].sentence), TM_FMT(row));
    end = f->b.first_part[r + 1];
    assert_string_equal(fx_layout(f, r), s->layout);
    tm_buf_clear(out);
    assert_int_equal(tm_record_write(&f->b, r, out, &f->err), TM_OK);
    assert_true(tm_str_eq(tm_buf_view(out), row));
    for (uint32_t i = first; i < end; i++) {
        tm_str text;
        assert_true(tm_part_text(&f->b, i, &text));
        tm_splice put[] = {{0, 0, TM_STR("\"<")}, {(uint32_t)text.n, 0, TM_STR("\n>")}};
        assert_int_equal(tm_part_edit(&f->b, i, put, 2, 0, 0, &f->err), TM_OK);
    }
    tm_buf_clear(out);
    assert_int_equal(tm_record_write(&f->b, r, out, &f->err), TM_OK);
    tm_str copy = tm_arena_str(&f->mem, tm_buf_view(out));
    uint32_t again = fx_add_str(f, copy), second = f->b.first_part[again];
    assert_int_equal(f->b.fate[again], TM_LIVE);
    assert_int_equal(f->b.first_part[again + 1] - second, end - first);
    for (uint32_t i = first; i < end; i++) {
        tm_str a, b;
        uint32_t part = f->b.part[i].flags & TM_PART_COPY ? f->b.part[i].twin : i;
        assert_true(tm_part_text(&f->b, part, &a));
        assert_true(tm_part_text(&f->b, second + i - first, &b));
        assert_true(tm_str_eq(a, b));
    }
}

static void check_set(const set *s)
{
    fixture f;
    tm_buf file = {0}, out = {0};
    if (!load(s->file, &file)) {
        print_message("%s is absent: skipped (TAMIS_SHARED says where the shared data is)\n",
                      s->file);
        skip();
    }
    if (s->map)
        fx_open_map(&f, s->map);
    else
        fx_open(&f, NULL);
    tm_str rest = tm_buf_view(&file), line;
    uint32_t rows = 0;
    while (rest.n) {
        tm_str_cut(rest, '\n', &line, &rest);
        if (!line.n) continue;
        check_row(&f, s, line, &out);
        rows++;
    }
    assert_int_equal(rows, s->records);
    assert_true(f.b.parts >= 2 * s->parts_at_least);
    fx_close(&f);
    tm_buf_release(&file);
    tm_buf_release(&out);
}

static void sharegpt_with_calls_is_read(void **state)
{
    (void)state;
    check_set(&(set){"tooluse/glaive_toolcall_demo.jsonl.gz", NULL, "sharegpt", 300, 1200});
}

static void pairs_of_transcripts_are_read(void **state)
{
    (void)state;
    check_set(&(set){"preference/hh_harmless.jsonl.gz", NULL, "preference", 1500, 3000});
}

static void alpaca_relatives_are_read(void **state)
{
    (void)state;
    check_set(&(set){"instruct/dolly_human.jsonl.gz", NULL, "alpaca", 1000, 3000});
}

static void pairs_under_other_names_are_mapped(void **state)
{
    static const char *const map[] = {"prompt",    "instruction", "input",     "input", "chosen",
                                      "response1", "rejected",    "response2", NULL};
    (void)state;
    check_set(&(set){"preference/pandalm_3annotators.jsonl.gz", map, "map", 600, 2400});
}

static void questions_and_answers_are_mapped(void **state)
{
    static const char *const map[] = {"prompt", "question", "response", "answer", NULL};
    (void)state;
    check_set(&(set){"cot/gsm8k_train.jsonl.gz", map, "map", 4000, 8000});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sharegpt_with_calls_is_read),
        cmocka_unit_test(pairs_of_transcripts_are_read),
        cmocka_unit_test(alpaca_relatives_are_read),
        cmocka_unit_test(pairs_under_other_names_are_mapped),
        cmocka_unit_test(questions_and_answers_are_mapped),
    };
    return cmocka_run_group_tests_name("real rows", tests, NULL, NULL);
}
