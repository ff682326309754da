/* Memory comes in chunks, a list a source, which double up to CHUNK_MOST. Large ones are pages of
 * their own that ask for huge ones: a page fault costs as much as copying the page. A worker copies
 * its block there once it has cut it, while it is in the processor's cache. A chunk that somebody
 * reads or fills when it is given back goes when he lets go of it. */
#include "flow/cache.h"

#include "base/vec.h"

enum {
    CHUNK_MOST = 16 << 20,
    PAGES_LEAST = 1 << 20, /* less comes from the heap: there may be very many small sources */
    CHUNK_SHARE = 16,
    OTHERS_TIMES = 3, /* a table that doubles is there three times over meanwhile */
    PASSES = 2,
    PLAIN_PASSES = 5
};

struct tm_cache_chunk {
    tm_cache_chunk *before; /* of the same source */
    char *p;
    size_t n, room;
    unsigned users;
    bool pages, given_back;
};

typedef struct held_block {
    tm_cache_chunk *chunk; /* NULL: not held */
    tm_block block;
} held_block;

typedef struct held_source {
    held_block *block;
    uint32_t blocks, room, held;
    uint32_t all; /* how many there are; 0: not known */
    uint64_t bytes;
    tm_cache_chunk *last;
    bool closed; /* it is not held, nor will be */
} held_source;

typedef struct cached_source {
    held_source held;  /* under the cache's lock */
    tm_source_sum sum; /* of whoever has the right to read, so nobody else may touch it */
} cached_source;

struct tm_cache {
    tm_lock lock;
    uint64_t bytes; /* of all chunks */
    uint32_t sources;
    cached_source source[];
};

tm_cache *tm_cache_new(uint32_t sources)
{
    tm_cache *c = tm_alloc_zero(1, sizeof *c + sources * sizeof *c->source);
    if (!c) return NULL;
    pthread_mutex_init(&c->lock, NULL);
    c->sources = sources;
    return c;
}

tm_source_sum *tm_cache_sum(const tm_run *run, uint32_t source)
{
    const tm_source *of = &run->source[source];
    unsigned least = tm_source_cuts(of) ? PLAIN_PASSES : PASSES;
    return run->cache && !of->table && run->passes >= least ? &run->cache->source[source].sum
                                                            : NULL;
}

/* ---- chunks, under the lock ------------------------------------------------------------------ */

static tm_cache_chunk *chunk_new(tm_cache *c, size_t room)
{
    tm_cache_chunk *k = tm_alloc_zero(1, sizeof *k);
    if (!k) return NULL;
    k->pages = room >= PAGES_LEAST;
    k->room = room;
    k->p = k->pages ? tm_alloc_pages(room) : tm_alloc(room);
    if (!k->p) {
        tm_free(k);
        return NULL;
    }
    c->bytes += room;
    return k;
}

static void chunk_free(tm_cache *c, tm_cache_chunk *k)
{
    c->bytes -= k->room;
    if (k->pages)
        tm_free_pages(k->p, k->room);
    else
        tm_free(k->p);
    tm_free(k);
}

static void give_back(tm_cache *c, held_source *s)
{
    for (tm_cache_chunk *k = s->last, *before; k; k = before) {
        before = k->before;
        k->given_back = true;
        if (!k->users) chunk_free(c, k);
    }
    tm_free(s->block);
    *s = (held_source){.closed = true};
}

static void give_back_all(tm_cache *c)
{
    for (uint32_t i = 0; i < c->sources; i++) give_back(c, &c->source[i].held);
}

void tm_cache_free(tm_cache *c)
{
    if (!c) return;
    give_back_all(c);
    pthread_mutex_destroy(&c->lock);
    tm_free(c);
}

/* ---- room ------------------------------------------------------------------------------------ */

static bool fits(const tm_run *run, uint64_t more)
{
    uint64_t live = tm_alloc_live(), mine = run->cache->bytes;
    uint64_t others = live > mine ? live - mine : 0;
    uint64_t theirs = run->least_memory + 2 * run->plan->room.longest + OTHERS_TIMES * others;
    return mine + more + theirs <= run->recipe->limits.memory;
}

void tm_cache_fit(tm_run *run)
{
    tm_cache *c = run->cache;
    if (!c) return;
    tm_lock_take(&c->lock);
    for (uint32_t i = c->sources; c->bytes && i-- && !fits(run, 0);)
        if (c->source[i].held.last) give_back(c, &c->source[i].held);
    tm_lock_drop(&c->lock);
}

