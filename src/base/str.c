/* Strings as slices. Numbers are parsed by hand or through a "C" locale object, so that no locale
 * of the host ever changes what a recipe means. */
#include "base/str.h"

#include <float.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

tm_str tm_str_of(const char *zero_terminated)
{
    return zero_terminated ? (tm_str){zero_terminated, strlen(zero_terminated)} : (tm_str){0};
}

tm_str tm_str_from(const char *p, size_t n)
{
    return (tm_str){p, n};
}

bool tm_str_eq(tm_str a, tm_str b)
{
    return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}
bool tm_str_is(tm_str a, const char *zero_terminated)
{
    return tm_str_eq(a, tm_str_of(zero_terminated));
}

int tm_str_cmp(tm_str a, tm_str b)
{
    size_t n = TM_MIN(a.n, b.n);
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool tm_str_starts(tm_str s, tm_str with)
{
    return s.n >= with.n && tm_str_eq((tm_str){s.p, with.n}, with);
}

bool tm_str_ends(tm_str s, tm_str with)
{
    return s.n >= with.n && tm_str_eq((tm_str){s.p + (s.n - with.n), with.n}, with);
}

size_t tm_str_find(tm_str s, tm_str needle)
{
    if (!needle.n) return 0;
    const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

size_t tm_str_find_char(tm_str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

size_t tm_str_rfind_char(tm_str s, char c)
{
    const char *hit = s.n ? memrchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

tm_str tm_str_slice(tm_str s, size_t from, size_t to)
{
    to = TM_MIN(to, s.n);
    from = TM_MIN(from, to);
    return (tm_str){s.p ? s.p + from : NULL, to - from};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

tm_str tm_str_trim(tm_str s)
{
    while (s.n && is_blank(s.p[0])) s.p++, s.n--;
    while (s.n && is_blank(s.p[s.n - 1])) s.n--;
    return s;
}

bool tm_str_cut(tm_str s, char at, tm_str *head, tm_str *tail)
{
    size_t i = tm_str_find_char(s, at);
    bool found = i < s.n;
    *head = tm_str_slice(s, 0, i);
    *tail = tm_str_slice(s, i + (found ? 1 : 0), s.n);
    return found;
}

bool tm_str_to_u64(tm_str s, uint64_t *out)
{
    uint64_t value = 0;
    if (!s.n) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10u, &value)) return false;
        if (__builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value)) return false;
    }
    *out = value;
    return true;
}

bool tm_str_to_i64(tm_str s, int64_t *out)
{
    uint64_t value;
    bool minus = s.n && s.p[0] == '-', plus = s.n && s.p[0] == '+';
    if (!tm_str_to_u64(tm_str_slice(s, minus || plus, s.n), &value)) return false;
    if (value > (uint64_t)INT64_MAX + minus) return false;
    *out = minus ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool tm_str_to_f64(tm_str s, double *out)
{
    char text[400], *end;
    bool digit = false;
    if (!s.n || s.n >= sizeof text) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        digit |= c >= '0' && c <= '9';
        bool known =
            (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
        if (!known) return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    pthread_once(&c_locale_once, make_c_locale);
    double value = c_locale ? strtod_l(text, &end, c_locale) : strtod(text, &end);
    if (!digit || *end || value > DBL_MAX || value < -DBL_MAX) return false;
    *out = value;
    return true;
}

bool tm_str_to_size(tm_str s, uint64_t *out)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } UNITS[] = {{"", 1},
                 {"b", 1},
                 {"k", 1000},
                 {"kb", 1000},
                 {"kib", TM_KIB},
                 {"m", 1000000},
                 {"mb", 1000000},
                 {"mib", TM_MIB},
                 {"g", 1000000000},
                 {"gb", 1000000000},
                 {"gib", TM_GIB},
                 {"t", 1000000000000},
                 {"tb", 1000000000000},
                 {"tib", TM_GIB * 1024}};
    size_t digits = 0;
    char unit[8] = "";
    double value;
    s = tm_str_trim(s);
    while (digits < s.n && ((s.p[digits] >= '0' && s.p[digits] <= '9') || s.p[digits] == '.'))
        digits++;
    tm_str rest = tm_str_trim(tm_str_slice(s, digits, s.n));
    if (rest.n >= sizeof unit || tm_str_find_char(rest, 0) < rest.n) return false;
    for (size_t i = 0; i < rest.n; i++)
        unit[i] = rest.p[i] >= 'A' && rest.p[i] <= 'Z' ? (char)(rest.p[i] + 32) : rest.p[i];
    uint64_t whole;
    for (size_t i = 0; i < TM_COUNT(UNITS); i++) {
        if (strcmp(unit, UNITS[i].name) != 0) continue;
        if (tm_str_to_u64(tm_str_slice(s, 0, digits), &whole))
            return !__builtin_mul_overflow(whole, UNITS[i].bytes, out);
        if (!tm_str_to_f64(tm_str_slice(s, 0, digits), &value)) return false;
        value *= (double)UNITS[i].bytes;
        if (value < 0 || value >= 1.8e19) return false;
        *out = (uint64_t)value;
        return true;
    }
    return false;
}

size_t tm_str_distance(tm_str a, tm_str b)
{
    enum { MOST = 64 };
    size_t row[3][MOST + 1];
    a.n = TM_MIN(a.n, (size_t)MOST);
    b.n = TM_MIN(b.n, (size_t)MOST);
    for (size_t j = 0; j <= b.n; j++) row[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = a.p[i - 1] == b.p[j - 1];
            size_t best = TM_MIN(TM_MIN(last[j], now[j - 1]) + 1, last[j - 1] + !same);
            bool swapped = i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
            if (swapped) best = TM_MIN(best, before[j - 2] + 1);
            now[j] = best;
        }
    }
    return row[a.n % 3][b.n];
}

const char *tm_str_suggest(tm_str given, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t least = given.n / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        tm_str name = tm_str_of(names[i]);
        bool begun = given.n >= 3 && tm_str_starts(name, given); /* --out */
        size_t distance = begun ? 1 : tm_str_distance(given, name);
        if (distance > least || (best && distance == least)) continue;
        least = distance;
        best = names[i];
    }
    return best;
}
