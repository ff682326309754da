/* Words and signs of an expression, and how a failure gets its column. Internal to expr/.
 *
 *   while tm_elex_next(text, &at, &token, err) is TM_OK and token.kind is not TM_T_END ...
 *
 * A token is a span of the text; nothing is copied. Texts are decoded when the parser makes a
 * literal of them (tm_elex_text), fields are compiled by record/fieldpath.h. */
#ifndef TM_EXPR_LEX_H
#define TM_EXPR_LEX_H

#include "base/arena.h"
#include "base/err.h"

#define TM_EXPR_MAX_BYTES 65536 /* of one expression */

typedef enum tm_token_kind {
    TM_T_END,
    TM_T_NUMBER,
    TM_T_TEXT,   /* with its quotes */
    TM_T_NAME,   /* letters, digits and _, in pieces joined by dots */
    TM_T_QUOTED, /* a name in back quotes */
    TM_T_FIELD,  /* $.a.b[0] */
    TM_T_OPEN,
    TM_T_CLOSE,
    TM_T_OPEN_SQUARE,
    TM_T_CLOSE_SQUARE,
    TM_T_COMMA,
    TM_T_PLUS,
    TM_T_MINUS,
    TM_T_TIMES,
    TM_T_OVER,
    TM_T_REST,
    TM_T_EQ, /* the six comparisons: in this order, everywhere */
    TM_T_NE,
    TM_T_LT,
    TM_T_LE,
    TM_T_GT,
    TM_T_GE
} tm_token_kind;

typedef struct tm_token {
    uint8_t kind;
    uint32_t at, end; /* bytes in the expression */
} tm_token;

/* The token at or behind *at; moves *at behind it. */
tm_status tm_elex_next(tm_str text, uint32_t *at, tm_token *out, tm_err *err);

/* What a text in quotes says, in the arena; .p NULL when memory is exhausted. The lexer has seen
 * that it is well-formed. */
tm_str tm_elex_text(tm_arena *mem, tm_str quoted);
/* The offset in `quoted` of the character that became byte `decoded_at` of its text. */
uint32_t tm_elex_text_at(tm_str quoted, size_t decoded_at);

/* Sets the column of a failure to byte `at` of the expression; gives TM_ERECIPE back. */
tm_status tm_elex_place(tm_err *err, tm_str text, uint32_t at);
#define TM_EFAIL(err, text, at, ...) \
    ((void)tm_fail((err), TM_ERECIPE, __VA_ARGS__), tm_elex_place((err), (text), (at)))

/* At most 60 bytes of s, cut at a character: for messages. */
tm_str tm_elex_clip(tm_str s);

#endif
