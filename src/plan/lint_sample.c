/* What can be said against a plan by what the sampled records have: selectors that name no text.
 * (Fields: lint_fields.c.)
 *
 * A sample may miss what is rare, so all of it is a remark, says how many records were looked at,
 * and is said only where no sampled record of any input has what was named. Steps that make
 * records, or set fields, make what a sample cannot know: behind them nothing is said of that. */
#include <stdlib.h>

#include "plan/lint.h"

uint64_t tm_lint_records(const tm_plan_input *in, uint32_t inputs)
{
    uint64_t records = 0;
    for (uint32_t i = 0; i < inputs; i++) {
        if (!in[i].seen.records) return 0;
        records += in[i].seen.records;
    }
    return records;
}

bool tm_lint_is_made(const tm_plan *plan, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (plan->step[k].op->shape == TM_FANOUT) return true;
    return plan->recipe->builtin; /* nobody wrote it: it is for many sets */
}

/* What a parameter of a step looks at. */
typedef struct looking {
    const tm_plan_input *in;
    uint32_t inputs, by;
    uint64_t want; /* messages */
    bool of_references;
} looking;

static looking looking_of(const tm_plan *plan, const tm_plan_step *step, const tm_param *p)
{
    const tm_param *turn = tm_lint_param(step, "turn");
    int64_t nth = turn ? *(const int64_t *)tm_lint_value(step, turn) : 0;
    looking at = {.in = plan->input,
                  .inputs = plan->inputs,
                  .by = *(const uint32_t *)tm_lint_value(step, p),
                  .want = nth ? (uint64_t)llabs(nth) : 1,
                  .of_references = p->flags & TM_P_OF_REFERENCES};
    if (!at.of_references) return at;
    at.in = plan->input->reference;
    at.inputs = at.in ? plan->recipe->references : 0;
    return at;
}

/* Have the texts that are looked at `want` messages in one of the records? Several selectors may
 * name the same message, which counts for each: a doubt is in favour. */
static bool has_messages(const looking *at, uint64_t want)
{
    for (uint32_t i = 0; i < at->inputs; i++) {
        const tm_seen *seen = &at->in[i].seen;
        uint64_t messages = 0;
        if ((seen->looked & at->by) != at->by) return true; /* not known */
        for (uint32_t s = 0; s < TM_SELECTORS; s++)
            if (at->by >> s & 1) messages += seen->messages[s];
        if (messages >= want) return true;
    }
    return false;
}

/* What fits no layout is told by who reads it (T1020): of references one such record ends the run,
 * of inputs others may be left. While messages are missing, all records were asked for texts. */
static bool is_unreadable(const looking *at)
{
    uint64_t records = 0, bound = 0;
    for (uint32_t i = 0; i < at->inputs; i++) {
        records += at->in[i].seen.records;
        bound += at->in[i].seen.bound;
    }
    return at->of_references ? bound < records : bound == 0;
}

/* "; they have texts of user, assistant": of what names a role, an answer or a kind. */
static void put_there_is(const looking *at, tm_buf *out)
{
    const uint32_t broad = TM_SEL_PROMPT | TM_SEL_RESPONSE | TM_SEL_ALL | TM_SEL_EVERYTHING;
    unsigned named = 0;
    for (uint32_t s = 0; s < TM_SELECTORS; s++) {
        bool any = false;
        for (uint32_t i = 0; i < at->inputs; i++) any |= at->in[i].seen.messages[s] > 0;
        if (!any || broad >> s & 1) continue;
        tm_buf_print(out, "%s%s", named++ ? ", " : "; they have texts of ", tm_selector_names[s]);
    }
}

static void put_selectors(uint32_t by, tm_buf *out)
{
    for (uint32_t s = 0, named = 0; s < TM_SELECTORS; s++)
        if (by >> s & 1) tm_buf_print(out, "%s%s", named++ ? ", " : "", tm_selector_names[s]);
}

static tm_status check_selector(tm_linting *l, uint32_t i, const tm_param *p)
{
    const tm_plan_step *step = &l->plan->step[i];
    looking at = looking_of(l->plan, step, p);
    uint64_t records = tm_lint_records(at.in, at.inputs);
    if (!records || has_messages(&at, at.want) || is_unreadable(&at)) return TM_OK;
    bool some = has_messages(&at, 1); /* texts, but not so many messages */
    tm_buf out = {0};
    tm_buf_print(&out,
                 "\"%.*s\" finds nothing to look at: none of the %llu records%s that were "
                 "looked at has ",
                 TM_FMT(step->name), (unsigned long long)records,
                 at.of_references ? " of references" : "");
    if (some)
        tm_buf_print(&out, "%llu messages with a text that %s: ", (unsigned long long)at.want,
                     p->name);
    else
        tm_buf_print(&out, "a text that %s: ", p->name);
    put_selectors(at.by, &out);
    tm_buf_z(&out, " names");
    if (!some) put_there_is(&at, &out);
    const char *sentence =
        out.failed ? NULL : tm_arena_printf(l->plan->mem, "%.*s", TM_FMT(tm_buf_view(&out)));
    tm_buf_release(&out);
    return tm_lint_remark(l, TM_LINT_SELECTS_NOTHING, i, some ? "turn" : p->name, sentence);
}

tm_status tm_lint_selectors(tm_linting *l, uint32_t i)
{
    const tm_op *op = l->plan->step[i].op;
    if (!l->plan->inputs || tm_lint_is_made(l->plan, i)) return TM_OK;
    for (const tm_param *p = op->params; p && p->name; p++)
        if (p->type == TM_P_SELECTOR) TM_TRY(check_selector(l, i, p));
    return TM_OK;
}
