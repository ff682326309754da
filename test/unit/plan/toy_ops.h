/* Three made-up operators for tests of recipes and plans: the registry here is this one, so what is
 * tested does not change when an operator does. Include it once in a test program. */
#ifndef TM_TEST_TOY_OPS_H
#define TM_TEST_TOY_OPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "plan/plan.h"

static int toy_prepared, toy_released; /* how often */

typedef struct toy_look_args {
    int64_t least;
    tm_str note;
    bool deep;
    uint8_t how;
    uint64_t parts, room;
    uint32_t on;
    double share, weight;
    tm_texts keep;
    tm_pairs set;
} toy_look_args;
static const char *const toy_how[] = {"fast", "slow", NULL};
static const char *const toy_parts[] = {"head", "tail", "middle", NULL};
static const tm_param toy_look_params[] = {
    {"least", TM_P_INT, offsetof(toy_look_args, least), "3", "words", 0, 1000, NULL, 0, "the least",
     0},
    {"note", TM_P_TEXT, offsetof(toy_look_args, note), NULL, NULL, 0, 0, NULL, 0, "a note", 0},
    {"deep", TM_P_BOOL, offsetof(toy_look_args, deep), "no", NULL, 0, 0, NULL, 0, "go deep", 0},
    {"how", TM_P_CHOICE, offsetof(toy_look_args, how), "fast", NULL, 0, 0, toy_how, 0, "how", 0},
    {"parts", TM_P_CHOICES, offsetof(toy_look_args, parts), "head", NULL, 0, 0, toy_parts, 0,
     "which", 0},
    {"room", TM_P_SIZE, offsetof(toy_look_args, room), "1MiB", "bytes", 0, 0, NULL,
     TM_P_NO_IDENTITY, "room", 0},
    {"on", TM_P_SELECTOR, offsetof(toy_look_args, on), "all", NULL, 0, 0, tm_selector_names, 0,
     "where", 0},
    {"share", TM_P_SHARE, offsetof(toy_look_args, share), "50%", NULL, 0, 0, NULL, 0, "share", 0},
    {"weight", TM_P_FLOAT, offsetof(toy_look_args, weight), "1.5", NULL, 0, 0, NULL, 0, "weight",
     0},
    {"keep", TM_P_TEXTS, offsetof(toy_look_args, keep), NULL, NULL, 0, 0, NULL, 0, "keep list", 0},
    {"set", TM_P_PAIRS, offsetof(toy_look_args, set), NULL, NULL, 0, 0, NULL, 0, "fields", 0},
    {0}};
static const tm_signal toy_look_signals[] = {
    {.name = "words", .unit = "words", .help = "words of the response", .type = TM_NUMBER},
    {.name = "kind", .help = "what it is", .type = TM_WORD},
    {0}};
static const tm_code toy_look_codes[] = {
    {"X0001", "too-short", "it is short", "write more", NULL, TM_V_DROP, false, NULL},
    {"X0002", "odd", "it is odd", "look at it", NULL, TM_V_PARK, true, NULL},
    {0}};
static tm_status toy_cost(const void *args, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(args);
    TM_UNUSED(err);
    *out = (tm_cost){.memory = 1000,
                     .shared = 50000,
                     .facts = facts->records,
                     .fact_bytes = facts->records * 16};
    return TM_OK;
}
static tm_status toy_prepare(tm_prep *prep, const void *args, const void **shared, tm_err *err)
{
    const toy_look_args *a = args;
    TM_UNUSED(prep);
    if (a->least == 13) return tm_fail(err, TM_ERECIPE, "13 brings bad luck");
    toy_prepared++;
    *shared = args;
    return TM_OK;
}
static void toy_release(const void *shared)
{
    TM_UNUSED(shared);
    toy_released++;
}
static const tm_op toy_look = {.name = "look",
                               .group = "toys",
                               .summary = "looks",
                               .why = "to test",
                               .rev = 1,
                               .shape = TM_MEASURE,
                               .params = toy_look_params,
                               .signals = toy_look_signals,
                               .codes = toy_look_codes,
                               .args_bytes = sizeof(toy_look_args),
                               .scratch_bytes = 24,
                               .cost = toy_cost,
                               .prepare = toy_prepare,
                               .release = toy_release};

typedef struct toy_filter_args {
    tm_str keep, drop, park;
} toy_filter_args;
static const tm_param toy_filter_params[] = {
    {"keep", TM_P_EXPR, offsetof(toy_filter_args, keep), NULL, NULL, 0, 0, NULL, 0, "what stays",
     0},
    {"drop", TM_P_EXPR, offsetof(toy_filter_args, drop), NULL, NULL, 0, 0, NULL, 0, "what falls",
     0},
    {"park", TM_P_EXPR, offsetof(toy_filter_args, park), NULL, NULL, 0, 0, NULL, 0, "set aside", 0},
    {0}};
static const tm_code toy_filter_codes[] = {
    {"X0101", "filtered", "it fell", "as you wished", NULL, TM_V_DROP, false, NULL}, {0}};
static const tm_op toy_filter = {.name = "filter",
                                 .group = "toys",
                                 .summary = "filters",
                                 .rev = 2,
                                 .shape = TM_MEASURE,
                                 .params = toy_filter_params,
                                 .codes = toy_filter_codes,
                                 .args_bytes = sizeof(toy_filter_args)};

typedef struct toy_head_args {
    int64_t records;
} toy_head_args;
static const tm_param toy_head_params[] = {{"records", TM_P_INT, offsetof(toy_head_args, records),
                                            NULL, "records", 0, 1e9, NULL, TM_P_REQUIRED,
                                            "how many", 0},
                                           {0}};
static const tm_op toy_head = {.name = "head",
                               .group = "toys",
                               .summary = "the first few",
                               .rev = 1,
                               .shape = TM_HEAD,
                               .params = toy_head_params,
                               .args_bytes = sizeof(toy_head_args)};

static const tm_op toy_mix = {.name = "mix",
                              .group = "toys",
                              .summary = "mixes",
                              .rev = 1,
                              .shape = TM_SET,
                              .flags = TM_REORDERS};
static const tm_op toy_ask = {.name = "ask",
                              .group = "toys",
                              .summary = "asks",
                              .rev = 1,
                              .shape = TM_MEASURE,
                              .flags = TM_ASKS};
static const tm_op toy_pii = {.name = "pii",
                              .group = "toys",
                              .summary = "hides",
                              .rev = 1,
                              .shape = TM_EDIT,
                              .flags = TM_PRIVACY};

static const tm_op toy_cut = {
    .name = "cut", .group = "toys", .summary = "cuts", .rev = 1, .shape = TM_FANOUT};

const tm_op *const tm_ops[] = {&toy_cut, &toy_look, &toy_filter, &toy_head,
                               &toy_mix, &toy_ask,  &toy_pii,    NULL};
const tm_op *tm_op_named(tm_str name)
{
    for (size_t i = 0; tm_ops[i]; i++)
        if (tm_str_is(name, tm_ops[i]->name)) return tm_ops[i];
    return NULL;
}

#endif
