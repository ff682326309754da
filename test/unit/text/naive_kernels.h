/* What kernel.h says of every text kernel, written down once more as naively as can be: the test
 * holds the kernels of every table against these. */
#ifndef TEST_UNIT_TEXT_NAIVE_KERNELS_H
#define TEST_UNIT_TEXT_NAIVE_KERNELS_H

#include "text_help.h"

HELP uint8_t at(tm_str s, size_t i)
{
    return (uint8_t)s.p[i];
}

/* Bytes of the sequence at s[i], or 0: decoded by its bits, then judged as a number. */
HELP size_t naive_sequence(tm_str s, size_t i)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t c = at(s, i);
    if (c < 0x80) return 1;
    size_t n = c >= 0xF8 ? 0 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 0;
    if (!n || s.n - i < n) return 0;
    uint32_t point = c & (0x7Fu >> n);
    for (size_t k = 1; k < n; k++) {
        if ((at(s, i + k) & 0xC0) != 0x80) return 0;
        point = point << 6 | (at(s, i + k) & 0x3F);
    }
    bool wrong = point < least[n] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000);
    return wrong ? 0 : n;
}

HELP size_t naive_valid(tm_str s)
{
    size_t i = 0;
    for (size_t n; i < s.n && (n = naive_sequence(s, i)) != 0;) i += n;
    return i;
}

HELP size_t naive_count(tm_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++) count += at(s, i) < 0x80 || at(s, i) > 0xBF;
    return count;
}

HELP size_t naive_newlines(tm_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++) count += s.p[i] == '\n';
    return count;
}

HELP size_t naive_plain(tm_str s)
{
    size_t i = 0;
    while (i < s.n && at(s, i) >= 0x20 && at(s, i) < 0x80 && s.p[i] != '"' && s.p[i] != '\\') i++;
    return i;
}

HELP size_t naive_backslash(tm_str s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] != '\\') i++;
    return i;
}

HELP size_t naive_lines(tm_str s, uint64_t *ends, size_t room, size_t *eaten)
{
    size_t count = 0;
    bool high = false;
    *eaten = 0;
    for (size_t i = 0; i < s.n && count < room; i++) {
        high = high || at(s, i) >= 0x80;
        *eaten = i + 1;
        if (s.p[i] != '\n') continue;
        ends[count++] = (i + 1) | (uint64_t)high << 63;
        high = false;
    }
    return count;
}

HELP bool naive_tidy(tm_str s)
{
    if (s.n > 1 && s.p[0] == '\n' && s.p[1] == '\n') return false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = at(s, i), next = i + 1 < s.n ? at(s, i + 1) : '\n';
        if (c >= 0x7F || (c < 0x20 && c != '\n' && c != '\t')) return false;
        if ((c == ' ' || c == '\t') && next == '\n') return false;
        if (i + 2 < s.n && c == '\n' && next == '\n' && s.p[i + 2] == '\n') return false;
    }
    return true;
}

HELP size_t naive_fold(tm_str s, char *to, unsigned how, bool after_space)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = at(s, i);
        bool space = c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31);
        bool second = i ? s.p[i - 1] == ' ' : after_space;
        if (c >= 0x80 || ((how & TM_FOLD_SPACE) && space && (c != ' ' || second))) return i;
        to[i] = (char)((how & TM_FOLD_CASE) && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return s.n;
}

HELP size_t naive_unescape(tm_str s, char *to, size_t *written)
{
    static const char from[] = "bfnrt", means[] = "\b\f\n\r\t";
    size_t i = 0, out = 0;
    while (i < s.n) {
        if (s.p[i] != '\\') {
            to[out++] = s.p[i++];
            continue;
        }
        if (s.p[i + 1] == 'u') break;
        const char *known = strchr(from, s.p[i + 1]);
        to[out++] = known ? means[known - from] : s.p[i + 1];
        i += 2;
    }
    *written = out;
    return i;
}

HELP size_t naive_words(tm_str s, bool *inside, size_t *words)
{
    size_t i = 0;
    for (; i < s.n && at(s, i) < 0x80; i++) {
        bool ink = !strchr(" \t\n\v\f\r\x1C\x1D\x1E\x1F", s.p[i]) || !s.p[i];
        if (ink && !*inside) ++*words;
        *inside = ink;
    }
    return i;
}

HELP size_t naive_escape(tm_str s, char *to)
{
    static const char from[] = "\b\t\n\f\r\"\\", names[] = "btnfr\"\\";
    size_t out = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *known = s.p[i] ? strchr(from, s.p[i]) : NULL;
        if (known)
            out += (size_t)snprintf(to + out, 8, "\\%c", names[known - from]);
        else if (at(s, i) < 0x20)
            out += (size_t)snprintf(to + out, 8, "\\u%04x", at(s, i));
        else
            to[out++] = s.p[i];
    }
    return out;
}

#endif
