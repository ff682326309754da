/* The seam between operators and whatever runs them: facts out, decisions back.
 *
 * A set step is a list of rounds. observe looks at batches and emits facts; the exchange brings
 * facts with one key together, sorted by (key, order, rid, data), all compared by memcmp; reduce
 * sees one group at a time and emits decisions, and facts for the next round. Nothing else crosses:
 * locally an external sort runs between, on a cluster its own shuffle. All of it is pure: same
 * facts, same decisions, whatever the number of threads, partitions and machines. */
#ifndef TM_OP_SEAM_H
#define TM_OP_SEAM_H

#include "base/buf.h"
#include "base/spill.h"
#include "record/batch.h"

typedef struct tm_fact {
    tm_str key, order, data;
    tm_rid rid;
} tm_fact;

/* Numbers in keys and orders are big endian, so that bytes compare as they do. */
static inline void tm_be64_put(uint64_t n, char out[8])
{
    for (unsigned i = 0; i < 8; i++) out[i] = (char)(n >> (56 - 8 * i));
}
static inline uint64_t tm_be64_get(const char *p)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++) n = n << 8 | (uint8_t)p[i];
    return n;
}
static inline void tm_rid_put(tm_rid rid, char out[16])
{
    tm_be64_put(rid.place, out);
    tm_be64_put(rid.path, out + 8);
}
static inline tm_rid tm_rid_get(const char *p)
{
    return (tm_rid){tm_be64_get(p), tm_be64_get(p + 8)};
}
static inline void tm_hash_put(tm_hash h, char out[16])
{
    tm_be64_put(h.hi, out);
    tm_be64_put(h.lo, out + 8);
}
static inline tm_hash tm_hash_get(const char *p)
{
    return (tm_hash){.hi = tm_be64_get(p), .lo = tm_be64_get(p + 8)};
}

/* Facts one behind another, framed: u32 key bytes, u32 order bytes, u32 data bytes, u64 place,
 * u64 path (native order: it never leaves the process), then the bytes. */
typedef struct tm_facts {
    tm_buf bytes;
    uint64_t count;
} tm_facts;
tm_status tm_facts_add(tm_facts *facts, const tm_fact *fact, tm_err *err);
/* n that hold nothing but a key each: the cheapest (flow/lean.h). */
tm_status tm_facts_add_lean(tm_facts *facts, const uint64_t *key, size_t n, tm_rid rid,
                            tm_err *err);
typedef struct tm_fact_head {
    uint32_t key, order, data, unused;
    tm_rid rid;
} tm_fact_head;
enum { TM_FACT_HEAD = sizeof(tm_fact_head) }; /* bytes of a frame before the fact's own */

/* The fact whose whole frame begins at p. */
static inline void tm_fact_read(const char *p, tm_fact *out)
{
    tm_fact_head head;
    memcpy(&head, p, sizeof head);
    p += sizeof head;
    *out = (tm_fact){.key = {p, head.key},
                     .order = {p + head.key, head.order},
                     .data = {p + head.key + head.order, head.data},
                     .rid = head.rid};
}

/* Reads the fact at *at and moves on; false at the end. */
static inline bool tm_facts_next(const tm_facts *facts, size_t *at, tm_fact *out)
{
    size_t left = facts->bytes.n - *at;
    if (left < TM_FACT_HEAD) return false;
    tm_fact_read(facts->bytes.p + *at, out);
    size_t body = out->key.n + out->order.n + out->data.n;
    TM_ASSERT(left - TM_FACT_HEAD >= body);
    *at += TM_FACT_HEAD + body;
    return true;
}

typedef struct tm_decisions { /* same idea: framed rows */
    tm_buf bytes;
    uint64_t count;
} tm_decisions;
tm_status tm_decide(tm_decisions *decisions, const tm_decision *decision, tm_err *err);
bool tm_decisions_next(tm_str bytes, size_t *at, tm_decision *out);
/* The decision whose whole frame begins at p names another record from now on. */
void tm_decision_name(char *p, tm_rid other);

/* The facts of one key, streamed in order. Each call takes away what the reducer made before it, so
 * one that goes on when all facts are read calls again, and gets none. */
