/* tamis_stream: kept records and their parts as Arrow batches, in order and with the right lines
 * for any number of threads, and every way in which a stream may end. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tamis.h"

enum { RECORDS = 30000, FIXED = 6 }; /* about 6 MiB: several blocks, several batches */

static char folder[256], big[512], small[512], broken[512];
static const char *const BIG[] = {big, NULL}, *const SMALL[] = {small, NULL},
                         *const BROKEN[] = {broken, NULL};

static const char CHAT[] = "{\"messages\":[{\"role\":\"system\",\"content\":null},"
                           "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"look\"},"
                           "{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}}]},"
                           "{\"role\":\"assistant\",\"content\":\"a\\u200bb\"}]}\n"
                           "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},"
                           "{\"role\":\"assistant\",\"content\":\"r\"}]}\n";

static FILE *make(char *path, size_t room, const char *name)
{
    snprintf(path, room, "%s/%s", folder, name);
    return fopen(path, "w");
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/stream-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    FILE *f = make(big, sizeof big, "big.jsonl");
    for (int i = 0; f && i < RECORDS; i++) /* a third of the lines is empty */
        fprintf(f, "%s{\"prompt\":\"%d\",\"completion\":\"%0180d\"}\n", i % 2 ? "\n" : "", i, i);
    if (!f || fclose(f)) return 1;
    f = make(small, sizeof small, "small.jsonl");
    if (!f || fputs(CHAT, f) < 0 || fclose(f)) return 1;
    f = make(broken, sizeof broken, "broken.jsonl");
    return !f || fprintf(f, "{\"text\":\"well\"}\n{\"text\":\n{\"text\":\"well\"}\n") < 0 ||
           fclose(f);
}

static void open_stream(struct ArrowArrayStream *stream, const char *recipe,
                        const char *const *inputs, tamis_table table, unsigned threads)
{
    tamis_plan *plan;
    tamis_error error;
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = recipe;
    o.inputs = inputs;
    o.threads = threads;
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
    if (tamis_stream(plan, table, stream, &error) != TAMIS_OK) fail_msg("%s", error.message);
    tamis_close(plan); /* the stream goes on */
}

typedef struct text {
    const char *p;
    int64_t n;
} text;

static text large(const struct ArrowArray *batch, int column, int64_t row)
{
    const int64_t *end = batch->children[column]->buffers[1];
    const char *bytes = batch->children[column]->buffers[2];
    return (text){bytes + end[row], end[row + 1] - end[row]};
}

static text utf8(const struct ArrowArray *batch, int column, int64_t row)
{
    const int32_t *end = batch->children[column]->buffers[1];
    const char *bytes = batch->children[column]->buffers[2];
    return (text){bytes + end[row], end[row + 1] - end[row]};
}

static uint64_t number(const struct ArrowArray *batch, int column, int64_t row)
{
    return ((const uint64_t *)batch->children[column]->buffers[1])[row];
}

static bool is_null(const struct ArrowArray *batch, int column, int64_t row)
{
    const uint8_t *valid = batch->children[column]->buffers[0];
    return valid && !(valid[row / 8] >> row % 8 & 1);
}

static void assert_text(text is, const char *wanted)
{
    assert_int_equal(is.n, strlen(wanted));
    assert_memory_equal(is.p, wanted, (size_t)is.n);
}

/* ---- records --------------------------------------------------------------------------------- */

static void records_come_in_order_with_their_lines(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct ArrowArrayStream stream;
        struct ArrowArray batch;
        uint64_t row = 0, batches = 0;
        open_stream(&stream, "steps: [length]", BIG, TAMIS_RECORDS, threads);
        while (stream.get_next(&stream, &batch) == 0 && batch.release) {
            for (int64_t i = 0; i < batch.length; i++, row++) {
                char wanted[256];
                snprintf(wanted, sizeof wanted, "{\"prompt\":\"%d\",\"completion\":\"%0180d\"}",
                         (int)row, (int)row);
                assert_text(large(&batch, 5, i), wanted);
                assert_int_equal(number(&batch, 3, i), row + 1 + (row + 1) / 2);
            }
            assert_text(utf8(&batch, 4, 0), "prompt-completion");
            assert_text(utf8(&batch, 2, batch.length - 1), big);
            assert_true(batch.n_children > FIXED); /* signals */
            batch.release(&batch);
            batches++;
        }
        assert_int_equal(row, RECORDS);
        assert_in_range(batches, 4, 12);
        assert_null(stream.get_last_error(&stream));
        stream.release(&stream);
        assert_null(stream.release);
    }
}

