/* External sort of facts: fill a buffer, sort it, spill it as a run, merge the runs.
 *
 * In memory the facts lie framed one behind another and an entry {prefix, where} stands for each.
 * The prefix is the first eight bytes of the key (of the order when all keys are empty), in big
 * endian, so a radix sort over it does nearly all the work when keys are hashes; runs of equal
 * prefixes are finished by comparison. Lean facts (lean.h) lie as numbers instead, on disk too; the
 * first fact that is not lean turns those in memory into frames. A spilled run is chunks of about
 * 64 KiB, each one zstd frame at level 1 (writes are the disk's limit, not the processor's). More
 * than MERGE_MAX runs are merged in between, so memory for merging stays bounded too.
 *
 * A fact that does not go well with others in memory, such as the text of a long record, is a run
 * of its own, and so are the facts of a chunk that holds one: of such runs fewer are merged at
 * once. */
#include "flow/sorter.h"

#include <stdlib.h>

#include "flow/lean.h"
#include "io/sink.h"

enum {
    MERGE_MAX = 32,
    MERGE_LEAST = 2,
    CHUNK_BYTES = 64 << 10,
    LONG_BYTES = 4 << 20,
    ENTRY_BYTES = 32,
    LEAN_FIRST = 1024
};
/* With its share of the room for sorting, which few of an exchange's sorters need at once. */
enum { LEAN_BYTES = sizeof(tm_lean) * 5 / 4 };
#define LEAN_CHUNK ((uint32_t)1 << 31) /* in a chunk's size: it holds lean facts */

typedef struct entry {
    uint64_t prefix, at;
} entry;

typedef struct sorted_run { /* a spill file being read back */
    char *path;
    int file;
    uint64_t bytes, at; /* of the file; read so far */
    uint64_t largest;   /* bytes of its largest chunk */
    tm_facts chunk;
    bool lean; /* what the chunk holds */
    tm_buf packed;
    size_t next;
    tm_fact now;
    char key[8];   /* of `now`, when lean */
    uint64_t lead; /* the first bytes of its key: decide most comparisons */
    bool more;
} sorted_run;

struct tm_sorter {
    tm_spill *spill;
    uint64_t budget, count;
    tm_facts facts;
    tm_lean *lean; /* either these or `facts` are in memory, never both */
    uint64_t leans, lean_room;
    char key[8];     /* of the lean fact handed out */
    bool pairs_only; /* facts whose key no other has are left out */
    entry *list;
    uint64_t entries, cursor;
    bool keyed; /* some fact has a key, so prefixes are of keys */
    sorted_run *run;
    uint32_t runs, run_room;
    uint32_t *heap; /* run indices, smallest fact first */
    uint32_t heaped;
    const tm_fact *one; /* that is written as a run of its own */
    bool pull_top;      /* the top run's fact was handed out: advance it first */
    tm_packer *packer;
};

static uint64_t prefix_of(const tm_fact *f, bool keyed)
{
    tm_str s = keyed ? f->key : f->order;
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) value = value << 8 | (i < s.n ? (uint8_t)s.p[i] : 0);
    return value;
}

static int fact_cmp(const tm_fact *a, const tm_fact *b)
{
    int c = tm_str_cmp(a->key, b->key);
    if (!c) c = tm_str_cmp(a->order, b->order);
    if (!c) c = tm_rid_cmp(a->rid, b->rid);
    if (!c) c = tm_str_cmp(a->data, b->data);
    return c;
}

static tm_fact fact_at(const tm_facts *facts, uint64_t at)
{
    tm_fact f;
    size_t where = (size_t)at;
    bool there = tm_facts_next(facts, &where, &f);
    TM_ASSERT(there);
    return f;
}

static int entry_cmp(const void *a, const void *b, void *facts)
{
    const entry *x = a, *y = b;
    tm_fact fx = fact_at(facts, x->at), fy = fact_at(facts, y->at);
    return fact_cmp(&fx, &fy);
}

tm_sorter *tm_sorter_new(tm_spill *spill, uint64_t budget_bytes)
{
    tm_sorter *s = tm_alloc_zero(1, sizeof *s);
    if (!s) return NULL;
    s->spill = spill;
    s->budget = budget_bytes;
    return s;
}

/* LSD radix sort by prefix, bytes that are all equal skipped; `spare` has room for n. */
static void radix_sort(entry *list, entry *spare, uint64_t n)
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

