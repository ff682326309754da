/* Cards are the records of smallest id of each kind: the same for every run over the same data, and
 * no favourites. */
#include "report/gather.h"

#include <math.h>
#include <string.h>

#include "base/thread.h"
#include "flow/codes.h"
#include "flow/ledger_read.h"
#include "op/op.h"

tm_finds tm_step_finds(const tm_yaml *step)
{
    const tm_op *op = tm_op_named(tm_yaml_text(step, "op"));
    return op ? (tm_finds)op->finds : TM_FINDS_NOTHING;
}

/* Puts the card in its place among the smallest ids, or nowhere. */
static void offer(tm_gathered *g, tm_card_kind kind, const tm_card *card)
{
    tm_card *list = g->card[kind];
    uint32_t at = g->cards[kind];
    while (at && strcmp(card->id, list[at - 1].id) < 0) at--;
    if (at == TM_CARDS) return;
    if (g->cards[kind] < TM_CARDS) g->cards[kind]++;
    memmove(list + at + 1, list + at, (g->cards[kind] - 1 - at) * sizeof *list);
    list[at] = *card;
}

static tm_card card_of(const tm_ledger_row *row, uint64_t kept)
{
    tm_card c = {.rid = row->rid, .other = row->other, .line = row->line, .kept = kept};
    memcpy(c.id, row->id.p, TM_MIN(row->id.n, sizeof c.id - 1));
    return c;
}

/* Names live in the row group; the few that stay are copied when the ledger has been read. */
static void name_card(tm_gathered *g, tm_card *c, const tm_ledger_row *row)
{
    c->source = tm_arena_str(g->mem, row->source);
    c->step = tm_arena_str(g->mem, row->step);
    c->rule = tm_arena_str(g->mem, row->rule);
}

static bool better(const tm_gathered *g, tm_card_kind kind, tm_str id)
{
    if (g->cards[kind] < TM_CARDS) return true;
    return tm_str_cmp(id, tm_str_of(g->card[kind][TM_CARDS - 1].id)) < 0;
}

static void take_row(tm_gathered *g, const tm_ledger_row *row, bool edited, uint64_t kept)
{
    static const char *const FATES[TM_CARD_KINDS] = {"", "dropped", "merged", "parked",
                                                     "unreadable"};
    for (unsigned k = 0; k < TM_CARD_KINDS; k++) {
        bool mine = k == TM_CARD_EDITED ? edited && tm_str_is(row->fate, "kept")
                                        : tm_str_is(row->fate, FATES[k]);
        if (!mine || row->rid.path || !better(g, (tm_card_kind)k, row->id)) continue;
        tm_card card = card_of(row, kept);
        name_card(g, &card, row);
        offer(g, (tm_card_kind)k, &card);
    }
}

/* ---- lengths --------------------------------------------------------------------------------- */

/* Of a whole row group, a column at a time. */
static void take_lengths(tm_gathered *g, const tm_pq_reader *r, uint32_t rows)
{
    for (uint32_t h = 0; h < g->histograms; h++) {
        tm_histogram *own = &g->histogram[h];
        for (uint32_t row = 0; row < rows; row++) {
            if (tm_pq_is_null(r, own->column, row)) continue;
            double value = tm_pq_get_f64(r, own->column, row);
            if (!(value >= 0) || value > 1e18) continue;
            own->bins[tm_bin((uint64_t)value)]++;
            own->records++;
        }
    }
}

/* "length.user" counts what its signal does. */
static tm_str unit_of(tm_str name)
{
    tm_str head, tail;
    const tm_op *op = tm_op_named(TM_STR("length"));
    tm_str_cut(name, '.', &head, &tail);
    for (const tm_signal *s = op->signals; s && s->name; s++)
        if (tm_str_is(tail, s->name)) return tm_str_of(s->unit);
    return (tm_str){0};
}

static tm_status find_lengths(tm_gathered *g, const tm_pq_reader *r, tm_err *err)
{
    const tm_pq_column *columns;
    uint32_t count = tm_pq_columns(r, &columns);
    for (uint32_t c = TM_LEDGER_FIXED; c < count && g->histograms < TM_COUNT(g->histogram); c++) {
        tm_str name = tm_str_of(columns[c].name);
        bool length = tm_str_find(name, TM_STR("length.")) == 0 && columns[c].type == TM_PQ_F64;
        if (!length) continue;
        name = tm_arena_str(g->mem, name);
        if (!name.p) return tm_fail_memory(err, "the report", 0);
        g->histogram[g->histograms++] =
            (tm_histogram){.name = name, .unit = unit_of(name), .column = c};
    }
    return TM_OK;
}

/* Reads nothing but the columns of lengths, with a reader of its own. */
static tm_status read_lengths(tm_gathered *g, tm_pq_reader *r, tm_err *err)
{
    uint32_t column[TM_COUNT(g->histogram)], rows;
    bool more = true;
    for (uint32_t h = 0; h < g->histograms; h++) column[h] = g->histogram[h].column;
    tm_pq_want(r, column, g->histograms);
    for (;;) {
        TM_TRY(tm_pq_next(r, &more, &rows, err));
        if (!more) return TM_OK;
        take_lengths(g, r, rows);
    }
}

