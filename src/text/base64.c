/* Base64, three bytes to four digits, padded with =. Plain and small: it is for single values. */
#include "text/base64.h"

void tm_base64_group(const uint8_t *p, size_t n, tm_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
    char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], digits[bits >> 6 & 63],
                    digits[bits & 63]};
    if (n < 3) four[3] = '=';
    if (n < 2) four[2] = '=';
    tm_buf_add(out, four, sizeof four);
}

void tm_base64(tm_str bytes, tm_buf *out)
{
    for (size_t i = 0; i < bytes.n; i += 3)
        tm_base64_group((const uint8_t *)bytes.p + i, bytes.n - i, out);
}
