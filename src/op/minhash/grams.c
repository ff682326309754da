/* Gathers, folds, hashes. Sets are sorted by buckets of their leading bits: hashes are spread
 * evenly, so a bucket holds about one, and insertion puts the rest right; equal ones (a word said a
 * million times) do not move. */
#include "op/minhash/grams.h"

#include <stdlib.h>

#include "base/vec.h"
#include "text/kernel.h"
#include "text/terms.h"
#include "text/utf8.h"

const char *const tm_unit_names[] = {"auto", "words", "characters", NULL};

/* ASCII without \u escapes: nothing has to be decoded to see that it has no such letters. */
static bool is_plain(tm_str raw)
{
    const tm_kernel *kernel = tm_kernel_now();
    if (kernel->utf8_count(raw.p, raw.n) != raw.n) return false;
    for (size_t at = 0; (at += kernel->find_backslash(raw.p + at, raw.n - at)) + 1 < raw.n; at += 2)
        if (raw.p[at + 1] == 'u') return false;
    return true;
}

/* Of the terms, which an index keeps, and not of the text, which it does not: what stands between
 * words (tables, code, blanks) says nothing. A letter of these scripts has two bytes or more that
 * follow its first, so terms with fewer of those than letters need not be decoded. */
static bool mostly_unspaced(tm_str terms)
{
    tm_script_count c = {0};
    size_t letters = tm_kernel_now()->utf8_count(terms.p, terms.n);
    size_t follow = terms.n - letters;
    if (!follow) return false;
    for (size_t at = 0; at < terms.n; at++) letters -= terms.p[at] == ' ';
    if (follow <= letters) return false;
    tm_text_scripts(terms, &c);
    return c.unspaced * 2 > c.all;
}

static bool by_chars(const tm_gram_rules *rules, tm_str terms)
{
    return rules->units == TM_UNITS_AUTO ? mostly_unspaced(terms) : rules->units == TM_UNITS_CHARS;
}

tm_status tm_grams_by_chars(const tm_gram_rules *rules, tm_batch *b, uint32_t r, tm_grams *g,
                            bool *chars, tm_err *err)
{
    bool plain = !b->edits && b->raw[r].p && is_plain(b->raw[r]);
    bool any = rules->units == TM_UNITS_AUTO && !plain;
    if (any) TM_TRY(tm_grams_gather(&rules->choice, b, r, g, err));
    *chars = by_chars(rules, any ? tm_buf_view(&g->terms) : TM_STR(""));
    return TM_OK;
}

enum { LONG_TERMS = 1 << 20 }; /* bytes; of shorter ones the room need not be counted out */

/* At least as many as the terms have units. */
static size_t count_units(tm_str terms, bool chars)
{
    size_t count = 0;
    if (terms.n <= LONG_TERMS) return chars ? terms.n : terms.n / 2 + 1;
    if (chars)
        for (size_t at = 0; at < terms.n; count++) (void)tm_utf8_next(terms, &at);
    else
        for (size_t at = 0; at < terms.n; at++) count += terms.p[at] == ' ';
    return count + 1;
}

static tm_status room_for(tm_grams *g, size_t count, tm_err *err)
{
    if (count <= g->room) return TM_OK;
    tm_free(g->gram);
    g->room = count > LONG_TERMS ? count : count + count / 2;
    g->gram = tm_alloc(g->room * sizeof *g->gram);
    if (g->gram) return TM_OK;
    g->room = 0;
    return tm_fail_memory(err, "n-grams", count * sizeof *g->gram);
}

/* What is compared as it stands names its stretches; no term holds such a byte. */
static tm_status one_gram(tm_grams *g, tm_gram_kind kind, tm_err *err)
{
    TM_TRY(room_for(g, 1, err));
    if (g->stretches) tm_buf_char(&g->terms, '\x1F');
    tm_grams_write_stretches(g, &g->terms);
    TM_TRY(tm_buf_ok(&g->terms, err));
    tm_hash h = tm_hash128_seeded(g->terms.p, g->terms.n, kind);
    g->kind = kind;
    g->gram[0] = h.hi ^ h.lo;
    g->count = 1;
    return TM_OK;
}

static size_t hash_stretch(tm_str terms, bool chars, uint32_t alternative, uint64_t *out)
{
    size_t units = chars ? tm_char_hashes(terms, out) : tm_term_hashes(terms, out);
    uint64_t salt = alternative ? tm_mix64(alternative) : 0;
    for (size_t i = 0; salt && i < units; i++) out[i] ^= salt;
    return units;
}

