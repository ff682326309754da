/* index: writes of each record what dedup.near compares, and nothing else, so that later sets can
 * be held against this one without reading it whole again.
 *
 * The record becomes {"tamis_index": TERMS}: its chosen texts as terms (text/terms.h), one space
 * between two; a record without any term keeps its text. Terms of terms are the same terms, so a
 * reference of this kind gives the sets that the texts gave. "tamis_rules" says which texts were
 * chosen (op/dedup/index_head.h), "tamis_carries" what the record carries beside them, where it
 * does (op/chosen.h), and which of its terms are of second answers (op/minhash/grams.h), and
 * "tamis_bands" is by what dedup.near finds candidates (op/minhash/band_keys.h). Records without a
 * text leave as an empty index, which is compared with nothing. */
#include "op/dedup/index_head.h"
#include "op/minhash/band_keys.h"
#include "op/op.h"
#include "record/splices.h"

#include <inttypes.h>

typedef struct args {
    uint32_t by;
    int64_t turn;
    bool keys;
    tm_band_args band;
} args;

typedef struct shared {
    const args *args;
    tm_band_rules rules;
} shared;

typedef struct scratch {
    tm_band_scratch band;
    tm_buf json;
} scratch;

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "index", sizeof *s);
    s->args = a;
    s->rules.sketch.kind = a->band.sketch;
    TM_TRY(tm_band_choose(&a->band, false, &s->rules.sketch, err));
    *out = s;
    return tm_band_rules_make(prep->mem, &a->band, (tm_choice){a->by, a->turn}, &s->rules, err);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    const shared *s = of;
    scratch *own = mine;
    return tm_band_begin(&s->rules, &own->band, err);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_band_end(&own->band);
    tm_buf_release(&own->json);
}

/* The whole record is replaced; what earlier steps patched in it goes with it. */
static tm_status replace(const tm_step_view *step, tm_batch *b, uint32_t r, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_grams *g = &own->band.grams;
    uint32_t keys = 0;
    tm_buf_clear(&own->json);
    tm_buf_z(&own->json, "{\"tamis_index\":");
    size_t text_at = own->json.n + 1;
    tm_buf_json(&own->json,
                g->terms.n ? tm_buf_view(&g->terms) : tm_str_trim(tm_buf_view(&g->text)));
    tm_index_head_write(&s->rules.grams.choice, &own->json);
    if (g->carries || g->stretches) {
        tm_buf_print(&own->json, ",\"tamis_carries\":\"%016" PRIx64, g->carries);
        tm_grams_write_stretches(g, &own->json);
        tm_buf_char(&own->json, '"');
    }
    if (s->args->keys) {
        TM_TRY(tm_grams_of_terms(&s->rules.grams, g, err));
        tm_band_keys(&s->rules, &own->band, &keys);
    }
    tm_band_write(&s->rules, own->band.key, keys, text_at, &own->json);
    tm_buf_char(&own->json, '}');
    TM_TRY(tm_buf_ok(&own->json, err));
    for (uint32_t p; (p = b->first_patch[r]) != TM_NONE;) tm_patch_drop(b, r, p);
    return tm_patch_add(b, r, 0, (uint32_t)b->raw[r].n, tm_buf_view(&own->json), (tm_str){0},
                        step->step, 0, err);
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    TM_UNUSED(out);
    TM_TRY(tm_index_check(&s->rules.grams.choice, "index", b, err));
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        TM_TRY(tm_grams_gather(&s->rules.grams.choice, b, r, &own->band.grams, err));
        TM_TRY(replace(step, b, r, err));
    }
    return TM_OK;
}

static const tm_param PARAMS[] = {
    {
        .name = "by",
        .type = TM_P_SELECTOR,
        .choices = tm_text_selectors,
        .at = offsetof(args, by),
        .fallback = "all",
        .help = "which texts the index holds: those that later runs will compare",
    },
    TM_TURN_PARAM,
    {
        .name = "keys",
        .type = TM_P_BOOL,
        .at = offsetof(args, keys),
        .fallback = "true",
        .help =
            "with the keys by which dedup.near finds candidates, made with the parameters below; "
            "runs with other parameters make them anew, which takes them longer",
    },
    TM_BAND_THRESHOLD("that of the runs that will read the index: it chooses bands and rows"),
    TM_BAND_GRAMS,
    {
        .name = "sketch",
        .type = TM_P_CHOICE,
        .at = offsetof(args, band.sketch),
        .choices = tm_sketch_names,
        .fallback = "fast",
        .help = "fast similarity sketching, or classic MinHash",
    },
    TM_BAND_BANDS,
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "The responses of a set, without keys",
        .recipe = "{by: response, keys: no}",
        .in = "{\"prompt\":\"Where?\",\"completion\":\"In the  Old Town, there.\"}\n",
        .out = "{\"tamis_index\":\"in the old town there\",\"tamis_rules\":\"2 by response turn "
               "0\"}\n",
        .fates = "kept",
    },
    {0},
};

const tm_op tm_op_index = {
    .name = "index",
    .group = "dedup",
    .summary = "write what near duplicates are compared by, for later sets",
    .why = "A set that grows every month is compared with all that came before. An index keeps of "
           "each record the terms of the chosen texts and the keys by which candidates are found: "
           "dedup.near takes it under against:, and the month costs its own size and a pass over "
           "the index. Give both the same by: and turn:, for an index holds no other texts, and a "
           "step that compares others is refused. Give both the same threshold and n-grams, too; "
           "with others the keys are made anew, which takes longer and changes nothing. Run "
           "dedup.near before it, so that the index holds each text once. dedup.exact and "
           "decontaminate need texts as they stand, and refuse an index: give them the earlier "
           "files themselves.",
    .rev = 4,
    .shape = TM_EDIT,
    .params = PARAMS,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .each = each,
};
