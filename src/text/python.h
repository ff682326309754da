/* Text as Python's str methods and re see it, where that differs from words.h and terms.h: to make
 * again what tools written in Python made. Unicode data are utf8proc's; a character that its
 * version and Python's do not both know may come out otherwise.
 *
 * Independent functions; any order. */
#ifndef TM_TEXT_PYTHON_H
#define TM_TEXT_PYTHON_H

#include "base/buf.h"

/* str.lower(), with the final sigma; sticky failure in out. */
void tm_python_lower(tm_str s, tm_buf *out);
bool tm_python_is_word(uint32_t code_point);   /* \w of re: letters, numbers and "_", no marks */
bool tm_python_is_digit(uint32_t code_point);  /* \d: decimal digits of any script (Nd) */
bool tm_python_is_mark(uint32_t code_point);   /* category Mn */
bool tm_python_is_symbol(uint32_t code_point); /* category So */

#endif
