/* Runs a recipe from the command line: decides where output goes, shows the plan or the progress,
 * takes Ctrl-C, prints what was unreadable, the waterfall and the last line. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "flow/runfolder.h"
#include "report/report.h"
#include "text/kernel.h"
#include "text/shell.h"
#include "text/visible.h"

enum { SHOWN = 10 }; /* unreadable records printed one by one */

static tm_run *volatile interrupted; /* what a signal handler may reach */
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    TM_UNUSED(number);
    if (signals++) _exit(128 + number);
    if (interrupted) tm_run_cancel(interrupted);
}

static bool stopped(void)
{
    return signals > 0;
}

/* Before inputs are looked at: one of them may be a pipe that gives nothing for long. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    tm_fs_now.stopped = stopped;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* ---- where output goes ----------------------------------------------------------------------- */

static bool is_folder_name(tm_cli *cli, tm_str path)
{
    tm_file_info info;
    const char *z = tm_path_z(cli->mem, path);
    size_t slash = tm_str_rfind_char(path, '/');
    tm_str name = tm_str_slice(path, slash < path.n ? slash + 1 : 0, path.n);
    if (tm_str_is(path, "-")) return false;
    if (z && tm_fs_now.info(z, &info) == 0) return info.is_folder;
    return !name.n || tm_str_find_char(name, '.') == name.n;
}

/* The folder a file shall lie in must be there: a misspelt one is not made. */
static tm_status need_folder_of(tm_cli *cli, tm_str path, tm_err *err)
{
    tm_file_info info;
    size_t slash = tm_str_rfind_char(path, '/');
    if (slash >= path.n || !slash) return TM_OK;
    tm_str folder = tm_str_slice(path, 0, slash);
    const char *z = tm_path_z(cli->mem, folder);
    if (!z) return tm_fail_memory(err, "a path", folder.n);
    if (tm_fs_now.info(z, &info) == 0 && info.is_folder) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "there is no folder %s for the output: make it, or give another -o", z);
}

/* One that is misspelt is not made, to hold the spill of a run and be left behind. */
static tm_status need_spill_dir(tm_cli *cli, tm_str path, tm_err *err)
{
    tm_file_info info;
    const char *z = tm_path_z(cli->mem, path);
    if (!path.n) return TM_OK;
    if (!z) return tm_fail_memory(err, "a path", path.n);
    if (tm_fs_now.info(z, &info) == 0 && info.is_folder) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "there is no folder %s for the spill: make it, or give another --spill-dir", z);
}

/* By the name; where that says nothing, what the recipe says. */
static tm_status take_format(tm_recipe *recipe, tm_str path, tm_err *err)
{
    tm_format format;
    const tm_param *said = tm_params_find(tm_output_params, TM_STR("format"));
    tm_status status = tm_format_of_name(path, &format, err);
    if (status == TM_EUSAGE && recipe->output_at[said - tm_output_params].line) return TM_OK;
    if (status == TM_OK) recipe->output.format = tm_str_of(tm_format_name(format));
    return status;
}

static tm_status refuse_second_folder(const tm_cli *cli, tm_err *err)
{
    if (!cli->common.run.n || !cli->common.output.n) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "-o %.*s is a run folder already: leave --run out, or give -o FILE",
                   TM_FMT(cli->common.output));
}

static tm_status refuse_shards(const tm_cli *cli, tm_err *err)
{
    if (!tm_cli_given(cli, "shard") || !cli->common.shard) return TM_OK;
    return tm_fail(err, TM_EUSAGE, "--shard cuts the data of a run folder: give -o DIR/");
}

