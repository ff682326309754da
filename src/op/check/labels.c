/* check.labels: what the labels of unpaired preferences say together: the same prompt and answer
 * with both labels, and a set in which one of the two labels is absent (V15).
 *
 * `count` counts both labels and finds the first record that has one; it carries the remark that a
 * label is absent. `hash` gives a 64-bit hash of each labelled record's texts; those that share one
 * give the texts themselves in `verify`, where they are compared byte for byte, so no collision can
 * make a contradiction. There facts come by rid, and who stands before the first record of the
 * other label cannot know it yet: `both` brings each text's records together again behind the first
 * two of each label. So one text is all that is held, however many records share it.
 *
 * What is compared is the key of dedup.exact by: all (exact_key.h): a string and the one message
 * that says the same are equal. Records without a prompt and without an answer are not compared.
 * Other records, and labels that are not true or false (check.record finds those), are passed by.
 */
#include "op/dedup/exact_key.h"

enum { BOTH_LABELS, NONE_FALSE, NONE_TRUE }; /* codes */

typedef struct args {
    char none; /* it has no parameters */
} args;

typedef struct shared {
    uint8_t verdict; /* of those with both labels */
    tm_exact_rules rules;
} shared;

typedef struct scratch {
    tm_exact_key key;
    tm_buf data;
} scratch;

/* Its first record stands as its complement, so that the greatest wins and zero is none. */
typedef struct tally {
    uint64_t records[2]; /* labelled false, true */
    uint64_t place, path;
} tally;

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    shared *s = TM_NEW(prep->mem, shared, 1);
    TM_UNUSED(given);
    if (!s) return tm_fail_memory(err, "check.labels", sizeof *s);
    s->verdict = prep->then == TM_V_NONE ? TM_V_FLAG : (uint8_t)prep->then;
    s->rules = (tm_exact_rules){.choice = {.by = TM_SEL_ALL}};
    *out = s;
    return TM_OK;
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_exact_key_release(&own->key);
    tm_buf_release(&own->data);
}

/* Live, unpaired and labelled. */
static bool is_labelled(const tm_batch *b, uint32_t r, bool *label)
{
    if (!tm_live(b, r) || b->kind[r] != TM_UNPAIRED) return false;
    *label = tm_str_is(b->label[r], "true");
    return *label || tm_str_is(b->label[r], "false");
}

/* ---- a label that is absent ------------------------------------------------------------------ */

static void take_first(tally *t, uint64_t place, uint64_t path)
{
    if (place < t->place || (place == t->place && path < t->path)) return;
    t->place = place;
    t->path = path;
}

static tm_status count(const tm_step_view *step, tm_batch *b, void *state, tm_err *err)
{
    tally *t = state;
    bool label;
    TM_UNUSED(step);
    TM_UNUSED(err);
    for (uint32_t r = 0; r < b->records; r++) {
        if (!is_labelled(b, r, &label)) continue;
        t->records[label]++;
        take_first(t, ~b->rid[r].place, ~b->rid[r].path);
    }
    return TM_OK;
}

static void add_up(void *into, const void *from)
{
    tally *t = into;
    const tally *more = from;
    for (unsigned label = 0; label < 2; label++) t->records[label] += more->records[label];
    take_first(t, more->place, more->path);
}

/* Told once, at the first record with a label; the value is how many there are. */
static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const tally *t = step->told;
    TM_UNUSED(out);
    if (!t || !t->records[0] == !t->records[1]) return TM_OK;
    for (uint32_t r = 0; r < b->records; r++) {
        if (b->rid[r].place != ~t->place || b->rid[r].path != ~t->path) continue;
        uint16_t code = t->records[0] ? NONE_TRUE : NONE_FALSE;
        double records = (double)(t->records[0] + t->records[1]);
        return tm_find(b, r, TM_NONE, 0, 0, step->step, code, records, err);
    }
    return TM_OK;
}

/* ---- one answer with both labels ------------------------------------------------------------- */

/* False: there is nothing to compare. */
static tm_status key_of(const tm_step_view *step, tm_batch *b, uint32_t r, bool *label, bool *any,
                        tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    *any = is_labelled(b, r, label);
    if (!*any) return TM_OK;
    TM_TRY(tm_exact_key_of(&s->rules, b, r, NULL, &own->key, err));
    *any = own->key.any;
    return TM_OK;
}

