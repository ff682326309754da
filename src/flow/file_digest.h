/* The SHA-256 of a file, as the manifest has it: to tell whether it is still what a run read or
 * wrote. */
#ifndef TM_FLOW_FILE_DIGEST_H
#define TM_FLOW_FILE_DIGEST_H

#include "base/arena.h"
#include "base/err.h"

typedef struct tm_file_digest {
    char sha256[65];
    uint64_t bytes, lines;
    char damage[256]; /* what is wrong with the packed data, or empty */
} tm_file_digest;

/* Of the decoded stream of a file, or of its own bytes when `decoded` is false: then nothing is
 * asked of what they are, since packed bytes can look like anything. *d is blank before. */
tm_status tm_file_digest_of(tm_arena *mem, tm_str path, bool decoded, tm_file_digest *d,
                            tm_err *err);

#endif
