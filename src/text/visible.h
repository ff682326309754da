/* Text of a dataset on a screen: what would steer a terminal or hide itself is spelled out.
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

#endif
