/* Makes the table of items (leak_table.h) from their facts.
 *
 * Items whose terms are all equal become one, the first. All n-grams are hashed, numbered in item
 * order and sorted by hash (radix sort, so the order is that of hash, then number); equal ones lie
 * side by side and are counted. An n-gram of more than `common` different items is the wording of a
 * benchmark ("choose the correct answer from the following options"), not an item: it is left out
 * and does not count towards the share either. Of items that would have none left, each such n-gram
 * keeps the first `common`.
 *
 * Facts come in order, so the bytes are the same wherever and however often this runs. Memory: some
 * 50 bytes a term while it is made, 12 a term in the table. */
#include "op/dedup/leak_table.h"
#include "text/terms.h"

enum { FILTER_BITS_A_GRAM = 16, ENTRIES_A_BUCKET = 4, LEAST_BITS = 4 };

typedef struct keyed { /* what is sorted */
    uint64_t hash;
    uint32_t value;
} keyed;

typedef struct builder {
    const tm_leak_rules *rules;
    uint32_t kgram;
    tm_buf items, hashes, pairs, starts; /* tm_leak_item, uint64_t, uint32_t, uint64_t an item */
    keyed *list, *other;                 /* list: sorted */
    size_t count;
    uint32_t *own;              /* by item: its n-grams that are not common */
    tm_buf pair_ways;           /* keyed: the hash of a pair, and its way */
    tm_buf ways, way_hash;      /* tm_leak_way, uint64_t */
    tm_buf entries, entry_hash; /* tm_leak_entry, uint64_t */
} builder;

static tm_leak_item *items_of(const builder *b, size_t *count)
{
    *count = b->items.n / sizeof(tm_leak_item);
    return (tm_leak_item *)(void *)b->items.p;
}

static const uint64_t *hashes_of(const builder *b, size_t item)
{
    uint64_t start;
    memcpy(&start, b->starts.p + item * sizeof start, sizeof start);
    return (const uint64_t *)(const void *)b->hashes.p + start;
}

/* ---- items ----------------------------------------------------------------------------------- */

static tm_status read_items(builder *b, tm_group *facts, tm_err *err)
{
    tm_fact f;
    uint64_t start = 0, grams = 0;
    while (facts->next(facts, &f)) {
        tm_leak_fact head;
        TM_ASSERT(f.data.n >= sizeof head);
        memcpy(&head, f.data.p, sizeof head);
        tm_leak_item item = {.rid = f.rid,
                             .first = (uint32_t)grams,
                             .terms = head.terms,
                             .reference = head.reference,
                             .is_short = head.is_short};
        item.grams = head.is_short ? 1 : head.terms - b->rules->ngram + 1;
        item.counted = item.grams;
        grams += item.grams;
        if (grams > UINT32_MAX)
            return tm_fail(err, TM_ELIMIT, "the references hold more than 4,294,967,295 n-grams");
        tm_buf_add(&b->items, &item, sizeof item);
        tm_buf_add(&b->starts, &start, sizeof start);
        tm_buf_add(&b->pairs, &head.pair, sizeof head.pair);
        tm_buf_add(&b->hashes, f.data.p + sizeof head, f.data.n - sizeof head);
        start += head.terms;
    }
    TM_TRY(tm_buf_ok(&b->items, err));
    TM_TRY(tm_buf_ok(&b->starts, err));
    TM_TRY(tm_buf_ok(&b->pairs, err));
    return tm_buf_ok(&b->hashes, err);
}

static bool make_lists(builder *b, size_t count)
{
    tm_free(b->list);
    tm_free(b->other);
    b->list = tm_alloc((count + 1) * sizeof *b->list);
    b->other = tm_alloc((count + 1) * sizeof *b->other);
    b->count = 0;
    return b->list && b->other;
}

/* By hash; equal ones stay in order. One count of all eight bytes, then a pass for each. */
static void sort_list(builder *b)
{
    size_t(*at)[256], places[8][256] = {{0}};
    at = places;
    for (size_t i = 0; i < b->count; i++)
        for (unsigned byte = 0; byte < 8; byte++) at[byte][b->list[i].hash >> 8 * byte & 255]++;
    for (unsigned byte = 0; byte < 8; byte++) {
        size_t sum = 0;
        for (unsigned v = 0; v < 256; v++) {
            size_t here = at[byte][v];
            at[byte][v] = sum;
            sum += here;
        }
        for (size_t i = 0; i < b->count; i++)
            b->other[at[byte][b->list[i].hash >> 8 * byte & 255]++] = b->list[i];
        keyed *swap = b->list;
        b->list = b->other;
        b->other = swap;
    }
}

