/* Counters of inspect: lengths per role in logarithmic bins, turns, duplicates, and findings by
 * code with the first place of each. */
#include "cli/inspection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bins.h"
#include "cli/inspection_levels.h"
#include "text/words.h"

enum { ROLES = 6, KINDS = 128 };

typedef struct lengths {
    uint64_t parts, chars, most, bin[TM_BINS];
} lengths;

typedef struct noticed { /* one code of findings */
    char code[8], sentence[160], place[320], step[48];
    uint64_t count;
    uint8_t verdict;
} noticed;

struct tm_inspection {
    lengths role[ROLES];
    lengths turns; /* of records, in turns */
    uint64_t records, chars, not_text;
    tm_levels levels;
    noticed found[KINDS];
    uint32_t kinds;
};

tm_inspection *tm_inspection_new(void)
{
    return tm_alloc_zero(1, sizeof(tm_inspection));
}
void tm_inspection_free(tm_inspection *seen)
{
    tm_free(seen);
}

static void count(lengths *l, uint64_t n)
{
    l->parts++;
    l->chars += n;
    l->most = TM_MAX(l->most, n);
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
        n->verdict = f->verdict;
        snprintf(n->sentence, sizeof n->sentence, "%.*s", TM_FMT(f->sentence));
        snprintf(n->step, sizeof n->step, "%.*s", TM_FMT(f->step));
        snprintf(n->place, sizeof n->place, "%.*s:%llu:%llu", TM_FMT(f->source),
                 (unsigned long long)f->line, (unsigned long long)f->column);
        snprintf(n->code, sizeof n->code, "%s", f->code);
    }
    n->count++;
}

/* The length below which `share` of the parts lie, from the bins. */
static uint64_t quantile(const lengths *l, double share)
{
    uint64_t want = (uint64_t)((double)l->parts * share), sum = 0;
    for (unsigned b = 0; b < TM_BINS; b++) {
        sum += l->bin[b];
        if (sum > want) return tm_bin_floor(b);
    }
    return l->most;
}

static int by_count(const void *a, const void *b)
{
    const noticed *x = *(const noticed *const *)a, *y = *(const noticed *const *)b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return strcmp(x->code, y->code);
}

