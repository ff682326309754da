/* Doubling arrays. Counts are 32-bit on purpose: a batch is small, and indices stay half as
 * wide. */
#include "base/vec.h"

#include "base/alloc.h"

enum {
    MANY = 1 << 20
}; /* elements: from there on the heap moves pages, and doubling wastes more */

static bool next_room(uint32_t room, size_t count, size_t more, size_t element_bytes, size_t *out)
{
    size_t need = count + more;
    size_t next = TM_MAX((size_t)room * 2, (size_t)16);
    *out = TM_MAX(next, need);
    return need >= count && *out < UINT32_MAX && *out <= SIZE_MAX / 2 / element_bytes;
}

bool tm_vec_grow_arena(tm_arena *a, void **array, size_t count, uint32_t *room, size_t more,
                       size_t element_bytes)
{
    size_t next;
    if (!next_room(*room, count, more, element_bytes, &next)) return false;
    void *p = tm_arena_grow(a, *array, *room * element_bytes, next * element_bytes);
    if (!p) return false;
    *array = p;
    *room = (uint32_t)next;
    return true;
}

bool tm_vec_grow_heap(void **array, size_t count, uint32_t *room, size_t more, size_t element_bytes)
{
    size_t next;
    if (!next_room(*room, count, more, element_bytes, &next)) return false;
    bool many = *room >= MANY;
    if (many) next = TM_MAX((size_t)*room + *room / 4, count + more);
    void *p = tm_realloc(*array, next * element_bytes);
    if (!p && many) { /* a little is better than nothing */
        next = TM_MAX((size_t)*room + *room / 32, count + more);
        p = tm_realloc(*array, next * element_bytes);
    }
    if (!p) return false;
    *array = p;
    *room = (uint32_t)next;
    return true;
}
