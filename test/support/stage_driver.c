/* See stage_driver.h. Failures of the machinery itself are assertions of the test that uses it. */
#include "stage_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PARTS = 3 };
static uint64_t chance_state = 5;

static uint64_t chance(uint64_t below)
{
    uint64_t z = (chance_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % below;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static tm_str copy_of(tm_str s)
{
    char *p = malloc(s.n + 1);
    if (s.n) memcpy(p, s.p, s.n);
    return (tm_str){p, s.n};
}

void stage_rows_add(stage_rows *to, tm_seam_row row)
{
    if (to->count == to->room) {
        to->room = to->room * 2 + 64;
        to->row = realloc(to->row, to->room * sizeof *to->row);
    }
    row.key = copy_of(row.key), row.order = copy_of(row.order), row.data = copy_of(row.data);
    to->row[to->count++] = row;
}

void stage_rows_release(stage_rows *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        free((void *)(uintptr_t)r->row[i].key.p);
        free((void *)(uintptr_t)r->row[i].order.p);
        free((void *)(uintptr_t)r->row[i].data.p);
    }
    free(r->row);
    *r = (stage_rows){0};
}

static int by_split(const void *a, const void *b)
{
    const tm_seam_row *x = a, *y = b;
    if (x->stage != y->stage) return x->stage < y->stage ? -1 : 1;
    int c = tm_rid_cmp(x->rid, y->rid);
    return c ? c : tm_str_cmp(x->data, y->data);
}

static int by_key(const void *a, const void *b)
{
    const tm_seam_row *x = a, *y = b;
    int c = tm_str_cmp(x->key, y->key);
    if (!c) c = tm_str_cmp(x->order, y->order);
    if (!c) c = tm_rid_cmp(x->rid, y->rid);
    return c ? c : tm_str_cmp(x->data, y->data);
}

tm_status stage_rows_fill(void *arg, tm_arrow_builder *to, bool *more, tm_err *err)
{
    stage_feed *f = arg;
    for (uint64_t n = 1 + chance(40); n && f->next < f->of->count; n--)
        TM_TRY(tm_seam_put(to, &f->of->row[f->next++], err));
    *more = f->next < f->of->count;
    return TM_OK;
}

/* ---- a process a task ------------------------------------------------------------------------ */

typedef struct known { /* what the driver has told so far */
    tm_buf told[64];
    const void *ticket;
    size_t ticket_bytes;
} known;

typedef struct task {
    bool reduce;
    uint32_t stage;
    uint64_t number;
    const stage_rows *given;
} task;

static void must(tamis_status status, const tamis_error *error)
{
    if (status == TAMIS_OK) return;
    fprintf(stderr, "%s\n", error->message);
    _exit(2);
}

static void send_all(FILE *to, const tm_seam_row *row)
{
    uint64_t head[8] = {row->what,     row->stage, row->split,   row->rid.place,
                        row->rid.path, row->key.n, row->order.n, row->data.n};
    fwrite(head, sizeof head, 1, to);
    fwrite(row->key.p, 1, row->key.n, to);
    fwrite(row->order.p, 1, row->order.n, to);
    fwrite(row->data.p, 1, row->data.n, to);
}

static void work(const known *k, const task *t, FILE *to)
{
    tamis_plan *plan;
    tamis_error error;
    tm_err err = {0};
    stage_feed f = {t->given, 0};
    struct ArrowArrayStream in = {0}, out;
    must(tamis_open_ticket(&plan, k->ticket, k->ticket_bytes, &error), &error);
    for (uint32_t i = 0; i < 64; i++)
        if (k->told[i].n)
            must(tamis_stage_tell(plan, i, k->told[i].p, k->told[i].n, &error), &error);
    if (tm_arrow_stream(&in, tm_api_seam, TM_SEAM_COLUMNS, stage_rows_fill, NULL, &f, &err) !=
        TM_OK)
        _exit(2);
    if (t->reduce)
        must(tamis_stage_reduce(plan, t->stage, t->number, &in, &out, &error), &error);
    else
        must(tamis_stage_map(plan, t->stage, (uint32_t)t->number, &in, &out, &error), &error);
    tm_seam_reader reader;
    tm_seam_row row;
    bool more = true;
    tm_status status = tm_seam_open(&reader, &out, &err);
    while (status == TM_OK) {
        status = tm_seam_next(&reader, &row, &more, &err);
        if (status != TM_OK || !more) break;
        send_all(to, &row);
    }
    if (status != TM_OK) fprintf(stderr, "%s\n", err.msg);
    tm_seam_close(&reader);
    tamis_close(plan);
    fclose(to);
    _exit(status == TM_OK ? 0 : 2);
}

static void run_task(const known *k, const task *t, stage_rows *made)
{
    int ends[2], exit_code;
    uint64_t head[8];
    assert_int_equal(pipe(ends), 0);
    chance(2); /* another number in every child */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        work(k, t, fdopen(ends[1], "w"));
    }
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    while (fread(head, sizeof head, 1, from) == 1) {
        char *p = malloc(head[5] + head[6] + head[7] + 1);
        size_t n = head[5] + head[6] + head[7];
        assert_int_equal(fread(p, 1, n, from), n);
        stage_rows_add(made, (tm_seam_row){.what = head[0],
                                           .stage = head[1],
                                           .split = head[2],
                                           .rid = {head[3], head[4]},
                                           .key = {p, head[5]},
                                           .order = {p + head[5], head[6]},
                                           .data = {p + head[5] + head[6], head[7]}});
        free(p);
    }
    fclose(from);
    assert_int_equal(waitpid(child, &exit_code, 0), child);
    assert_int_equal(exit_code, 0);
}