void tm_cache_end(tm_run *run)
{
    if (!run->cache) return;
    tm_lock_take(&run->cache->lock);
    give_back_all(run->cache);
    tm_lock_drop(&run->cache->lock);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

bool tm_cache_take(tm_run *run, uint32_t source, uint32_t index, tm_block *block)
{
    tm_cache *c = run->cache;
    const held_source *s = &c->source[source].held;
    tm_lock_take(&c->lock);
    bool held = s->all && s->held == s->all;
    if (held) {
        const held_block *h = &s->block[index];
        tm_block_release(block);
        *block = h->block;
        block->holder = h->chunk;
        h->chunk->users++;
    }
    tm_lock_drop(&c->lock);
    return held;
}

static void leave(tm_cache *c, tm_cache_chunk *k)
{
    if (!--k->users && k->given_back) chunk_free(c, k);
}

void tm_cache_let_go(tm_run *run, tm_block *block)
{
    tm_cache_chunk *k = block->holder;
    if (!k) return;
    tm_block_release(block);
    tm_lock_take(&run->cache->lock);
    leave(run->cache, k);
    tm_lock_drop(&run->cache->lock);
}

/* What is left of the source, as far as its file tells; no less than a block. */
static size_t chunk_room(const tm_run *run, const held_source *s, uint64_t file, size_t need)
{
    uint64_t left = file > s->bytes ? file - s->bytes : 0;
    uint64_t most = TM_MIN((uint64_t)CHUNK_MOST, run->recipe->limits.memory / CHUNK_SHARE);
    uint64_t room = TM_MIN(TM_MAX(left + left / 8, s->bytes), most);
    return (size_t)TM_MAX(room, (uint64_t)need);
}

static bool entry_for(held_source *s, uint32_t index)
{
    uint32_t more = index < s->blocks ? 0 : index + 1 - s->blocks;
    if (!TM_ROOM_HEAP(s->block, s->blocks, s->room, more)) return false;
    for (; more; more--) s->block[s->blocks++] = (held_block){0};
    return true;
}

/* NULL: there is no room for the source. */
static tm_cache_chunk *chunk_for(tm_run *run, held_source *s, const tm_block *b, size_t need)
{
    uint64_t file = run->source[b->source - 1].bytes;
    if (b->damage.code || b->dropped_lines || tm_block_long(b)) return NULL;
    if (!entry_for(s, b->index)) return NULL;
    if (s->last && s->last->room - s->last->n >= need) return s->last;
    size_t room = chunk_room(run, s, file, need);
    if (!fits(run, TM_MAX((uint64_t)room, file > s->bytes ? file - s->bytes : 0))) return NULL;
    tm_cache_chunk *k = chunk_new(run->cache, room);
    if (!k) return NULL;
    k->before = s->last;
    return s->last = k;
}

/* A place for the block in a chunk, which is in use from now on; NULL: none. */
static char *reserve(tm_run *run, const tm_block *b, size_t need, tm_cache_chunk **chunk)
{
    held_source *s = &run->cache->source[b->source - 1].held;
    if (s->closed || (b->index < s->blocks && s->block[b->index].chunk)) return NULL;
    if (b->last) s->all = b->index + 1;
    tm_cache_chunk *k = chunk_for(run, s, b, need);
    if (!k) {
        give_back(run->cache, s);
        return NULL;
    }
    char *at = k->p + k->n;
    k->n += need;
    k->users++;
    s->bytes += b->bytes.n;
    *chunk = k;
    return at;
}

static size_t bytes_of(const tm_block *b) /* so that spans are aligned behind them */
{
    return (b->bytes.n + TM_BLOCK_SLACK + 7) / 8 * 8;
}

static tm_block copy_to(char *at, const tm_block *b)
{
    tm_block copy = *b;
    copy.bytes = (tm_buf){.p = at, .n = b->bytes.n, .room = bytes_of(b)};
    copy.torn = (tm_buf){0};
    copy.span = (tm_span *)(void *)(at + bytes_of(b));
    copy.span_room = b->spans;
    memcpy(at, b->bytes.p, b->bytes.n + TM_BLOCK_SLACK);
    if (b->spans) memcpy(copy.span, b->span, b->spans * sizeof *b->span);
    return copy;
}

void tm_cache_keep(tm_run *run, const tm_block *b)
{
    tm_cache *c = run->cache;
    tm_cache_chunk *chunk = NULL;
    if (b->holder || !tm_cache_sum(run, b->source - 1)) return;
    size_t spans = (b->spans * sizeof *b->span + 7) / 8 * 8;
    tm_lock_take(&c->lock);
    char *at = reserve(run, b, bytes_of(b) + spans, &chunk);
    tm_lock_drop(&c->lock);
    if (!at) return;
    tm_block copy = copy_to(at, b);
    tm_lock_take(&c->lock);
    held_source *s = &c->source[b->source - 1].held;
    if (!chunk->given_back) {
        s->block[b->index] = (held_block){.chunk = chunk, .block = copy};
        s->held++;
    }
    leave(c, chunk);
    tm_lock_drop(&c->lock);
}
