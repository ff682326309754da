/* Counters of inspect: lengths per role in logarithmic bins, turns, duplicates, and findings by
 * code with the first place of each. */
#include "report/inspection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bins.h"
#include "base/tally.h"
#include "report/cure.h"
#include "report/inspection_levels.h"
#include "text/visible.h"
#include "text/words.h"

enum { ROLES = 6, KINDS = 128, SOURCES_SHOWN = 20, WORST = 5 };

typedef struct lengths {
    tm_tally tally;
    uint64_t bin[TM_BINS];
} lengths;

typedef struct noticed { /* one code of findings, and the first of them */
    char code[8], sentence[256];
    tm_buf source; /* its file */
    uint64_t line, column, count;
    bool unreadable;
} noticed;

struct tm_inspection {
    lengths role[ROLES];
    lengths turns; /* of records, in turns */
    uint64_t records, chars, not_text;
    tm_levels levels;
    noticed found[KINDS];
    uint32_t kinds;
    bool no_memory; /* a name could not be kept */
};

tm_inspection *tm_inspection_new(void)
{
    return tm_alloc_zero(1, sizeof(tm_inspection));
}
void tm_inspection_free(tm_inspection *seen)
{
    for (uint32_t i = 0; seen && i < seen->kinds; i++) tm_buf_release(&seen->found[i].source);
    tm_free(seen);
}

static void count(lengths *l, uint64_t n)
{
    tm_tally_add(&l->tally, n);
    l->bin[tm_bin(n)]++;
}

static tm_status count_part(tm_inspection *seen, tm_batch *b, uint32_t p, uint64_t *record_chars,
                            tm_err *err)
{
    const tm_part *part = &b->part[p];
    tm_str text;
    if (part->flags & TM_PART_NOT_TEXT) seen->not_text++;
    if (part->present != TM_IS_TEXT || (part->flags & TM_PART_NOT_TEXT)) return TM_OK;
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
    uint64_t chars = tm_text_chars(text);
    count(&seen->role[TM_MIN(part->role, ROLES - 1)], chars);
    *record_chars += chars;
    return TM_OK;
}

tm_status tm_inspection_batch(void *arg, const tm_batch_view *view, tm_err *err)
{
    tm_inspection *seen = arg;
    tm_batch *b = view->batch;
    uint64_t *chars = TM_NEW(b->mem, uint64_t, b->records + 1);
    if (!chars) return tm_fail_memory(err, "lengths", b->records);
    for (uint32_t r = 0; r < b->records; r++) {
        if (b->fate[r] == TM_UNREADABLE) continue;
        for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++)
            TM_TRY(count_part(seen, b, p, &chars[r], err));
        seen->records++;
        seen->chars += chars[r];
        count(&seen->turns, b->first_turn[r + 1] - b->first_turn[r]);
    }
    tm_levels_count(&seen->levels, view, chars);
    return TM_OK;
}

void tm_inspection_finding(void *arg, const tm_finding_view *f)
{
    tm_inspection *seen = arg;
    noticed *n = seen->found;
    bool counted = f->other.place && !tm_str_is(f->step, TM_LEVEL_EQUAL);
    if (counted && tm_level_of(f->step) < TM_LEVELS) return; /* among the duplicates */
    while (n < seen->found + seen->kinds && strcmp(n->code, f->code) != 0) n++;
    if (n == seen->found + KINDS) return;
    if (n == seen->found + seen->kinds) {
        seen->kinds++;
        n->unreadable = !f->step.n && f->verdict == TM_V_DROP;
        n->line = f->line;
        n->column = f->column;
        tm_buf_str(&n->source, f->source);
        seen->no_memory |= n->source.failed;
        snprintf(n->sentence, sizeof n->sentence, "%.*s", TM_FMT(f->sentence));
        snprintf(n->code, sizeof n->code, "%s", f->code);
    }
    n->count++;
}

static int by_count(const void *a, const void *b)
{
    const noticed *x = *(const noticed *const *)a, *y = *(const noticed *const *)b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return strcmp(x->code, y->code);
}

static void place(const noticed *n, tm_buf *out)
{
    tm_buf_print(out, ":%llu:%llu", (unsigned long long)n->line, (unsigned long long)n->column);
}

