/* dedup.near: merges records whose chosen texts are nearly the same. How is said in near_rounds.c.
 *
 * With a sketch of another tool records are merged as that tool does it, and what it does not look
 * at is refused. */
#include "op/dedup/near.h"
#include "op/dedup/cluster.h"
#include "op/minhash/bands.h"

enum { COMPARE_MOST = 100 };

typedef tm_near_args args;
typedef tm_near_shared shared;
typedef tm_near_scratch scratch;

/* What another tool's sketch does not look at is refused, not passed over. */
static tm_status check_like(const args *a, tm_err *err)
{
    const struct {
        const char *name;
        bool given;
    } unused[] = {
        {"threshold", a->band.threshold != TM_BAND_THRESHOLD_FALLBACK},
        {"measure", a->measure != TM_MEASURE_JACCARD},
        {"link", a->link != TM_LINK_REPRESENTATIVE},
        {"units", a->band.units != TM_UNITS_AUTO},
        {"char_ngram", a->band.char_ngram != TM_BAND_CHAR_NGRAM},
        {"compare_most", a->compare_most != COMPARE_MOST},
    };
    for (size_t i = 0; i < TM_COUNT(unused); i++)
        if (unused[i].given)
            return tm_fail(
                err, TM_ERECIPE,
                "sketch: %s merges whoever shares a band, as that tool does, and compares "
                "nothing: \"%s\" has no effect; leave it out, or use sketch: classic",
                tm_like_sketch_names[a->band.sketch], unused[i].name);
    return TM_OK;
}

/* A text of which the other holds all has a Jaccard of their lengths' ratio at most: bands are for
 * texts of at least half the other's length. */
static tm_band_args for_measure(const args *a)
{
    tm_band_args out = a->band;
    if (a->measure == TM_MEASURE_CONTAINMENT) out.threshold /= 2;
    return out;
}

static tm_status make_link(tm_prep *prep, const args *a, shared *to, tm_err *err)
{
    tm_sketch *s = &to->rules.sketch;
    tm_link_rules *link = &to->link;
    *link = (tm_link_rules){.threshold = a->band.threshold,
                            .compare_most = (uint64_t)a->compare_most,
                            .measure = a->measure,
                            .link = a->link,
                            .unlike = a->band.sketch >= TM_LIKE_FIRST,
                            .rule = TM_NEAR_DUPLICATE,
                            .rule_limited = TM_NOT_ALL_COMPARED};
    s->kind = a->band.sketch;
    TM_TRY(tm_like_check(a->band.sketch, &a->as, err));
    if (a->band.sketch >= TM_LIKE_FIRST) TM_TRY(check_like(a, err));
    tm_band_args band = for_measure(a);
    TM_TRY(tm_scope_make(prep, a->across, &a->against, &link->scope, err));
    TM_TRY(tm_band_choose(&band, a->band.sketch >= TM_LIKE_FIRST, s, err));
    if (a->band.sketch >= TM_LIKE_FIRST)
        TM_TRY(tm_like_make(prep->mem, (tm_conform_tool)(a->band.sketch - TM_LIKE_FIRST), &a->band,
                            &a->as, s, &to->like, err));
    TM_TRY(tm_band_rules_make(prep->mem, &a->band, (tm_choice){a->by, a->turn}, &to->rules, err));
    link->sketch = *s;
    return TM_OK;
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "dedup.near", sizeof *s);
    s->args = a;
    TM_TRY(make_link(prep, a, s, err));
    TM_TRY(tm_within_compile(prep, &a->within, &a->against, &s->within, err));
    tm_status status = tm_keep_compile(prep->mem, &a->keep, &prep->env, false, &s->keep, err);
    if (status != TM_OK) tm_exprs_release(&s->within);
    TM_TRY(status);
    s->link.none = tm_keep_is_none(s->keep);
    s->link.verdict = tm_keep_verdict(s->keep, prep->then);
    *out = s;
    return s->link.none ? tm_scope_takes_none(&s->link.scope, err) : TM_OK;
}

static void release(const void *of)
{
    const shared *s = of;
    tm_keep_release(s->keep);
    tm_exprs_release(&s->within);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_keep_scratch_free(own->keep);
    tm_like_end(&own->like);
    tm_band_end(&own->band);
    tm_exprs_end(&own->within);
    tm_buf_release(&own->order);
    tm_buf_release(&own->value);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    const shared *s = of;
    scratch *own = mine;
    if (s->like) TM_TRY(tm_like_begin(s->like, &own->like, err));
    own->keep = tm_keep_scratch_new(s->keep);
    if (!own->keep) return tm_fail_memory(err, "dedup.near", 0);
    TM_TRY(tm_exprs_begin(&s->within, &own->within, err));
    return tm_band_begin(&s->rules, &own->band, err);
}

