/* Goes through all of tamis.h once, for tests that fail one allocation or one file call after the
 * other: use_api OUT INPUT [tables]. A plan of a recipe is run into the folder OUT, one of an
 * operator is streamed, and the texts of the input are streamed; or two tables, one of them beside
 * the input, are run into the folder and streamed in another order. Says what it saw on standard
 * output, the first failure on standard error, and ends with its status; with 9 when a table was
 * not given back. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tamis.h"
#include "toy_table.h"

enum { ROWS = 6, ROOM = 128, KEPT_TABLE = 9 };

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

/* ---- tables ---------------------------------------------------------------------------------- */

typedef struct table { /* two columns of texts */
    int32_t offsets[2][ROWS + 1];
    char room[2][ROOM];
    toy column[2], batch[2];
} table;

/* The rows in two batches of one half each. */
static void make_table(table *t, const char *const *prompts, const char *const *answers)
{
    t->column[0] = toy_texts("prompt", prompts, ROWS, t->offsets[0], t->room[0]);
    t->column[1] = toy_texts("completion", answers, ROWS, t->offsets[1], t->room[1]);
    for (int half = 0; half < 2; half++)
        t->batch[half] = (toy){.format = "+s",
                               .length = ROWS / 2,
                               .offset = half * ROWS / 2,
                               .buffers = 1,
                               .children = 2,
                               .child = t->column};
}

static tamis_status run_tables(tamis_options *options, const table *rows, const table *known)
{
    struct ArrowArrayStream stream[2];
    const tamis_input_table tables[] = {{"rows", &stream[0]}, {"known", &stream[1]}, {NULL, NULL}};
    bool runs = options->folder != NULL;
    options->tables = tables;
    toy_stream(&stream[0], (toy_batches){rows->batch, 2, -1});
    toy_stream(&stream[1], (toy_batches){known->batch, 2, -1});
    tamis_status status = runs ? run(options) : read_stream(options, TAMIS_CHANGES);
    return toy_live ? KEPT_TABLE : status;
}

static tamis_status use_tables(const char *folder, const char *input, const char *const *settings)
{
    static const char *const prompts[ROWS] = {"a", "b", "c", "d", "e", "f"};
    static const char *const answers[ROWS] = {"one",   "one\u200b",   "two words",
                                              "known", "th\u200bree", ""};
    static const char *const others[ROWS] = {"known", "1", "2", "3", "4", "5"};
    static table rows, known;
    const char *const inputs[] = {"rows", input, NULL};
    tamis_options options = TAMIS_OPTIONS;
    make_table(&rows, prompts, answers);
    make_table(&known, prompts, others);
    options.recipe = "{references: {old: {path: known}}, steps: [clean.text, {dedup.exact: {by: "
                     "response, against: old}}, shuffle]}";
    options.inputs = inputs;
    options.settings = settings;
    options.threads = 1;
    options.folder = folder;
    tamis_status status = run_tables(&options, &rows, &known);
    options.folder = NULL;
    return status == TAMIS_OK ? run_tables(&options, &rows, &known) : status;
}

/* ---- all the rest ---------------------------------------------------------------------------- */

int main(int count, char **word)
{
    tamis_options options = TAMIS_OPTIONS, op = TAMIS_OPTIONS, texts = TAMIS_OPTIONS;
    const char *const inputs[] = {count > 2 ? word[2] : NULL, NULL};
    const char *const params[] = {"keep=words(response) >= 1", NULL};
    const char *const settings[] = {"seed=7", "limits.unreadable=50%", "output.format=jsonl", NULL};
    if (count == 4 && strcmp(word[3], "tables") == 0)
        return (int)use_tables(word[1], word[2], settings);
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