static bool equal_items(const builder *b, const tm_leak_item *item, size_t x, size_t y)
{
    return item[x].terms == item[y].terms &&
           memcmp(hashes_of(b, x), hashes_of(b, y), item[x].terms * sizeof(uint64_t)) == 0;
}

/* Of equal items all but the first lose their n-grams. */
static tm_status join_equal(builder *b, tm_err *err)
{
    size_t items;
    tm_leak_item *item = items_of(b, &items);
    if (!make_lists(b, items)) return tm_fail_memory(err, "the items", items * sizeof(keyed));
    for (size_t i = 0; i < items; i++) {
        uint64_t hash = tm_hash64(hashes_of(b, i), item[i].terms * sizeof hash, 0);
        b->list[b->count++] = (keyed){hash, (uint32_t)i};
    }
    sort_list(b);
    for (size_t i = 0; i < b->count; i++) {
        size_t first = b->list[i].value;
        if (!item[first].counted) continue;
        for (size_t k = i + 1; k < b->count && b->list[k].hash == b->list[i].hash; k++)
            if (equal_items(b, item, first, b->list[k].value)) item[b->list[k].value].counted = 0;
    }
    return TM_OK;
}

/* ---- n-grams --------------------------------------------------------------------------------- */

static void add_way(builder *b, size_t i, const tm_leak_item *item)
{
    uint32_t pair;
    const uint64_t *hash = hashes_of(b, i);
    memcpy(&pair, b->pairs.p + i * sizeof pair, sizeof pair);
    keyed way = {tm_leak_pair(hash[pair], hash[pair + 1]), pair << 16 | item->terms};
    tm_buf_add(&b->pair_ways, &way, sizeof way);
}

/* All n-grams of all items, sorted. */
static tm_status hash_grams(builder *b, tm_err *err)
{
    size_t items, grams = 0;
    tm_buf work = {0};
    const tm_leak_item *item = items_of(b, &items);
    for (size_t i = 0; i < items; i++) grams += item[i].counted;
    if (!make_lists(b, grams)) return tm_fail_memory(err, "the n-grams", grams * sizeof(keyed));
    for (size_t i = 0; i < items; i++) {
        const uint64_t *hash = hashes_of(b, i);
        if (!item[i].counted) continue;
        if (item[i].is_short) {
            uint64_t whole = tm_leak_whole(tm_leak_run(hash, item[i].terms), item[i].terms);
            b->list[b->count++] = (keyed){whole, item[i].first};
            add_way(b, i, &item[i]);
            continue;
        }
        tm_buf_clear(&work);
        if (!tm_buf_grow(&work, item[i].grams * sizeof(uint64_t))) break;
        uint64_t *gram = (uint64_t *)(void *)work.p;
        tm_ngram_hashes(hash, item[i].terms, b->rules->ngram, gram);
        for (uint32_t g = 0; g < item[i].grams; g++)
            b->list[b->count++] = (keyed){gram[g], item[i].first + g};
    }
    tm_status status = tm_buf_ok(&work, err);
    tm_buf_release(&work);
    if (status == TM_OK) status = tm_buf_ok(&b->pair_ways, err);
    sort_list(b);
    return status;
}

static uint32_t item_at(const tm_leak_item *item, size_t items, uint32_t gram)
{
    tm_leak_table t = {.head.items = (uint32_t)items, .item = item};
    return (uint32_t)(tm_leak_item_of(&t, gram) - item);
}

/* Of equal n-grams of one item only the first is left: its share counts different ones. */
static void join_repeats(builder *b)
{
    size_t items, kept = 0;
    uint32_t owner = TM_NONE;
    tm_leak_item *item = items_of(b, &items);
    for (size_t i = 0; i < b->count; i++) {
        uint32_t now = item_at(item, items, b->list[i].value);
        bool repeats = kept && b->list[kept - 1].hash == b->list[i].hash && now == owner;
        owner = now;
        if (repeats)
            item[now].counted--;
        else
            b->list[kept++] = b->list[i];
    }
    b->count = kept;
}

