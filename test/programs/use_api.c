/* Goes through all of tamis.h once, for tests that fail one allocation or one file call after the
 * other: use_api OUT INPUT. A plan of a recipe is run into the folder OUT, one of an operator is
 * streamed, and the texts of the input are streamed. Says what it saw on standard output, the first
 * failure on standard error, and ends with its status. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tamis.h"

static tamis_status say(tamis_status status, const tamis_error *error)
{
    if (status != TAMIS_OK) fprintf(stderr, "%s\n", error->message);
    return status;
}

static tamis_status run(const tamis_options *options)
{
    tamis_plan *plan = NULL;
    tamis_error error;
    tamis_progress now;
    tamis_status status = tamis_open(&plan, options, &error);
    if (status == TAMIS_OK) status = tamis_run(plan, &error);
    if (status == TAMIS_OK) {
        const char *result = tamis_result_json(plan), *json = tamis_plan_json(plan);
        const char *kept = result ? strstr(result, "\"kept\":") : NULL;
        tamis_watch(plan, &now);
        if (kept && json) printf("%.9s of %" PRIu64 "\n", kept, now.records);
        if (!kept || !json) {
            status = TAMIS_INTERNAL;
            snprintf(error.message, sizeof error.message, "no memory left for JSON");
        }
    }
    tamis_close(plan);
    return say(status, &error);
}

static tamis_status drain(struct ArrowArrayStream *stream)
{
    int failed;
    int64_t rows = 0;
    struct ArrowArray batch;
    struct ArrowSchema schema;
    failed = stream->get_schema(stream, &schema);
    if (!failed) {
        printf("%" PRId64 " columns\n", schema.n_children);
        schema.release(&schema);
    }
    while (!failed && (failed = stream->get_next(stream, &batch)) == 0 && batch.release) {
        rows += batch.length;
        batch.release(&batch);
    }
    printf("%" PRId64 " rows\n", rows);
    if (failed) fprintf(stderr, "%s\n", stream->get_last_error(stream));
    stream->release(stream);
    return failed ? TAMIS_INTERNAL : TAMIS_OK;
}

static tamis_status read_stream(const tamis_options *options, tamis_table table)
{
    tamis_plan *plan = NULL;
    tamis_error error;
    struct ArrowArrayStream stream;
    tamis_status status = tamis_open(&plan, options, &error);
    if (status == TAMIS_OK) status = tamis_stream(plan, table, &stream, &error);
    tamis_close(plan);
    return status == TAMIS_OK ? drain(&stream) : say(status, &error);
}

int main(int count, char **word)
{
    tamis_options options = TAMIS_OPTIONS, op = TAMIS_OPTIONS, texts = TAMIS_OPTIONS;
    const char *const inputs[] = {count > 2 ? word[2] : NULL, NULL};
    const char *const params[] = {"keep=words(response) >= 1", NULL};
    const char *const settings[] = {"seed=7", "limits.unreadable=50%", "output.format=jsonl", NULL};
    if (count != 3) return TAMIS_USAGE;
    options.recipe = "steps: [clean.text, length, {dedup.exact: {by: response}}]";
    op.op = "filter";
    op.params = params;
    texts.recipe = "steps: []";
    options.inputs = op.inputs = texts.inputs = inputs;
    options.settings = op.settings = texts.settings = settings;
    options.threads = op.threads = texts.threads = 1;
    options.folder = word[1];
    tamis_status status = run(&options);
    if (status == TAMIS_OK) status = read_stream(&op, TAMIS_RECORDS);
    if (status == TAMIS_OK) status = read_stream(&texts, TAMIS_PARTS);
    return (int)status;
}
