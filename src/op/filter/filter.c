/* filter: keeps, drops or parks records by expressions.
 *
 * The expressions are compiled once when the plan is made and evaluated by column, a batch at a
 * time. A condition is three-valued: `keep` lets only true pass, and says whether it was false or
 * unknown (a field that is not there), because the two want different repairs. */
#include "op/op.h"

enum { FALSE_KEEP, UNKNOWN_KEEP, TRUE_DROP, TRUE_PARK };

typedef struct args {
    tm_str keep, drop, park;
} args;

typedef struct shared {
    tm_expr *keep, *drop, *park;
} shared;

typedef struct scratch {
    tm_expr_scratch *keep, *drop, *park;
} scratch;

static tm_status compile(tm_prep *prep, tm_str text, tm_expr **out, tm_err *err)
{
    if (!text.n) return TM_OK;
    return tm_expr_compile(prep->mem, text, &prep->env, TM_E_TRUTH, out, err);
}

static void release(const void *of)
{
    const shared *s = of;
    if (s->keep) tm_expr_release(s->keep);
    if (s->drop) tm_expr_release(s->drop);
    if (s->park) tm_expr_release(s->park);
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    if (!a->keep.n && !a->drop.n && !a->park.n)
        return tm_fail(err, TM_ERECIPE,
                       "filter needs keep, drop or park: an expression such as "
                       "\"words(response) >= 3\"");
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "filter", sizeof *s);
    tm_status status = compile(prep, a->keep, &s->keep, err);
    if (status == TM_OK) status = compile(prep, a->drop, &s->drop, err);
    if (status == TM_OK) status = compile(prep, a->park, &s->park, err);
    if (status != TM_OK)
        release(s);
    else
        *out = s;
    return status;
}

static tm_status open_one(const tm_expr *e, tm_expr_scratch **out, tm_err *err)
{
    if (e && !(*out = tm_expr_scratch_new(e))) return tm_fail_memory(err, "filter", 0);
    return TM_OK;
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    const shared *s = of;
    scratch *own = mine;
    TM_TRY(open_one(s->keep, &own->keep, err));
    TM_TRY(open_one(s->drop, &own->drop, err));
    return open_one(s->park, &own->park, err);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_expr_scratch_free(own->keep);
    tm_expr_scratch_free(own->drop);
    tm_expr_scratch_free(own->park);
}

/* Notes `code` for every live record whose truth is `when`. */
static tm_status note(const tm_step_view *step, tm_batch *b, const uint8_t *truth, uint8_t when,
                      uint16_t code, tm_err *err)
{
    for (uint32_t r = 0; r < b->records; r++)
        if (tm_live(b, r) && truth[r] == when)
            TM_TRY(tm_find(b, r, TM_NONE, 0, 0, step->step, code, TM_NO_VALUE, err));
    return TM_OK;
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    TM_UNUSED(out);
    uint8_t *truth = TM_NEW(b->mem, uint8_t, b->records + 1);
    if (!truth) return tm_fail_memory(err, "filter", b->records);
    if (s->keep) {
        TM_TRY(tm_expr_truth(s->keep, own->keep, b, truth, err));
        TM_TRY(note(step, b, truth, TM_FALSE, FALSE_KEEP, err));
        TM_TRY(note(step, b, truth, TM_UNKNOWN, UNKNOWN_KEEP, err));
    }
    if (s->drop) {
        TM_TRY(tm_expr_truth(s->drop, own->drop, b, truth, err));
        TM_TRY(note(step, b, truth, TM_TRUE, TRUE_DROP, err));
    }
    if (s->park) {
        TM_TRY(tm_expr_truth(s->park, own->park, b, truth, err));
        TM_TRY(note(step, b, truth, TM_TRUE, TRUE_PARK, err));
    }
    return TM_OK;
}

static const tm_param PARAMS[] = {
    {
        .name = "keep",
        .type = TM_P_EXPR,
        .at = offsetof(args, keep),
        .help = "only records for which this is true go on; false and unknown fall",
    },
    {
        .name = "drop",
        .type = TM_P_EXPR,
        .at = offsetof(args, drop),
        .help = "records for which this is true fall",
    },
    {
        .name = "park",
        .type = TM_P_EXPR,
        .at = offsetof(args, park),
        .help = "records for which this is true are set aside for repair",
    },
    {0},
};

static const tm_code CODES[] = {
    {
        .code = "T1401",
        .name = "keep-false",
        .sentence = "the keep condition is false",
        .help = "The record does not meet the condition of filter's keep. Look at it with tamis "
                "explain; change the condition, or write then: flag to keep such records and count "
                "them.",
        .verdict = TM_V_DROP,
    },
    {
        .code = "T1402",
        .name = "keep-unknown",
        .sentence = "the keep condition is unknown",
        .help = "A field or signal that the condition needs is absent, null or of another type. "
                "Only true keeps a record. Write `... or $.field is null` to keep those too.",
        .verdict = TM_V_DROP,
    },
    {
        .code = "T1403",
        .name = "drop-true",
        .sentence = "the drop condition is true",
        .help = "The record meets the condition of filter's drop.",
        .verdict = TM_V_DROP,
    },
    {
        .code = "T1404",
        .name = "park-true",
        .sentence = "the park condition is true",
        .help = "The record meets the condition of filter's park. It lies in parked-*.jsonl as it "
                "was read; repair it there and run the recipe on it.",
        .verdict = TM_V_PARK,
        .fixed_verdict = true,
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Keep answers of at least three words",
        .recipe = "{keep: \"words(response) >= 3\"}",
        .in = "{\"prompt\":\"Capital of France?\",\"completion\":\"It is Paris.\"}\n"
              "{\"prompt\":\"And of Peru?\",\"completion\":\"Lima.\"}\n",
        .out = "{\"prompt\":\"Capital of France?\",\"completion\":\"It is Paris.\"}\n",
        .fates = "kept dropped",
    },
    {
        .title = "A field that is not there makes a condition unknown, not false",
        .recipe = "{keep: \"$.meta.consent = true\"}",
        .in = "{\"text\":\"a\",\"meta\":{\"consent\":true}}\n"
              "{\"text\":\"b\",\"meta\":{\"consent\":false}}\n"
              "{\"text\":\"c\"}\n",
        .out = "{\"text\":\"a\",\"meta\":{\"consent\":true}}\n",
        .fates = "kept dropped dropped",
    },
    {
        .title = "Set aside for repair instead of dropping",
        .recipe = "{park: \"contains(response, 'As an AI')\"}",
        .in = "{\"prompt\":\"Sing\",\"completion\":\"As an AI I hum.\"}\n"
              "{\"prompt\":\"Sing\",\"completion\":\"La la.\"}\n",
        .out = "{\"prompt\":\"Sing\",\"completion\":\"La la.\"}\n",
        .fates = "parked kept",
    },
    {0},
};

const tm_op tm_op_filter = {
    .name = "filter",
    .group = "select",
    .summary = "keep, drop or park records by expressions over fields, texts and signals",
    .why =
        "The everyday tool: consent, languages, lengths, ratings, anything a record or an earlier "
        "step says. No default here drops anything: what falls is what you wrote. Short answers "
        "fall only if your condition says so.",
    .rev = 1,
    .shape = TM_MEASURE,
    .flags = TM_ANY_RECORD,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .prepare = prepare,
    .release = release,
    .begin = begin,
    .end = end,
    .each = each,
};