/* ---- findings -------------------------------------------------------------------------------- */

typedef struct fixes { /* rids of records with a repair, in rid order: a cursor over the findings */
    tm_pq_reader *r;
    uint32_t place, path, row, rows;
    tm_rid now; /* the record it stands at, if `at` */
    bool more, at;
} fixes;

/* Codes of operators and of the reader's findings live as long as the program; those of unreadable
 * records are made while they are walked over, and only their sentence is kept. */
static void look_up(tm_noticed *n)
{
    for (tm_code_walk at = {0}; tm_code_next(&at);) {
        bool made = at.code == &at.made;
        if (made != n->unreadable || !tm_str_is(n->code, at.code->code)) continue;
        if (!made) n->what = at.code;
        n->sentence = tm_str_of(at.code->sentence);
        return;
    }
}

static tm_noticed *noticed_of(tm_gathered *g, tm_str code, tm_str step, bool unreadable)
{
    for (uint32_t i = 0; i < g->kinds; i++)
        if (tm_str_eq(g->noticed[i].code, code) && tm_str_eq(g->noticed[i].step, step) &&
            g->noticed[i].unreadable == unreadable)
            return &g->noticed[i];
    if (g->kinds == TM_COUNT(g->noticed)) return NULL;
    tm_noticed *n = &g->noticed[g->kinds++];
    n->code = tm_arena_str(g->mem, code);
    n->step = tm_arena_str(g->mem, step);
    n->unreadable = unreadable;
    look_up(n);
    return n;
}

static void count_codes(tm_gathered *g, const tm_yaml *codes, tm_str step, bool unreadable)
{
    for (uint32_t i = 0; codes && i < codes->count; i++) {
        tm_noticed *n = noticed_of(g, codes->key[i], step, unreadable);
        if (n) n->count += tm_yaml_number(codes, codes->key[i].p);
    }
}

/* All codes of the run, those of decisions and of unreadable records too. */
static void count_noticed(tm_gathered *g)
{
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    const tm_yaml *reader = tm_yaml_get(g->manifest, "reader");
    for (uint32_t s = 0; steps && s < steps->count; s++)
        count_codes(g, tm_yaml_get(&steps->child[s], "findings"),
                    tm_yaml_text(&steps->child[s], "name"), false);
    if (!reader) return;
    count_codes(g, tm_yaml_get(reader, "findings"), (tm_str){0}, false);
    count_codes(g, tm_yaml_get(reader, "unreadable"), (tm_str){0}, true);
}

/* The commonest first; of equal ones in the order of the recipe. */
static void sort_noticed(tm_gathered *g)
{
    for (uint32_t i = 1; i < g->kinds; i++) {
        tm_noticed n = g->noticed[i];
        uint32_t at = i;
        for (; at && g->noticed[at - 1].count < n.count; at--) g->noticed[at] = g->noticed[at - 1];
        g->noticed[at] = n;
    }
}

/* The next record that has a repair; looks at every finding up to that record's last. */
static tm_status next_fix(tm_gathered *g, fixes *f, uint32_t code, uint32_t step, tm_err *err)
{
    tm_rid last = f->now;
    f->at = false;
    while (f->more) {
        while (f->row == f->rows && f->more) {
            f->row = 0;
            TM_TRY(tm_pq_next(f->r, &f->more, &f->rows, err));
            if (!f->more) return TM_OK;
        }
        tm_rid rid = {tm_pq_get_u64(f->r, f->place, f->row), tm_pq_get_u64(f->r, f->path, f->row)};
        if (f->at && tm_rid_cmp(rid, f->now) != 0) return TM_OK;
        tm_str by =
            tm_pq_is_null(f->r, step, f->row) ? (tm_str){0} : tm_pq_get_text(f->r, step, f->row);
        tm_noticed *n = noticed_of(g, tm_pq_get_text(f->r, code, f->row), by, false);
        if (n && !n->placed) n->first = rid, n->placed = true;
        f->row++;
        bool fix = n && n->what && n->what->verdict == TM_V_FIX && tm_rid_cmp(rid, last) != 0;
        if (fix) f->now = rid, f->at = true;
    }
    return TM_OK;
}

static bool is_first_place(const tm_gathered *g, tm_rid rid)
{
    for (uint32_t i = 0; i < g->kinds; i++)
        if (!g->noticed[i].source.p && tm_rid_cmp(g->noticed[i].first, rid) == 0) return true;
    return false;
}

static void place_noticed(tm_gathered *g, const tm_ledger_row *row)
{
    for (uint32_t i = 0; i < g->kinds; i++) {
        tm_noticed *n = &g->noticed[i];
        bool decided =
            n->what && tm_str_eq(n->step, row->step) && tm_str_is(row->rule, n->what->name);
        n->fell |= decided;
        if (n->source.p || (tm_rid_cmp(n->first, row->rid) != 0 && !decided)) continue;
        n->source = tm_arena_str(g->mem, row->source);
        n->line = row->line;
        n->first = row->rid;
    }
}

