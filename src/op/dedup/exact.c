/* dedup.exact: merges records whose chosen texts are equal, under a normaliser that is spelled out.
 *
 * Two rounds. In the first every record gives a 64-bit hash (XXH3) of its normalised texts; records
 * that share one are candidates. In the second only candidates give the texts themselves, and a
 * record is merged only if they equal its representative's byte for byte: a hash collision can
 * never lose a record, and texts of unique records never travel. The scope and the keep list decide
 * who represents.
 *
 * With `prefix` a record gives a hash for each of its beginnings too, and is merged into one that
 * begins with all of it: the longest first. The texts of all beginnings of a long conversation are
 * far more than the conversation, so in their place their SHA-256 is compared, which goes on from
 * one beginning to the next; no two texts are known, or can be made, that share it.
 *
 * What a record is compared by is said in exact_key.h. Records with nothing selected, or with
 * nothing but empty texts, are never merged: they say nothing about each other. */
#include "op/dedup/cluster.h"
#include "op/dedup/exact_key.h"
#include "op/dedup/index_head.h"
#include "op/dedup/scope.h"
#include "op/keep.h"
#include "op/normalise.h"

enum { EXACT_DUPLICATE };

typedef struct args {
    uint32_t by;
    int64_t turn;
    uint64_t normalise;
    tm_texts keep, against, within;
    uint8_t across;
    bool prefix;
} args;

typedef struct shared {
    const args *args;
    tm_exact_rules rules;
    tm_scope scope;
    tm_keep *keep;
    uint8_t verdict;
} shared;

typedef struct scratch {
    tm_keep_scratch *keep;
    tm_exprs_scratch within;
    tm_exact_key key;
    tm_buf order, data;
} scratch;

/* References are measured by no step: they have no signals to be apart by. */
static tm_status add_within(tm_prep *prep, const args *a, shared *s, tm_err *err)
{
    tm_expr_env env = prep->env;
    env.used = TM_NEW(prep->mem, uint8_t, env.signals + 1);
    if (!env.used) return tm_fail_memory(err, "dedup.exact", env.signals);
    TM_TRY(tm_exprs_compile(prep->mem, &a->within, &env, &s->rules.within, err));
    for (uint32_t i = 0; i < env.signals; i++) {
        if (!env.used[i]) continue;
        if (prep->env.used) prep->env.used[i] = 1;
        if (a->against.count)
            return tm_fail(err, TM_ERECIPE,
                           "within: names the signal %s, which the records of against: do not have",
                           env.name[i]);
    }
    return TM_OK;
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "dedup.exact", sizeof *s);
    s->args = given;
    if (s->args->by & TM_SEL_EVERYTHING && (s->args->turn || s->args->prefix))
        return tm_fail(err, TM_ERECIPE,
                       "by: everything compares whole records: turn: and prefix: need by: all");
    s->rules = (tm_exact_rules){.choice = {s->args->by, s->args->turn},
                                .normalise = s->args->normalise,
                                .within = {.count = 0}};
    TM_TRY(tm_scope_make(prep, s->args->across, &s->args->against, &s->scope, err));
    tm_status status = add_within(prep, s->args, s, err);
    if (status == TM_OK)
        status = tm_keep_compile(prep->mem, &s->args->keep, &prep->env, false, &s->keep, err);
    if (status != TM_OK) return tm_exprs_release(&s->rules.within), status;
    s->verdict = tm_keep_verdict(s->keep, prep->then);
    *out = s;
    return tm_keep_is_none(s->keep) ? tm_scope_takes_none(&s->scope, err) : TM_OK;
}

static void release(const void *of)
{
    const shared *s = of;
    tm_keep_release(s->keep);
    tm_exprs_release(&s->rules.within);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    scratch *own = mine;
    const shared *s = of;
    own->keep = tm_keep_scratch_new(s->keep);
    if (!own->keep) return tm_fail_memory(err, "dedup.exact", 0);
    return tm_exprs_begin(&s->rules.within, &own->within, err);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_keep_scratch_free(own->keep);
    tm_exprs_end(&own->within);
    tm_exact_key_release(&own->key);
    tm_buf_release(&own->order);
    tm_buf_release(&own->data);
}

/* One of all of the record, and of each of its beginnings when those are asked for. */
static tm_status observe_hashes(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    const tm_exact_key *key = &own->key;
    if (b->reference && tm_scope_sees(&s->scope, b))
        TM_TRY(tm_index_refuse(b,
                               "dedup.exact compares texts as they stand, which an index does not "
                               "hold: name the earlier files themselves, or use dedup.near",
                               err));
    if (!tm_scope_sees(&s->scope, b)) return TM_OK;
    tm_evalue *within;
    TM_TRY(tm_exprs_values(&s->rules.within, &own->within, b, &within, err));
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        TM_TRY(tm_exact_key_of(&s->rules, b, r, within, &own->key, err));
        if (!key->any) continue;
        uint64_t hash = 0;
        for (uint32_t m = 0, from = 0; m < key->messages; m++) {
            if (!s->args->prefix && m + 1 < key->messages) continue;
            hash = tm_hash64(key->text.p + from, key->ends[m] - from, hash);
            if (s->args->prefix) from = key->ends[m];
            TM_TRY(tm_facts_add_lean(out, hash, b->rid[r], err));
        }
    }
    return TM_OK;
}

/* What is compared stands behind the first byte of the data, which says whether this is all of the
 * record. Order: the scope's rank, then the longest record first (it is not the beginning of
 * another), then the keep key. */