/* By what the record was compared, and what is like it. */
static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    TM_UNUSED(out);
    for (uint32_t r = 0; r < b->records; r++) {
        bool chars;
        if (b->fate[r] == TM_UNREADABLE) continue;
        if (s->like)
            chars = false; /* all of those tools cut words */
        else
            TM_TRY(tm_grams_by_chars(&s->rules.grams, b, r, &own->band.grams, &chars, err));
        b->column[step->column].word[r] = chars ? TM_STR("characters") : TM_STR("words");
    }
    return tm_cluster_names(b, step->column + 1, err);
}

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    enum { KEY_AND_RID = 16 };
    const args *a = given;
    bool like = a->band.sketch >= TM_LIKE_FIRST;
    tm_sketch sketch = {0};
    tm_band_args band = for_measure(a);
    TM_TRY(tm_band_choose(&band, like, &sketch, err));
    if (!sketch.bands) sketch.bands = tm_conform_defaults(a->band.sketch - TM_LIKE_FIRST).bands;
    uint64_t made = facts->records * sketch.bands;
    *out = (tm_cost){.memory = 4 << 20, .facts = made, .fact_bytes = made * KEY_AND_RID};
    return TM_OK;
}

/* How likely pairs of a similarity become candidates. */
static tm_status preview(const void *of, tm_preview *out, tm_err *err)
{
    const shared *s = of;
    const tm_sketch *sketch = &s->link.sketch;
    out->verdict = (tm_verdict)s->link.verdict;
    out->compares = !s->like;
    if (!s->like)
        TM_TRY(
            tm_bands_preview(sketch, for_measure(s->args).threshold, &out->text, &out->json, err));
    if (!s->like && s->link.measure == TM_MEASURE_CONTAINMENT)
        tm_buf_z(&out->text,
                 "\n(similar by jaccard: of a text that another K times as long holds whole it is "
                 "1/K, so texts much shorter than the other are not found)");
    if (!s->like) return TM_OK;
    tm_buf_print(&out->text, "%u bands of %u rows, as that tool does it: nothing is compared",
                 sketch->bands, sketch->rows);
    tm_buf_print(&out->json, "{\"bands\":%u,\"rows\":%u}", sketch->bands, sketch->rows);
    return TM_OK;
}

static const tm_param PARAMS[] = {
    {
        .name = "by",
        .type = TM_P_SELECTOR,
        .choices = tm_text_selectors,
        .at = offsetof(args, by),
        .fallback = "all",
        .help = "which texts are compared, one behind another",
    },
    TM_TURN_PARAM,
    TM_BAND_THRESHOLD("least similarity of duplicates, compared exactly"),
    {
        .name = "measure",
        .type = TM_P_CHOICE,
        .at = offsetof(args, measure),
        .choices = tm_measure_names,
        .fallback = "jaccard",
        .help = "similarity of two sets of n-grams: common over all, or common over those of the "
                "smaller; candidates are found by jaccard, so a text less than half as long as the "
                "one that holds it is mostly not found",
    },
    TM_BAND_GRAMS,
    {
        .name = "sketch",
        .type = TM_P_CHOICE,
        .at = offsetof(args, band.sketch),
        .choices = tm_like_sketch_names,
        .fallback = "fast",
        .help =
            "how candidates are found: fast similarity sketching, classic MinHash, or as another "
            "tool does it, which compares nothing and merges whoever shares a band",
    },
    TM_BAND_BANDS,
    TM_LIKE_PARAMS,
    {
        .name = "link",
        .type = TM_P_CHOICE,
        .at = offsetof(args, link),
        .choices = tm_link_names,
        .fallback = "representative",
        .help = "whom a record must reach the threshold with: the one that is kept for it, or any "
                "of a chain",
    },
    TM_KEEP_PARAM,
    TM_SCOPE_PARAMS,
    {
        .name = "compare_most",
        .type = TM_P_INT,
        .at = offsetof(args, compare_most),
        .fallback = "100",
        .min = 1,
        .max = 1e9,
        .help = "candidates of one band that a record is compared with at most; one that has more, "
                "all too far away, is kept and flagged (T1712); equal ones are always found",
    },
    {0},
};

