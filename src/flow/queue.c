/* What is put before the first look goes into a sorter. After that a binary heap in memory takes
 * what is put, and when it is full all that lies in it becomes a sorted stream: a file of which one
 * chunk is held. The least is that of the heap or of a stream's heads. FAN streams of a level are
 * made into one of the next, so there are few (of a billion pairs some forty), and each pair is
 * written once a level. */
#include "flow/queue.h"

enum { FAN = 8, STREAMS = 64, LEVEL_MOST = STREAMS / FAN - 1, HEAP_LEAST = 64, RID_BYTES = 16 };
/* Shares of the budget: half of it at most is for chunks of streams; of the rest, a heap that is
 * written lies in the sorter, in frames, besides. */
enum { STREAM_BYTES = 72 << 10, HEAP_SHARE = 5, SORTING_LEAST = 16 << 10 };

typedef struct stream { /* what is left of a heap that was written */
    tm_sorter *sorter;
    tm_pair head;
    bool more;
    uint8_t level;
} stream;

struct tm_queue {
    tm_spill *spill;
    uint64_t most, sorting; /* pairs of the heap; bytes for writing it */
    tm_sorter *early;       /* until the first look */
    bool begun;             /* there was one */
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
    uint64_t streams = (uint64_t)STREAMS / 2 * STREAM_BYTES;
    uint64_t rest = budget_bytes - TM_MIN(budget_bytes / 2, streams);
    q->most = TM_MAX(rest / HEAP_SHARE / sizeof *q->heap, (uint64_t)HEAP_LEAST);
    q->sorting = TM_MAX(rest - rest / HEAP_SHARE, (uint64_t)SORTING_LEAST);
    q->early = tm_sorter_new(spill, q->sorting);
    if (q->early) return q;
    tm_free(q);
    return NULL;
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

/* Streams of that level go into `to`. */
static tm_status add_streams(tm_queue *q, uint8_t level, tm_sorter *to, tm_err *err)
{
    for (uint32_t i = 0; i < q->streams;) {
        stream *s = &q->stream[i];
        if (s->level != level) {
            i++;
            continue;
        }
        while (s->more) {
            TM_TRY(add_pair(to, &s->head, err));
            TM_TRY(advance(s, err));
        }
        tm_sorter_free(s->sorter);
        *s = q->stream[--q->streams];
    }
    return TM_OK;
}

static tm_status add_heap(tm_queue *q, tm_sorter *to, tm_err *err)
{
    for (uint64_t i = 0; i < q->heaped; i++) TM_TRY(add_pair(to, &q->heap[i], err));
    q->heaped = 0;
    return TM_OK;
}

/* A sorter with all that it was given becomes a stream; it is the queue's from then on. */
static tm_status add_stream(tm_queue *q, tm_sorter *sorter, uint8_t level, tm_err *err)
{
    stream fresh = {.sorter = sorter, .level = level};
    tm_status status = tm_sorter_finish_on_disk(sorter, err);
    if (status == TM_OK) status = advance(&fresh, err);
    if (status != TM_OK || !fresh.more) return tm_sorter_free(sorter), status;
    q->stream[q->streams++] = fresh;
    return TM_OK;
}

static uint32_t count_level(const tm_queue *q, uint8_t level)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < q->streams; i++) count += q->stream[i].level == level;
    return count;
}

/* The heap, or all streams of the level below, as one stream. */
static tm_status make_stream(tm_queue *q, uint8_t level, tm_err *err)
{
    tm_sorter *sorter = tm_sorter_new(q->spill, q->sorting);
    if (!sorter) return tm_fail_memory(err, "a queue", 0);
    tm_status status =
        level ? add_streams(q, (uint8_t)(level - 1), sorter, err) : add_heap(q, sorter, err);
    if (status != TM_OK) return tm_sorter_free(sorter), status;
    return add_stream(q, sorter, level, err);
}

static tm_status write_heap(tm_queue *q, tm_err *err)
{
    TM_TRY(make_stream(q, 0, err));
    for (uint8_t level = 0; level < LEVEL_MOST && count_level(q, level) >= FAN; level++)
        TM_TRY(make_stream(q, (uint8_t)(level + 1), err));
    TM_ASSERT(q->streams < STREAMS);
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
    tm_pair pair = {key, value};
    if (!q->begun) return add_pair(q->early, &pair, err);
    if (q->heaped == q->most) TM_TRY(write_heap(q, err));
    if (q->heaped == q->room) TM_TRY(grow(q, err));
    q->heap[q->heaped] = pair;
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

tm_status tm_queue_begin(tm_queue *q, tm_err *err)
{
    tm_sorter *early = q->early;
    TM_ASSERT(!q->begun);
    q->begun = true;
    q->early = NULL;
    return add_stream(q, early, LEVEL_MOST, err);
}

bool tm_queue_look(const tm_queue *q, tm_pair *out)
{
    const tm_pair *least;
    TM_ASSERT(q->begun);
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
    tm_sorter_free(q->early);
    tm_free(q->heap);
    tm_free(q);
}