/* The end of the run of equal n-grams that begins at i: as many items have it. */
static size_t run_of(const builder *b, size_t i)
{
    size_t end = i + 1;
    while (end < b->count && b->list[end].hash == b->list[i].hash) end++;
    return end;
}

/* How many n-grams of each item are not common. */
static tm_status count_own(builder *b, tm_err *err)
{
    size_t items;
    const tm_leak_item *item = items_of(b, &items);
    b->own = tm_alloc((items + 1) * sizeof *b->own);
    if (!b->own) return tm_fail_memory(err, "the items", items * sizeof *b->own);
    for (size_t i = 0; i < items; i++) b->own[i] = item[i].counted;
    for (size_t i = 0, end; i < b->count; i = end) {
        end = run_of(b, i);
        for (size_t k = i; end - i > b->rules->common && k < end; k++)
            b->own[item_at(item, items, b->list[k].value)]--;
    }
    return TM_OK;
}

static void choose_entries(builder *b)
{
    size_t items;
    tm_leak_item *item = items_of(b, &items);
    for (size_t i = 0, end; i < b->count; i = end) {
        uint32_t given = 0;
        end = run_of(b, i);
        for (size_t k = i; k < end; k++) {
            const keyed *e = &b->list[k];
            bool common = end - i > b->rules->common;
            if (common && b->own[item_at(item, items, e->value)]) continue;
            if (common && given++ == b->rules->common) break;
            tm_leak_entry entry = {(uint32_t)e->hash, e->value};
            tm_buf_add(&b->entries, &entry, sizeof entry);
            tm_buf_add(&b->entry_hash, &e->hash, sizeof e->hash);
        }
    }
    for (size_t i = 0; i < items; i++) /* others are found by what is common */
        if (b->own[i]) item[i].counted = b->own[i];
}

/* ---- the bytes ------------------------------------------------------------------------------- */

static uint32_t bits_for(size_t cells)
{
    uint32_t bits = LEAST_BITS;
    while (((size_t)1 << bits) < cells) bits++;
    return bits;
}

static char *section(tm_buf *told, size_t bytes) /* zeroed; NULL: no memory */
{
    if (!tm_buf_grow(told, bytes)) return NULL;
    char *p = told->p + told->n;
    memset(p, 0, bytes);
    told->n += bytes;
    return p;
}

static void fill_filter(const builder *b, uint64_t *filter, uint32_t bits)
{
    size_t items;
    const tm_leak_item *item = items_of(b, &items);
    for (size_t i = 0; i < items; i++) {
        const uint64_t *hash = hashes_of(b, i);
        for (uint32_t at = 0; !item[i].is_short && at + b->kgram <= item[i].terms; at++) {
            uint64_t k = tm_leak_run(hash + at, b->kgram);
            filter[tm_leak_word(k, bits)] |= tm_leak_mask(k);
        }
    }
}

static bool is_there(const builder *b, size_t first, const tm_leak_way *way)
{
    tm_leak_way other;
    for (size_t at = first; at < b->ways.n; at += sizeof other) {
        memcpy(&other, b->ways.p + at, sizeof other);
        if (other.offset == way->offset && other.terms == way->terms) return true;
    }
    return false;
}

/* The ways of all short items, sorted by the hash of their pair, each once. */
static tm_status sort_ways(builder *b, tm_err *err)
{
    size_t count = b->pair_ways.n / sizeof(keyed), first = 0;
    if (!make_lists(b, count)) return tm_fail_memory(err, "short items", count * sizeof(keyed));
    if (count) memcpy(b->list, b->pair_ways.p, b->pair_ways.n);
    b->count = count;
    sort_list(b);
    for (size_t i = 0; i < count; i++) {
        const keyed *k = &b->list[i];
        tm_leak_way way = {(uint32_t)k->hash, (uint16_t)(k->value >> 16), (uint16_t)k->value};
        if (i && k->hash != b->list[i - 1].hash) first = b->ways.n;
        if (is_there(b, first, &way)) continue;
        tm_buf_add(&b->ways, &way, sizeof way);
        tm_buf_add(&b->way_hash, &k->hash, sizeof k->hash);
    }
    TM_TRY(tm_buf_ok(&b->ways, err));
    return tm_buf_ok(&b->way_hash, err);
}