static const tm_elsewhere ELSEWHERE[] = {
    {"prefix",
     "logs of one conversation repeat its turns word for word, which dedup.exact: {prefix: true} "
     "compares (normalise: leaves out case and spacing); for texts that hold most of another, use "
     "measure: containment"},
    {0},
};

static const tm_signal SIGNALS[] = {
    {
        .name = "units",
        .type = TM_WORD,
        .help = "what the record's n-grams are made of: words or characters",
    },
    TM_CLUSTER_SIGNAL,
    {0},
};

static const tm_code CODES[] = {
    {
        .code = "T1711",
        .name = "near-duplicate",
        .sentence = "the text is nearly that of another record",
        .help = "The record was merged into the one named in other_place; value is their exact "
                "similarity. Raise threshold: to merge less, use by: to compare other texts, keep: "
                "to choose who represents a group.",
        .cure = "dedup.near INPUT",
        .cure_of_labels = " --within label",
        .verdict = TM_V_MERGE,
    },
    {
        .code = "T1712",
        .name = "not-all-compared",
        .sentence = "more records are similar than were compared with this one",
        .help = "Many records share a band of the sketch with this one, none of those compared was "
                "near enough, and the others were not looked at: it was kept. value is how many "
                "were compared of one band. Templates shared by many records do this: compare "
                "other texts with "
                "by:, use more rows, or raise compare_most.",
        .verdict = TM_V_FLAG,
        .fixed_verdict = true,
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "One word of many differs",
        .recipe = "{threshold: 0.5, ngram: 2}",
        .in = "{\"text\":\"the quick brown fox jumps over the lazy dog today\"}\n"
              "{\"text\":\"The quick, brown fox jumps over the lazy cat today!\"}\n"
              "{\"text\":\"nothing like it\"}\n",
        .out = "{\"text\":\"the quick brown fox jumps over the lazy dog today\"}\n"
               "{\"text\":\"nothing like it\"}\n",
        .fates = "kept merged kept",
    },
    {
        .title = "Short texts are compared exactly, but for case and punctuation",
        .recipe = "{}",
        .in = "{\"text\":\"Yes.\"}\n{\"text\":\"No.\"}\n{\"text\":\"yes\"}\n{\"text\":\"42\"}\n",
        .out = "{\"text\":\"Yes.\"}\n{\"text\":\"No.\"}\n{\"text\":\"42\"}\n",
        .fates = "kept kept merged kept",
    },
    {
        .title = "The longest survives",
        .recipe = "{threshold: 0.6, ngram: 1, keep: [longest, first]}",
        .in = "{\"text\":\"a red house on a green hill\"}\n"
              "{\"text\":\"a red house on a very green hill\"}\n",
        .out = "{\"text\":\"a red house on a very green hill\"}\n",
        .fates = "merged kept",
    },
    {
        .title = "Only records of one language are compared",
        .recipe = "{within: [$.lang]}",
        .in = "{\"text\":\"Taxi!\",\"lang\":\"en\"}\n{\"text\":\"Taxi\",\"lang\":\"de\"}\n"
              "{\"text\":\"taxi\",\"lang\":\"en\"}\n{\"text\":\"Taxi\"}\n{\"text\":\"TAXI\","
              "\"lang\":null}\n",
        .out = "{\"text\":\"Taxi!\",\"lang\":\"en\"}\n{\"text\":\"Taxi\",\"lang\":\"de\"}\n"
               "{\"text\":\"Taxi\"}\n",
        .fates = "kept kept merged kept merged",
    },
    {0},
};

const tm_op tm_op_dedup_near = {
    .name = "dedup.near",
    .group = "dedup",
    .summary = "merge records whose chosen texts are nearly the same, compared exactly",
    .why =
        "Reworded greetings, filled-in templates and re-crawled pages repeat without being equal: "
        "exact comparison misses them, and a model learns them by heart all the same. Candidates "
        "are found by sketches and then compared by their real n-grams, so a record is merged "
        "only into one it truly resembles; short records are neither lost nor lumped together. "
        "It does not see paraphrases: other words are other n-grams.",
    .source =
        "Broder 1997, On the resemblance and containment of documents; Dahlgaard, Knudsen and "
        "Thorup 2017, Fast similarity sketching",
    .rev = 10,
    .shape = TM_SET,
    .flags = TM_REFERENCES | TM_EACH_MEASURES,
    .finds = TM_FINDS_SIMILAR,
    .params = PARAMS,
    .elsewhere = ELSEWHERE,
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
    .rounds = tm_near_rounds,
    .preview = preview,
};
