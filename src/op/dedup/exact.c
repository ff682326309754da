/* dedup.exact: merges records whose chosen texts are equal, under a normaliser that is spelled out.
 *
 * Two rounds. In the first every record gives a 64-bit hash (XXH3) of its normalised texts; records
 * that share one are candidates. In the second only candidates give the texts themselves, and a
 * record is merged only if they equal its representative's byte for byte: a hash collision can
 * never lose a record, and texts of unique records never travel. The scope and the keep list decide
 * who represents.
 *
 * With `prefix` a record gives a hash for each of its beginnings too, and is merged into one that
 * begins with all of it: the longest first.
 *
 * Roles, kinds and the places of alternatives are part of the key, and so are the names of called
 * functions and what is not text (pictures, values of the wrong type), byte for byte; how the
 * record spells the places is not: a completion is the last message of the same conversation. With
 * `by: everything` the key is the whole record as it is now: structure, keys, strings, numbers.
 * Records with nothing selected, or with nothing but empty texts, are never merged: they say
 * nothing about each other. */
#include "base/vec.h"
#include "op/dedup/chosen.h"
#include "op/dedup/scope.h"
#include "op/keep.h"
#include "op/normalise.h"
#include "record/writer.h"

enum { EXACT_DUPLICATE };

typedef struct args {
    uint32_t by;
    int64_t turn;
    uint64_t normalise;
    tm_texts keep, against;
    uint8_t across;
    bool prefix;
} args;

typedef struct shared {
    const args *args;
    tm_choice choice;
    tm_scope scope;
    tm_keep *keep;
    uint8_t verdict;
} shared;

typedef struct scratch {
    tm_keep_scratch *keep;
    tm_buf text, pass, order, now;
    tm_json json;   /* of `now`: a record as steps have changed it */
    uint32_t *ends; /* of `text`: behind each message */
    uint32_t messages, room;
} scratch;

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "dedup.exact", sizeof *s);
    s->args = given;
    if (s->args->by & TM_SEL_EVERYTHING && (s->args->turn || s->args->prefix))
        return tm_fail(err, TM_ERECIPE,
                       "by: everything compares whole records: turn: and prefix: need by: all");
    s->choice = (tm_choice){s->args->by, s->args->turn};
    TM_TRY(tm_scope_make(prep, s->args->across, &s->args->against, &s->scope, err));
    TM_TRY(tm_keep_compile(prep->mem, &s->args->keep, &prep->env, false, &s->keep, err));
    s->verdict = tm_keep_verdict(s->keep, prep->then);
    *out = s;
    return TM_OK;
}

static void release(const void *of)
{
    tm_keep_release(((const shared *)of)->keep);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    scratch *own = mine;
    own->keep = tm_keep_scratch_new(((const shared *)of)->keep);
    return own->keep ? TM_OK : tm_fail_memory(err, "dedup.exact", 0);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_keep_scratch_free(own->keep);
    tm_buf_release(&own->text);
    tm_buf_release(&own->pass);
    tm_buf_release(&own->order);
    tm_buf_release(&own->now);
    tm_json_release(&own->json);
    tm_free(own->ends);
}

static tm_status end_message(scratch *own, tm_err *err)
{
    if (!TM_ROOM_HEAP(own->ends, own->messages, own->room, 1))
        return tm_fail_memory(err, "dedup.exact", own->messages);
    own->ends[own->messages++] = (uint32_t)own->text.n;
    return TM_OK;
}

enum { KEY_TEXT, KEY_OTHER, KEY_NAME, KEY_NODE }; /* what stands behind a head */

/* One element of the key: what and where it is, its length and its bytes, so that no two different
 * records give the same key. */
static void add_element(scratch *own, uint64_t what, uint64_t where, tm_str bytes, uint64_t steps)
{
    uint64_t head[2] = {what << 56 | where, 0};
    size_t at = own->text.n;
    tm_buf_add(&own->text, head, sizeof head);
    if (steps)
        tm_normalise(bytes, steps, &own->pass, &own->text);
    else
        tm_buf_str(&own->text, bytes);
    if (own->text.failed) return;
    head[1] = own->text.n - at - sizeof head;
    memcpy(own->text.p + at, head, sizeof head);
}

static tm_status add_part(const shared *s, scratch *own, tm_batch *b, uint32_t p, bool *any,
                          tm_err *err)
{
    const tm_part *part = &b->part[p];
    uint32_t alternative = part->answer ? part->answer - 1u : 0;
    uint64_t where = (uint64_t)part->role << 32 | (uint64_t)part->kind << 16 | alternative;
    tm_str text, other = tm_part_other(b, p);
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
    size_t before = own->text.n;
    add_element(own, KEY_TEXT, where, text, s->args->normalise);
    *any |= own->text.n > before + 2 * sizeof where || other.n || part->name.n;
    if (other.n) add_element(own, KEY_OTHER, where, other, 0);
    if (part->name.p) add_element(own, KEY_NAME, where, part->name, 0);
    return tm_buf_ok(&own->text, err);
}

