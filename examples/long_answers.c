/* SPDX-License-Identifier: Apache-2.0 */
/* Prints where the longest record stands that a filter keeps, against tamis.h and nothing else.
 *
 *   cc long_answers.c $(pkg-config --static --cflags --libs tamis) -o long_answers
 *   ./long_answers "words(response) >= 20" train.jsonl
 *
 * The records come as an Arrow stream, so this program could as well hand them to pyarrow, polars
 * or DuckDB without a copy. */
#include <inttypes.h>
#include <stdio.h>
#include <tamis.h>

enum { LINE = 3, RECORD = 5 }; /* columns of TAMIS_RECORDS; tamis.h lists them */

typedef struct longest {
    int64_t bytes;
    uint64_t line, rows;
} longest;

static void look(const struct ArrowArray *batch, longest *best)
{
    const uint64_t *line = batch->children[LINE]->buffers[1];
    const int64_t *end = batch->children[RECORD]->buffers[1]; /* large_utf8: 64-bit offsets */
    for (int64_t i = 0; i < batch->length; i++) {
        int64_t bytes = end[i + 1] - end[i];
        if (bytes <= best->bytes) continue;
        best->bytes = bytes;
        best->line = line[i];
    }
    best->rows += (uint64_t)batch->length;
}

int main(int count, char **word)
{
    char keep[1024];
    longest best = {0, 0, 0};
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    tamis_plan *plan = NULL;
    tamis_error error;
    tamis_options options = TAMIS_OPTIONS;
    if (count < 3) return fputs("usage: long_answers EXPRESSION FILE...\n", stderr), 2;
    snprintf(keep, sizeof keep, "keep=%s", word[1]);
    options.op = "filter";
    options.params = (const char *const[]){keep, NULL};
    options.inputs = (const char *const *)(word + 2); /* main's list ends with NULL */
    tamis_status status = tamis_open(&plan, &options, &error);
    if (status == TAMIS_OK) status = tamis_stream(plan, TAMIS_RECORDS, &stream, &error);
    tamis_close(plan); /* the stream keeps what it needs */
    if (status != TAMIS_OK) return fprintf(stderr, "%s\n", error.message), (int)status;
    int failed = stream.get_next(&stream, &batch);
    while (!failed && batch.release) { /* a released batch is the end */
        look(&batch, &best);
        batch.release(&batch);
        failed = stream.get_next(&stream, &batch);
    }
    if (failed) fprintf(stderr, "%s\n", stream.get_last_error(&stream));
    stream.release(&stream);
    printf("%" PRIu64 " records kept; the longest has %" PRId64 " bytes and stands in line %" PRIu64
           "\n",
           best.rows, best.bytes, best.line);
    return failed ? TAMIS_FINDINGS : TAMIS_OK;
}
