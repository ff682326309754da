/* Shortest decimals by the Schubfach algorithm (R. Giulietti, "The Schubfach way to render
 * doubles", 2021): no loop over digits, no big numbers.
 *
 * A number c * 2^q reads back from any decimal between the middles to its neighbours. A scale 10^k
 * is chosen so that this interval holds at least one multiple of 10^k and at most one of 10^(k+1):
 * so the shortest decimal is that one, or the nearer of the two multiples of 10^k around the
 * number. The interval's ends are multiplied by 10^-k from a table of 128 bits each, and rounded to
 * odd: the lowest bit tells that something was cut off, so comparisons are exact.
 *
 * Nothing here depends on the width but c and q, so narrow floats go the same way: their neighbours
 * are farther apart and fewer digits come out. */
#include "base/shortest.h"

#include <string.h>

#include "base/powers_of_ten.h"

__extension__ typedef unsigned __int128 wide;

/* The upper 64 bits of power * value / 2^64, the last one set when anything is cut off. */
static uint64_t times(const uint64_t power[2], uint64_t value)
{
    wide low = (wide)power[1] * value, sum = (wide)power[0] * value + (uint64_t)(low >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

static void take_digits(tm_shortest *s, uint64_t number, int exponent)
{
    char digit[20];
    int n = 0, zeros = 0;
    while (number % 10 == 0) number /= 10, zeros++;
    for (; number; number /= 10) digit[sizeof digit - 1 - (size_t)n++] = (char)('0' + number % 10);
    memcpy(s->digit, digit + sizeof digit - n, (size_t)n);
    s->digits = n;
    s->point = exponent + zeros + n;
}

/* c * 2^q; near: its lower neighbour is half as far as the upper one. */
static tm_shortest shortest(uint64_t c, int q, bool near)
{
    tm_shortest s;
    if (q <= 0 && q > -64 && c >> -q << -q == c) { /* a whole number */
        take_digits(&s, c >> -q, 0);
        return s;
    }
    /* floor(log10(2^q)), or of 3/4 * 2^q; floor(log2(10^-k)) */
    int k = (q * 1262611 - (near ? 524031 : 0)) >> 22, shift = q + ((-k * 1741647) >> 19) + 1;
    const uint64_t *power = tm_power_of_ten[-k - TM_FIRST_POWER];
    uint64_t outside = c & 1; /* a tie reads back as the even neighbour */
    uint64_t low = times(power, (4 * c - 2 + near) << shift) + outside;
    uint64_t here = times(power, (4 * c) << shift);
    uint64_t high = times(power, (4 * c + 2) << shift) - outside;
    uint64_t tens = here / 40 * 40, ones = here / 4 * 4;
    bool below = low <= tens, above = tens + 40 <= high;
    if (here >= 40 && below != above) {
        take_digits(&s, tens / 40 + above, k + 1);
        return s;
    }
    below = low <= ones, above = ones + 4 <= high;
    bool up = above;
    if (below == above) up = here > ones + 2 || (here == ones + 2 && ones & 4);
    take_digits(&s, ones / 4 + up, k);
    return s;
}

/* The number of these bits: `fraction` bits, of an exponent whose bias is such that 1 is 1. */
static tm_shortest of_bits(uint64_t bits, int fraction, int bias)
{
    uint64_t c = bits & (((uint64_t)1 << fraction) - 1);
    int exponent = (int)(bits >> fraction);
    if (!bits) return (tm_shortest){.digit = "0", .digits = 1, .point = 1};
    bool near = !c && exponent > 1;
    if (exponent) c |= (uint64_t)1 << fraction;
    return shortest(c, TM_MAX(exponent, 1) - bias - fraction, near);
}

tm_shortest tm_shortest_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return of_bits(bits & INT64_MAX, 52, 1023);
}

tm_shortest tm_shortest_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return of_bits(bits & INT32_MAX, 23, 127);
}

tm_shortest tm_shortest_f16(uint16_t bits)
{
    return of_bits(bits & INT16_MAX, 10, 15);
}

static void put_zeros(int count, tm_buf *out)
{
    for (; count > 0; count--) tm_buf_char(out, '0');
}

static void put_exponent(const tm_shortest *s, tm_buf *out)
{
    int exponent = s->point - 1;
    tm_buf_char(out, s->digit[0]);
    if (s->digits > 1) tm_buf_char(out, '.');
    tm_buf_add(out, s->digit + 1, (size_t)s->digits - 1);
    tm_buf_add(out, exponent < 0 ? "e-" : "e+", 2);
    if (exponent < 0) exponent = -exponent;
    if (exponent < 10) tm_buf_char(out, '0');
    tm_buf_u64(out, (uint64_t)exponent);
}

void tm_shortest_print(const tm_shortest *s, bool minus, int most, bool as_float, tm_buf *out)
{
    if (minus) tm_buf_char(out, '-');
    if (s->point <= -4 || s->point > most) {
        put_exponent(s, out);
        return;
    }
    int whole = TM_MIN(TM_MAX(s->point, 0), s->digits);
    tm_buf_add(out, s->digit, (size_t)whole);
    put_zeros(s->point - s->digits, out);
    if (s->point <= 0) tm_buf_char(out, '0');
    if (whole < s->digits || as_float) tm_buf_char(out, '.');
    if (whole == s->digits && as_float) tm_buf_char(out, '0');
    put_zeros(-s->point, out);
    tm_buf_add(out, s->digit + whole, (size_t)(s->digits - whole));
}
