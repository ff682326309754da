/* Powers are repeated multiplications, so every machine chooses the same bands; areas are sums over
 * a grid of 1/1000, which tells apart what anybody could notice. */
#include "op/minhash/bands.h"

#include "base/alloc.h"
#include "text/terms.h"

enum { GRID = 1000, MISSED_WEIGHS = 20 };

static double power(double x, uint32_t n)
{
    double product = 1;
    for (; n; n >>= 1, x *= x)
        if (n & 1) product *= x;
    return product;
}

double tm_bands_caught(double s, uint32_t bands, uint32_t rows)
{
    return 1 - power(1 - power(s, rows), bands);
}

static double cost_of(double threshold, uint32_t bands, uint32_t rows)
{
    double missed = 0, false_ones = 0;
    for (int i = 0; i < GRID; i++) {
        double s = (i + 0.5) / GRID, caught = tm_bands_caught(s, bands, rows);
        if (s < threshold)
            false_ones += caught;
        else
            missed += 1 - caught;
    }
    return MISSED_WEIGHS * missed + false_ones;
}

void tm_bands_choose(double threshold, uint32_t slots, uint32_t *bands, uint32_t *rows)
{
    double least = -1;
    *bands = slots, *rows = 1;
    for (uint32_t r = 1; r <= slots && r <= 64; r++) {
        double cost = cost_of(threshold, slots / r, r);
        if (least >= 0 && cost >= least) continue;
        least = cost;
        *bands = slots / r;
        *rows = r;
    }
}

/* Two sets of `grams` elements of which `both` are common, new ones each trial. */
static void make_sets(uint64_t trial, uint32_t grams, uint32_t both, uint64_t *a, uint64_t *b)
{
    uint64_t x = trial << 32;
    for (uint32_t i = 0; i < grams; i++) {
        a[i] = tm_mix64(x++);
        b[i] = i < both ? a[i] : tm_mix64(x++);
    }
}

static uint32_t count_caught(const tm_sketch *s, uint32_t grams, uint32_t both, uint32_t trials,
                             uint64_t *work)
{
    uint32_t caught = 0, slots = tm_sketch_slots(s);
    uint64_t *a = work, *b = a + grams, *least = b + grams, *of_a = least + 2 * slots,
             *of_b = of_a + s->bands;
    uint32_t *slot = (uint32_t *)(of_b + s->bands);
    for (uint32_t t = 0; t < trials; t++) {
        bool hit = false;
        make_sets(t + 1, grams, both, a, b);
        tm_sketch_make(s, a, grams, least, slot);
        tm_sketch_bands(s, slot, 0, of_a);
        tm_sketch_make(s, b, grams, least, slot);
        tm_sketch_bands(s, slot, 0, of_b);
        for (uint32_t i = 0; i < s->bands; i++) hit |= of_a[i] == of_b[i];
        caught += hit;
    }
    return caught;
}

double tm_bands_simulate(const tm_sketch *s, double similarity, uint32_t grams, uint32_t trials)
{
    /* |A and B| = s / (1 + s) x 2 x grams for sets of equal size. */
    uint32_t both = (uint32_t)(2 * grams * similarity / (1 + similarity) + 0.5);
    size_t words = 2 * (size_t)grams + 3 * (size_t)tm_sketch_slots(s) + 2 * (size_t)s->bands;
    uint64_t *work = tm_alloc(words * sizeof *work);
    if (!work) return -1;
    double caught = count_caught(s, grams, both, trials, work);
    tm_free(work);
    return caught / trials;
}

/* Columns of the curve stand round the threshold, closer where a pair is decided. */
static const int AWAY[] = {-30, -20, -10, -5, 0, 5, 10, 15}; /* percent */

static size_t choose_columns(double threshold, double columns[TM_COUNT(AWAY)])
{
    size_t count = 0;
    for (size_t i = 0; i < TM_COUNT(AWAY); i++) {
        double s = threshold + AWAY[i] / 100.0;
        if (s > 0.001 && s < 1.001) columns[count++] = TM_MIN(s, 1);
    }
    return count;
}

tm_status tm_bands_preview(const tm_sketch *s, double threshold, tm_buf *text, tm_buf *json,
                           tm_err *err)
{
    enum { TRIALS = 1000, TRIAL_GRAMS = 100 };
    double caught[TM_COUNT(AWAY)], column[TM_COUNT(AWAY)];
    size_t columns = choose_columns(threshold, column);
    tm_buf_print(text, "%u bands of %u rows; of pairs that are similar by\n ", s->bands, s->rows);
    tm_buf_print(json, "{\"bands\":%u,\"rows\":%u,\"caught\":[", s->bands, s->rows);
    for (size_t i = 0; i < columns; i++) {
        caught[i] = tm_bands_simulate(s, column[i], TRIAL_GRAMS, TRIALS);
        if (caught[i] < 0) return tm_fail_memory(err, "a preview", 0);
        tm_buf_print(text, " %5.4g%%", column[i] * 100);
        tm_buf_print(json, "%s[%.4g,%.3f]", i ? "," : "", column[i], caught[i]);
    }
    tm_buf_z(text, "\nare found\n ");
    for (size_t i = 0; i < columns; i++) tm_buf_print(text, " %5.1f%%", caught[i] * 100);
    tm_buf_print(text, "\n(%d pairs of %d n-grams each); those found are compared exactly", TRIALS,
                 TRIAL_GRAMS);
    tm_buf_z(json, "]}");
    return TM_OK;
}
