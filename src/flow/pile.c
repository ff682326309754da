/* Frames stay where they were put and an entry {prefix, where} stands for each. The prefix is the
 * first eight bytes of the key (of the order when all keys are empty), in big endian, so a radix
 * sort over it does nearly all the work when keys are hashes; stretches of equal prefixes are
 * finished by comparison. Lean facts are dealt from their chunks into one array (lean.c). */
#include "flow/pile.h"

#include <stdlib.h>

enum { ENTRY_BYTES = 32 };
/* With its share of the room for sorting, which few of an exchange's sorters need at once. */
enum { LEAN_BYTES = sizeof(tm_lean) * 5 / 4 };

struct tm_pile_chunk {
    tm_pile_chunk *next;
    tm_facts facts; /* frames, or lean facts as they are; its room is fixed */
};

struct tm_pile_entry {
    uint64_t prefix;
    const char *frame;
};

uint64_t tm_fact_prefix(const tm_fact *f, bool by_order)
{
    tm_str s = by_order ? f->order : f->key;
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) value = value << 8 | (i < s.n ? (uint8_t)s.p[i] : 0);
    return value;
}

int tm_fact_cmp(const tm_fact *a, const tm_fact *b)
{
    int c = tm_str_cmp(a->key, b->key);
    if (!c) c = tm_str_cmp(a->order, b->order);
    if (!c) c = tm_rid_cmp(a->rid, b->rid);
    if (!c) c = tm_str_cmp(a->data, b->data);
    return c;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static void free_chunks(tm_pile_chunk *c)
{
    for (tm_pile_chunk *next; c; c = next) {
        next = c->next;
        tm_buf_release(&c->facts.bytes);
        tm_free(c);
    }
}

/* A chunk with room for `bytes` more. What is left of the one before counts as taken. */
static tm_status make_room(tm_pile *p, size_t bytes, tm_err *err)
{
    tm_pile_chunk *last = p->last;
    if (last && last->facts.bytes.room - last->facts.bytes.n >= bytes) return TM_OK;
    if (last) p->bytes += last->facts.bytes.room - last->facts.bytes.n;
    tm_pile_chunk *c = tm_alloc_zero(1, sizeof *c);
    size_t room = TM_MAX(bytes, (size_t)p->chunk_bytes);
    if (!c || !tm_buf_grow(&c->facts.bytes, room)) {
        tm_free(c);
        return tm_fail_memory(err, "facts", room);
    }
    if (last)
        last->next = c;
    else
        p->first = c;
    p->last = c;
    return TM_OK;
}

static size_t frame_bytes(const tm_fact *f)
{
    return TM_FACT_HEAD + f->key.n + f->order.n + f->data.n;
}

static tm_status add_frame(tm_pile *p, const tm_fact *fact, tm_err *err)
{
    TM_TRY(make_room(p, frame_bytes(fact), err));
    TM_TRY(tm_facts_add(&p->last->facts, fact, err));
    p->bytes += frame_bytes(fact);
    p->by_order = p->by_order && !fact->key.n;
    p->count++;
    return TM_OK;
}

/* Lean facts that are there become frames. */
static tm_status fatten(tm_pile *p, tm_err *err)
{
    tm_pile_chunk *old = p->first;
    tm_status status = TM_OK;
    *p = (tm_pile){.chunk_bytes = p->chunk_bytes};
    for (tm_pile_chunk *c = old; c; c = c->next) {
        tm_str bytes = tm_buf_view(&c->facts.bytes);
        for (size_t at = 0; status == TM_OK && at < bytes.n; at += sizeof(tm_lean)) {
            tm_lean one;
            char key[8];
            memcpy(&one, bytes.p + at, sizeof one);
            tm_fact f = tm_lean_fact(&one, key);
            status = add_frame(p, &f, err);
        }
    }
    free_chunks(old);
    return status;
}

tm_status tm_pile_add(tm_pile *p, const tm_fact *fact, tm_err *err)
{
    if (p->lean) TM_TRY(fatten(p, err));
    if (!p->count) p->by_order = true;
    return add_frame(p, fact, err);
}

tm_status tm_pile_add_lean(tm_pile *p, const tm_lean *lean, size_t n, tm_err *err)
{
    TM_ASSERT(p->lean || !p->count);
    p->lean = true;
    while (n) {
        TM_TRY(make_room(p, sizeof *lean, err));
        tm_buf *to = &p->last->facts.bytes;
        size_t some = TM_MIN(n, (to->room - to->n) / sizeof *lean);
        tm_buf_add(to, lean, some * sizeof *lean);
        p->count += some;
        lean += some;
        n -= some;
    }
    return TM_OK;
}

uint64_t tm_pile_lean_room(const tm_pile *p, uint64_t most)
{
    return most / LEAN_BYTES + 1 - p->count;
}

uint64_t tm_pile_bytes(const tm_pile *p)
{
    return p->lean ? p->count * LEAN_BYTES : p->bytes + p->count * ENTRY_BYTES;
}

void tm_pile_clear(tm_pile *p)
{
    free_chunks(p->first);
    tm_free(p->list);
    tm_free(p->entry);
    *p = (tm_pile){.chunk_bytes = p->chunk_bytes};
}

/* ---- sorting --------------------------------------------------------------------------------- */

static tm_fact fact_of(const char *frame)
{
    tm_fact f;
    tm_fact_read(frame, &f);
    return f;
}

static int entry_cmp(const void *a, const void *b)
{
    const tm_pile_entry *x = a, *y = b;
    tm_fact fx = fact_of(x->frame), fy = fact_of(y->frame);
    return tm_fact_cmp(&fx, &fy);
}

/* LSD radix sort by prefix, bytes that are all equal skipped; `spare` has room for n. */
static void radix_sort(tm_pile_entry *list, tm_pile_entry *spare, uint64_t n)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint64_t count[256] = {0};
        for (uint64_t i = 0; i < n; i++) count[list[i].prefix >> shift & 255]++;
        if (count[list[0].prefix >> shift & 255] == n) continue;
        uint64_t sum = 0;
        for (unsigned v = 0; v < 256; v++) {
            uint64_t c = count[v];
            count[v] = sum;
            sum += c;
        }
        for (uint64_t i = 0; i < n; i++) spare[count[list[i].prefix >> shift & 255]++] = list[i];
        memcpy(list, spare, n * sizeof *list);
    }
}

