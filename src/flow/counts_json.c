/* Counts and steps as JSON: one spelling for manifest.json and --json. */
#include "flow/counts_json.h"

#include <stdio.h>
#include <string.h>

#include "flow/engine.h"

void tm_counts_json(const tm_counts *c, tm_buf *b)
{
    const struct {
        const char *name;
        uint64_t value;
    } list[] = {{"read", c->read},         {"made", c->made},
                {"kept", c->kept},         {"dropped", c->dropped},
                {"merged", c->merged},     {"parked", c->parked},
                {"replaced", c->replaced}, {"unreadable", c->unreadable},
                {"written", c->written}};
    tm_buf_char(b, '{');
    for (size_t i = 0; i < TM_COUNT(list); i++)
        tm_buf_print(b, "%s\"%s\":%llu", i ? "," : "", list[i].name,
                     (unsigned long long)list[i].value);
    tm_buf_char(b, '}');
}

static void put_params(tm_buf *b, const tm_plan_step *step)
{
    tm_buf_z(b, "\"params\":{");
    for (uint32_t i = 0; step->op->params && step->op->params[i].type != TM_P_END; i++) {
        tm_buf_print(b, "%s\"%s\":", i ? "," : "", step->op->params[i].name);
        tm_param_print(&step->op->params[i], step->args, b);
    }
    tm_buf_char(b, '}');
}

/* What each route was asked to hold, and what its files hold. */
static void put_routes(tm_buf *b, const tm_run *run)
{
    tm_route_size of;
    tm_buf_z(b, ",\"routes\":[");
    for (uint32_t i = 0; tm_run_route(run, i, &of); i++) {
        tm_buf_z(b, i ? ",{\"route\":" : "{\"route\":");
        tm_buf_json(b, of.name);
        tm_buf_z(b, ",\"asked\":");
        tm_buf_json(b, of.asked);
        tm_buf_print(b, ",\"records\":%llu", (unsigned long long)of.records);
        if (of.sized)
            tm_buf_print(b, ",\"wanted\":%llu,\"off\":%lld}", (unsigned long long)of.wanted,
                         (long long)of.off);
        else
            tm_buf_z(b, ",\"wanted\":null,\"off\":null}");
    }
    tm_buf_char(b, ']');
}

void tm_steps_json(const tm_run *run, tm_buf *b)
{
    const tm_plan *plan = run->plan;
    const tm_run_result *all = &run->result;
    tm_buf_char(b, '[');
    for (uint32_t s = 0; s < plan->steps; s++) {
        const tm_plan_step *step = &plan->step[s];
        const tm_step_result *result = &all->step[s];
        bool first = true;
        tm_buf_z(b, s ? ",\n  {" : "\n  {");
        tm_buf_z(b, "\"name\":");
        tm_buf_json(b, step->name);
        tm_buf_print(b, ",\"op\":\"%s\",\"rev\":%u,", step->op->name, step->op->rev);
        if (step->then == TM_V_NONE)
            tm_buf_z(b, "\"then\":null,");
        else
            tm_buf_print(b, "\"then\":\"%s\",", tm_verdict_name((tm_verdict)step->then));
        put_params(b, step);
        tm_buf_z(b, ",\"counts\":");
        tm_counts_json(&result->counts, b);
        tm_buf_z(b, ",\"findings\":{");
        for (uint32_t c = 0; step->op->codes && step->op->codes[c].code; c++) {
            if (!result->found[c]) continue;
            tm_buf_print(b, "%s\"%s\":%llu", first ? "" : ",", step->op->codes[c].code,
                         (unsigned long long)result->found[c]);
            first = false;
        }
        tm_buf_char(b, '}');
        if (run->routes && run->router == s) {
            put_routes(b, run);
            tm_buf_print(b, ",\"largest_group\":%llu", (unsigned long long)all->largest_group);
            tm_buf_z(b, ",\"same\":");
            tm_same_sides_json(run, b);
        }
        if (all->matches && step->op->finds) {
            tm_buf_z(b, ",\"duplicates\":");
            tm_duplicates_json(run, s, b);
        }
        if (step->op->lost) {
            tm_buf_z(b, ",\"differs\":");
            tm_lost_fields_json(run, s, b);
        }
        if (all->matches && step->op->flags & TM_REFERENCES && run->references) {
            tm_buf_z(b, ",\"references\":");
            tm_matches_references_json(run, all->matches, s, b);
        }
        tm_buf_char(b, '}');
    }
    tm_buf_char(b, ']');
}

static void put_code(tm_buf *b, const char *code, uint64_t count, bool *first)
{
    if (count) tm_buf_print(b, "%s\"%s\":%llu", *first ? "" : ",", code, (unsigned long long)count);
    if (count) *first = false;
}

void tm_reader_json(const tm_run_result *result, tm_buf *b)
{
    bool first = true;
    tm_buf_z(b, "{\"findings\":{");
    for (uint32_t c = 0; result->reader_found && c < TM_READER_CODES; c++)
        put_code(b, tm_reader_codes[c].code, result->reader_found[c], &first);
    first = true;
    tm_buf_z(b, "},\"unreadable\":{");
    for (uint32_t c = 0; c < result->lost_codes; c++)
        put_code(b, result->lost[c].code, result->lost[c].count, &first);
    tm_buf_z(b, "}}");
}

void tm_count_lost(tm_run_result *result, const char *code)
{
    uint32_t at = 0;
    while (at < result->lost_codes && strcmp(result->lost[at].code, code) < 0) at++;
    bool there = at < result->lost_codes && strcmp(result->lost[at].code, code) == 0;
    if (!there) {
        if (result->lost_codes == TM_COUNT(result->lost)) return; /* there are fewer codes */
        tm_code_count *to = &result->lost[at];
        memmove(to + 1, to, (result->lost_codes++ - at) * sizeof *to);
        *to = (tm_code_count){.count = 0};
        snprintf(to->code, sizeof to->code, "%s", code);
    }
    result->lost[at].count++;
}
