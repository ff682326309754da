/* See hostile.h. Failures of the machinery itself are assertions of the test that uses it. */
#include "hostile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"

static uint64_t chance_state = 11;

static uint64_t chance(uint64_t below)
{
    uint64_t z = (chance_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % below;
}

enum { PARTS = 5 };

typedef struct loose { /* facts as bytes, as they would cross a wire */
    tm_buf bytes;
    size_t *at;
    size_t count, room;
} loose;

static tm_status collect(void *arg, const tm_fact *f, tm_err *err)
{
    loose *l = arg;
    if (l->count == l->room) {
        l->room = l->room * 2 + 64;
        l->at = realloc(l->at, l->room * sizeof *l->at);
    }
    l->at[l->count++] = l->bytes.n;
    tm_facts one = {0};
    TM_TRY(tm_facts_add(&one, f, err));
    tm_buf_str(&l->bytes, tm_buf_view(&one.bytes));
    tm_buf_release(&one.bytes);
    return tm_buf_ok(&l->bytes, err);
}

static int compare_facts(const void *a, const void *b, void *of)
{
    const tm_facts *facts = of;
    tm_fact f, g;
    tm_fact_read(facts->bytes.p + *(const size_t *)a, &f);
    tm_fact_read(facts->bytes.p + *(const size_t *)b, &g);
    int c = tm_str_cmp(f.key, g.key);
    if (!c) c = tm_str_cmp(f.order, g.order);
    if (!c) c = tm_rid_cmp(f.rid, g.rid);
    return c ? c : tm_str_cmp(f.data, g.data);
}

typedef struct feed {
    const tm_facts *facts;
    const size_t *at;
    size_t count, next;
} feed;

static tm_status pull(void *from, tm_fact *out, bool *more, tm_err *err)
{
    feed *f = from;
    (void)err;
    *more = f->next < f->count;
    if (!*more) return TM_OK;
    tm_fact_read(f->facts->bytes.p + f->at[f->next++], out);
    return TM_OK;
}

typedef struct made {
    tm_buf next, decisions;
    uint64_t nexts, decided;
} made;

static tm_status take_made(void *arg, tm_facts *next, tm_decisions *out, tm_err *err)
{
    made *m = arg;
    if (next) tm_buf_str(&m->next, tm_buf_view(&next->bytes)), m->nexts += next->count;
    tm_buf_str(&m->decisions, tm_buf_view(&out->bytes));
    m->decided += out->count;
    if (next) tm_buf_clear(&next->bytes), next->count = 0;
    tm_buf_clear(&out->bytes);
    out->count = 0;
    TM_TRY(tm_buf_ok(&m->next, err));
    return tm_buf_ok(&m->decisions, err);
}

static void send_all(int pipe, const void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t wrote = write(pipe, (const char *)p + at, n - at);
        if (wrote <= 0) _exit(3);
        at += (size_t)wrote;
    }
}

static bool get_all(int pipe, void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = read(pipe, (char *)p + at, n - at);
        if (got <= 0) return false;
        at += (size_t)got;
    }
    return true;
}

/* The child: sorts its part and reduces it; what it made goes back through the pipe. */
static void reduce_part(int pipe, const tm_reducer *reducer, const tm_facts *facts, size_t *at,
                        size_t count)
{
    made m = {0};
    tm_err err = {0};
    tm_reducer own = *reducer;
    own.take = take_made;
    own.arg = &m;
    qsort_r(at, count, sizeof *at, compare_facts, (void *)(uintptr_t)facts);
    feed f = {facts, at, count, 0};
    if (tm_reduce_sorted(&own, pull, &f, &err) != TM_OK) _exit(2);
    uint64_t head[4] = {m.next.n, m.nexts, m.decisions.n, m.decided};
    send_all(pipe, head, sizeof head);
    send_all(pipe, m.next.p, m.next.n);
    send_all(pipe, m.decisions.p, m.decisions.n);
    _exit(0);
}

static tm_status run_part(const tm_reducer *reducer, const loose *all, size_t *at, size_t count,
                          tm_err *err)
{
    int ends[2], exit_code;
    uint64_t head[4];
    tm_facts facts = {.bytes = all->bytes, .count = all->count}, next = {0};
    tm_decisions out = {0};
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) reduce_part(ends[1], reducer, &facts, at, count);
    close(ends[1]);
    assert_true(get_all(ends[0], head, sizeof head));
    assert_true(tm_buf_grow(&next.bytes, head[0] + 1) && tm_buf_grow(&out.bytes, head[2] + 1));
    assert_true(get_all(ends[0], next.bytes.p, head[0]));
    assert_true(get_all(ends[0], out.bytes.p, head[2]));
    close(ends[0]);
    assert_int_equal(waitpid(child, &exit_code, 0), child);
    assert_int_equal(exit_code, 0);
    next.bytes.n = head[0], next.count = head[1];
    out.bytes.n = head[2], out.count = head[3];
    tm_status status = reducer->take(reducer->arg, &next, &out, err);
    tm_buf_release(&next.bytes);
    tm_buf_release(&out.bytes);
    return status;
}

/* Facts are shuffled, cut into parts by key at random, and the parts done in a random order. */
tm_status hostile_reduce(void *arg, const tm_reducer *reducer, tm_exchange *x, tm_err *err)
{
    loose all = {0};
    uint64_t *salt = arg;
    tm_status status = tm_exchange_drain(x, collect, &all, err);
    size_t *part = malloc((all.count + 1) * sizeof *part);
    for (size_t i = all.count; i > 1; i--) {
        size_t k = chance(i), keep = all.at[i - 1];
        all.at[i - 1] = all.at[k];
        all.at[k] = keep;
    }
    size_t first = chance(PARTS);
    ++*salt;
    for (size_t p = 0; status == TM_OK && p < PARTS; p++) {
        size_t count = 0;
        for (size_t i = 0; i < all.count; i++) {
            tm_fact f;
            tm_fact_read(all.bytes.p + all.at[i], &f);
            if (tm_hash64(f.key.p, f.key.n, *salt) % PARTS == (p + first) % PARTS)
                part[count++] = all.at[i];
        }
        status = run_part(reducer, &all, part, count, err);
    }
    free(part);
    free(all.at);
    tm_buf_release(&all.bytes);
    return status;
}
