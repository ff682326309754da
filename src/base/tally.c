/* Log-linear classes: the power of two a value lies in, and its next seven bits. */
#include "base/tally.h"

enum { EXACT_BITS = 10, FINE_BITS = 7 };

static unsigned slot_of(uint64_t value)
{
    if (value < TM_TALLY_EXACT) return (unsigned)value;
    unsigned power = 63u - (unsigned)__builtin_clzll(value);
    unsigned fine = (unsigned)(value >> (power - FINE_BITS)) & (TM_TALLY_FINE - 1);
    unsigned slot = TM_TALLY_EXACT + (power - EXACT_BITS) * TM_TALLY_FINE + fine;
    return TM_MIN(slot, (unsigned)TM_TALLY_SLOTS - 1);
}

/* The largest value that a slot counts; of the last one there is none. */
static uint64_t last_of(unsigned slot)
{
    if (slot < TM_TALLY_EXACT) return slot;
    if (slot == TM_TALLY_SLOTS - 1) return UINT64_MAX;
    unsigned above = slot - TM_TALLY_EXACT;
    unsigned shift = EXACT_BITS - FINE_BITS + above / TM_TALLY_FINE;
    return ((uint64_t)(TM_TALLY_FINE + above % TM_TALLY_FINE + 1) << shift) - 1;
}

void tm_tally_add(tm_tally *t, uint64_t value)
{
    t->least = t->count ? TM_MIN(t->least, value) : value;
    t->most = TM_MAX(t->most, value);
    t->count++;
    t->sum += value;
    t->slot[slot_of(value)]++;
}

tm_quantile tm_tally_quantile(const tm_tally *t, unsigned percent)
{
    uint64_t parts = t->count / 100, rest = t->count % 100;
    uint64_t want = parts * percent + (rest * percent + 99) / 100, sum = 0;
    unsigned slot = 0;
    if (!t->count) return (tm_quantile){0, true};
    while (slot < TM_TALLY_SLOTS - 1 && (sum += t->slot[slot]) < want) slot++;
    uint64_t value = TM_MIN(last_of(slot), t->most);
    bool all = want == t->count; /* the largest of all is known */
    return (tm_quantile){value, slot < TM_TALLY_EXACT || t->least == t->most || all};
}
