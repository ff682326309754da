/* The oracle of test_link.c: groups of random records, and who is merged into whom by a loop over
 * all pairs, written down from what link.h and link_table.h promise. */
#ifndef TEST_UNIT_LINK_ORACLE_H
#define TEST_UNIT_LINK_ORACLE_H

#include "unit/base/base_help.h"

#include "op/dedup/link.h"
#include "text/terms.h"

enum { MOST = 160, ROOM = 2800, ELEMENTS = 64, BANDS_MOST = 16, ROWS_MOST = 3 };

#define NOBODY SIZE_MAX

typedef struct record {
    tm_rid rid;
    uint32_t rank, key; /* key: of the keep list */
    tm_gram_kind kind;
    uint64_t set[ELEMENTS];
    size_t count;
    uint64_t band[BANDS_MOST];
} record;

typedef struct answer { /* merged into `other`, flagged, or only named by its cluster */
    tm_rid rid, other, cluster;
    bool flagged;
    double value;
} answer;

typedef struct answers {
    answer of[2 * ROOM];
    size_t count;
} answers;

static record records[ROOM];
static size_t count;

/* ---- the groups ---- */

static void fill_set(record *r, const record *like)
{
    uint64_t spare[ELEMENTS];
    *r = (record){.kind = chance(10) ? TM_GRAM_WORDS : TM_GRAM_CHARS};
    r->count = 1 + chance(ELEMENTS / 2);
    for (size_t i = 0; i < r->count; i++) r->set[i] = tm_mix64(chance(10000));
    if (like) {
        *r = *like;
        for (uint64_t changes = chance(12); changes; changes--) {
            if (r->count < ELEMENTS && chance(2))
                r->set[r->count++] = tm_mix64(chance(10000));
            else
                r->set[chance(r->count)] = r->set[chance(r->count)];
        }
    }
    r->count = tm_grams_sort(r->set, r->count, spare);
}

static int in_order(const void *a, const void *b)
{
    const record *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return tm_rid_cmp(x->rid, y->rid);
}

/* Near, equal and different sets, and texts that are compared as they stand. */
static void make_records(size_t how_many, const tm_scope *scope)
{
    uint64_t strange = 2 + chance(30); /* every so many begin something new */
    count = how_many;
    for (size_t i = 0; i < count; i++) {
        record *r = &records[i];
        fill_set(r, i && chance(strange) ? &records[chance(i)] : NULL);
        if (!chance(20)) r->kind = TM_GRAM_TERMS, r->set[0] = chance(4), r->count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        record *r = &records[i];
        r->rid = (tm_rid){TM_PLACE(1, i * 100), chance(2)};
        r->key = (uint32_t)chance(3);
        r->rank = scope->across == TM_ACROSS_INPUTS ? 1 + (uint32_t)chance(3) : 1;
        if (scope->against && !chance(3)) r->rank = r->key = 0;
    }
    qsort(records, count, sizeof *records, in_order);
}

static void make_bands(const tm_sketch *s)
{
    uint64_t work[2 * BANDS_MOST * ROWS_MOST];
    uint32_t slot[BANDS_MOST * ROWS_MOST];
    for (size_t i = 0; i < count; i++) {
        tm_sketch_make(s, records[i].set, records[i].count, work, slot);
        tm_sketch_bands(s, slot, records[i].kind, records[i].band);
    }
}

/* ---- the oracle ---- */

static bool equal(const record *a, const record *b)
{
    return a->kind == b->kind && a->count == b->count &&
           !memcmp(a->set, b->set, a->count * sizeof *a->set);
}

static bool is_set(const record *r)
{
    return r->kind == TM_GRAM_WORDS || r->kind == TM_GRAM_CHARS;
}

static bool are_candidates(const tm_link_rules *rules, const record *a, const record *b)
{
    if (equal(a, b)) return true;
    if (!is_set(a) || a->kind != b->kind) return false;
    for (uint32_t i = 0; i < rules->sketch.bands; i++)
        if (a->band[i] == b->band[i]) return true;
    return false;
}

/* Candidates met so far by each key of the record at hand: its bands, and being equal. */
typedef struct met {
    uint64_t band[BANDS_MOST], equal;
} met;

static bool count_one(uint64_t *so_far, uint64_t most, bool *limited)
{
    bool more = *so_far < most;
    *so_far += more;
    *limited |= !more;
    return more;
}

/* Whether the candidate is among the first of any key that both have. */
static bool is_met(const tm_link_rules *rules, const record *a, const record *b, met *so_far,
                   bool *limited)
{
    bool any = equal(a, b) && count_one(&so_far->equal, rules->compare_most, limited);
    for (uint32_t i = 0; is_set(a) && a->kind == b->kind && i < rules->sketch.bands; i++)
        if (a->band[i] == b->band[i])
            any |= count_one(&so_far->band[i], rules->compare_most, limited);
    return any;
}

static double naive_similarity(const tm_link_rules *rules, const record *a, const record *b)
{
    double both = 0, few = (double)TM_MIN(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++) both += a->set[i] == b->set[k];
    if (rules->measure == TM_MEASURE_CONTAINMENT) return both / few;
    return both / ((double)(a->count + b->count) - both);
}

static bool allowed(const tm_link_rules *rules, const record *into, const record *r)
{
    switch (rules->scope.across) {
    case TM_ACROSS_ALL: return r->rank || !into->rank;
    case TM_ACROSS_INPUTS: return !into->rank || into->rank < r->rank;
    default: return !into->rank;
    }
}