static void a_schema_names_the_columns(void **state)
{
    (void)state;
    static const char *const records[] = {"place",  "path",   "source",      "line",
                                          "layout", "record", "length.chars"};
    static const char *const parts[] = {"place", "path", "source", "line",   "layout",   "part",
                                        "role",  "kind", "turn",   "answer", "response", "text"};
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    open_stream(&stream, "steps: [length]", SMALL, TAMIS_RECORDS, 1);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    for (size_t i = 0; i < 7; i++) assert_string_equal(schema.children[i]->name, records[i]);
    schema.release(&schema);
    stream.release(&stream);
    open_stream(&stream, "steps: []", SMALL, TAMIS_PARTS, 1);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(schema.n_children, 12);
    for (size_t i = 0; i < 12; i++) assert_string_equal(schema.children[i]->name, parts[i]);
    schema.release(&schema);
    stream.release(&stream);
}

/* ---- changes --------------------------------------------------------------------------------- */

/* BROKEN: two records, of which the step sets a field in one; and a made record has no past. */
static void changes_are_what_steps_did(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    open_stream(&stream,
                "{steps: [{tag: {set: {size: \"= chars(all)\"}}}, {split: {eval: 1}}], limits: "
                "{unreadable: 5}}",
                BROKEN, TAMIS_CHANGES, 1);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    static const char *const names[] = {"place", "path", "was", "now", "route"};
    assert_int_equal(schema.n_children, 5);
    for (size_t i = 0; i < 5; i++) assert_string_equal(schema.children[i]->name, names[i]);
    schema.release(&schema);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_int_equal(batch.length, 2);
    for (int64_t i = 0; i < 2; i++) {
        text was = large(&batch, 2, i), now = large(&batch, 3, i);
        assert_false(is_null(&batch, 2, i));
        assert_true(now.n > was.n);
        assert_memory_equal(now.p, was.p, (size_t)was.n - 1);
        text side = utf8(&batch, 4, i); /* they are equal, so it is one and the same */
        assert_text(side, side.n == 4 ? "eval" : "train");
    }
    batch.release(&batch);
    stream.release(&stream);

    open_stream(&stream, "steps: [length]", SMALL, TAMIS_CHANGES, 1);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    for (int64_t i = 0; i < batch.length; i++) {
        assert_true(is_null(&batch, 2, i));
        assert_true(is_null(&batch, 3, i));
        assert_false(is_null(&batch, 4, i)); /* length.chars */
    }
    batch.release(&batch);
    stream.release(&stream);

    open_stream(&stream, "steps: [split.turns]", SMALL, TAMIS_CHANGES, 1);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    for (int64_t i = 0; i < batch.length; i++) {
        bool made = number(&batch, 1, i) != 0;
        assert_true(is_null(&batch, 2, i));
        assert_int_equal(is_null(&batch, 3, i), !made);
    }
    batch.release(&batch);
    stream.release(&stream);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void parts_say_where_they_stand_and_who_speaks(void **state)
{
    (void)state;
    static const struct {
        uint64_t line, turn;
        const char *part, *role, *text;
        bool response;
    } want[] = {
        {1, 0, "messages[0].content", "system", NULL, false},
        {1, 1, "messages[1].content[0].text", "user", "look", false},
        {1, 1, "messages[1].content[1]", "user", NULL, false},
        {1, 2, "messages[2].content", "assistant", "ab", true},
        {2, 0, "messages[0].content", "user", "q", false},
        {2, 1, "messages[1].content", "assistant", "r", true},
    };
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    open_stream(&stream, "steps: [clean.text]", SMALL, TAMIS_PARTS, 1);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_int_equal(batch.length, 6);
    for (int64_t i = 0; i < 6; i++) {
        const uint8_t *response = batch.children[10]->buffers[1];
        assert_int_equal(number(&batch, 3, i), want[i].line);
        assert_text(utf8(&batch, 4, i), "messages");
        assert_text(utf8(&batch, 5, i), want[i].part);
        assert_text(utf8(&batch, 6, i), want[i].role);
        assert_text(utf8(&batch, 7, i), "content");
        assert_int_equal(number(&batch, 8, i), want[i].turn);
        assert_int_equal(response[0] >> i & 1, want[i].response);
        assert_int_equal(is_null(&batch, 11, i), want[i].text == NULL);
        if (want[i].text) assert_text(large(&batch, 11, i), want[i].text);
    }
    batch.release(&batch);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_null(batch.release);
    stream.release(&stream);
}

/* ---- how a stream ends ----------------------------------------------------------------------- */

static void a_stream_may_be_released_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 24; i++) {
        struct ArrowArrayStream stream;
        struct ArrowArray batch;
        open_stream(&stream, "steps: [length]", BIG, i % 2 ? TAMIS_PARTS : TAMIS_RECORDS,
                    (unsigned)i % 3 + 1);
        for (int taken = 0; taken < i / 6; taken++) {
            assert_int_equal(stream.get_next(&stream, &batch), 0);
            batch.release(&batch);
        }
        stream.release(&stream);
    }
}

