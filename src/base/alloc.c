/* The heap, counted. The size of a block is what malloc says it is (malloc_usable_size), so nothing
 * is stored in front of it and alignment is malloc's.
 *
 * A meter counts in its thread alone, so that what a record takes does not depend on the others
 * that are worked on meanwhile. */
#include "base/alloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fault.h"

enum { LARGE_BYTES = 8 << 20 };

void tm_alloc_settle(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
#endif
}

typedef struct meter {
    uint64_t most; /* 0: none is set */
    int64_t held;
    uint64_t refused;
} meter;

static _Atomic uint64_t live, peak;
static _Thread_local meter mine;

void tm_alloc_meter(uint64_t most)
{
    mine = (meter){.most = most};
}

uint64_t tm_alloc_meter_end(void)
{
    uint64_t refused = mine.refused;
    mine = (meter){0};
    return refused;
}

bool tm_alloc_meter_has(uint64_t bytes)
{
    if (TM_LIKELY(!mine.most)) return true;
    int64_t wanted = mine.held + (int64_t)bytes;
    if (wanted <= 0 || (uint64_t)wanted <= mine.most) return true;
    if (!mine.refused) mine.refused = (uint64_t)wanted;
    return false;
}

static bool is_refused(size_t bytes)
{
    return TM_UNLIKELY(mine.most) && !tm_alloc_meter_has(bytes);
}

static void count_bytes(size_t bytes)
{
    mine.held += (int64_t)bytes;
    uint64_t now = atomic_fetch_add_explicit(&live, bytes, memory_order_relaxed) + bytes;
    uint64_t most = atomic_load_explicit(&peak, memory_order_relaxed);
    while (now > most && !atomic_compare_exchange_weak_explicit(
                             &peak, &most, now, memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void count(void *p)
{
    count_bytes(malloc_usable_size(p));
}

static void discount(size_t bytes)
{
    mine.held -= (int64_t)bytes;
    atomic_fetch_sub_explicit(&live, bytes, memory_order_relaxed);
}

void *tm_alloc(size_t bytes)
{
    void *p = tm_fault_alloc() || is_refused(bytes) ? NULL : malloc(bytes ? bytes : 1);
    if (p) count(p);
    return p;
}

void *tm_alloc_zero(size_t elements, size_t bytes)
{
    size_t all;
    if (__builtin_mul_overflow(elements, bytes, &all)) return NULL;
    void *p = tm_fault_alloc() || is_refused(all) ? NULL : calloc(1, all ? all : 1);
    if (p) count(p);
    return p;
}

void tm_alloc_for_leaps(void *p, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t large = (uintptr_t)2 << 20;
    uintptr_t from = ((uintptr_t)p + large - 1) & ~(large - 1),
              to = ((uintptr_t)p + bytes) & ~(large - 1);
    if (from < to) (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
    TM_UNUSED(p);
    TM_UNUSED(bytes);
#endif
}

void *tm_realloc(void *p, size_t bytes)
{
    if (!p) return tm_alloc(bytes);
    if (tm_fault_alloc()) return NULL;
    size_t was = malloc_usable_size(p);
    if (bytes > was && is_refused(bytes - was)) return NULL;
    void *moved = realloc(p, bytes ? bytes : 1);
    if (!moved) return NULL;
    discount(was);
    count(moved);
    return moved;
}

void tm_free(void *p)
{
    if (!p) return;
    discount(malloc_usable_size(p));
    free(p);
}

/* Of whatever size the system's are. */
static size_t whole_pages(size_t bytes)
{
    const size_t page = (size_t)64 << 10;
    return (bytes + page - 1) & ~(page - 1);
}

/* Mapped with what is left of a large page at either end, which is unmapped again: so it begins
 * with a whole one. */
void *tm_alloc_pages(size_t bytes)
{
    const size_t large = (size_t)2 << 20;
    bytes = whole_pages(bytes);
    if (tm_fault_alloc() || is_refused(bytes)) return NULL;
    char *p = mmap(NULL, bytes + large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    size_t before = (large - ((uintptr_t)p & (large - 1))) & (large - 1);
    if (before) (void)munmap(p, before);
    (void)munmap(p + before + bytes, large - before);
    tm_alloc_for_leaps(p + before, bytes);
    count_bytes(bytes);
    return p + before;
}

void tm_free_pages(void *p, size_t bytes)
{
    bytes = whole_pages(bytes);
    discount(bytes);
    (void)munmap(p, bytes);
}

uint64_t tm_alloc_live(void)
{
    return atomic_load_explicit(&live, memory_order_relaxed);
}
uint64_t tm_alloc_peak(void)
{
    return atomic_load_explicit(&peak, memory_order_relaxed);
}