static tm_status add_fact(const shared *s, scratch *own, const tm_batch *b, uint32_t r, tm_str keep,
                          tm_str same, bool whole, tm_facts *out, tm_err *err)
{
    char rank[TM_RANK_BYTES], shorter[8];
    const tm_buf *text = &own->key.text;
    tm_scope_rank_put(tm_scope_rank(&s->scope, b), rank);
    tm_be64_put(s->args->prefix ? UINT64_MAX - text->n : 0, shorter);
    tm_buf_clear(&own->order);
    tm_buf_add(&own->order, rank, sizeof rank);
    tm_buf_add(&own->order, shorter, sizeof shorter);
    tm_buf_str(&own->order, keep);
    tm_buf_clear(&own->data);
    tm_buf_char(&own->data, whole);
    tm_buf_str(&own->data, same);
    TM_TRY(tm_buf_ok(&own->order, err));
    TM_TRY(tm_buf_ok(&own->data, err));
    tm_hash hash = tm_hash128(same.p, same.n);
    tm_fact f = {.key = {(const char *)&hash, sizeof hash},
                 .order = tm_buf_view(&own->order),
                 .data = tm_buf_view(&own->data),
                 .rid = b->rid[r]};
    return tm_facts_add(out, &f, err);
}

static tm_status add_beginnings(const shared *s, scratch *own, const tm_batch *b, uint32_t r,
                                tm_str keep, tm_facts *out, tm_err *err)
{
    const tm_exact_key *key = &own->key;
    tm_status status = TM_OK;
    tm_sha256 *sha = tm_sha256_new();
    if (!sha) return tm_fail_memory(err, "dedup.exact", 0);
    for (uint32_t m = 0, from = 0; status == TM_OK && m < key->messages; from = key->ends[m++]) {
        char hex[65];
        tm_sha256_add(sha, key->text.p + from, key->ends[m] - from);
        tm_sha256_hex(sha, hex);
        tm_str same = {hex, sizeof hex - 1};
        status = add_fact(s, own, b, r, keep, same, m + 1 == key->messages, out, err);
    }
    tm_sha256_free(sha);
    return status;
}

static tm_status observe_texts(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    const tm_exact_key *key = &own->key;
    tm_str *keep = TM_NEW(b->mem, tm_str, b->records + 1);
    if (!keep) return tm_fail_memory(err, "dedup.exact", b->records);
    if (!tm_scope_sees(&s->scope, b)) return TM_OK;
    if (!b->reference) TM_TRY(tm_keep_keys(s->keep, own->keep, step, b, s->args->by, keep, err));
    tm_evalue *within;
    TM_TRY(tm_exprs_values(&s->rules.within, &own->within, b, &within, err));
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        TM_TRY(tm_exact_key_of(&s->rules, b, r, within, &own->key, err));
        if (!key->any) continue;
        if (s->args->prefix)
            TM_TRY(add_beginnings(s, own, b, r, keep[r], out, err));
        else
            TM_TRY(add_fact(s, own, b, r, keep[r], tm_buf_view(&key->text), true, out, err));
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

/* What follows the first of its text: merged into it, but for records of references, which only
 * share its cluster. */
static tm_status follow(const tm_step_view *step, const tm_fact *f, tm_rid first, tm_decisions *out,
                        tm_err *err)
{
    if (!tm_scope_rank_get(f->order)) return tm_cluster_join(step, f->rid, first, out, err);
    return merge(step, f->rid, first, 0, out, err);
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
    tm_rid first = f.rid, second = f.rid;
    uint32_t rank = tm_scope_rank_get(f.order);
    bool stays = !rank || !tm_keep_is_none(s->keep), alone = true;
    tm_buf_add(&text, f.data.p + 1, f.data.n - 1);
    tm_status status = tm_buf_ok(&text, err);
    while (status == TM_OK && group->next(group, &f)) {
        bool whole = f.data.p[0];
        uint32_t own = tm_scope_rank_get(f.order);
        if (!whole || (own && !tm_scope_merges(&s->scope, rank, own))) continue;
        if (!tm_str_eq(tm_str_slice(f.data, 1, f.data.n), tm_buf_view(&text))) continue;
        status = follow(step, &f, first, out, err);
        if (alone) second = f.rid;
        alone = false;
    }
    if (status == TM_OK && !alone)
        status = stays ? tm_cluster_join(step, first, first, out, err)
                       : merge(step, first, second, TM_D_FIRST, out, err);
    tm_buf_release(&text);
    return status;
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    TM_UNUSED(out);
    return tm_cluster_names(b, step->column, err);
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
        .help = "what does not count as a difference: zero_width (zero-width and direction marks), "
                "unicode (another spelling of the same character; NFC), case (full case folding), "
                "space (runs of white space; at the ends, any); always in this order (normaliser "
                "version 2)",
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
        .name = "within",
        .type = TM_P_EXPRS,
        .at = offsetof(args, within),
        .help = "only records whose values of these are equal are compared: a field, a signal, "
                "kind, label",
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

static const tm_signal SIGNALS[] = {
    TM_CLUSTER_SIGNAL,
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
        .title = "One answer with two labels is news, and not a duplicate",
        .recipe = "{within: [kind, label]}",
        .in = "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":true}\n"
              "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":false}\n"
              "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":true}\n",
        .out = "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":true}\n"
               "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":false}\n",
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
    .rev = 8,
    .shape = TM_SET,
    .flags = TM_REFERENCES | TM_EACH_MEASURES,
    .finds = TM_FINDS_EQUAL,
    .params = PARAMS,
    .signals = SIGNALS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .cost = cost,
    .prepare = prepare,
    .release = release,
    .begin = begin,
    .end = end,
    .each = each,
    .rounds = ROUNDS,
};