static void bars(const lengths *l, tm_buf *out)
{
    static const char *const EIGHTHS[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    uint64_t most = 1;
    for (unsigned b = 0; b < TM_BINS; b += 2) most = TM_MAX(most, l->bin[b] + l->bin[b + 1]);
    for (unsigned b = 0; b < 32; b += 2) {
        uint64_t n = l->bin[b] + l->bin[b + 1];
        tm_buf_z(out, EIGHTHS[n ? 1 + n * 7 / most : 0]);
    }
}

typedef struct how_many {
    const char *name;
    uint64_t count;
} how_many;

typedef struct counts { /* of an input: records by layout and by kind, most first */
    how_many layout[16], kind[16];
    uint32_t layouts, kinds;
} counts;

static void add_count(how_many *list, uint32_t *n, const char *name, uint64_t count)
{
    uint32_t at = 0;
    while (at < *n && strcmp(list[at].name, name) != 0) at++;
    if (at == *n) list[(*n)++] = (how_many){name, 0};
    list[at].count += count;
    how_many now = list[at];
    for (; at && list[at - 1].count < now.count; at--) list[at] = list[at - 1];
    list[at] = now;
}

/* A kind that no record has is none, unless there are no others. */
static counts counts_of(const tm_run *run, const tm_plan_input *in)
{
    counts c = {.layouts = 0};
    const tm_layout_set *set = &in->layouts;
    const tm_run_result *result = tm_run_result_of(run);
    for (uint32_t l = 0; l < set->count; l++) {
        uint64_t count = 0;
        for (uint32_t s = 0; s < in->sources; s++)
            count += result->source_result[in->first_source - 1 + s].layouts[l];
        tm_example_kind kind = set->mapping ? in->kind : set->layout[l]->kind;
        add_count(c.layout, &c.layouts, set->layout[l]->name, count);
        if (count) add_count(c.kind, &c.kinds, tm_example_kind_name(kind), count);
    }
    if (!c.kinds) c.kind[c.kinds++] = (how_many){tm_example_kind_name(in->kind), 0};
    return c;
}

static void counted_text(const how_many *list, uint32_t n, tm_buf *out)
{
    for (uint32_t i = 0; i < n; i++)
        tm_buf_print(out, "%s%s (%llu)", i ? ", " : "", list[i].name,
                     (unsigned long long)list[i].count);
}

static void layouts_text(const tm_run *run, const tm_plan_input *in, tm_buf *out)
{
    counts c = counts_of(run, in);
    tm_buf_z(out, c.layouts > 1 ? "layouts     " : "layout      ");
    counted_text(c.layout, c.layouts, out);
    tm_buf_print(out, "; runner-up: %s\n", in->runner_up ? in->runner_up : "none");
    tm_buf_z(out, c.kinds > 1 ? "kinds       " : "kind        ");
    if (c.kinds > 1)
        counted_text(c.kind, c.kinds, out);
    else
        tm_buf_z(out, c.kind[0].name);
    tm_buf_char(out, '\n');
}

static void kinds_json(const tm_run *run, const tm_plan_input *in, tm_buf *out)
{
    counts c = counts_of(run, in);
    tm_buf_z(out, ",\"kinds\":{");
    for (uint32_t k = 0; k < c.kinds && c.kind[k].count; k++)
        tm_buf_print(out, "%s\"%s\":%llu", k ? "," : "", c.kind[k].name,
                     (unsigned long long)c.kind[k].count);
    tm_buf_char(out, '}');
}

static void inputs_text(const tm_run *run, tm_buf *out)
{
    const tm_run_result *result = tm_run_result_of(run);
    const tm_plan *plan = tm_run_plan(run);
    uint64_t records = 0, unreadable = 0;
    for (uint32_t s = 0; s < result->sources; s++) {
        const tm_source *source = &result->source[s];
        const tm_source_result *r = &result->source_result[s];
        records += s < SOURCES_SHOWN ? 0 : r->records;
        unreadable += s < SOURCES_SHOWN ? 0 : r->unreadable;
        if (s >= SOURCES_SHOWN) continue;
        tm_text_visible(source->path, out);
        tm_buf_print(out, ": %s%s%s, %llu records, %llu unreadable\n",
                     tm_containers[source->container].name, source->codec ? " in " : "",
                     source->codec ? tm_codecs[source->codec].name : "",
                     (unsigned long long)r->records, (unsigned long long)r->unreadable);
    }
    if (result->sources > SOURCES_SHOWN)
        tm_buf_print(out, "and %u more files: %llu records, %llu unreadable\n",
                     result->sources - SOURCES_SHOWN, (unsigned long long)records,
                     (unsigned long long)unreadable);
    for (uint32_t i = 0; i < plan->inputs; i++) {
        if (plan->input[i].layouts.count) {
            layouts_text(run, &plan->input[i], out);
            continue;
        }
        bool empty = !result->counts.read;
        tm_buf_z(out, empty ? "layout      none: there are no records\n"
                            : "layout      none fits: name one with --layout, or bind fields with "
                              "--map\n");
    }
}

static bool has_labels(const tm_inspected *inspected)
{
    bool labels = false;
    const tm_layout_set *all = &tm_run_plan(inspected->run)->layouts;
    for (uint32_t l = 0; l < all->count; l++)
        labels |= all->layout[l]->kind == TM_UNPAIRED || all->layout[l]->kind == TM_SCORED;
    return labels;
}

static void worst_text(const tm_inspected *inspected, tm_buf *out)
{
    bool labels = has_labels(inspected);
    const noticed *list[KINDS];
    const tm_inspection *seen = inspected->seen;
    for (uint32_t i = 0; i < seen->kinds; i++) list[i] = &seen->found[i];
    qsort(list, seen->kinds, sizeof *list, by_count);
    tm_buf_z(out, seen->kinds ? "\nfindings\n" : "\nfindings    none\n");
    for (uint32_t i = 0; i < seen->kinds && i < WORST; i++) {
        tm_buf_print(out, "%8llu  %s %s\n          first ", (unsigned long long)list[i]->count,
                     list[i]->code, list[i]->sentence);
        tm_text_visible(tm_buf_view(&list[i]->source), out);
        place(list[i], out);
        tm_buf_z(out, "\n          ");
        tm_cure_print(list[i]->code, list[i]->unreadable, labels, inspected->few, out);
        tm_buf_char(out, '\n');
    }
    if (seen->kinds > WORST)
        tm_buf_print(out, "          and %u more kinds: tamis check %.*s\n", seen->kinds - WORST,
                     TM_FMT(inspected->few));
    if (seen->kinds && inspected->few.p != inspected->words.p)
        tm_buf_z(out, "INPUTS: all that this command was given\n");
}

/* ~ before what is not exact, in a column. */
static void cell(tm_quantile q, int width, tm_buf *out)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%s%llu", q.exact ? "" : "~", (unsigned long long)q.value);
    tm_buf_print(out, "%*s", width, digits);
}