/* Ledger and findings are both in rid order: one walk joins them. */
static tm_status walk(tm_gathered *g, tm_ledger *l, fixes *f, tm_err *err)
{
    bool more = true;
    uint64_t kept = 0;
    uint32_t code = f->r ? tm_pq_column_named(f->r, "code") : 0;
    uint32_t step = f->r ? tm_pq_column_named(f->r, "step") : 0;
    if (f->r) TM_TRY(next_fix(g, f, code, step, err));
    for (;;) {
        TM_TRY(tm_ledger_step(l, &more, err));
        if (!more) break;
        tm_rid rid = tm_ledger_rid(l);
        while (f->at && tm_rid_cmp(f->now, rid) < 0) TM_TRY(next_fix(g, f, code, step, err));
        bool edited = f->at && tm_rid_cmp(f->now, rid) == 0;
        bool wanted = tm_told_wants(g, rid);
        if (edited || wanted || is_first_place(g, rid) || !tm_str_is(tm_ledger_fate(l), "kept")) {
            tm_ledger_row row = tm_ledger_whole(l);
            if (wanted) tm_told_line(g, rid, row.line);
            take_row(g, &row, edited, kept);
            place_noticed(g, &row);
        }
        kept += tm_ledger_copies(l);
    }
    while (f->at) TM_TRY(next_fix(g, f, code, step, err));
    return TM_OK;
}

typedef struct gathering { /* two readings of the ledger that need nothing of each other */
    tm_gathered *g;
    tm_ledger ledger;
    fixes fixes;
    tm_pq_reader *lengths;
    _Atomic unsigned next;
    tm_status status[2];
    tm_err err[2];
} gathering;

static void gather_part(void *arg, unsigned worker)
{
    gathering *all = arg;
    TM_UNUSED(worker); /* one thread may have to do both */
    for (unsigned job; (job = atomic_fetch_add(&all->next, 1)) < 2;)
        all->status[job] = job ? read_lengths(all->g, all->lengths, &all->err[job])
                               : walk(all->g, &all->ledger, &all->fixes, &all->err[job]);
}

static tm_status open_parts(gathering *all, const char *ledger, const char *findings, tm_err *err)
{
    bool found;
    TM_TRY(tm_ledger_read(&all->ledger, ledger, err));
    tm_pq_want(all->ledger.reader, all->ledger.column, TM_LEDGER_FIXED);
    TM_TRY(tm_pq_open(&all->lengths, ledger, err));
    TM_TRY(find_lengths(all->g, all->lengths, err));
    TM_TRY(tm_file_there(findings, &found, err));
    if (!found) return TM_OK;
    TM_TRY(tm_pq_open(&all->fixes.r, findings, err));
    all->fixes.place = tm_pq_column_named(all->fixes.r, "place");
    all->fixes.path = tm_pq_column_named(all->fixes.r, "path");
    return TM_OK;
}

static tm_status read_ledger(tm_gathered *g, tm_err *err)
{
    const char *ledger = tm_path_join(g->mem, g->folder.p, "ledger.parquet");
    const char *findings = tm_path_join(g->mem, g->folder.p, "findings.parquet");
    if (!ledger || !findings) return tm_fail_memory(err, "a path", 0);
    bool there;
    TM_TRY(tm_file_there(ledger, &there, err));
    if (!there) return TM_OK;
    gathering all = {.g = g, .fixes.more = true};
    tm_status status = open_parts(&all, ledger, findings, err);
    unsigned threads = tm_yaml_number(g->run, "threads") > 1 ? 2 : 1; /* as many as the run had */
    if (status == TM_OK) tm_parallel(threads, gather_part, &all);
    for (unsigned job = 0; job < 2 && status == TM_OK; job++) {
        status = all.status[job];
        if (status != TM_OK && err) *err = all.err[job];
    }
    tm_ledger_close(&all.ledger);
    if (all.lengths) tm_pq_close(all.lengths);
    if (all.fixes.r) tm_pq_close(all.fixes.r);
    return status;
}

tm_status tm_gather(tm_gathered *g, tm_arena *mem, tm_str folder, tm_err *err)
{
    g->mem = mem;
    g->folder = folder;
    TM_TRY(tm_folder_manifest(mem, folder, &g->manifest, err));
    TM_TRY(tm_folder_run(mem, folder, &g->run, err));
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    for (uint32_t s = 0; steps && s < steps->count; s++) {
        const tm_op *op = tm_op_named(tm_yaml_text(&steps->child[s], "op"));
        g->reorders |= op && (op->flags & TM_REORDERS);
        g->private |= op && (op->flags & TM_PRIVACY);
    }
    TM_TRY(tm_gather_matches(g, err));
    TM_TRY(tm_gather_told(g, err));
    count_noticed(g);
    TM_TRY(read_ledger(g, err));
    TM_TRY(tm_gather_lost(g, err));
    sort_noticed(g);
    if (g->private) memset(g->cards, 0, sizeof g->cards); /* law 7: no text of what was private */
    return tm_gather_texts(g, err);
}
