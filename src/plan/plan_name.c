/* The names of a plan: a 128-bit hash of the plan up to and with each step, and of the whole.
 *
 * What goes in is what decides results: the identity of the inputs' bytes, how records are read,
 * the seed, and for every step its operator with `rev`, its name, its verdict and its parameters
 * in canonical form. Threads, memory and paths of the output do not, but for a memory so small that
 * it decides which of the long records are readable. Two plans with equal
 * prefixes make equal decisions up to there, so a resumed or changed run takes those up by name.
 *
 * The bytes that are hashed are fields, each with its length before it, so that nothing runs
 * together. The first field is a version: it is raised when this layout changes. */
#include "plan/plan_parts.h"

enum { ROOMY = 4 }; /* copies of the longest line: more than nearly any record takes */

static void field(tm_buf *b, tm_str text)
{
    uint64_t n = text.n;
    for (int i = 0; i < 8; i++) tm_buf_char(b, (char)(n >> 8 * i & 255));
    tm_buf_str(b, text);
}

static void number(tm_buf *b, uint64_t value)
{
    for (int i = 0; i < 8; i++) tm_buf_char(b, (char)(value >> 8 * i & 255));
}

static void hash_field(tm_buf *b, tm_hash h)
{
    number(b, h.hi);
    number(b, h.lo);
}

static void params(tm_buf *b, const tm_param *param, const void *args)
{
    tm_buf value = {0};
    for (; param && param->name; param++) {
        if (param->flags & TM_P_NO_IDENTITY) continue;
        tm_buf_clear(&value);
        field(b, tm_str_of(param->name));
        tm_param_print(param, args, &value);
        field(b, tm_buf_view(&value));
        if (value.failed) b->failed = true;
    }
    field(b, TM_STR(""));
    tm_buf_release(&value);
}

static void pairs(tm_buf *b, const tm_pairs *list)
{
    number(b, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        field(b, list->item[i].name);
        field(b, list->item[i].value);
        tm_buf_char(b, list->item[i].quoted ? '1' : '0');
    }
}

/* How the records of an input are read; what is read is in the identity of the inputs. */
static void input(tm_buf *b, const tm_plan_input *in)
{
    const tm_recipe_input *from = in->from;
    number(b, in->first_source);
    number(b, in->sources);
    number(b, in->layouts.count);
    for (uint32_t i = 0; i < in->layouts.count; i++)
        field(b, tm_str_of(in->layouts.layout[i]->name));
    if (!from) return;
    field(b, from->name);
    pairs(b, &from->map);
    pairs(b, &from->tags);
    number(b, from->replace_utf8);
    field(b, from->container);
    field(b, from->codec);
}

static void reading(tm_buf *b, const tm_plan *plan, tm_hash inputs)
{
    const tm_recipe *r = plan->recipe;
    field(b, TM_STR("tamis plan 1"));
    number(b, TM_IDENTITY_VERSION);
    hash_field(b, inputs);
    number(b, r->seed);
    params(b, tm_limit_params, &r->limits);
    if (!plan->binds) field(b, TM_STR("any record")); /* decided about, whatever it fits */
    if (plan->room.bytes < ROOMY * r->limits.max_line) {
        field(b, TM_STR("room"));
        number(b, plan->room.bytes);
        number(b, plan->room.longest);
    }
    number(b, plan->inputs);
    for (uint32_t i = 0; i < plan->inputs; i++) input(b, &plan->input[i]);
    number(b, r->references);
    for (uint32_t i = 0; i < r->references; i++) {
        field(b, r->reference[i].name);
        field(b, r->reference[i].layout);
        pairs(b, &r->reference[i].map);
        number(b, r->reference[i].replace_utf8);
        for (uint32_t k = 0; k < r->reference[i].paths; k++) field(b, r->reference[i].path[k]);
    }
}

static void step(tm_buf *b, const tm_plan_step *s)
{
    field(b, tm_str_of(s->op->name));
    number(b, s->op->rev);
    field(b, s->name);
    number(b, s->then);
    params(b, s->op->params, s->args);
}

tm_status tm_plan_name(tm_plan *plan, tm_hash input_identity, tm_err *err)
{
    tm_buf b = {0};
    reading(&b, plan, input_identity);
    for (uint32_t i = 0; i < plan->steps; i++) {
        step(&b, &plan->step[i]);
        plan->step[i].prefix = tm_hash128(b.p, b.n);
    }
    params(&b, tm_output_params, &plan->recipe->output);
    plan->identity = tm_hash128(b.p, b.n);
    tm_status status = tm_buf_ok(&b, err);
    tm_buf_release(&b);
    return status;
}
