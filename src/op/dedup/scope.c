/* Ranks are big endian, so that facts sort by them. See scope.h for what the words mean. */
#include "op/dedup/scope.h"

const char *const tm_across_names[] = {"all", "inputs", "none", NULL};

tm_status tm_scope_make(const tm_prep *prep, uint8_t across, const tm_texts *against, tm_scope *out,
                        tm_err *err)
{
    *out = (tm_scope){.across = across};
    TM_TRY(tm_prep_references(prep, against, &out->against, err));
    if (across == TM_ACROSS_NONE && !out->against)
        return tm_fail(err, TM_ERECIPE,
                       "across: none compares with references alone: name them with against:");
    if (across == TM_ACROSS_INPUTS && prep->inputs < 2 && !out->against)
        return tm_fail(err, TM_ERECIPE,
                       "across: inputs needs two inputs or more, and all files of one command, or "
                       "of one path:, are one input: name them in a recipe, earlier ones first, as "
                       "in inputs: {old: {path: old.jsonl}, new: {path: new.jsonl}}");
    return TM_OK;
}

tm_status tm_scope_takes_none(const tm_scope *scope, tm_err *err)
{
    if (scope->across != TM_ACROSS_INPUTS) return TM_OK;
    return tm_fail(err, TM_ERECIPE,
                   "keep: none with across: inputs would drop one of two equal records of an input "
                   "and keep the other: use across: all, or name the earlier input as a reference "
                   "(against:) with across: none");
}

bool tm_scope_sees(const tm_scope *scope, const tm_batch *b)
{
    return !b->reference || (b->reference <= 64 && scope->against >> (b->reference - 1) & 1);
}

uint32_t tm_scope_rank(const tm_scope *scope, const tm_batch *b)
{
    if (b->reference) return 0;
    return scope->across == TM_ACROSS_INPUTS ? 1 + b->input : 1;
}

void tm_scope_rank_put(uint32_t rank, char out[TM_RANK_BYTES])
{
    for (unsigned i = 0; i < TM_RANK_BYTES; i++) out[i] = (char)(rank >> (24 - 8 * i));
}

uint32_t tm_scope_rank_get(tm_str order)
{
    uint32_t rank = 0;
    TM_ASSERT(order.n >= TM_RANK_BYTES);
    for (unsigned i = 0; i < TM_RANK_BYTES; i++) rank = rank << 8 | (uint8_t)order.p[i];
    return rank;
}

bool tm_scope_merges(const tm_scope *scope, uint32_t first, uint32_t other)
{
    if (!first) return true;
    if (scope->across == TM_ACROSS_INPUTS) return first < other;
    return scope->across == TM_ACROSS_ALL;
}
