/* dedup.near: merges records whose chosen texts are nearly the same.
 *
 * Three rounds. `bands`: every record gives a key a band of its sketch; records that share one are
 * candidates. `groups`: connected components of candidates. `link`: the n-gram sets of candidates
 * alone travel, and within a group, in the order in which records would be kept, each is compared
 * exactly (op/dedup/link.h). So nothing is merged on the word of a sketch, and texts of records
 * without a candidate are read once and never carried. What a record carries beside its texts is
 * in the key: other pictures and calls of other functions make no candidate. */
#include "op/dedup/bands.h"
#include "op/dedup/cluster.h"
#include "op/dedup/like.h"
#include "op/keep.h"
#include "text/terms.h"

enum { NEAR_DUPLICATE, NOT_ALL_COMPARED };

/* Our own, then tm_conform_names. */
enum { LIKE = 2 };
static const char *const SKETCHES[] = {
    "fast",      "classic",      "datasketch", "datasketch-64", "datasketch-legacy",
    "datatrove", "datatrove-32", "text-dedup", "text-dedup-32", "text-dedup-spark",
    NULL};

typedef struct args {
    uint32_t by;
    double threshold;
    uint8_t measure, units, sketch, link, across;
    int64_t turn, ngram, char_ngram, hashes, bands, rows, compare_most;
    tm_texts keep, against;
} args;

typedef struct shared {
    const args *args;
    const tm_conform *like; /* as another tool; NULL: our own sketches */
    tm_gram_rules grams;
    tm_link_rules link;
    tm_keep *keep;
} shared;

typedef struct scratch {
    tm_keep_scratch *keep;
    tm_grams grams;
    tm_like_scratch like;
    uint64_t *work, *band;
    uint32_t *slot;
    tm_buf order;
} scratch;

static tm_status choose_bands(const args *a, tm_sketch *s, tm_err *err)
{
    if ((a->bands > 0) != (a->rows > 0))
        return tm_fail(err, TM_ERECIPE, "bands and rows are given together, or neither");
    s->bands = (uint32_t)a->bands;
    s->rows = (uint32_t)a->rows;
    if (a->sketch >= LIKE) return TM_OK; /* the tool's own, if none are given */
    if (!s->bands) tm_bands_choose(a->threshold, (uint32_t)a->hashes, &s->bands, &s->rows);
    if (tm_sketch_slots(s) > TM_SKETCH_SLOTS_MAX)
        return tm_fail(err, TM_ERECIPE, "bands x rows is more than %d", TM_SKETCH_SLOTS_MAX);
    return TM_OK;
}

static tm_status make_link(tm_prep *prep, const args *a, tm_link_rules *link,
                           const tm_conform **like, tm_err *err)
{
    tm_sketch *s = &link->sketch;
    *link = (tm_link_rules){.threshold = a->threshold,
                            .compare_most = (uint64_t)a->compare_most,
                            .measure = a->measure,
                            .link = a->link,
                            .rule = NEAR_DUPLICATE,
                            .rule_limited = NOT_ALL_COMPARED,
                            .sketch.kind = a->sketch};
    TM_TRY(tm_scope_make(prep, a->across, &a->against, &link->scope, err));
    TM_TRY(choose_bands(a, s, err));
    if (a->sketch >= LIKE)
        TM_TRY(tm_like_make(prep->mem, (tm_conform_tool)(a->sketch - LIKE), (uint32_t)a->ngram, s,
                            like, err));
    s->mul = TM_NEW(prep->mem, uint32_t, tm_sketch_slots(s));
    s->add = TM_NEW(prep->mem, uint32_t, tm_sketch_slots(s));
    if (!s->mul || !s->add) return tm_fail_memory(err, "dedup.near", tm_sketch_slots(s));
    tm_sketch_seed(s);
    return TM_OK;
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "dedup.near", sizeof *s);
    s->args = a;
    s->grams = (tm_gram_rules){.choice = {a->by, a->turn},
                               .words = (uint32_t)a->ngram,
                               .chars = (uint32_t)a->char_ngram,
                               .units = a->units};
    TM_TRY(make_link(prep, a, &s->link, &s->like, err));
    TM_TRY(tm_keep_compile(prep->mem, &a->keep, &prep->env, false, &s->keep, err));
    s->link.none = tm_keep_is_none(s->keep);
    s->link.verdict = tm_keep_verdict(s->keep, prep->then);
    *out = s;
    return TM_OK;
}

