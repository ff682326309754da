/* decontaminate: records that hold text of a benchmark.
 *
 * One round over the references alone makes the table of their items (leak_table.h), which every
 * worker is told; the stream is then read once, by the writing pass, and each record is held
 * against the table there (leak_record.h). No fact of the stream is exchanged and none is stored.
 *
 * Every text of a reference is an item. Longer ones are found by their n-grams (Brown et al. 2020,
 * appendix C: any 13-gram), shorter ones as a whole run of terms, for an item of fewer terms than
 * n has no n-gram and would never be found. A short answer says nothing by itself ("an increase
 * in temperature"), so short answers are no items, and no text of fewer than `least` terms is. */
#include "op/decontaminate/leak_record.h"
#include "op/dedup/index_head.h"

enum { SHORT_EXACT, SHORT_NONE };
enum { FIX_NONE, FIX_CUT };

static const char *const SHORT_NAMES[] = {"exact", "none", NULL};
static const char *const FIX_NAMES[] = {"none", "cut", NULL};

typedef struct args {
    uint32_t on, items;
    tm_texts against;
    int64_t ngram, least, common;
    double overlap;
    uint8_t brief, fix;
} args;

typedef struct shared {
    const args *args;
    uint64_t against; /* bits of references; 0 = all */
} shared;

typedef struct scratch {
    tm_leak_search search;
    tm_leak_text text;
    tm_buf data;
} scratch;

static void end(void *mine)
{
    scratch *own = mine;
    tm_leak_search_close(&own->search);
    tm_leak_text_release(&own->text);
    tm_buf_release(&own->data);
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "decontaminate", sizeof *s);
    s->args = a;
    if (!prep->references)
        return tm_fail(err, TM_ERECIPE,
                       "decontaminate needs the texts to look for: name their files under "
                       "references: in the recipe, or with --against on the command line");
    TM_TRY(tm_prep_references(prep, &a->against, &s->against, err));
    *out = s;
    return TM_OK;
}

/* ---- the items ------------------------------------------------------------------------------- */

static void put_order(tm_rid rid, uint32_t part, char out[20])
{
    uint64_t words[3] = {rid.place, rid.path, (uint64_t)part << 32};
    for (unsigned i = 0; i < 20; i++) out[i] = (char)(words[i / 8] >> (56 - i % 8 * 8));
}

/* The pair of terms with most bytes: long words are rare ones. */
static uint32_t best_pair(tm_str text, size_t terms)
{
    size_t at = 0, from, to, before = 0, best = 0, where = 0;
    for (size_t i = 0; i < terms && tm_leak_next_term(text, &at, &from, &to); i++) {
        if (i && before + to - from > best) best = before + to - from, where = i - 1;
        before = to - from;
    }
    return (uint32_t)TM_MIN(where, terms - 2);
}

/* A document is trained on, too, but answers nothing. */
static bool is_answer(const tm_part *part)
{
    return part->flags & TM_PART_RESPONSE && part->role != TM_DOCUMENT;
}

static tm_status add_fact(const tm_batch *b, uint32_t r, uint32_t part, tm_buf *data, tm_facts *out,
                          tm_err *err)
{
    char order[20];
    put_order(b->rid[r], part, order);
    TM_TRY(tm_buf_ok(data, err));
    tm_fact f = {.order = {order, sizeof order}, .rid = b->rid[r], .data = tm_buf_view(data)};
    return tm_facts_add(out, &f, err);
}

/* Why a text is no item, or that it is one. */
static unsigned kind_of(const args *a, const tm_part *part, size_t terms)
{
    if (terms < (size_t)a->least) return TM_LEAK_TOO_SHORT;
    if (terms >= (size_t)a->ngram) return TM_ITEM_LOOKED_FOR;
    if (a->brief == SHORT_NONE) return TM_LEAK_SHORT_LEFT;
    return is_answer(part) ? TM_LEAK_SHORT_ANSWER : TM_ITEM_LOOKED_FOR;
}

