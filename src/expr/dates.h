/* Dates and times: ISO 8601 to seconds since 1970 (UTC) and back. Internal to expr/. */
#ifndef TM_EXPR_DATES_H
#define TM_EXPR_DATES_H

#include "base/buf.h"
#include "base/str.h"

/* 2026-01-31, 2026-01-31T10:00, 2026-01-31 10:00:00.5Z, 2026-01-31T10:00:00+01:00. Without a zone:
 * UTC. False if it is none of these or no such day or time exists. */
bool tm_date_parse(tm_str text, double *seconds);

/* Whether `seconds` lies in the years 0000 to 9999: what has a date. */
bool tm_date_has(double seconds);

/* 2026-01-31 for a midnight, else 2026-01-31T10:00:00Z, with as many decimals (up to 6) as
 * count. */
void tm_date_print(double seconds, tm_buf *out);

#endif
