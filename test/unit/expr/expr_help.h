/* What the tests of expr/ share: signals that "earlier steps" made, and a batch of records to ask.
 * Call order: ex_open, ex_add ..., ex_truth / ex_value ..., ex_close. */
#ifndef TM_TEST_EXPR_HELP_H
#define TM_TEST_EXPR_HELP_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "expr/expr.h"
#include "record/layout.h"

static const tm_signal ex_number = {
    .name = "n", .unit = "", .help = "", .type = TM_NUMBER, .digits = 3};
static const tm_signal ex_word = {.name = "w", .unit = "", .help = "", .type = TM_WORD};

static const char *const ex_names[] = {"length.words",   "length.chars",          "language.code",
                                       "language.score", "dedup.near.similarity", "quality.score",
                                       "my-step.depth"};
static const tm_signal *const ex_signals[] = {&ex_number, &ex_number, &ex_word,  &ex_number,
                                              &ex_number, &ex_number, &ex_number};
static const uint32_t ex_columns[] = {0, 1, 2, 3, 4, 5, 6};
enum { EX_SIGNALS = 7 };

typedef struct ex_world {
    tm_arena mem, batch_mem;
    tm_batch b;
    tm_layout_set set;
    tm_read_rules rules;
    tm_expr_env env;
    tm_err err;
} ex_world;

static inline void ex_open(ex_world *w)
{
    memset(w, 0, sizeof *w);
    tm_batch_init(&w->b, &w->batch_mem);
    assert_int_equal(tm_batch_reset(&w->b, 4, ex_signals, EX_SIGNALS, &w->err), TM_OK);
    while (tm_layouts[w->set.count]) {
        w->set.layout[w->set.count] = tm_layouts[w->set.count];
        w->set.count++;
    }
    w->rules.layouts = &w->set;
    w->env = (tm_expr_env){.name = ex_names,
                           .signal = ex_signals,
                           .column = ex_columns,
                           .signals = EX_SIGNALS,
                           .layouts = &w->set};
}

static inline void ex_close(ex_world *w)
{
    tm_batch_release(&w->b);
    tm_arena_release(&w->batch_mem);
    tm_arena_release(&w->mem);
}

/* Adds a record (its bytes must outlive the batch) whose signals are: 12 words, 60 chars, "en",
 * score 0.75, similarity unknown, quality 0.5, depth 3. */
static inline uint32_t ex_add(ex_world *w, const char *json)
{
    static const double numbers[] = {12, 60, 0, 0.75, (double)NAN, 0.5, 3};
    uint32_t r = w->b.records;
    tm_rid rid = {TM_PLACE(1, r), 0};
    tm_str raw = tm_str_of(json);
    assert_int_equal(tm_batch_add(&w->b, &w->rules, rid, r, raw, false, 0, NULL, &w->err), TM_OK);
    for (uint32_t i = 0; i < EX_SIGNALS; i++) {
        if (i == 2)
            w->b.column[i].word[r] = TM_STR("en");
        else
            w->b.column[i].number[r] = numbers[i];
    }
    return r;
}

static inline tm_expr *ex_compile(ex_world *w, const char *text, tm_etype want)
{
    tm_expr *e = NULL;
    tm_status status = tm_expr_compile(&w->mem, tm_str_of(text), &w->env, want, &e, &w->err);
    if (status != TM_OK) fail_msg("%s: column %d: %s", text, (int)w->err.column, w->err.msg);
    return e;
}

static inline const char *ex_truth_name(unsigned truth)
{
    return truth == TM_TRUE ? "true" : truth == TM_FALSE ? "false" : "unknown";
}

/* The truth of `text` for record r. */
static inline const char *ex_truth(ex_world *w, const char *text, uint32_t r)
{
    tm_expr *e = ex_compile(w, text, TM_E_TRUTH);
    tm_expr_scratch *s = tm_expr_scratch_new(e);
    uint8_t *truth = calloc(w->b.records + 1, 1);
    assert_non_null(s);
    assert_int_equal(tm_expr_truth(e, s, &w->b, truth, &w->err), TM_OK);
    unsigned got = truth[r];
    free(truth);
    tm_expr_scratch_free(s);
    tm_expr_release(e);
    return ex_truth_name(got);
}

/* The value of `text` for record r, as "number 12", "text abc", "date 86400", "truth true" or
 * "unknown", in out (NUL-terminated). */
static inline const char *ex_value(ex_world *w, const char *text, uint32_t r, tm_buf *out)
{
    tm_expr *e = ex_compile(w, text, TM_E_ANY);
    tm_expr_scratch *s = tm_expr_scratch_new(e);
    tm_evalue *value = calloc(w->b.records + 1, sizeof *value);
    assert_non_null(s);
    assert_int_equal(tm_expr_values(e, s, &w->b, value, &w->err), TM_OK);
    const tm_evalue *v = &value[r];
    tm_buf_clear(out);
    switch (v->type) {
    case TM_E_NUMBER:
    case TM_E_DATE:
        tm_buf_z(out, v->type == TM_E_DATE ? "date " : "number ");
        tm_buf_f64(out, v->number);
        break;
    case TM_E_TEXT:
        tm_buf_z(out, "text ");
        tm_buf_str(out, v->text);
        break;
    case TM_E_TRUTH:
        tm_buf_z(out, "truth ");
        tm_buf_z(out, ex_truth_name(v->truth));
        break;
    default: tm_buf_z(out, "unknown"); break;
    }
    tm_buf_char(out, '\0');
    free(value);
    tm_expr_scratch_free(s);
    tm_expr_release(e);
    return out->p;
}

#endif
