/* Duplicate keys: counted in the objects that layouts read, in linear time whatever the keys are
 * called; and the last of two equal keys is the one that binds. */
#include "record_help.h"

#include "base/thread.h"

static void check(const char *json, uint32_t count, const char *first)
{
    fixture f;
    uint32_t at;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, json);
    assert_int_equal(tm_record_duplicate_keys(&f.b, r, &at), count);
    assert_int_equal(tm_record_duplicate_keys(&f.b, r, NULL), count);
    assert_int_equal(at, count ? (size_t)(strstr(json, first) - json) : 0);
    fx_close(&f);
}

static void equal_keys_are_counted(void **state)
{
    (void)state;
    check("{\"text\":\"a\",\"b\":1}", 0, "");
    check("{\"text\":\"a\",\"b\":1,\"b\": 2}", 1, "\"b\": 2");
    check("{\"text\":\"a\",\"b\":1,\"\\u0062\":2,\"b\":3}", 2, "\"\\u0062");
    check("{\"text\":\"a\",\"ab\":1,\"ba\":2,\"aab\":1,\"abb\":1}", 0, "");
    check("{\"text\":\"a\",\"x\":{\"b\":1,\"b\":2}}", 0, "");
    check("{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"role\" :\"user\"}]}", 1,
          "\"role\" ");
    check("{\"text\":", 0, "");
}

static void the_last_of_equal_keys_binds(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"text\":\"a\",\"text\":\"b\"}");
    assert_string_equal(fx_parts(&f, r, &out), "d0*:b");
    r = fx_add(&f, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"content\":\"b\"}]}");
    assert_string_equal(fx_parts(&f, r, &out), "u0:b");
    fx_close(&f);
    tm_buf_release(&out);
}

/* Keys of one length that begin and end alike: the worst case for the small path's signature. */
static void many_keys(unsigned count, bool twice, tm_buf *out)
{
    tm_buf_clear(out);
    tm_buf_z(out, "{\"text\":\"a\"");
    for (unsigned i = 0; i < count; i++) tm_buf_print(out, ",\"k%08uk\":%u", i, i);
    if (twice) tm_buf_z(out, ",\"k00000000k\":0");
    tm_buf_z(out, "}");
}

static void many_keys_take_linear_time(void **state)
{
    static const unsigned counts[] = {10, 31, 32, 33, 64, 65536};
    tm_buf json = {0};
    (void)state;
    for (size_t i = 0; i < TM_COUNT(counts); i++) {
        for (int twice = 0; twice < 2; twice++) {
            fixture f;
            uint32_t at;
            fx_open(&f, NULL);
            many_keys(counts[i], twice, &json);
            double began = tm_now();
            uint32_t r = fx_add_str(&f, tm_buf_view(&json));
            assert_int_equal(tm_record_duplicate_keys(&f.b, r, &at), twice);
            assert_true(tm_now() - began < 5);
            fx_close(&f);
        }
    }
    tm_buf_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_keys_are_counted),
        cmocka_unit_test(the_last_of_equal_keys_binds),
        cmocka_unit_test(many_keys_take_linear_time),
    };
    return cmocka_run_group_tests_name("duplicate keys", tests, NULL, NULL);
}