/* ---- the driver ------------------------------------------------------------------------------ */

typedef struct driver {
    tamis_plan *plan;
    const tm_stages *s;
    known known;
    stage_rows decisions; /* of all stages so far */
    stage_rows left;      /* facts for the next stage */
} driver;

static void decisions_of(const driver *d, uint32_t stage, uint64_t split, stage_rows *out)
{
    for (uint32_t i = 0; i < d->decisions.count; i++) {
        const tm_seam_row *row = &d->decisions.row[i];
        if (row->split == split && tm_stages_joins(d->s, stage, (uint32_t)row->stage))
            stage_rows_add(out, *row);
    }
    if (out->count) qsort(out->row, out->count, sizeof *out->row, by_split);
}

static void map_one(driver *d, uint32_t stage, uint64_t split, uint64_t told, stage_rows *made)
{
    stage_rows given = {0};
    decisions_of(d, stage, split, &given);
    if (told)
        stage_rows_add(&given,
                       (tm_seam_row){.what = TM_SEAM_STATE, .data = {(char *)&told, sizeof told}});
    run_task(&d->known, &(task){false, stage, split, &given}, made);
    stage_rows_release(&given);
}

static void map_all(driver *d, uint32_t stage, stage_rows *made)
{
    const tm_stage *of = &d->s->stage[stage];
    uint32_t first = of->references_only ? d->s->of_stream : 0;
    uint32_t count = (of->references ? d->s->splits : d->s->of_stream) - first;
    uint32_t *order = malloc((count + 1) * sizeof *order);
    for (uint32_t i = 0; i < count; i++) order[i] = first + i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t k = (uint32_t)chance(i), keep = order[i - 1];
        order[i - 1] = order[k];
        order[k] = keep;
    }
    for (uint32_t i = 0; i < count; i++) map_one(d, stage, order[i], 0, made);
    if (of->how == TM_STAGE_WRITE) { /* a second attempt at a split changes nothing */
        stage_rows again = {0};
        map_one(d, stage, order[0], 0, &again);
        stage_rows_release(&again);
    }
    free(order);
}

static void sort_out(driver *d, stage_rows *made)
{
    for (uint32_t i = 0; i < made->count; i++)
        stage_rows_add(made->row[i].what == TM_SEAM_DECISION ? &d->decisions : &d->left,
                       made->row[i]);
    stage_rows_release(made);
}

