/* dedup.exact: merges records whose chosen texts are equal, under a normaliser that is spelled out.
 *
 * Two rounds. In the first every record gives a 128-bit hash (XXH3) of its normalised texts; groups
 * of more than one are candidates. In the second only candidates give the texts themselves, and a
 * record is merged only if they equal its representative's byte for byte: a hash collision can
 * never lose a record, and texts of unique records never travel. The keep list decides who
 * represents.
 *
 * Roles, kinds and the places of alternatives are part of the key. Records without any selected
 * text, or with nothing but empty ones, are never merged: they say nothing about each other. */
#include "op/keep.h"
#include "op/normalise.h"
#include "op/op.h"

enum { EXACT_DUPLICATE };

typedef struct args {
    uint32_t by;
    uint64_t normalise;
    tm_texts keep;
} args;

typedef struct shared {
    const args *args;
    tm_keep *keep;
    uint8_t verdict;
} shared;

typedef struct scratch {
    tm_keep_scratch *keep;
    tm_buf text, pass;
} scratch;

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "dedup.exact", sizeof *s);
    s->args = given;
    s->verdict = prep->then == TM_V_NONE ? TM_V_MERGE : (uint8_t)prep->then;
    TM_TRY(tm_keep_compile(prep->mem, &s->args->keep, &prep->env, &s->keep, err));
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
}

/* The record's selected texts in one string: for each part role, kind, answer and length before it,
 * so that no two different records give the same bytes. False in *any: nothing to compare. */
static tm_status gather(const shared *s, scratch *own, tm_batch *b, uint32_t r, bool *any,
                        tm_err *err)
{
    *any = false;
    tm_buf_clear(&own->text);
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        const tm_part *part = &b->part[p];
        tm_str text;
        if (!tm_part_in(part, s->args->by)) continue;
        if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
        uint64_t head[2] = {(uint64_t)part->role << 32 | (uint64_t)part->kind << 16 | part->answer,
                            0};
        size_t at = own->text.n;
        tm_buf_add(&own->text, head, sizeof head);
        tm_normalise(text, s->args->normalise, &own->pass, &own->text);
        TM_TRY(tm_buf_ok(&own->text, err));
        head[1] = own->text.n - at - sizeof head;
        memcpy(own->text.p + at, head, sizeof head);
        *any |= head[1] > 0;
    }
    return TM_OK;
}

static tm_status observe(const tm_step_view *step, tm_batch *b, bool texts, tm_facts *out,
                         tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_str *keys = TM_NEW(b->mem, tm_str, b->records + 1);
    if (!keys) return tm_fail_memory(err, "dedup.exact", b->records);
    TM_TRY(tm_keep_keys(s->keep, own->keep, b, s->args->by, keys, err));
    for (uint32_t r = 0; r < b->records; r++) {
        bool any;
        if (!tm_live(b, r)) continue;
        TM_TRY(gather(s, own, b, r, &any, err));
        if (!any) continue;
        tm_hash hash = tm_hash128(own->text.p, own->text.n);
        tm_fact f = {.key = {(const char *)&hash, sizeof hash}, .order = keys[r], .rid = b->rid[r]};
        if (texts) f.data = tm_buf_view(&own->text);
        TM_TRY(tm_facts_add(out, &f, err));
    }
    return TM_OK;
}

static tm_status observe_hashes(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    return observe(step, b, false, out, err);
}

static tm_status observe_texts(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    return observe(step, b, true, out, err);
}

static tm_status note_candidate(const tm_step_view *step, tm_rid rid, tm_decisions *out,
                                tm_err *err)
{
    tm_decision d = {.rid = rid, .step = step->step};
    return tm_decide(out, &d, err);
}

static tm_status reduce_hashes(const tm_step_view *step, tm_group *group, tm_facts *next,
                               tm_decisions *out, tm_err *err)
{
    tm_fact f;
    TM_UNUSED(next);
    if (!group->next(group, &f)) return TM_OK;
    tm_rid first = f.rid;
    for (bool alone = true; group->next(group, &f); alone = false) {
        if (alone) TM_TRY(note_candidate(step, first, out, err));
        TM_TRY(note_candidate(step, f.rid, out, err));
    }
    return TM_OK;
}

/* Texts of one hash: the first is the representative, and those that equal it are merged into it.
 * Different texts under one hash (never seen; 2^-64 odds for a billion records) are kept. */
static tm_status reduce_texts(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    tm_buf text = {0};
    tm_status status = TM_OK;
    TM_UNUSED(next);
    if (!group->next(group, &f)) return TM_OK;
    tm_rid first = f.rid;
    tm_buf_str(&text, f.data);
    status = tm_buf_ok(&text, err);
    while (status == TM_OK && group->next(group, &f)) {
        if (!tm_str_eq(f.data, tm_buf_view(&text))) continue;
        tm_decision d = {.rid = f.rid,
                         .step = step->step,
                         .rule = EXACT_DUPLICATE,
                         .verdict = s->verdict,
                         .set = TM_D_OTHER,
                         .other = first,
                         .value = TM_NO_VALUE};
        status = tm_decide(out, &d, err);
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
    {.name = "hash", .how = TM_GROUP, .observe = observe_hashes, .reduce = reduce_hashes},
    {
        .name = "verify",
        .how = TM_GROUP,
        .decided_only = true,
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
        .help = "which texts must be equal",
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
        .type = TM_P_TEXTS,
        .at = offsetof(args, keep),
        .fallback = "first",
        .help = TM_KEEP_HELP,
    },
    {0},
};

static const tm_code CODES[] = {
    {
        .code = "T1701",
        .name = "exact-duplicate",
        .sentence = "the texts equal those of another record",
        .help = "The record was merged into the one named in other_place. Use keep: to choose who "
                "represents a group, by: to compare fewer texts, normalise: to count fewer "
                "differences.",
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
    .rev = 1,
    .shape = TM_SET,
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
