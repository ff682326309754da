/* The few calls about machine, date and environment; base is the only folder that may make them.
 *
 * The date is computed by gmtime_r and printed by hand, so no locale and no time zone takes
 * part. */
#include "base/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

const char *tm_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

uint64_t tm_process_id(void)
{
    return (uint64_t)getpid();
}

void tm_host_name(char name[65])
{
    struct utsname host = {0};
    uname(&host);
    snprintf(name, 65, "%s", host.nodename);
}

void tm_working_folder(char path[4096])
{
    if (!getcwd(path, 4096)) path[0] = 0;
}

void tm_utc_now(char text[21])
{
    time_t now = time(NULL);
    struct tm utc = {0};
    gmtime_r(&now, &utc);
    unsigned year = (unsigned)(utc.tm_year + 1900) % 10000;
    snprintf(text, 21, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, (unsigned)(utc.tm_mon + 1) % 100,
             (unsigned)utc.tm_mday % 100, (unsigned)utc.tm_hour % 100, (unsigned)utc.tm_min % 100,
             (unsigned)utc.tm_sec % 100);
}
