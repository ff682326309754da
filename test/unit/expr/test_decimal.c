/* Decimals compare by value, exactly, however they are written, and become the nearest double when
 * someone calculates with them. */
#include "expr/decimal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Rows ascend; what stands in one row is equal. */
static const char *const rows[][6] = {
    {"-1e99999999999999999999", "-10e99999999999999999999"},
    {"-1e400"},
    {"-123456789012345678901"},
    {"-123456789012345678900", "-1234567890123456789e2", "-123456789012345678900.000"},
    {"-10", "-1e1", "-10.0", "-0.1e2"},
    {"-9.99"},
    {"-0.001", "-1e-3"},
    {"0", "-0", "0.000", "0e5", "-0e-9999999999999999999"},
    {"1e-9999999999999999999"},
    {"0.001", "1e-3", "0.0010", "1E-03", "0.00001e2"},
    {"0.01"},
    {"0.1", "1e-1", "0.10"},
    {"1", "1.0", "1e0", "1E+0", "0.1e1", "10e-1"},
    {"1.00000000000000000001"},
    {"9"},
    {"10", "1e1", "010"},
    {"9007199254740992", "9.007199254740992e15"},
    {"9007199254740993", "9007199254740993.0"},
    {"9007199254740993.5"},
    {"1e400", "10e399"},
    {"1.1e400"},
};

static void decimals_compare_exactly(void **state)
{
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(rows); i++) {
        for (size_t j = 0; j < TM_COUNT(rows); j++) {
            int wanted = (i > j) - (i < j);
            for (size_t k = 0; k < 6 && rows[i][k]; k++) {
                for (size_t l = 0; l < 6 && rows[j][l]; l++) {
                    int got = tm_decimal_cmp(tm_str_of(rows[i][k]), tm_str_of(rows[j][l]));
                    bool far = i == 0 && j == 0; /* saturated exponents */
                    if (got != wanted && !far) fail_msg("%s %s", rows[i][k], rows[j][l]);
                }
            }
        }
    }
}

static void decimals_become_doubles(void **state)
{
    TM_UNUSED(state);
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"0", 0},
                 {"-0", 0},
                 {"7", 7},
                 {"-12", -12},
                 {"2.5", 2.5},
                 {"1e3", 1000},
                 {"999999999999999", 999999999999999.0},
                 {"9007199254740993", 9007199254740992.0},
                 {"1e400", HUGE_VAL},
                 {"-1e400", -HUGE_VAL},
                 {"1e-400", 0}};
    double value;
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        if (!tm_decimal_to_f64(tm_str_of(cases[i].text), &value)) fail_msg("%s", cases[i].text);
        assert_true(value >= cases[i].value && value <= cases[i].value);
    }
    static const char *const wrong[] = {"",     "-",   "+1",  "1.", ".5", "1e",  "1e+",
                                        "0x10", "nan", "inf", "1 ", " 1", "1,5", "--1"};
    for (size_t i = 0; i < TM_COUNT(wrong); i++) {
        if (tm_decimal_to_f64(tm_str_of(wrong[i]), &value)) fail_msg("\"%s\"", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_compare_exactly),
        cmocka_unit_test(decimals_become_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
