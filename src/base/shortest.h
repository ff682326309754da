/* The shortest decimal of a binary floating-point number: the fewest digits that read back the same
 * number of the same width, and of those the nearest. What 0.1 is, is written 0.1. */
#ifndef TM_BASE_SHORTEST_H
#define TM_BASE_SHORTEST_H

#include "base/buf.h"

typedef struct tm_shortest { /* 0.DIGITS * 10^point; no zero at the end */
    char digit[20];
    int digits, point;
} tm_shortest;

/* Of a finite number's size, whatever its sign; 0 has the one digit 0 and the point behind it. */
tm_shortest tm_shortest_f64(double value);
tm_shortest tm_shortest_f32(float value);
tm_shortest tm_shortest_f16(uint16_t bits); /* IEEE 754 binary16 */

/* In the manner of %g: with an exponent below 0.0001 and where more than `most` digits would stand
 * before the point. `as_float`: whole numbers get a ".0" behind them (1.0, as Python writes it). */
void tm_shortest_print(const tm_shortest *s, bool minus, int most, bool as_float, tm_buf *out);

#endif
