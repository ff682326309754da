/* dedup.exact: merges records whose chosen texts are equal, under a normaliser that is spelled out.
 * How is said in exact_rounds.c, what a record is compared by in exact_key.h.
 *
 * Equal but for what the normaliser leaves out is a finding of its own, and with `alike: flag` no
 * record falls for it. Records with nothing selected, or with nothing but empty texts, are never
 * merged: they say nothing about each other. */
#include "op/dedup/exact.h"
#include "op/dedup/cluster.h"
#include "op/dedup/within.h"
#include "op/normalise.h"

static const char *const alike_names[] = {"merge", "flag", NULL};

typedef tm_exact_args args;
typedef tm_exact_shared shared;
typedef tm_exact_scratch scratch;

/* What does not go together. */
static tm_status check_together(const shared *s, tm_err *err)
{
    bool none = tm_keep_is_none(s->keep);
    if (s->args->alike == TM_ALIKE_FLAG && !s->args->normalise)
        return tm_fail(err, TM_ERECIPE,
                       "alike: flag is for records that are equal only after normalise:, which "
                       "names nothing here");
    if (s->args->alike == TM_ALIKE_FLAG && (s->args->prefix || none))
        return tm_fail(err, TM_ERECIPE,
                       "alike: flag says who is only spelled otherwise than the record that stays: "
                       "it goes with neither prefix: true nor keep: none");
    return none ? tm_scope_takes_none(&s->scope, err) : TM_OK;
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
    tm_status status =
        tm_within_compile(prep, &s->args->within, &s->args->against, &s->rules.within, err);
    if (status == TM_OK)
        status = tm_keep_compile(prep->mem, &s->args->keep, &prep->env, false, &s->keep, err);
    if (status == TM_OK) status = check_together(s, err);
    if (status != TM_OK) {
        tm_exprs_release(&s->rules.within);
        tm_keep_release(s->keep);
        return status;
    }
    bool texts = !(s->args->by & TM_SEL_EVERYTHING) || tm_keep_measures(s->keep);
    if (prep->env.binds && texts) *prep->env.binds = true;
    s->verdict = tm_keep_verdict(s->keep, prep->then);
    s->plain = s->rules;
    s->plain.normalise = 0;
    s->spelled = s->args->normalise && !s->args->prefix;
    *out = s;
    return TM_OK;
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
    tm_exact_key_release(&own->plain);
    tm_buf_release(&own->order);
    tm_buf_release(&own->data);
    tm_buf_release(&own->fields);
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    TM_UNUSED(out);
    return tm_cluster_names(b, step->column, err);
}

/* At most: a hash for each record, and in the second round, if every record shares one, all their
 * texts with a list of their fields (nine bytes a field, and `"a":1,` is the shortest). With
 * prefix: so for each message, but how many fields go with a beginning nobody knows: their lists
 * are left out. */
static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    enum { HASH = 16, CANDIDATE = 64, BEGINNING = HASH + CANDIDATE + 64, MESSAGE = 25 };
    const args *a = given;
    TM_UNUSED(err);
    *out = (tm_cost){.memory = 1 << 20, .facts = 2 * facts->records};
    if (a->prefix) {
        uint64_t beginnings = TM_MAX(facts->text_bytes / MESSAGE, facts->records);
        out->facts = 2 * beginnings;
        out->fact_bytes = beginnings * BEGINNING;
        return TM_OK;
    }
    out->fact_bytes =
        facts->records * (HASH + CANDIDATE) + facts->text_bytes + facts->text_bytes / 2;
    return TM_OK;
}

static const tm_param PARAMS[] = {
    {
        .name = "by",
        .type = TM_P_SELECTOR,
        .choices = tm_selector_names,
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
        .name = "alike",
        .type = TM_P_CHOICE,
        .at = offsetof(args, alike),
        .choices = alike_names,
        .fallback = "merge",
        .help = "what becomes of records that are equal only under normalise: merge, or flag: they "
                "stay, and each tells which it is like (of one text the first 8,192 spellings are "
                "told from one another)",
    },
    TM_KEEP_PARAM,
    TM_TURN_PARAM,
    {
        .name = "prefix",
        .type = TM_P_BOOL,
        .at = offsetof(args, prefix),
        .fallback = "false",
        .help = "merge a conversation into one that begins with all of it, the longest first",
    },
    TM_SCOPE_PARAMS,
    {0},
};

static const tm_signal SIGNALS[] = {
    TM_CLUSTER_SIGNAL,
    {0},
};

#define NAME(name) name
#define AND_NAME(name) ", " name
static const tm_code CODES[] = {
    {
        .code = "T1701",
        .name = "exact-duplicate",
        .sentence = "the texts equal those of another record",
        .help =
            "The record was merged into the one named in other_place (with keep: none both were "
            "dropped). Use keep: to choose who represents a group, by: to compare fewer texts, "
            "normalise: to count fewer differences.",
        .cure = "dedup.exact INPUT",
        .cure_of_labels = " --within label",
        .verdict = TM_V_MERGE,
    },
    {
        .code = "T1702",
        .name = "spelled-otherwise",
        .sentence = "the texts equal those of another record but for what normalise: leaves out",
        .help = "Case, spacing, or another spelling of the same characters is all that tells the "
                "record from the one named in other_place. It was merged into it, or, with alike: "
                "flag, stays. In code and in answers about spelling such differences count.",
        .verdict = TM_V_MERGE,
    },
    {
        .code = "T1703",
        .name = "fields-differ",
        .sentence = "the record was merged, and fields beside its texts are not those of the one "
                    "that stays",
        .help = "Answers, ratings and labels beside equal texts are news: two records are two "
                "judgements then. Fields that name or date a record are not looked at "
                "(" TM_FIELDS_THAT_NAME(
                    NAME, AND_NAME) "). The finding stands at the first such field and names the "
                                    "other record; the run's summary, its manifest "
                                    "and its report say which fields differed in how many merges. "
                                    "within: [$.answer] "
                                    "keeps records apart whose answers differ.",
        .verdict = TM_V_FLAG,
        .fixed_verdict = true,
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
        .title = "Another spelling is told and stays; equal texts are merged",
        .recipe = "{normalise: [case, space], alike: flag}",
        .in =
            "{\"text\":\"nato\"}\n{\"text\":\"NATO\"}\n{\"text\":\"nato\"}\n{\"text\":\"NATO\"}\n",
        .out = "{\"text\":\"nato\"}\n{\"text\":\"NATO\"}\n",
        .fates = "kept kept merged merged",
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
    .rev = 14,
    .shape = TM_SET,
    .flags = TM_REFERENCES | TM_EACH_MEASURES | TM_EACH_OF_DECIDED | TM_ANY_RECORD | TM_BY_ID,
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
    .rounds = tm_exact_rounds,
    .lost = tm_cluster_lost,
    .lost_code = TM_FIELDS_DIFFER,
};
