/* What the tests of text/ share: cmocka, the kernels this CPU has, chance with a seed, memory that
 * ends at a page nobody may read, and the files of the shared data.
 *
 *   for (size_t k = 0; k < kernel_count(); k++) ... kernel_at(k) ...
 *   char *p = guarded(n);                   p[n] faults; used again by the next call */
#ifndef TEST_UNIT_TEXT_HELP_H
#define TEST_UNIT_TEXT_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <zlib.h>

#include "text/json_scan.h"

#define HELP static inline __attribute__((unused))

HELP const tm_kernel *kernel_at(size_t i)
{
    static const char *const name[] = {"scalar", "avx2", "avx512"};
    return i < TM_COUNT(name) ? tm_kernel_named(name[i]) : NULL;
}

/* Kernels are tried in this order; one that the CPU lacks ends the list. */
HELP size_t kernel_count(void)
{
    size_t count = 0;
    while (kernel_at(count)) count++;
    return count;
}

static uint64_t chance_state = 1;

HELP uint64_t chance(uint64_t below)
{
    uint64_t z = (chance_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % below;
}

#define GUARDED_MOST ((size_t)1 << 20)

HELP char *guarded(size_t n)
{
    static char *end;
    if (!end) {
        char *p = mmap(NULL, GUARDED_MOST + 4096, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(p != MAP_FAILED);
        assert_int_equal(mprotect(p + GUARDED_MOST, 4096, PROT_NONE), 0);
        end = p + GUARDED_MOST;
    }
    assert_true(n <= GUARDED_MOST);
    return end - n;
}

HELP char *guarded_copy(tm_str s)
{
    char *p = guarded(s.n);
    if (s.n) memcpy(p, s.p, s.n);
    return p;
}

/* Opens data/torture/NAME, packed or not; skips the test in words when it is not there. */
HELP gzFile torture(const char *name)
{
    char path[1024];
    const char *shared = getenv("TAMIS_SHARED");
    snprintf(path, sizeof path, "%s/data/torture/%s", shared ? shared : "../shared", name);
    gzFile file = gzopen(path, "rb");
    if (!file) {
        print_message("the shared data is not there (%s): skipped\n", path);
        skip();
    }
    return file;
}

HELP size_t hex_bytes(const char *hex, size_t n, char *to)
{
    size_t half = 0, out = 0;
    for (size_t i = 0; i < n; i++) {
        const char *digits = "0123456789abcdef", *at;
        char c = (char)(hex[i] >= 'A' && hex[i] <= 'F' ? hex[i] + 32 : hex[i]);
        if (!c || !(at = strchr(digits, c))) continue;
        unsigned digit = (unsigned)(at - digits);
        if (half++ % 2 == 0)
            to[out] = (char)(digit << 4);
        else
            to[out] = (char)((unsigned char)to[out] | digit), out++;
    }
    return out;
}

HELP size_t base64_bytes(tm_str s, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t held = 0, bits = 0;
    size_t out = 0;
    for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
        held = held << 6 | (uint32_t)(strchr(digits, s.p[i]) - digits);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        to[out++] = (char)(held >> bits & 255);
    }
    return out;
}

/* What a fast kernel says must be what the scalar one left in *json. */
HELP bool same_scan(const tm_kernel *kernel, const tm_json *json, bool ok, tm_str text,
                    size_t readable_after, tm_json_limits limits)
{
    static tm_json other;
    other.nodes = 0;
    bool same = tm_json_scan_with(kernel, &other, text.p, text.n, readable_after, limits) == ok;
    same = same && other.trouble == json->trouble && other.at == json->at &&
           other.length == json->length && other.nodes == json->nodes;
    same = same && (!ok || !memcmp(other.node, json->node, json->nodes * sizeof *json->node));
    if (!same || !ok || json->node[0].kind < TM_JSON_ARRAY) return same;
    /* What the definition takes, a fast kernel must take as well, or it is slow for nothing. */
    uint32_t depth = limits.depth ? limits.depth : 1024;
    return kernel->json_accept(&other, text.p, text.n, readable_after, depth, limits.known_ascii) ==
           TM_FAST_YES;
}

/* A copy with bytes behind it that may be read and must not matter: they go on as JSON might. */
HELP tm_str copy_with_more(tm_str s, size_t more)
{
    static const char MORE[] = "\"}],0:{\\u\"[ \xC3tru\n";
    static tm_buf copy;
    tm_buf_clear(&copy);
    tm_buf_str(&copy, s);
    for (size_t i = 0; i < more; i++) tm_buf_char(&copy, MORE[(s.n + i) % (sizeof MORE - 1)]);
    assert_false(copy.failed);
    return (tm_str){copy.p, s.n};
}

/* Scans with every kernel, from memory that ends where the text ends and from such that goes on,
 * and checks that all say the same as the scalar one, which is left in *json. ASCII is scanned as
 * such and as anything. */
HELP bool scan_all_kernels(tm_json *json, tm_str text, tm_json_limits limits)
{
    enum { MORE = 64 };
    tm_str s = {guarded_copy(text), text.n}, longer = copy_with_more(text, MORE);
    bool ascii = true;
    for (size_t i = 0; i < s.n; i++) ascii = ascii && !(s.p[i] & 0x80);
    bool ok = tm_json_scan_with(&tm_kernel_scalar, json, s.p, s.n, 0, limits);
    for (size_t k = 1; k < kernel_count(); k++) {
        bool same = true;
        for (unsigned known = 0; known <= ascii; known++) {
            limits.known_ascii = known;
            same = same && same_scan(kernel_at(k), json, ok, s, 0, limits);
            same = same && same_scan(kernel_at(k), json, ok, longer, MORE, limits);
        }
        if (!same)
            fail_msg("%s and scalar differ on %zu bytes: %.*s", kernel_at(k)->name, text.n,
                     (int)TM_MIN(text.n, (size_t)2000), text.p);
    }
    return ok;
}

#endif
