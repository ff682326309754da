/* UTF-8 by hand: decoding, encoding, repair, and the transcoding of UTF-16/32 input.
 * Validation itself is a kernel (kernel.h). */
#ifndef TM_TEXT_UTF8_H
#define TM_TEXT_UTF8_H

#include "base/buf.h"
#include "base/str.h"

#define TM_UTF8_BAD UINT32_MAX

/* Decodes the code point at s[*at] and moves on; TM_UTF8_BAD (moves one byte) if ill-formed.
 * WTF-8 surrogates (from lone escapes) decode to U+D800..U+DFFF. */
uint32_t tm_utf8_next(tm_str s, size_t *at);
unsigned tm_utf8_put(uint32_t code_point, char out[4]); /* bytes written; surrogates as WTF-8 */
size_t tm_utf8_back(tm_str s, size_t at); /* start of the code point that ends before `at` */

/* Bytes of the well-formed sequence (RFC 3629) at p, or 0 if there is none. n > 0. */
size_t tm_utf8_sequence(const char *p, size_t n);
/* Bytes of the maximal ill-formed subpart at p, where tm_utf8_sequence gave 0: 1 to 3. */
size_t tm_utf8_ill_formed(const char *p, size_t n);

/* Appends s with each maximal ill-formed subpart (Unicode 15, 3.9, best practice) replaced by
 * U+FFFD; returns how many were. */
size_t tm_utf8_repair(tm_str s, tm_buf *out);
/* Likewise of what tm_transcode gave: one U+FFFD for a unit without meaning, however long it is. */
size_t tm_utf8_repair_wide(tm_str s, tm_buf *out);

typedef enum tm_encoding {
    TM_UTF8,
    TM_UTF8_BOM,
    TM_UTF16LE,
    TM_UTF16BE,
    TM_UTF32LE,
    TM_UTF32BE
} tm_encoding;
const char *tm_encoding_name(tm_encoding e);
/* By the byte order mark at the head of a stream; *bom_bytes = its length. UTF-32LE is told from
 * UTF-16LE. */
tm_encoding tm_encoding_of(const char *p, size_t n, size_t *bom_bytes);
bool tm_encoding_is_wide(tm_encoding e); /* UTF-16 or UTF-32 */
/* True if p looks like UTF-16 or UTF-32 without a mark (NULs at a regular stride), for advice. */
bool tm_encoding_smells_wide(const char *p, size_t n);

/* Streaming transcoder of UTF-16/32 to UTF-8. Units without meaning are counted, and their numbers
 * written as UTF-8 wrote numbers before it was given bounds, which is no UTF-8 now. */
typedef struct tm_transcoder {
    tm_encoding from;
    uint8_t held[4];
    uint8_t held_bytes;
    uint16_t high; /* a high surrogate waiting for its low one */
    uint64_t spoiled;
} tm_transcoder;
void tm_transcode(tm_transcoder *t, const char *p, size_t n, bool last, tm_buf *out);

typedef struct tm_wide_unit { /* one without meaning */
    uint32_t number;          /* that of the unit; its bytes, as one number, where it is cut */
    uint8_t cut_bytes;        /* 1 to 3: the text ends behind so many bytes of it; 0: whole */
} tm_wide_unit;
/* The bytes of what tm_transcode writes for such a unit, at p; 0: it is none. n > 0. */
size_t tm_wide_unit_at(const char *p, size_t n, tm_wide_unit *unit);

#endif