static void list_frames(tm_pile *p)
{
    tm_fact f;
    uint64_t i = 0;
    for (tm_pile_chunk *c = p->first; c; c = c->next)
        for (size_t at = 0, from = 0; tm_facts_next(&c->facts, &at, &f); from = at)
            p->entry[i++] =
                (tm_pile_entry){tm_fact_prefix(&f, p->by_order), c->facts.bytes.p + from};
    TM_ASSERT(i == p->count);
}

static tm_status sort_frames(tm_pile *p, tm_err *err)
{
    uint64_t n = p->count;
    p->entry = tm_alloc((n + 1) * sizeof *p->entry);
    tm_pile_entry *spare = tm_alloc((n + 1) * sizeof *spare);
    if (!p->entry || !spare) {
        tm_free(spare);
        return tm_fail_memory(err, "sorting facts", n * sizeof *spare);
    }
    list_frames(p);
    if (n > 1) radix_sort(p->entry, spare, n);
    tm_free(spare);
    for (uint64_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && p->entry[j].prefix == p->entry[i].prefix;) j++;
        if (j - i > 1) qsort(p->entry + i, j - i, sizeof *p->entry, entry_cmp);
    }
    return TM_OK;
}

static tm_status sort_leans(tm_pile *p, tm_err *err)
{
    tm_lean_deal deal;
    size_t spares = tm_lean_spare(p->count);
    p->list = tm_alloc((p->count + 1) * sizeof *p->list);
    tm_lean *spare = tm_alloc(spares * sizeof *spare);
    if (!p->list || !spare) {
        tm_free(spare);
        return tm_fail_memory(err, "sorting facts", p->count * sizeof *spare);
    }
    tm_alloc_for_leaps(p->list, p->count * sizeof *p->list);
    tm_lean_deal_begin(&deal, p->count);
    for (tm_pile_chunk *c = p->first; c; c = c->next)
        tm_lean_deal_count(&deal, tm_buf_view(&c->facts.bytes));
    tm_lean_deal_place(&deal);
    for (tm_pile_chunk *c = p->first; c; c = c->next)
        tm_lean_deal_out(&deal, tm_buf_view(&c->facts.bytes), p->list);
    tm_lean_deal_end(&deal, p->list, spare);
    tm_free(spare);
    free_chunks(p->first);
    p->first = p->last = NULL;
    return TM_OK;
}

tm_status tm_pile_sort(tm_pile *p, tm_err *err)
{
    TM_TRY(p->lean ? sort_leans(p, err) : sort_frames(p, err));
    p->sorted = p->count;
    p->cursor = 0;
    return TM_OK;
}

/* Moves the cursor to the next lean fact whose neighbour has its key. */
static void skip_single(tm_pile *p)
{
    uint64_t i = p->cursor, n = p->sorted;
    const tm_lean *l = p->list;
    if (i && i < n && l[i - 1].key == l[i].key) return;
    while (i < n && (i + 1 == n || l[i + 1].key != l[i].key)) i++;
    p->cursor = i;
}

bool tm_pile_next(tm_pile *p, bool pairs_only, tm_fact *out)
{
    if (p->lean && pairs_only) skip_single(p);
    if (p->cursor >= p->sorted) return false;
    uint64_t at = p->cursor++;
    *out = p->lean ? tm_lean_fact(&p->list[at], p->key) : fact_of(p->entry[at].frame);
    return true;
}