static tm_status sort_lean(tm_sorter *s, tm_err *err)
{
    tm_lean *spare = tm_alloc(s->leans * sizeof *spare);
    if (!spare) return tm_fail_memory(err, "sorting facts", s->leans * sizeof *spare);
    tm_lean_sort(s->lean, spare, s->leans);
    tm_free(spare);
    s->entries = s->leans;
    s->cursor = 0;
    return TM_OK;
}

static tm_status sort_in_memory(tm_sorter *s, tm_err *err)
{
    uint64_t n = s->facts.count;
    if (s->leans) return sort_lean(s, err);
    tm_free(s->list);
    s->list = tm_alloc((n + 1) * sizeof *s->list);
    entry *spare = tm_alloc((n + 1) * sizeof *spare);
    if (!s->list || !spare) {
        tm_free(spare);
        return tm_fail_memory(err, "sorting facts", n * sizeof *spare);
    }
    tm_fact f;
    size_t at = 0;
    for (uint64_t i = 0; i < n; i++) {
        size_t where = at;
        bool there = tm_facts_next(&s->facts, &at, &f);
        TM_ASSERT(there);
        s->list[i] = (entry){prefix_of(&f, s->keyed), where};
    }
    if (n > 1) radix_sort(s->list, spare, n);
    tm_free(spare);
    for (uint64_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && s->list[j].prefix == s->list[i].prefix;) j++;
        if (j - i > 1) qsort_r(s->list + i, j - i, sizeof *s->list, entry_cmp, &s->facts);
    }
    s->entries = n;
    s->cursor = 0;
    return TM_OK;
}

/* Room that a long fact took is given back. */
static void empty(tm_buf *b)
{
    if (b->room > LONG_BYTES) tm_buf_release(b);
    tm_buf_clear(b);
}

static tm_status write_chunk(tm_sorter *s, sorted_run *r, int file, tm_facts *chunk, tm_err *err)
{
    if (!chunk->bytes.n) return TM_OK;
    tm_buf_clear(&r->packed);
    uint32_t head[2] = {0, (uint32_t)chunk->bytes.n | (r->lean ? LEAN_CHUNK : 0)};
    tm_buf_add(&r->packed, head, sizeof head);
    if (r->lean) /* hashes and places: packing them costs more than the disk */
        tm_buf_str(&r->packed, tm_buf_view(&chunk->bytes));
    else
        TM_TRY(tm_pack(s->packer, TM_ZSTD, 1, tm_buf_view(&chunk->bytes), &r->packed, err));
    TM_TRY(tm_buf_ok(&r->packed, err));
    head[0] = (uint32_t)(r->packed.n - sizeof head);
    memcpy(r->packed.p, head, sizeof head);
    TM_TRY(tm_spill_take(s->spill, r->packed.n, err));
    r->bytes += r->packed.n;
    r->largest = TM_MAX(r->largest, (uint64_t)chunk->bytes.n);
    empty(&chunk->bytes);
    chunk->count = 0;
    tm_status status = tm_file_write(file, r->path, r->packed.p, r->packed.n, err);
    empty(&r->packed);
    return status;
}

/* A chunk holds lean facts or frames: the first of the other kind ends it. */
static tm_status chunk_add(tm_sorter *s, sorted_run *r, int file, tm_facts *chunk, const tm_fact *f,
                           tm_err *err)
{
    bool lean = tm_fact_is_lean(f);
    if (lean != r->lean) TM_TRY(write_chunk(s, r, file, chunk, err));
    r->lean = lean;
    if (!lean) return tm_facts_add(chunk, f, err);
    tm_lean one = tm_lean_of(f);
    tm_buf_add(&chunk->bytes, &one, sizeof one);
    return tm_buf_ok(&chunk->bytes, err);
}

/* Where sorted facts come from while a run is written: memory, or a merge of older runs. */
typedef tm_status (*take)(tm_sorter *s, tm_fact *out, bool *more, tm_err *err);

