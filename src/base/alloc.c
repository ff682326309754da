/* The heap, counted. The size of a block is what malloc says it is (malloc_usable_size), so nothing
 * is stored in front of it and alignment is malloc's. */
#include "base/alloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

static _Atomic uint64_t live, peak;

static void count(void *p)
{
    uint64_t now = atomic_fetch_add_explicit(&live, malloc_usable_size(p), memory_order_relaxed) +
                   malloc_usable_size(p);
    uint64_t most = atomic_load_explicit(&peak, memory_order_relaxed);
    while (now > most && !atomic_compare_exchange_weak_explicit(
                             &peak, &most, now, memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void discount(void *p)
{
    atomic_fetch_sub_explicit(&live, malloc_usable_size(p), memory_order_relaxed);
}

void *tm_alloc(size_t bytes)
{
    void *p = tm_fault_alloc() ? NULL : malloc(bytes ? bytes : 1);
    if (p) count(p);
    return p;
}

void *tm_alloc_zero(size_t elements, size_t bytes)
{
    size_t all;
    if (__builtin_mul_overflow(elements, bytes, &all)) return NULL;
    void *p = tm_fault_alloc() ? NULL : calloc(1, all ? all : 1);
    if (p) count(p);
    return p;
}

void *tm_realloc(void *p, size_t bytes)
{
    if (!p) return tm_alloc(bytes);
    if (tm_fault_alloc()) return NULL;
    size_t was = malloc_usable_size(p);
    void *moved = realloc(p, bytes ? bytes : 1);
    if (!moved) return NULL;
    atomic_fetch_sub_explicit(&live, was, memory_order_relaxed);
    count(moved);
    return moved;
}

void tm_free(void *p)
{
    if (!p) return;
    discount(p);
    free(p);
}

uint64_t tm_alloc_live(void)
{
    return atomic_load_explicit(&live, memory_order_relaxed);
}
uint64_t tm_alloc_peak(void)
{
    return atomic_load_explicit(&peak, memory_order_relaxed);
}
