/* Linear probing from the digest's own first bytes, which are as good as a hash; doubled when two
 * thirds are taken. A slot is free while its digest begins with 0, which no hex digit is. */
#include "op/dedup/spellings.h"

#include "base/alloc.h"

static tm_spelling *slot_of(const tm_spellings *s, const char *digest)
{
    uint64_t hash;
    memcpy(&hash, digest, sizeof hash);
    hash *= UINT64_C(0x9E3779B97F4A7C15); /* hex digits share bits; their product does not */
    size_t at = (size_t)(hash >> 32) & (s->room - 1);
    while (s->at[at].digest[0] && memcmp(s->at[at].digest, digest, TM_SPELLING_BYTES) != 0)
        at = (at + 1) & (s->room - 1);
    return &s->at[at];
}

static tm_status grow(tm_spellings *s, tm_err *err)
{
    tm_spellings wider = {.room = s->room ? 2 * s->room : 16, .count = s->count};
    wider.at = tm_alloc_zero(wider.room, sizeof(tm_spelling));
    if (!wider.at) return tm_fail_memory(err, "spellings", wider.room * sizeof(tm_spelling));
    for (size_t i = 0; i < s->room; i++)
        if (s->at[i].digest[0]) *slot_of(&wider, s->at[i].digest) = s->at[i];
    tm_free(s->at);
    *s = wider;
    return TM_OK;
}

tm_status tm_spellings_of(tm_spellings *s, const tm_spelling *record, tm_spelling *first,
                          tm_spelling **kept, tm_err *err)
{
    if (kept) *kept = NULL;
    if (s->count * 3 >= s->room * 2) TM_TRY(grow(s, err));
    tm_spelling *at = slot_of(s, record->digest);
    *first = at->digest[0] ? *at : *record;
    if (at->digest[0] || s->count == TM_SPELLINGS_MOST) return TM_OK;
    *at = *record;
    if (kept) *kept = at;
    s->count++;
    return TM_OK;
}

void tm_spellings_release(tm_spellings *s)
{
    tm_free(s->at);
    *s = (tm_spellings){0};
}
