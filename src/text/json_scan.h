/* What the parts of the JSON scanner share, for src/text and its tests only.
 *
 * json_scan.c holds the definition: a plain scanner, byte by byte, that says what is wrong and
 * where. A faster scanner (json_scan_avx2.c, json_scan_avx512.c) only says yes or "not sure";
 * whatever it does not accept goes through the definition, so troubles and their places are the
 * same on every CPU by construction. tm_json_scan_with lets tests choose the kernel. */
#ifndef TM_TEXT_JSON_SCAN_H
#define TM_TEXT_JSON_SCAN_H

#include "text/json.h"
#include "text/kernel.h"

bool tm_json_scan_with(const tm_kernel *kernel, tm_json *json, const char *p, size_t n,
                       size_t readable_after, tm_json_limits limits);

/* Makes room for `more` nodes behind those there are; false when there is no memory. */
bool tm_json_room(tm_json *json, size_t more);
/* Makes room for `depth` open brackets. */
bool tm_json_open_room(tm_json *json, size_t depth);

/* True if the inside of a valid string holds an escaped surrogate without its other half. */
bool tm_json_has_lone(const char *p, size_t n);

/* Value of four hexadecimal digits, or a number above 0xFFFF if they are not. */
uint32_t tm_json_hex4(const char *p);

#endif
