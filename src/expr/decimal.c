/* Exact comparison of decimals without converting them.
 *
 * A number is sign, digits and the power of ten of its first digit that is not 0. Two of one sign
 * compare by that power, then digit by digit, the shorter one continued with zeros. Exponents
 * saturate: 1e99999999999999999999 is merely very large. Small integers, which most numbers in
 * records are, take a path of their own to a double: below 10^15 every one is exact. */
#include "expr/decimal.h"

#include <math.h>
#include <stdio.h>

#define FAR ((int64_t)1 << 60) /* no text is long enough to reach it */

typedef struct decimal {
    tm_str digits; /* from the first one that is not 0; may hold a point */
    int64_t power; /* of ten, of that digit */
    bool negative, zero;
} decimal;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent behind e; saturates. */
static int64_t read_exponent(tm_str s)
{
    int64_t e = 0;
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    bool negative = s.n && s.p[0] == '-';
    for (; i < s.n; i++) {
        if (e < FAR / 16) e = e * 10 + (s.p[i] - '0');
    }
    return negative ? -e : e;
}

static decimal take_apart(tm_str s)
{
    decimal d = {.zero = true};
    size_t mantissa = 0, i = 0, point;
    if (s.n && s.p[0] == '-') {
        d.negative = true;
        s = tm_str_slice(s, 1, s.n);
    }
    while (mantissa < s.n && s.p[mantissa] != 'e' && s.p[mantissa] != 'E') mantissa++;
    int64_t exponent = mantissa < s.n ? read_exponent(tm_str_slice(s, mantissa + 1, s.n)) : 0;
    s.n = mantissa;
    point = tm_str_find_char(s, '.');
    while (i < s.n && (s.p[i] == '0' || s.p[i] == '.')) i++;
    if (i == s.n) return (decimal){.zero = true};
    d.zero = false;
    d.digits = tm_str_slice(s, i, s.n);
    d.power = exponent + (i < point ? (int64_t)(point - i) - 1 : -(int64_t)(i - point));
    return d;
}

/* The next digit, 0 behind the end. */
static char next_digit(tm_str s, size_t *at)
{
    if (*at < s.n && s.p[*at] == '.') ++*at;
    return *at < s.n ? s.p[(*at)++] : '0';
}

static int cmp_magnitude(const decimal *a, const decimal *b)
{
    if (a->power != b->power) return a->power < b->power ? -1 : 1;
    size_t i = 0, j = 0;
    while (i < a->digits.n || j < b->digits.n) {
        char x = next_digit(a->digits, &i), y = next_digit(b->digits, &j);
        if (x != y) return x < y ? -1 : 1;
    }
    return 0;
}

int tm_decimal_cmp(tm_str a, tm_str b)
{
    decimal x = take_apart(a), y = take_apart(b);
    if (x.zero || y.zero) {
        if (x.zero && y.zero) return 0;
        return x.zero ? (y.negative ? 1 : -1) : (x.negative ? -1 : 1);
    }
    if (x.negative != y.negative) return x.negative ? -1 : 1;
    int order = cmp_magnitude(&x, &y);
    return x.negative ? -order : order;
}

/* The power with its sign bit turned, big-endian; digits as 1 to 10, without zeros at their end; 0.
 * A negative number's bytes are inverted. */
void tm_decimal_key(tm_str s, tm_buf *out)
{
    decimal d = take_apart(s);
    size_t from = out->n, last;
    uint64_t power = (uint64_t)d.power ^ (uint64_t)1 << 63;
    for (int shift = 56; shift >= 0; shift -= 8) tm_buf_char(out, (char)(power >> shift));
    last = out->n;
    for (size_t i = 0; i < d.digits.n; i++) {
        if (d.digits.p[i] == '.') continue;
        tm_buf_char(out, (char)(d.digits.p[i] - '0' + 1));
        if (d.digits.p[i] != '0') last = out->n;
    }
    if (out->failed) return;
    out->n = last;
    tm_buf_char(out, 0);
    for (size_t i = from; d.negative && i < out->n; i++) out->p[i] = (char)~out->p[i];
}

void tm_decimal_key_of_f64(double value, tm_buf *out)
{
    char digits[400]; /* the largest double has 309 */
    snprintf(digits, sizeof digits, "%.0f", value);
    tm_decimal_key(tm_str_of(digits), out);
}

/* Whether s is digits[.digits][e[+-]digits] behind an optional minus. */
static bool is_decimal(tm_str s)
{
    size_t i = s.n && s.p[0] == '-', from = i;
    while (i < s.n && is_digit(s.p[i])) i++;
    if (i == from) return false;
    if (i < s.n && s.p[i] == '.') {
        from = ++i;
        while (i < s.n && is_digit(s.p[i])) i++;
        if (i == from) return false;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) i++;
        from = i;
        while (i < s.n && is_digit(s.p[i])) i++;
        if (i == from) return false;
    }
    return i == s.n;
}

bool tm_decimal_to_f64(tm_str s, double *out)
{
    size_t i = s.n && s.p[0] == '-';
    if (s.n > i && s.n - i <= 15) {
        int64_t value = 0;
        size_t j = i;
        for (; j < s.n && is_digit(s.p[j]); j++) value = value * 10 + (s.p[j] - '0');
        if (j == s.n) {
            *out = i ? -(double)value : (double)value;
            return true;
        }
    }
    if (!is_decimal(s)) return false;
    if (tm_str_to_f64(s, out)) return true;
    /* Too large or too small for a double. */
    decimal d = take_apart(s);
    double value = d.zero || d.power < 0 ? 0.0 : HUGE_VAL;
    *out = d.negative ? -value : value;
    return true;
}
