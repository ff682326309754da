/* A run in stages against the same run in one process: every task of every stage in a process of
 * its own, splits of a few hundred bytes in random order, facts and decisions as Arrow rows,
 * re-partitioned and re-batched at random. Data, ledger, findings, parked and unreadable records
 * are the same bytes. time-limit: 120 */
#include <dirent.h>
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

#include "api/api.h"

enum { PARTS = 3 };
static char folder[256];
static uint64_t chance_state = 5;

static uint64_t chance(uint64_t below)
{
    uint64_t z = (chance_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % below;
}

/* ---- rows ------------------------------------------------------------------------------------ */

typedef struct rows { /* as a pipe carries them: u64 bytes and the framed row */
    tm_seam_row *row;
    uint32_t count, room;
} rows;

static tm_str copy_of(tm_str s)
{
    char *p = malloc(s.n + 1);
    if (s.n) memcpy(p, s.p, s.n);
    return (tm_str){p, s.n};
}

static void add_row(rows *to, tm_seam_row row)
{
    if (to->count == to->room) {
        to->room = to->room * 2 + 64;
        to->row = realloc(to->row, to->room * sizeof *to->row);
    }
    row.key = copy_of(row.key), row.order = copy_of(row.order), row.data = copy_of(row.data);
    to->row[to->count++] = row;
}

static void release_rows(rows *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        free((void *)(uintptr_t)r->row[i].key.p);
        free((void *)(uintptr_t)r->row[i].order.p);
        free((void *)(uintptr_t)r->row[i].data.p);
    }
    free(r->row);
    *r = (rows){0};
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

typedef struct feed { /* an Arrow stream over rows, in batches of random size */
    const rows *of;
    uint32_t next;
} feed;

static tm_status fill(void *arg, tm_arrow_builder *to, bool *more, tm_err *err)
{
    feed *f = arg;
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
    const rows *given;
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
    feed f = {t->given, 0};
    struct ArrowArrayStream in = {0}, out;
    must(tamis_open_ticket(&plan, k->ticket, k->ticket_bytes, &error), &error);
    for (uint32_t i = 0; i < 64; i++)
        if (k->told[i].n)
            must(tamis_stage_tell(plan, i, k->told[i].p, k->told[i].n, &error), &error);
    if (tm_arrow_stream(&in, tm_api_seam, TM_SEAM_COLUMNS, fill, NULL, &f, &err) != TM_OK) _exit(2);
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

static void run_task(const known *k, const task *t, rows *made)
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
        add_row(made, (tm_seam_row){.what = head[0],
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
    rows decisions; /* of all stages so far */
    rows left;      /* facts for the next stage */
} driver;

static void decisions_of(const driver *d, uint32_t stage, uint64_t split, rows *out)
{
    for (uint32_t i = 0; i < d->decisions.count; i++) {
        const tm_seam_row *row = &d->decisions.row[i];
        if (row->split == split && tm_stages_joins(d->s, stage, (uint32_t)row->stage))
            add_row(out, *row);
    }
    if (out->count) qsort(out->row, out->count, sizeof *out->row, by_split);
}

static void map_one(driver *d, uint32_t stage, uint64_t split, uint64_t told, rows *made)
{
    rows given = {0};
    decisions_of(d, stage, split, &given);
    if (told)
        add_row(&given, (tm_seam_row){.what = TM_SEAM_STATE, .data = {(char *)&told, sizeof told}});
    run_task(&d->known, &(task){false, stage, split, &given}, made);
    release_rows(&given);
}

static void map_all(driver *d, uint32_t stage, rows *made)
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
    free(order);
}

static void sort_out(driver *d, rows *made)
{
    for (uint32_t i = 0; i < made->count; i++)
        add_row(made->row[i].what == TM_SEAM_DECISION ? &d->decisions : &d->left, made->row[i]);
    release_rows(made);
}

static void group(driver *d, uint32_t stage, rows *facts)
{
    rows made = {0};
    for (uint64_t part = 0; part < PARTS; part++) {
        rows some = {0};
        for (uint32_t i = 0; i < facts->count; i++)
            if (tm_hash64(facts->row[i].key.p, facts->row[i].key.n, 99) % PARTS == part)
                add_row(&some, facts->row[i]);
        if (some.count) qsort(some.row, some.count, sizeof *some.row, by_key);
        run_task(&d->known, &(task){true, stage, part, &some}, &made);
        release_rows(&some);
    }
    release_rows(facts);
    sort_out(d, &made);
}

/* Sorted, and cut anywhere: SORT and PUT. */
static void in_order(driver *d, uint32_t stage, rows *facts)
{
    rows made = {0};
    bool puts = d->s->stage[stage].how == TM_STAGE_PUT;
    if (facts->count) qsort(facts->row, facts->count, sizeof *facts->row, by_key);
    uint32_t at = 0;
    for (uint64_t part = 0; part < PARTS; part++) {
        rows some = {facts->row + at, 0, 0};
        some.count = part + 1 == PARTS ? facts->count - at : (facts->count - at) / 2;
        run_task(&d->known, &(task){true, stage, puts ? part : at, &some}, &made);
        at += some.count;
    }
    release_rows(facts);
    sort_out(d, &made);
}

static tm_rid rid_of(tm_str s)
{
    tm_rid r = {0, 0};
    for (size_t i = 0; i < 8; i++) r.place = r.place << 8 | (uint8_t)s.p[i];
    for (size_t i = 8; i < 16; i++) r.path = r.path << 8 | (uint8_t)s.p[i];
    return r;
}

/* Lowest rids by going round until nothing moves: no union-find, so as to judge the other. */
static void components(driver *d, uint32_t stage, rows *edges)
{
    uint32_t n = edges->count;
    rows named = {0};
    tm_rid *low = malloc((2 * n + 1) * sizeof *low), *of = malloc((2 * n + 1) * sizeof *of);
    for (uint32_t i = 0; i < n; i++) {
        of[2 * i] = low[2 * i] = edges->row[i].rid;
        of[2 * i + 1] = low[2 * i + 1] = rid_of(edges->row[i].data);
    }
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < 2 * n; i++)
            for (uint32_t k = 0; k < 2 * n; k++) {
                bool linked = i / 2 == k / 2 || tm_rid_cmp(of[i], of[k]) == 0;
                if (!linked || tm_rid_cmp(low[k], low[i]) >= 0) continue;
                low[i] = low[k];
                moved = true;
            }
    }
    for (uint32_t i = 0; i < 2 * n; i++) {
        char key[16];
        for (int k = 0; k < 8; k++) {
            key[k] = (char)(low[i].place >> (56 - 8 * k) & 255);
            key[8 + k] = (char)(low[i].path >> (56 - 8 * k) & 255);
        }
        add_row(&named, (tm_seam_row){.rid = of[i], .key = {key, 16}});
    }
    free(low);
    free(of);
    release_rows(edges);
    group(d, stage, &named);
}