static tm_status write_run(tm_sorter *s, sorted_run *r, take next, tm_err *err)
{
    char path[4096];
    int file;
    if (!s->packer && !(s->packer = tm_packer_new())) return tm_fail_memory(err, "spilling", 0);
    TM_TRY(tm_spill_create(s->spill, path, &file, err));
    size_t length = strlen(path) + 1;
    tm_facts chunk = {0};
    tm_status status = TM_OK;
    if (!(r->path = tm_alloc(length))) status = tm_fail_memory(err, "spilling", length);
    if (status == TM_OK) memcpy(r->path, path, length);
    tm_fact f;
    bool more = status == TM_OK;
    while (status == TM_OK && more) {
        status = next(s, &f, &more, err);
        if (status == TM_OK && more) status = chunk_add(s, r, file, &chunk, &f, err);
        if (status == TM_OK && (chunk.bytes.n >= CHUNK_BYTES || !more))
            status = write_chunk(s, r, file, &chunk, err);
    }
    tm_buf_release(&chunk.bytes);
    tm_buf_release(&r->packed); /* a run on disk holds no memory until it is read back */
    tm_status closed = tm_file_close(file, path, status == TM_OK ? err : NULL);
    if (status == TM_OK) status = closed;
    if (status != TM_OK && !r->path) tm_spill_drop(s->spill, path, 0);
    return status;
}

/* Moves the cursor to the next lean fact whose neighbour has its key. */
static void skip_single(tm_sorter *s)
{
    uint64_t i = s->cursor, n = s->entries;
    const tm_lean *l = s->lean;
    if (i && i < n && l[i - 1].key == l[i].key) return;
    while (i < n && (i + 1 == n || l[i + 1].key != l[i].key)) i++;
    s->cursor = i;
}

static tm_status from_memory(tm_sorter *s, tm_fact *out, bool *more, tm_err *err)
{
    TM_UNUSED(err);
    if (s->leans && s->pairs_only) skip_single(s);
    *more = s->cursor < s->entries;
    if (!*more) return TM_OK;
    uint64_t at = s->cursor++;
    *out = s->leans ? tm_lean_fact(&s->lean[at], s->key) : fact_at(&s->facts, s->list[at].at);
    return TM_OK;
}

static tm_status load_chunk(sorted_run *r, uint32_t packed, uint32_t bytes, tm_err *err)
{
    tm_buf *to = r->lean ? &r->chunk.bytes : &r->packed;
    empty(&r->chunk.bytes);
    if (!tm_buf_grow(to, packed)) return tm_fail_memory(err, "merging", packed);
    TM_TRY(tm_file_read_at(r->file, r->path, to->p, packed, r->at + 2 * sizeof packed, err));
    to->n = packed;
    if (r->lean) return TM_OK;
    if (!tm_buf_grow(&r->chunk.bytes, (size_t)bytes + TM_UNPACK_MORE))
        return tm_fail_memory(err, "merging", bytes);
    TM_TRY(tm_unpack(TM_ZSTD, tm_buf_view(&r->packed), bytes, &r->chunk.bytes, err));
    empty(&r->packed);
    return TM_OK;
}

static tm_status run_advance(sorted_run *r, tm_err *err)
{
    if (r->next >= r->chunk.bytes.n) {
        uint32_t head[2];
        r->more = r->at < r->bytes;
        if (!r->more) return TM_OK;
        TM_TRY(tm_file_read_at(r->file, r->path, head, sizeof head, r->at, err));
        r->lean = head[1] & LEAN_CHUNK;
        head[1] &= ~LEAN_CHUNK;
        TM_TRY(load_chunk(r, head[0], head[1], err));
        r->at += sizeof head + head[0];
        r->next = 0;
    }
    if (!r->lean) {
        r->more = tm_facts_next(&r->chunk, &r->next, &r->now);
        r->lead = prefix_of(&r->now, true);
        return TM_OK;
    }
    tm_lean one;
    memcpy(&one, r->chunk.bytes.p + r->next, sizeof one);
    r->now = tm_lean_fact(&one, r->key);
    r->lead = one.key;
    r->next += sizeof one;
    return TM_OK;
}

static bool comes_before(const sorted_run *a, const sorted_run *b)
{
    if (a->lead != b->lead) return a->lead < b->lead;
    return fact_cmp(&a->now, &b->now) < 0;
}

static void heap_down(tm_sorter *s, uint32_t at)
{
    for (;;) {
        uint32_t least = at, left = 2 * at + 1, right = left + 1;
        sorted_run *r = s->run;
        if (left < s->heaped && comes_before(&r[s->heap[left]], &r[s->heap[least]])) least = left;
        if (right < s->heaped && comes_before(&r[s->heap[right]], &r[s->heap[least]]))
            least = right;
        if (least == at) return;
        uint32_t swap = s->heap[at];
        s->heap[at] = s->heap[least];
        s->heap[least] = swap;
        at = least;
    }
}

