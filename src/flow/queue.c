/* A binary heap in memory; when it is full all that lies in it becomes a sorted stream on disk
 * (sorter.h) and it begins anew. The least is that of the heap or of a stream's heads. Streams are
 * few: STREAMS of them are made into one.
 *
 * What is put comes mostly behind what was taken last, so a pair is written once or twice. */
#include "flow/queue.h"

enum { STREAMS = 8, HEAP_LEAST = 64, SORTING_LEAST = 16 << 10, RID_BYTES = 16 };

typedef struct stream { /* what is left of a heap that was written */
    tm_sorter *sorter;
    tm_pair head;
    bool more;
} stream;

struct tm_queue {
    tm_spill *spill;
    uint64_t most, sorting; /* pairs of the heap; bytes for writing it */
    tm_pair *heap;
    uint64_t heaped, room;
    stream stream[STREAMS];
    uint32_t streams;
};

tm_queue *tm_queue_new(tm_spill *spill, uint64_t budget_bytes)
{
    tm_queue *q = tm_alloc_zero(1, sizeof *q);
    if (!q) return NULL;
    q->spill = spill;
    q->most = TM_MAX(budget_bytes / 2 / sizeof *q->heap, (uint64_t)HEAP_LEAST);
    q->sorting = TM_MAX(budget_bytes / 4, (uint64_t)SORTING_LEAST);
    return q;
}

static int pair_cmp(const tm_pair *a, const tm_pair *b)
{
    int c = tm_rid_cmp(a->key, b->key);
    return c ? c : tm_rid_cmp(a->value, b->value);
}

/* ---- the heap -------------------------------------------------------------------------------- */

static void heap_up(tm_queue *q, uint64_t at)
{
    tm_pair one = q->heap[at];
    for (uint64_t up; at && pair_cmp(&one, &q->heap[up = (at - 1) / 2]) < 0; at = up)
        q->heap[at] = q->heap[up];
    q->heap[at] = one;
}

static void heap_take(tm_queue *q)
{
    tm_pair one = q->heap[--q->heaped];
    uint64_t at = 0;
    for (uint64_t down; (down = 2 * at + 1) < q->heaped; at = down) {
        if (down + 1 < q->heaped && pair_cmp(&q->heap[down + 1], &q->heap[down]) < 0) down++;
        if (pair_cmp(&one, &q->heap[down]) <= 0) break;
        q->heap[at] = q->heap[down];
    }
    q->heap[at] = one;
}

/* ---- streams --------------------------------------------------------------------------------- */

static tm_status advance(stream *s, tm_err *err)
{
    tm_fact f;
    TM_TRY(tm_sorter_next(s->sorter, &f, &s->more, err));
    if (s->more) s->head = (tm_pair){tm_rid_get(f.key.p), tm_rid_get(f.key.p + RID_BYTES)};
    return TM_OK;
}

static tm_status add_pair(tm_sorter *to, const tm_pair *pair, tm_err *err)
{
    char key[2 * RID_BYTES];
    tm_rid_put(pair->key, key);
    tm_rid_put(pair->value, key + RID_BYTES);
    tm_fact f = {.key = {key, sizeof key}};
    return tm_sorter_add(to, &f, err);
}

static tm_status add_streams(tm_queue *q, tm_sorter *to, tm_err *err)
{
    for (uint32_t i = 0; i < q->streams; i++) {
        stream *s = &q->stream[i];
        while (s->more) {
            TM_TRY(add_pair(to, &s->head, err));
            TM_TRY(advance(s, err));
        }
        tm_sorter_free(s->sorter);
        s->sorter = NULL;
    }
    q->streams = 0;
    return TM_OK;
}

static tm_status fill(tm_queue *q, tm_sorter *to, tm_err *err)
{
    if (q->streams == STREAMS) TM_TRY(add_streams(q, to, err));
    for (uint64_t i = 0; i < q->heaped; i++) TM_TRY(add_pair(to, &q->heap[i], err));
    q->heaped = 0;
    TM_TRY(tm_sorter_limit(to, 0, err));
    return tm_sorter_finish(to, err);
}

static tm_status write_heap(tm_queue *q, tm_err *err)
{
    stream fresh = {.sorter = tm_sorter_new(q->spill, q->sorting)};
    if (!fresh.sorter) return tm_fail_memory(err, "a queue", 0);
    tm_status status = fill(q, fresh.sorter, err);
    if (status == TM_OK) status = advance(&fresh, err);
    if (status != TM_OK) {
        tm_sorter_free(fresh.sorter);
        return status;
    }
    q->stream[q->streams++] = fresh;
    return TM_OK;
}

/* ---- the queue ------------------------------------------------------------------------------- */

static tm_status grow(tm_queue *q, tm_err *err)
{
    uint64_t room = TM_MIN(TM_MAX(2 * q->room, (uint64_t)HEAP_LEAST), q->most);
    tm_pair *grown = tm_realloc(q->heap, room * sizeof *grown);
    if (!grown) return tm_fail_memory(err, "a queue", room * sizeof *grown);
    q->heap = grown;
    q->room = room;
    return TM_OK;
}

tm_status tm_queue_put(tm_queue *q, tm_rid key, tm_rid value, tm_err *err)
{
    if (q->heaped == q->most) TM_TRY(write_heap(q, err));
    if (q->heaped == q->room) TM_TRY(grow(q, err));
    q->heap[q->heaped] = (tm_pair){key, value};
    heap_up(q, q->heaped++);
    return TM_OK;
}

/* The stream whose head is the least of all, or STREAMS: the heap's is, or there is none. */
static uint32_t least_of(const tm_queue *q, const tm_pair **out)
{
    uint32_t at = STREAMS;
    *out = q->heaped ? q->heap : NULL;
    for (uint32_t i = 0; i < q->streams; i++) {
        if (!q->stream[i].more || (*out && pair_cmp(*out, &q->stream[i].head) <= 0)) continue;
        *out = &q->stream[i].head;
        at = i;
    }
    return at;
}

bool tm_queue_look(const tm_queue *q, tm_pair *out)
{
    const tm_pair *least;
    (void)least_of(q, &least);
    if (least) *out = *least;
    return least != NULL;
}

tm_status tm_queue_drop(tm_queue *q, tm_err *err)
{
    const tm_pair *least;
    uint32_t at = least_of(q, &least);
    TM_ASSERT(least);
    if (at == STREAMS) return heap_take(q), TM_OK;
    stream *s = &q->stream[at];
    TM_TRY(advance(s, err));
    if (s->more) return TM_OK;
    tm_sorter_free(s->sorter);
    *s = q->stream[--q->streams];
    return TM_OK;
}

void tm_queue_free(tm_queue *q)
{
    if (!q) return;
    for (uint32_t i = 0; i < q->streams; i++) tm_sorter_free(q->stream[i].sorter);
    tm_free(q->heap);
    tm_free(q);
}
