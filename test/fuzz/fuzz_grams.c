/* Any bytes as a text that is compared. Its terms are those of the definition, folded, with single
 * spaces between them, and are their own terms; every kernel joins, hashes and sketches them as the
 * scalar one does and touches nothing outside; an n-gram's hash is that of its stretch alone; sets
 * are sorted, distinct, and have all of themselves in common; letters are counted alike whole and
 * in two pieces. */
#include <stdlib.h>
#include <string.h>

#include "op/minhash/grams.h"
#include "text/kernel.h"
#include "text/terms.h"
#include "text/utf8.h"
#include "text/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GRAMS_MOST = 3000, SLOTS_MOST = 600 };

static void *room(size_t n)
{
    void *p = malloc(n ? n : 1); /* as long as is said: what lies behind it is watched */
    TM_ASSERT(p);
    return p;
}

static tm_str copy_of(tm_str s)
{
    char *p = room(s.n);
    if (s.n) memcpy(p, s.p, s.n);
    return (tm_str){p, s.n};
}

static size_t check_joined(tm_str text, tm_str joined)
{
    tm_buf slow = {0}, again = {0};
    tm_str term = {0};
    size_t terms = 0, end = 0;
    for (size_t at = 0; tm_text_next_term(text, &at, &term); terms++) {
        TM_ASSERT(term.n && term.p >= text.p + end && term.p + term.n == text.p + at);
        end = at;
        if (slow.n) tm_buf_char(&slow, ' ');
        tm_text_fold(term, &slow);
    }
    TM_ASSERT(tm_str_eq(tm_buf_view(&slow), joined));
    tm_text_terms(joined, &again);
    TM_ASSERT(tm_str_eq(tm_buf_view(&again), joined));
    for (size_t i = 0; i < joined.n; i++)
        TM_ASSERT(joined.p[i] != ' ' || (i && i + 1 < joined.n && joined.p[i - 1] != ' '));
    tm_buf_release(&slow);
    tm_buf_release(&again);
    return terms;
}

static void check_scripts(tm_str text)
{
    tm_script_count whole = {0, 0}, parts = {0, 0};
    size_t half = 0, letters = 0;
    tm_str term;
    while (half < text.n / 2) tm_utf8_next(text, &half);
    tm_text_scripts(text, &whole);
    tm_text_scripts((tm_str){text.p, half}, &parts);
    tm_text_scripts((tm_str){text.p + half, text.n - half}, &parts);
    TM_ASSERT(whole.all == parts.all && whole.unspaced == parts.unspaced);
    TM_ASSERT(whole.unspaced <= whole.all);
    for (size_t at = 0; tm_text_next_term(text, &at, &term);)
        for (size_t k = 0; k < term.n; letters++) tm_utf8_next(term, &k);
    TM_ASSERT(letters == whole.all);
}

static void check_term_kernel(const tm_kernel *k, tm_str text, tm_str joined, size_t terms)
{
    const tm_kernel *plain = &tm_kernel_scalar;
    char *got = room(text.n), *want = room(text.n);
    uint64_t *hash = room((joined.n / 2 + 1) * sizeof *hash);
    uint64_t *wanted = room((joined.n / 2 + 1) * sizeof *wanted);
    for (int before = 0; before < 2; before++) {
        bool in_got = before, in_want = before;
        size_t n = 0, m = 0, stop = plain->terms(text.p, text.n, want, &in_want, &m);
        TM_ASSERT(k->terms(text.p, text.n, got, &in_got, &n) == stop && n == m);
        TM_ASSERT(in_got == in_want && !memcmp(got, want, n));
    }
    TM_ASSERT(plain->term_hashes(joined.p, joined.n, wanted) == terms);
    TM_ASSERT(k->term_hashes(joined.p, joined.n, hash) == terms);
    TM_ASSERT(!memcmp(hash, wanted, terms * sizeof *hash));
    free(got);
    free(want);
    free(hash);
    free(wanted);
}

