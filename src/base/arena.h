/* tm_arena: memory that is given back all at once. Three lifetimes use it: run, step and batch.
 *
 * tm_arena_alloc never returns memory to the arena; tm_arena_reset makes all of it free again
 * (chunks are kept), tm_arena_release gives it back. Under ASan a reset poisons: a slice kept past
 * its batch is reported at its next use. Not thread-safe: one arena, one owner. */
#ifndef TM_BASE_ARENA_H
#define TM_BASE_ARENA_H

#include "base/str.h"

typedef struct tm_arena_chunk tm_arena_chunk;

typedef struct tm_arena {
    tm_arena_chunk *first, *now;
    size_t used;  /* bytes handed out since the last reset */
    size_t held;  /* bytes of all chunks */
    size_t limit; /* of `held`; 0 = none */
} tm_arena;

typedef struct tm_arena_mark {
    tm_arena_chunk *chunk;
    size_t at, used;
} tm_arena_mark;

void tm_arena_init(tm_arena *a, size_t limit_bytes); /* a zeroed tm_arena is ready too */
void tm_arena_reset(tm_arena *a);                    /* keeps the chunks, up to 4 MiB of them */
void tm_arena_release(tm_arena *a);
tm_arena_mark tm_arena_here(const tm_arena *a);
void tm_arena_rewind(tm_arena *a, tm_arena_mark mark);

/* NULL when memory or the limit is exhausted. align: a power of two up to 64. */
TM_MUST_USE void *tm_arena_alloc(tm_arena *a, size_t bytes, size_t align);
TM_MUST_USE void *tm_arena_zero(tm_arena *a, size_t count, size_t bytes); /* zeroed, 16-aligned */
/* Grows the last allocation in place where possible, else copies. */
TM_MUST_USE void *tm_arena_grow(tm_arena *a, void *p, size_t old_bytes, size_t new_bytes);
/* Copies s and a NUL behind it; .p == NULL when memory is exhausted. */
tm_str tm_arena_str(tm_arena *a, tm_str s);
char *tm_arena_printf(tm_arena *a, const char *format, ...) TM_PRINTF(2, 3); /* or NULL */

#define TM_NEW(arena, type, count) ((type *)tm_arena_zero((arena), (count), sizeof(type)))

#endif
