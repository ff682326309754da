/* Days from civil dates and back: the era method of H. Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", 2013. Years are counted from March, so that leap days fall at the end, in eras of
 * 400 years, which all have the same days. */
#include "base/calendar.h"

#define ERA_DAYS 146097
#define EPOCH 719468 /* days from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t value, int64_t by)
{
    return (value >= 0 ? value : value - (by - 1)) / by;
}

int64_t tm_days_of(tm_civil date)
{
    int64_t y = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = floor_div(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH;
}

tm_civil tm_civil_of(int64_t days)
{
    int64_t z = days + EPOCH, era = floor_div(z, ERA_DAYS), of_era = z - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t march = (5 * of_year + 2) / 153, month = march < 10 ? march + 3 : march - 9;
    return (tm_civil){.year = year + era * 400 + (month <= 2),
                      .month = (int)month,
                      .day = (int)(of_year - (153 * march + 2) / 5 + 1)};
}