static tm_status from_runs(tm_sorter *s, tm_fact *out, bool *more, tm_err *err)
{
    if (s->pull_top) {
        sorted_run *top = &s->run[s->heap[0]];
        TM_TRY(run_advance(top, err));
        if (!top->more) s->heap[0] = s->heap[--s->heaped];
        heap_down(s, 0);
    }
    *more = s->heaped > 0;
    s->pull_top = *more;
    if (*more) *out = s->run[s->heap[0]].now;
    return TM_OK;
}

static tm_status open_runs(tm_sorter *s, uint32_t count, tm_err *err)
{
    tm_free(s->heap);
    s->heap = tm_alloc_zero(count, sizeof *s->heap);
    if (!s->heap) return tm_fail_memory(err, "merging", count * sizeof *s->heap);
    s->heaped = 0;
    s->pull_top = false;
    for (uint32_t i = 0; i < count; i++) {
        sorted_run *r = &s->run[i];
        TM_TRY(tm_file_open(r->path, &r->file, err));
        TM_TRY(run_advance(r, err));
        if (r->more) s->heap[s->heaped++] = i;
    }
    for (uint32_t i = s->heaped / 2; i-- > 0;) heap_down(s, i);
    return TM_OK;
}

static void run_release(tm_sorter *s, sorted_run *r)
{
    if (r->file >= 0) (void)tm_file_close(r->file, r->path, NULL);
    if (r->path) tm_spill_drop(s->spill, r->path, r->bytes);
    tm_free(r->path);
    tm_buf_release(&r->chunk.bytes);
    tm_buf_release(&r->packed);
}

static tm_status new_run(tm_sorter *s, sorted_run **out, tm_err *err)
{
    if (s->runs == s->run_room) {
        uint32_t room = s->run_room ? s->run_room * 2 : 8;
        sorted_run *grown = tm_realloc(s->run, room * sizeof *grown);
        if (!grown) return tm_fail_memory(err, "spilling", room * sizeof *grown);
        s->run = grown;
        s->run_room = room;
    }
    *out = &s->run[s->runs++];
    **out = (sorted_run){.file = -1};
    return TM_OK;
}

static tm_status spill_memory(tm_sorter *s, tm_err *err)
{
    TM_TRY(sort_in_memory(s, err));
    sorted_run *r;
    TM_TRY(new_run(s, &r, err));
    TM_TRY(write_run(s, r, from_memory, err));
    tm_buf_clear(&s->facts.bytes);
    s->facts.count = s->leans = 0;
    tm_free(s->list);
    s->list = NULL;
    s->entries = 0;
    return TM_OK;
}

/* How many of the first runs may be merged at once: of each one chunk lies in memory. */
static uint32_t mergeable(const tm_sorter *s)
{
    uint64_t most = s->spill->merge_most, bytes = 0;
    uint32_t count = 0;
    while (count < s->runs && count < MERGE_MAX) {
        bytes += s->run[count].largest;
        if (most && bytes > most && count >= MERGE_LEAST) break;
        count++;
    }
    return count;
}

/* Merges the first runs into one new run at the end. */
static tm_status merge_some(tm_sorter *s, uint32_t count, tm_err *err)
{
    TM_TRY(open_runs(s, count, err));
    sorted_run *r;
    TM_TRY(new_run(s, &r, err));
    TM_TRY(write_run(s, r, from_runs, err));
    for (uint32_t i = 0; i < count; i++) run_release(s, &s->run[i]);
    s->runs -= count;
    memmove(s->run, s->run + count, s->runs * sizeof *s->run);
    return TM_OK;
}

static bool is_over(const tm_sorter *s)
{
    return s->leans * LEAN_BYTES > s->budget ||
           s->facts.bytes.n + s->facts.count * ENTRY_BYTES > s->budget;
}

tm_status tm_sorter_limit(tm_sorter *s, uint64_t budget_bytes, tm_err *err)
{
    s->budget = TM_MIN(s->budget, budget_bytes);
    if (!is_over(s)) return TM_OK;
    TM_TRY(spill_memory(s, err));
    tm_buf_release(&s->facts.bytes); /* the room it had is what is wanted back */
    tm_free(s->lean);
    s->lean = NULL;
    s->lean_room = 0;
    return TM_OK;
}

/* Lean facts in memory become frames. */
static tm_status fatten(tm_sorter *s, tm_err *err)
{
    for (uint64_t i = 0; i < s->leans; i++) {
        tm_fact f = tm_lean_fact(&s->lean[i], s->key);
        TM_TRY(tm_facts_add(&s->facts, &f, err));
    }
    s->leans = s->lean_room = 0;
    tm_free(s->lean);
    s->lean = NULL;
    return TM_OK;
}

