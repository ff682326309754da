/* Frames: JSON that lies in a JSON string, and where its bytes are in the record's raw bytes.
 *
 * A path may go through strings that hold JSON (response.body.choices[0] where body is text). Each
 * string it enters becomes a frame: its decoded text, scanned like a record, with a way back: any
 * offset in the text maps to the raw offset of the character that stands there, and any splice in
 * the text maps to one in the raw bytes, escaped once for every string in between. Internal. */
#ifndef TM_RECORD_FRAME_H
#define TM_RECORD_FRAME_H

#include "record/batch.h"
#include "record/fieldpath.h"

#define TM_FRAMES_MAX 3 /* strings a path may enter: with the innermost string 4 codecs */

typedef struct tm_frame_mark { /* a known pair of places, every 512 bytes of text */
    uint32_t text, encoded;
} tm_frame_mark;

typedef struct tm_frame {
    const struct tm_frame *outer; /* NULL: the string stands in the record itself */
    tm_str encoded;               /* the inside of the string, in the outer text */
    tm_str text;                  /* what it holds */
    uint32_t at;                  /* offset of `encoded` in the outer text */
    uint32_t depth;               /* strings entered so far, from 1 */
    uint32_t marks;               /* 0: no escapes, offsets are the same */
    const tm_frame_mark *mark;
} tm_frame;

/* Raw offset of offset `at` in the frame's text; frame NULL: the same. */
uint32_t tm_frame_raw(const tm_frame *frame, uint32_t at);

typedef struct tm_where { /* how far a path leads */
    const tm_frame *frame;
    tm_str text;     /* the text its nodes are offsets of: the record or the frame's text */
    uint32_t top;    /* top node of that text */
    uint32_t node;   /* the deepest value reached, in b->json.node */
    uint32_t key;    /* its key node, or TM_NONE */
    uint32_t parent; /* the array or object it is in, or TM_NONE */
    uint32_t steps;  /* how many steps of the path led there */
} tm_where;

/* Follows the path from `top` of `text`. Frames append to b->json: the caller notes json.nodes
 * before and puts it back. False when memory is exhausted. */
bool tm_path_walk(tm_batch *b, tm_str text, uint32_t top, const tm_fieldpath *path, tm_where *out);

/* The same, along all equal keys and not only those that bind: the place numbered `nth` (from 0) of
 * those that all steps lead to, in the order of the text. *places: how many were seen, nth + 1 when
 * it is there. */
bool tm_path_nth(tm_batch *b, tm_str text, uint32_t top, const tm_fieldpath *path, uint32_t nth,
                 uint32_t *places, tm_where *out);

/* Where the value reached is a string that holds JSON: goes on into that, to its top value, through
 * as many strings as lie around it. Otherwise the place stays. False when memory is exhausted. */
bool tm_path_enter(tm_batch *b, tm_where *at);

/* Steps of a compiled path. */
typedef struct tm_step {
    tm_str key;
    int64_t index; /* when key.p is NULL; negative: from the end */
} tm_step;
uint32_t tm_fieldpath_steps(const tm_fieldpath *p, const tm_step **step);
bool tm_fieldpath_indexed(const tm_fieldpath *p); /* has a step by index */
/* Appends a key as a path writes it: .name or ["na me"]. */
void tm_fieldpath_key(tm_buf *out, tm_str key);

#endif
