/* A plan as JSON: what `--dry-run --json` says and the manifest keeps. Parameters are in canonical
 * form and complete, defaults included: what a run did stays readable when defaults change. */
#include "plan/json_write.h"
#include "plan/plan.h"

static void key_text(tm_jw *w, const char *key, tm_str text)
{
    tm_jw_key(w, key);
    tm_jw_text(w, text);
}

static void key_u64(tm_jw *w, const char *key, uint64_t value)
{
    tm_jw_key(w, key);
    tm_jw_u64(w, value);
}

static void key_hash(tm_jw *w, const char *key, tm_hash h)
{
    char hex[33];
    tm_hash_hex(h, hex);
    tm_jw_key(w, key);
    tm_jw_z(w, hex);
}

static void key_params(tm_jw *w, const char *key, const tm_param *params, const void *args)
{
    tm_buf value = {0};
    tm_jw_key(w, key);
    tm_jw_open(w, '{');
    for (const tm_param *p = params; p && p->name; p++) {
        tm_buf_clear(&value);
        tm_param_print(p, args, &value);
        if (value.failed) w->out->failed = true;
        tm_jw_key(w, p->name);
        tm_jw_raw(w, tm_buf_view(&value));
    }
    tm_jw_close(w, '}');
    tm_buf_release(&value);
}

static void key_pairs(tm_jw *w, const char *key, const tm_pairs *pairs)
{
    if (!pairs->count) return;
    tm_jw_key(w, key);
    tm_jw_open(w, '{');
    for (uint32_t i = 0; i < pairs->count; i++) {
        tm_jw_key_text(w, pairs->item[i].name);
        tm_jw_text(w, pairs->item[i].value);
    }
    tm_jw_close(w, '}');
}

static void key_cost(tm_jw *w, const tm_cost *cost)
{
    tm_jw_key(w, "cost");
    tm_jw_open(w, '{');
    key_u64(w, "memory_per_worker", cost->memory);
    key_u64(w, "memory_shared", cost->shared);
    key_u64(w, "facts", cost->facts);
    key_u64(w, "fact_bytes", cost->fact_bytes);
    tm_jw_close(w, '}');
}

static void recipe_input(tm_jw *w, const tm_recipe_input *from)
{
    key_text(w, "name", from->name);
    tm_jw_key(w, "path");
    tm_jw_open(w, '[');
    for (uint32_t i = 0; i < from->paths; i++) tm_jw_text(w, from->path[i]);
    tm_jw_close(w, ']');
    key_pairs(w, "map", &from->map);
    key_pairs(w, "tags", &from->tags);
    key_text(w, "utf8", from->replace_utf8 ? TM_STR("replace") : TM_STR("strict"));
}

static void input(tm_jw *w, const tm_plan_input *in)
{
    tm_jw_open(w, '{');
    if (in->from) recipe_input(w, in->from);
    key_u64(w, "first_source", in->first_source);
    key_u64(w, "sources", in->sources);
    tm_jw_key(w, "container");
    tm_jw_z(w, in->container);
    key_text(w, "kind", tm_str_of(tm_example_kind_name(in->kind)));
    tm_jw_key(w, "layouts");
    tm_jw_open(w, '[');
    for (uint32_t i = 0; i < in->layouts.count; i++) tm_jw_z(w, in->layouts.layout[i]->name);
    tm_jw_close(w, ']');
    key_u64(w, "bytes", in->facts.bytes);
    key_u64(w, "records_estimated", in->facts.records);
    tm_jw_close(w, '}');
}

typedef struct previews { /* NULL instead of them: none are told */
    tm_plan_more *more;
    void *arg;
} previews;