/* The command that mends it, with the file in which it was first seen. */
static void remedy(const noticed *n, tm_buf *out)
{
    bool reader = !n->step[0];
    tm_str file = tm_str_of(n->place);
    for (int colons = 0; colons < 2; colons++) file.n = tm_str_rfind_char(file, ':');
    if (reader && strcmp(n->code, "T1008") == 0)
        tm_buf_print(out, "tamis refine %.*s --utf8 replace", TM_FMT(file));
    else if (reader && n->verdict == TM_V_DROP)
        tm_buf_print(out, "tamis check %.*s", TM_FMT(file));
    else if (reader)
        tm_buf_print(out, "tamis ops %s", n->code);
    else if (strncmp(n->code, "T17", 3) == 0)
        tm_buf_print(out, "tamis dedup.exact %.*s", TM_FMT(file));
    else if (strcmp(n->code, "T1203") == 0)
        tm_buf_print(out, "tamis clean.text %.*s --fix control", TM_FMT(file));
    else
        tm_buf_print(out, "tamis check.record %.*s --then park", TM_FMT(file));
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

static void inputs_text(const tm_run *run, tm_buf *out)
{
    const tm_run_result *result = tm_run_result_of(run);
    const tm_plan *plan = tm_run_plan(run);
    for (uint32_t s = 0; s < result->sources && s < 20; s++) {
        const tm_source *source = &result->source[s];
        const tm_source_result *r = &result->source_result[s];
        tm_buf_print(out, "%.*s: %s%s%s, %llu records, %llu unreadable\n", TM_FMT(source->path),
                     tm_containers[source->container].name, source->codec ? " in " : "",
                     source->codec ? tm_codecs[source->codec].name : "",
                     (unsigned long long)r->records, (unsigned long long)r->unreadable);
    }
    for (uint32_t i = 0; i < plan->inputs; i++) {
        const tm_layout_set *set = &plan->input[i].layouts;
        tm_buf_z(out, set->count > 1 ? "layouts     " : "layout      ");
        if (!set->count) {
            bool empty = !result->counts.read;
            tm_buf_z(out, empty ? "none: there are no records\n"
                                : "none fits: name one with --layout, or bind fields with --map\n");
            continue;
        }
        for (uint32_t l = 0; l < set->count; l++) {
            uint64_t count = 0;
            for (uint32_t s = 0; s < plan->input[i].sources; s++)
                count += result->source_result[plan->input[i].first_source - 1 + s].layouts[l];
            tm_buf_print(out, "%s%s (%llu)", l ? ", " : "", set->layout[l]->name,
                         (unsigned long long)count);
        }
        tm_buf_print(out, "; runner-up: %s\nkind        %s\n",
                     plan->input[i].runner_up ? plan->input[i].runner_up : "none",
                     tm_example_kind_name(plan->input[i].kind));
    }
}

static void worst_text(const tm_inspection *seen, tm_buf *out)
{
    const noticed *list[KINDS];
    for (uint32_t i = 0; i < seen->kinds; i++) list[i] = &seen->found[i];
    qsort(list, seen->kinds, sizeof *list, by_count);
    if (!seen->kinds)
        tm_buf_z(out, "\nfindings    none\n");
    else
        tm_buf_z(out, "\nfindings\n");
    for (uint32_t i = 0; i < seen->kinds && i < 5; i++) {
        tm_buf_print(out, "%8llu  %s %s\n          first %s\n          ",
                     (unsigned long long)list[i]->count, list[i]->code, list[i]->sentence,
                     list[i]->place);
        remedy(list[i], out);
        tm_buf_char(out, '\n');
    }
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
    inputs_text(run, out);
    if (seen->not_text)
        tm_buf_print(out, "not text    %llu blocks, carried untouched\n",
                     (unsigned long long)seen->not_text);
    tm_buf_print(out, "\ncharacters      texts     median        90 %%        max  1 to 32,768\n");
    for (unsigned r = 0; r < ROLES; r++) {
        const lengths *l = &seen->role[r];
        if (!l->parts) continue;
        tm_buf_print(out, "%-10s %10llu %10llu %11llu %10llu  ", tm_role_name((tm_role)r),
                     (unsigned long long)l->parts, (unsigned long long)quantile(l, 0.5),
                     (unsigned long long)quantile(l, 0.9), (unsigned long long)l->most);
        bars(l, out);
        tm_buf_char(out, '\n');
    }
    tm_buf_print(out, "turns a record: median %llu, 90 %% up to %llu, most %llu\n",
                 (unsigned long long)quantile(&seen->turns, 0.5),
                 (unsigned long long)quantile(&seen->turns, 0.9),
                 (unsigned long long)seen->turns.most);
    TM_TRY(tm_levels_text(&all, i->sample ? &sample : NULL, out, err));
    worst_text(seen, out);
    return TM_OK;
}

/* names: what is counted, and the sum of what. */
static void lengths_json(const lengths *l, const char *counted, const char *sum, tm_buf *out)
{
    tm_buf_print(out,
                 "{\"%s\":%llu,\"%s\":%llu,\"median\":%llu,\"p90\":%llu,\"max\":%llu,\"bins\":[",
                 counted, (unsigned long long)l->parts, sum, (unsigned long long)l->chars,
                 (unsigned long long)quantile(l, 0.5), (unsigned long long)quantile(l, 0.9),
                 (unsigned long long)l->most);
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
        tm_buf_z(out, "]}");
    }
    tm_buf_z(out, "],\"roles\":{");
    bool first = true;
    for (unsigned r = 0; r < ROLES; r++) {
        if (!seen->role[r].parts) continue;
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
        tm_buf_json(out, tm_str_of(n->place));
        tm_buf_z(out, ",\"message\":");
        tm_buf_json(out, tm_str_of(n->sentence));
        tm_buf_z(out, ",\"remedy\":");
        tm_buf_clear(&command);
        remedy(n, &command);
        tm_buf_json(out, tm_buf_view(&command));
        tm_buf_char(out, '}');
    }
    if (command.failed) out->failed = true;
    tm_buf_release(&command);
    tm_buf_z(out, "]}\n");
}