static tm_status add_item(const tm_step_view *step, tm_batch *b, uint32_t p, tm_leak_count *counts,
                          tm_facts *out, tm_err *err)
{
    const args *a = ((const shared *)step->shared)->args;
    scratch *own = step->scratch;
    tm_str text;
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
    if (!tm_leak_hashes(text, &own->text)) return tm_fail_memory(err, "decontaminate", text.n);
    size_t terms = own->text.count;
    bool brief = terms < (size_t)a->ngram;
    unsigned kind = kind_of(a, &b->part[p], terms);
    counts->count[kind]++;
    if (kind != TM_ITEM_LOOKED_FOR) return TM_OK;
    tm_leak_fact head = {.reference = b->reference, .terms = (uint32_t)terms, .is_short = brief};
    if (brief) head.pair = best_pair(text, terms);
    uint32_t r = b->part[p].record;
    tm_buf *data = &own->data;
    tm_buf_clear(data);
    tm_buf_add(data, &head, sizeof head);
    tm_buf_add(data, own->text.hash, terms * sizeof *own->text.hash);
    return add_fact(b, r, p - b->first_part[r], data, out, err);
}

/* Behind the items of its first record. */
static tm_status add_counts(const tm_step_view *step, const tm_batch *b,
                            const tm_leak_count *counts, tm_facts *out, tm_err *err)
{
    tm_buf *data = &((scratch *)step->scratch)->data;
    tm_leak_fact head = {.reference = b->reference};
    tm_buf_clear(data);
    tm_buf_add(data, &head, sizeof head);
    tm_buf_add(data, counts, sizeof *counts);
    return add_fact(b, 0, UINT32_MAX, data, out, err);
}

static bool is_item(const tm_batch *b, const tm_part *part, uint32_t selectors)
{
    return tm_live(b, part->record) && part->present == TM_IS_TEXT && tm_part_in(part, selectors);
}

static tm_status observe(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    bool named = b->reference <= 64 && s->against >> (b->reference - 1) & 1;
    if (s->against && !named) return TM_OK;
    TM_TRY(tm_index_refuse(b,
                           "decontaminate looks for each text by itself, which an index does not "
                           "tell apart: name the files it was made of",
                           err));
    if (!b->records) return TM_OK;
    tm_leak_count counts = {.source = TM_PLACE_SOURCE(b->rid[0].place)};
    for (uint32_t r = 0; r < b->records; r++) counts.count[TM_ITEM_RECORDS] += tm_live(b, r);
    for (uint32_t p = 0; p < b->parts; p++)
        if (is_item(b, &b->part[p], s->args->items))
            TM_TRY(add_item(step, b, p, &counts, out, err));
    return add_counts(step, b, &counts, out, err);
}

static const tm_item_count ITEMS[] = {
    [TM_ITEM_RECORDS] = {"records", "records"},
    [TM_ITEM_LOOKED_FOR] = {"looked_for", "texts that are looked for"},
    [TM_LEAK_TOO_SHORT] = {"too_short", "too short: fewer terms than least"},
    [TM_LEAK_SHORT_ANSWER] = {"short_answer", "short answers: fewer terms than ngram"},
    [TM_LEAK_SHORT_LEFT] = {"short", "short ones, by short: none"},
    {0},
};

static void count_items(const void *told, uint32_t source, uint64_t *counts)
{
    tm_leak_table t;
    tm_leak_open(told, &t);
    for (uint32_t i = 0; i < t.head.counts; i++)
        if (t.count[i].source == source) memcpy(counts, t.count[i].count, sizeof t.count[i].count);
}

