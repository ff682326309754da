/* Facts and decisions as framed rows in a byte buffer.
 *
 * One frame is a fixed head and the bytes behind it, copied in and out with memcpy: no alignment,
 * no pointers, so a buffer can be written to a spill file or sent through a pipe as it is. The
 * order of rows never means anything; whoever needs an order sorts. */
#include "op/seam.h"

static char *put(char *to, tm_str s)
{
    if (s.n) memcpy(to, s.p, s.n);
    return to + s.n;
}

tm_status tm_facts_add(tm_facts *facts, const tm_fact *fact, tm_err *err)
{
    tm_fact_head head = {(uint32_t)fact->key.n, (uint32_t)fact->order.n, (uint32_t)fact->data.n, 0,
                         fact->rid};
    size_t bytes = sizeof head + fact->key.n + fact->order.n + fact->data.n;
    if (!tm_buf_grow(&facts->bytes, bytes)) return tm_buf_ok(&facts->bytes, err);
    char *to = facts->bytes.p + facts->bytes.n;
    memcpy(to, &head, sizeof head);
    put(put(put(to + sizeof head, fact->key), fact->order), fact->data);
    facts->bytes.n += bytes;
    facts->count++;
    return TM_OK;
}

tm_status tm_facts_add_lean(tm_facts *facts, const uint64_t *key, size_t n, tm_rid rid, tm_err *err)
{
    struct {
        tm_fact_head head;
        char key[8];
    } frame = {.head = {.key = sizeof frame.key, .rid = rid}};
    if (!n) return TM_OK; /* a buffer that holds nothing may be nowhere */
    if (!tm_buf_grow(&facts->bytes, n * sizeof frame)) return tm_buf_ok(&facts->bytes, err);
    char *to = facts->bytes.p + facts->bytes.n;
    for (size_t i = 0; i < n; i++, to += sizeof frame) {
        tm_be64_put(key[i], frame.key);
        memcpy(to, &frame, sizeof frame);
    }
    facts->bytes.n += n * sizeof frame;
    facts->count += n;
    return TM_OK;
}

typedef struct decision_head {
    tm_rid rid, other;
    uint64_t order;
    double value;
    uint16_t step, rule, route, copies;
    uint8_t verdict, set;
    uint8_t unused[2];
    uint32_t data;
} decision_head;

tm_status tm_decide(tm_decisions *decisions, const tm_decision *d, tm_err *err)
{
    decision_head head = {.rid = d->rid,
                          .other = d->other,
                          .order = d->order,
                          .value = d->value,
                          .step = d->step,
                          .rule = d->rule,
                          .route = d->route,
                          .copies = d->copies,
                          .verdict = d->verdict,
                          .set = d->set,
                          .data = (uint32_t)d->data.n};
    tm_buf_add(&decisions->bytes, &head, sizeof head);
    tm_buf_str(&decisions->bytes, d->data);
    decisions->count++;
    return tm_buf_ok(&decisions->bytes, err);
}

bool tm_decisions_next(tm_str bytes, size_t *at, tm_decision *out)
{
    decision_head head;
    if (bytes.n - *at < sizeof head) return false;
    memcpy(&head, bytes.p + *at, sizeof head);
    if (bytes.n - *at - sizeof head < head.data) return false;
    *out = (tm_decision){.rid = head.rid,
                         .step = head.step,
                         .rule = head.rule,
                         .verdict = head.verdict,
                         .set = head.set,
                         .route = head.route,
                         .copies = head.copies,
                         .other = head.other,
                         .order = head.order,
                         .value = head.value,
                         .data = {bytes.p + *at + sizeof head, head.data}};
    *at += sizeof head + head.data;
    return true;
}

void tm_decision_name(char *p, tm_rid other)
{
    decision_head head;
    memcpy(&head, p, sizeof head);
    head.other = other;
    head.set |= TM_D_OTHER;
    memcpy(p, &head, sizeof head);
}

tm_status tm_reduce_to_edges(const tm_step_view *step, tm_group *group, tm_facts *next,
                             tm_decisions *out, tm_err *err)
{
    tm_fact f;
    TM_UNUSED(step);
    TM_UNUSED(out);
    if (!group->next(group, &f)) return TM_OK;
    tm_rid first = f.rid;
    while (group->next(group, &f)) {
        tm_fact edge = {.rid = f.rid, .data = {(const char *)&first, sizeof first}};
        TM_TRY(tm_facts_add(next, &edge, err));
    }
    return TM_OK;
}

tm_status tm_reduce_to_candidates(const tm_step_view *step, tm_group *group, tm_facts *next,
                                  tm_decisions *out, tm_err *err)
{
    tm_fact f;
    TM_UNUSED(next);
    while (group->next(group, &f)) {
        tm_decision d = {.rid = f.rid, .step = step->step};
        TM_TRY(tm_decide(out, &d, err));
    }
    return TM_OK;
}
