/* The scalar kernels: the definition of what every kernel answers, and what runs where nothing
 * faster can. Plain loops over bytes, with eight bytes at a time only where it stays obvious. */
#include <string.h>

#include "text/kernel.h"
#include "text/utf8.h"

static uint64_t eight(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static size_t utf8_valid(const char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        if (i + 8 <= n && !(eight(p + i) & 0x8080808080808080u)) {
            i += 8;
            continue;
        }
        size_t bytes = tm_utf8_sequence(p + i, n - i);
        if (!bytes) return i;
        i += bytes;
    }
    return n;
}

static size_t utf8_count(const char *p, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += ((uint8_t)p[i] & 0xC0) != 0x80;
    return count;
}

static size_t lines(const char *p, size_t n, uint64_t *ends, size_t room, size_t *eaten)
{
    size_t count = 0;
    *eaten = 0;
    if (!room) return 0;
    for (size_t begin = 0; begin < n;) {
        const char *newline = memchr(p + begin, '\n', n - begin);
        if (!newline) break;
        size_t end = (size_t)(newline - p) + 1;
        uint8_t high = 0;
        for (size_t i = begin; i < end; i++) high |= (uint8_t)p[i];
        ends[count++] = end | (uint64_t)(high >> 7) << 63;
        begin = end;
        if (count == room) {
            *eaten = end;
            return count;
        }
    }
    *eaten = n;
    return count;
}

static size_t count_newlines(const char *p, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += p[i] == '\n';
    return count;
}

static size_t string_plain(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)p[i];
        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) return i;
    }
    return n;
}

static size_t find_backslash(const char *p, size_t n)
{
    const char *at = n ? memchr(p, '\\', n) : NULL;
    return at ? (size_t)(at - p) : n;
}

unsigned tm_json_escape_put(char c, char *to)
{
    static const char hex[] = "0123456789abcdef";
    static const char name[] = "btn\0fr"; /* from U+0008 */
    uint8_t u = (uint8_t)c;
    char named = u >= 8 && u <= 13 ? name[u - 8] : u >= 0x20 ? c : 0;
    to[0] = '\\';
    to[1] = named ? named : 'u';
    if (named) return 2;
    to[2] = to[3] = '0';
    to[4] = hex[u >> 4];
    to[5] = hex[u & 15];
    return 6;
}

static size_t escape(const char *p, size_t n, char *to)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)p[i];
        if (c == '"' || c == '\\' || c < 0x20)
            out += tm_json_escape_put(p[i], to + out);
        else
            to[out++] = p[i];
    }
    return out;
}

static size_t escape_more(const char *p, size_t n)
{
    char to[6];
    size_t more = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)p[i];
        if (c == '"' || c == '\\' || c < 0x20) more += tm_json_escape_put(p[i], to) - 1;
    }
    return more;
}

static char meaning(char escaped)
{
    switch (escaped) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return escaped;
    }
}

static size_t unescape(const char *p, size_t n, char *to, size_t *written)
{
    size_t i = 0, out = 0;
    while (i < n) {
        size_t plain = find_backslash(p + i, n - i);
        if (plain) memcpy(to + out, p + i, plain);
        i += plain;
        out += plain;
        if (i + 1 >= n || p[i + 1] == 'u') break;
        to[out++] = meaning(p[i + 1]);
        i += 2;
    }
    *written = out;
    return i;
}

static bool is_tidy(const char *p, size_t n)
{
    unsigned newlines = 1; /* a text begins where a line ended */
    bool blank = false;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)p[i];
        if (c >= 0x7F || (c < 0x20 && c != '\n' && c != '\t')) return false;
        if (c == '\n' && (blank || newlines == 2)) return false;
        newlines = c == '\n' ? newlines + 1 : 0;
        blank = c == ' ' || c == '\t';
    }
    return !blank;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
}

static size_t fold(const char *p, size_t n, char *to, unsigned how, bool after_space)
{
    for (size_t i = 0; i < n; i++) {
        if ((uint8_t)p[i] >= 0x80) return i;
        if ((how & TM_FOLD_SPACE) && is_space(p[i])) {
            if (p[i] != ' ' || after_space) return i;
            after_space = true;
        } else {
            after_space = false;
        }
        to[i] = (how & TM_FOLD_CASE) && p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i];
    }
    return n;
}

static size_t words(const char *p, size_t n, bool *inside, size_t *count)
{
    for (size_t i = 0; i < n; i++) {
        if ((uint8_t)p[i] >= 0x80) return i;
        bool space = is_space(p[i]);
        *count += !space && !*inside;
        *inside = !space;
    }
    return n;
}

const tm_kernel tm_kernel_scalar = {
    .name = "scalar",
    .utf8_valid = utf8_valid,
    .utf8_count = utf8_count,
    .lines = lines,
    .count_newlines = count_newlines,
    .string_plain = string_plain,
    .find_backslash = find_backslash,
    .escape_plain = string_plain,
    .escape = escape,
    .escape_more = escape_more,
    .unescape = unescape,
    .is_tidy = is_tidy,
    .fold = fold,
    .words = words,
    .sketch_buckets = tm_sketch_buckets_scalar,
    .minhash = tm_minhash_scalar,
    .terms = tm_terms_scalar,
    .term_hashes = tm_term_hashes_scalar,
    .json_accept = NULL,
};