static void fold(driver *d, uint32_t stage, rows *made)
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
    release_rows(made);
}

static void table(driver *d, uint32_t stage, rows *facts)
{
    rows made = {0};
    if (facts->count) qsort(facts->row, facts->count, sizeof *facts->row, by_key);
    run_task(&d->known, &(task){true, stage, 0, facts}, &made);
    assert_true(made.count <= 1);
    if (made.count) tm_buf_str(&d->known.told[stage], made.row[0].data);
    release_rows(facts);
    release_rows(&made);
}

static void head(driver *d, uint32_t stage, rows *made)
{
    const tm_plan_step *step = &d->plan->run->plan->step[d->s->stage[stage].step];
    uint64_t limit = step->op->head(step->shared), before = 0, told[3] = {0};
    for (uint32_t split = 0; split < d->s->of_stream; split++) {
        uint64_t live = 0;
        for (uint32_t i = 0; i < made->count; i++)
            if (made->row[i].split == split) memcpy(&live, made->row[i].data.p, sizeof live);
        if (before < limit && limit <= before + live) {
            rows one = {0};
            map_one(d, stage, split, limit - before, &one);
            assert_int_equal(one.count, 1);
            told[0] = 1;
            memcpy(told + 1, one.row[0].data.p, 16);
            release_rows(&one);
        }
        before += live;
    }
    tm_buf_add(&d->known.told[stage], told, sizeof told);
    release_rows(made);
}

