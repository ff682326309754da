/* Keys: byte strings that memcmp puts into the order of the values they stand for.
 *
 *   1 byte    type: 1 truth, 2 number, 3 date, 4 text; FF unknown
 *   truth     1 byte
 *   number    8 bytes, big-endian: the double with its sign bit flipped, or all bits if negative;
 *             from 2^53 on its decimal behind them (decimal.h), since several share a double there
 *   text      its bytes, 00 written as 00 FF, and 00 01 at the end
 *
 * No key is the beginning of another, so keys may stand one behind the other. Numbers order as
 * they compare (compare.c); one that was calculated has the decimal that its double is. -0 is 0,
 * and what is not a number is unknown. */
#include <math.h>

#include "expr/decimal.h"
#include "expr/evaluate.h"

/* IEEE 754 total order of finite doubles and infinities as an unsigned integer. */
static uint64_t order_bits(double value)
{
    uint64_t bits;
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static void put_text(tm_str s, tm_buf *out)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i]) continue;
        tm_buf_add(out, s.p + from, i + 1 - from);
        tm_buf_char(out, (char)0xFF);
        from = i + 1;
    }
    tm_buf_add(out, s.p ? s.p + from : "", s.n - from);
    tm_buf_add(out, "\0\1", 2);
}

static void put_number(const tm_evalue *v, tm_buf *out)
{
    uint64_t bits = order_bits(v->number);
    tm_buf_char(out, v->type == TM_E_NUMBER ? 2 : 3);
    for (int shift = 56; shift >= 0; shift -= 8) tm_buf_char(out, (char)(bits >> shift));
    if (v->type != TM_E_NUMBER || fabs(v->number) < TM_DECIMAL_EXACT) return;
    if (v->text.n)
        tm_decimal_key(v->text, out);
    else if (isfinite(v->number))
        tm_decimal_key_of_f64(v->number, out);
    else
        tm_buf_char(out, (char)0xFF); /* no decimal is: behind those that are too large a double */
}

void tm_evalue_key(const tm_evalue *v, tm_buf *out)
{
    if (!tm_evalue_known(v)) {
        tm_buf_char(out, (char)0xFF);
        return;
    }
    if (v->type == TM_E_TRUTH) {
        tm_buf_char(out, 1);
        tm_buf_char(out, (char)v->truth);
    } else if (v->type != TM_E_TEXT) {
        put_number(v, out);
    } else {
        tm_buf_char(out, 4);
        put_text(v->text, out);
    }
}

void tm_evalue_rank(const tm_evalue *v, bool descending, tm_buf *out)
{
    static const char RANK[] = {0, 4, 1, 2, 3}; /* by type byte */
    size_t from = out->n;
    tm_evalue_key(v, out);
    if (out->failed || !tm_evalue_known(v)) return;
    out->p[from] = RANK[(uint8_t)out->p[from]];
    for (size_t i = from + 1; descending && i < out->n; i++) out->p[i] = (char)~out->p[i];
}

bool tm_evalue_known(const tm_evalue *v)
{
    switch (v->type) {
    case TM_E_TRUTH: return v->truth != TM_UNKNOWN;
    case TM_E_NUMBER:
    case TM_E_DATE: return !isnan(v->number);
    case TM_E_TEXT: return v->text.p != NULL;
    default: return false;
    }
}