static tm_status preview(tm_jw *w, const previews *p, const tm_plan_step *s, tm_err *err)
{
    tm_preview told = {0};
    tm_status status = s->op->preview(s->shared, &told, err);
    if (status == TM_OK) status = tm_buf_ok(&told.json, err);
    if (status == TM_OK) tm_jw_key(w, "preview"), tm_jw_raw(w, tm_buf_view(&told.json));
    if (status == TM_OK && p->more) status = p->more(p->arg, s, &told, w, err);
    tm_buf_release(&told.text);
    tm_buf_release(&told.json);
    return status;
}

static void step(tm_jw *w, const tm_plan *plan, const tm_plan_step *s)
{
    key_u64(w, "index", s->index);
    key_text(w, "name", s->name);
    key_text(w, "op", tm_str_of(s->op->name));
    key_u64(w, "rev", s->op->rev);
    key_text(w, "shape", tm_str_of(tm_shape_name(s->op->shape)));
    tm_jw_key(w, "then");
    tm_jw_z(w, s->then == TM_V_NONE ? NULL : tm_verdict_name((tm_verdict)s->then));
    key_params(w, "params", s->op->params, s->args);
    tm_jw_key(w, "signals");
    tm_jw_open(w, '[');
    for (uint32_t i = 0; i < s->columns; i++) tm_jw_text(w, plan->signal_name[s->column + i]);
    tm_jw_close(w, ']');
    key_cost(w, &s->cost);
    key_hash(w, "prefix", s->prefix);
}

static void lint(tm_jw *w, const tm_lint *remark)
{
    tm_jw_open(w, '{');
    key_text(w, "code", tm_str_of(remark->code));
    tm_jw_key(w, "stops");
    tm_jw_bool(w, remark->stops);
    key_text(w, "sentence", remark->sentence);
    key_u64(w, "line", remark->line);
    key_u64(w, "column", remark->column);
    tm_jw_close(w, '}');
}

static tm_status plan_json(const tm_plan *plan, const previews *p, tm_buf *out, tm_err *err)
{
    tm_jw w = {.out = out};
    const tm_recipe *r = plan->recipe;
    tm_jw_open(&w, '{');
    key_text(&w, "recipe", r->name);
    key_u64(&w, "seed", r->seed);
    key_hash(&w, "identity", plan->identity);
    tm_jw_key(&w, "inputs");
    tm_jw_open(&w, '[');
    for (uint32_t i = 0; i < plan->inputs; i++) input(&w, &plan->input[i]);
    tm_jw_close(&w, ']');
    tm_jw_key(&w, "steps");
    tm_jw_open(&w, '[');
    for (uint32_t i = 0; i < plan->steps; i++) {
        tm_jw_open(&w, '{');
        step(&w, plan, &plan->step[i]);
        if (p && plan->step[i].op->preview) TM_TRY(preview(&w, p, &plan->step[i], err));
        tm_jw_close(&w, '}');
    }
    tm_jw_close(&w, ']');
    key_params(&w, "output", tm_output_params, &r->output);
    key_params(&w, "limits", tm_limit_params, &r->limits);
    key_cost(&w, &plan->cost);
    key_u64(&w, "memory_needed", plan->memory_needed);
    key_u64(&w, "longest_record", plan->room.longest);
    key_u64(&w, "long_records", plan->room.bytes);
    key_u64(&w, "disk_needed", plan->disk_needed);
    tm_jw_key(&w, "lint");
    tm_jw_open(&w, '[');
    for (uint32_t i = 0; i < plan->lints; i++) lint(&w, &plan->lint[i]);
    tm_jw_close(&w, ']');
    tm_jw_close(&w, '}');
    return tm_buf_ok(out, err);
}

void tm_plan_json(const tm_plan *plan, tm_buf *out)
{
    (void)plan_json(plan, NULL, out, NULL); /* failure is sticky in out */
}

tm_status tm_plan_preview_json(const tm_plan *plan, tm_plan_more *more, void *arg, tm_buf *out,
                               tm_err *err)
{
    return plan_json(plan, &(previews){more, arg}, out, err);
}
