/* Text of a dataset on a screen: what would steer a terminal or hide itself is spelled out, and
 * what a reader would not see at all is told apart.
 *
 * Law 7: data is only ever data. A record, a key or a file name may hold escape sequences, or marks
 * that turn the direction of writing round. */
#ifndef TM_TEXT_VISIBLE_H
#define TM_TEXT_VISIBLE_H

#include "base/buf.h"

/* Controls (C0, C1, DEL), line and paragraph separators, direction marks, lone surrogates. */
bool tm_is_hidden(uint32_t code_point);
/* Appends s for a terminal: hidden characters as \u001B, bytes that are not UTF-8 as \xFF. */
void tm_text_visible(tm_str s, tm_buf *out);

/* White space, controls, zero-width marks, and all that Unicode lets a font ignore
 * (Default_Ignorable_Code_Point: fillers, variation selectors, tags ...) or draws as a blank
 * (U+2800). */
bool tm_is_unseen(uint32_t code_point);
/* Nothing in it can be seen. The empty text is blank. */
bool tm_text_is_blank(tm_str s);
/* Appends what can be seen of s with the white space before and between it: what shows nothing is
 * left out, and white space at the ends of lines and of s. Line ends of all kinds are \n. */
void tm_text_seen(tm_str s, tm_buf *out);

#endif
