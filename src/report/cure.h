/* The command that mends what a code is about, or says more of it: the code's `cure`, with the
 * inputs in it. */
#ifndef TM_REPORT_CURE_H
#define TM_REPORT_CURE_H

#include "base/buf.h"

/* Appends the command; inputs: as they stand on a command line, already quoted. code: "T1204";
 * unreadable: of what cannot be read, and not of what a step found (some codes are of both).
 * labels: the records have labels or scores. */
void tm_cure_print(const char *code, bool unreadable, bool labels, tm_str inputs, tm_buf *out);

#endif