static tm_status hash_terms(const tm_gram_rules *rules, bool chars, tm_grams *g, tm_err *err)
{
    tm_str terms = tm_buf_view(&g->terms);
    TM_TRY(room_for(g, count_units(terms, chars) + g->stretches, err));
    size_t units = 0;
    for (uint32_t i = 0; i <= g->stretches; i++) {
        size_t from = i ? g->stretch[i - 1].at : 0;
        size_t end = i < g->stretches ? g->stretch[i].at : terms.n;
        uint32_t alternative = i ? g->stretch[i - 1].alternative : 0;
        units += hash_stretch(tm_str_slice(terms, from, end), chars, alternative, g->gram + units);
    }
    g->count = tm_ngram_hashes(g->gram, units, chars ? rules->chars : rules->words, g->gram);
    g->kind = chars ? TM_GRAM_CHARS : TM_GRAM_WORDS;
    return g->count ? TM_OK : one_gram(g, TM_GRAM_TERMS, err);
}

/* g->text holds texts without a single term. */
static tm_status no_terms(tm_grams *g, tm_err *err)
{
    tm_str text = tm_str_trim(tm_buf_view(&g->text));
    g->kind = TM_GRAM_NONE;
    g->count = 0;
    if (!text.n) return TM_OK;
    tm_buf_clear(&g->terms);
    tm_buf_str(&g->terms, text);
    TM_TRY(tm_buf_ok(&g->terms, err));
    return one_gram(g, TM_GRAM_TEXT, err);
}

static void add_terms(tm_grams *g, tm_str text)
{
    size_t before = g->terms.n;
    if (before) tm_buf_char(&g->terms, ' ');
    size_t from = g->terms.n;
    tm_text_terms(text, &g->terms);
    if (g->terms.n == from) g->terms.n = before;
}

static tm_status add_stretch(tm_grams *g, size_t at, uint32_t alternative, tm_err *err)
{
    uint32_t last = g->stretches ? g->stretch[g->stretches - 1].alternative : 0;
    if (last == alternative) return TM_OK;
    if (!TM_ROOM_HEAP(g->stretch, g->stretches, g->stretch_room, 1))
        return tm_fail_memory(err, "n-grams", g->stretches * sizeof *g->stretch);
    g->stretch[g->stretches++] = (tm_stretch){(uint32_t)at, alternative};
    return TM_OK;
}

void tm_grams_write_stretches(const tm_grams *g, tm_buf *out)
{
    for (uint32_t i = 0; i < g->stretches; i++)
        tm_buf_print(out, " %u:%u", g->stretch[i].at, g->stretch[i].alternative);
}

/* What stands behind the hash of an index's name; what is none of it ends it. */
static tm_status read_stretches(tm_grams *g, tm_str name, tm_err *err)
{
    enum { HASH = 16 };
    tm_str all = tm_str_slice(name, TM_MIN(name.n, (size_t)HASH), name.n), one, at, alternative;
    while ((all = tm_str_trim(all)).n) {
        uint64_t a, k;
        (void)tm_str_cut(all, ' ', &one, &all);
        bool two = tm_str_cut(one, ':', &at, &alternative);
        if (!two || !tm_str_to_u64(at, &a) || !tm_str_to_u64(alternative, &k)) return TM_OK;
        uint64_t least = g->stretches ? g->stretch[g->stretches - 1].at + 1 : 0;
        if (a < least || a >= g->terms.n || k > UINT16_MAX) return TM_OK;
        TM_TRY(add_stretch(g, a, (uint32_t)k, err));
    }
    return TM_OK;
}

/* Texts of the same answer follow one another. */
static tm_status add_part(tm_grams *g, const tm_part *part, tm_str text, tm_err *err)
{
    size_t before = g->terms.n, at = before ? before + 1 : 0;
    add_terms(g, text);
    if (g->terms.n == before) return TM_OK;
    if (part->flags & TM_PART_ANY) return read_stretches(g, part->name, err);
    return add_stretch(g, at, part->answer ? part->answer - 1u : 0, err);
}

