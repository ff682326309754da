/* Numbers, dates and times of a table as JSON.
 *
 * Floats are the shortest decimals of their own width that read back the same number. Decimals are
 * numbers with all their digits. Dates and times are ISO 8601 texts: a fraction of a second has as
 * many digits, in threes, as it needs; an instant is said in UTC. Bytes are base64 (RFC 4648). */
#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "base/shortest.h"
#include "io/table_json.h"
#include "text/base64.h"

#define DAY 86400

static void put_digits(tm_buf *out, uint64_t value, unsigned least)
{
    char text[20];
    unsigned n = 0;
    do text[sizeof text - ++n] = (char)('0' + value % 10);
    while ((value /= 10) || n < least);
    tm_buf_add(out, text + sizeof text - n, n);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void put_float(tm_row_writer *w, const tm_table_column *c, const char *p)
{
    double wide;
    float narrow;
    uint16_t half;
    tm_shortest s;
    bool minus, finite;
    if (c->width == 8) {
        memcpy(&wide, p, sizeof wide);
        finite = isfinite(wide), minus = signbit(wide);
        if (finite) s = tm_shortest_f64(wide);
    } else if (c->width == 4) {
        memcpy(&narrow, p, sizeof narrow);
        finite = isfinite(narrow), minus = signbit(narrow);
        if (finite) s = tm_shortest_f32(narrow);
    } else {
        memcpy(&half, p, sizeof half);
        finite = (half & 0x7C00) != 0x7C00, minus = half >> 15;
        if (finite) s = tm_shortest_f16(half);
    }
    if (finite) {
        tm_shortest_print(&s, minus, 16, true, w->out);
        return;
    }
    w->lost++;
    tm_buf_z(w->out, "null");
}

/* The number of up to four limbs, the lowest first, as decimal digits; how many. */
static unsigned decimal_digits(uint64_t *limb, unsigned limbs, char to[80])
{
    unsigned n = 0;
    while (limbs) {
        uint64_t rest = 0; /* of a division by 10^9, in halves of limbs */
        for (unsigned i = limbs; i-- > 0;) {
            uint64_t high = rest << 32 | limb[i] >> 32;
            uint64_t low = (high % 1000000000) << 32 | (limb[i] & UINT32_MAX);
            limb[i] = high / 1000000000 << 32 | low / 1000000000;
            rest = low % 1000000000;
        }
        while (limbs && !limb[limbs - 1]) limbs--;
        for (unsigned k = 0; k < 9 && (limbs || rest || !n); k++, rest /= 10)
            to[80 - ++n] = (char)('0' + rest % 10);
    }
    return n;
}

static void put_decimal(tm_row_writer *w, const tm_table_column *c, const char *p)
{
    uint64_t limb[4] = {0};
    char digit[80];
    unsigned limbs = TM_MAX(c->width / 8u, 1u);
    bool minus = p[c->width - 1] < 0, carry = true;
    if (minus) memset(limb, 0xFF, sizeof limb);
    memcpy(limb, p, c->width);
    for (unsigned i = 0; minus && i < limbs; i++) {
        limb[i] = ~limb[i] + carry;
        carry = carry && !limb[i];
    }
    unsigned n = decimal_digits(limb, limbs, digit), zeros = 0;
    const char *first = digit + sizeof digit - n;
    unsigned behind = c->scale > 0 ? (unsigned)c->scale : 0, before = n > behind ? n - behind : 0;
    if (c->scale < 0 && *first != '0') zeros = (unsigned)-c->scale;
    if (minus) tm_buf_char(w->out, '-');
    if (!before) tm_buf_char(w->out, '0');
    tm_buf_add(w->out, first, before);
    for (; zeros; zeros--) tm_buf_char(w->out, '0');
    if (!behind) return;
    tm_buf_char(w->out, '.');
    for (unsigned i = n; i < behind; i++) tm_buf_char(w->out, '0');
    tm_buf_add(w->out, first + before, n - before);
}

/* ---- dates and times ------------------------------------------------------------------------- */

static int64_t power_of_ten(unsigned digits)
{
    int64_t value = 1;
    while (digits--) value *= 10;
    return value;
}

static int64_t floor_div(int64_t value, int64_t by, int64_t *rest)
{
    int64_t result = value / by;
    *rest = value % by;
    if (*rest < 0) *rest += by, result--;
    return result;
}

static void put_date(tm_buf *out, int64_t days)
{
    tm_civil date = tm_civil_of(days);
    bool usual = date.year >= 0 && date.year <= 9999; /* others are written with a sign */
    if (!usual) tm_buf_char(out, date.year < 0 ? '-' : '+');
    put_digits(out, (uint64_t)(date.year < 0 ? -date.year : date.year), usual ? 4 : 6);
    tm_buf_char(out, '-');
    put_digits(out, (uint64_t)date.month, 2);
    tm_buf_char(out, '-');
    put_digits(out, (uint64_t)date.day, 2);
}

/* `digits` decimals of a second. */
static void put_fraction(tm_buf *out, uint64_t fraction, unsigned digits)
{
    if (!fraction) return;
    while (digits > 3 && fraction % 1000 == 0) fraction /= 1000, digits -= 3;
    tm_buf_char(out, '.');
    put_digits(out, fraction, digits);
}

static void put_clock(tm_buf *out, uint64_t seconds)
{
    put_digits(out, seconds / 3600, 2);
    tm_buf_char(out, ':');
    put_digits(out, seconds / 60 % 60, 2);
    tm_buf_char(out, ':');
    put_digits(out, seconds % 60, 2);
}

static void put_timestamp(tm_buf *out, const tm_table_column *c, int64_t value)
{
    int64_t fraction, clock, seconds = floor_div(value, power_of_ten(c->digits), &fraction);
    put_date(out, floor_div(seconds, DAY, &clock));
    tm_buf_char(out, 'T');
    put_clock(out, (uint64_t)clock);
    put_fraction(out, (uint64_t)fraction, c->digits);
    if (c->zoned) tm_buf_char(out, 'Z');
}

/* Of a time of day or a duration: both count from 0. */
static void put_span(tm_buf *out, const tm_table_column *c, int64_t value)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t unit = (uint64_t)power_of_ten(c->digits), seconds = size / unit;
    bool clock = c->kind == TM_TABLE_TIME;
    if (value < 0) tm_buf_char(out, '-');
    if (clock) {
        put_clock(out, seconds);
    } else {
        tm_buf_z(out, "PT");
        put_digits(out, seconds, 1);
    }
    put_fraction(out, size % unit, c->digits);
    if (!clock) tm_buf_char(out, 'S');
}