static tm_status choose_output(tm_cli *cli, tm_execution *e, tm_err *err)
{
    tm_recipe *recipe = e->recipe;
    tm_run_options *o = &e->options;
    tm_str path = cli->common.output.n ? cli->common.output : recipe->output.path;
    if (o->measure_only) {
        o->folder = cli->common.run;
        return TM_OK;
    }
    if (!path.n && cli->out_is_terminal)
        TM_TRY(tm_folder_new(cli->mem, tm_str_of(cli->verb), &path, err));
    else if (!path.n)
        path = TM_STR("-");
    if (is_folder_name(cli, path)) {
        o->folder = path;
        return refuse_second_folder(cli, err);
    }
    TM_TRY(refuse_shards(cli, err));
    o->file = path;
    o->folder = cli->common.run;
    if (!tm_cli_given(cli, "format")) TM_TRY(take_format(recipe, path, err));
    TM_TRY(need_folder_of(cli, path, err));
    const char *z = tm_path_z(cli->mem, path);
    tm_file_info info;
    bool there = z && !tm_str_is(path, "-") && tm_fs_now.info(z, &info) == 0 && info.is_regular;
    if (there && !o->overwrite)
        return tm_fail(err, TM_EEXISTS, "%s is there already: give --overwrite or another -o", z);
    if (z && !o->overwrite && tm_fs_now.dangles(z))
        return tm_fail(err, TM_EEXISTS,
                       "%s is a link that leads nowhere: give --overwrite to put the file in its "
                       "place, or another -o",
                       z);
    return TM_OK;
}

/* For a plan that is only shown: nothing is looked at on the disk. */
static tm_status foresee_format(tm_cli *cli, tm_execution *e, tm_err *err)
{
    tm_str path = cli->common.output.n ? cli->common.output : e->recipe->output.path;
    bool file = path.n && !e->options.measure_only && !is_folder_name(cli, path);
    return file && !tm_cli_given(cli, "format") ? take_format(e->recipe, path, err) : TM_OK;
}

/* ---- what is said ---------------------------------------------------------------------------- */

typedef struct teller {
    uint64_t unreadable;
    bool ticking; /* a progress line may stand where the next message goes */
} teller;

static void tell(void *arg, const tm_finding_view *f)
{
    teller *t = arg;
    if (t->unreadable++ >= SHOWN) return;
    tm_buf shown = {0};
    tm_text_visible(f->source, &shown);
    fprintf(stderr, "%s%.*s:%llu:%llu: error: %.*s (%s)\n", t->ticking ? "\r\033[K" : "",
            (int)shown.n, shown.p ? shown.p : "", (unsigned long long)f->line,
            (unsigned long long)f->column, TM_FMT(f->sentence), f->code);
    tm_buf_release(&shown);
}

/* As JSON it is what manifests say: one field with the text. */
static void print_recipe(const tm_recipe *recipe, bool json, tm_buf *out)
{
    tm_buf text = {0};
    tm_recipe_print(recipe, json ? &text : out);
    if (!json) return;
    tm_buf_z(out, "{\"recipe\":");
    tm_buf_json(out, tm_buf_view(&text));
    tm_buf_z(out, "}\n");
    out->failed |= text.failed;
    tm_buf_release(&text);
}

