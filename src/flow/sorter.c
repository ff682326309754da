/* External sort of facts: fill a buffer, sort it, spill it as a run, merge the runs.
 *
 * The buffer is a pile (pile.h). A spilled run is chunks of about 64 KiB: lean facts as they are,
 * frames as one zstd frame at level 1 (writes are the disk's limit, not the processor's). More
 * than MERGE_MAX runs are merged in between, so memory for merging stays bounded too. Lean facts
 * that are in memory at the end stay there, as one more run.
 *
 * A fact that does not go well with others in memory, such as the text of a long record, is a run
 * of its own, and so are the facts of a chunk that holds one: of such runs fewer are merged at
 * once. */
#include "flow/sorter.h"

#include "flow/pile.h"
#include "io/sink.h"

enum {
    MERGE_MAX = 32,
    MERGE_LEAST = 2,
    CHUNK_BYTES = 64 << 10,
    LONG_BYTES = 4 << 20,
    PILE_LEAST = 4 << 10,
    PILE_SHARE = 16
};
#define LEAN_CHUNK ((uint32_t)1 << 31) /* in a chunk's size: it holds lean facts */

typedef struct sorted_run { /* a spill file being read back; or the sorted pile, without a path */
    char *path;
    int file;
    uint64_t bytes, at; /* of the file; read so far */
    uint64_t largest;   /* bytes of its largest chunk */
    tm_facts chunk;
    bool lean; /* what the chunk holds */
    tm_buf packed;
    size_t next;         /* in the chunk; lean: in the list */
    const tm_lean *list; /* lean: the chunk, or the pile */
    size_t leans;
    tm_lean one; /* the fact at hand, when lean, or */
    tm_fact now;
    uint64_t lead; /* the first bytes of its key: decide most comparisons */
    bool more;
} sorted_run;

struct tm_sorter {
    tm_spill *spill;
    uint64_t budget, count;
    tm_pile pile;
    bool pairs_only; /* facts whose key no other has are left out */
    sorted_run *run;
    uint32_t runs, run_room;
    uint32_t *heap; /* run indices, smallest fact first */
    uint32_t heaped;
    const tm_fact *one; /* that is written as a run of its own */
    bool pull_top;      /* the top run's fact was handed out: advance it first */
    bool handed_out;    /* one was, that began with last_lead */
    uint64_t last_lead;
    char key[8]; /* of the lean fact handed out */
    tm_packer *packer;
};

tm_sorter *tm_sorter_new(tm_spill *spill, uint64_t budget_bytes)
{
    tm_sorter *s = tm_alloc_zero(1, sizeof *s);
    if (!s) return NULL;
    s->spill = spill;
    s->budget = budget_bytes;
    uint64_t chunk = TM_MAX(budget_bytes / PILE_SHARE, (uint64_t)PILE_LEAST);
    s->pile.chunk_bytes = TM_MIN(chunk, (uint64_t)CHUNK_BYTES);
    return s;
}

/* Room that a long fact took is given back. */
static void empty(tm_buf *b)
{
    if (b->room > LONG_BYTES) tm_buf_release(b);
    tm_buf_clear(b);
}

static tm_status write_bytes(tm_sorter *s, sorted_run *r, int file, tm_str bytes, tm_err *err)
{
    tm_buf_clear(&r->packed);
    uint32_t head[2] = {0, (uint32_t)bytes.n | (r->lean ? LEAN_CHUNK : 0)};
    tm_buf_add(&r->packed, head, sizeof head);
    if (r->lean) /* hashes and places: packing them costs more than the disk */
        tm_buf_str(&r->packed, bytes);
    else
        TM_TRY(tm_pack(s->packer, TM_ZSTD, 1, bytes, &r->packed, err));
    TM_TRY(tm_buf_ok(&r->packed, err));
    head[0] = (uint32_t)(r->packed.n - sizeof head);
    memcpy(r->packed.p, head, sizeof head);
    TM_TRY(tm_spill_take(s->spill, r->packed.n, err));
    r->bytes += r->packed.n;
    r->largest = TM_MAX(r->largest, (uint64_t)bytes.n);
    return tm_file_write(file, r->path, r->packed.p, r->packed.n, err);
}