static void group(driver *d, uint32_t stage, stage_rows *facts)
{
    stage_rows made = {0};
    for (uint64_t part = 0; part < PARTS; part++) {
        stage_rows some = {0};
        for (uint32_t i = 0; i < facts->count; i++)
            if (tm_hash64(facts->row[i].key.p, facts->row[i].key.n, 99) % PARTS == part)
                stage_rows_add(&some, facts->row[i]);
        if (some.count) qsort(some.row, some.count, sizeof *some.row, by_key);
        run_task(&d->known, &(task){true, stage, part, &some}, &made);
        stage_rows_release(&some);
    }
    stage_rows_release(facts);
    sort_out(d, &made);
}

/* Sorted, and cut anywhere: SORT and PUT. */
static void in_order(driver *d, uint32_t stage, stage_rows *facts)
{
    stage_rows made = {0};
    bool puts = d->s->stage[stage].how == TM_STAGE_PUT;
    if (facts->count) qsort(facts->row, facts->count, sizeof *facts->row, by_key);
    uint32_t at = 0;
    for (uint64_t part = 0; part < PARTS; part++) {
        stage_rows some = {facts->row + at, 0, 0};
        some.count = part + 1 == PARTS ? facts->count - at : (facts->count - at) / 2;
        run_task(&d->known, &(task){true, stage, puts ? part : at, &some}, &made);
        at += some.count;
    }
    stage_rows_release(facts);
    sort_out(d, &made);
}

static tm_rid rid_of(tm_str s)
{
    tm_rid r = {0, 0};
    for (size_t i = 0; i < 8; i++) r.place = r.place << 8 | (uint8_t)s.p[i];
    for (size_t i = 8; i < 16; i++) r.path = r.path << 8 | (uint8_t)s.p[i];
    return r;
}

/* An end of an edge: the record it is at, and the lowest one that is known to hang together with
 * it. The ends of an edge are 2 k and 2 k + 1. */
typedef struct {
    tm_rid of, low;
    uint32_t end;
} edge_end;

static int by_record(const void *a, const void *b)
{
    return tm_rid_cmp(((const edge_end *)a)->of, ((const edge_end *)b)->of);
}

static bool lower(edge_end *e, tm_rid low)
{
    bool moves = tm_rid_cmp(low, e->low) < 0;
    if (moves) e->low = low;
    return moves;
}

/* One round over ends that are sorted by record: along each record, then along each edge. */
static bool go_round(edge_end *e, const uint32_t *at, uint32_t n)
{
    bool moved = false;
    for (uint32_t i = 1; i < n; i++)
        if (tm_rid_cmp(e[i - 1].of, e[i].of) == 0) moved |= lower(&e[i], e[i - 1].low);
    for (uint32_t i = n; i-- > 1;)
        if (tm_rid_cmp(e[i - 1].of, e[i].of) == 0) moved |= lower(&e[i - 1], e[i].low);
    for (uint32_t k = 0; k < n; k += 2) {
        moved |= lower(&e[at[k]], e[at[k + 1]].low);
        moved |= lower(&e[at[k + 1]], e[at[k]].low);
    }
    return moved;
}

/* Lowest rids by going round until nothing moves: no union-find, so as to judge the other. */
static void components(driver *d, uint32_t stage, stage_rows *edges)
{
    uint32_t n = 2 * edges->count;
    stage_rows named = {0};
    edge_end *e = malloc((n + 1) * sizeof *e);
    uint32_t *at = malloc((n + 1) * sizeof *at);
    for (uint32_t i = 0; i < n; i++) {
        const tm_seam_row *row = &edges->row[i / 2];
        e[i].of = e[i].low = i % 2 ? rid_of(row->data) : row->rid;
        e[i].end = i;
    }
    qsort(e, n, sizeof *e, by_record);
    for (uint32_t i = 0; i < n; i++) at[e[i].end] = i;
    while (go_round(e, at, n)) continue;
    for (uint32_t i = 0; i < n; i++) {
        char key[16];
        for (int k = 0; k < 8; k++) {
            key[k] = (char)(e[i].low.place >> (56 - 8 * k) & 255);
            key[8 + k] = (char)(e[i].low.path >> (56 - 8 * k) & 255);
        }
        stage_rows_add(&named, (tm_seam_row){.rid = e[i].of, .key = {key, 16}});
    }
    free(at);
    free(e);
    stage_rows_release(edges);
    group(d, stage, &named);
}