static tm_status print_plan(const tm_cli *cli, tm_run *run, tm_err *err)
{
    tm_buf out = {0};
    tm_status status = TM_OK;
    const tm_plan *plan = tm_run_plan(run);
    if (cli->common.print_recipe)
        print_recipe(plan->recipe, cli->common.json, &out);
    else if (cli->common.json)
        status = tm_report_plan_json(run, &out, err), tm_buf_char(&out, '\n');
    else
        status = tm_report_plan(run, &out, err);
    if (status == TM_OK) status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

static void print_lint(const tm_plan *plan)
{
    for (uint32_t i = 0; i < plan->lints; i++) {
        const tm_lint *l = &plan->lint[i];
        if (l->line)
            fprintf(stderr, "%.*s:%u:%u: ", TM_FMT(plan->recipe->name), l->line, l->column);
        else
            fprintf(stderr, "tamis: "); /* the recipe of a verb has no file */
        fprintf(stderr, "warning: %.*s (%s)\n", TM_FMT(l->sentence), l->code);
    }
}

/* Another kernel does the same, at another speed: who asked for one may measure. */
static void print_kernel(void)
{
    if (tm_kernel_missed())
        fprintf(stderr,
                "tamis: note: what TAMIS_SIMD names is no kernel of this processor: %s is used "
                "(see tamis doctor)\n",
                tm_kernel_now()->name);
}

/* Notes behind the first `told`. */
static uint32_t print_notes(const tm_run *run, uint32_t told)
{
    const tm_run_result *r = tm_run_result_of(run);
    for (uint32_t i = told; i < r->notes; i++) {
        tm_buf shown = {0};
        tm_text_visible(r->note[i], &shown);
        fprintf(stderr, "tamis: note: %.*s\n", (int)shown.n, shown.p ? shown.p : "");
        tm_buf_release(&shown);
    }
    return r->notes;
}

/* refine: what was chosen for what was found. */
static void print_builtin(const tm_run *run)
{
    const char *name = tm_run_result_of(run)->builtin;
    const tm_plan *plan = tm_run_plan(run);
    if (!name) return;
    fprintf(stderr, "recipe: %s (", name);
    for (uint32_t s = 0; s < plan->steps; s++)
        fprintf(stderr, "%s%.*s", s ? ", " : "", TM_FMT(plan->step[s].name));
    fprintf(stderr, "); --print-recipe shows it\n");
}

static bool gives_once(const tm_source *s)
{
    return !tm_source_is_file(s);
}

static bool once_only(const tm_run *run)
{
    const tm_run_result *r = tm_run_result_of(run);
    for (uint32_t i = 0; i < r->sources; i++)
        if (gives_once(&r->source[i])) return true;
    return false;
}

/* Said before it starts, while there is time to put the input into a file. */
static void print_no_resume(const tm_run *run)
{
    const tm_run_result *r = tm_run_result_of(run);
    for (uint32_t i = 0; r->folder.n && i < r->sources; i++) {
        const tm_source *s = &r->source[i];
        if (!gives_once(s)) continue;
        tm_str name = tm_str_is(s->path, "-") ? TM_STR("standard input") : s->path;
        fprintf(stderr, "tamis: note: %.*s cannot be read again, so this run cannot be resumed\n",
                TM_FMT(name));
    }
}

static void print_not_kept(uint64_t parked)
{
    if (parked)
        fprintf(stderr,
                "tamis: note: %llu parked record%s not kept: -o DIR/ or --run DIR keeps %s for "
                "repair\n",
                (unsigned long long)parked, parked == 1 ? " was" : "s were",
                parked == 1 ? "it" : "them");
}

/* Where the result lies; what can be pasted is quoted for a shell. */
static tm_status say_where(tm_str folder, const tm_execution *e, tm_err *err)
{
    tm_buf out = {0}, page = {0};
    tm_str file = e->options.file;
    if (folder.n) {
        tm_buf_print(&page, "%.*s/report.html", TM_FMT(folder));
        tm_buf_z(&out, "result: ");
        tm_text_visible(folder, &out);
        tm_buf_z(&out, "   next: open ");
        tm_text_shell(tm_buf_view(&page), &out);
        tm_buf_z(&out, ", or tamis explain ");
        tm_text_shell(folder, &out);
        tm_buf_z(&out, " FILE:LINE\n");
    } else if (file.n && !tm_str_is(file, "-")) {
        tm_buf_z(&out, "result: ");
        tm_text_visible(file, &out);
        tm_buf_char(&out, '\n');
    }
    if (page.failed) out.failed = true;
    tm_status status = tm_buf_ok(&out, err);
    if (status == TM_OK) fwrite(out.p, 1, out.n, stderr);
    tm_buf_release(&page);
    tm_buf_release(&out);
    return status;
}

static tm_status print_result(tm_cli *cli, const tm_run *run, const tm_execution *e, tm_err *err)
{
    tm_buf out = {0};
    tm_status status = TM_OK;
    const tm_run_result *result = tm_run_result_of(run);
    if (cli->common.json) {
        tm_report_json(run, &out);
        status = tm_buf_ok(&out, err);
        if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    } else if (!cli->common.quiet) {
        tm_report_waterfall(run, &out);
        fwrite(out.p, 1, out.n, stderr);
    }
    tm_buf_clear(&out);
    tm_report_warnings(run, &out);
    if (out.n) fwrite(out.p, 1, out.n, stderr);
    tm_buf_release(&out);
    if (!result->folder.n) print_not_kept(result->counts.parked);
    if (cli->common.quiet || cli->common.json) return status;
    return status == TM_OK ? say_where(result->folder, e, err) : status;
}

/* ---- the run --------------------------------------------------------------------------------- */

/* The run is done and its folder is whole, whether or not its name can be kept. */
static void name_last(const tm_cli *cli, tm_str folder)
{
    tm_err why = {0};
    if (tm_folder_set_last(folder, &why) == TM_OK || cli->common.quiet) return;
    fprintf(stderr, "tamis: note: \"last\" does not name this run: %s\n", why.msg);
}

/* What to do when a run was interrupted depends on what it leaves, and on whether its input can be
 * read again. */
static void say_interrupted(tm_run *run, const tm_execution *e, tm_err *err)
{
    const tm_run_options *o = &e->options;
    tm_str again = TM_STR("run the same command again"), place = o->folder.n ? o->folder : o->file;
    if (!err || strcmp(err->msg, "interrupted") != 0) return;
    if (!run)
        snprintf(err->msg, sizeof err->msg, "interrupted before it began: %.*s", TM_FMT(again));
    else if (once_only(run))
        snprintf(err->msg, sizeof err->msg,
                 "interrupted: a pipe cannot be read again, so there is nothing to go on from; put "
                 "the input into a file, or %.*s from the beginning",
                 TM_FMT(again));
    else if (e->passing)
        snprintf(err->msg, sizeof err->msg, "interrupted: %s was not written; %.*s", o->writes[1],
                 TM_FMT(again));
    else if (o->folder.n && tm_run_keeps(run))
        snprintf(err->msg, sizeof err->msg,
                 "interrupted: %.*s to go on (%.*s keeps what is decided)", TM_FMT(again),
                 TM_FMT(place));
    else if (o->folder.n)
        snprintf(err->msg, sizeof err->msg,
                 "interrupted: nothing was decided yet, so there is nothing to go on from: %.*s",
                 TM_FMT(again));
    else if (place.n && !tm_str_is(place, "-"))
        snprintf(err->msg, sizeof err->msg,
                 "interrupted: %.*s was not written; %.*s, or give -o DIR/ and it can go on",
                 TM_FMT(place), TM_FMT(again));
    else
        snprintf(err->msg, sizeof err->msg, "interrupted: this is not the whole; %.*s",
                 TM_FMT(again));
}

/* A run folder was asked for beside the pipe and is not there: not what whoever reads it has had
 * enough of. */
static void say_closed(const tm_run *run, const tm_run_options *o, tm_err *err)
{
    tm_str folder = o->folder;
    if (!err || !folder.n || !tm_str_ends(tm_str_of(err->msg), TM_STR(TM_OUTPUT_CLOSED))) return;
    size_t said = strlen(err->msg), room = sizeof err->msg - said;
    if (once_only(run))
        snprintf(err->msg + said, room,
                 " before all was written, so %.*s was not made; the input cannot be read again: "
                 "give it anew, with a reader that takes all",
                 TM_FMT(folder));
    else
        snprintf(err->msg + said, room,
                 " before all was written, so %.*s is not finished: run the same command again, "
                 "with a reader that takes all, to go on (it keeps what is decided)",
                 TM_FMT(folder));
}

static tm_status finish(tm_cli *cli, tm_run *run, tm_execution *e, const teller *t, tm_err *err)
{
    const tm_run_result *result = tm_run_result_of(run);
    if (t->unreadable > SHOWN)
        fprintf(stderr, "... and %llu more unreadable records\n",
                (unsigned long long)(t->unreadable - SHOWN));
    if (result->folder.n) {
        TM_TRY(tm_report_write(result->folder, err));
        TM_TRY(tm_run_end(run, err));
        if (!e->passing) name_last(cli, result->folder);
    }
    if (e->after) TM_TRY(e->after(run, e->arg, err));
    if (!e->quiet_end) TM_TRY(print_result(cli, run, e, err));
    return tm_run_verdict(run, err);
}

static tm_status go(tm_cli *cli, tm_run *run, tm_execution *e, teller *t, tm_err *err)
{
    const tm_common *c = &cli->common;
    uint32_t told = c->quiet ? 0 : print_notes(run, 0);
    if (!c->quiet) print_kernel();
    if (c->dry_run || c->print_recipe) return print_plan(cli, run, err);
    if (!c->quiet) print_builtin(run), print_lint(tm_run_plan(run)), print_no_resume(run);
    interrupted = run;
    if (stopped()) tm_run_cancel(run); /* while it was opened */
    tm_ticker *ticker = cli->err_is_terminal && !c->quiet ? tm_ticker_start(run) : NULL;
    t->ticking = ticker != NULL;
    tm_status status = tm_run_go(run, err);
    tm_ticker_stop(ticker);
    interrupted = NULL;
    if (!c->quiet) print_notes(run, told);
    if (status == TM_ECANCELLED) {
        say_interrupted(run, e, err);
        say_closed(run, &e->options, err);
    }
    return status == TM_OK ? finish(cli, run, e, t, err) : status;
}

static bool wants_another(const tm_run *run, const tm_execution *e)
{
    const tm_run_result *r = tm_run_result_of(run);
    for (uint32_t i = 0; i < r->sources; i++)
        if (!r->source[i].seekable || r->source[i].open_as.n) return false;
    return e->reconsider && e->reconsider(run, e->recipe, e->arg);
}

tm_status tm_cli_execute(tm_cli *cli, tm_execution *e, tm_err *err)
{
    const tm_common *c = &cli->common;
    tm_run *run = NULL;
    TM_TRY(tm_cli_recipe(cli, e->recipe, err));
    if (!e->recipe->inputs)
        return tm_fail(err, TM_EUSAGE, "tamis %s needs an input: files, folders, globs or -",
                       cli->verb);
    tm_run_options *o = &e->options;
    teller t = {0};
    o->overwrite = c->overwrite;
    bool shown = c->dry_run || c->print_recipe;
    TM_TRY(shown ? foresee_format(cli, e, err) : choose_output(cli, e, err));
    if (o->folder.n && !e->passing && tm_file_exists(TM_LAST)) o->writes[0] = TM_LAST;
    if (c->json && tm_str_is(o->file, "-"))
        return tm_fail(err, TM_EUSAGE,
                       "--json and the data cannot both go to standard output: give -o");
    o->threads = (unsigned)c->threads;
    o->resume = c->resume;
    o->must_resume = c->resume && tm_cli_given(cli, "resume");
    if (o->must_resume && !shown && !o->folder.n)
        return tm_fail(err, TM_EUSAGE,
                       "--resume needs a run folder, which keeps what is decided: give -o DIR/");
    o->batch_records = (uint32_t)c->batch_records;
    if (!o->on_finding) o->on_unreadable = tell; /* else the verb tells of them in its own way */
    o->unreadable_arg = &t;
    TM_TRY(need_spill_dir(cli, e->recipe->limits.spill_dir, err));
    catch_signals();
    tm_status status = tm_run_open(&run, e->recipe, o, err);
    if (status == TM_OK && wants_another(run, e)) {
        tm_run_close(run);
        run = NULL;
        status = tm_run_open(&run, e->recipe, o, err);
    }
    if (status == TM_ECANCELLED) say_interrupted(NULL, e, err);
    if (status == TM_OK) status = go(cli, run, e, &t, err);
    if (run) tm_run_close(run);
    return status;
}
