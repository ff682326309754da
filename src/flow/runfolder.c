/* Run folders: who holds one, whether it is finished, and what an unfinished one has decided.
 *
 *   RUN/.tamis/         while a run is unfinished: decisions and spill
 *   RUN/.tamis/lock     while a process runs there (flock: it dies with its holder)
 *   RUN/.tamis/plan     names the plan and the recipe
 *   RUN/manifest.json   the last file written but for the report: a run folder with it is finished
 *
 * A run folder may be a folder that was there and holds other things. So nothing is taken away but
 * what a run has made, by its name: results (results.c), and inside of .tamis/ what is listed
 * below. A .tamis/ with anything else in it is no run's. */
#include <stdio.h>

#include "flow/engine.h"
#include "flow/runfolder.h"
#include "plan/jsontree.h"

/* In the words of a shell and of a program. */
#define OR_ELSE "overwrite it (--overwrite, overwrite=True) or write elsewhere"

static const char *at(tm_run *run, const char *name)
{
    return tm_path_join(&run->mem, run->folder, name);
}

/* A folder of texts is its files. */
static tm_status is_source(const tm_source *s, const tm_file_info *file, bool *is, tm_err *err)
{
    tm_file_info info;
    *is = false;
    if (!tm_source_is_file(s)) return TM_OK;
    if (s->container == TM_FOLDER) return tm_folder_holds(s->path.p, file, is, err);
    if (s->inode != file->inode) return TM_OK;
    TM_TRY(tm_file_look(s->path.p, &info, is, err));
    *is = *is && info.inode == file->inode && info.device == file->device;
    return TM_OK;
}

/* Originals are never touched, by whatever name they are reached: what a run reads, its recipe
 * among it, is none of the files it writes. */
static tm_status refuse_original(const tm_run *run, const char *path, tm_err *err)
{
    tm_file_info old, info;
    bool there, same = false;
    TM_TRY(tm_file_look(path, &old, &there, err));
    if (!there || !old.is_regular) return TM_OK;
    for (uint32_t i = 0; !same && i < run->every_source; i++)
        TM_TRY(is_source(&run->source[i], &old, &same, err));
    if (same) return tm_fail(err, TM_EUSAGE, "%s is an input of this run: write elsewhere", path);
    const char *recipe = run->options.recipe_file;
    if (!recipe) return TM_OK;
    TM_TRY(tm_file_look(recipe, &info, &there, err));
    if (!there || info.inode != old.inode || info.device != old.device) return TM_OK;
    return tm_fail(err, TM_EUSAGE, "%s is the recipe of this run: write elsewhere", path);
}

tm_status tm_run_refuse_originals(tm_run *run, tm_err *err)
{
    tm_str file = run->options.file;
    if (file.n && !tm_str_is(file, "-")) {
        const char *path = tm_path_z(&run->mem, file);
        if (!path) return tm_fail_memory(err, "a path", file.n);
        char
            copy[4096]; /* what is left of a run that was killed may be read, but not by its heir */
        TM_TRY(tm_out_copy(path, copy, err));
        TM_TRY(refuse_original(run, copy, err));
        TM_TRY(refuse_original(run, path, err));
    }
    for (size_t i = 0; i < TM_COUNT(run->options.writes); i++)
        if (run->options.writes[i]) TM_TRY(refuse_original(run, run->options.writes[i], err));
    return TM_OK;
}