static void fold(driver *d, uint32_t stage, stage_rows *made)
{
    tamis_error error;
    tm_buf *told = &d->known.told[stage];
    for (uint32_t i = 0; i < made->count; i++) {
        tm_str state = made->row[i].data;
        if (!told->n)
            tm_buf_str(told, state);
        else
            assert_int_equal(tamis_stage_fold(d->plan, stage, told->p, state.p, state.n, &error),
                             TAMIS_OK);
    }
    stage_rows_release(made);
}

static void table(driver *d, uint32_t stage, stage_rows *facts)
{
    stage_rows made = {0};
    if (facts->count) qsort(facts->row, facts->count, sizeof *facts->row, by_key);
    run_task(&d->known, &(task){true, stage, 0, facts}, &made);
    assert_true(made.count <= 1);
    if (made.count) tm_buf_str(&d->known.told[stage], made.row[0].data);
    stage_rows_release(facts);
    stage_rows_release(&made);
}

static void head(driver *d, uint32_t stage, stage_rows *made)
{
    const tm_plan_step *step = &d->plan->run->plan->step[d->s->stage[stage].step];
    uint64_t limit = step->op->head(step->shared), before = 0, told[3] = {0};
    for (uint32_t split = 0; split < d->s->of_stream; split++) {
        uint64_t live = 0;
        for (uint32_t i = 0; i < made->count; i++)
            if (made->row[i].split == split) memcpy(&live, made->row[i].data.p, sizeof live);
        if (before < limit && limit <= before + live) {
            stage_rows one = {0};
            map_one(d, stage, split, limit - before, &one);
            assert_int_equal(one.count, 1);
            told[0] = 1;
            memcpy(told + 1, one.row[0].data.p, 16);
            stage_rows_release(&one);
        }
        before += live;
    }
    tm_buf_add(&d->known.told[stage], told, sizeof told);
    stage_rows_release(made);
}

static void run_stage(driver *d, uint32_t stage)
{
    stage_rows made = {0};
    const tm_stage *of = &d->s->stage[stage];
    if (of->observes) {
        map_all(d, stage, &made);
    } else {
        made = d->left;
        d->left = (stage_rows){0};
    }
    switch (of->how) {
    case TM_STAGE_GROUP: group(d, stage, &made); break;
    case TM_STAGE_SORT:
    case TM_STAGE_PUT: in_order(d, stage, &made); break;
    case TM_STAGE_COMPONENTS: components(d, stage, &made); break;
    case TM_STAGE_TABLE: table(d, stage, &made); break;
    case TM_STAGE_FOLD: fold(d, stage, &made); break;
    case TM_STAGE_HEAD: head(d, stage, &made); break;
    case TM_STAGE_WRITE:
    case TM_STAGE_DIGEST: sort_out(d, &made); break;
    }
}

void stage_drive(tamis_plan *plan, uint64_t split_bytes)
{
    tamis_error error;
    driver d = {.plan = plan};
    if (tamis_ticket(d.plan, split_bytes, &d.known.ticket, &d.known.ticket_bytes, &error))
        fail_msg("%s", error.message);
    assert_non_null(tamis_stages_json(d.plan));
    if (tamis_stages_begin(d.plan, &error) != TAMIS_OK) fail_msg("%s", error.message);
    d.s = &d.plan->stages;
    assert_true(d.s->splits > 6);
    for (uint32_t i = 0; i < d.s->count; i++) run_stage(&d, i);
    for (uint32_t i = 0; i < 64; i++)
        if (d.known.told[i].n)
            must(tamis_stage_tell(plan, i, d.known.told[i].p, d.known.told[i].n, &error), &error);
    tamis_status status = tamis_stages_join(d.plan, &error);
    if (status == TAMIS_OK) status = tamis_stages_join(d.plan, &error); /* as after a death */
    if (status != TAMIS_OK && status != TAMIS_FINDINGS) fail_msg("%s", error.message);
    if (tamis_stages_end(d.plan, &error) != TAMIS_OK) fail_msg("%s", error.message);
    stage_rows_release(&d.decisions);
    stage_rows_release(&d.left);
    for (size_t i = 0; i < 64; i++) tm_buf_release(&d.known.told[i]);
}
