/* Run folders: who holds one, whether it is finished, what the next one is called, and `last`.
 *
 *   RUN/lock            while a process runs there (flock: it dies with its holder)
 *   RUN/work/           decisions and spill of an unfinished run; work/plan names the plan
 *   RUN/manifest.json   the last file written: a run folder with it is finished */
#include <stdio.h>

#include "flow/engine.h"
#include "flow/runfolder.h"
#include "plan/jsontree.h"

static const char *at(tm_run *run, const char *name)
{
    return tm_path_join(&run->mem, run->folder, name);
}

static tm_status refuse_other(tm_run *run, const char *plan_path, bool *same, tm_err *err)
{
    tm_buf old = {0};
    char hex[33];
    tm_hash_hex(run->plan->identity, hex);
    *same = false;
    if (!tm_file_exists(plan_path)) return TM_OK;
    tm_status status = tm_file_load(plan_path, 4096, &old, err);
    *same = status == TM_OK && tm_str_eq(tm_str_trim(tm_buf_view(&old)), tm_str_of(hex));
    tm_buf_release(&old);
    if (status != TM_OK || *same || run->options.overwrite) return status;
    /* another plan: decisions of equal prefixes are still good, the rest is made anew */
    return TM_OK;
}

static tm_status remove_result(tm_run *run, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    TM_TRY(tm_folder_list(&run->mem, run->folder, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        static const char *const OURS[] = {"data-",     "parked-",   "unreadable.", "ledger.",
                                           "findings.", "manifest.", "run.json",    "report.html"};
        bool ours = false;
        for (size_t k = 0; k < TM_COUNT(OURS); k++)
            ours |= tm_str_starts(names[i], tm_str_of(OURS[k]));
        const char *path = ours ? at(run, names[i].p) : NULL;
        if (path) tm_file_remove(path);
    }
    return TM_OK;
}

tm_status tm_run_folder_take(tm_run *run, tm_err *err)
{
    bool same = false;
    char hex[34];
    TM_TRY(tm_folder_make(run->folder, err));
    const char *lock = at(run, "lock"), *manifest = at(run, "manifest.json");
    const char *plan = tm_path_join(&run->mem, run->work, "plan");
    if (!lock || !manifest || !plan) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_lock_file(lock, &run->lock_file, err));
    if (tm_file_exists(manifest)) {
        if (!run->options.overwrite)
            return tm_fail(err, TM_EEXISTS,
                           "%s holds a finished run: give --overwrite or another -o", run->folder);
        TM_TRY(remove_result(run, err));
    }
    TM_TRY(refuse_other(run, plan, &same, err));
    if (!same && !run->options.resume && tm_file_exists(run->work))
        TM_TRY(tm_folder_remove(run->work, err));
    TM_TRY(tm_folder_make(run->work, err));
    tm_hash_hex(run->plan->identity, hex);
    hex[32] = '\n';
    return tm_file_save(plan, (tm_str){hex, 33}, true, err);
}

tm_status tm_run_folder_done(tm_run *run, tm_err *err)
{
    return tm_folder_remove(run->work, err);
}

void tm_run_folder_drop(tm_run *run)
{
    const char *lock = run->folder && run->lock_file >= 0 ? at(run, "lock") : NULL;
    if (lock) tm_lock_release(run->lock_file, lock);
    run->lock_file = -1;
}

/* ---- names ----------------------------------------------------------------------------------- */

#define RUNS "runs"

tm_status tm_folder_resolve(tm_arena *mem, tm_str name, tm_str *folder, tm_err *err)
{
    tm_file_info info;
    tm_str path = name;
    if (tm_str_is(name, "last")) {
        tm_buf text = {0};
        tm_status status =
            tm_file_exists(RUNS "/last")
                ? tm_file_load(RUNS "/last", 4096, &text, err)
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
    if (!info.is_folder || !tm_file_exists(manifest))
        return tm_fail(err, TM_EUSAGE, "%s is not a finished run folder (no manifest.json)", z);
    *folder = tm_str_of(z);
    return TM_OK;
}

tm_status tm_folder_new(tm_arena *mem, tm_str verb, tm_str *folder, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    uint64_t most = 0, number;
    TM_TRY(tm_folder_make(RUNS, err));
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
    return tm_file_save(RUNS "/last", folder, false, err);
}

tm_status tm_folder_manifest(tm_arena *mem, tm_str folder, tm_yaml **manifest, tm_err *err)
{
    tm_buf text = {0};
    const char *path = tm_path_join(mem, folder.p, "manifest.json");
    if (!path) return tm_fail_memory(err, "a path", folder.n);
    tm_status status = tm_file_load(path, 64 * TM_MIB, &text, err);
    tm_str copy = status == TM_OK ? tm_arena_str(mem, tm_buf_view(&text)) : (tm_str){0};
    if (status == TM_OK && !copy.p) status = tm_fail_memory(err, "the manifest", text.n);
    if (status == TM_OK) status = tm_json_tree(mem, tm_str_of(path), copy, manifest, err);
    tm_buf_release(&text);
    return status;
}