/* Results that lie in the folder: none may be an input, and none may be a stranger's. */
static tm_status refuse_results(tm_run *run, bool strangers, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    TM_TRY(tm_folder_list(&run->mem, run->folder, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        if (!tm_is_result(run, names[i])) continue;
        const char *path = at(run, names[i].p);
        if (!path) return tm_fail_memory(err, "a path", names[i].n);
        if (strangers)
            return tm_fail(err, TM_EEXISTS, "%s is there already and of no run: " OR_ELSE, path);
        TM_TRY(refuse_original(run, path, err));
    }
    return TM_OK;
}

/* ---- what is there while a run is unfinished ------------------------------------------------- */

/* spark: what the exchange of a cluster keeps between stages. */
static bool is_work(tm_str name)
{
    static const char *const KINDS[] = {"decisions-", "spill-", "part-", "sorted-", "digest-"};
    name = tm_without_temporary(name);
    for (size_t i = 0; i < TM_COUNT(KINDS); i++)
        if (tm_str_starts(name, tm_str_of(KINDS[i]))) return true;
    return tm_str_is(name, "lock") || tm_str_is(name, "plan") || tm_str_is(name, "spark");
}

static tm_status refuse_strange_work(tm_run *run, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    bool there;
    TM_TRY(tm_file_there(run->work, &there, err));
    if (!there) return TM_OK;
    TM_TRY(tm_folder_list(&run->mem, run->work, &names, &count, err));
    for (uint32_t i = 0; i < count; i++)
        if (!is_work(names[i]))
            return tm_fail(err, TM_EEXISTS,
                           "%s/%.*s is of no run: move it away, or use another folder", run->work,
                           TM_FMT(names[i]));
    return TM_OK;
}

/* Takes away what dead runs spilled, or all they left. The lock stays, and so does what this run
 * has spilled: standard input may have been copied there before anything else. */
static tm_status clean_work(tm_run *run, bool all, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    TM_TRY(tm_folder_list(&run->mem, run->work, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        tm_file_info info;
        const char *path = tm_path_join(&run->mem, run->work, names[i].p);
        if (!path) return tm_fail_memory(err, "a path", names[i].n);
        if (tm_str_is(names[i], "lock") || !is_work(names[i])) continue;
        if (tm_str_is(tm_str_of(run->spill.folder), path)) continue;
        if (!all && !tm_str_starts(names[i], TM_STR("spill-"))) continue;
        TM_TRY(tm_file_info_of(path, &info, err));
        if (info.is_folder)
            TM_TRY(tm_folder_remove(path, err));
        else
            tm_file_remove(path);
    }
    return TM_OK;
}

/* What comes through a pipe, or from a table, may be other records under the same name. */
bool tm_run_resumes(const tm_run *run)
{
    for (uint32_t i = 0; i < run->every_source; i++)
        if (!tm_source_is_file(&run->source[i])) return false;
    return true;
}

enum { NAME_BYTES = 32 }; /* of a plan, and of a recipe: hexadecimal */

/* The plan's name and the recipe's, and whose files there may be. */
static void print_plan(const tm_run *run, tm_buf *out)
{
    char hex[NAME_BYTES + 1];
    tm_hash_hex(run->plan->identity, hex);
    tm_buf_print(out, "%s ", hex);
    tm_hash_hex(tm_hash128(run->recipe->text.p, run->recipe->text.n), hex);
    tm_buf_print(out, "%s\n", hex);
    for (uint32_t i = 0; i < run->shard_names; i++)
        tm_buf_print(out, "%.*s\n", TM_FMT(run->shard_name[i]));
}

typedef struct left { /* by a run that did not end: files of decisions */
    uint32_t decided; /* steps with all their decisions */
    uint32_t begun;   /* the same, and rounds of one that has not */
    uint32_t sets;    /* of this plan: steps that decide */
    uint32_t own_decided, own_begun;
} left;

/* A step's files are those that begin with its prefix: what they hold is good for any plan that has
 * the step behind the same steps, over the same bytes. */
static tm_status look_at_work(tm_run *run, left *out, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    *out = (left){0};
    TM_TRY(tm_folder_list(&run->mem, run->work, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        bool begun = tm_str_starts(names[i], TM_STR("decisions-"));
        out->begun += begun;
        out->decided += begun && tm_str_ends(names[i], TM_STR(".bin"));
    }
    for (uint32_t s = 0; s < run->plan->steps; s++) {
        if (run->plan->step[s].op->shape != TM_SET) continue;
        const char *path = tm_decisions_path(run, &run->plan->step[s], "", err);
        if (!path) return TM_EMEMORY;
        tm_str name = tm_str_of(path + strlen(run->work) + 1);
        out->sets++;
        for (uint32_t i = 0; i < count; i++) {
            bool own = tm_str_starts(names[i], name);
            out->own_begun += own;
            out->own_decided += own && tm_str_ends(names[i], TM_STR(".bin"));
        }
    }
    return TM_OK;
}

static tm_status refuse_resume(const tm_run *run, const char *why, tm_err *err)
{
    return tm_fail(err, TM_EUSAGE, "there is nothing to resume in %s: %s", run->folder, why);
}

/* What an unfinished run of another plan decided would be lost with it, so it is refused as a
 * result is; unless it decided nothing (it was refused itself, for want of memory), this plan
 * begins as that one did and takes its decisions up, or it is the same recipe whose inputs have
 * changed, which made them void. A plan with nothing left to decide is a shorter one: at its end
 * the decisions behind its own would go. */
static tm_status look_at_other(tm_run *run, bool same_recipe, tm_err *err)
{
    left u;
    tm_buf text = {0};
    const tm_run_options *o = &run->options;
    TM_TRY(look_at_work(run, &u, err));
    bool shorter = u.own_decided == u.sets && u.begun > u.own_begun;
    bool takes = u.own_begun && o->resume && tm_run_resumes(run) && (!shorter || o->overwrite);
    if (!takes && !same_recipe && u.begun && !o->overwrite)
        return tm_fail(err, TM_EEXISTS,
                       "%s holds an unfinished run of another plan: give the command that began it "
                       "to go on with that, --overwrite to throw it away, or another -o",
                       run->folder);
    if (!takes && o->must_resume)
        return refuse_resume(run,
                             same_recipe ? "the inputs have changed since"
                                         : "what is unfinished there is of another plan",
                             err);
    if (takes && u.own_decided)
        tm_buf_print(&text,
                     "%s holds an unfinished run of another plan, and this one takes up what %u of "
                     "its steps decided",
                     run->folder, u.own_decided);
    else if (takes)
        tm_buf_print(&text,
                     "%s holds an unfinished run of another plan, and this one goes on with the "
                     "step that it had begun",
                     run->folder);
    else if (same_recipe)
        tm_buf_print(&text,
                     "the inputs have changed since the run in %s was interrupted: it begins anew",
                     run->folder);
    return text.n ? tm_run_note(run, &text, err) : TM_OK;
}

/* A run of this plan is there, and is to be resumed: is there something in it to go on from?
 * Finished: all but its report is. */
static tm_status take_up(tm_run *run, bool finished, tm_err *err)
{
    left l;
    tm_buf text = {0};
    if (!tm_run_resumes(run)) return refuse_resume(run, "a pipe cannot be read again", err);
    TM_TRY(look_at_work(run, &l, err));
    if (l.begun || finished) return TM_OK;
    tm_buf_print(&text, "the run in %s had decided nothing yet: it begins anew", run->folder);
    return tm_run_note(run, &text, err);
}

bool tm_run_keeps(tm_run *run)
{
    left l;
    return run->work && look_at_work(run, &l, NULL) == TM_OK && l.begun;
}

static tm_status take_work(tm_run *run, const char *plan, tm_str old, bool finished, tm_err *err)
{
    tm_buf own = {0};
    print_plan(run, &own);
    tm_status status = tm_buf_ok(&own, err);
    tm_str names = tm_str_slice(tm_buf_view(&own), 0, 2 * NAME_BYTES + 2);
    bool same = old.n && tm_str_starts(old, tm_str_slice(names, 0, NAME_BYTES));
    tm_str recipe = tm_str_slice(names, NAME_BYTES, names.n);
    bool same_recipe = tm_str_starts(tm_str_slice(old, NAME_BYTES, old.n), recipe);
    if (status == TM_OK && old.n && !same) status = look_at_other(run, same_recipe, err);
    if (status == TM_OK && same && run->options.must_resume) status = take_up(run, finished, err);
    /* of another plan the decisions of equal prefixes are still good: they go by name */
    bool all = (!same && !run->options.resume) || !tm_run_resumes(run);
    if (status == TM_OK) status = clean_work(run, all, err);
    if (status == TM_OK) status = tm_file_save(plan, tm_buf_view(&own), true, err);
    tm_buf_release(&own);
    return status;
}

static tm_status is_of_plan(const tm_run *run, tm_str old, bool *same, tm_err *err)
{
    tm_buf own = {0};
    print_plan(run, &own);
    *same = tm_str_starts(old, tm_str_slice(tm_buf_view(&own), 0, NAME_BYTES));
    tm_status status = tm_buf_ok(&own, err);
    tm_buf_release(&own);
    return status;
}

/* With its manifest a run is finished but for its report: one that was killed before that was made
 * has its plan there still, and is ended by the same command. */
static tm_status take(tm_run *run, const char *plan, tm_buf *old, tm_err *err)
{
    bool finished, unfinished, overwrite = run->options.overwrite;
    const char *manifest = at(run, "manifest.json");
    if (!manifest) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_file_there(manifest, &finished, err));
    TM_TRY(tm_file_there(plan, &unfinished, err));
    if (unfinished) TM_TRY(tm_file_load(plan, 64 << 10, old, err));
    bool ends = finished && unfinished && tm_run_resumes(run); /* a pipe gives other bytes */
    if (ends) TM_TRY(is_of_plan(run, tm_buf_view(old), &ends, err));
    if (finished && !ends && !overwrite)
        return tm_fail(err, TM_EEXISTS, "%s holds a finished run: " OR_ELSE, run->folder);
    if (!unfinished && run->options.must_resume)
        return refuse_resume(run, "no unfinished run is there; without --resume one begins", err);
    TM_TRY(tm_results_know(run, finished, tm_buf_view(old), err));
    TM_TRY(refuse_results(run, !finished && !unfinished && !overwrite, err));
    return take_work(run, plan, tm_buf_view(old), finished, err);
}

/* A folder below an input that becomes a run's is no part of the input any more: its texts would be
 * gone from under the reader. */
static tm_status refuse_among_texts(const tm_run *run, tm_err *err)
{
    for (uint32_t i = 0; i < run->every_source; i++) {
        uint64_t bytes, modified;
        const tm_source *s = &run->source[i];
        if (s->container != TM_FOLDER || !tm_source_is_file(s)) continue;
        TM_TRY(tm_source_stamp(s, &bytes, &modified, err));
        if (bytes != s->bytes || modified != s->modified_ns)
            return tm_fail(err, TM_EUSAGE,
                           "%s holds texts of %.*s, which this run reads, or those changed since: "
                           "write into a folder of its own",
                           run->folder, TM_FMT(s->path));
    }
    return TM_OK;
}

/* The holder before may take the empty folder away between the two calls; then they are made
 * again. */
static tm_status lock_work(tm_run *run, const char *lock, tm_err *err)
{
    enum { TIMES = 100 };
    bool there = true;
    tm_status status = TM_OK;
    for (int i = 0; i < TIMES; i++) {
        TM_TRY(tm_folder_make(run->work, err));
        status = tm_lock_file(lock, &run->lock_file, err);
        if (status == TM_OK) return TM_OK;
        TM_TRY(tm_file_there(run->work, &there, err));
        if (there) break;
    }
    return status;
}

/* Before a folder is made for it. */
static tm_status refuse_new(tm_run *run, tm_err *err)
{
    bool there;
    tm_str *names;
    uint32_t count;
    TM_TRY(tm_file_there(run->folder, &there, err));
    run->made_folder = run->fresh_folder = !there;
    if (there && tm_folder_list(&run->mem, run->folder, &names, &count, NULL) == TM_OK)
        run->fresh_folder = !count;
    if (!run->options.must_resume) return TM_OK;
    return there ? TM_OK : refuse_resume(run, "there is no such folder", err);
}

tm_status tm_run_folder_take(tm_run *run, tm_err *err)
{
    tm_buf old = {0};
    const char *lock = tm_path_join(&run->mem, run->work, "lock");
    const char *plan = tm_path_join(&run->mem, run->work, "plan");
    if (!lock || !plan) return tm_fail_memory(err, "a path", 0);
    TM_TRY(refuse_strange_work(run, err));
    TM_TRY(refuse_new(run, err));
    TM_TRY(lock_work(run, lock, err));
    tm_status status = refuse_among_texts(run, err);
    if (status == TM_OK) status = take(run, plan, &old, err);
    tm_buf_release(&old);
    return status;
}

/* The manifest goes first: what is left of a result that is being removed is no finished run. */
tm_status tm_run_folder_clear(tm_run *run, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    const char *manifest = at(run, "manifest.json");
    if (!manifest) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_folder_list(&run->mem, run->folder, &names, &count, err));
    tm_file_remove(manifest);
    for (uint32_t i = 0; i < count; i++) {
        const char *path = tm_is_result(run, names[i]) ? at(run, names[i].p) : NULL;
        if (path) tm_file_remove(path);
    }
    return TM_OK;
}

tm_status tm_run_folder_done(tm_run *run, tm_err *err)
{
    return clean_work(run, true, err);
}

/* Decisions are worth going on from, and so is a folder that others have put something into. */
void tm_run_folder_undo(tm_run *run)
{
    tm_str *names;
    uint32_t count;
    left u;
    if (!run->fresh_folder || run->lock_file < 0) return;
    if (look_at_work(run, &u, NULL) != TM_OK || u.decided) return;
    if (tm_folder_list(&run->mem, run->folder, &names, &count, NULL) != TM_OK || count > 1) return;
    (void)clean_work(run, true, NULL); /* what stays is taken up by the next run there */
    tm_run_folder_drop(run);
    if (run->made_folder) tm_fs_now.remove_folder(run->folder);
}

/* With the lock .tamis/ goes, if nothing in it is worth a resume. */
void tm_run_folder_drop(tm_run *run)
{
    const char *lock = run->lock_file >= 0 ? tm_path_join(&run->mem, run->work, "lock") : NULL;
    if (lock) tm_lock_release(run->lock_file, lock);
    run->lock_file = -1;
    if (run->folder && run->work) tm_fs_now.remove_folder(run->work);
}