static void run_stage(driver *d, uint32_t stage)
{
    rows made = {0};
    const tm_stage *of = &d->s->stage[stage];
    if (of->observes) {
        map_all(d, stage, &made);
    } else {
        made = d->left;
        d->left = (rows){0};
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

/* ---- both runs ------------------------------------------------------------------------------- */

static tamis_plan *open_plan(const char *recipe, const char *out)
{
    tamis_error error;
    tamis_plan *plan;
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = recipe;
    o.folder = out;
    o.threads = 2;
    o.overwrite = 1;
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
    return plan;
}

static void run_in_stages(const char *recipe, const char *out, uint64_t split_bytes)
{
    tamis_error error;
    driver d = {.plan = open_plan(recipe, out)};
    if (tamis_ticket(d.plan, split_bytes, &d.known.ticket, &d.known.ticket_bytes, &error))
        fail_msg("%s", error.message);
    assert_non_null(tamis_stages_json(d.plan));
    if (tamis_stages_begin(d.plan, &error) != TAMIS_OK) fail_msg("%s", error.message);
    d.s = &d.plan->stages;
    assert_true(d.s->splits > 6);
    for (uint32_t i = 0; i < d.s->count; i++) run_stage(&d, i);
    tamis_status status = tamis_stages_join(d.plan, &error);
    if (status != TAMIS_OK && status != TAMIS_FINDINGS) fail_msg("%s", error.message);
    if (tamis_stages_end(d.plan, &error) != TAMIS_OK) fail_msg("%s", error.message);
    release_rows(&d.decisions);
    release_rows(&d.left);
    for (size_t i = 0; i < 64; i++) tm_buf_release(&d.known.told[i]);
    tamis_close(d.plan);
}

/* All files whose name begins so, one behind another. */
static char *load(const char *run, const char *prefix, size_t *bytes)
{
    char path[700];
    struct dirent **names;
    char *all = NULL;
    int count = scandir(run, &names, NULL, alphasort);
    *bytes = 0;
    for (int i = 0; i < count; i++) {
        if (strncmp(names[i]->d_name, prefix, strlen(prefix)) == 0) {
            snprintf(path, sizeof path, "%s/%s", run, names[i]->d_name);
            FILE *f = fopen(path, "rb");
            all = realloc(all, *bytes + (4 << 20));
            *bytes += fread(all + *bytes, 1, 4 << 20, f);
            fclose(f);
        }
        free(names[i]);
    }
    free(names);
    return all;
}

/* Manifests are equal up to the list of inputs: counts, steps, findings, matches. Behind it stand
 * digests, which a head leaves out of files it did not read to their end. */
static void compare_manifests(const char *one, const char *many)
{
    size_t a, b;
    char *x = load(one, "manifest.json", &a), *y = load(many, "manifest.json", &b);
    x[a - 1] = y[b - 1] = 0;
    char *end = strstr(x, "\"inputs\":"), *other = strstr(y, "\"inputs\":");
    assert_true(end && other);
    *end = *other = 0;
    assert_string_equal(x, y);
    free(x);
    free(y);
}

static void compare(const char *recipe, uint64_t split_bytes)
{
    static const char *const FILES[] = {
        "data-",          "train-",           "eval-",           "parked-", "ledger.parquet",
        "unreadable.bin", "unreadable.jsonl", "findings.parquet"};
    char one[300], many[300], text[2000];
    tamis_error error;
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(many, sizeof many, "%s/many", folder);
    snprintf(text, sizeof text,
             "inputs:\n  a: {path: [%s/a.jsonl, %s/b.json, %s/c.jsonl]}\n"
             "references:\n  r: {path: %s/r.jsonl}\nlimits: {unreadable: 50%%, max_line: 4KiB}\n"
             "output: {format: jsonl}\n%s",
             folder, folder, folder, folder, recipe);
    tamis_plan *plan = open_plan(text, one);
    if (tamis_run(plan, &error) != TAMIS_OK) fail_msg("%s: %s", recipe, error.message);
    tamis_close(plan);
    run_in_stages(text, many, split_bytes);
    for (size_t i = 0; i < TM_COUNT(FILES); i++) {
        size_t a, b;
        char *x = load(one, FILES[i], &a), *y = load(many, FILES[i], &b);
        if (i == 0) assert_true(a > 500);
        if (a != b || (a && memcmp(x, y, a) != 0))
            fail_msg("%s: %s differs (%zu and %zu bytes)", recipe, FILES[i], a, b);
        free(x);
        free(y);
    }
    compare_manifests(one, many);
}

static void write_records(const char *name, unsigned from, unsigned to, bool array)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    if (array) fprintf(f, "[\n");
    if (!array && !from) fprintf(f, "\xEF\xBB\xBF");
    for (unsigned i = from; i < to; i++) {
        if (!array && i % 37 == 5) fprintf(f, "{\"text\": broken %u\n", i);
        if (!array && i % 41 == 7) fprintf(f, "\n  \n");
        if (!array && i % 97 == 11) fprintf(f, "{\"text\":\"%05000u\"}\n", i);
        fprintf(f, "{\"text\":\"words of record w%u x%u y%u z%u%s\",\"n\":%u}%s\n", i * 7 % 140,
                i % 20, i % 28, i % 35, i % 3 ? "" : " and more, much more than before", i,
                array && i + 1 < to ? "," : "");
    }
    if (array) fprintf(f, "]\n");
    fclose(f);
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/stages-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    write_records("a.jsonl", 0, 150, false);
    write_records("b.json", 150, 200, true);
    write_records("c.jsonl", 200, 300, false);
    write_records("r.jsonl", 1000, 1020, true);
    return 0;
}

static void record_steps_alone(void **state)
{
    (void)state;
    compare("steps:\n  - length: {}\n  - filter: {keep: \"length.words >= 5\", then: park}\n", 700);
}

static void exact_duplicates_across_splits(void **state)
{
    (void)state;
    compare("steps:\n  - clean.text: {}\n  - dedup.exact: {keep: [longest, first]}\n", 1000);
}

static void a_head_in_the_middle_of_a_split(void **state)
{
    (void)state;
    compare("steps:\n  - head: {records: 61}\n", 900);
    compare("steps:\n  - dedup.exact: {}\n  - head: {records: 100000}\n", 900);
}

static void records_in_another_order(void **state)
{
    (void)state;
    compare("seed: 3\nsteps:\n  - dedup.exact: {}\n  - shuffle: {}\n", 1100);
}

static void a_sample_by_count_and_another_step_behind_it(void **state)
{
    (void)state;
    compare("steps:\n  - sample: {count: 120}\n  - dedup.exact: {}\n", 1300);
}

static void near_duplicates_by_representative_and_by_chains(void **state)
{
    (void)state;
    compare("steps:\n  - clean.text: {}\n  - dedup.near: {by: all, ngram: 1, threshold: 0.6}\n",
            3000);
    compare("steps:\n  - dedup.near: {by: all, ngram: 1, threshold: 0.75, link: chain}\n"
            "  - dedup.exact: {}\n",
            3000);
}

static void references_and_a_table(void **state)
{
    (void)state;
    compare("steps:\n  - dedup.near: {against: [r], threshold: 0.9}\n  - decontaminate: {against: "
            "[r], ngram: 6}\n",
            3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_steps_alone),
        cmocka_unit_test(exact_duplicates_across_splits),
        cmocka_unit_test(a_head_in_the_middle_of_a_split),
        cmocka_unit_test(records_in_another_order),
        cmocka_unit_test(a_sample_by_count_and_another_step_behind_it),
        cmocka_unit_test(near_duplicates_by_representative_and_by_chains),
        cmocka_unit_test(references_and_a_table)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
