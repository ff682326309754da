/* A radix-partitioned external sort: a fact goes to one of PARTITIONS sorters by the hash of its
 * key, each with its own lock and its share of the memory. The number of partitions is fixed, so
 * neither threads nor memory change which facts meet; and since a group is sorted by the whole
 * fact, nothing else could change what a reducer sees. */
#include "flow/exchange.h"

#include "flow/lean.h"

enum { PARTITIONS = 32, TAKE_BYTES = 256 << 10, ADD_AT_ONCE = 1024, LONG_BYTES = 4 << 20 };

struct tm_exchange {
    tm_sorter *part[PARTITIONS];
    tm_lock lock[PARTITIONS];
};

tm_exchange *tm_exchange_new(tm_spill *spill, uint64_t budget_bytes)
{
    tm_exchange *x = tm_alloc_zero(1, sizeof *x);
    if (!x) return NULL;
    for (unsigned p = 0; p < PARTITIONS; p++) {
        pthread_mutex_init(&x->lock[p], NULL);
        x->part[p] = tm_sorter_new(spill, budget_bytes / PARTITIONS);
    }
    for (unsigned p = 0; p < PARTITIONS; p++) {
        if (x->part[p]) continue;
        tm_exchange_free(x);
        return NULL;
    }
    return x;
}

/* A key of eight bytes is a hash or the like: one multiplication spreads it. Facts of one key meet
 * whether they are lean or not. */
static unsigned partition_of_eight(uint64_t key)
{
    return (unsigned)(key * 0x9E3779B97F4A7C15u >> 59);
}
static unsigned partition_of(const tm_fact *f)
{
    if (f->key.n == 8) return partition_of_eight(tm_be64_get(f->key.p));
    return (unsigned)(tm_hash64(f->key.p, f->key.n, 0) >> 59);
}

/* Lean facts that come one behind another, sorted by partition, so that each lock is taken once. */
typedef struct leans {
    tm_lean came[ADD_AT_ONCE], sorted[ADD_AT_ONCE];
    uint8_t to[ADD_AT_ONCE];
    uint32_t end[PARTITIONS]; /* in `sorted` */
} leans;

/* Those at *at, which moves on to the first fact that is none of them; returns how many. */
static uint32_t take_leans(leans *l, const tm_facts *facts, size_t *at)
{
    tm_fact f;
    uint32_t n = 0, sum = 0, count[PARTITIONS] = {0};
    for (size_t next = *at; n < ADD_AT_ONCE && tm_facts_next(facts, &next, &f); *at = next) {
        if (!tm_fact_is_lean(&f)) break;
        l->came[n] = tm_lean_of(&f);
        l->to[n] = (uint8_t)partition_of_eight(l->came[n].key);
        count[l->to[n++]]++;
    }
    for (unsigned p = 0; p < PARTITIONS; p++) {
        l->end[p] = sum;
        sum += count[p];
    }
    for (uint32_t i = 0; i < n; i++) l->sorted[l->end[l->to[i]]++] = l->came[i];
    return n;
}

static tm_status add_leans(tm_exchange *x, const tm_facts *facts, size_t *at, tm_err *err)
{
    leans l;
    while (take_leans(&l, facts, at)) {
        for (uint32_t p = 0, from = 0; p < PARTITIONS; from = l.end[p++]) {
            if (from == l.end[p]) continue;
            tm_lock_take(&x->lock[p]);
            tm_status status =
                tm_sorter_add_lean(x->part[p], l.sorted + from, l.end[p] - from, err);
            tm_lock_drop(&x->lock[p]);
            TM_TRY(status);
        }
    }
    return TM_OK;
}

/* Where the next other facts go: a list a partition. */
typedef struct bucketed {
    uint32_t at[ADD_AT_ONCE];   /* offset from `base` */
    uint32_t next[ADD_AT_ONCE]; /* the next of its list + 1 */
    uint32_t first[PARTITIONS], last[PARTITIONS], count;
} bucketed;

static void bucket(bucketed *b, const tm_facts *facts, size_t base, size_t *at)
{
    tm_fact f;
    b->count = 0;
    memset(b->first, 0, sizeof b->first);
    for (size_t next = *at; b->count < ADD_AT_ONCE && *at - base < UINT32_MAX / 2; *at = next) {
        if (!tm_facts_next(facts, &next, &f) || tm_fact_is_lean(&f)) return;
        unsigned p = partition_of(&f);
        b->at[b->count] = (uint32_t)(*at - base);
        b->next[b->count++] = 0;
        if (b->first[p])
            b->next[b->last[p] - 1] = b->count;
        else
            b->first[p] = b->count;
        b->last[p] = b->count;
    }
}

