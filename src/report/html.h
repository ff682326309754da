/* Writing HTML: every piece of text that is not ours goes through tm_html_text. */
#ifndef TM_REPORT_HTML_H
#define TM_REPORT_HTML_H

#include "base/buf.h"

/* Escapes & < > " ' ; shows control characters as symbols (U+2400..), direction marks as
 * U+FFFD-like boxes, and bytes that are not UTF-8 as U+FFFD. */
void tm_html_text(tm_buf *out, tm_str text);
void tm_html_number(tm_buf *out, uint64_t n); /* 1,234,567 */

#endif
