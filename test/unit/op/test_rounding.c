/* Controlled rounding against what its header promises, for random tables: every row is rounded to
 * entries of 0 or its cap that sum to what they summed to, no column's sum ever changes, fewer rows
 * than columns are open at a time, and none is left where columns sum to multiples of the cap. */
#include "unit/base/base_help.h"

#include "op/share/rounding.h"

enum { ROWS = 120, COLUMNS = TM_ROUNDING_COLUMNS };

typedef struct table {
    uint32_t rows, columns;
    int64_t cap[ROWS], entry[ROWS][COLUMNS];
    uint32_t up[ROWS];
    unsigned times[ROWS]; /* that the row was done */
} table;

static void done(void *to, uint32_t name, uint32_t up)
{
    table *t = to;
    t->up[name] = up;
    t->times[name]++;
}

/* An entry counts in how many of `cap` draws of some columns it was one of them, so the row sums to
 * a multiple of its cap. */
static void draw_row(table *t, uint32_t row)
{
    uint32_t picks = (uint32_t)chance(t->columns + 1);
    t->cap[row] = 1 + (int64_t)chance(9);
    for (int64_t k = 0; k < t->cap[row]; k++) {
        uint32_t left = picks;
        for (uint32_t c = 0; c < t->columns; c++) {
            if (chance(t->columns - c) >= left) continue;
            t->entry[row][c]++;
            left--;
        }
    }
}

/* Each second row is what the one before it lacks: together they have the cap in every column. */
static void draw(table *t, bool paired)
{
    memset(t, 0, sizeof *t);
    t->columns = 1 + (uint32_t)chance(chance(3) ? 6 : COLUMNS);
    t->rows = 2 * (1 + (uint32_t)chance(ROWS / 2));
    for (uint32_t r = 0; r < t->rows; r++) {
        if (!paired || r % 2 == 0) {
            draw_row(t, r);
            continue;
        }
        t->cap[r] = t->cap[r - 1];
        for (uint32_t c = 0; c < t->columns; c++) t->entry[r][c] = t->cap[r] - t->entry[r - 1][c];
    }
}

static void check_row(const table *t, uint32_t row)
{
    int64_t sum = 0, rounded = 0;
    for (uint32_t c = 0; c < t->columns; c++) {
        bool up = t->up[row] >> c & 1;
        sum += t->entry[row][c];
        rounded += up ? t->cap[row] : 0;
        if (t->entry[row][c] == 0) assert_false(up);
        if (t->entry[row][c] == t->cap[row]) assert_true(up);
    }
    assert_int_equal(rounded, sum);
    assert_int_equal(t->times[row], 1);
}

/* Of the first `rows`: what is done and what is open sum to what they were. */
static void check_columns(const table *t, const tm_rounding *r, uint32_t rows)
{
    for (uint32_t c = 0; c < t->columns; c++) {
        int64_t was = 0, now = 0;
        for (uint32_t i = 0; i < rows; i++) {
            was += t->entry[i][c];
            if (t->times[i]) now += t->up[i] >> c & 1 ? t->cap[i] : 0;
        }
        for (uint32_t i = 0; i < r->rows; i++) now += r->row[i].entry[c];
        assert_int_equal(now, was);
    }
}

static uint64_t round_all(table *t)
{
    uint64_t open = 0;
    tm_rounding r = {.columns = t->columns, .done = done, .to = t};
    for (uint32_t i = 0; i < t->rows; i++) {
        tm_rounding_add(&r, i, t->cap[i], t->entry[i]);
        assert_true(r.rows < t->columns || (!r.rows && t->columns == 1));
        check_columns(t, &r, i + 1);
        open = TM_MAX(open, (uint64_t)r.rows);
    }
    for (uint32_t i = 0; i < t->rows; i++)
        if (t->times[i]) check_row(t, i);
    uint32_t left = 0;
    for (uint32_t i = 0; i < t->rows; i++) left += !t->times[i];
    assert_int_equal(left, r.rows);
    return open << 32 | left;
}

static void random_tables_keep_their_sums(void **state)
{
    static table t;
    uint64_t most_open = 0;
    TM_UNUSED(state);
    for (int turn = 0; turn < 400; turn++) {
        draw(&t, false);
        uint64_t open = round_all(&t) >> 32;
        most_open = TM_MAX(most_open, open);
    }
    assert_true(most_open > 3); /* the tables are a test */
}

static void nothing_is_left_of_columns_that_sum_to_multiples_of_the_cap(void **state)
{
    static table t;
    TM_UNUSED(state);
    for (int turn = 0; turn < 400; turn++) {
        draw(&t, true);
        for (uint32_t r = 0; r < t.rows; r++) { /* one cap for all: a multiple of each */
            for (uint32_t c = 0; c < t.columns; c++) t.entry[r][c] *= 2520 / t.cap[r];
            t.cap[r] = 2520;
        }
        assert_int_equal((uint32_t)round_all(&t), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_tables_keep_their_sums),
        cmocka_unit_test(nothing_is_left_of_columns_that_sum_to_multiples_of_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
