/* The definition of the kernels of terms (kernel.h): byte by byte, nothing loaded that is not
 * there, and the masks that the hash of a term needs. */
#include "text/kernel.h"
#include "text/terms_hash.h"

const uint64_t tm_term_masks[TM_LONG_TERM + 1][2] = {
    {0x0, 0x0},
    {0xFF, 0x0},
    {0xFFFF, 0x0},
    {0xFFFFFF, 0x0},
    {0xFFFFFFFF, 0x0},
    {0xFFFFFFFFFF, 0x0},
    {0xFFFFFFFFFFFF, 0x0},
    {0xFFFFFFFFFFFFFF, 0x0},
    {0xFFFFFFFFFFFFFFFF, 0x0},
    {0xFFFFFFFFFFFFFFFF, 0xFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF},
};

/* The byte as terms have it, or 0: it separates. */
static char term_byte(uint8_t c)
{
    if ((uint8_t)(c - 'A') < 26) return (char)(c | 0x20);
    bool plain = (uint8_t)(c - 'a') < 26 || (uint8_t)(c - '0') < 10 || c == '_';
    return plain ? (char)c : 0;
}

size_t tm_terms_scalar(const char *p, size_t n, char *to, bool *inside, size_t *wrote)
{
    size_t i = 0, out = 0;
    for (; i < n && (uint8_t)p[i] < 0x80; i++) {
        char c = term_byte((uint8_t)p[i]);
        if (c || *inside) to[out++] = c ? c : ' ';
        *inside = c != 0;
    }
    *wrote = out;
    return i;
}

size_t tm_term_hashes_scalar(const char *p, size_t n, uint64_t *out)
{
    size_t count = 0;
    for (size_t at = 0; at < n;) {
        size_t begin = at;
        while (at < n && p[at] != ' ') at++;
        if (at > begin) out[count++] = tm_hash_term(p + begin, at - begin, n - begin);
        at++;
    }
    return count;
}
