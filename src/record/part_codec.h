/* Codecs: from the bytes of a record to a part's text and back. Internal to record/.
 *
 * A part's codec stack, outermost first, says how its raw span becomes text: each layer unescapes
 * what the one before gave. Reading applies them in order; writing goes the other way and moves
 * splices instead of text: positions in the text become positions in the layer outside, what is put
 * in is escaped once a layer. Everything else in the layer stays byte for byte what it was. */
#ifndef TM_RECORD_PART_CODEC_H
#define TM_RECORD_PART_CODEC_H

#include "record/batch.h"
#include "record/writer.h"

/* A place in the inside of a JSON string, known in both coordinates; moves forward only. */
typedef struct tm_codec_cursor {
    tm_str encoded;
    size_t at, text; /* the same place: in the encoded bytes, in the text */
    size_t escape;   /* the next backslash at or behind `at`, or encoded.n */
} tm_codec_cursor;

void tm_codec_begin(tm_codec_cursor *c, tm_str encoded, size_t at, size_t text);
/* Moves to offset `text` in the text (inside a character: behind it); the encoded offset. */
size_t tm_codec_to_text(tm_codec_cursor *c, size_t text);
/* Moves to encoded offset `at` (inside an escape: behind it); the offset in the text. */
size_t tm_codec_to_encoded(tm_codec_cursor *c, size_t at);

unsigned tm_codec_depth(const tm_part *part); /* layers of its stack */

/* The part's text as it was read; empty for what is not text. False: no memory. */
bool tm_part_as_read(tm_batch *b, uint32_t part, tm_str *out);

/* The part's raw span after the first `layers` codecs; from mem unless it is the raw span itself.
 * .p NULL when memory is exhausted. */
tm_str tm_codec_decode(tm_arena *mem, tm_str raw, unsigned layers);

/* `text` as it stands inside a JSON string; .p NULL when memory is exhausted (text.p is not). */
tm_str tm_codec_escape(tm_arena *mem, tm_str text);

/* Appends `text` as a JSON string with its quotes; lone surrogates become escapes again. */
void tm_codec_quote(tm_buf *out, tm_str text);

/* Moves `count` sorted splices of the text to coordinates of the raw span (in place; put from mem).
 * False when memory is exhausted. */
bool tm_codec_lift(tm_arena *mem, tm_str raw, unsigned layers, tm_splice *splice, uint32_t count);

#endif