static tm_status add_bucket(tm_exchange *x, unsigned p, const bucketed *b, const tm_facts *facts,
                            size_t base, tm_err *err)
{
    tm_fact f;
    tm_status status = TM_OK;
    tm_lock_take(&x->lock[p]);
    for (uint32_t i = b->first[p]; i && status == TM_OK; i = b->next[i - 1]) {
        size_t at = base + b->at[i - 1];
        tm_facts_next(facts, &at, &f);
        status = tm_sorter_add(x->part[p], &f, err);
    }
    tm_lock_drop(&x->lock[p]);
    return status;
}

static tm_status add_frames(tm_exchange *x, const tm_facts *facts, size_t *at, tm_err *err)
{
    bucketed b;
    size_t base = *at;
    bucket(&b, facts, base, at);
    for (unsigned p = 0; p < PARTITIONS; p++)
        if (b.first[p]) TM_TRY(add_bucket(x, p, &b, facts, base, err));
    return TM_OK;
}

tm_status tm_exchange_add(tm_exchange *x, const tm_facts *facts, tm_err *err)
{
    for (size_t at = 0; at < facts->bytes.n;) {
        TM_TRY(add_leans(x, facts, &at, err));
        TM_TRY(add_frames(x, facts, &at, err));
    }
    return TM_OK;
}

tm_status tm_exchange_limit(tm_exchange *x, uint64_t budget_bytes, tm_err *err)
{
    tm_status status = TM_OK;
    for (unsigned p = 0; p < PARTITIONS && status == TM_OK; p++) {
        tm_lock_take(&x->lock[p]);
        status = tm_sorter_limit(x->part[p], budget_bytes / PARTITIONS, err);
        tm_lock_drop(&x->lock[p]);
    }
    return status;
}

/* One group at a time out of a stream of sorted facts. The fact that ends a group is kept for the
 * next one: its bytes are stable, because the stream is not pulled again before it is handed
 * out. */
typedef struct group_stream {
    tm_group group; /* first: the reducer's `self` */
    tm_pull pull;
    void *from;
    tm_fact now, first;
    bool have, more;
    bool first_due; /* the group's first fact was held back to see whether another follows */
    tm_buf key;     /* copies: the stream's slices move on */
    tm_buf held;
    const tm_reducer *reducer;
    tm_facts next; /* what the reducer gave since the last take */
    tm_decisions out;
    tm_status status;
    tm_err *err;
} group_stream;

/* Between two facts of a group too: one group may be as large as the data. */
static tm_status take_some(group_stream *g, size_t more_than)
{
    if (g->next.bytes.n + g->out.bytes.n <= more_than) return TM_OK;
    return g->reducer->take(g->reducer->arg, &g->next, &g->out, g->err);
}

static bool stream_next(tm_group *self, tm_fact *out)
{
    group_stream *g = (group_stream *)self;
    if (g->status == TM_OK) g->status = take_some(g, TAKE_BYTES);
    if (g->status != TM_OK) return false;
    if (g->first_due) {
        g->first_due = false;
        *out = g->first;
        return true;
    }
    if (!g->have) {
        if (!g->more) return false;
        g->status = g->pull(g->from, &g->now, &g->more, g->err);
        if (g->status != TM_OK || !g->more) return false;
        g->have = true;
    }
    if (!tm_str_eq(g->now.key, g->group.key)) return false;
    *out = g->now;
    g->have = false;
    return true;
}

/* Copies the bytes of the group's first fact. */
static tm_status hold_first(group_stream *g)
{
    if (g->held.room > LONG_BYTES) tm_buf_release(&g->held);
    tm_buf_clear(&g->held);
    tm_buf_str(&g->held, g->now.order);
    tm_buf_str(&g->held, g->now.data);
    TM_TRY(tm_buf_ok(&g->held, g->err));
    g->first.order = (tm_str){g->held.p, g->now.order.n};
    g->first.data = (tm_str){g->held.p + g->now.order.n, g->now.data.n};
    return TM_OK;
}

/* Holds the group's first fact back and looks at the next one. *alone: there is none. */
static tm_status look_ahead(group_stream *g, bool *alone)
{
    g->first = (tm_fact){.key = g->group.key, .order = {"", 0}, .data = {"", 0}, .rid = g->now.rid};
    if (g->now.order.n || g->now.data.n) TM_TRY(hold_first(g));
    g->first_due = true;
    TM_TRY(g->pull(g->from, &g->now, &g->more, g->err));
    g->have = g->more;
    *alone = !g->have || !tm_str_eq(g->now.key, g->group.key);
    return TM_OK;
}

