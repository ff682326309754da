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

uint64_t tm_alloc_live(void); /* bytes now allocated through this door */
uint64_t tm_alloc_peak(void); /* the most there ever was */

#endif
