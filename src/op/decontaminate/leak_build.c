/* Makes the table of items (leak_table.h) from their facts.
 *
 * Of items whose terms are all equal only the first has n-grams; the first of each other file hangs
 * on to it, for it is contamination of that benchmark, too. All n-grams are hashed, numbered in
 * item order and sorted by hash, then number; equal ones lie side by side and are counted. An
 * n-gram of more than `common` different items is the wording of a benchmark ("choose the correct
 * answer from the following options"), not an item: it is left out and does not count towards the
 * share either. Of items that would have none left, each such n-gram keeps the first `common`.
 *
 * Facts come in order, so the bytes are the same wherever and however often this runs. Memory: the
 * terms' hashes (8 bytes) and the n-grams (16 bytes, sorted in place) while it is made; the hashes
 * are given back before the table of some 11 bytes a term is laid out. What that will be is known
 * once the items are counted; when it is more than there is, they are counted to the end without
 * being kept, so that the smallest limit that would do can be named. */
#include "op/decontaminate/leak_sort.h"
#include "op/decontaminate/leak_table.h"
#include "text/terms.h"

enum { FILTER_BITS_A_GRAM = 16, FILTER_BITS_A_WAY = 32, ENTRIES_A_BUCKET = 4, LEAST_BITS = 4 };

enum { LOOK_BYTES = 1 << 20 }; /* of hashes, until the need is reckoned again */

