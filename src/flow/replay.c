/* Replays one record: its recipe on a file that holds this record alone, nothing written.
 *
 * Record steps are pure, so what they make of a record alone is what they made of it among the
 * others. The raw text lies in a file only its owner can read, and only while this function
 * runs. */
#include "flow/replay.h"

#include "base/system.h"

typedef struct caught {
    uint64_t path;
    tm_buf *out;
    bool found;
} caught;

static tm_status on_kept(void *arg, const tm_kept_view *kept, tm_buf *rows, tm_err *err)
{
    caught *c = arg;
    TM_UNUSED(rows);
    if (kept->batch->rid[kept->record].path != c->path) return TM_OK;
    tm_buf_str(c->out, kept->text);
    c->found = true;
    return tm_buf_ok(c->out, err);
}

/* The recipe with this one file in the place of all its inputs. */
static tm_status aim(tm_recipe *recipe, const tm_replay_args *args, tm_str path, tm_arena *mem,
                     tm_err *err)
{
    tm_str *paths = TM_NEW(mem, tm_str, 1);
    uint32_t i = 0;
    if (!paths) return tm_fail_memory(err, "a path", path.n);
    while (i < recipe->inputs && !tm_str_eq(recipe->input[i].name, args->input)) i++;
    if (i == recipe->inputs)
        return tm_fail(err, TM_EINPUT, "the manifest's recipe has no input \"%.*s\"",
                       TM_FMT(args->input));
    paths[0] = path;
    recipe->input[0] = recipe->input[i];
    recipe->input[0].path = paths;
    recipe->input[0].paths = 1;
    recipe->input[0].container = TM_STR("json"); /* an element of an array may span lines */
    recipe->input[0].codec = TM_STR("plain");
    if (!recipe->input[0].map.count) recipe->input[0].layout = args->layout;
    recipe->inputs_written = recipe->inputs;
    recipe->inputs = 1;
    return TM_OK;
}

static tm_status replay(tm_arena *mem, const tm_replay_args *args, tm_str path, caught *c,
                        tm_err *err)
{
    tm_run *run = NULL;
    tm_recipe recipe;
    TM_TRY(tm_recipe_read(&recipe, mem, TM_STR("manifest.json"), args->recipe, err));
    TM_TRY(aim(&recipe, args, path, mem, err));
    tm_run_options options = {
        .threads = 1, .measure_only = true, .shown = {.on_kept = on_kept, .arg = c}};
    tm_status status = tm_run_open(&run, &recipe, &options, err);
    if (status == TM_OK) status = tm_run_go(run, err);
    if (run) tm_run_close(run);
    return status;
}

tm_status tm_replay(tm_arena *mem, const tm_replay_args *args, tm_buf *out, bool *found,
                    tm_err *err)
{
    caught c = {.path = args->path, .out = out};
    const char *folder = tm_environment("TMPDIR");
    char *path = tm_arena_printf(mem, "%s/tamis-replay-%llu.jsonl", folder ? folder : "/tmp",
                                 (unsigned long long)tm_process_id());
    if (!path) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_file_save(path, args->raw, true, err));
    tm_status status = replay(mem, args, tm_str_of(path), &c, err);
    tm_file_remove(path);
    *found = c.found;
    return status;
}