static void release(const void *of)
{
    tm_keep_release(((const shared *)of)->keep);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_keep_scratch_free(own->keep);
    tm_like_end(&own->like);
    tm_grams_release(&own->grams);
    tm_free(own->work);
    tm_free(own->band);
    tm_free(own->slot);
    tm_buf_release(&own->order);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    const shared *s = of;
    scratch *own = mine;
    uint32_t slots = tm_sketch_slots(&s->link.sketch);
    if (s->like) TM_TRY(tm_like_begin(s->like, &own->like, err));
    own->keep = tm_keep_scratch_new(s->keep);
    own->work = tm_alloc(2 * slots * sizeof *own->work);
    own->slot = tm_alloc(slots * sizeof *own->slot);
    own->band = tm_alloc(s->link.sketch.bands * sizeof *own->band);
    bool ok = own->keep && own->work && own->slot && own->band;
    return ok ? TM_OK : tm_fail_memory(err, "dedup.near", slots);
}

static tm_status observe_bands(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    const tm_sketch *sketch = &s->link.sketch;
    scratch *own = step->scratch;
    for (uint32_t r = 0; tm_scope_sees(&s->link.scope, b) && r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        if (s->like) {
            TM_TRY(tm_like_observe(s->like, &s->grams.choice, &own->like, b, r, out, err));
            continue;
        }
        tm_grams *g = &own->grams;
        TM_TRY(tm_grams_of(&s->grams, b, r, g, err));
        if (g->kind == TM_GRAM_TERMS || g->kind == TM_GRAM_TEXT)
            TM_TRY(tm_facts_add_lean(out, tm_mix64(g->gram[0] + g->kind) ^ g->carries, b->rid[r],
                                     err));
        if (g->kind != TM_GRAM_WORDS && g->kind != TM_GRAM_CHARS) continue;
        tm_sketch_make(sketch, g->gram, g->count, own->work, own->slot);
        tm_sketch_bands(sketch, own->slot, g->kind, own->band);
        for (uint32_t i = 0; i < sketch->bands; i++)
            TM_TRY(tm_facts_add_lean(out, own->band[i] ^ g->carries, b->rid[r], err));
    }
    return TM_OK;
}

static tm_status observe_links(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_str *keys = TM_NEW(b->mem, tm_str, b->records + 1), set;
    if (!keys) return tm_fail_memory(err, "dedup.near", b->records);
    if (!tm_scope_sees(&s->link.scope, b)) return TM_OK;
    if (!b->reference) TM_TRY(tm_keep_keys(s->keep, own->keep, b, s->args->by, keys, err));
    uint32_t rank = tm_scope_rank(&s->link.scope, b);
    for (uint32_t r = 0; r < b->records; r++) {
        const tm_decision *d = b->decision[r];
        char of_rank[TM_RANK_BYTES];
        if (!d || !tm_live(b, r)) continue;
        tm_scope_rank_put(rank, of_rank);
        tm_buf_clear(&own->order);
        tm_buf_add(&own->order, of_rank, sizeof of_rank);
        tm_buf_str(&own->order, keys[r]);
        TM_TRY(tm_buf_ok(&own->order, err));
        set = (tm_str){"", 0};
        if (!s->like) {
            TM_TRY(tm_grams_of(&s->grams, b, r, &own->grams, err));
            TM_TRY(tm_grams_set(&own->grams, &set, err));
        }
        char key[16];
        tm_rid_put(d->other, key);
        TM_TRY(tm_link_fact((tm_str){key, sizeof key}, tm_buf_view(&own->order), b->rid[r],
                            own->grams.kind, set, out, err));
    }
    return TM_OK;
}

static tm_status reduce_links(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    TM_UNUSED(next);
    if (s->like) return tm_like_merge(&s->link, step, group, out, err);
    return tm_link_group(&s->link, step, group, out, err);
}

/* By what the record was compared, and what is like it. */
static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const shared *s = step->shared;
    TM_UNUSED(out);
    for (uint32_t r = 0; r < b->records; r++) {
        bool chars;
        if (b->fate[r] == TM_UNREADABLE) continue;
        TM_TRY(tm_grams_by_chars(&s->grams, b, r, &chars, err));
        b->column[step->column].word[r] = chars ? TM_STR("characters") : TM_STR("words");
    }
    return tm_cluster_names(b, step->column + 1, err);
}

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    const args *a = given;
    TM_UNUSED(err);
    uint64_t bands = (uint64_t)(a->bands > 0 ? a->bands : a->hashes / 8);
    *out = (tm_cost){.memory = 4 << 20,
                     .facts = facts->records * bands,
                     .fact_bytes = facts->records * bands * 8};
    return TM_OK;
}