static void say(answers *to, const record *r, const record *into, bool flagged, double value)
{
    if (!r->rank) return;
    to->of[to->count++] = (answer){.rid = r->rid,
                                   .other = into ? into->rid : (tm_rid){0, 0},
                                   .flagged = flagged,
                                   .value = value};
}

/* With `none` the first that is merged takes with it who stands for it. */
static void merge_naively(const tm_link_rules *rules, answers *to, const record *r,
                          const record *into, double value, bool *fallen)
{
    say(to, r, into, false, value);
    if (rules->none && !*fallen) say(to, into, r, false, value);
    *fallen = true;
}

/* Of all that did not fall: who was not compared with all, and whose cluster they are of (`of`:
 * which record names it, or NOBODY). */
static void tell_kept_naively(const tm_link_rules *rules, answers *to, const bool *limited,
                              const bool *gone, const size_t *of)
{
    for (size_t i = 0; i < count; i++) {
        const record *r = &records[i];
        bool flagged = limited[i] && r->rank;
        if (gone[i] || (!flagged && of[i] == NOBODY)) continue;
        to->of[to->count++] =
            (answer){.rid = r->rid,
                     .cluster = of[i] == NOBODY ? (tm_rid){0, 0} : records[of[i]].rid,
                     .flagged = flagged,
                     .value = flagged ? (double)rules->compare_most : 0};
    }
}

/* The record in the table that equals record i, or NOBODY. */
static size_t naive_equal(const tm_link_rules *rules, const bool *in_table, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (in_table[k] && records[k].rank == records[i].rank && equal(&records[i], &records[k]))
            return allowed(rules, &records[k], &records[i]) ? k : NOBODY;
    return NOBODY;
}

/* Who stands for record i, by what similarity, or NOBODY: an equal one, else the first that is near
 * enough. All of a reference stay: none of them stands for another. */
static size_t naive_into(const tm_link_rules *rules, const bool *in_table, size_t i, double *value,
                         bool *limited)
{
    met so_far = {.equal = 0};
    const record *r = &records[i];
    size_t same = naive_equal(rules, in_table, i);
    *value = 1;
    for (size_t k = 0; k < i && same == NOBODY && r->rank; k++) {
        const record *into = &records[k];
        if (!in_table[k] || !are_candidates(rules, r, into) || !allowed(rules, into, r)) continue;
        if (!is_met(rules, r, into, &so_far, limited)) continue;
        *value = naive_similarity(rules, r, into);
        if (*value >= rules->threshold) return k;
    }
    return same;
}

/* Each with those kept before it, in order. */
static void naive_representative(const tm_link_rules *rules, answers *to)
{
    bool in_table[MOST], limited[MOST] = {false}, fallen[MOST] = {false};
    size_t of[MOST];
    for (size_t i = 0; i < count; i++) {
        double value;
        size_t into = naive_into(rules, in_table, i, &value, &limited[i]);
        in_table[i] = into == NOBODY;
        of[i] = NOBODY;
        if (into == NOBODY) continue;
        if (records[i].rank)
            merge_naively(rules, to, &records[i], &records[into], value, &fallen[into]);
        else
            of[i] = into;
        of[into] = into;
    }
    for (size_t i = 0; i < count; i++)
        fallen[i] = records[i].rank && ((fallen[i] && rules->none) || !in_table[i]);
    tell_kept_naively(rules, to, limited, fallen, of);
}

static void link_naively(size_t *chain, size_t i, size_t k)
{
    size_t a = TM_MIN(chain[i], chain[k]), b = TM_MAX(chain[i], chain[k]);
    for (size_t m = 0; m <= i; m++) chain[m] = chain[m] == b ? a : chain[m];
}

static void naive_chain(const tm_link_rules *rules, answers *to)
{
    size_t chain[MOST], of[MOST];
    bool in_table[MOST], limited[MOST] = {false}, fallen[MOST] = {false}, gone[MOST];
    for (size_t i = 0; i < count; i++) {
        met so_far = {.equal = 0};
        const record *r = &records[i];
        size_t same = naive_equal(rules, in_table, i);
        chain[i] = i;
        in_table[i] = same == NOBODY;
        if (same != NOBODY) link_naively(chain, i, same);
        for (size_t k = 0; k < i && in_table[i]; k++) {
            const record *other = &records[k];
            if (!in_table[k] || !are_candidates(rules, r, other) || !allowed(rules, other, r))
                continue;
            if (!is_met(rules, r, other, &so_far, &limited[i])) continue;
            if (naive_similarity(rules, r, other) >= rules->threshold) link_naively(chain, i, k);
        }
    }
    for (size_t i = 0; i < count; i++) of[i] = NOBODY;
    for (size_t i = 0; i < count; i++) {
        const record *r = &records[i], *first = &records[chain[i]];
        if (r != first) of[i] = of[chain[i]] = chain[i];
        gone[i] = r != first && r->rank && allowed(rules, first, r);
        if (r == first || !allowed(rules, first, r)) continue;
        merge_naively(rules, to, r, first, naive_similarity(rules, r, first), &fallen[chain[i]]);
    }
    for (size_t i = 0; i < count; i++)
        gone[i] |= fallen[i] && rules->none && records[i].rank && chain[i] == i;
    tell_kept_naively(rules, to, limited, gone, of);
}

#endif
