/* What this process knows of the machine it runs on: its name, the date, the environment.
 *
 * None of it may reach a result: only run.json, temporary names and choices of kernels use it. */
#ifndef TM_BASE_SYSTEM_H
#define TM_BASE_SYSTEM_H

#include "base/str.h"

const char *tm_environment(const char *name); /* NULL: not set, or empty */
uint64_t tm_process_id(void);
void tm_host_name(char name[65]);        /* empty when unknown */
void tm_working_folder(char path[4096]); /* absolute; empty when unknown */
void tm_utc_now(char text[21]);          /* "2026-01-31T12:00:00Z" */

#endif
