/* Loaded before a program (LD_PRELOAD): the FAIL_AT-th malloc, calloc or realloc of any library in
 * it fails. What base/fault.h cannot reach, the allocations of zstd, libyaml, PCRE2, libcrypto and
 * of the C library itself, is tried this way. At the end `COUNT FIRED` goes to FAIL_TOLD. For glibc
 * only, which exports its allocator under second names. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t elements, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);

static _Atomic long count, fired;
static long fail_at;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAIL_AT");
    count = 0;
    fail_at = at ? strtol(at, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    const char *told = getenv("FAIL_TOLD");
    fail_at = 0;
    FILE *file = told ? fopen(told, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld %ld\n", (long)count, (long)fired);
    fclose(file);
}

static int fails(void)
{
    if (atomic_fetch_add(&count, 1) + 1 != fail_at) return 0;
    fired = 1;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t elements, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(elements, bytes);
}

void *realloc(void *p, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(p, bytes);
}