static tm_status tell(const tm_step_view *step, tm_group *facts, tm_buf *told, tm_err *err)
{
    const args *a = ((const shared *)step->shared)->args;
    tm_leak_rules rules = {(uint32_t)a->ngram, (uint32_t)a->common, step->memory, step->ceiling};
    return tm_leak_build(&rules, facts, told, err);
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const args *a = ((const shared *)step->shared)->args;
    tm_leak_search *search = &((scratch *)step->scratch)->search;
    TM_UNUSED(out);
    TM_TRY(tm_leak_search_open(search, step, err));
    search->on = a->on;
    search->overlap = a->overlap;
    search->cut = a->fix == FIX_CUT;
    for (uint32_t r = 0; r < b->records; r++)
        if (tm_live(b, r)) TM_TRY(tm_leak_search_record(search, b, r, err));
    return TM_OK;
}

/* An estimate for languages with spaces: a term takes some 7 bytes of a file, and 35 while the
 * table is made. Whoever makes it counts, and fails when there is less (leak_build.c). */
static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(given);
    TM_UNUSED(err);
    *out = (tm_cost){.memory = (1 << 20) + facts->reference_bytes / 16,
                     .shared = facts->reference_bytes * 5,
                     .facts = facts->reference_bytes / 256,
                     .fact_bytes = facts->reference_bytes * 2};
    return TM_OK;
}

static const tm_round ROUNDS[] = {
    {.name = "items", .how = TM_TABLE, .references_only = true, .observe = observe, .tell = tell},
    {0},
};

static const tm_param PARAMS[] = {
    {
        .name = "on",
        .type = TM_P_SELECTOR,
        .choices = tm_text_selectors,
        .at = offsetof(args, on),
        .fallback = "all",
        .help = "which texts of the records are searched",
    },
    {
        .name = "against",
        .type = TM_P_TEXTS,
        .at = offsetof(args, against),
        .flags = TM_P_REFERENCE,
        .help =
            "references whose texts are looked for, all of them by default, else of the first 64 "
            "of the recipe; as an option, their files",
    },
    {
        .name = "items",
        .type = TM_P_SELECTOR,
        .choices = tm_text_selectors,
        .at = offsetof(args, items),
        .flags = TM_P_OF_REFERENCES,
        .fallback = "all",
        .help = "which texts of the references are looked for; each is an item of its own",
    },
    {
        .name = "ngram",
        .type = TM_P_INT,
        .at = offsetof(args, ngram),
        .fallback = "13",
        .min = 1,
        .max = TM_LEAK_NGRAM_MAX,
        .unit = "terms",
        .help = "how many terms in a row must be equal; 8 to 13 are usual",
    },
    {
        .name = "overlap",
        .type = TM_P_SHARE,
        .at = offsetof(args, overlap),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "the share of an item's n-grams that a record must hold; 0: any one of them",
    },
    {
        .name = "short",
        .type = TM_P_CHOICE,
        .at = offsetof(args, brief),
        .choices = SHORT_NAMES,
        .fallback = "exact",
        .help = "prompts and documents of fewer than ngram terms: exact looks for all of their "
                "terms in a row, none leaves them out",
    },
    {
        .name = "least",
        .type = TM_P_INT,
        .at = offsetof(args, least),
        .fallback = "5",
        .min = 2,
        .max = TM_LEAK_NGRAM_MAX,
        .unit = "terms",
        .help = "a text of fewer terms is not looked for, whatever ngram is",
    },
    {
        .name = "common",
        .type = TM_P_INT,
        .at = offsetof(args, common),
        .fallback = "100",
        .min = 1,
        .max = 1e9,
        .unit = "items",
        .help =
            "an n-gram of more items is the wording of a benchmark and counts for none; only of "
            "items that have no other each keeps the first so many",
    },
    {
        .name = "fix",
        .type = TM_P_CHOICE,
        .at = offsetof(args, fix),
        .choices = FIX_NAMES,
        .fallback = "none",
        .help = "cut takes the matched text out and keeps the record",
    },
    {0},
};