/* The nodes of a record in their order: with their depths they are its structure. */
static void add_nodes(const shared *s, scratch *own, const tm_json_node *node, const char *raw,
                      uint32_t top)
{
    for (uint32_t v = top; v < node[top].next; v++) {
        uint64_t where = (uint64_t)node[v].kind << 32 | node[v].depth;
        bool string = node[v].kind == TM_JSON_STRING || node[v].kind == TM_JSON_KEY;
        bool open = node[v].kind == TM_JSON_OBJECT || node[v].kind == TM_JSON_ARRAY;
        tm_str bytes = open ? (tm_str){"", 0} : tm_json_raw(node, raw, v);
        if (string) {
            tm_buf_clear(&own->order);
            tm_json_unescape(tm_json_inside(node, raw, v), &own->order);
            if (own->order.failed) own->text.failed = true;
            bytes = tm_buf_view(&own->order);
        }
        add_element(own, KEY_NODE, where, bytes,
                    node[v].kind == TM_JSON_STRING ? s->args->normalise : 0);
    }
}

static tm_status gather_everything(const shared *s, scratch *own, tm_batch *b, uint32_t r,
                                   bool *any, tm_err *err)
{
    *any = true;
    if (!tm_record_changed(b, r) && b->top[r] != TM_NONE) {
        add_nodes(s, own, b->json.node, b->raw[r].p, b->top[r]);
    } else {
        tm_json_limits limits = {.depth = UINT16_MAX};
        tm_buf_clear(&own->now);
        TM_TRY(tm_record_write(b, r, &own->now, err));
        if (!tm_json_scan(&own->json, own->now.p, own->now.n, 0, limits))
            return tm_fail_memory(err, "the index of a record", own->now.n);
        add_nodes(s, own, own->json.node, own->now.p, 0);
    }
    return tm_buf_ok(&own->text, err);
}

/* The key of what is chosen. False in *any: nothing to compare. */
static tm_status gather(const shared *s, scratch *own, tm_batch *b, uint32_t r, bool *any,
                        tm_err *err)
{
    tm_chosen chosen;
    const tm_part *last = NULL;
    *any = false;
    tm_buf_clear(&own->text);
    own->messages = 0;
    if (s->args->by & TM_SEL_EVERYTHING) {
        TM_TRY(gather_everything(s, own, b, r, any, err));
        return end_message(own, err);
    }
    if (!tm_choose(&s->choice, b, r, &chosen)) return TM_OK;
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        const tm_part *part = &b->part[p];
        if (!tm_is_chosen(&chosen, part)) continue;
        if (last && (last->turn != part->turn || last->answer != part->answer))
            TM_TRY(end_message(own, err));
        last = part;
        TM_TRY(add_part(s, own, b, p, any, err));
    }
    return end_message(own, err);
}

static tm_status add_hash(tm_str text, tm_rid rid, tm_facts *out, tm_err *err)
{
    char key[8];
    tm_be64_put(tm_hash64(text.p, text.n, 0), key);
    tm_fact f = {.key = {key, sizeof key}, .rid = rid};
    return tm_facts_add(out, &f, err);
}

/* One of all of the record, and of each of its beginnings when those are asked for. */
static tm_status observe_hashes(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    for (uint32_t r = 0; tm_scope_sees(&s->scope, b) && r < b->records; r++) {
        bool any;
        if (!tm_live(b, r)) continue;
        TM_TRY(gather(s, own, b, r, &any, err));
        if (!any) continue;
        TM_TRY(add_hash(tm_buf_view(&own->text), b->rid[r], out, err));
        for (uint32_t m = 0; s->args->prefix && m + 1 < own->messages; m++)
            TM_TRY(add_hash((tm_str){own->text.p, own->ends[m]}, b->rid[r], out, err));
    }
    return TM_OK;
}

/* Order: the scope's rank, then the longest record first (it is not the beginning of another),
  * then the keep key. The first byte of the data says whether this is all of the record. */
