/* Which files of a run folder are results: what a run refuses to find there, and what goes when it
 * is run anew.
 *
 * Some have names of their own; data lie in shards, PREFIX-00000.FORMAT, where the prefix is `data`
 * or a route's name. Routes are those of this run, those that the manifest of a finished run tells
 * of, and those that an unfinished one wrote into .tamis/plan: a recipe that routes no more, or
 * into other files, must leave nothing of the old ones behind. Any other file is not ours. */
#include "flow/engine.h"
#include "flow/runfolder.h"

#include "base/vec.h"

/* NAME of a temporary file, .NAME.tmp-PROCESS-NUMBER, that a run that was killed left. */
tm_str tm_without_temporary(tm_str name)
{
    size_t tail = tm_str_find(name, TM_STR(".tmp-"));
    bool temporary = tm_str_starts(name, TM_STR(".")) && tail < name.n;
    return temporary ? tm_str_slice(name, 1, tail) : name;
}

bool tm_is_shard_of(tm_str name, tm_str prefix)
{
    size_t at = prefix.n + 1;
    if (!tm_str_starts(name, prefix) || name.n < at || name.p[prefix.n] != '-') return false;
    while (at < name.n && name.p[at] >= '0' && name.p[at] <= '9') at++;
    if (at < prefix.n + 6 || at == name.n || name.p[at] != '.') return false;
    tm_format format;
    return tm_format_parse(tm_str_slice(name, at + 1, name.n), &format, NULL) == TM_OK;
}

bool tm_is_result(const tm_run *run, tm_str name)
{
    static const char *const OURS[] = {"unreadable.bin",   "unreadable.jsonl", "ledger.parquet",
                                       "findings.parquet", "manifest.json",    "run.json",
                                       "report.html"};
    name = tm_without_temporary(name);
    for (size_t k = 0; k < TM_COUNT(OURS); k++)
        if (tm_str_is(name, OURS[k])) return true;
    if (tm_is_shard_of(name, TM_STR("data")) || tm_is_shard_of(name, TM_STR("parked"))) return true;
    for (uint32_t i = 0; i < run->shard_names; i++)
        if (tm_is_shard_of(name, run->shard_name[i])) return true;
    return false;
}

static tm_status add(tm_run *run, tm_str name, tm_err *err)
{
    for (uint32_t i = 0; i < run->shard_names; i++)
        if (tm_str_eq(run->shard_name[i], name)) return TM_OK;
    if (!name.n) return TM_OK;
    if (!TM_ROOM(&run->mem, run->shard_name, run->shard_names, run->shard_name_room, 1))
        return tm_fail_memory(err, "the names of files", run->shard_names);
    tm_str copy = tm_arena_str(&run->mem, name);
    if (!copy.p) return tm_fail_memory(err, "the names of files", name.n);
    run->shard_name[run->shard_names++] = copy;
    return TM_OK;
}

/* One that cannot be read tells of none: whoever overwrites a broken run must not be stopped. */
static tm_status add_of_manifest(tm_run *run, tm_err *err)
{
    tm_yaml *manifest = NULL;
    tm_err why = {0};
    tm_status status = tm_folder_manifest(&run->mem, tm_str_of(run->folder), &manifest, &why);
    if (status == TM_EMEMORY && err) *err = why;
    if (status != TM_OK) return status == TM_EMEMORY ? status : TM_OK;
    const tm_yaml *list = tm_yaml_get(manifest, "outputs");
    for (uint32_t i = 0; list && i < list->count; i++) {
        const tm_yaml *route = tm_yaml_get(&list->child[i], "route");
        if (route) TM_TRY(add(run, route->text, err));
    }
    return TM_OK;
}

tm_status tm_results_know(tm_run *run, bool finished, tm_str plan, tm_err *err)
{
    tm_str line;
    run->shard_names = 0;
    for (uint32_t i = 0; i < run->routes; i++) TM_TRY(add(run, run->route[i].name, err));
    if (finished) TM_TRY(add_of_manifest(run, err));
    if (!tm_str_cut(plan, '\n', &line, &plan)) return TM_OK;
    while (tm_str_cut(plan, '\n', &line, &plan)) TM_TRY(add(run, line, err));
    return TM_OK;
}