static const tm_code CODES[] = {
    [TM_LEAK_NGRAMS] =
        {
            .code = "T1721",
            .name = "benchmark-ngrams",
            .sentence = "the text shares a run of terms with a reference",
            .help = "The finding shows the longest stretch that is covered, its value is the share "
                    "of the item's n-grams that the record holds, and its other place is the "
                    "reference's record. Raise overlap: or ngram: if stock phrases match.",
            .verdict = TM_V_DROP,
        },
    [TM_LEAK_SHORT] =
        {
            .code = "T1722",
            .name = "benchmark-item",
            .sentence = "the text holds a short item of a reference as a whole",
            .help = "The item has fewer terms than ngram:, so all of them must stand in a row. "
                    "Raise least:, or set short: none, if everyday phrases match.",
            .verdict = TM_V_DROP,
        },
    [TM_LEAK_CUT] =
        {
            .code = "T1723",
            .name = "benchmark-cut",
            .sentence = "text of a reference was cut out",
            .help = "The record goes on without the matched stretch. A prompt that was an item "
                    "from end to end is empty now: check.record finds it.",
            .verdict = TM_V_FIX,
            .fixed_verdict = true,
        },
    {0},
};

#define QUESTION "A farmer has 17 sheep and buys 5 more, then sells 9 of them at the market"
#define REFERENCE "{\"text\":\"" QUESTION ". How many are left?\"}\n"

static const tm_example EXAMPLES[] = {
    {
        .title = "A benchmark's question in a chat's clothes",
        .recipe = "{}",
        .in =
            "{\"prompt\":\"Solve: A FARMER has 17 sheep, and buys 5 more; then sells 9 of them at "
            "the market!\",\"completion\":\"13\"}\n"
            "{\"prompt\":\"A farmer has sheep.\",\"completion\":\"How many?\"}\n",
        .out = "{\"prompt\":\"A farmer has sheep.\",\"completion\":\"How many?\"}\n",
        .fates = "dropped kept",
        .reference = REFERENCE,
    },
    {
        .title = "Cut out instead of dropped",
        .recipe = "{fix: cut}",
        .in = "{\"text\":\"Before. " QUESTION ". After.\"}\n",
        .out = "{\"text\":\"Before. . After.\"}\n",
        .fates = "kept",
        .reference = REFERENCE,
    },
    {
        .title = "A question shorter than an n-gram, as a whole",
        .recipe = "{}",
        .in = "{\"text\":\"Q: what is the capital of Chad? A:\"}\n"
              "{\"text\":\"what is the capital of France?\"}\n",
        .out = "{\"text\":\"what is the capital of France?\"}\n",
        .fates = "dropped kept",
        .reference = "{\"prompt\":\"What is the capital of Chad?\",\"completion\":\"N'Djamena\"}\n",
    },
    {
        .title = "Half of an item is not enough",
        .recipe = "{ngram: 3, overlap: 60%, then: flag}",
        .in = "{\"text\":\"red green blue black and white\"}\n",
        .out = "{\"text\":\"red green blue black and white\"}\n",
        .fates = "kept",
        .reference = "{\"text\":\"red green blue black yellow pink\"}\n",
    },
    {0},
};

const tm_op tm_op_decontaminate = {
    .name = "decontaminate",
    .group = "dedup",
    .summary = "drop, flag or cut what holds text of a benchmark",
    .why =
        "A model that has seen the exam in training passes it and tells nothing. References are "
        "the exams; every text of theirs that stands in a record, wherever in it and in whatever "
        "case, punctuation and markup, is found, shown at its place and named. n-grams find "
        "copies, not paraphrases: of rephrased questions they find none.",
    .source = "Brown et al. 2020, Language Models are Few-Shot Learners, appendix C; Yang et al. "
              "2023, Rethinking Benchmark and Contamination for Language Models with Rephrased "
              "Samples",
    .rev = 3,
    .shape = TM_SET,
    .flags = TM_REFERENCES,
    .finds = TM_FINDS_CONTAMINATION,
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
    .items = ITEMS,
    .count_items = count_items,
};