static tm_status add_text(const shared *s, scratch *own, const tm_batch *b, uint32_t r, tm_str key,
                          uint32_t bytes, tm_facts *out, tm_err *err)
{
    char rank[TM_RANK_BYTES], shorter[8];
    bool whole = bytes == own->text.n;
    tm_scope_rank_put(tm_scope_rank(&s->scope, b), rank);
    tm_be64_put(s->args->prefix ? UINT64_MAX - own->text.n : 0, shorter);
    tm_buf_clear(&own->order);
    tm_buf_add(&own->order, rank, sizeof rank);
    tm_buf_add(&own->order, shorter, sizeof shorter);
    tm_buf_str(&own->order, key);
    tm_buf_clear(&own->pass);
    tm_buf_char(&own->pass, whole);
    tm_buf_add(&own->pass, own->text.p, bytes);
    TM_TRY(tm_buf_ok(&own->order, err));
    TM_TRY(tm_buf_ok(&own->pass, err));
    tm_hash hash = tm_hash128(own->text.p, bytes);
    tm_fact f = {.key = {(const char *)&hash, sizeof hash},
                 .order = tm_buf_view(&own->order),
                 .data = tm_buf_view(&own->pass),
                 .rid = b->rid[r]};
    return tm_facts_add(out, &f, err);
}

static tm_status observe_texts(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_str *keys = TM_NEW(b->mem, tm_str, b->records + 1);
    if (!keys) return tm_fail_memory(err, "dedup.exact", b->records);
    if (!tm_scope_sees(&s->scope, b)) return TM_OK;
    if (!b->reference) TM_TRY(tm_keep_keys(s->keep, own->keep, b, s->args->by, keys, err));
    for (uint32_t r = 0; r < b->records; r++) {
        bool any;
        if (!tm_live(b, r)) continue;
        TM_TRY(gather(s, own, b, r, &any, err));
        if (!any) continue;
        for (uint32_t m = 0; m < own->messages; m++)
            if (s->args->prefix || m + 1 == own->messages)
                TM_TRY(add_text(s, own, b, r, keys[r], own->ends[m], out, err));
    }
    return TM_OK;
}

static tm_status reduce_hashes(const tm_step_view *step, tm_group *group, tm_facts *next,
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

static tm_status merge(const tm_step_view *step, tm_rid rid, tm_rid into, uint8_t more,
                       tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_decision d = {.rid = rid,
                     .step = step->step,
                     .rule = EXACT_DUPLICATE,
                     .verdict = s->verdict,
                     .set = TM_D_OTHER | more,
                     .other = into,
                     .value = TM_NO_VALUE};
    return tm_decide(out, &d, err);
}

/* Texts of one hash: the first is the representative, and those that equal it are merged into it.
 * Different texts under one hash (never seen; 2^-64 odds for a billion records) are kept. */
static tm_status reduce_texts(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    tm_buf text = {0};
    TM_UNUSED(next);
    if (!group->next(group, &f)) return TM_OK;
    tm_rid first = f.rid;
    uint32_t rank = tm_scope_rank_get(f.order);
    bool stays = !rank || !tm_keep_is_none(s->keep);
    tm_buf_add(&text, f.data.p + 1, f.data.n - 1);
    tm_status status = tm_buf_ok(&text, err);
    while (status == TM_OK && group->next(group, &f)) {
        bool whole = f.data.p[0];
        uint32_t own = tm_scope_rank_get(f.order);
        if (!whole || !own || !tm_scope_merges(&s->scope, rank, own)) continue;
        if (!tm_str_eq(tm_str_slice(f.data, 1, f.data.n), tm_buf_view(&text))) continue;
        status = merge(step, f.rid, first, 0, out, err);
        if (status == TM_OK && !stays) status = merge(step, first, f.rid, TM_D_FIRST, out, err);
        stays = true;
    }
    tm_buf_release(&text);
    return status;
}

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(given);
    TM_UNUSED(err);
    *out = (tm_cost){.memory = 1 << 20, .facts = facts->records, .fact_bytes = facts->records * 60};
    return TM_OK;
}

static const tm_round ROUNDS[] = {
    {
        .name = "hash",
        .how = TM_GROUP,
        .pairs_only = true,
        .observe = observe_hashes,
        .reduce = reduce_hashes,
    },
    {
        .name = "verify",
        .how = TM_GROUP,
        .decided_only = true,
        .pairs_only = true,
        .observe = observe_texts,
        .reduce = reduce_texts,
    },
    {0},
};

