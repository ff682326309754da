/* See near_op.h. Broder 1997 (resemblance), Leskovec, Rajaraman and Ullman, Mining of Massive
 * Datasets, chapter 3 (bands). Everything a reducer compares travels in the fact's data. */
#include "near_op.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "text/words.h"

#define THRESHOLD 0.6

static int by_value(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

uint32_t near_shingles(tm_str text, uint64_t *out)
{
    tm_str word;
    uint64_t last[3] = {0, 0, 0};
    uint32_t words = 0, count = 0, kept = 0;
    for (size_t at = 0; tm_text_next_word(text, &at, &word); words++) {
        last[0] = last[1];
        last[1] = last[2];
        last[2] = tm_hash64(word.p, word.n, 1);
        if (words >= 2) out[count++] = tm_hash64(last, sizeof last, 2);
    }
    if (words && words < 3) out[count++] = tm_hash64(last, sizeof last, 3);
    qsort(out, count, sizeof *out, by_value);
    for (uint32_t i = 0; i < count; i++)
        if (!i || out[i] != out[kept - 1]) out[kept++] = out[i];
    return kept;
}

double near_jaccard(const uint64_t *a, uint32_t n, const uint64_t *b, uint32_t m)
{
    uint32_t i = 0, j = 0, both = 0;
    while (i < n && j < m) {
        both += a[i] == b[j];
        uint64_t x = a[i], y = b[j];
        i += x <= y;
        j += y <= x;
    }
    return n + m ? (double)both / (double)(n + m - both) : 0;
}

uint64_t near_band(const uint64_t *shingle, uint32_t count, unsigned band)
{
    uint64_t row[NEAR_ROWS];
    for (unsigned r = 0; r < NEAR_ROWS; r++) {
        row[r] = UINT64_MAX;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t h = tm_hash64(&shingle[i], sizeof *shingle, 100 + band * NEAR_ROWS + r);
            row[r] = h < row[r] ? h : row[r];
        }
    }
    return tm_hash64(row, sizeof row, band);
}

static void put_be(char *to, uint64_t n)
{
    for (unsigned i = 0; i < 8; i++) to[i] = (char)(n >> (56 - 8 * i));
}

/* The record's texts one behind another. */
static tm_status text_of(tm_batch *b, uint32_t r, tm_buf *out, tm_err *err)
{
    tm_buf_clear(out);
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        tm_str text;
        if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a text", 0);
        tm_buf_str(out, text);
        tm_buf_char(out, ' ');
    }
    return tm_buf_ok(out, err);
}

static tm_status observe_bands(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    tm_buf text = {0};
    tm_status status = TM_OK;
    TM_UNUSED(step);
    for (uint32_t r = 0; status == TM_OK && r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        status = text_of(b, r, &text, err);
        uint64_t *shingle = TM_NEW(b->mem, uint64_t, text.n + 1);
        if (!shingle) status = tm_fail_memory(err, "shingles", text.n);
        uint32_t count = status == TM_OK ? near_shingles(tm_buf_view(&text), shingle) : 0;
        for (unsigned band = 0; count && status == TM_OK && band < NEAR_BANDS; band++) {
            char key[9] = {(char)band};
            put_be(key + 1, near_band(shingle, count, band));
            tm_fact f = {.key = {key, sizeof key},
                         .rid = b->rid[r],
                         .data = {(const char *)shingle, count * sizeof *shingle}};
            status = tm_facts_add(out, &f, err);
        }
    }
    tm_buf_release(&text);
    return status;
}

typedef struct member {
    tm_rid rid;
    uint64_t *shingle;
    uint32_t count;
} member;

static tm_status edges_of(const member *list, uint32_t count, tm_facts *next, tm_err *err)
{
    const member *last = &list[count];
    for (uint32_t i = 0; i < count; i++) {
        if (near_jaccard(list[i].shingle, list[i].count, last->shingle, last->count) < THRESHOLD)
            continue;
        char key[16];
        put_be(key, last->rid.place);
        put_be(key + 8, last->rid.path);
        tm_fact f = {.key = {key, sizeof key},
                     .rid = last->rid,
                     .data = {(const char *)&list[i].rid, sizeof list[i].rid}};
        TM_TRY(tm_facts_add(next, &f, err));
    }
    return TM_OK;
}

