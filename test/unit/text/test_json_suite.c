/* JSONTestSuite, every file, in every kernel: 95 must be accepted, 188 refused, and the 35 that may
 * go either way go the same way in all. The suite lies outside the repository. */
#include "text_help.h"

static tm_str field(const tm_json *json, const char *name)
{
    uint32_t v = tm_json_get(json->node, json->raw.p, 0, tm_str_of(name));
    assert_int_not_equal(v, TM_NONE);
    return tm_json_inside(json->node, json->raw.p, v);
}

static void accepts_and_refuses_as_the_suite_says(void **state)
{
    static char line[1 << 20], bytes[1 << 20];
    unsigned accepted = 0, refused = 0, either = 0, taken = 0;
    tm_json json = {0}, one = {0};
    gzFile file = torture("json_test_suite.jsonl.gz");
    TM_UNUSED(state);
    while (gzgets(file, line, sizeof line)) {
        assert_true(tm_json_scan(&json, line, strlen(line), 0, (tm_json_limits){0}));
        if (!tm_str_is(field(&json, "suite"), "test_parsing")) continue;
        tm_str name = field(&json, "name"), expect = field(&json, "expect");
        size_t n = base64_bytes(field(&json, "b64"), bytes);
        bool ok = scan_all_kernels(&one, (tm_str){bytes, n}, (tm_json_limits){0});
        if (tm_str_is(expect, "accept")) {
            if (!ok) fail_msg("refused: %.*s", TM_FMT(name));
            accepted++;
        } else if (tm_str_is(expect, "reject")) {
            if (ok) fail_msg("accepted: %.*s", TM_FMT(name));
            refused++;
        } else {
            taken += ok;
            either++;
        }
    }
    gzclose(file);
    assert_int_equal(accepted, 95);
    assert_int_equal(refused, 188);
    assert_int_equal(either, 35);
    /* Huge numbers, lone surrogate escapes, 500 brackets: taken. Broken UTF-8, UTF-16, a mark:
     * not. */
    assert_int_equal(taken, 21);
    tm_json_release(&json);
    tm_json_release(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepts_and_refuses_as_the_suite_says)};
    return cmocka_run_group_tests_name("json suite", tests, NULL, NULL);
}
