/* Arrow tables written down as C structs, and streams of them as another program would export them:
 * every array and schema is counted until it is released, and a stream may fail where it is told
 * to. */
#ifndef TEST_SUPPORT_TOY_TABLE_H
#define TEST_SUPPORT_TOY_TABLE_H

#include "record/arrow.h"

typedef struct toy {
    const char *format, *name;
    int64_t length, offset;
    int buffers;
    const void *buffer[4];
    int children;
    const struct toy *child;
    const struct toy *dictionary;
} toy;

typedef struct toy_batches {
    const toy *batch; /* all of one type */
    int count;
    int fails_at; /* the batch that get_next fails on; -1: none */
} toy_batches;

extern long toy_live; /* streams, schemas and arrays, with their children, not released yet */

void toy_stream(struct ArrowArrayStream *out, toy_batches batches);

/* A column of utf8: offsets are made into `room`, which lives as long as the column. */
toy toy_texts(const char *name, const char *const *texts, int count, int32_t *offsets, char *room);

#endif
