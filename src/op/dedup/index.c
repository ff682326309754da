/* index: writes of each record what dedup.near compares, and nothing else, so that later sets can
 * be held against this one without reading it whole again.
 *
 * The record becomes {"tamis_index": TERMS}: its chosen texts as terms (text/terms.h), one space
 * between two; a record without any term keeps its text. Terms of terms are the same terms, so a
 * reference of this kind gives the sets that the texts gave. "tamis_carries" names what the record
 * carries beside them, where it does (op/dedup/chosen.h). Records without a text leave as an empty
 * index, which is compared with nothing. */
#include "op/dedup/chosen.h"
#include "op/op.h"
#include "record/splices.h"
#include "text/terms.h"

#include <inttypes.h>

typedef struct args {
    uint32_t by;
    int64_t turn;
} args;

typedef struct scratch {
    tm_buf terms, text, json;
    uint64_t carries;
} scratch;

static void end(void *mine)
{
    scratch *own = mine;
    tm_buf_release(&own->terms);
    tm_buf_release(&own->text);
    tm_buf_release(&own->json);
}

static tm_status gather(const args *a, scratch *own, tm_batch *b, uint32_t r, tm_err *err)
{
    tm_chosen chosen;
    tm_choice choice = {a->by, a->turn};
    bool any = tm_choose(&choice, b, r, &chosen);
    tm_buf_clear(&own->terms);
    tm_buf_clear(&own->text);
    own->carries = any ? tm_chosen_carries(&chosen, b, r) : 0;
    for (uint32_t p = b->first_part[r]; any && p < b->first_part[r + 1]; p++) {
        tm_str text;
        if (!tm_is_chosen(&chosen, &b->part[p])) continue;
        if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
        size_t before = own->terms.n;
        if (before) tm_buf_char(&own->terms, ' ');
        size_t from = own->terms.n;
        tm_text_terms(text, &own->terms);
        if (own->terms.n == from) own->terms.n = before;
        tm_buf_str(&own->text, text);
        tm_buf_char(&own->text, '\n');
    }
    TM_TRY(tm_buf_ok(&own->terms, err));
    return tm_buf_ok(&own->text, err);
}

/* The whole record is replaced; what earlier steps patched in it goes with it. */
static tm_status replace(const tm_step_view *step, scratch *own, tm_batch *b, uint32_t r,
                         tm_err *err)
{
    tm_str text = tm_str_trim(tm_buf_view(&own->text));
    tm_buf_clear(&own->json);
    tm_buf_z(&own->json, "{\"tamis_index\":");
    tm_buf_json(&own->json, own->terms.n ? tm_buf_view(&own->terms) : text);
    if (own->carries)
        tm_buf_print(&own->json, ",\"tamis_carries\":\"%016" PRIx64 "\"", own->carries);
    tm_buf_char(&own->json, '}');
    TM_TRY(tm_buf_ok(&own->json, err));
    for (uint32_t p; (p = b->first_patch[r]) != TM_NONE;) tm_patch_drop(b, r, p);
    return tm_patch_add(b, r, 0, (uint32_t)b->raw[r].n, tm_buf_view(&own->json), (tm_str){0},
                        step->step, 0, err);
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    scratch *own = step->scratch;
    TM_UNUSED(out);
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        TM_TRY(gather(step->shared, own, b, r, err));
        TM_TRY(replace(step, own, b, r, err));
    }
    return TM_OK;
}

static const tm_param PARAMS[] = {
    {
        .name = "by",
        .type = TM_P_SELECTOR,
        .at = offsetof(args, by),
        .fallback = "all",
        .help = "which texts the index holds: those that later runs will compare",
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
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "The responses of a set",
        .recipe = "{by: response}",
        .in = "{\"prompt\":\"Where?\",\"completion\":\"In the  Old Town, there.\"}\n",
        .out = "{\"tamis_index\":\"in the old town there\"}\n",
        .fates = "kept",
    },
    {0},
};

const tm_op tm_op_index = {
    .name = "index",
    .group = "dedup",
    .summary = "write what near duplicates are compared by, for later sets",
    .why = "A set that grows every month is compared with all that came before. An index keeps of "
           "each record the terms of the chosen texts and nothing else: dedup.near takes it under "
           "against:, and the month costs its own size and a pass over the index. Run dedup.near "
           "before it, so that the index holds each text once. dedup.exact compares texts as they "
           "stand: give it the earlier files themselves.",
    .rev = 2,
    .shape = TM_EDIT,
    .params = PARAMS,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .end = end,
    .each = each,
};