static void roles_text(const tm_inspection *seen, tm_buf *out)
{
    bool about = false;
    tm_buf_print(out, "\ncharacters      texts     median  90 %% up to        max  1 to 32,768\n");
    for (unsigned r = 0; r < ROLES; r++) {
        const tm_tally *t = &seen->role[r].tally;
        tm_quantile half = tm_tally_quantile(t, 50), most = tm_tally_quantile(t, 90);
        if (!t->count) continue;
        tm_buf_print(out, "%-10s %10llu", tm_role_name((tm_role)r), (unsigned long long)t->count);
        cell(half, 11, out);
        cell(most, 12, out);
        tm_buf_print(out, "%11llu  ", (unsigned long long)t->most);
        bars(&seen->role[r], out);
        tm_buf_char(out, '\n');
        about |= !half.exact || !most.exact;
    }
    if (about) tm_buf_z(out, "(~ about: less than 1 % too high, never too low)\n");
}

static void turns_text(const tm_tally *t, tm_buf *out)
{
    tm_buf_z(out, "turns a record: median ");
    cell(tm_tally_quantile(t, 50), 0, out);
    tm_buf_z(out, ", 90 % up to ");
    cell(tm_tally_quantile(t, 90), 0, out);
    tm_buf_print(out, ", most %llu\n", (unsigned long long)t->most);
}

static tm_level_view levels_of(const tm_inspected *i)
{
    return (tm_level_view){&i->seen->levels, i->run, i->seen->records, i->seen->chars};
}

tm_status tm_inspection_text(const tm_inspected *i, tm_buf *out, tm_err *err)
{
    const tm_inspection *seen = i->seen;
    const tm_run *run = i->run;
    tm_level_view all = levels_of(i), sample = i->sample ? levels_of(i->sample) : all;
    if (seen->no_memory) return tm_fail_memory(err, "a name", 0);
    inputs_text(run, out);
    if (seen->not_text)
        tm_buf_print(out, "not text    %llu blocks, carried untouched\n",
                     (unsigned long long)seen->not_text);
    roles_text(seen, out);
    turns_text(&seen->turns.tally, out);
    TM_TRY(tm_levels_text(&all, i->sample ? &sample : NULL, out, err));
    worst_text(i, out);
    return TM_OK;
}