/* How likely pairs of a similarity become candidates. */
static tm_status preview(const void *of, tm_preview *out, tm_err *err)
{
    const shared *s = of;
    const tm_sketch *sketch = &s->link.sketch;
    if (!s->like) return tm_bands_preview(sketch, &out->text, &out->json, err);
    tm_buf_print(&out->text, "%u bands of %u rows, as that tool does it: nothing is compared",
                 sketch->bands, sketch->rows);
    tm_buf_print(&out->json, "{\"bands\":%u,\"rows\":%u}", sketch->bands, sketch->rows);
    return TM_OK;
}

static const tm_round ROUNDS[] = {
    {
        .name = "bands",
        .how = TM_GROUP,
        .pairs_only = true,
        .observe = observe_bands,
        .reduce = tm_reduce_to_edges,
    },
    {.name = "groups", .how = TM_COMPONENTS},
    {
        .name = "link",
        .how = TM_GROUP,
        .decided_only = true,
        .pairs_only = true,
        .observe = observe_links,
        .reduce = reduce_links,
    },
    {0},
};

static const tm_param PARAMS[] = {
    {
        .name = "by",
        .type = TM_P_SELECTOR,
        .at = offsetof(args, by),
        .fallback = "all",
        .help = "which texts are compared, one behind another",
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
        .name = "threshold",
        .type = TM_P_SHARE,
        .at = offsetof(args, threshold),
        .fallback = "0.8",
        .min = 0.01,
        .max = 1,
        .help = "least similarity of duplicates, compared exactly",
    },
    {
        .name = "measure",
        .type = TM_P_CHOICE,
        .at = offsetof(args, measure),
        .choices = tm_measure_names,
        .fallback = "jaccard",
        .help = "similarity of two sets of n-grams: common over all, or common over those of the "
                "smaller (candidates are found by jaccard)",
    },
    {
        .name = "ngram",
        .type = TM_P_INT,
        .at = offsetof(args, ngram),
        .fallback = "5",
        .unit = "words",
        .min = 1,
        .max = 64,
        .help = "how many words in a row are one element; shorter texts are compared exactly",
    },
    {
        .name = "char_ngram",
        .type = TM_P_INT,
        .at = offsetof(args, char_ngram),
        .fallback = "5",
        .unit = "characters",
        .min = 1,
        .max = 64,
        .help = "the same for records that are compared by characters",
    },
    {
        .name = "units",
        .type = TM_P_CHOICE,
        .at = offsetof(args, units),
        .choices = tm_unit_names,
        .fallback = "auto",
        .help =
            "n-grams of words, of characters, or (auto) of characters where most letters are of "
            "scripts without spaces",
    },
    {
        .name = "sketch",
        .type = TM_P_CHOICE,
        .at = offsetof(args, sketch),
        .choices = SKETCHES,
        .fallback = "fast",
        .help =
            "how candidates are found: fast similarity sketching, classic MinHash, or as another "
            "tool does it, which compares nothing and merges whoever shares a band",
    },
    {
        .name = "hashes",
        .type = TM_P_INT,
        .at = offsetof(args, hashes),
        .fallback = "128",
        .min = 1,
        .max = TM_SKETCH_SLOTS_MAX,
        .help = "most values of a sketch; the threshold chooses bands and rows within it",
    },
    {
        .name = "bands",
        .type = TM_P_INT,
        .at = offsetof(args, bands),
        .fallback = "0",
        .min = 0,
        .max = TM_SKETCH_SLOTS_MAX,
        .help = "bands of the sketch, of which one must agree (0: chosen)",
    },
    {
        .name = "rows",
        .type = TM_P_INT,
        .at = offsetof(args, rows),
        .fallback = "0",
        .min = 0,
        .max = 256,
        .help = "values a band (0: chosen)",
    },
    {
        .name = "link",
        .type = TM_P_CHOICE,
        .at = offsetof(args, link),
        .choices = tm_link_names,
        .fallback = "representative",
        .help = "whom a record must reach the threshold with: the one that is kept for it, or any "
                "of a chain",
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
    {
        .name = "compare_most",
        .type = TM_P_INT,
        .at = offsetof(args, compare_most),
        .fallback = "100",
        .min = 1,
        .max = 1e9,
        .help = "candidates that a record is compared with at most; one that has more, all too far "
                "away, is kept and flagged (T1712)",
    },
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
        .verdict = TM_V_MERGE,
    },
    {
        .code = "T1712",
        .name = "not-all-compared",
        .sentence = "more records are similar than were compared with this one",
        .help = "Many records share a band of the sketch with this one, none of those compared was "
                "near enough, and the others were not looked at: it was kept. value is how many "
                "were compared. Templates shared by many records do this: compare other texts with "
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
    .rev = 3,
    .shape = TM_SET,
    .flags = TM_REFERENCES | TM_EACH_MEASURES,
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
    .preview = preview,
};