static void *drain(void *arg)
{
    struct ArrowArrayStream *stream = arg;
    struct ArrowArray batch;
    int failed;
    while ((failed = stream->get_next(stream, &batch)) == 0 && batch.release) batch.release(&batch);
    return failed ? stream : NULL;
}

static void cancelling_the_plan_ends_the_stream(void **state)
{
    (void)state;
    tamis_plan *plan;
    pthread_t reader;
    void *failed = NULL;
    struct ArrowArrayStream stream, second;
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "steps: []";
    o.inputs = BIG;
    assert_int_equal(tamis_open(&plan, &o, NULL), TAMIS_OK);
    tamis_cancel(plan);
    assert_int_equal(tamis_stream(plan, TAMIS_RECORDS, &stream, NULL), TAMIS_OK);
    assert_int_equal(tamis_stream(plan, TAMIS_RECORDS, &second, NULL), TAMIS_USAGE); /* once */
    assert_int_equal(tamis_run(plan, NULL), TAMIS_USAGE);
    assert_int_equal(pthread_create(&reader, NULL, drain, &stream), 0);
    pthread_join(reader, &failed);
    assert_ptr_equal(failed, &stream);
    assert_non_null(strstr(stream.get_last_error(&stream), "interrupted"));
    stream.release(&stream);
    assert_null(tamis_result_json(plan));
    assert_int_equal(tamis_stream_verdict(plan, NULL), TAMIS_CANCELLED);
    tamis_close(plan);
}

static void what_a_run_would_return_comes_at_the_end(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    tamis_plan *plan;
    tamis_error error;
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "{steps: [], limits: {unreadable: 0}}";
    o.inputs = BROKEN;
    assert_int_equal(tamis_open(&plan, &o, NULL), TAMIS_OK);
    assert_int_equal(tamis_stream(plan, TAMIS_RECORDS, &stream, NULL), TAMIS_OK);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_int_equal(batch.length, 2);
    assert_int_equal(number(&batch, 3, 1), 3);
    batch.release(&batch);
    assert_int_not_equal(stream.get_next(&stream, &batch), 0);
    assert_non_null(strstr(stream.get_last_error(&stream), "1 of 3 records are unreadable"));
    assert_int_not_equal(stream.get_next(&stream, &batch), 0); /* and again */
    assert_non_null(strstr(tamis_result_json(plan), "\"unreadable\":1"));
    assert_int_equal(tamis_stream_verdict(plan, &error), TAMIS_FINDINGS);
    assert_non_null(strstr(error.message, "1 of 3 records are unreadable"));
    tamis_close(plan);
    stream.release(&stream);
}

