/* split.turns: one record per assistant turn.
 *
 * Child k is the record as it is now with everything behind its k-th assistant message cut out of
 * the message list: the bytes that stay are the parent's own. What stands behind the last answer is
 * in no child, which a finding says; a record that ends with its only answer passes unchanged. So
 * do, with a finding, records whose answers stand in no one list of messages (a history beside an
 * output, a prompt beside a completion), for there a child would need another shape; and pairs and
 * answers with a label or a score, whose judgement is of the last answers. */
#include "op/op.h"

enum { NOT_FOUND_AGAIN, TOO_MANY, NO_LIST, TAIL_CUT };

typedef struct scratch {
    tm_json json;
    tm_buf now, child, path;
} scratch;

static void end(void *mine)
{
    scratch *own = mine;
    tm_json_release(&own->json);
    tm_buf_release(&own->now);
    tm_buf_release(&own->child);
    tm_buf_release(&own->path);
}

/* The nearest array around node `m`, or TM_NONE. */
static uint32_t array_around(const tm_json_node *node, uint32_t top, uint32_t m)
{
    uint32_t around = TM_NONE, v = top;
    while (v < m) {
        if (node[v].kind == TM_JSON_ARRAY && node[v].next > m) around = v;
        v = node[v].next > m ? v + 1 : node[v].next;
    }
    return around;
}

static bool is_answer(const tm_turn *turn)
{
    return turn->role == TM_ASSISTANT && turn->answer <= 1;
}

typedef struct answers {
    uint32_t count;  /* assistant turns, wherever they stand */
    uint32_t array;  /* the one list whose elements they all are, or TM_NONE */
    uint32_t behind; /* elements behind the last of them ... */
    uint32_t tail;   /* ... from this one on, or TM_NONE */
} answers;

/* Looks for all answers in the list around the first one. */
static void find_list(const tm_batch *b, uint32_t t, uint32_t end, uint32_t top, answers *a)
{
    const tm_json_node *node = b->json.node;
    uint32_t list = TM_NONE, m = TM_NONE;
    if (b->turn[t].node != TM_NONE) list = array_around(node, top, b->turn[t].node);
    if (list != TM_NONE) m = tm_json_first(node, list);
    for (; t < end && m != TM_NONE; t++) {
        if (!is_answer(&b->turn[t])) continue;
        while (m != TM_NONE && m != b->turn[t].node) m = tm_json_after(node, list, m);
    }
    if (m == TM_NONE) return;
    a->array = list;
    a->tail = tm_json_after(node, list, m);
    for (m = a->tail; m != TM_NONE; m = tm_json_after(node, list, m)) a->behind++;
}

/* Pairs, labels and scores judge the last answer, and say nothing of those before it. */
static bool is_judged(uint8_t kind)
{
    return kind == TM_PREFERENCE || kind == TM_UNPAIRED || kind == TM_SCORED || kind == TM_STEPWISE;
}

static answers answers_of(const tm_batch *b, uint32_t r)
{
    answers a = {.array = TM_NONE, .tail = TM_NONE};
    uint32_t first = TM_NONE, end = b->first_turn[r + 1];
    for (uint32_t t = b->first_turn[r]; t < end; t++) {
        if (!is_answer(&b->turn[t])) continue;
        if (first == TM_NONE) first = t;
        a.count++;
    }
    if (a.count && !is_judged(b->kind[r])) find_list(b, first, end, b->top[r], &a);
    return a;
}

typedef struct list { /* of messages, in the record as it is now */
    tm_str text;
    const tm_json_node *node;
    uint32_t array; /* TM_NONE: it could not be found again */
} list;

static bool is_changed(const tm_batch *b, uint32_t r)
{
    bool changed = b->first_patch[r] != TM_NONE;
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1] && !changed; p++)
        changed = b->part[p].first_edit != TM_NONE;
    return changed;
}

/* Where the list stands in own->json: by its path, since patches move bytes. */
static uint32_t find_again(const tm_batch *b, uint32_t r, uint32_t array, scratch *own)
{
    tm_buf_clear(&own->path);
    tm_record_path(b, r, b->json.node[array].at, &own->path);
    if (own->path.failed) return TM_NONE;
    uint32_t v = 0;
    tm_str key, rest = tm_buf_view(&own->path);
    while (rest.n && v != TM_NONE) {
        tm_str_cut(rest, '.', &key, &rest);
        if (own->json.node[v].kind != TM_JSON_OBJECT) return TM_NONE;
        v = tm_json_get(own->json.node, own->now.p, v, key);
    }
    return v != TM_NONE && own->json.node[v].kind == TM_JSON_ARRAY ? v : TM_NONE;
}

static tm_status list_now(tm_batch *b, uint32_t r, uint32_t array, scratch *own, list *out,
                          tm_err *err)
{
    *out = (list){b->raw[r], b->json.node, array};
    if (!is_changed(b, r)) return TM_OK;
    tm_buf_clear(&own->now);
    TM_TRY(tm_record_write(b, r, &own->now, err));
    if (!tm_json_scan(&own->json, own->now.p, own->now.n, 0, (tm_json_limits){0}))
        return own->json.trouble == TM_JSON_MEMORY
                   ? tm_fail_memory(err, "split.turns", own->now.n)
                   : tm_fail(err, TM_EBUG, "a record that was written is not JSON");
    *out = (list){tm_buf_view(&own->now), own->json.node, find_again(b, r, array, own)};
    return TM_OK;
}

