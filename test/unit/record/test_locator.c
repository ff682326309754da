/* The locator beside its definitions: tm_text_position for lines and columns, and a walk over the
 * nodes for paths, at every offset of records long enough for marks, asked for in any order. */
#include "record/locator.h"

#include "record_help.h"

/* The path by its definition: down from the top, element by element. */
static void walk(const tm_batch *b, uint32_t r, uint32_t at, tm_buf *out)
{
    const tm_json_node *node = b->json.node;
    uint32_t v = b->top[r], inside = v;
    while (inside != TM_NONE) {
        bool object = node[v].kind == TM_JSON_OBJECT;
        uint32_t index = 0;
        inside = TM_NONE;
        if (!object && node[v].kind != TM_JSON_ARRAY) return;
        for (uint32_t c = tm_json_first(node, v); c != TM_NONE && inside == TM_NONE;
             c = tm_json_after(node, v, c), index++)
            if (at >= node[c].at && at < node[object ? c + 1 : c].end) inside = c;
        if (inside == TM_NONE) return;
        if (object && out->n) tm_buf_char(out, '.');
        if (object)
            tm_buf_str(out, tm_json_inside(node, b->raw[r].p, inside));
        else
            tm_buf_print(out, "[%u]", index - 1);
        v = object ? inside + 1 : inside;
    }
}

static void write_record(tm_buf *out, unsigned elements)
{
    tm_buf_z(out, " {\"text\" : \"é\",\n\"a\":[");
    for (unsigned i = 0; i < elements; i++) {
        tm_buf_print(out, "%s{\"k%u\": [%u,\"漢\" ],\"n\":{}}", i ? "," : "", i, i);
        tm_buf_z(out, i % 100 == 99 ? "\n" : i % 7 ? "" : " ");
    }
    tm_buf_z(out, "] }");
}

static void every_offset_is_where_its_definition_says(void **state)
{
    fixture f;
    tm_locator l = {0};
    tm_buf raw = {0}, found = {0}, wanted = {0};
    (void)state;
    fx_open(&f, "text");
    write_record(&raw, 500);
    assert_true(raw.n > 10000);
    tm_buf_char(&raw, '\0');
    fx_add(&f, "{\"text\":\"before\"}");
    uint32_t r = fx_add(&f, raw.p);
    size_t n = f.b.raw[r].n;
    for (size_t i = 0; i < n; i++) {
        size_t at = i * 7919 % n; /* a prime: all of them, far from each other */
        uint64_t line, column, line_wanted, column_wanted;
        if (i % 1000 == 0) tm_locator_begin(&l, &f.b, r);
        tm_locator_position(&l, at, &line, &column);
        tm_text_position(f.b.raw[r].p, n, at, &line_wanted, &column_wanted);
        assert_int_equal(line, line_wanted);
        assert_int_equal(column, column_wanted);
        tm_buf_clear(&found);
        tm_buf_clear(&wanted);
        tm_locator_path(&l, (uint32_t)at, &found);
        walk(&f.b, r, (uint32_t)at, &wanted);
        assert_true(tm_str_eq(tm_buf_view(&found), tm_buf_view(&wanted)));
    }
    tm_buf_release(&raw);
    tm_buf_release(&found);
    tm_buf_release(&wanted);
    tm_locator_release(&l);
    fx_close(&f);
}

/* A long string that holds JSON with escapes: marks fall into the middle of some. */
static void offsets_in_long_strings_cross_at_marks(void **state)
{
    fixture f;
    tm_locator l = {0};
    tm_buf raw = {0}, path = {0};
    (void)state;
    fx_open_map(&f, (const char *const[]){"text", "box.a[0].t", NULL});
    tm_buf_z(&raw, "{\"box\": \"{\\\"a\\\":[");
    for (unsigned i = 0; i < 1500; i++)
        tm_buf_print(&raw, "%s{\\\"t\\\":\\\"<%u>\\u00e9\\\"}", i ? "," : "", i);
    tm_buf_z(&raw, "]}\"}");
    tm_buf_char(&raw, '\0');
    uint32_t r = fx_add(&f, raw.p);
    tm_locator_begin(&l, &f.b, r);
    for (unsigned i = 0; i < 1500; i++) {
        char what[32], wanted[64];
        unsigned n = i * 701 % 1500;
        snprintf(what, sizeof what, "<%u>", n);
        snprintf(wanted, sizeof wanted, "box.a[%u].t", n);
        size_t at = tm_str_find(f.b.raw[r], tm_str_of(what));
        tm_buf_clear(&path);
        tm_locator_path(&l, (uint32_t)at, &path);
        assert_true(tm_str_is(tm_buf_view(&path), wanted));
    }
    tm_buf_release(&raw);
    tm_buf_release(&path);
    tm_locator_release(&l);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_is_where_its_definition_says),
        cmocka_unit_test(offsets_in_long_strings_cross_at_marks),
    };
    return cmocka_run_group_tests_name("locator", tests, NULL, NULL);
}