static void put_time(tm_row_writer *w, const tm_table_column *c, int64_t value)
{
    int64_t rest;
    tm_buf_char(w->out, '"');
    if (c->kind == TM_TABLE_DATE)
        put_date(w->out, c->width == 8 ? floor_div(value, DAY * 1000, &rest) : value);
    else if (c->kind == TM_TABLE_TIMESTAMP)
        put_timestamp(w->out, c, value);
    else
        put_span(w->out, c, value);
    tm_buf_char(w->out, '"');
}

/* ---- bytes ----------------------------------------------------------------------------------- */

void tm_row_base64(tm_row_writer *w, tm_str bytes)
{
    tm_buf_char(w->out, '"');
    for (size_t i = 0; i < bytes.n && w->out->n <= w->most; i += 3)
        tm_base64_group((const uint8_t *)bytes.p + i, bytes.n - i, w->out);
    tm_buf_char(w->out, '"');
}

/* ---- all ------------------------------------------------------------------------------------- */

void tm_row_scalar(tm_row_writer *w, const tm_table_column *c, const struct ArrowArray *a,
                   int64_t index)
{
    const char *p = (const char *)a->buffers[1] + (index + a->offset) * c->width;
    switch ((tm_table_kind)c->kind) {
    case TM_TABLE_FLOAT: put_float(w, c, p); return;
    case TM_TABLE_DECIMAL: put_decimal(w, c, p); return;
    case TM_TABLE_INT:
        if (c->is_signed)
            tm_buf_i64(w->out, tm_table_int(c, a, index));
        else
            tm_buf_u64(w->out, (uint64_t)tm_table_int(c, a, index));
        return;
    default: put_time(w, c, tm_table_int(c, a, index));
    }
}