/* Waits of no length tell batch by batch when there is one, and the end as well. */
static void a_reader_may_wait_with_an_eye_on_other_things(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    tamis_plan *plan;
    uint64_t rows = 0, waits = 0;
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "steps: [dedup.exact]";
    o.inputs = BIG;
    assert_int_equal(tamis_open(&plan, &o, NULL), TAMIS_OK);
    assert_int_equal(tamis_stream(plan, TAMIS_RECORDS, &stream, NULL), TAMIS_OK);
    assert_int_equal(tamis_stream_verdict(plan, NULL), TAMIS_OK);
    for (;;) {
        while (!tamis_stream_wait(plan, waits % 2 ? 0 : 0.0001)) waits++;
        assert_int_equal(stream.get_next(&stream, &batch), 0);
        if (!batch.release) break;
        rows += (uint64_t)batch.length;
        batch.release(&batch);
    }
    assert_true(rows > 0);
    assert_true(waits > 0); /* the first pass gives nothing */
    assert_int_equal(tamis_stream_wait(plan, 0), 1);
    assert_int_equal(tamis_stream_verdict(plan, NULL), TAMIS_OK);
    stream.release(&stream);
    tamis_close(plan);
}

static void *wait_long(void *plan)
{
    return tamis_stream_wait(plan, 600) ? plan : NULL;
}

/* Before there is a stream, while it is released by another thread, and behind it. */
static void there_is_nothing_to_wait_for_without_a_stream(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct ArrowArrayStream stream;
        pthread_t waiter;
        void *saw;
        tamis_plan *plan;
        tamis_options o = TAMIS_OPTIONS;
        o.recipe = "steps: [dedup.exact, {dedup.near: {threshold: 0.8}}]";
        o.inputs = BIG;
        assert_int_equal(tamis_open(&plan, &o, NULL), TAMIS_OK);
        assert_int_equal(tamis_stream_wait(plan, 600), 1);
        assert_int_equal(tamis_stream(plan, TAMIS_RECORDS, &stream, NULL), TAMIS_OK);
        assert_int_equal(pthread_create(&waiter, NULL, wait_long, plan), 0);
        if (i % 2) sched_yield();
        stream.release(&stream);
        assert_int_equal(pthread_join(waiter, &saw), 0);
        assert_ptr_equal(saw, plan);
        assert_int_equal(tamis_stream_wait(plan, 600), 1);
        tamis_close(plan);
    }
}

static void files_are_written_beside_a_stream(void **state)
{
    (void)state;
    char out[600], copy[sizeof CHAT] = "";
    struct ArrowArrayStream stream;
    tamis_plan *plan;
    tamis_options o = TAMIS_OPTIONS;
    snprintf(out, sizeof out, "%s/copy.jsonl", folder);
    o.recipe = "steps: []";
    o.inputs = SMALL;
    o.file = out;
    assert_int_equal(tamis_open(&plan, &o, NULL), TAMIS_OK);
    assert_int_equal(tamis_stream(plan, TAMIS_PARTS, &stream, NULL), TAMIS_OK);
    assert_null(drain(&stream));
    stream.release(&stream);
    tamis_close(plan);
    FILE *f = fopen(out, "r");
    assert_non_null(f);
    assert_int_equal(fread(copy, 1, sizeof copy, f), sizeof CHAT - 1);
    fclose(f);
    assert_string_equal(copy, CHAT);
}

static void a_stream_is_of_a_table_there_is(void **state)
{
    (void)state;
    tamis_error error;
    tamis_plan *plan;
    struct ArrowArrayStream stream;
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "steps: []";
    o.inputs = SMALL;
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_OK);
    assert_int_equal(tamis_stream(plan, (tamis_table)3, &stream, &error), TAMIS_USAGE);
    assert_non_null(strstr(error.message, "TAMIS_CHANGES"));
    assert_null(stream.release);
    assert_int_equal(tamis_run(plan, &error), TAMIS_OK); /* but run */
    tamis_close(plan);
}

static void nothing_is_left_allocated(void **state)
{
    (void)state;
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_in_order_with_their_lines),
        cmocka_unit_test(a_schema_names_the_columns),
        cmocka_unit_test(parts_say_where_they_stand_and_who_speaks),
        cmocka_unit_test(a_stream_may_be_released_at_any_time),
        cmocka_unit_test(changes_are_what_steps_did),
        cmocka_unit_test(cancelling_the_plan_ends_the_stream),
        cmocka_unit_test(a_reader_may_wait_with_an_eye_on_other_things),
        cmocka_unit_test(what_a_run_would_return_comes_at_the_end),
        cmocka_unit_test(there_is_nothing_to_wait_for_without_a_stream),
        cmocka_unit_test(files_are_written_beside_a_stream),
        cmocka_unit_test(a_stream_is_of_a_table_there_is),
        cmocka_unit_test(nothing_is_left_allocated),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
