/* The proleptic Gregorian calendar: dates to days since 1970-01-01 and back, for any year. */
#ifndef TM_BASE_CALENDAR_H
#define TM_BASE_CALENDAR_H

#include "base/def.h"

typedef struct tm_civil {
    int64_t year; /* 0 is the year before 1 */
    int month, day;
} tm_civil;

int64_t tm_days_of(tm_civil date); /* of a date that exists */
tm_civil tm_civil_of(int64_t days);

#endif