static const uint64_t *words(const tm_buf *b)
{
    return (const uint64_t *)(const void *)b->p;
}

static tm_leak_head head_of(const builder *b)
{
    size_t entries = b->entries.n / sizeof(tm_leak_entry), ways = b->ways.n / sizeof(tm_leak_way);
    return (tm_leak_head){.ngram = b->rules->ngram,
                          .kgram = b->kgram,
                          .items = (uint32_t)(b->items.n / sizeof(tm_leak_item)),
                          .entries = (uint32_t)entries,
                          .ways = (uint32_t)ways,
                          .filter_bits = bits_for(entries * FILTER_BITS_A_GRAM / 64),
                          .short_bits = bits_for(ways * FILTER_BITS_A_GRAM / 64),
                          .bucket_bits = bits_for(entries / ENTRIES_A_BUCKET),
                          .way_bits = bits_for(ways / ENTRIES_A_BUCKET)};
}

static void add_buckets(tm_buf *told, uint32_t bits, const tm_buf *hash)
{
    size_t bytes = (((size_t)1 << bits) + 1) * sizeof(uint32_t), at = 0;
    size_t count = hash->n / sizeof(uint64_t);
    char *p = section(told, bytes);
    if (!p) return;
    uint32_t *bucket = (uint32_t *)(void *)p;
    for (size_t b = 0; b < (size_t)1 << bits; b++) {
        bucket[b] = (uint32_t)at;
        while (at < count && tm_leak_word(words(hash)[at], bits) == b) at++;
    }
    bucket[(size_t)1 << bits] = (uint32_t)at;
}

static tm_status lay_out(builder *b, tm_buf *told, tm_err *err)
{
    tm_leak_head head = head_of(b);
    tm_buf_add(told, &head, sizeof head);
    char *filter = section(told, sizeof(uint64_t) << head.filter_bits);
    if (filter) fill_filter(b, (uint64_t *)(void *)filter, head.filter_bits);
    char *shorts = section(told, sizeof(uint64_t) << head.short_bits);
    for (size_t i = 0; shorts && i < head.ways; i++) {
        uint64_t pair = words(&b->way_hash)[i];
        ((uint64_t *)(void *)shorts)[tm_leak_word(pair, head.short_bits)] |= tm_leak_bit(pair);
    }
    tm_buf_str(told, tm_buf_view(&b->items));
    tm_buf_str(told, tm_buf_view(&b->entries));
    tm_buf_str(told, tm_buf_view(&b->ways));
    add_buckets(told, head.bucket_bits, &b->entry_hash);
    add_buckets(told, head.way_bits, &b->way_hash);
    return tm_buf_ok(told, err);
}

static tm_status build(builder *b, tm_group *facts, tm_buf *told, tm_err *err)
{
    TM_TRY(read_items(b, facts, err));
    TM_TRY(join_equal(b, err));
    TM_TRY(hash_grams(b, err));
    join_repeats(b);
    TM_TRY(count_own(b, err));
    choose_entries(b);
    TM_TRY(tm_buf_ok(&b->entries, err));
    TM_TRY(tm_buf_ok(&b->entry_hash, err));
    TM_TRY(sort_ways(b, err));
    return lay_out(b, told, err);
}

tm_status tm_leak_build(const tm_leak_rules *rules, tm_group *facts, tm_buf *told, tm_err *err)
{
    builder b = {.rules = rules, .kgram = rules->ngram / 2 + 1};
    tm_status status = build(&b, facts, told, err);
    tm_buf *bufs[] = {&b.items, &b.hashes,   &b.pairs,   &b.starts,    &b.pair_ways,
                      &b.ways,  &b.way_hash, &b.entries, &b.entry_hash};
    for (size_t i = 0; i < TM_COUNT(bufs); i++) tm_buf_release(bufs[i]);
    tm_free(b.list);
    tm_free(b.other);
    tm_free(b.own);
    return status;
}
