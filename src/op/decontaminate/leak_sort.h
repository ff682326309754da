/* Sorts hashes with a number beside them, in place: by hash, then by number. */
#ifndef TM_OP_DECONTAMINATE_LEAK_SORT_H
#define TM_OP_DECONTAMINATE_LEAK_SORT_H

#include "base/def.h"

typedef struct tm_leak_keyed {
    uint64_t hash;
    uint32_t value;
} tm_leak_keyed;

void tm_leak_sort(tm_leak_keyed *list, size_t count);

#endif
