/* Any bytes as an expression: it compiles or is refused with a sentence and a column, never more.
 *
 * What compiles is evaluated over a few records of different layouts, and its canonical text must
 * compile again to the same canonical text and give the same values. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "expr/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const tm_signal number = {.name = "n",
                                 .unit = "",
                                 .help = "",
                                 .type = TM_NUMBER,
                                 .digits = 3},
                       word = {.name = "w", .unit = "", .help = "", .type = TM_WORD};
static const char *const names[] = {"length.words", "language.code", "dedup.near.score"};
static const tm_signal *const signals[] = {&number, &word, &number};
static const uint32_t columns[] = {0, 1, 2};
enum { SIGNALS = 3 };

static const char *const records[] = {
    ("{\"messages\":[{\"role\":\"user\",\"content\":\"a \\u00e9 b\"},{\"role\":\"assistant\","
     "\"content\":\"c\\nd\"}],\"a\":{\"b\":[1,\"x\",null,9007199254740993]},\"t\":true}"),
    "{\"text\":\"plain \\ud800\",\"a\":\"2026-01-31T10:00:00Z\",\"n\":1e400}",
    "{\"prompt\":\"p\",\"chosen\":\"good\",\"rejected\":\"\",\"a\":null}",
    "[1",
};

static void fill(tm_batch *b, const tm_layout_set *set)
{
    tm_read_rules rules = {.layouts = set};
    for (uint32_t r = 0; r < TM_COUNT(records); r++) {
        tm_rid rid = {TM_PLACE(1, r), 0};
        tm_str raw = tm_str_of(records[r]);
        TM_ASSERT(tm_batch_add(b, &rules, rid, r, raw, false, 0, NULL, NULL) == TM_OK);
        b->column[0].number[r] = r ? 3 : (double)NAN;
        b->column[1].word[r] = TM_STR("en");
        b->column[2].number[r] = 0.5;
    }
}

static void evaluate(const tm_expr *e, tm_batch *b, tm_evalue *values, uint8_t *truth)
{
    tm_expr_scratch *s = tm_expr_scratch_new(e);
    if (!s) return;
    TM_ASSERT(tm_expr_values(e, s, b, values, NULL) == TM_OK);
    TM_ASSERT(tm_expr_truth(e, s, b, truth, NULL) == TM_OK);
    tm_expr_scratch_free(s);
}

static bool same(const tm_evalue *a, const tm_evalue *b)
{
    tm_buf x = {0}, y = {0};
    tm_evalue_key(a, &x);
    tm_evalue_key(b, &y);
    bool equal = tm_str_eq(tm_buf_view(&x), tm_buf_view(&y));
    tm_buf_release(&x);
    tm_buf_release(&y);
    return equal;
}

static void check(tm_expr *e, tm_arena *mem, const tm_expr_env *env, tm_batch *b)
{
    enum { RECORDS = TM_COUNT(records) };
    tm_evalue before[RECORDS], after[RECORDS];
    uint8_t truth[2][RECORDS];
    tm_buf once = {0}, twice = {0};
    tm_expr *again = NULL;
    evaluate(e, b, before, truth[0]);
    tm_expr_print(e, &once);
    tm_err err = {0};
    tm_status status = tm_expr_compile(mem, tm_buf_view(&once), env, TM_E_ANY, &again, &err);
    /* Brackets and full names may take the text over the limit of bytes or depth, nothing else. */
    if (status == TM_OK) {
        tm_expr_print(again, &twice);
        TM_ASSERT(tm_str_eq(tm_buf_view(&once), tm_buf_view(&twice)));
        evaluate(again, b, after, truth[1]);
        TM_ASSERT(!memcmp(truth[0], truth[1], RECORDS));
        for (size_t r = 0; r < RECORDS; r++) TM_ASSERT(same(&before[r], &after[r]));
        tm_expr_release(again);
    } else {
        if (once.n <= 600 || status != TM_ERECIPE)
            fprintf(stderr, "%.*s\ncolumn %d: %s\n", TM_FMT(tm_buf_view(&once)), (int)err.column,
                    err.msg);
        TM_ASSERT(once.n > 600 && status == TM_ERECIPE);
    }
    tm_buf_release(&once);
    tm_buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tm_arena mem = {0}, batch_mem = {0};
    tm_batch b;
    tm_layout_set set = {0};
    tm_err err = {0};
    tm_expr *e = NULL;
    while (tm_layouts[set.count]) {
        set.layout[set.count] = tm_layouts[set.count];
        set.count++;
    }
    tm_expr_env env = {
        .name = names, .signal = signals, .column = columns, .signals = SIGNALS, .layouts = &set};
    tm_status status =
        tm_expr_compile(&mem, (tm_str){(const char *)data, size}, &env, TM_E_ANY, &e, &err);
    if (status == TM_OK) {
        tm_batch_init(&b, &batch_mem);
        TM_ASSERT(tm_batch_reset(&b, 4, signals, SIGNALS, NULL) == TM_OK);
        fill(&b, &set);
        check(e, &mem, &env, &b);
        tm_expr_release(e);
        tm_batch_release(&b);
    } else {
        TM_ASSERT(status == TM_ERECIPE && err.msg[0]);
        TM_ASSERT(err.column || size > 65536);
    }
    tm_arena_release(&batch_mem);
    tm_arena_release(&mem);
    return 0;
}
