/* Macros every file uses: attributes, counts, asserts. Include this first.
 *
 * TM_ASSERT states something that only a bug in Tamis can break. It stays on in release builds:
 * a data tool that goes on after a broken invariant writes wrong data. Failed operations return a
 * tm_status instead (err.h), and bad records are neither (they become unreadable and are
 * counted). */
#ifndef TM_BASE_DEF_H
#define TM_BASE_DEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TM_MUST_USE __attribute__((warn_unused_result))
#define TM_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))
#define TM_NORETURN __attribute__((noreturn))
#define TM_UNUSED(x) ((void)(x))
#define TM_LIKELY(x) __builtin_expect(!!(x), 1)
#define TM_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define TM_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TM_MIN(a, b) ((a) < (b) ? (a) : (b))
#define TM_MAX(a, b) ((a) > (b) ? (a) : (b))

/* "No such index", for the 32-bit indices of a batch. */
#define TM_NONE UINT32_MAX

#define TM_KIB ((uint64_t)1024)
#define TM_MIB (TM_KIB * 1024)
#define TM_GIB (TM_MIB * 1024)

#define TM_ASSERT(condition) \
    (TM_LIKELY(condition) ? (void)0 : tm_assert_failed(#condition, __FILE__, __LINE__))

TM_NORETURN void tm_assert_failed(const char *condition, const char *file, int line);

#endif
