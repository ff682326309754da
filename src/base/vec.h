/* Growing arrays in an arena or on the heap, without templates: the owner keeps pointer, count and
 * room as plain fields and makes room before it writes.
 *
 *   if (!TM_ROOM(mem, batch->part, batch->parts, batch->part_room, 1)) return tm_fail_memory(...);
 *   batch->part[batch->parts++] = p; */
#ifndef TM_BASE_VEC_H
#define TM_BASE_VEC_H

#include "base/arena.h"

/* Makes room for `more` elements behind `count`; false when memory is exhausted. */
#define TM_ROOM(arena, array, count, room, more)                                             \
    (TM_LIKELY((size_t)(room) - (size_t)(count) >= (size_t)(more)) ||                        \
     tm_vec_grow_arena((arena), (void **)&(array), (size_t)(count), &(room), (size_t)(more), \
                       sizeof((array)[0])))
/* The same on the heap (tm_free gives it back). */
#define TM_ROOM_HEAP(array, count, room, more)                                     \
    (TM_LIKELY((size_t)(room) - (size_t)(count) >= (size_t)(more)) ||              \
     tm_vec_grow_heap((void **)&(array), (size_t)(count), &(room), (size_t)(more), \
                      sizeof((array)[0])))

bool tm_vec_grow_arena(tm_arena *a, void **array, size_t count, uint32_t *room, size_t more,
                       size_t element_bytes);
bool tm_vec_grow_heap(void **array, size_t count, uint32_t *room, size_t more,
                      size_t element_bytes);

#endif
