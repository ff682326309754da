/* Dates and times as expressions read and print them (the calendar itself is base/calendar.h).
 *
 * The extended form of ISO 8601 only: calendar date, then perhaps T or a space, hours and minutes,
 * seconds with a fraction, and a zone (Z, +01:00, +0100, +01). Without a zone the time is UTC: a
 * dataset may not mean something else on another machine. 24:00:00 is the end of the day, and a
 * leap second (:60) is the second behind it, as POSIX counts. Weeks, ordinal days, intervals and
 * the form without hyphens are not dates here. */
#include "expr/dates.h"

#include <math.h>

#include "base/calendar.h"

#define DAY 86400
#define FIRST_SECOND (-62167219200.0) /* 0000-01-01T00:00:00Z */
#define LAST_SECOND 253402300800.0    /* 10000-01-01T00:00:00Z, not itself a date */

typedef struct reader {
    tm_str s;
    size_t at;
} reader;

/* Exactly `digits` digits. */
static bool read_digits(reader *r, unsigned digits, int *out)
{
    int value = 0;
    if (r->s.n - r->at < digits) return false;
    for (unsigned i = 0; i < digits; i++) {
        char c = r->s.p[r->at + i];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    r->at += digits;
    *out = value;
    return true;
}

static bool read_char(reader *r, char c)
{
    if (r->at >= r->s.n || r->s.p[r->at] != c) return false;
    r->at++;
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* .5 or ,5 behind the seconds; digits behind the ninth do not count. */
static bool read_fraction(reader *r, double *out)
{
    double value = 0, scale = 1;
    unsigned digits = 0;
    *out = 0;
    if (!read_char(r, '.') && !read_char(r, ',')) return true;
    for (; r->at < r->s.n && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9'; r->at++, digits++) {
        if (digits >= 9) continue;
        value = value * 10 + (r->s.p[r->at] - '0');
        scale *= 10;
    }
    *out = value / scale;
    return digits > 0;
}

/* Seconds to take off for the zone. */
static bool read_zone(reader *r, int *out)
{
    int hours, minutes = 0;
    *out = 0;
    if (r->at == r->s.n || read_char(r, 'Z') || read_char(r, 'z')) return true;
    bool west = read_char(r, '-');
    if (!west && !read_char(r, '+')) return false;
    if (!read_digits(r, 2, &hours)) return false;
    bool colon = read_char(r, ':');
    if ((colon || r->at < r->s.n) && !read_digits(r, 2, &minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    *out = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

static bool read_time(reader *r, double *out)
{
    int hour, minute, second = 0, zone;
    double fraction = 0;
    if (!read_digits(r, 2, &hour) || !read_char(r, ':') || !read_digits(r, 2, &minute))
        return false;
    if (read_char(r, ':') && (!read_digits(r, 2, &second) || !read_fraction(r, &fraction)))
        return false;
    bool midnight = hour == 24 && !minute && !second && !(fraction > 0);
    if ((hour > 23 && !midnight) || minute > 59 || second > 60) return false;
    (void)read_char(r, ' ');
    if (!read_zone(r, &zone)) return false;
    *out = hour * 3600 + minute * 60 + second - zone + fraction;
    return true;
}

bool tm_date_parse(tm_str text, double *seconds)
{
    reader r = {tm_str_trim(text), 0};
    int year, month, day;
    double time = 0;
    if (!read_digits(&r, 4, &year) || !read_char(&r, '-') || !read_digits(&r, 2, &month) ||
        !read_char(&r, '-') || !read_digits(&r, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month)) return false;
    bool timed = read_char(&r, 'T') || read_char(&r, 't') || read_char(&r, ' ');
    if (timed && !read_time(&r, &time)) return false;
    if (r.at != r.s.n) return false;
    *seconds = (double)(tm_days_of((tm_civil){year, month, day}) * DAY) + time;
    return tm_date_has(*seconds);
}

bool tm_date_has(double seconds)
{
    return seconds >= FIRST_SECOND && seconds < LAST_SECOND;
}

/* Two digits, the tens first. */
static void put_digits(tm_buf *out, int64_t value, unsigned digits)
{
    char text[8];
    for (unsigned i = digits; i-- > 0; value /= 10) text[i] = (char)('0' + value % 10);
    tm_buf_add(out, text, digits);
}

void tm_date_print(double seconds, tm_buf *out)
{
    double whole = floor(seconds);
    int64_t s = (int64_t)whole, micro = (int64_t)round((seconds - whole) * 1e6);
    if (micro == 1000000) s++, micro = 0;
    int64_t day = s >= 0 ? s / DAY : -((DAY - 1 - s) / DAY), rest = s - day * DAY;
    tm_civil date = tm_civil_of(day);
    put_digits(out, date.year, 4);
    tm_buf_char(out, '-');
    put_digits(out, date.month, 2);
    tm_buf_char(out, '-');
    put_digits(out, date.day, 2);
    if (!rest && !micro) return;
    tm_buf_char(out, 'T');
    put_digits(out, rest / 3600, 2);
    tm_buf_char(out, ':');
    put_digits(out, rest / 60 % 60, 2);
    tm_buf_char(out, ':');
    put_digits(out, rest % 60, 2);
    if (micro) {
        unsigned digits = 6;
        while (micro % 10 == 0) micro /= 10, digits--;
        tm_buf_char(out, '.');
        put_digits(out, micro, digits);
    }
    tm_buf_char(out, 'Z');
}
