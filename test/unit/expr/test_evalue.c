/* Sort keys: memcmp over keys is the order of the values, in both directions. */
#include "expr_help.h"

#include "expr/evaluate.h"

static tm_evalue number(double n)
{
    return (tm_evalue){.type = TM_E_NUMBER, .number = n};
}
static tm_evalue date(double n)
{
    return (tm_evalue){.type = TM_E_DATE, .number = n};
}
static tm_evalue text(const char *s, size_t n)
{
    return (tm_evalue){.type = TM_E_TEXT, .text = {s, n}};
}

/* Ascending, each greater than the one before: by types, unknown last. */
static size_t make_values(tm_evalue *v)
{
    static const double numbers[] = {
        -HUGE_VAL,          -1e300, -2.5,    -2, -1e-300, 0, 1e-300, 1, 1.5, 2,
        9007199254740992.0, 1e300,  HUGE_VAL};
    size_t n = 0;
    for (size_t i = 0; i < TM_COUNT(numbers); i++) v[n++] = number(numbers[i]);
    v[n++] = date(-1);
    v[n++] = date(5);
    v[n++] = text("", 0);
    v[n++] = text("\0", 1);
    v[n++] = text("\0\0", 2);
    v[n++] = text("\0\1", 2);
    v[n++] = text("\0\xFF", 2);
    v[n++] = text("\1", 1);
    v[n++] = text("a", 1);
    v[n++] = text("a\0b", 3);
    v[n++] = text("a\1", 2);
    v[n++] = text("ab", 2);
    v[n++] = text("b", 1);
    v[n++] = text("\xC3\xA9", 2);
    v[n++] = text("\xFF", 1);
    v[n++] = (tm_evalue){.type = TM_E_TRUTH, .truth = TM_FALSE};
    v[n++] = (tm_evalue){.type = TM_E_TRUTH, .truth = TM_TRUE};
    v[n++] = (tm_evalue){.type = TM_E_ANY};
    return n;
}

static tm_str key_of(const tm_evalue *v, bool descending, tm_buf *out)
{
    tm_buf_clear(out);
    tm_evalue_rank(v, descending, out);
    return tm_buf_view(out);
}

static void keys_order_as_values_do(void **state)
{
    TM_UNUSED(state);
    tm_evalue v[64];
    size_t n = make_values(v);
    tm_buf a = {0}, b = {0};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            int wanted = (i > j) - (i < j);
            int up = tm_str_cmp(key_of(&v[i], false, &a), key_of(&v[j], false, &b));
            assert_int_equal((up > 0) - (up < 0), wanted);
            bool apart = v[i].type != v[j].type; /* types keep their order in both directions */
            int down = tm_str_cmp(key_of(&v[i], true, &a), key_of(&v[j], true, &b));
            assert_int_equal((down > 0) - (down < 0), apart ? wanted : -wanted);
        }
    }
    tm_buf_release(&a);
    tm_buf_release(&b);
}

static void no_key_begins_another(void **state)
{
    TM_UNUSED(state);
    tm_evalue v[64];
    size_t n = make_values(v);
    tm_buf a = {0}, b = {0};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            for (int down = 0; down < 2; down++) {
                tm_str key = key_of(&v[i], down, &a);
                if (i != j) assert_false(tm_str_starts(key_of(&v[j], down, &b), key));
            }
        }
    }
    tm_buf_release(&a);
    tm_buf_release(&b);
}

static void unknowns_share_a_key_and_so_do_zeros(void **state)
{
    TM_UNUSED(state);
    tm_evalue any = {.type = TM_E_ANY}, nan = number((double)NAN), none = text(NULL, 0);
    tm_evalue maybe = {.type = TM_E_TRUTH, .truth = TM_UNKNOWN};
    tm_evalue plus = number(0.0), minus = number(-0.0);
    tm_buf a = {0}, b = {0};
    assert_true(tm_str_eq(key_of(&any, false, &a), key_of(&nan, true, &b)));
    assert_true(tm_str_eq(key_of(&any, true, &a), key_of(&none, false, &b)));
    assert_true(tm_str_eq(key_of(&any, true, &a), key_of(&maybe, true, &b)));
    assert_true(tm_str_eq(key_of(&plus, false, &a), key_of(&minus, false, &b)));
    tm_buf_release(&a);
    tm_buf_release(&b);
}

/* Behind 2^53 several integers share a double: their decimals decide, as in comparisons. */
static void large_numbers_order_by_their_decimals(void **state)
{
    static const char *const rising[] = {"-1e1000",
                                         "-1e999",
                                         "-90071992547409930",
                                         "-9007199254740993",
                                         "-9007199254740992",
                                         "9007199254740992",
                                         "9007199254740992.5",
                                         "9007199254740993",
                                         "90071992547409930",
                                         "90071992547409930.000000001",
                                         "1234567890123456789",
                                         "1234567890123456790",
                                         "1e999",
                                         "1.0000000000000000000001e999",
                                         "1e1000"};
    static const char *const equal[] = {"9007199254740993", "9007199254740993.000",
                                        "9.007199254740993e15", "90071992547409930e-1"};
    tm_buf a = {0}, b = {0};
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(rising); i++) {
        for (size_t j = 0; j < TM_COUNT(rising); j++) {
            int order = 5, up, down;
            tm_field x = {
                .present = TM_IS_TEXT, .kind = TM_JSON_NUMBER, .raw = tm_str_of(rising[i])};
            tm_field y = {
                .present = TM_IS_TEXT, .kind = TM_JSON_NUMBER, .raw = tm_str_of(rising[j])};
            tm_evalue v = tm_evalue_of_field(&x), w = tm_evalue_of_field(&y);
            assert_true(tm_evalue_order(&v, &w, &order));
            assert_int_equal(order, (i > j) - (i < j));
            up = tm_str_cmp(key_of(&v, false, &a), key_of(&w, false, &b));
            assert_int_equal((up > 0) - (up < 0), order);
            if (i != j) assert_false(tm_str_starts(tm_buf_view(&a), tm_buf_view(&b)));
            down = tm_str_cmp(key_of(&v, true, &a), key_of(&w, true, &b));
            assert_int_equal((down > 0) - (down < 0), -order);
        }
    }
    for (size_t i = 0; i < TM_COUNT(equal); i++) {
        tm_field x = {.present = TM_IS_TEXT, .kind = TM_JSON_NUMBER, .raw = tm_str_of(equal[0])};
        tm_field y = {.present = TM_IS_TEXT, .kind = TM_JSON_NUMBER, .raw = tm_str_of(equal[i])};
        tm_evalue v = tm_evalue_of_field(&x), w = tm_evalue_of_field(&y);
        assert_true(tm_str_eq(key_of(&v, false, &a), key_of(&w, false, &b)));
    }
    tm_evalue calculated = number(9007199254740994.0); /* has the decimal that its double is */
    tm_field x = {.present = TM_IS_TEXT, .kind = TM_JSON_NUMBER, .raw = TM_STR("9007199254740994")};
    tm_evalue read = tm_evalue_of_field(&x);
    assert_true(tm_str_eq(key_of(&calculated, false, &a), key_of(&read, false, &b)));
    tm_buf_release(&a);
    tm_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_order_as_values_do),
        cmocka_unit_test(no_key_begins_another),
        cmocka_unit_test(unknowns_share_a_key_and_so_do_zeros),
        cmocka_unit_test(large_numbers_order_by_their_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
