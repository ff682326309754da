/* Nanoseconds an n-gram of a sketch, from hashes that are there: the sketch alone, without text.
 *
 *   sketch_kernel fast|classic SLOTS GRAMS DOCUMENTS
 *
 * Documents of so many random hashes each; the best of five rounds over all of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "op/minhash/sketch.h"
#include "text/terms.h"

enum { ROUNDS = 5 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int count, char **word)
{
    if (count != 5)
        return fputs("usage: sketch_kernel fast|classic SLOTS GRAMS DOCUMENTS\n", stderr), 2;
    size_t slots = strtoul(word[2], NULL, 10), grams = strtoul(word[3], NULL, 10),
           documents = strtoul(word[4], NULL, 10), sum = 0;
    uint64_t *hash = malloc(grams * documents * sizeof *hash),
             *work = malloc(2 * slots * sizeof *work);
    uint32_t *slot = malloc(slots * sizeof *slot), *mul = malloc(slots * sizeof *mul),
             *add = malloc(slots * sizeof *add);
    if (!hash || !work || !slot || !mul || !add) return 1;
    tm_sketch s = {.bands = (uint32_t)slots, .rows = 1, .mul = mul, .add = add};
    s.kind = !strcmp(word[1], "classic") ? TM_SKETCH_CLASSIC : TM_SKETCH_FAST;
    tm_sketch_seed(&s);
    for (size_t i = 0; i < grams * documents; i++) hash[i] = tm_mix64(i + 1);
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double began = now();
        for (size_t d = 0; d < documents; d++) {
            tm_sketch_make(&s, hash + d * grams, grams, work, slot);
            sum += slot[0];
        }
        double took = now() - began;
        best = took < best ? took : best;
    }
    printf("%.4f %zu\n", best * 1e9 / (double)(grams * documents), sum);
    return 0;
}
