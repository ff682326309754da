/* The table of names: doubled when it is half full, so that a look-up takes two probes or so. */
#include "op/check/name_set.h"

#include "base/hash.h"

enum { FIRST_SLOTS = 16 };

static tm_set_name *find(tm_set_name *slot, uint32_t slots, tm_str name)
{
    uint32_t at = (uint32_t)tm_hash64(name.p, name.n, 0) & (slots - 1);
    while (slot[at].name.p && !tm_str_eq(slot[at].name, name)) at = (at + 1) & (slots - 1);
    return &slot[at];
}

static bool grow(tm_name_set *names, tm_arena *mem)
{
    uint32_t slots = names->slots ? 2 * names->slots : FIRST_SLOTS;
    tm_set_name *slot = TM_NEW(mem, tm_set_name, slots);
    if (!slot) return false;
    for (uint32_t i = 0; i < names->slots; i++)
        if (names->slot[i].name.p) *find(slot, slots, names->slot[i].name) = names->slot[i];
    names->slot = slot;
    names->slots = slots;
    return true;
}

tm_set_name *tm_name_set_put(tm_name_set *names, tm_arena *mem, tm_str name)
{
    if (2 * names->count >= names->slots && !grow(names, mem)) return NULL;
    tm_set_name *place = find(names->slot, names->slots, name);
    if (place->name.p) return place;
    *place = (tm_set_name){name, TM_NONE};
    names->count++;
    return place;
}

tm_set_name *tm_name_set_get(const tm_name_set *names, tm_str name)
{
    if (!names->slots) return NULL;
    tm_set_name *place = find(names->slot, names->slots, name);
    return place->name.p ? place : NULL;
}
