/* The waterfall of a run as text: what came in, what each step took and why, what is left. The sums
 * close, line by line. */
#include <string.h>

#include "flow/codes.h"
#include "flow/lost_fields.h"
#include "flow/reference_items.h"
#include "report/report.h"
#include "text/visible.h"

enum { NAME_WIDTH = 18, REASONS = 3, DIFFERING = 8 };

static void grouped(tm_buf *out, uint64_t n, unsigned width)
{
    char text[32];
    unsigned at = sizeof text, digits = 0;
    do {
        if (digits && digits % 3 == 0) text[--at] = ',';
        text[--at] = (char)('0' + n % 10);
        digits++;
    } while (n /= 10);
    for (unsigned i = (unsigned)sizeof text - at; i < width; i++) tm_buf_char(out, ' ');
    tm_buf_add(out, text + at, sizeof text - at);
}

static void label(tm_buf *out, tm_str name)
{
    tm_buf_z(out, "  ");
    tm_buf_str(out, name);
    for (size_t i = name.n; i < NAME_WIDTH; i++) tm_buf_char(out, ' ');
}

static void amount(tm_buf *out, const char *what, uint64_t n, bool *first)
{
    if (!n) return;
    tm_buf_z(out, *first ? "  " : ", ");
    grouped(out, n, 0);
    tm_buf_print(out, " %s", what);
    *first = false;
}

/* The finding behind `last` in the order of counts, then of the operator's table; TM_NONE: none. */
static uint32_t next_common(const tm_code *codes, const uint64_t *found, uint32_t last)
{
    uint32_t best = TM_NONE;
    for (uint32_t c = 0; codes[c].code; c++) {
        bool behind =
            last == TM_NONE || found[c] < found[last] || (found[c] == found[last] && c > last);
        if (found[c] && behind && (best == TM_NONE || found[c] > found[best])) best = c;
    }
    return best;
}

/* The commonest findings of a step: "[empty-response 12, unknown-role 3, and 2 more kinds]". */
static void reasons(tm_buf *out, const tm_plan_step *step, const tm_step_result *result,
                    uint32_t most)
{
    uint32_t last = TM_NONE, shown = 0, more = 0;
    if (!step->op->codes) return;
    while ((last = next_common(step->op->codes, result->found, last)) != TM_NONE) {
        if (shown == most) {
            more++;
            continue;
        }
        tm_buf_print(out, "%s%s ", shown++ ? ", " : "  [", step->op->codes[last].name);
        grouped(out, result->found[last], 0);
    }
    if (more) tm_buf_print(out, ", and %u more kind%s", more, more == 1 ? "" : "s");
    if (shown) tm_buf_char(out, ']');
}

/* "[unclosed-string 114, not-utf8 107]" and, behind it, what was noticed and kept. */
static void reader_reasons(tm_buf *out, const tm_run_result *result)
{
    tm_code_walk at;
    unsigned noticed = 0;
    for (uint32_t c = 0; c < result->lost_codes; c++) {
        bool known = tm_code_find(tm_str_of(result->lost[c].code), &at);
        tm_buf_print(out, "%s%s ", c ? ", " : "  [", known ? at.code->name : result->lost[c].code);
        grouped(out, result->lost[c].count, 0);
    }
    if (result->lost_codes) tm_buf_char(out, ']');
    for (tm_code_walk walk = {0}; tm_code_next(&walk);) {
        bool reader = strcmp(walk.where, "reader") == 0;
        uint64_t count = reader && result->reader_found ? result->reader_found[walk.row - 1] : 0;
        if (!count) continue;
        tm_buf_print(out, "%s %s ", noticed++ ? "," : "  noticed", walk.code->name);
        grouped(out, count, 0);
    }
}

static bool reader_noticed(const tm_run_result *result)
{
    for (tm_code_walk walk = {0}; result->reader_found && tm_code_next(&walk);)
        if (strcmp(walk.where, "reader") == 0 && result->reader_found[walk.row - 1]) return true;
    return result->lost_codes > 0;
}

/* Where no ledger is kept, this is all that is known of its findings: none is left out then. */
static void step_line(tm_buf *out, const tm_run *run, uint32_t s)
{
    const tm_plan_step *step = &tm_run_plan(run)->step[s];
    const tm_step_result *result = &tm_run_result_of(run)->step[s];
    bool ledger = tm_run_result_of(run)->folder.n > 0;
    const tm_counts *c = &result->counts;
    bool first = true;
    label(out, step->name);
    grouped(out, c->kept, 12);
    amount(out, "dropped", c->dropped, &first);
    amount(out, "merged", c->merged, &first);
    amount(out, "parked", c->parked, &first);
    amount(out, "replaced", c->replaced, &first);
    amount(out, "made", c->made, &first);
    amount(out, "unreadable", c->unreadable, &first);
    reasons(out, step, result, ledger ? REASONS : UINT32_MAX);
    tm_buf_char(out, '\n');
}

