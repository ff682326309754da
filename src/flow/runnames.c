/* How run folders are named (a path, runs/0001-VERB, `last`), and the books that lie in one.
 *
 * `last` is a file beside the runs that names the newest: it is written when a run is whole, so it
 * never names half of one. */
#include <stdio.h>

#include "flow/engine.h"
#include "flow/runfolder.h"
#include "plan/jsontree.h"

#define RUNS "runs"

tm_status tm_folder_resolve(tm_arena *mem, tm_str name, tm_str *folder, tm_err *err)
{
    tm_file_info info;
    bool there;
    tm_str path = name;
    if (tm_str_is(name, "last")) {
        tm_buf text = {0};
        TM_TRY(tm_file_there(TM_LAST, &there, err));
        tm_status status =
            there ? tm_file_load(TM_LAST, 4096, &text, err)
                  : tm_fail(err, TM_EUSAGE,
                            "there is no last run here (" RUNS "/last): name a run folder");
        if (status == TM_OK) path = tm_arena_str(mem, tm_str_trim(tm_buf_view(&text)));
        tm_buf_release(&text);
        TM_TRY(status);
    }
    const char *z = tm_path_z(mem, path);
    if (!z) return tm_fail_memory(err, "a path", path.n);
    TM_TRY(tm_file_info_of(z, &info, err));
    const char *manifest = tm_path_join(mem, z, "manifest.json");
    if (!manifest) return tm_fail_memory(err, "a path", path.n);
    TM_TRY(tm_file_there(manifest, &there, err));
    if (!info.is_folder || !there)
        return tm_fail(err, TM_EUSAGE, "%s is not a finished run folder (no manifest.json)", z);
    *folder = tm_str_of(z);
    return TM_OK;
}

tm_status tm_folder_new(tm_arena *mem, tm_str verb, tm_str *folder, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    uint64_t most = 0, number;
    tm_err why = {0};
    if (tm_folder_make(RUNS, &why) != TM_OK)
        return tm_fail(err, why.status, "%s; or give -o DIR/", why.msg);
    TM_TRY(tm_folder_list(mem, RUNS, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        tm_str head, tail;
        if (tm_str_cut(names[i], '-', &head, &tail) && tm_str_to_u64(head, &number))
            most = TM_MAX(most, number);
    }
    char *path =
        tm_arena_printf(mem, RUNS "/%04llu-%.*s", (unsigned long long)most + 1, TM_FMT(verb));
    if (!path) return tm_fail_memory(err, "a path", verb.n);
    *folder = tm_str_of(path);
    return TM_OK;
}

tm_status tm_folder_set_last(tm_str folder, tm_err *err)
{
    TM_TRY(tm_folder_make(RUNS, err));
    return tm_file_save(TM_LAST, folder, false, err);
}

static tm_status load_tree(tm_arena *mem, tm_str folder, const char *name, tm_yaml **tree,
                           tm_err *err)
{
    tm_buf text = {0};
    const char *path = tm_path_join(mem, folder.p, name);
    if (!path) return tm_fail_memory(err, "a path", folder.n);
    tm_status status = tm_file_load(path, 64 * TM_MIB, &text, err);
    tm_str copy = status == TM_OK ? tm_arena_str(mem, tm_buf_view(&text)) : (tm_str){0};
    if (status == TM_OK && !copy.p) status = tm_fail_memory(err, path, text.n);
    if (status == TM_OK) status = tm_json_tree(mem, tm_str_of(path), copy, tree, err);
    tm_buf_release(&text);
    return status;
}

tm_status tm_folder_manifest(tm_arena *mem, tm_str folder, tm_yaml **manifest, tm_err *err)
{
    return load_tree(mem, folder, "manifest.json", manifest, err);
}

tm_status tm_folder_run(tm_arena *mem, tm_str folder, tm_yaml **run, tm_err *err)
{
    return load_tree(mem, folder, "run.json", run, err);
}

tm_status tm_folder_ours(tm_arena *mem, tm_str folder, const char *what, tm_yaml **out, tm_err *err)
{
    char name[32];
    snprintf(name, sizeof name, "%s.json", what);
    tm_status status = load_tree(mem, folder, name, out, NULL);
    if (status == TM_EMEMORY) return tm_fail_memory(err, "a run's books", folder.n);
    const tm_yaml *is =
        status == TM_OK && (*out)->kind == TM_YAML_MAP ? tm_yaml_get(*out, "tamis") : NULL;
    if (!is || !tm_str_is(is->text, what)) *out = NULL;
    return TM_OK;
}