/* Room for `more` lean facts, doubling. */
static tm_status lean_room(tm_sorter *s, uint64_t more, tm_err *err)
{
    uint64_t room = TM_MAX(s->lean_room, (uint64_t)LEAN_FIRST);
    while (room < s->leans + more) room *= 2;
    if (room == s->lean_room) return TM_OK;
    tm_lean *grown = tm_realloc(s->lean, room * sizeof *grown);
    if (!grown) return tm_fail_memory(err, "facts", room * sizeof *grown);
    s->lean = grown;
    s->lean_room = room;
    return TM_OK;
}

tm_status tm_sorter_add_lean(tm_sorter *s, const tm_lean *lean, size_t n, tm_err *err)
{
    char key[8];
    for (size_t i = 0; s->facts.count && i < n; i++) {
        tm_fact as_frame = tm_lean_fact(&lean[i], key);
        TM_TRY(tm_sorter_add(s, &as_frame, err));
    }
    if (s->facts.count) return TM_OK;
    uint64_t most = s->budget / LEAN_BYTES + 1; /* so many are over the budget */
    for (size_t some; n; lean += some, n -= some) {
        some = (size_t)TM_MIN((uint64_t)n, most - s->leans);
        TM_TRY(lean_room(s, some, err));
        memcpy(s->lean + s->leans, lean, some * sizeof *lean);
        s->leans += some;
        s->count += some;
        s->keyed = true;
        if (s->leans == most) TM_TRY(spill_memory(s, err));
    }
    return TM_OK;
}

/* The one fact that is a run. */
static tm_status from_one(tm_sorter *s, tm_fact *out, bool *more, tm_err *err)
{
    TM_UNUSED(err);
    *more = s->one != NULL;
    if (*more) *out = *s->one;
    s->one = NULL;
    return TM_OK;
}

static tm_status spill_one(tm_sorter *s, const tm_fact *fact, tm_err *err)
{
    sorted_run *r;
    TM_TRY(new_run(s, &r, err));
    s->one = fact;
    return write_run(s, r, from_one, err);
}

tm_status tm_sorter_add(tm_sorter *s, const tm_fact *fact, tm_err *err)
{
    if (!s->facts.count && tm_fact_is_lean(fact)) {
        tm_lean lean = tm_lean_of(fact);
        return tm_sorter_add_lean(s, &lean, 1, err);
    }
    uint64_t bytes = (uint64_t)fact->key.n + fact->order.n + fact->data.n;
    s->count++;
    s->keyed |= fact->key.n > 0;
    if (bytes > CHUNK_BYTES && bytes > s->budget / 2) return spill_one(s, fact, err);
    if (s->leans) TM_TRY(fatten(s, err));
    TM_TRY(tm_facts_add(&s->facts, fact, err));
    if (s->facts.bytes.n + s->facts.count * ENTRY_BYTES > s->budget) return spill_memory(s, err);
    return TM_OK;
}

tm_status tm_sorter_finish(tm_sorter *s, tm_err *err)
{
    if (!s->runs) return sort_in_memory(s, err);
    if (s->facts.count || s->leans) TM_TRY(spill_memory(s, err));
    tm_buf_release(&s->facts.bytes);
    s->facts = (tm_facts){0};
    tm_free(s->lean);
    s->lean = NULL;
    for (uint32_t count; (count = mergeable(s)) < s->runs;) TM_TRY(merge_some(s, count, err));
    return open_runs(s, s->runs, err);
}

tm_status tm_sorter_next(tm_sorter *s, tm_fact *out, bool *more, tm_err *err)
{
    return s->runs ? from_runs(s, out, more, err) : from_memory(s, out, more, err);
}

bool tm_sorter_is_long(const tm_sorter *s)
{
    bool is = false;
    for (uint32_t i = 0; i < s->runs; i++) is |= s->run[i].largest > LONG_BYTES;
    return is;
}

void tm_sorter_leave_out_single(tm_sorter *s)
{
    s->pairs_only = !s->runs;
}

uint64_t tm_sorter_count(const tm_sorter *s)
{
    return s->count;
}

void tm_sorter_free(tm_sorter *s)
{
    if (!s) return;
    for (uint32_t i = 0; i < s->runs; i++) run_release(s, &s->run[i]);
    tm_free(s->run);
    tm_free(s->heap);
    tm_free(s->list);
    tm_free(s->lean);
    tm_buf_release(&s->facts.bytes);
    tm_packer_free(s->packer);
    tm_free(s);
}