typedef struct tm_group {
    tm_str key;
    bool (*next)(struct tm_group *self, tm_fact *out); /* slices live until the next call */
} tm_group;

/* What an operator's functions get of their step. */
typedef struct tm_step_view {
    const void *shared; /* what prepare made */
    void *scratch;      /* this worker's */
    const void *told;   /* the last fold's state or table, or NULL; 16-aligned */
    uint64_t seed;
    uint64_t stream;  /* of its chances (tm_chance): of its name, which no other step has */
    uint64_t memory;  /* bytes that one group may hold in a reducer, and a table while it is made */
    uint64_t ceiling; /* TABLE: of the run; so much more of it is so much more for the table */
    tm_spill *spill;  /* where a reducer puts what does not fit; NULL: nowhere */
    uint16_t step;    /* index of the step in the plan */
    uint32_t column;  /* batch->column of this step's first signal */
    const struct tm_layout_set *layouts;
} tm_step_view;

typedef enum tm_how { TM_NO_ROUND, TM_GROUP, TM_FOLD, TM_COMPONENTS, TM_SORT, TM_TABLE } tm_how;
typedef struct tm_round {
    const char *name;
    tm_how how;
    bool (*needed)(
        const void *shared); /* with these parameters it is one of the step's; NULL: is */
    /* Only records that the round before decided something about are shown to observe. */
    bool decided_only;
    bool pairs_only; /* GROUP: groups of one fact are not shown to reduce */
    /* COMPONENTS of edges that the round before left: what that one decided of records stands, and
     * gets `other` from this one. */
    bool adds;
    /* With these parameters `observe` looks at the texts of parts, roles and kinds, and at nothing
     * else of a record: neither raw bytes nor fields nor labels nor its id. NULL: at more. */
    bool (*texts_only)(const void *shared);
    bool references_only; /* records of the stream are not shown to observe, nor read for it */
    /* GROUP, TABLE: with these parameters there is nothing to observe, so nothing is read for it
     * and there are no facts. NULL: there always is. */
    bool (*idle)(const void *shared);
    uint32_t state_bytes; /* FOLD: integers only, zeroed at first */
    /* GROUP, COMPONENTS (fact.rid to the tm_rid in fact.data is an edge), SORT (by fact.order),
     * TABLE (facts of one key). NULL: the facts are those that the round before emitted as `next`.
     * Facts with a key of eight bytes, no order and no data are the cheapest (flow/lean.h). */
    tm_status (*observe)(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err);
    /* FOLD: adds a batch into a worker's state. */
    tm_status (*observe_state)(const tm_step_view *step, tm_batch *b, void *state, tm_err *err);
    /* GROUP. COMPONENTS and SORT decide by themselves: `other` = lowest rid of the component;
     * `order` = rank from 0. */
    tm_status (*reduce)(const tm_step_view *step, tm_group *group, tm_facts *next,
                        tm_decisions *out, tm_err *err);
    void (*fold)(void *into, const void *from); /* FOLD: commutes and associates */
    /* TABLE: all facts, sorted, become bytes of any size that every worker is told from here on, in
     * the writing pass too (step->told). The bytes must not hold addresses: they are stored, and
     * sent to other machines. No facts: nothing is told. */
    tm_status (*tell)(const tm_step_view *step, tm_group *facts, tm_buf *told, tm_err *err);
} tm_round;

static inline bool tm_round_idle(const tm_round *round, const void *shared)
{
    return round->idle && round->idle(shared);
}

/* A GROUP round's reduce before a COMPONENTS round: who shares a key is linked to the first who has
 * it, which makes them one component. */
tm_status tm_reduce_to_edges(const tm_step_view *step, tm_group *group, tm_facts *next,
                             tm_decisions *out, tm_err *err);
/* A GROUP round's reduce, with pairs_only, before one that is decided_only: whoever shares a key is
 * looked at there. */
tm_status tm_reduce_to_candidates(const tm_step_view *step, tm_group *group, tm_facts *next,
                                  tm_decisions *out, tm_err *err);

#endif