/* How many texts of the references a step looked for, and why it left the others out. */
static void item_line(tm_buf *out, const tm_run *run, uint32_t s)
{
    const tm_item_count *items = tm_run_plan(run)->step[s].op->items;
    uint64_t texts = 0;
    unsigned shown = 0;
    if (!items || !tm_run_result_of(run)->step[s].items) return;
    for (unsigned i = TM_ITEM_LOOKED_FOR; items[i].name; i++)
        texts += tm_references_items(run, s, TM_NONE, i);
    label(out, TM_STR("  looked for"));
    uint64_t looked_for = tm_references_items(run, s, TM_NONE, TM_ITEM_LOOKED_FOR);
    grouped(out, looked_for, 12);
    tm_buf_z(out, "  of ");
    grouped(out, texts, 0);
    tm_buf_print(out, " text%s of references", texts == 1 ? "" : "s");
    for (unsigned i = TM_ITEM_REASONS; items[i].name; i++) {
        uint64_t n = tm_references_items(run, s, TM_NONE, i);
        if (!n) continue;
        tm_buf_print(out, "%s%s ", shown++ ? ", " : "  [", items[i].name);
        grouped(out, n, 0);
    }
    tm_buf_z(out, shown ? "]" : "");
    if (texts && !looked_for) tm_buf_z(out, ": nothing can be found; see short: and least:");
    tm_buf_char(out, '\n');
}

/* In which fields merged records differed from those that stand for them. */
static void differing_line(tm_buf *out, const tm_run *run, uint32_t s)
{
    tm_buf path = {0};
    uint64_t n;
    uint32_t i = 0;
    for (; i <= DIFFERING && (n = tm_lost_field(run, s, i, &path)) > 0; i++) {
        if (!i) label(out, TM_STR("  merges differ"));
        tm_buf_z(out, i ? ", " : "  in ");
        if (i == DIFFERING) break;
        tm_text_visible(path.n ? tm_buf_view(&path) : TM_STR("fields without a name here"), out);
        tm_buf_char(out, ' ');
        grouped(out, n, 0);
        tm_buf_clear(&path);
    }
    if (i == DIFFERING && n) tm_buf_z(out, "and others");
    if (i) tm_buf_z(out, "; --within FIELD keeps such apart\n");
    tm_buf_release(&path);
}

/* The sides of a split, or the subsets of a sample, each with its size beside the one asked. */
static void side_lines(tm_buf *out, const tm_run *run)
{
    tm_route_size of;
    uint64_t all = 0, largest = tm_run_result_of(run)->largest_group;
    bool off = false;
    for (uint32_t i = 0; tm_run_route(run, i, &of); i++) {
        off |= of.off != 0;
        all += of.records;
        tm_buf_z(out, "  ");
        label(out, of.name);
        grouped(out, of.records, 10);
        if (of.sized) {
            tm_buf_print(out, "  %.*s asked", TM_FMT(of.asked));
            if (of.share) {
                tm_buf_z(out, ", or ");
                grouped(out, of.wanted, 0);
            }
            tm_buf_z(out, of.off ? ": " : "");
            if (of.off) grouped(out, (uint64_t)(of.off < 0 ? -of.off : of.off), 0);
            tm_buf_z(out, of.off < 0 ? " fewer" : of.off ? " more" : "");
        }
        tm_buf_char(out, '\n');
    }
    if (!off || !largest) return;
    tm_buf_z(out, "  ");
    label(out, TM_STR("largest group"));
    grouped(out, largest, 10);
    tm_buf_print(out, "  records, %.1f %% of all: a group is never parted\n",
                 all ? 100.0 * (double)largest / (double)all : 0.0);
}

static void empty_references(tm_buf *out, const tm_run_result *result)
{
    for (uint32_t f = 0; f < result->references; f++) {
        if (!result->empty[f]) continue;
        tm_text_visible(result->source[result->sources + f].path, out);
        tm_buf_z(out, ": warning: this reference holds no record, so nothing was compared with it "
                      "(T1130)\n");
    }
}