tm_status tm_grams_gather(const tm_choice *choice, tm_batch *b, uint32_t r, tm_grams *g,
                          tm_err *err)
{
    tm_chosen chosen;
    tm_buf_clear(&g->terms);
    tm_buf_clear(&g->text);
    g->stretches = 0;
    bool any = tm_choose(choice, b, r, &chosen);
    g->carries = any ? tm_chosen_carries(&chosen, b, r) : 0;
    TM_TRY(tm_buf_ok(&b->scratch, err));
    for (uint32_t p = b->first_part[r]; any && p < b->first_part[r + 1]; p++) {
        tm_str text;
        if (!tm_is_chosen(&chosen, &b->part[p])) continue;
        if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
        TM_TRY(add_part(g, &b->part[p], text, err));
        if (g->terms.n) continue;
        tm_buf_str(&g->text, text);
        tm_buf_char(&g->text, '\n');
    }
    TM_TRY(tm_buf_ok(&g->terms, err));
    return tm_buf_ok(&g->text, err);
}

tm_status tm_grams_of(const tm_gram_rules *rules, tm_batch *b, uint32_t r, tm_grams *g, tm_err *err)
{
    TM_TRY(tm_grams_gather(&rules->choice, b, r, g, err));
    return tm_grams_of_terms(rules, g, err);
}

tm_status tm_grams_of_terms(const tm_gram_rules *rules, tm_grams *g, tm_err *err)
{
    if (!g->terms.n) return no_terms(g, err);
    return hash_terms(rules, by_chars(rules, tm_buf_view(&g->terms)), g, err);
}

enum { BUCKET_BITS_MAX = 12, FEW = 32 };

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sort_bucket(uint64_t *list, size_t n)
{
    if (n > FEW) qsort(list, n, sizeof *list, by_value);
    if (n > FEW) return;
    for (size_t i = 1; i < n; i++) {
        uint64_t one = list[i];
        size_t k = i;
        for (; k && one < list[k - 1]; k--) list[k] = list[k - 1];
        list[k] = one;
    }
}

size_t tm_grams_sort(uint64_t *gram, size_t count, uint64_t *spare)
{
    uint32_t begin[(1 << BUCKET_BITS_MAX) + 1];
    unsigned bits = 1;
    size_t kept = 0;
    while (bits < BUCKET_BITS_MAX && count >> bits > 1) bits++;
    size_t buckets = (size_t)1 << bits;
    memset(begin, 0, (buckets + 1) * sizeof *begin);
    for (size_t i = 0; i < count; i++) begin[(gram[i] >> (64 - bits)) + 1]++;
    for (size_t v = 0; v < buckets; v++) begin[v + 1] += begin[v];
    for (size_t i = 0; i < count; i++) spare[begin[gram[i] >> (64 - bits)]++] = gram[i];
    /* begin[v] is now where bucket v ends */
    for (size_t v = 0, from = 0; v < buckets; from = begin[v++])
        sort_bucket(spare + from, begin[v] - from);
    for (size_t i = 0; i < count; i++)
        if (!i || spare[i] != spare[i - 1]) gram[kept++] = spare[i];
    return kept;
}

tm_status tm_grams_set(tm_grams *g, tm_str *set, tm_err *err)
{
    *set = tm_buf_view(&g->terms);
    if (g->kind != TM_GRAM_WORDS && g->kind != TM_GRAM_CHARS) return TM_OK;
    if (g->spare_room < g->count) {
        tm_free(g->spare);
        g->spare_room = 0;
        g->spare = tm_alloc(g->room * sizeof *g->spare);
        if (!g->spare) return tm_fail_memory(err, "n-grams", g->room * sizeof *g->spare);
        g->spare_room = g->room;
    }
    g->count = tm_grams_sort(g->gram, g->count, g->spare);
    if (g->spare_room > LONG_TERMS) { /* of a long text: it will not be needed soon */
        tm_free(g->spare);
        g->spare = NULL;
        g->spare_room = 0;
    }
    *set = (tm_str){(const char *)g->gram, g->count * sizeof *g->gram};
    return TM_OK;
}

size_t tm_grams_common(const uint64_t *a, size_t n, const uint64_t *b, size_t m)
{
    size_t i = 0, k = 0, both = 0;
    while (i < n && k < m) {
        uint64_t x = a[i], y = b[k];
        both += x == y;
        i += x <= y;
        k += y <= x;
    }
    return both;
}

void tm_grams_release(tm_grams *g)
{
    tm_free(g->gram);
    tm_free(g->spare);
    tm_buf_release(&g->terms);
    tm_buf_release(&g->text);
    tm_free(g->stretch);
}
