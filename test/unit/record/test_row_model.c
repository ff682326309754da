/* Rows bound by a model of their columns against the same rows as JSON: layout, kind, turns, parts,
 * texts and ids are the same; and where the model does not hold, there is none. */
#include "record/row_model.h"
#include "record_help.h"

enum { COLUMNS_MOST = 6 };

static char keys[COLUMNS_MOST][40];

/* A table's row of columns: "name" holds texts, "#name" integers. */
static tm_table_column row_of(const char *const *names, tm_table_column column[COLUMNS_MOST])
{
    tm_table_column row = {.kind = TM_TABLE_STRUCT, .child = column};
    for (; names[row.children]; row.children++) {
        const char *name = names[row.children];
        bool number = name[0] == '#';
        snprintf(keys[row.children], sizeof keys[0], "\"%s\":", name + number);
        column[row.children] = (tm_table_column){.name = tm_str_of(name + number),
                                                 .key = tm_str_of(keys[row.children]),
                                                 .kind = number ? TM_TABLE_INT : TM_TABLE_TEXT};
    }
    return row;
}

static void put_row(const char *const *names, const char *const *texts, tm_buf *out)
{
    for (size_t i = 0; names[i]; i++) {
        bool number = names[i][0] == '#';
        tm_buf_print(out, "%s\"%s\":", i ? "," : "{", names[i] + number);
        if (number)
            tm_buf_z(out, "7");
        else
            tm_buf_json(out, tm_str_of(texts[i]));
    }
    tm_buf_char(out, '}');
}

static void same_turns(const fixture *f, uint32_t a, uint32_t b)
{
    uint32_t n = f->b.first_turn[a + 1] - f->b.first_turn[a];
    assert_int_equal(f->b.first_turn[b + 1] - f->b.first_turn[b], n);
    for (uint32_t t = 0; t < n; t++) {
        const tm_turn *x = &f->b.turn[f->b.first_turn[a] + t],
                      *y = &f->b.turn[f->b.first_turn[b] + t];
        assert_int_equal(x->role, y->role);
        assert_int_equal(x->answer, y->answer);
        assert_int_equal(x->parts, y->parts);
        assert_int_equal(x->first_part - f->b.first_part[a], y->first_part - f->b.first_part[b]);
    }
}

/* Record 0 as JSON, record 1 by the model. */
static void same_records(fixture *f)
{
    tm_buf a = {0}, b = {0};
    tm_id as_json, as_row;
    assert_string_equal(fx_parts(f, 0, &a), fx_parts(f, 1, &b));
    assert_string_equal(fx_layout(f, 0), fx_layout(f, 1));
    assert_int_equal(f->b.kind[0], f->b.kind[1]);
    same_turns(f, 0, 1);
    assert_true(tm_record_id(&f->b, &f->set, 0, &as_json));
    assert_true(tm_record_id(&f->b, &f->set, 1, &as_row));
    assert_int_equal(tm_hash_cmp(as_json, as_row), 0);
    tm_buf_release(&a);
    tm_buf_release(&b);
}

static bool holds(const char *layout, const char *const *names, const char *const *texts)
{
    fixture f;
    tm_row_model m;
    tm_buf json = {0};
    tm_str text[16];
    tm_table_column column[COLUMNS_MOST];
    tm_table_column row = row_of(names, column);
    fx_open(&f, layout);
    assert_int_equal(tm_row_model_make(&m, &row, &f.rules, &f.err), TM_OK);
    bool fits = m.fits;
    if (fits) {
        put_row(names, texts, &json);
        fx_add_str(&f, tm_buf_view(&json));
        for (uint32_t p = 0; p < m.batch.parts; p++) text[p] = tm_str_of(texts[m.column[p]]);
        assert_int_equal(tm_row_model_add(&m, &f.b, (tm_rid){TM_PLACE(1, 9), 0}, 9, text, &f.err),
                         TM_OK);
        same_records(&f);
        assert_null(f.b.raw[1].p);
    }
    tm_buf_release(&json);
    tm_row_model_release(&m);
    fx_close(&f);
    return fits;
}

#define NAMES(...)        \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

static void rows_are_bound_as_their_json_is(void **state)
{
    TM_UNUSED(state);
    assert_true(holds(NULL, NAMES("text"), NAMES("one \"two\"\n")));
    assert_true(holds(NULL, NAMES("id", "text", "#n"), NAMES("i", "x\xC3\xA9", "")));
    assert_true(holds(NULL, NAMES("prompt", "completion"), NAMES("p", " c")));
    assert_true(holds(NULL, NAMES("completion", "source", "prompt"), NAMES("c", "s", "p")));
    assert_true(holds(NULL, NAMES("instruction", "input", "output"), NAMES("i", "", "o")));
    assert_true(
        holds(NULL, NAMES("instruction", "input", "output", "system"), NAMES("i", "n", "o", "s")));
    assert_true(holds("preference", NAMES("prompt", "chosen", "rejected"), NAMES("p", "c", "r")));
}

static void where_the_row_decides_there_is_no_model(void **state)
{
    TM_UNUSED(state);
    assert_false(holds(NULL, NAMES("#text"), NAMES("")));
    assert_false(holds(NULL, NAMES("prompt", "#completion"), NAMES("p", "")));
    assert_false(holds(NULL, NAMES("prompt", "completion", "#label"), NAMES("p", "c", "")));
    assert_false(holds(NULL, NAMES("text", "text"), NAMES("a", "b"))); /* a key twice */
    assert_false(holds(NULL, NAMES("a", "b"), NAMES("1", "2")));       /* no layout */
}

static void a_mapping_or_no_layouts_need_the_record(void **state)
{
    TM_UNUSED(state);
    fixture f;
    tm_row_model m;
    tm_table_column column[COLUMNS_MOST];
    tm_table_column row = row_of(NAMES("q", "a"), column);
    fx_open_map(&f, NAMES("prompt", "q", "response", "a"));
    assert_int_equal(tm_row_model_make(&m, &row, &f.rules, &f.err), TM_OK);
    assert_false(m.fits);
    tm_row_model_release(&m);
    fx_close(&f);
    row = row_of(NAMES("text"), column);
    for (int binding = TM_BIND_FOUND; binding <= TM_BIND_NEVER; binding++) {
        fx_open(&f, NULL);
        f.rules.binding = (tm_binding)binding;
        assert_int_equal(tm_row_model_make(&m, &row, &f.rules, &f.err), TM_OK);
        assert_false(m.fits);
        tm_row_model_release(&m);
        fx_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_bound_as_their_json_is),
        cmocka_unit_test(where_the_row_decides_there_is_no_model),
        cmocka_unit_test(a_mapping_or_no_layouts_need_the_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