/* names: what is counted, and the sum of what. */
static void lengths_json(const lengths *l, const char *counted, const char *sum, tm_buf *out)
{
    const tm_tally *t = &l->tally;
    tm_quantile half = tm_tally_quantile(t, 50), most = tm_tally_quantile(t, 90);
    tm_buf_print(out, "{\"%s\":%llu,\"%s\":%llu,\"median\":%llu,\"p90\":%llu,\"exact\":%s,",
                 counted, (unsigned long long)t->count, sum, (unsigned long long)t->sum,
                 (unsigned long long)half.value, (unsigned long long)most.value,
                 half.exact && most.exact ? "true" : "false");
    tm_buf_print(out, "\"max\":%llu,\"bins\":[", (unsigned long long)t->most);
    bool first = true;
    for (unsigned b = 0; b < TM_BINS; b++) {
        if (!l->bin[b]) continue;
        tm_buf_print(out, "%s[%llu,%llu]", first ? "" : ",", (unsigned long long)tm_bin_floor(b),
                     (unsigned long long)l->bin[b]);
        first = false;
    }
    tm_buf_z(out, "]}");
}

void tm_inspection_json(const tm_inspected *inspected, tm_buf *out)
{
    const tm_inspection *seen = inspected->seen;
    const tm_run *run = inspected->run;
    tm_level_view all = levels_of(inspected);
    tm_level_view sample = inspected->sample ? levels_of(inspected->sample) : all;
    const tm_run_result *result = tm_run_result_of(run);
    const tm_plan *plan = tm_run_plan(run);
    tm_buf_print(out,
                 "{\"records\":%llu,\"unreadable\":%llu,\"duplicates\":%llu,\"chars\":%llu,"
                 "\"duplicate_chars\":%llu,\"not_text\":%llu,\"inputs\":[",
                 (unsigned long long)result->counts.read,
                 (unsigned long long)result->counts.unreadable,
                 (unsigned long long)seen->levels.records[0], (unsigned long long)seen->chars,
                 (unsigned long long)seen->levels.chars[0], (unsigned long long)seen->not_text);
    for (uint32_t i = 0; i < plan->inputs; i++) {
        tm_buf_print(out, "%s{\"container\":\"%s\",\"kind\":\"%s\",\"runner_up\":", i ? "," : "",
                     plan->input[i].container, tm_example_kind_name(plan->input[i].kind));
        if (plan->input[i].runner_up)
            tm_buf_json(out, tm_str_of(plan->input[i].runner_up));
        else
            tm_buf_z(out, "null");
        tm_buf_z(out, ",\"layouts\":[");
        for (uint32_t l = 0; l < plan->input[i].layouts.count; l++)
            tm_buf_print(out, "%s\"%s\"", l ? "," : "", plan->input[i].layouts.layout[l]->name);
        tm_buf_char(out, ']');
        kinds_json(run, &plan->input[i], out);
        tm_buf_char(out, '}');
    }
    tm_buf_z(out, "],\"roles\":{");
    bool first = true;
    for (unsigned r = 0; r < ROLES; r++) {
        if (!seen->role[r].tally.count) continue;
        tm_buf_print(out, "%s\"%s\":", first ? "" : ",", tm_role_name((tm_role)r));
        lengths_json(&seen->role[r], "texts", "chars", out);
        first = false;
    }
    tm_buf_z(out, "},\"turns\":");
    lengths_json(&seen->turns, "records", "turns", out);
    tm_buf_z(out, ",\"levels\":");
    tm_levels_json(&all, inspected->sample ? &sample : NULL, out);
    tm_buf_z(out, ",\"findings\":[");
    tm_buf command = {0};
    for (uint32_t i = 0; i < seen->kinds; i++) {
        const noticed *n = &seen->found[i];
        tm_buf_print(out, "%s{\"code\":\"%s\",\"count\":%llu,\"first\":", i ? "," : "", n->code,
                     (unsigned long long)n->count);
        tm_buf_clear(&command);
        tm_buf_str(&command, tm_buf_view(&n->source));
        place(n, &command);
        tm_buf_json(out, tm_buf_view(&command));
        tm_buf_z(out, ",\"message\":");
        tm_buf_json(out, tm_str_of(n->sentence));
        tm_buf_z(out, ",\"remedy\":");
        tm_buf_clear(&command);
        tm_cure_print(n->code, n->unreadable, has_labels(inspected), inspected->words, &command);
        tm_buf_json(out, tm_buf_view(&command));
        tm_buf_char(out, '}');
    }
    if (command.failed || seen->no_memory) out->failed = true;
    tm_buf_release(&command);
    tm_buf_z(out, "]}\n");
}