typedef struct builder {
    const tm_leak_rules *rules;
    uint64_t terms, grams, shorts; /* of all items */
    uint64_t looked_at;            /* bytes of hashes when the need was reckoned last */
    bool over;                     /* more than there is: only counted from then on */
    uint64_t all_items;
    tm_leak_head head;
    tm_buf items, hashes, pairs, starts; /* tm_leak_item, uint64_t, uint32_t, uint64_t an item */
    tm_leak_keyed *list;                 /* all n-grams, sorted */
    size_t count;
    uint32_t *own; /* by item: its n-grams that are not common */
    uint64_t *filter;
    tm_buf counts;         /* tm_leak_count */
    tm_buf pair_ways;      /* tm_leak_keyed: the hash of a pair, and its way */
    tm_buf ways, way_hash; /* tm_leak_way, uint64_t */
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

/* ---- sizes ----------------------------------------------------------------------------------- */

static uint32_t bits_for(size_t cells)
{
    uint32_t bits = LEAST_BITS;
    while (((size_t)1 << bits) < cells) bits++;
    return bits;
}

static uint32_t filter_bits(size_t grams)
{
    return bits_for(grams * FILTER_BITS_A_GRAM / 64);
}

static uint32_t short_bits(size_t ways)
{
    return bits_for(ways * (size_t)FILTER_BITS_A_WAY / 64);
}

static uint32_t bucket_bits(size_t entries)
{
    return bits_for(entries / ENTRIES_A_BUCKET);
}

/* ---- items ----------------------------------------------------------------------------------- */

/* The most that making the table takes, at one of two moments: all n-grams listed, the hashes still
 * there; or the table laid out. */
static uint64_t memory_needed(const builder *b)
{
    uint64_t list = (b->grams + 1) * sizeof(tm_leak_keyed);
    uint64_t filter = (sizeof *b->filter << filter_bits(b->grams)),
             ways = b->shorts * sizeof(tm_leak_keyed);
    uint64_t heads = b->all_items * (sizeof(tm_leak_item) + sizeof(uint64_t) + sizeof(uint32_t));
    uint64_t both =
        heads + ways + TM_MAX(list + filter, (b->all_items + 1) * sizeof(tm_leak_keyed));
    uint64_t told = sizeof b->head + filter + (sizeof *b->filter << short_bits(b->shorts)) +
                    b->all_items * sizeof(tm_leak_item) + b->grams * sizeof(tm_leak_entry) +
                    b->shorts * sizeof(tm_leak_way) + (sizeof(uint32_t) << bucket_bits(b->grams)) +
                    (sizeof(uint32_t) << bucket_bits(b->shorts)) + 2 * sizeof(uint32_t);
    uint64_t more =
        b->all_items * sizeof *b->own + b->shorts * (sizeof(tm_leak_way) + sizeof(uint64_t)) + told;
    return both + TM_MAX(b->terms * sizeof(uint64_t), more);
}

static void forget_items(builder *b)
{
    tm_buf *bufs[] = {&b->items, &b->starts, &b->pairs, &b->hashes};
    for (size_t i = 0; i < TM_COUNT(bufs); i++) {
        tm_buf_release(bufs[i]);
        *bufs[i] = (tm_buf){0};
    }
}

static void keep_item(builder *b, const tm_leak_fact *head, const tm_leak_item *item, tm_str hashes)
{
    if (!b->over && b->terms * sizeof(uint64_t) - b->looked_at >= LOOK_BYTES) {
        b->looked_at = b->terms * sizeof(uint64_t);
        b->over = memory_needed(b) > b->rules->memory;
        if (b->over) forget_items(b);
    }
    if (b->over) return;
    tm_buf_add(&b->items, item, sizeof *item);
    tm_buf_add(&b->starts, &b->terms, sizeof b->terms);
    tm_buf_add(&b->pairs, &head->pair, sizeof head->pair);
    tm_buf_str(&b->hashes, hashes);
}

/* They come in the order of sources. */
static void add_counts(builder *b, tm_str data)
{
    tm_leak_count more, last = {.source = 0};
    TM_ASSERT(data.n == sizeof more);
    memcpy(&more, data.p, sizeof more);
    if (b->counts.n) memcpy(&last, b->counts.p + b->counts.n - sizeof last, sizeof last);
    if (b->counts.n && last.source == more.source) {
        for (unsigned i = 0; i < TM_LEAK_ITEM_COUNTS; i++) more.count[i] += last.count[i];
        b->counts.n -= sizeof last;
    }
    tm_buf_add(&b->counts, &more, sizeof more);
}

static tm_status read_items(builder *b, tm_group *facts, tm_err *err)
{
    tm_fact f;
    uint64_t source = 0;
    while (facts->next(facts, &f)) {
        tm_leak_fact head;
        b->head.files += TM_PLACE_SOURCE(f.rid.place) != source;
        source = TM_PLACE_SOURCE(f.rid.place);
        TM_ASSERT(f.data.n >= sizeof head);
        memcpy(&head, f.data.p, sizeof head);
        if (!head.terms) {
            add_counts(b, tm_str_slice(f.data, sizeof head, f.data.n));
            continue;
        }
        tm_leak_item item = {.rid = f.rid,
                             .first = (uint32_t)b->grams,
                             .terms = head.terms,
                             .reference = head.reference,
                             .is_short = head.is_short,
                             .file = b->head.files - 1,
                             .twin = TM_NONE};
        item.grams = head.is_short ? 1 : head.terms - b->rules->ngram + 1;
        item.counted = item.grams;
        keep_item(b, &head, &item, tm_str_slice(f.data, sizeof head, f.data.n));
        b->all_items++;
        b->shorts += head.is_short;
        b->terms += head.terms;
        b->grams += item.grams;
        if (b->grams > UINT32_MAX)
            return tm_fail(err, TM_ELIMIT, "the references hold more than 4,294,967,295 n-grams");
    }
    TM_TRY(tm_buf_ok(&b->counts, err));
    TM_TRY(tm_buf_ok(&b->items, err));
    TM_TRY(tm_buf_ok(&b->starts, err));
    TM_TRY(tm_buf_ok(&b->pairs, err));
    return tm_buf_ok(&b->hashes, err);
}

static tm_status check_memory(const builder *b, tm_err *err)
{
    uint64_t need = memory_needed(b), have = b->rules->memory, limit = b->rules->ceiling;
    if (need <= have) return TM_OK;
    return tm_fail(err, TM_ELIMIT,
                   "the table of the references, with %llu n-grams of %llu texts, needs --memory "
                   "%lluMiB at least, and the run has %lluMiB",
                   (unsigned long long)b->grams, (unsigned long long)b->all_items,
                   (unsigned long long)((limit + need - have + TM_MIB - 1) / TM_MIB),
                   (unsigned long long)(limit / TM_MIB));
}

static bool make_list(builder *b, size_t count)
{
    tm_free(b->list);
    b->list = tm_alloc((count + 1) * sizeof *b->list);
    b->count = 0;
    return b->list != NULL;
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
    if (!make_list(b, items)) return tm_fail_memory(err, "the items", items * sizeof *b->list);
    for (size_t i = 0; i < items; i++) {
        uint64_t hash = tm_hash64(hashes_of(b, i), item[i].terms * sizeof hash, 0);
        b->list[b->count++] = (tm_leak_keyed){hash, (uint32_t)i};
    }
    tm_leak_sort(b->list, b->count);
    for (size_t i = 0; i < b->count; i++) {
        uint32_t first = b->list[i].value, last = first;
        if (!item[first].counted) continue;
        for (size_t k = i + 1; k < b->count && b->list[k].hash == b->list[i].hash; k++) {
            uint32_t other = b->list[k].value;
            if (!equal_items(b, item, first, other)) continue;
            item[other].counted = 0;
            if (item[other].file == item[last].file) continue;
            item[last].twin = other;
            last = other;
        }
    }
    return TM_OK;
}

/* ---- n-grams --------------------------------------------------------------------------------- */

static void add_way(builder *b, size_t i, const tm_leak_item *item)
{
    uint32_t pair;
    const uint64_t *hash = hashes_of(b, i);
    memcpy(&pair, b->pairs.p + i * sizeof pair, sizeof pair);
    tm_leak_keyed way = {tm_leak_pair(hash[pair], hash[pair + 1]), pair << 16 | item->terms};
    tm_buf_add(&b->pair_ways, &way, sizeof way);
}

static void add_grams(builder *b, size_t i, const tm_leak_item *item)
{
    uint64_t gram[256];
    const uint64_t *hash = hashes_of(b, i);
    unsigned n = b->rules->ngram;
    for (uint32_t from = 0; from < item->grams; from += (uint32_t)TM_COUNT(gram)) {
        uint32_t count = TM_MIN(item->grams - from, (uint32_t)TM_COUNT(gram));
        tm_ngram_hashes(hash + from, count + n - 1, n, gram);
        for (uint32_t g = 0; g < count; g++)
            b->list[b->count++] = (tm_leak_keyed){gram[g], item->first + from + g};
    }
}

/* All n-grams of all items, sorted. */
static tm_status hash_grams(builder *b, tm_err *err)
{
    size_t items, grams = 0;
    const tm_leak_item *item = items_of(b, &items);
    for (size_t i = 0; i < items; i++) grams += item[i].counted;
    if (!make_list(b, grams)) return tm_fail_memory(err, "the n-grams", grams * sizeof *b->list);
    for (size_t i = 0; i < items; i++) {
        if (!item[i].counted) continue;
        if (!item[i].is_short) {
            add_grams(b, i, &item[i]);
            continue;
        }
        uint64_t run = tm_leak_run(hashes_of(b, i), item[i].terms);
        b->list[b->count++] = (tm_leak_keyed){tm_leak_whole(run, item[i].terms), item[i].first};
        add_way(b, i, &item[i]);
    }
    TM_TRY(tm_buf_ok(&b->pair_ways, err));
    return TM_OK;
}

/* The k-grams of all items; behind this, the hashes of terms are not needed any more. */
static tm_status fill_filter(builder *b, tm_err *err)
{
    size_t items;
    uint32_t bits = filter_bits(b->count), k = b->head.kgram;
    const tm_leak_item *item = items_of(b, &items);
    b->head.filter_bits = bits;
    b->filter = tm_alloc_zero((size_t)1 << bits, sizeof *b->filter);
    if (!b->filter) return tm_fail_memory(err, "a table", sizeof *b->filter << bits);
    for (size_t i = 0; i < items; i++) {
        const uint64_t *hash = hashes_of(b, i);
        for (uint32_t at = 0; !item[i].is_short && at + k <= item[i].terms; at++) {
            uint64_t gram = tm_leak_run(hash + at, k);
            b->filter[tm_leak_word(gram, bits)] |= tm_leak_mask(gram);
        }
    }
    tm_buf_release(&b->hashes);
    b->hashes = (tm_buf){0};
    return TM_OK;
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
    tm_leak_item *item = items_of(b, &items);
    for (size_t i = 0; i < b->count; i++) {
        const tm_leak_keyed *last = kept ? &b->list[kept - 1] : NULL, *now = &b->list[i];
        if (last && last->hash == now->hash) {
            uint32_t owner = item_at(item, items, now->value);
            if (owner == item_at(item, items, last->value)) {
                item[owner].counted--;
                continue;
            }
        }
        b->list[kept++] = *now;
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

/* Leaves what the table holds in the list. */
static void choose_entries(builder *b)
{
    size_t items, kept = 0;
    tm_leak_item *item = items_of(b, &items);
    for (size_t i = 0, end; i < b->count; i = end) {
        uint32_t given = 0;
        end = run_of(b, i);
        bool common = end - i > b->rules->common;
        for (size_t k = i; k < end; k++) {
            if (common && b->own[item_at(item, items, b->list[k].value)]) continue;
            if (common && given++ == b->rules->common) break;
            b->list[kept++] = b->list[k];
        }
    }
    b->count = kept;
    for (size_t i = 0; i < items; i++) /* others are found by what is common */
        if (b->own[i]) item[i].counted = b->own[i];
}

/* ---- short items ----------------------------------------------------------------------------- */

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
    size_t count = b->pair_ways.n / sizeof(tm_leak_keyed), first = 0;
    tm_leak_keyed *list = (tm_leak_keyed *)(void *)b->pair_ways.p;
    tm_leak_sort(list, count);
    for (size_t i = 0; i < count; i++) {
        const tm_leak_keyed *k = &list[i];
        tm_leak_way way = {(uint32_t)k->hash, (uint16_t)(k->value >> 16), (uint16_t)k->value};
        if (i && k->hash != list[i - 1].hash) first = b->ways.n;
        if (is_there(b, first, &way)) continue;
        tm_buf_add(&b->ways, &way, sizeof way);
        tm_buf_add(&b->way_hash, &k->hash, sizeof k->hash);
    }
    TM_TRY(tm_buf_ok(&b->ways, err));
    return tm_buf_ok(&b->way_hash, err);
}

/* ---- the bytes ------------------------------------------------------------------------------- */

static void *section(tm_buf *told, size_t bytes) /* zeroed; room was made */
{
    void *p = told->p + told->n;
    memset(p, 0, bytes);
    told->n += bytes;
    return p;
}

/* hash: of `count` sorted rows, `stride` bytes apart. */
static void add_buckets(tm_buf *told, uint32_t bits, const void *hash, size_t stride, size_t count)
{
    size_t at = 0;
    uint32_t *bucket = section(told, (((size_t)1 << bits) + 1) * sizeof *bucket);
    for (size_t b = 0; b < (size_t)1 << bits; b++) {
        bucket[b] = (uint32_t)at;
        for (uint64_t h; at < count; at++) {
            memcpy(&h, (const char *)hash + at * stride, sizeof h);
            if (tm_leak_word(h, bits) != b) break;
        }
    }
    bucket[(size_t)1 << bits] = (uint32_t)at;
}

static void complete_head(builder *b)
{
    tm_leak_head *h = &b->head;
    h->counts = (uint32_t)(b->counts.n / sizeof(tm_leak_count));
    h->items = (uint32_t)(b->items.n / sizeof(tm_leak_item));
    h->entries = (uint32_t)b->count;
    h->ways = (uint32_t)(b->ways.n / sizeof(tm_leak_way));
    h->short_bits = short_bits(h->ways);
    h->bucket_bits = bucket_bits(h->entries);
    h->way_bits = bucket_bits(h->ways);
}

static tm_status lay_out(builder *b, tm_buf *told, tm_err *err)
{
    complete_head(b);
    const tm_leak_head *h = &b->head;
    size_t filter = sizeof(uint64_t) << h->filter_bits, entries = b->count * sizeof(tm_leak_entry);
    size_t shorts = sizeof(uint64_t) << h->short_bits;
    size_t buckets = ((size_t)1 << h->bucket_bits) + ((size_t)1 << h->way_bits) + 2;
    size_t all = sizeof *h + b->counts.n + filter + shorts + b->items.n + entries + b->ways.n;
    if (!tm_buf_grow(told, all + buckets * sizeof(uint32_t)))
        return tm_fail_memory(err, "a table", all);
    tm_buf_add(told, h, sizeof *h);
    tm_buf_str(told, tm_buf_view(&b->counts));
    tm_buf_add(told, b->filter, filter);
    uint64_t *bits = section(told, shorts), pair;
    for (size_t i = 0; i < h->ways; i++) {
        memcpy(&pair, b->way_hash.p + i * sizeof pair, sizeof pair);
        bits[tm_leak_word(pair, h->short_bits)] |= tm_leak_mask(pair);
    }
    tm_buf_str(told, tm_buf_view(&b->items));
    tm_leak_entry *entry = section(told, entries);
    for (size_t i = 0; i < b->count; i++)
        entry[i] = (tm_leak_entry){(uint32_t)b->list[i].hash, b->list[i].value};
    tm_buf_str(told, tm_buf_view(&b->ways));
    add_buckets(told, h->bucket_bits, b->list, sizeof *b->list, b->count);
    add_buckets(told, h->way_bits, b->way_hash.p, sizeof pair, h->ways);
    return tm_buf_ok(told, err);
}

static tm_status build(builder *b, tm_group *facts, tm_buf *told, tm_err *err)
{
    TM_TRY(read_items(b, facts, err));
    TM_TRY(check_memory(b, err));
    TM_TRY(join_equal(b, err));
    TM_TRY(hash_grams(b, err));
    TM_TRY(fill_filter(b, err));
    tm_leak_sort(b->list, b->count);
    join_repeats(b);
    TM_TRY(count_own(b, err));
    choose_entries(b);
    TM_TRY(sort_ways(b, err));
    return lay_out(b, told, err);
}

tm_status tm_leak_build(const tm_leak_rules *rules, tm_group *facts, tm_buf *told, tm_err *err)
{
    builder b = {.rules = rules, .head = {.ngram = rules->ngram, .kgram = rules->ngram / 2 + 1}};
    tm_status status = build(&b, facts, told, err);
    tm_buf *bufs[] = {&b.items,     &b.hashes, &b.pairs,    &b.starts,
                      &b.pair_ways, &b.ways,   &b.way_hash, &b.counts};
    for (size_t i = 0; i < TM_COUNT(bufs); i++) tm_buf_release(bufs[i]);
    tm_free(b.list);
    tm_free(b.own);
    tm_free(b.filter);
    return status;
}