/* "from 2 files and 54 texts of 1 folder" */
static void from_sources(tm_buf *out, const tm_run_result *result)
{
    uint32_t folders = 0;
    uint64_t texts = 0;
    for (uint32_t s = 0; s < result->sources; s++) {
        if (result->source[s].container != TM_FOLDER) continue;
        folders++;
        texts += result->source_result[s].records;
    }
    uint32_t files = result->sources - folders;
    tm_buf_z(out, "  from ");
    if (files || !folders) tm_buf_print(out, "%u file%s", files, files == 1 ? "" : "s");
    if (files && folders) tm_buf_z(out, " and ");
    if (folders)
        tm_buf_print(out, "%llu text%s of %u folder%s", (unsigned long long)texts,
                     texts == 1 ? "" : "s", folders, folders == 1 ? "" : "s");
    tm_buf_z(out, result->counts.read ? "\n" : ": no record is in there\n");
}

void tm_report_waterfall(const tm_run *run, tm_buf *out)
{
    const tm_run_result *result = tm_run_result_of(run);
    const tm_plan *plan = tm_run_plan(run);
    const tm_counts *c = &result->counts;
    uint64_t bytes = 0, lost = 0;
    for (uint32_t s = 0; s < result->sources; s++) bytes += result->source_result[s].decoded_bytes;
    for (uint32_t s = 0; s < result->sources; s++) lost += result->source_result[s].unreadable;
    label(out, TM_STR("read"));
    grouped(out, c->read, 12);
    from_sources(out, result);
    if (lost || reader_noticed(result)) {
        bool first = true;
        label(out, TM_STR("readable"));
        grouped(out, c->read - lost, 12);
        amount(out, "unreadable", lost, &first);
        reader_reasons(out, result);
        tm_buf_char(out, '\n');
    }
    for (uint32_t s = 0; s < plan->steps; s++) {
        step_line(out, run, s);
        item_line(out, run, s);
        differing_line(out, run, s);
        if (s == tm_run_router(run)) side_lines(out, run);
    }
    label(out, TM_STR("kept"));
    grouped(out, c->kept, 12);
    tm_buf_z(out, "  ");
    grouped(out, c->written, 0);
    tm_buf_print(out, " written; %.2f s, %.0f MB/s, peak memory %.0f MB\n", result->seconds,
                 result->seconds > 0 ? (double)bytes / 1e6 / result->seconds : 0.0,
                 (double)result->peak_memory / 1e6);
    empty_references(out, result);
}

/* The first step that dropped or parked all that came to it, when no record is left. That all were
 * merged, into those of a reference, is what an increment without news gives. */
static const tm_plan_step *closed_door(const tm_run *run, const tm_step_result **result)
{
    const tm_plan *plan = tm_run_plan(run);
    const tm_run_result *r = tm_run_result_of(run);
    for (uint32_t s = 0; s < plan->steps && !r->counts.kept; s++) {
        const tm_counts *c = &r->step[s].counts;
        *result = &r->step[s];
        bool closed = c->read && c->dropped + c->parked == c->read;
        if (closed && plan->step[s].op->shape != TM_HEAD) return &plan->step[s];
    }
    return NULL;
}

/* Less than half of what was asked, or more than twice, and not for being few. */
static bool is_far_off(const tm_route_size *of)
{
    enum { FEW = 10 };
    return of->sized && (of->records > 2 * of->wanted + FEW || 2 * of->records + FEW < of->wanted);
}

static void sides_far_off(const tm_run *run, tm_buf *out)
{
    tm_route_size of;
    uint64_t largest = tm_run_result_of(run)->largest_group;
    for (uint32_t i = 0; tm_run_route(run, i, &of); i++) {
        if (!is_far_off(&of)) continue;
        tm_buf_z(out, "tamis: warning: side ");
        tm_text_visible(of.name, out);
        tm_buf_z(out, " has ");
        grouped(out, of.records, 0);
        tm_buf_z(out, " records where ");
        grouped(out, of.wanted, 0);
        tm_buf_z(out, " were asked");
        if (largest) tm_buf_z(out, ": the largest group, which is never parted, has ");
        if (largest) grouped(out, largest, 0);
        tm_buf_z(out, largest ? "; finer or fewer fields in group: make smaller ones\n" : "\n");
    }
}

static void nothing_left(const tm_run *run, tm_buf *out)
{
    const tm_step_result *result = NULL;
    const tm_plan_step *step = closed_door(run, &result);
    if (!step) return;
    tm_buf_z(out, "tamis: warning: no record is left: none of the ");
    grouped(out, result->counts.read, 0);
    tm_buf_z(out, " that came to ");
    tm_text_visible(step->name, out);
    tm_buf_z(out, " went on");
    reasons(out, step, result, UINT32_MAX);
    tm_buf_char(out, '\n');
}

void tm_report_warnings(const tm_run *run, tm_buf *out)
{
    nothing_left(run, out);
    sides_far_off(run, out);
}
