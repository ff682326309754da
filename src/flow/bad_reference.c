/* A record of a reference that cannot be read ends the run: with its place, its code and what to do
 * about it, as the stream's have them, though no ledger or count will hold it. */
#include <stdio.h>
#include <string.h>

#include "flow/engine.h"
#include "text/shell.h"

/* --layout and --map are those of the inputs: only a recipe says what a reference looks like. */
static const char HOW_TO_MAP[] =
    "; a recipe says how a reference is to be read: references: {NAME: {path: PATH, map: {prompt: "
    "question, response: answer}}}, with its own keys";

/* What is wrong, and what to do about it where that is not said yet: the stream counts such records
 * and goes on, a reference has to be whole. */
static void say(const tm_source *source, const tm_trouble *why, tm_buf *out)
{
    bool file = tm_source_is_file(source) && source->container != TM_FOLDER;
    if (!strcmp(why->code, "T1020")) {
        tm_buf_add(out, why->sentence.p, why->sentence.n - why->advice);
        if (!why->settled) tm_buf_z(out, HOW_TO_MAP);
        return;
    }
    tm_buf_str(out, why->sentence);
    if (why->advice || !file) return;
    tm_buf_z(out, "; mend it, or leave it out: tamis cat ");
    tm_text_shell(source->path, out);
    tm_buf_z(out, " > whole.jsonl");
}

tm_status tm_bad_reference(tm_worker *w, uint64_t at, const tm_trouble *why, uint32_t r,
                           tm_err *err)
{
    const tm_batch *b = &w->level[0].batch;
    const tm_source *source = &w->run->source[w->block.source - 1];
    uint64_t line, below = 0, column;
    tm_read_limits limits = tm_long_limits(w->run);
    bool known = tm_source_place(source, &limits, at, &line, &column, NULL) == TM_OK;
    if (!known) column = 0;
    if (known && r != TM_NONE && source->container != TM_FOLDER) {
        tm_worker_position(w, b, r, b->trouble[r].at, &below, &column);
        line += below - b->line[r];
    }
    tm_buf said = {0};
    say(source, why, &said);
    tm_status status = tm_buf_ok(&said, err);
    if (status != TM_OK) {
        tm_buf_release(&said);
        return status;
    }
    if (known)
        tm_fail(err, TM_EINPUT, "this record of a reference cannot be read: %.*s",
                TM_FMT(tm_buf_view(&said)));
    else
        tm_fail(err, TM_EINPUT, "a record of this reference, at byte %llu, cannot be read: %.*s",
                (unsigned long long)at, TM_FMT(tm_buf_view(&said)));
    tm_buf_release(&said);
    if (err) snprintf(err->code, sizeof err->code, "%s", why->code);
    tm_err_at(err, source->path, known ? line : 0, column, at);
    return TM_EINPUT;
}