static tm_status observe_hashes(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const tm_buf *text = &((scratch *)step->scratch)->key.text;
    for (uint32_t r = 0; r < b->records; r++) {
        bool label, any;
        TM_TRY(key_of(step, b, r, &label, &any, err));
        if (!any) continue;
        uint64_t hash = tm_hash64(text->p, text->n, 0);
        TM_TRY(tm_facts_add_lean(out, &hash, 1, b->rid[r], err));
    }
    return TM_OK;
}

/* Data: the label, then the text. */
static tm_status observe_texts(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    scratch *own = step->scratch;
    for (uint32_t r = 0; r < b->records; r++) {
        bool label, any;
        TM_TRY(key_of(step, b, r, &label, &any, err));
        if (!any) continue;
        char key[16];
        tm_hash_put(tm_hash128(own->key.text.p, own->key.text.n), key);
        tm_buf_clear(&own->data);
        tm_buf_char(&own->data, label);
        tm_buf_str(&own->data, tm_buf_view(&own->key.text));
        TM_TRY(tm_buf_ok(&own->data, err));
        tm_fact f = {.key = {key, sizeof key}, .data = tm_buf_view(&own->data), .rid = b->rid[r]};
        TM_TRY(tm_facts_add(out, &f, err));
    }
    return TM_OK;
}

/* The records of one text while they pass. */
typedef struct same_text {
    tm_buf text;
    tm_rid first[2]; /* by label */
    bool there[2];
} same_text;

/* What `both` is told: a head with the first of each label, then the records with theirs. */
static const char HEAD = 0, MEMBER = 1;

static tm_status pass_on(same_text *t, tm_str key, tm_rid rid, bool label, tm_facts *next,
                         tm_err *err)
{
    char data = label, firsts[32];
    tm_fact member = {.key = key, .order = {&MEMBER, 1}, .data = {&data, 1}, .rid = rid};
    TM_TRY(tm_facts_add(next, &member, err));
    if (t->there[label]) return TM_OK;
    t->there[label] = true;
    t->first[label] = rid;
    if (!t->there[!label]) return TM_OK;
    for (unsigned l = 0; l < 2; l++) tm_rid_put(t->first[l], firsts + sizeof firsts / 2 * l);
    tm_fact head = {
        .key = key, .order = {&HEAD, 1}, .data = {firsts, sizeof firsts}, .rid = t->first[0]};
    return tm_facts_add(next, &head, err);
}

/* Another text under the hash of the first (128 bits: never seen) is passed by. */
static tm_status reduce_texts(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    same_text t = {.there = {false}};
    tm_status status = TM_OK;
    tm_fact f;
    TM_UNUSED(step);
    TM_UNUSED(out);
    while (status == TM_OK && group->next(group, &f)) {
        tm_str text = tm_str_slice(f.data, 1, f.data.n);
        if (!t.there[0] && !t.there[1]) {
            tm_buf_str(&t.text, text);
            status = tm_buf_ok(&t.text, err);
        } else if (!tm_str_eq(text, tm_buf_view(&t.text))) {
            continue;
        }
        if (status == TM_OK) status = pass_on(&t, f.key, f.rid, f.data.p[0] != 0, next, err);
    }
    tm_buf_release(&t.text);
    return status;
}

static tm_status reduce_both(const tm_step_view *step, tm_group *group, tm_facts *next,
                             tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_rid first[2] = {{0, 0}, {0, 0}};
    bool both = false;
    tm_fact f;
    TM_UNUSED(next);
    while (group->next(group, &f)) {
        if (f.order.p[0] == HEAD) {
            for (unsigned l = 0; l < 2; l++) first[l] = tm_rid_get(f.data.p + f.data.n / 2 * l);
            both = true;
        }
        if (!both || f.order.p[0] == HEAD) continue;
        tm_decision d = {.rid = f.rid,
                         .step = step->step,
                         .rule = BOTH_LABELS,
                         .verdict = s->verdict,
                         .set = TM_D_OTHER,
                         .other = first[!f.data.p[0]],
                         .value = TM_NO_VALUE};
        TM_TRY(tm_decide(out, &d, err));
    }
    return TM_OK;
}