static tm_status reduce_bands(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    tm_fact f;
    tm_arena mem = {0};
    member *list = NULL;
    uint32_t count = 0, room = 0;
    tm_status status = TM_OK;
    TM_UNUSED(step);
    TM_UNUSED(out);
    while (status == TM_OK && group->next(group, &f)) {
        if (count == room) {
            member *more = TM_NEW(&mem, member, room = room * 2 + 8);
            if (!more) status = tm_fail_memory(err, "a group", room);
            if (!more) break;
            if (count) memcpy(more, list, count * sizeof *more);
            list = more;
        }
        uint64_t *copy = tm_arena_alloc(&mem, f.data.n + 8, 8);
        if (!copy) status = tm_fail_memory(err, "a group", f.data.n);
        if (!copy) break;
        memcpy(copy, f.data.p, f.data.n);
        list[count] = (member){f.rid, copy, (uint32_t)(f.data.n / sizeof *copy)};
        status = edges_of(list, count++, next, err);
    }
    tm_arena_release(&mem);
    return status;
}

static tm_status observe_clusters(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    tm_buf text = {0};
    tm_status status = TM_OK;
    TM_UNUSED(step);
    for (uint32_t r = 0; status == TM_OK && r < b->records; r++) {
        const tm_decision *d = b->decision[r];
        if (!d || !tm_live(b, r)) continue;
        status = text_of(b, r, &text, err);
        char key[16], order[9] = {b->reference ? 0 : 1};
        put_be(key, d->other.place);
        put_be(key + 8, d->other.path);
        put_be(order + 1, UINT64_MAX - text.n); /* the longest first, then by rid */
        tm_fact f = {.key = {key, sizeof key},
                     .order = {order, sizeof order},
                     .rid = b->rid[r],
                     .data = {order, 1}};
        if (status == TM_OK) status = tm_facts_add(out, &f, err);
    }
    tm_buf_release(&text);
    return status;
}

static tm_status reduce_clusters(const tm_step_view *step, tm_group *group, tm_facts *next,
                                 tm_decisions *out, tm_err *err)
{
    tm_fact f;
    TM_UNUSED(next);
    if (!group->next(group, &f)) return TM_OK;
    tm_rid first = f.rid;
    while (group->next(group, &f)) {
        tm_decision d = {.rid = f.rid,
                         .step = step->step,
                         .verdict = TM_V_MERGE,
                         .set = TM_D_OTHER,
                         .other = first,
                         .value = TM_NO_VALUE};
        TM_TRY(tm_decide(out, &d, err));
    }
    return TM_OK;
}

static tm_status cost(const void *args, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(args);
    TM_UNUSED(err);
    *out = (tm_cost){.memory = 1 << 20,
                     .facts = facts->records * NEAR_BANDS,
                     .fact_bytes = facts->text_bytes * 2 * NEAR_BANDS};
    return TM_OK;
}

static const tm_round ROUNDS[] = {
    {.name = "bands", .how = TM_GROUP, .observe = observe_bands, .reduce = reduce_bands},
    {.name = "components", .how = TM_COMPONENTS},
    {.name = "survivors",
     .how = TM_GROUP,
     .decided_only = true,
     .observe = observe_clusters,
     .reduce = reduce_clusters},
    {0},
};

static const tm_param PARAMS[] = {{0}};

static const tm_code CODES[] = {
    {
        .code = "T9701",
        .name = "near-duplicate",
        .sentence = "the text is nearly that of another record",
        .help = "For tests.",
        .verdict = TM_V_MERGE,
    },
    {0},
};

static const tm_example EXAMPLES[] = {{0}};

const tm_op near_op = {
    .name = "near.test",
    .group = "test",
    .summary = "merge records whose texts are nearly equal",
    .why = "For tests.",
    .rev = 1,
    .shape = TM_SET,
    .flags = TM_REFERENCES,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .cost = cost,
    .rounds = ROUNDS,
};
