/* Tables of the vector UTF-8 check (Keiser and Lemire 2021, section 6): each bit is one way in
 * which two bytes in a row are wrong, and it is set in all three lookups if they are wrong that
 * way. */
#ifndef TM_TEXT_UTF8_TABLES_H
#define TM_TEXT_UTF8_TABLES_H

#include <stdint.h>

enum {
    TM_U_SHORT = 1,       /* a first byte, then no continuation */
    TM_U_LONG = 2,        /* ASCII, then a continuation */
    TM_U_OVERLONG_3 = 4,  /* E0, then 80..9F */
    TM_U_LARGE = 8,       /* F4, then 90..BF, or F5 and above */
    TM_U_SURROGATE = 16,  /* ED, then A0..BF */
    TM_U_OVERLONG_2 = 32, /* C0 or C1 */
    TM_U_LARGER = 64,     /* F5 and above, then 80..8F */
    TM_U_OVERLONG_4 = 64, /* F0, then 80..8F */
    TM_U_TWO = 128,       /* two continuations: right only in sequences of three and four */
    TM_U_CARRY = TM_U_SHORT | TM_U_LONG | TM_U_TWO
};

/* By the upper half of the first of two bytes. */
static const uint8_t tm_utf8_first_high[16] = {TM_U_LONG,
                                               TM_U_LONG,
                                               TM_U_LONG,
                                               TM_U_LONG,
                                               TM_U_LONG,
                                               TM_U_LONG,
                                               TM_U_LONG,
                                               TM_U_LONG,
                                               TM_U_TWO,
                                               TM_U_TWO,
                                               TM_U_TWO,
                                               TM_U_TWO,
                                               TM_U_SHORT | TM_U_OVERLONG_2,
                                               TM_U_SHORT,
                                               TM_U_SHORT | TM_U_OVERLONG_3 | TM_U_SURROGATE,
                                               TM_U_SHORT | TM_U_LARGE | TM_U_LARGER |
                                                   TM_U_OVERLONG_4};

/* By its lower half. */
static const uint8_t tm_utf8_first_low[16] = {
    TM_U_CARRY | TM_U_OVERLONG_3 | TM_U_OVERLONG_2 | TM_U_OVERLONG_4,
    TM_U_CARRY | TM_U_OVERLONG_2,
    TM_U_CARRY,
    TM_U_CARRY,
    TM_U_CARRY | TM_U_LARGE,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER | TM_U_SURROGATE,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER,
    TM_U_CARRY | TM_U_LARGE | TM_U_LARGER};

/* By the upper half of the second. */
static const uint8_t tm_utf8_second_high[16] = {
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_LONG | TM_U_OVERLONG_2 | TM_U_TWO | TM_U_OVERLONG_3 | TM_U_LARGER | TM_U_OVERLONG_4,
    TM_U_LONG | TM_U_OVERLONG_2 | TM_U_TWO | TM_U_OVERLONG_3 | TM_U_LARGE,
    TM_U_LONG | TM_U_OVERLONG_2 | TM_U_TWO | TM_U_SURROGATE | TM_U_LARGE,
    TM_U_LONG | TM_U_OVERLONG_2 | TM_U_TWO | TM_U_SURROGATE | TM_U_LARGE,
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_SHORT,
    TM_U_SHORT};

#endif