static tm_status write_chunk(tm_sorter *s, sorted_run *r, int file, tm_facts *chunk, tm_err *err)
{
    if (!chunk->bytes.n) return TM_OK;
    tm_status status = write_bytes(s, r, file, tm_buf_view(&chunk->bytes), err);
    empty(&chunk->bytes);
    chunk->count = 0;
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

static tm_status from_memory(tm_sorter *s, tm_fact *out, bool *more, tm_err *err)
{
    TM_UNUSED(err);
    *more = tm_pile_next(&s->pile, s->pairs_only, out);
    return TM_OK;
}

static tm_status write_facts(tm_sorter *s, sorted_run *r, int file, take next, tm_err *err)
{
    tm_fact f;
    tm_facts chunk = {0};
    tm_status status = TM_OK;
    for (bool more = true; status == TM_OK && more;) {
        status = next(s, &f, &more, err);
        if (status == TM_OK && more) status = chunk_add(s, r, file, &chunk, &f, err);
        if (status == TM_OK && (chunk.bytes.n >= CHUNK_BYTES || !more))
            status = write_chunk(s, r, file, &chunk, err);
    }
    tm_buf_release(&chunk.bytes);
    return status;
}

/* A sorted pile of lean facts lies as its chunks will. */
static tm_status write_leans(tm_sorter *s, sorted_run *r, int file, tm_err *err)
{
    enum { A_CHUNK = CHUNK_BYTES / sizeof(tm_lean) };
    r->lean = true;
    for (uint64_t i = 0; i < s->pile.sorted; i += A_CHUNK) {
        uint64_t n = TM_MIN(s->pile.sorted - i, (uint64_t)A_CHUNK);
        tm_str bytes = {(const char *)(s->pile.list + i), (size_t)n * sizeof(tm_lean)};
        TM_TRY(write_bytes(s, r, file, bytes, err));
    }
    return TM_OK;
}

static tm_status write_run(tm_sorter *s, sorted_run *r, take next, tm_err *err)
{
    char path[4096];
    int file;
    if (!s->packer && !(s->packer = tm_packer_new())) return tm_fail_memory(err, "spilling", 0);
    TM_TRY(tm_spill_create(s->spill, path, &file, err));
    size_t length = strlen(path) + 1;
    tm_status status = TM_OK;
    if (!(r->path = tm_alloc(length))) status = tm_fail_memory(err, "spilling", length);
    if (status == TM_OK) memcpy(r->path, path, length);
    if (status == TM_OK)
        status = next == from_memory && s->pile.lean ? write_leans(s, r, file, err)
                                                     : write_facts(s, r, file, next, err);
    tm_buf_release(&r->packed); /* a run on disk holds no memory until it is read back */
    tm_status closed = tm_file_close(file, path, status == TM_OK ? err : NULL);
    if (status == TM_OK) status = closed;
    if (status != TM_OK && !r->path) tm_spill_drop(s->spill, path, 0);
    return status;
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
    tm_buf_release(&r->packed); /* there are as many of it as runs are open */
    return TM_OK;
}

/* The run's next chunk; *more = false at its end. */
static tm_status next_chunk(sorted_run *r, bool *more, tm_err *err)
{
    uint32_t head[2];
    *more = r->at < r->bytes;
    if (!*more) return TM_OK;
    TM_TRY(tm_file_read_at(r->file, r->path, head, sizeof head, r->at, err));
    r->lean = head[1] & LEAN_CHUNK;
    head[1] &= ~LEAN_CHUNK;
    TM_TRY(load_chunk(r, head[0], head[1], err));
    r->at += sizeof head + head[0];
    r->next = 0;
    r->list = (const tm_lean *)(void *)r->chunk.bytes.p;
    r->leans = r->lean ? r->chunk.bytes.n / sizeof(tm_lean) : 0;
    return TM_OK;
}

static tm_status run_advance(sorted_run *r, tm_err *err)
{
    r->more = r->next < (r->lean ? r->leans : r->chunk.bytes.n);
    if (!r->more) TM_TRY(next_chunk(r, &r->more, err));
    if (!r->more) return TM_OK;
    if (r->lean) {
        r->one = r->list[r->next++];
        r->lead = r->one.key;
        return TM_OK;
    }
    r->more = tm_facts_next(&r->chunk, &r->next, &r->now);
    r->lead = tm_fact_prefix(&r->now, false);
    return TM_OK;
}

static tm_fact now_of(const sorted_run *r, char key[8])
{
    return r->lean ? tm_lean_fact(&r->one, key) : r->now;
}

static bool comes_before(const sorted_run *a, const sorted_run *b)
{
    if (a->lead != b->lead) return a->lead < b->lead;
    if (a->lean && b->lean) return a->one.rid < b->one.rid;
    char key[2][8];
    tm_fact x = now_of(a, key[0]), y = now_of(b, key[1]);
    return tm_fact_cmp(&x, &y) < 0;
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

static tm_status drop_top(tm_sorter *s, tm_err *err)
{
    sorted_run *top = &s->run[s->heap[0]];
    TM_TRY(run_advance(top, err));
    if (!top->more) s->heap[0] = s->heap[--s->heaped];
    heap_down(s, 0);
    return TM_OK;
}

/* The least lead of the other runs. */
static uint64_t lead_of_others(const tm_sorter *s)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 1; i < TM_MIN(s->heaped, 3u); i++)
        least = TM_MIN(least, s->run[s->heap[i]].lead);
    return least;
}

/* Moves the top run over lean facts whose key no other has, as far as that shows at once; whether
 * there were any. */
