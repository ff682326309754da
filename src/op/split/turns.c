/* split.turns: one record per assistant turn.
 *
 * Child k is the record as it is now with everything behind its k-th assistant message cut out of
 * the message list: the bytes that stay are the parent's own. Records with one assistant turn, or
 * in a layout without a message list, pass unchanged. */
#include "op/op.h"

enum { NOT_FOUND_AGAIN };

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
    return turn->role == TM_ASSISTANT && turn->answer <= 1 && turn->node != TM_NONE;
}

/* The one array that holds all assistant messages, if there are at least two; else TM_NONE. */
static uint32_t message_list(const tm_batch *b, uint32_t r)
{
    uint32_t answers = 0, list = TM_NONE;
    for (uint32_t t = b->first_turn[r]; t < b->first_turn[r + 1]; t++) {
        if (!is_answer(&b->turn[t])) continue;
        uint32_t around = array_around(b->json.node, b->top[r], b->turn[t].node);
        if (answers++ && around != list) return TM_NONE;
        list = around;
    }
    return answers > 1 ? list : TM_NONE;
}

/* The same list in the record as it is now: found by its path, since patches move bytes. */
static uint32_t find_again(const tm_batch *b, uint32_t r, uint32_t list, scratch *own)
{
    tm_buf_clear(&own->path);
    tm_record_path(b, r, b->json.node[list].at, &own->path);
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

static tm_status add_child(tm_batch *b, uint32_t r, scratch *own, uint32_t cut_at, uint32_t cut_to,
                           tm_children *out, tm_err *err)
{
    tm_buf_clear(&own->child);
    tm_buf_add(&own->child, own->now.p, cut_at);
    tm_buf_add(&own->child, own->now.p + cut_to, own->now.n - cut_to);
    TM_TRY(tm_buf_ok(&own->child, err));
    return out->add(out, b, r, tm_buf_view(&own->child), err);
}

static tm_status split_record(const tm_step_view *step, tm_batch *b, uint32_t r, uint32_t list,
                              tm_children *out, tm_err *err)
{
    scratch *own = step->scratch;
    tm_buf_clear(&own->now);
    TM_TRY(tm_record_write(b, r, &own->now, err));
    if (!tm_json_scan(&own->json, own->now.p, own->now.n, 0, (tm_json_limits){0}))
        return own->json.trouble == TM_JSON_MEMORY
                   ? tm_fail_memory(err, "split.turns", own->now.n)
                   : tm_fail(err, TM_EBUG, "a record that was written is not JSON");
    uint32_t now = find_again(b, r, list, own), t = b->first_turn[r], index = 0;
    if (now == TM_NONE)
        return tm_find(b, r, TM_NONE, 0, 0, step->step, NOT_FOUND_AGAIN, TM_NO_VALUE, err);
    const tm_json_node *was = b->json.node;
    for (uint32_t m = tm_json_first(was, list); m != TM_NONE; m = tm_json_after(was, list, m)) {
        while (t < b->first_turn[r + 1] && b->turn[t].node != m) t++;
        if (t == b->first_turn[r + 1]) break;
        uint32_t same = tm_json_at(own->json.node, now, index++);
        if (same == TM_NONE || !is_answer(&b->turn[t])) continue;
        TM_TRY(
            add_child(b, r, own, own->json.node[same].end, own->json.node[now].end - 1, out, err));
    }
    return TM_OK;
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    for (uint32_t r = 0; r < b->records; r++) {
        uint32_t list = tm_live(b, r) ? message_list(b, r) : TM_NONE;
        if (list != TM_NONE) TM_TRY(split_record(step, b, r, list, out, err));
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
    .rev = 1,
    .shape = TM_FANOUT,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .scratch_bytes = sizeof(scratch),
    .end = end,
    .each = each,
};
