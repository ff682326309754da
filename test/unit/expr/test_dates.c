/* The calendar: what is a date, what is not, and every day there and back. */
#include "expr/dates.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void dates_are_read(void **state)
{
    TM_UNUSED(state);
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {
        {"1970-01-01", 0},
        {"1969-12-31", -86400},
        {"2026-01-31", 1769817600},
        {" 2026-01-31 ", 1769817600},
        {"2026-01-31T00:00", 1769817600},
        {"2026-01-31T10:00:00Z", 1769853600},
        {"2026-01-31t10:00:00z", 1769853600},
        {"2026-01-31 10:00:00", 1769853600},
        {"2026-01-31 10:00:00 +00:00", 1769853600},
        {"2026-01-31T11:00:00+01:00", 1769853600},
        {"2026-01-31T11:00:00+0100", 1769853600},
        {"2026-01-31T11:00:00+01", 1769853600},
        {"2026-01-31T04:30:00-05:30", 1769853600},
        {"2026-01-31T10:00:00.5Z", 1769853600.5},
        {"2026-01-31T10:00:00,25Z", 1769853600.25},
        {"2026-01-31T24:00:00Z", 1769904000},
        {"2016-12-31T23:59:60Z", 1483228800},
        {"2000-02-29", 951782400},
        {"0000-01-01", -62167219200.0},
        {"9999-12-31T23:59:59Z", 253402300799.0},
    };
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        double seconds = (double)NAN;
        if (!tm_date_parse(tm_str_of(cases[i].text), &seconds)) fail_msg("%s", cases[i].text);
        assert_true(seconds >= cases[i].seconds && seconds <= cases[i].seconds);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    TM_UNUSED(state);
    static const char *const cases[] = {"",
                                        "2026",
                                        "2026-01",
                                        "2026-1-1",
                                        "20260131",
                                        "2026-13-01",
                                        "2026-00-01",
                                        "2026-01-00",
                                        "2026-02-29",
                                        "1900-02-29",
                                        "2026-04-31",
                                        "2026-01-31T",
                                        "2026-01-31T10",
                                        "2026-01-31T1000",
                                        "2026-01-31T25:00:00",
                                        "2026-01-31T24:00:01",
                                        "2026-01-31T10:60",
                                        "2026-01-31T10:00:61",
                                        "2026-01-31T10:00:00.",
                                        "2026-01-31T10:00:00+25:00",
                                        "2026-01-31T10:00:00+1",
                                        "2026-01-31T10:00:00+01:",
                                        "2026-01-31T10:00:00 UTC",
                                        "2026-01-31x",
                                        "31.01.2026",
                                        "01/31/2026",
                                        "yesterday",
                                        "1769817600",
                                        "-2026-01-31",
                                        "2026-W05-6",
                                        "0000-01-01T00:00:00+01:00",
                                        "9999-12-31T23:59:59-01:00"};
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        double seconds;
        if (tm_date_parse(tm_str_of(cases[i]), &seconds)) fail_msg("%s", cases[i]);
    }
}

static void every_day_is_read_as_it_is_printed(void **state)
{
    TM_UNUSED(state);
    tm_buf text = {0};
    double seconds, first, last;
    int days = 0;
    assert_true(tm_date_parse(TM_STR("0000-01-01"), &first));
    assert_true(tm_date_parse(TM_STR("9999-12-31"), &last));
    for (double day = first; day <= last; day += 86400, days++) {
        tm_buf_clear(&text);
        tm_date_print(day, &text);
        assert_true(tm_date_parse(tm_buf_view(&text), &seconds));
        assert_true(seconds >= day && seconds <= day);
    }
    assert_int_equal(days, 3652425);
    tm_buf_release(&text);
}

static void times_are_printed_as_short_as_they_can_be(void **state)
{
    TM_UNUSED(state);
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "1970-01-01"},
                 {-1, "1969-12-31T23:59:59Z"},
                 {1769853600.5, "2026-01-31T10:00:00.5Z"},
                 {1769853600.000001, "2026-01-31T10:00:00.000001Z"},
                 {59.9999999, "1970-01-01T00:01:00Z"}};
    tm_buf out = {0};
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_buf_clear(&out);
        tm_date_print(cases[i].seconds, &out);
        tm_buf_char(&out, '\0');
        assert_string_equal(out.p, cases[i].text);
    }
    assert_false(tm_date_has((double)NAN));
    assert_false(tm_date_has(253402300800.0));
    assert_true(tm_date_has(-62167219200.0));
    tm_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(every_day_is_read_as_it_is_printed),
        cmocka_unit_test(times_are_printed_as_short_as_they_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
