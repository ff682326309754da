/* A run folder as an input or a reference: it stands for its data, every route of them, as the
 * manifest lists them. What was parked, the ledger and the report are no data. A folder whose
 * manifest.json is not ours is a folder like any other; but if it has a run.json of ours, the
 * manifest is damaged, and what the run kept cannot be told from what it parked. */
#include "base/vec.h"
#include "flow/engine.h"
#include "flow/runfolder.h"

typedef struct listing {
    tm_arena *mem;
    tm_str folder;
    tm_str *path;
    uint32_t count, room;
} listing;

static tm_status refuse_unfinished(tm_arena *mem, tm_str folder, tm_err *err)
{
    bool there;
    const char *plan = tm_path_join(mem, folder.p, TM_WORK_NAME "/plan");
    if (!plan) return tm_fail_memory(err, "a path", folder.n);
    TM_TRY(tm_file_there(plan, &there, err));
    if (!there) return TM_OK;
    return tm_fail(err, TM_EUSAGE, "%.*s is a run that is not finished: end it first, or remove it",
                   TM_FMT(folder));
}

static tm_status add_output(listing *l, const tm_yaml *output, tm_err *err)
{
    tm_str name = tm_yaml_text(output, "path");
    bool inside;
    if (tm_str_is(tm_yaml_text(output, "route"), "parked")) return TM_OK;
    if (tm_str_is(name, "-"))
        return tm_fail(err, TM_EUSAGE, "%.*s wrote its data to standard output, and has none",
                       TM_FMT(l->folder));
    const char *path = tm_path_join(l->mem, l->folder.p, name.p ? name.p : "");
    if (!path || !TM_ROOM(l->mem, l->path, l->count, l->room, 1))
        return tm_fail_memory(err, "a run's data", name.n);
    TM_TRY(tm_file_there(path, &inside, err));
    l->path[l->count++] = inside || !name.n ? tm_str_of(path) : name;
    return TM_OK;
}

static tm_status refuse_damaged(tm_arena *mem, tm_str folder, tm_err *err)
{
    tm_yaml *run;
    TM_TRY(tm_folder_ours(mem, folder, "run", &run, err));
    if (!run) return TM_OK;
    return tm_fail(err, TM_EINPUT,
                   "the manifest.json of the run in %.*s is damaged, so what it kept is not known: "
                   "name its data files themselves, or run it again",
                   TM_FMT(folder));
}

tm_status tm_folder_data(tm_arena *mem, tm_str folder, bool *is_run, tm_str **paths,
                         uint32_t *count, tm_err *err)
{
    tm_yaml *manifest;
    listing l = {.mem = mem, .folder = folder};
    const char *path = tm_path_join(mem, folder.p, "manifest.json");
    if (!path) return tm_fail_memory(err, "a path", folder.n);
    TM_TRY(tm_file_there(path, is_run, err));
    if (!*is_run) return refuse_unfinished(mem, folder, err);
    TM_TRY(tm_folder_ours(mem, folder, "manifest", &manifest, err));
    *is_run = manifest != NULL;
    const tm_yaml *list = *is_run ? tm_yaml_get(manifest, "outputs") : NULL;
    for (uint32_t i = 0; list && i < list->count; i++) TM_TRY(add_output(&l, &list->child[i], err));
    if (!*is_run) TM_TRY(refuse_damaged(mem, folder, err));
    *paths = l.path;
    *count = l.count;
    return TM_OK;
}
