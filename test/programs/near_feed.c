/* What near duplicates are found by, for pairs of texts that a test gives: exact counts of n-grams,
 * and how often each sketch catches a pair under many seeds. Driven by oracle/test_near_pairs.py.
 *
 *   near_feed count words|characters N             a pair: in A, in B, in both
 *   near_feed catch N SEEDS KIND,BANDS,ROWS ...    a pair: under how many seeds each caught it
 *
 * Standard input: for every pair "BYTES BYTES\n" and the two texts. A line out a pair. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "op/minhash/grams.h"
#include "op/minhash/sketch.h"
#include "text/terms.h"

typedef struct set {
    uint64_t *gram;
    size_t count;
} set;

static void *room(size_t n)
{
    void *p = tm_alloc(n ? n : 1);
    if (!p) exit(5);
    return p;
}

static set set_of(tm_str text, bool chars, unsigned n)
{
    tm_buf terms = {0};
    tm_text_terms(text, &terms);
    set s = {room((terms.n + 1) * sizeof *s.gram), 0};
    uint64_t *spare = room((terms.n + 1) * sizeof *spare);
    tm_str joined = tm_buf_view(&terms);
    size_t units = chars ? tm_char_hashes(joined, s.gram) : tm_term_hashes(joined, s.gram);
    s.count = tm_ngram_hashes(s.gram, units, n, s.gram);
    s.count = tm_grams_sort(s.gram, s.count, spare);
    tm_free(spare);
    tm_buf_release(&terms);
    return s;
}

static bool next_pair(tm_str text[2], char **bytes)
{
    size_t n[2];
    tm_free(*bytes);
    *bytes = NULL;
    if (scanf("%zu %zu", &n[0], &n[1]) != 2 || getchar() != '\n') return false;
    *bytes = room(n[0] + n[1]);
    if (fread(*bytes, 1, n[0] + n[1], stdin) != n[0] + n[1]) return false;
    text[0] = (tm_str){*bytes, n[0]};
    text[1] = (tm_str){*bytes + n[0], n[1]};
    return true;
}

static void count_pair(const set *a, const set *b)
{
    printf("%zu %zu %zu\n", a->count, b->count,
           tm_grams_common(a->gram, a->count, b->gram, b->count));
}

/* ---- catching ---- */

enum { SKETCHES_MOST = 16 };

typedef struct trial { /* one sketch: of all seeds, so that they are made once */
    tm_sketch sketch;
    uint64_t *work, *band[2];
    uint32_t *slot, *mul, *add; /* mul, add: of all seeds */
} trial;

static bool read_trial(const char *words, size_t seeds, trial *t)
{
    char kind[16];
    *t = (trial){0};
    if (sscanf(words, "%15[a-z],%" SCNu32 ",%" SCNu32, kind, &t->sketch.bands, &t->sketch.rows) !=
        3)
        return false;
    while (tm_sketch_names[t->sketch.kind] && strcmp(tm_sketch_names[t->sketch.kind], kind) != 0)
        t->sketch.kind++;
    uint32_t slots = tm_sketch_slots(&t->sketch);
    t->work = room(2 * slots * sizeof *t->work);
    t->slot = room(slots * sizeof *t->slot);
    t->mul = room(seeds * slots * sizeof *t->mul);
    t->add = room(seeds * slots * sizeof *t->add);
    for (int i = 0; i < 2; i++) t->band[i] = room(t->sketch.bands * sizeof *t->band[i]);
    for (size_t seed = 0; seed < seeds; seed++) {
        t->sketch.seed = seed;
        t->sketch.mul = t->mul + seed * slots;
        t->sketch.add = t->add + seed * slots;
        tm_sketch_seed(&t->sketch);
    }
    return tm_sketch_names[t->sketch.kind] != NULL;
}

static bool is_caught(trial *t, size_t seed, const set pair[2])
{
    uint32_t slots = tm_sketch_slots(&t->sketch);
    t->sketch.seed = seed;
    t->sketch.mul = t->mul + seed * slots;
    t->sketch.add = t->add + seed * slots;
    for (int i = 0; i < 2; i++) {
        tm_sketch_make(&t->sketch, pair[i].gram, pair[i].count, t->work, t->slot);
        tm_sketch_bands(&t->sketch, t->slot, TM_GRAM_WORDS, t->band[i]);
    }
    for (uint32_t b = 0; b < t->sketch.bands; b++)
        if (t->band[0][b] == t->band[1][b]) return true;
    return false;
}

static void catch_pair(const set pair[2], trial *trials, size_t count, size_t seeds)
{
    bool any = pair[0].count && pair[1].count, same = pair[0].count == pair[1].count;
    same = same && !memcmp(pair[0].gram, pair[1].gram, pair[0].count * sizeof *pair[0].gram);
    for (size_t i = 0; i < count; i++) {
        size_t caught = 0, tries = same ? 1 : seeds; /* the same numbers go in, and come out */
        for (size_t seed = 0; any && seed < tries; seed++)
            caught += is_caught(&trials[i], seed, pair);
        printf("%zu ", same && caught ? seeds : caught);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    static trial trials[SKETCHES_MOST];
    tm_str text[2];
    char *bytes = NULL;
    bool counts = argc == 4 && !strcmp(argv[1], "count"), chars = false;
    if (!counts && (argc < 5 || strcmp(argv[1], "catch") != 0 || argc - 4 > SKETCHES_MOST))
        return 2;
    if (counts) chars = !strcmp(argv[2], "characters");
    unsigned n = (unsigned)strtoul(argv[counts ? 3 : 2], NULL, 10);
    size_t seeds = counts ? 0 : strtoul(argv[3], NULL, 10),
           sketches = counts ? 0 : (size_t)argc - 4;
    for (size_t i = 0; i < sketches; i++)
        if (!read_trial(argv[4 + i], seeds, &trials[i])) return 2;
    while (next_pair(text, &bytes)) {
        set pair[2] = {set_of(text[0], chars, n), set_of(text[1], chars, n)};
        if (counts)
            count_pair(&pair[0], &pair[1]);
        else
            catch_pair(pair, trials, sketches, seeds);
        tm_free(pair[0].gram);
        tm_free(pair[1].gram);
    }
    for (size_t i = 0; i < sketches; i++) {
        void *of[] = {trials[i].work, trials[i].band[0], trials[i].band[1],
                      trials[i].slot, trials[i].mul,     trials[i].add};
        for (size_t k = 0; k < TM_COUNT(of); k++) tm_free(of[k]);
    }
    return fflush(stdout) ? 5 : 0;
}