static tm_status add_child(tm_batch *b, uint32_t r, scratch *own, const list *now, uint32_t last,
                           tm_children *out, tm_err *err)
{
    size_t cut_at = now->node[last].end, cut_to = now->node[now->array].end - 1;
    tm_buf_clear(&own->child);
    tm_buf_add(&own->child, now->text.p, cut_at);
    tm_buf_add(&own->child, now->text.p + cut_to, now->text.n - cut_to);
    TM_TRY(tm_buf_ok(&own->child, err));
    return out->add(out, b, r, tm_buf_view(&own->child), err);
}

static tm_status children(const tm_step_view *step, tm_batch *b, uint32_t r, uint32_t *count,
                          tm_err *err)
{
    const answers a = answers_of(b, r);
    list now;
    if (a.array == TM_NONE)
        return a.count < 2 ? TM_OK
                           : tm_find(b, r, TM_NONE, 0, 0, step->step, NO_LIST, a.count, err);
    if (a.count == 1 && !a.behind) return TM_OK;
    if (a.count > TM_CHILDREN_MAX)
        return tm_find(b, r, TM_NONE, b->json.node[a.array].at, 0, step->step, TOO_MANY, a.count,
                       err);
    TM_TRY(list_now(b, r, a.array, step->scratch, &now, err));
    if (now.array == TM_NONE)
        return tm_find(b, r, TM_NONE, 0, 0, step->step, NOT_FOUND_AGAIN, TM_NO_VALUE, err);
    *count = a.count;
    if (!a.behind) return TM_OK;
    return tm_find(b, r, TM_NONE, b->json.node[a.tail].at, 0, step->step, TAIL_CUT, a.behind, err);
}

static tm_status fan_out(const tm_step_view *step, tm_batch *b, uint32_t r, tm_children *out,
                         tm_err *err)
{
    scratch *own = step->scratch;
    uint32_t array = answers_of(b, r).array;
    list now;
    TM_TRY(list_now(b, r, array, own, &now, err));
    uint32_t m = tm_json_first(b->json.node, array), same = tm_json_first(now.node, now.array);
    for (uint32_t t = b->first_turn[r]; t < b->first_turn[r + 1]; t++) {
        if (!is_answer(&b->turn[t])) continue;
        while (m != b->turn[t].node && same != TM_NONE) { /* an element may be no message */
            m = tm_json_after(b->json.node, array, m);
            same = tm_json_after(now.node, now.array, same);
        }
        if (same == TM_NONE) return tm_fail(err, TM_EBUG, "a message is not in its list");
        TM_TRY(add_child(b, r, own, &now, same, out, err));
    }
    return TM_OK;
}

static const tm_param PARAMS[] = {{0}};

static const tm_code CODES[] = {
    {
        .code = "T1601",
        .name = "not-split",
        .sentence = "the message list could not be found again after earlier edits",
        .help = "An earlier step changed the fields around the message list, or its key holds a "
                "dot. The record passed unsplit. Put split.turns before that step.",
        .verdict = TM_V_FLAG,
    },
    {
        .code = "T1602",
        .name = "too-many-turns",
        .sentence = "the record has more assistant turns than a record can have children: 65,535",
        .help =
            "A child's name has 16 bits for its number among its siblings. Cut the conversation "
            "into several records first.",
        .verdict = TM_V_PARK,
        .fixed_verdict = true,
    },
    {
        .code = "T1603",
        .name = "no-message-list",
        .sentence = "the record has several answers, and no one list of messages holds them",
        .help = "A history beside an output, a prompt beside a completion; or a pair, a label or a "
                "score, whose judgement is of the last answers. The earlier ones cannot be cut "
                "out, so the record passed unsplit.",
        .verdict = TM_V_FLAG,
        .fixed_verdict = true,
    },
    {
        .code = "T1604",
        .name = "messages-behind-the-last-answer",
        .sentence = "messages behind the last answer are in no child",
        .help = "Each child ends with an answer, so what is said behind the last one trains "
                "nothing and was left out.",
        .verdict = TM_V_FLAG,
        .fixed_verdict = true,
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Two answers, two records",
        .recipe = "{}",
        .in = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
              "{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"},"
              "{\"role\":\"assistant\",\"content\":\"d\"}],\"n\":1}\n",
        .out = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
               "{\"role\":\"assistant\",\"content\":\"b\"}],\"n\":1}\n"
               "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
               "{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"},"
               "{\"role\":\"assistant\",\"content\":\"d\"}],\"n\":1}\n",
        .fates = "replaced",
    },
    {
        .title = "A question behind the only answer",
        .recipe = "{}",
        .in =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
            "{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}]}\n",
        .out = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
               "{\"role\":\"assistant\",\"content\":\"b\"}]}\n",
        .fates = "replaced",
    },
    {0},
};

const tm_op tm_op_split_turns = {
    .name = "split.turns",
    .group = "split",
    .summary = "make one record of each assistant turn, with the conversation up to it",
    .why = "Trainers that take the loss on the last answer only waste the earlier ones of a long "
           "conversation. The parent is replaced by its children; every child keeps the parent's "
           "other fields, and its rid names the parent. Deduplicate by response afterwards, not "
           "before: the children share their beginnings by design.",
    .rev = 4,
    .shape = TM_FANOUT,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .scratch_bytes = sizeof(scratch),
    .end = end,
    .children = children,
    .fan_out = fan_out,
};
