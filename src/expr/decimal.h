/* Numbers as they are written in decimal, compared exactly. Internal to expr/.
 *
 * A JSON number is text until someone calculates with it. As a double it loses digits behind 2^53,
 * and identifiers of 18 digits are common: two of them that differ must not become equal. */
#ifndef TM_EXPR_DECIMAL_H
#define TM_EXPR_DECIMAL_H

#include "base/buf.h"

#define TM_DECIMAL_EXACT 9007199254740992.0 /* 2^53: below, equal doubles are equal integers */

/* The nearest double to a decimal (-12.5e-3); infinite when it is too large. False: not a
 * number. */
bool tm_decimal_to_f64(tm_str s, double *out);

/* -1, 0 or 1: the exact order of two well-formed decimals, whatever their length or exponent. */
int tm_decimal_cmp(tm_str a, tm_str b);

/* Bytes that memcmp puts into that order, among numbers of one sign that are not 0; no such key is
 * the beginning of another. Equal numbers give equal bytes, however they are written. */
void tm_decimal_key(tm_str s, tm_buf *out);
/* The same of a finite double that is a whole number. */
void tm_decimal_key_of_f64(double value, tm_buf *out);

#endif