tm_status tm_reduce_sorted(const tm_reducer *reducer, tm_pull pull, void *from, tm_err *err)
{
    group_stream g = {
        .group.next = stream_next, .pull = pull, .from = from, .reducer = reducer, .err = err};
    tm_status status = pull(from, &g.now, &g.more, err);
    g.have = g.more;
    while (status == TM_OK && g.have) {
        tm_buf_clear(&g.key);
        tm_buf_str(&g.key, g.now.key);
        g.group.key = tm_buf_view(&g.key);
        status = tm_buf_ok(&g.key, err);
        bool alone = false;
        if (status == TM_OK && reducer->pairs_only) status = look_ahead(&g, &alone);
        if (alone) {
            g.first_due = false;
            continue;
        }
        if (status == TM_OK)
            status = reducer->reduce(reducer->step, &g.group, &g.next, &g.out, err);
        tm_fact left;
        while (status == TM_OK && stream_next(&g.group, &left)) {
        } /* what reduce did not read */
        if (status == TM_OK) status = g.status;
        if (status == TM_OK) status = take_some(&g, TAKE_BYTES);
    }
    if (status == TM_OK) status = take_some(&g, 0);
    tm_buf_release(&g.key);
    tm_buf_release(&g.held);
    tm_buf_release(&g.next.bytes);
    tm_buf_release(&g.out.bytes);
    return status;
}

typedef struct reduce_job {
    tm_exchange *x;
    const tm_reducer *reducer;
    _Atomic unsigned next;
    tm_lock lock, of_long; /* of_long: facts of long records are reduced one partition at a time */
    tm_status status;
    tm_err *err;
} reduce_job;

static tm_status pull_sorter(void *from, tm_fact *out, bool *more, tm_err *err)
{
    return tm_sorter_next(from, out, more, err);
}

static void reduce_worker(void *arg, unsigned worker)
{
    TM_UNUSED(worker);
    reduce_job *job = arg;
    unsigned p;
    while ((p = atomic_fetch_add(&job->next, 1)) < PARTITIONS) {
        tm_err err = {0};
        tm_sorter *s = job->x->part[p];
        bool is_long = tm_sorter_is_long(s);
        if (is_long) tm_lock_take(&job->of_long);
        tm_status status = tm_sorter_finish(s, &err);
        if (status == TM_OK && job->reducer->pairs_only) tm_sorter_leave_out_single(s);
        if (status == TM_OK) status = tm_reduce_sorted(job->reducer, pull_sorter, s, &err);
        tm_sorter_free(s);
        job->x->part[p] = NULL;
        if (is_long) tm_lock_drop(&job->of_long);
        if (status == TM_OK) continue;
        tm_lock_take(&job->lock);
        if (job->status == TM_OK) {
            job->status = status;
            if (job->err) *job->err = err;
        }
        tm_lock_drop(&job->lock);
        return;
    }
}

tm_status tm_exchange_reduce(tm_exchange *x, unsigned threads, const tm_reducer *reducer,
                             tm_err *err)
{
    reduce_job job = {
        .x = x, .reducer = reducer, .lock = TM_LOCK_INIT, .of_long = TM_LOCK_INIT, .err = err};
    tm_parallel(threads, reduce_worker, &job);
    return job.status;
}

tm_status tm_exchange_drain(tm_exchange *x,
                            tm_status (*sink)(void *arg, const tm_fact *f, tm_err *err), void *arg,
                            tm_err *err)
{
    for (unsigned p = 0; p < PARTITIONS; p++) {
        tm_fact f;
        bool more = true;
        if (!x->part[p]) continue; /* drained or reduced before */
        TM_TRY(tm_sorter_finish(x->part[p], err));
        for (;;) {
            TM_TRY(tm_sorter_next(x->part[p], &f, &more, err));
            if (!more) break;
            TM_TRY(sink(arg, &f, err));
        }
        tm_sorter_free(x->part[p]);
        x->part[p] = NULL;
    }
    return TM_OK;
}

uint64_t tm_exchange_count(tm_exchange *x)
{
    uint64_t count = 0;
    for (unsigned p = 0; p < PARTITIONS; p++) count += x->part[p] ? tm_sorter_count(x->part[p]) : 0;
    return count;
}

void tm_exchange_free(tm_exchange *x)
{
    if (!x) return;
    for (unsigned p = 0; p < PARTITIONS; p++) {
        tm_sorter_free(x->part[p]);
        pthread_mutex_destroy(&x->lock[p]);
    }
    tm_free(x);
}
