/* Base64 (RFC 4648, section 4): for bytes that a JSON text cannot hold as they are. */
#ifndef TM_TEXT_BASE64_H
#define TM_TEXT_BASE64_H

#include "base/buf.h"

void tm_base64_group(const uint8_t *p, size_t n, tm_buf *out); /* of up to three bytes, n > 0 */
void tm_base64(tm_str bytes, tm_buf *out);

#endif
