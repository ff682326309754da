/* Names of records and of the small enums around them.
 *
 * A child's rid is its parent's place with one more ordinal in the path: 16 bits a level, the first
 * level on top, so that memcmp order of paths is the order in which the records came. Four levels
 * and 65,535 children a level; what needs more is told so instead of wrapping around. */
#include "record/batch.h"

bool tm_rid_child(tm_rid parent, uint32_t ordinal, tm_rid *child)
{
    if (ordinal == 0 || ordinal > UINT16_MAX) return false;
    for (unsigned level = 0; level < TM_PATH_LEVELS; level++) {
        unsigned shift = 48 - 16 * level;
        if ((parent.path >> shift) & UINT16_MAX) continue;
        *child = (tm_rid){parent.place, parent.path | (uint64_t)ordinal << shift};
        return true;
    }
    return false;
}

const char *tm_role_name(tm_role r)
{
    static const char *const name[] = {"system", "user", "assistant", "tool", "document", "other"};
    return (size_t)r < TM_COUNT(name) ? name[r] : "other";
}

const char *tm_part_kind_name(tm_part_kind k)
{
    static const char *const name[] = {"content", "reasoning", "call", "result"};
    return (size_t)k < TM_COUNT(name) ? name[k] : "content";
}

const char *tm_fate_name(tm_fate f)
{
    static const char *const name[] = {"kept",   "kept",     "dropped",   "merged",
                                       "parked", "replaced", "unreadable"};
    return (size_t)f < TM_COUNT(name) ? name[f] : "kept";
}

const char *tm_example_kind_name(tm_example_kind k)
{
    static const char *const name[] = {"corpus", "sft",      "preference", "unpaired",
                                       "scored", "stepwise", "prompt",     "label"};
    return (size_t)k < TM_COUNT(name) ? name[k] : "sft";
}

const char *tm_verdict_name(tm_verdict v)
{
    static const char *const name[] = {"none", "flag", "fix", "park", "drop", "merge"};
    return (size_t)v < TM_COUNT(name) ? name[v] : "none";
}