static bool skip_single(tm_sorter *s)
{
    sorted_run *top = &s->run[s->heap[0]];
    if (!top->lean || (s->handed_out && top->lead == s->last_lead)) return false;
    size_t at = top->next;
    uint64_t key = top->lead, others = lead_of_others(s);
    while (at < top->leans && key < others && top->list[at].key != key) key = top->list[at++].key;
    if (at == top->next) return false;
    top->next = at;
    top->one = top->list[at - 1];
    top->lead = key;
    heap_down(s, 0);
    return true;
}

static tm_status from_runs(tm_sorter *s, tm_fact *out, bool *more, tm_err *err)
{
    if (s->pull_top) TM_TRY(drop_top(s, err));
    while (s->pairs_only && s->heaped && skip_single(s)) {
    }
    *more = s->pull_top = s->heaped > 0;
    if (!*more) return TM_OK;
    const sorted_run *top = &s->run[s->heap[0]];
    *out = now_of(top, s->key);
    s->last_lead = top->lead;
    s->handed_out = true;
    return TM_OK;
}

static tm_status open_runs(tm_sorter *s, uint32_t count, tm_err *err)
{
    tm_free(s->heap);
    s->heap = tm_alloc_zero(count, sizeof *s->heap);
    if (!s->heap) return tm_fail_memory(err, "merging", count * sizeof *s->heap);
    s->heaped = 0;
    s->pull_top = s->handed_out = false;
    for (uint32_t i = 0; i < count; i++) {
        sorted_run *r = &s->run[i];
        if (r->path) TM_TRY(tm_file_open(r->path, &r->file, err));
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
    TM_TRY(tm_pile_sort(&s->pile, err));
    sorted_run *r;
    TM_TRY(new_run(s, &r, err));
    TM_TRY(write_run(s, r, from_memory, err));
    tm_pile_clear(&s->pile);
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

static tm_status spill_what_is_over(tm_sorter *s, tm_err *err)
{
    return tm_pile_bytes(&s->pile) > s->budget ? spill_memory(s, err) : TM_OK;
}

tm_status tm_sorter_limit(tm_sorter *s, uint64_t budget_bytes, tm_err *err)
{
    s->budget = TM_MIN(s->budget, budget_bytes);
    return spill_what_is_over(s, err);
}

tm_status tm_sorter_add_lean(tm_sorter *s, const tm_lean *lean, size_t n, tm_err *err)
{
    char key[8];
    for (size_t some; n; lean += some, n -= some) {
        if (s->pile.count && !s->pile.lean) {
            tm_fact as_frame = tm_lean_fact(lean, key);
            some = 1;
            TM_TRY(tm_pile_add(&s->pile, &as_frame, err));
        } else {
            some = (size_t)TM_MIN((uint64_t)n, tm_pile_lean_room(&s->pile, s->budget));
            TM_TRY(tm_pile_add_lean(&s->pile, lean, some, err));
        }
        s->count += some;
        TM_TRY(spill_what_is_over(s, err));
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
    if (tm_fact_is_lean(fact) && (s->pile.lean || !s->pile.count)) {
        tm_lean lean = tm_lean_of(fact);
        return tm_sorter_add_lean(s, &lean, 1, err);
    }
    uint64_t bytes = (uint64_t)fact->key.n + fact->order.n + fact->data.n;
    s->count++;
    if (bytes > CHUNK_BYTES && bytes > s->budget / 2) return spill_one(s, fact, err);
    TM_TRY(tm_pile_add(&s->pile, fact, err));
    return spill_what_is_over(s, err);
}

/* The pile as a run that lies in memory. */
static tm_status add_pile(tm_sorter *s, tm_err *err)
{
    sorted_run *r;
    TM_TRY(tm_pile_sort(&s->pile, err));
    TM_TRY(new_run(s, &r, err));
    r->lean = true;
    r->list = s->pile.list;
    r->leans = s->pile.sorted;
    return TM_OK;
}

tm_status tm_sorter_finish(tm_sorter *s, tm_err *err)
{
    if (!s->runs) return tm_pile_sort(&s->pile, err);
    if (s->pile.count && !s->pile.lean) TM_TRY(spill_memory(s, err));
    for (uint32_t count; (count = mergeable(s)) < s->runs;) TM_TRY(merge_some(s, count, err));
    if (s->pile.count) TM_TRY(add_pile(s, err));
    return open_runs(s, s->runs, err);
}

tm_status tm_sorter_finish_on_disk(tm_sorter *s, tm_err *err)
{
    if (s->pile.count) TM_TRY(spill_memory(s, err));
    while (s->runs > 1) TM_TRY(merge_some(s, mergeable(s), err));
    tm_packer_free(s->packer);
    s->packer = NULL;
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
    s->pairs_only = true;
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
    tm_pile_clear(&s->pile);
    tm_packer_free(s->packer);
    tm_free(s);
}