static const tm_param PARAMS[] = {
    {
        .name = "by",
        .type = TM_P_SELECTOR,
        .at = offsetof(args, by),
        .fallback = "all",
        .help = "which texts must be equal, with the functions they call and the pictures among "
                "them (everything: the whole record, but for spacing and escapes)",
    },
    {
        .name = "normalise",
        .type = TM_P_CHOICES,
        .at = offsetof(args, normalise),
        .choices = tm_norm_names,
        .help = "what does not count as a difference (normaliser version 1)",
    },
    {
        .name = "keep",
        .type = TM_P_EXPRS,
        .at = offsetof(args, keep),
        .flags = TM_P_KEEP,
        .fallback = "first",
        .help = TM_KEEP_HELP,
    },
    {
        .name = "turn",
        .type = TM_P_INT,
        .at = offsetof(args, turn),
        .fallback = "0",
        .min = -60000,
        .max = 60000,
        .help = TM_TURN_HELP,
    },
    {
        .name = "prefix",
        .type = TM_P_BOOL,
        .at = offsetof(args, prefix),
        .fallback = "false",
        .help = "merge a conversation into one that begins with all of it, the longest first",
    },
    {
        .name = "across",
        .type = TM_P_CHOICE,
        .at = offsetof(args, across),
        .choices = tm_across_names,
        .fallback = "all",
        .help = TM_SCOPE_HELP_ACROSS,
    },
    {
        .name = "against",
        .type = TM_P_TEXTS,
        .at = offsetof(args, against),
        .flags = TM_P_REFERENCE,
        .help = TM_SCOPE_HELP_AGAINST,
    },
    {0},
};

static const tm_code CODES[] = {
    {
        .code = "T1701",
        .name = "exact-duplicate",
        .sentence = "the texts equal those of another record",
        .help =
            "The record was merged into the one named in other_place (with keep: none both were "
            "dropped). Use keep: to choose who represents a group, by: to compare fewer texts, "
            "normalise: to count fewer differences.",
        .verdict = TM_V_MERGE,
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Equal in every text",
        .recipe = "{}",
        .in = "{\"text\":\"red\"}\n{\"text\":\"Red\"}\n{\"text\":\"red\",\"n\":2}\n",
        .out = "{\"text\":\"red\"}\n{\"text\":\"Red\"}\n",
        .fates = "kept kept merged",
    },
    {
        .title = "Case and spacing do not count, and the best rated survives",
        .recipe = "{normalise: [case, space], keep: [max $.rating, first]}",
        .in = "{\"text\":\"red  wine\",\"rating\":2}\n{\"text\":\"Red wine\",\"rating\":5}\n",
        .out = "{\"text\":\"Red wine\",\"rating\":5}\n",
        .fates = "merged kept",
    },
    {
        .title = "The beginning of a longer conversation",
        .recipe = "{prefix: true}",
        .in = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\","
              "\"content\":\"Hello\"}]}\n"
              "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\","
              "\"content\":\"Hello\"},{\"role\":\"user\",\"content\":\"Bye\"},{\"role\":"
              "\"assistant\",\"content\":\"See you\"}]}\n",
        .out = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\","
               "\"content\":\"Hello\"},{\"role\":\"user\",\"content\":\"Bye\"},{\"role\":"
               "\"assistant\",\"content\":\"See you\"}]}\n",
        .fates = "merged kept",
    },
    {
        .title = "What a reference holds already",
        .recipe = "{across: none, against: [reference]}",
        .reference = "{\"text\":\"red\"}\n",
        .in = "{\"text\":\"red\"}\n{\"text\":\"blue\"}\n{\"text\":\"blue\"}\n",
        .out = "{\"text\":\"blue\"}\n{\"text\":\"blue\"}\n",
        .fates = "merged kept kept",
    },
    {
        .title = "A whole record, with the fields no layout knows",
        .recipe = "{by: everything}",
        .in = "{\"text\":\"red\",\"n\":1}\n{\"text\":\"red\",\"n\":2}\n"
              "{\"text\": \"r\\u0065d\", \"n\": 1}\n",
        .out = "{\"text\":\"red\",\"n\":1}\n{\"text\":\"red\",\"n\":2}\n",
        .fates = "kept kept merged",
    },
    {
        .title = "Empty answers say nothing about each other",
        .recipe = "{by: response}",
        .in = "{\"prompt\":\"a\",\"completion\":\"\"}\n{\"prompt\":\"b\",\"completion\":\"\"}\n",
        .out = "{\"prompt\":\"a\",\"completion\":\"\"}\n{\"prompt\":\"b\",\"completion\":\"\"}\n",
        .fates = "kept kept",
    },
    {0},
};

const tm_op tm_op_dedup_exact = {
    .name = "dedup.exact",
    .group = "dedup",
    .summary = "merge records whose chosen texts are equal, verified byte for byte",
    .why =
        "Repeats cost tokens and are learned by heart; one record repeated a hundred times weighs "
        "a hundred times. Exact duplicates are the safe first cut: nothing is guessed. What is "
        "compared, what does not count as a difference and who survives are all yours to say, and "
        "every merged record names the one it was merged into.",
    .source = "Lee et al. 2022, Deduplicating Training Data Makes Language Models Better",
    .rev = 3,
    .shape = TM_SET,
    .flags = TM_REFERENCES,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .cost = cost,
    .prepare = prepare,
    .release = release,
    .begin = begin,
    .end = end,
    .rounds = ROUNDS,
};