static void check_ngrams(const uint64_t *hash, size_t count, unsigned n)
{
    uint64_t *gram = room(count * sizeof *gram), *spare = room(count * sizeof *spare), one;
    size_t grams = tm_ngram_hashes(hash, count, n, gram);
    TM_ASSERT(grams == (count < n ? 0 : count - n + 1));
    for (size_t i = 0; i < grams; i += 1 + i / 16) {
        TM_ASSERT(tm_ngram_hashes(hash + i, n, n, &one) == 1 && one == gram[i]);
    }
    size_t distinct = tm_grams_sort(gram, grams, spare);
    for (size_t i = 1; i < distinct; i++) TM_ASSERT(gram[i - 1] < gram[i]);
    TM_ASSERT(tm_grams_common(gram, distinct, gram, distinct) == distinct);
    TM_ASSERT(tm_grams_common(gram, distinct / 2, gram, distinct) == distinct / 2);
    TM_ASSERT(tm_grams_sort(gram, distinct, spare) == distinct);
    free(gram);
    free(spare);
}

/* `gram` is as long as is said. */
static void check_sketch(const tm_kernel *k, const uint64_t *gram, size_t count, uint32_t slots)
{
    uint32_t *got = room(slots * sizeof *got), *want = room(slots * sizeof *want);
    uint32_t *mul = room(slots * sizeof *mul), *add = room(slots * sizeof *add);
    uint32_t *least = room(slots * sizeof *least), *wanted = room(slots * sizeof *wanted);
    memset(got, 0xFF, slots * sizeof *got);
    memset(want, 0xFF, slots * sizeof *want);
    tm_kernel_scalar.sketch_buckets(gram, count, slots, slots, want);
    k->sketch_buckets(gram, count, slots, slots, got);
    TM_ASSERT(!memcmp(got, want, slots * sizeof *got));
    for (uint32_t i = 0; i < slots; i++) {
        mul[i] = (uint32_t)tm_mix64(i) | 1;
        add[i] = (uint32_t)tm_mix64(~(uint64_t)i);
        least[i] = wanted[i] = UINT32_MAX;
    }
    tm_kernel_scalar.minhash(gram, count, mul, add, slots, wanted);
    k->minhash(gram, count, mul, add, slots, least);
    TM_ASSERT(!memcmp(least, wanted, slots * sizeof *least));
    void *all[] = {got, want, mul, add, least, wanted};
    for (size_t i = 0; i < TM_COUNT(all); i++) free(all[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"avx2", "avx512"};
    tm_buf terms = {0};
    if (size < 2) return 0;
    unsigned n = data[0] % 64 + 1;
    uint32_t slots = (uint32_t)data[1] * 7 % SLOTS_MOST + 1;
    tm_str text = copy_of((tm_str){(const char *)data + 2, size - 2});
    tm_text_terms(text, &terms);
    tm_str joined = copy_of(tm_buf_view(&terms));
    size_t count = check_joined(text, joined), chars = tm_text_chars(joined);
    uint64_t *hash = room((joined.n + 1) * sizeof *hash);
    check_scripts(text);
    TM_ASSERT(tm_char_hashes(joined, hash) == chars);
    check_ngrams(hash, chars, n);
    TM_ASSERT(tm_term_hashes(joined, hash) == count);
    check_ngrams(hash, count, n);
    size_t few = TM_MIN(count, (size_t)GRAMS_MOST);
    tm_str grams = copy_of((tm_str){(const char *)hash, few * sizeof *hash});
    for (size_t k = 0; k < TM_COUNT(names); k++) {
        const tm_kernel *kernel = tm_kernel_named(names[k]);
        if (!kernel) continue;
        check_term_kernel(kernel, text, joined, count);
        if (few) check_sketch(kernel, (const uint64_t *)(const void *)grams.p, few, slots);
    }
    free((void *)(uintptr_t)text.p);
    free((void *)(uintptr_t)joined.p);
    free((void *)(uintptr_t)grams.p);
    free(hash);
    tm_buf_release(&terms);
    return 0;
}