static const tm_round ROUNDS[] = {
    {
        .name = "count",
        .how = TM_FOLD,
        .state_bytes = sizeof(tally),
        .observe_state = count,
        .fold = add_up,
    },
    {
        .name = "hash",
        .how = TM_GROUP,
        .pairs_only = true,
        .observe = observe_hashes,
        .reduce = tm_reduce_to_candidates,
    },
    {
        .name = "verify",
        .how = TM_GROUP,
        .decided_only = true,
        .pairs_only = true,
        .observe = observe_texts,
        .reduce = reduce_texts,
    },
    {.name = "both", .how = TM_GROUP, .pairs_only = true, .reduce = reduce_both},
    {0},
};

/* ---- what is said of it ---------------------------------------------------------------------- */

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(given);
    TM_UNUSED(err);
    *out = (tm_cost){.memory = 1 << 20, .facts = facts->records, .fact_bytes = facts->records * 60};
    return TM_OK;
}

static const tm_param PARAMS[] = {{0}};

static const tm_code CODES[] = {
    [BOTH_LABELS] =
        {
            .code = "T1241",
            .name = "both-labels",
            .sentence = "the same prompt and answer stand there with the other label, too",
            .help = "One judgement takes back the other, so the two teach nothing. The finding "
                    "names the first record that has the same texts and the other label. Look at "
                    "both and correct one of them; then: park sets all records of such texts "
                    "aside, then: drop leaves them out. Texts are compared byte for byte: what "
                    "differs in spacing is found behind clean.text.",
            .cure = "check.labels INPUT --then park",
            .verdict = TM_V_FLAG,
        },
    [NONE_FALSE] =
        {
            .code = "T1242",
            .name = "no-label-false",
            .sentence = "every label is true: add answers labelled false, or train on these as "
                        "prompt and completion",
            .help = "Training on unpaired preferences holds wanted answers against unwanted ones, "
                    "and without any of the latter it has nothing to learn from. Told once, at the "
                    "first record with a label; the value is how many there are. Read with "
                    "--layout prompt-completion the same records are examples to imitate.",
            .verdict = TM_V_FLAG,
            .fixed_verdict = true,
        },
    [NONE_TRUE] =
        {
            .code = "T1243",
            .name = "no-label-true",
            .sentence = "every label is false: add answers labelled true",
            .help = "Training on unpaired preferences holds wanted answers against unwanted ones, "
                    "and these say only what is not wanted. Often the labels were read the wrong "
                    "way round, or what was wanted lies in another file. Told once, at the first "
                    "record with a label; the value is how many there are.",
            .verdict = TM_V_FLAG,
            .fixed_verdict = true,
        },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "One answer with both labels is set aside for a person to decide",
        .recipe = "{then: park}",
        .in = "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":true}\n"
              "{\"prompt\":\"2+2?\",\"completion\":\"5\",\"label\":false}\n"
              "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":false}\n"
              "{\"prompt\":\"2+2?\",\"completion\":\"5\",\"label\":false}\n",
        .out = "{\"prompt\":\"2+2?\",\"completion\":\"5\",\"label\":false}\n"
               "{\"prompt\":\"2+2?\",\"completion\":\"5\",\"label\":false}\n",
        .fates = "parked kept parked kept",
    },
    {
        .title = "A set with one label only is told once, and stays",
        .recipe = "{}",
        .in = "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":true}\n"
              "{\"prompt\":\"3+3?\",\"completion\":\"6\",\"label\":true}\n",
        .out = "{\"prompt\":\"2+2?\",\"completion\":\"4\",\"label\":true}\n"
               "{\"prompt\":\"3+3?\",\"completion\":\"6\",\"label\":true}\n",
        .fates = "kept kept",
    },
    {0},
};

const tm_op tm_op_check_labels = {
    .name = "check.labels",
    .group = "check",
    .summary = "find answers that stand there with both labels, and sets with one label only",
    .why = "Unpaired preferences teach by the difference between answers labelled true and those "
           "labelled false. An answer with both labels takes back what it says, and a set with one "
           "of them says nothing; no single record shows either. Records of other kinds are passed "
           "by; labels that are not true or false are check.record's to find.",
    .source = "Ethayarajh et al. 2024, KTO: Model Alignment as Prospect Theoretic Optimization",
    .rev = 1,
    .shape = TM_SET,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .cost = cost,
    .prepare = prepare,
    .end = end,
    .each = each,
    .rounds = ROUNDS,
};
