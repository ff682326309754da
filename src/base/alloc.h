/* The one door to the heap. malloc and its kin appear in alloc.c and nowhere else (checked).
 *
 * Every call can fail: builds for fault tests (-DTM_FAULTS) make the n-th one fail. */
#ifndef TM_BASE_ALLOC_H
#define TM_BASE_ALLOC_H

#include "base/def.h"

TM_MUST_USE void *tm_alloc(size_t bytes); /* NULL when there is none; not zeroed */
TM_MUST_USE void *tm_alloc_zero(size_t count, size_t bytes); /* zeroed; NULL on overflow too */
TM_MUST_USE void *tm_realloc(void *p, size_t bytes); /* p stays valid when NULL comes back */
void tm_free(void *p);                               /* NULL is fine */

/* Pages of the system, for what is large and goes back before the program ends: it is the system's
 * again at once. Large pages are asked for. */
TM_MUST_USE void *tm_alloc_pages(size_t bytes);
void tm_free_pages(void *p, size_t bytes); /* as many as were asked for */

/* A table of so many bytes will be read and written here and there: large pages are asked for,
 * where the system has them. Only time differs. */
void tm_alloc_for_leaps(void *p, size_t bytes);

/* For a program that has the heap to itself: what was large goes back to the system when it is
 * freed, and is not kept for something else that may be smaller. */
void tm_alloc_settle(void);

/* A meter over what the calling thread takes and has not given back since it was set: what would go
 * beyond `most` bytes fails as if there were no memory. 0: no meter. */
void tm_alloc_meter(uint64_t most);
/* Ends it; what it would have had to allow for the first thing that it refused, or 0: it refused
 * nothing. */
uint64_t tm_alloc_meter_end(void);
/* Whether it would allow so many bytes more; if not, that is a thing it refused. */
bool tm_alloc_meter_has(uint64_t bytes);

uint64_t tm_alloc_live(void); /* bytes now allocated through this door */
uint64_t tm_alloc_peak(void); /* the most there ever was */

#endif
