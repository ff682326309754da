/* A list of chunks, each twice as large as the one before (64 KiB to 1 MiB; larger requests get one
 * of their own). A reset goes back to the first chunk and keeps up to KEEP_BYTES of them, so an
 * arena that is reset for every batch stops calling malloc after the first few. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS 1
#endif
#endif
#ifdef POISONS
#include <sanitizer/asan_interface.h>
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define POISON(p, n) ((void)0)
#define UNPOISON(p, n) ((void)0)
#endif

enum { FIRST_BYTES = 64 << 10, MOST_BYTES = 1 << 20, KEEP_BYTES = 4 << 20 };

struct tm_arena_chunk {
    tm_arena_chunk *next;
    size_t room, at;
    _Alignas(16) char bytes[]; /* no more than malloc gives; a stricter piece is padded */
};

void tm_arena_init(tm_arena *a, size_t limit_bytes)
{
    *a = (tm_arena){.limit = limit_bytes};
}

static tm_arena_chunk *new_chunk(tm_arena *a, size_t least)
{
    size_t room = a->now ? TM_MIN(a->now->room * 2, (size_t)MOST_BYTES) : (size_t)FIRST_BYTES;
    room = TM_MAX(room, least);
    if (a->limit && a->held + room > a->limit) room = least;
    if (a->limit && a->held + room > a->limit) return NULL;
    tm_arena_chunk *c = tm_alloc(sizeof *c + room);
    if (!c) return NULL;
    c->room = room;
    c->at = 0;
    a->held += room;
    POISON(c->bytes, room);
    return c;
}

static void *take(tm_arena_chunk *c, size_t bytes, size_t align)
{
    uintptr_t base = (uintptr_t)c->bytes + c->at;
    size_t pad = (size_t)(-base & (align - 1));
    if (c->room - c->at < pad || c->room - c->at - pad < bytes) return NULL;
    char *p = c->bytes + c->at + pad;
    c->at += pad + bytes;
    UNPOISON(p, bytes);
    return p;
}

void *tm_arena_alloc(tm_arena *a, size_t bytes, size_t align)
{
    void *p;
    if (!bytes) bytes = 1;
    if (bytes > SIZE_MAX / 2) return NULL;
    if (a->now && (p = take(a->now, bytes, align))) {
        a->used += bytes;
        return p;
    }
    while (a->now && a->now->next) {
        a->now = a->now->next;
        a->now->at = 0;
        if ((p = take(a->now, bytes, align))) {
            a->used += bytes;
            return p;
        }
    }
    tm_arena_chunk *c = new_chunk(a, bytes + align);
    if (!c) return NULL;
    c->next = a->now ? a->now->next : NULL;
    if (a->now)
        a->now->next = c;
    else
        a->first = c;
    a->now = c;
    a->used += bytes;
    return take(c, bytes, align);
}

void *tm_arena_zero(tm_arena *a, size_t count, size_t bytes)
{
    size_t all;
    if (__builtin_mul_overflow(count, bytes, &all)) return NULL;
    void *p = tm_arena_alloc(a, all, 16);
    if (p) memset(p, 0, all);
    return p;
}

void *tm_arena_grow(tm_arena *a, void *p, size_t old_bytes, size_t new_bytes)
{
    if (!p) return tm_arena_alloc(a, new_bytes, 16);
    tm_arena_chunk *c = a->now;
    bool last = c && (char *)p + old_bytes == c->bytes + c->at;
    if (last && new_bytes >= old_bytes && c->room - c->at >= new_bytes - old_bytes) {
        UNPOISON(p, new_bytes);
        c->at += new_bytes - old_bytes;
        a->used += new_bytes - old_bytes;
        return p;
    }
    void *moved = tm_arena_alloc(a, new_bytes, 16);
    if (moved) memcpy(moved, p, TM_MIN(old_bytes, new_bytes));
    return moved;
}

void tm_arena_reset(tm_arena *a)
{
    size_t kept = 0;
    tm_arena_chunk **at = &a->first;
    while (*at) {
        tm_arena_chunk *c = *at;
        POISON(c->bytes, c->room);
        c->at = 0;
        if (kept + c->room <= KEEP_BYTES) {
            kept += c->room;
            at = &c->next;
            continue;
        }
        *at = c->next;
        a->held -= c->room;
        UNPOISON(c->bytes, c->room);
        tm_free(c);
    }
    a->now = a->first;
    a->used = 0;
}

void tm_arena_release(tm_arena *a)
{
    for (tm_arena_chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        UNPOISON(c->bytes, c->room);
        tm_free(c);
    }
    *a = (tm_arena){.limit = a->limit};
}

tm_arena_mark tm_arena_here(const tm_arena *a)
{
    return (tm_arena_mark){a->now, a->now ? a->now->at : 0, a->used};
}

void tm_arena_rewind(tm_arena *a, tm_arena_mark mark)
{
    a->now = mark.chunk ? mark.chunk : a->first;
    if (a->now) {
        a->now->at = mark.chunk ? mark.at : 0;
        POISON(a->now->bytes + a->now->at, a->now->room - a->now->at);
    }
    for (tm_arena_chunk *c = a->now ? a->now->next : NULL; c; c = c->next) {
        c->at = 0;
        POISON(c->bytes, c->room);
    }
    a->used = mark.used;
}

tm_str tm_arena_str(tm_arena *a, tm_str s)
{
    char *p = tm_arena_alloc(a, s.n + 1, 1);
    if (!p) return (tm_str){0};
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return (tm_str){p, s.n};
}

char *tm_arena_printf(tm_arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *p = n < 0 ? NULL : tm_arena_alloc(a, (size_t)n + 1, 1);
    if (p) vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return p;
}
