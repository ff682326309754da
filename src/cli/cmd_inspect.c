/* inspect: a first look at data: what it is, how long, how often the same, and what is wrong.
 *
 * A run that writes nothing: check.record, length, three levels of duplicates and check.labels, all
 * flagging, over the input. What it counts is integers and smallest places, so the answer is the
 * same for any number of threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/system.h"
#include "cli/command.h"
#include "report/inspection.h"
#include "report/inspection_levels.h"
#include "report/report.h"
#include "text/shell.h"

typedef struct args {
    double near;
    uint64_t near_whole;
    int64_t near_sample;
} args;

typedef struct inspecting {
    tm_cli *cli;
    const args *args;
    tm_inspection *seen, *sampled;
    bool sample;       /* near duplicates are looked for in the first records alone */
    tm_str words, few; /* the inputs in commands: all; as shown */
} inspecting;

enum { NAMED_MOST = 8 }; /* inputs that a command on the screen names one by one */

static void put_option(const tm_cli *cli, const char *name, tm_str value, tm_buf *out)
{
    if (!tm_cli_given(cli, name)) return;
    tm_buf_print(out, " --%s ", name);
    tm_text_shell(value, out);
}

/* How the inputs are read, where the command line says so. */
static void put_options(const tm_cli *cli, tm_buf *out)
{
    const tm_common *c = &cli->common;
    put_option(cli, "layout", c->layout, out);
    put_option(cli, "container", c->container, out);
    put_option(cli, "codec", c->codec, out);
    if (c->utf8) put_option(cli, "utf8", TM_STR("replace"), out);
    for (uint32_t i = 0; i < c->map.count; i++) {
        tm_buf pair = {0};
        tm_buf_print(&pair, "%.*s=%.*s", TM_FMT(c->map.item[i].name), TM_FMT(c->map.item[i].value));
        put_option(cli, "map", tm_buf_view(&pair), out);
        if (pair.failed) out->failed = true;
        tm_buf_release(&pair);
    }
}

static tm_status name_inputs(inspecting *i, tm_err *err)
{
    tm_cli *cli = i->cli;
    tm_buf all = {0}, few = {0};
    for (uint32_t w = 0; w < cli->words; w++) {
        if (w) tm_buf_char(&all, ' ');
        tm_text_shell(cli->word[w], &all);
    }
    tm_buf_str(&few, cli->words > NAMED_MOST ? TM_STR("INPUTS") : tm_buf_view(&all));
    put_options(cli, &all);
    put_options(cli, &few);
    i->words = tm_arena_str(cli->mem, tm_buf_view(&all));
    i->few = cli->words > NAMED_MOST ? tm_arena_str(cli->mem, tm_buf_view(&few)) : i->words;
    bool kept = !all.failed && !few.failed && i->words.p && i->few.p;
    tm_buf_release(&all);
    tm_buf_release(&few);
    return kept ? TM_OK : tm_fail_memory(err, "inspect", 0);
}

static void put_near(const args *a, tm_buf *text)
{
    tm_buf_z(text, "  - dedup.near: {name: " TM_LEVEL_NEAR ", by: all, then: flag, threshold: ");
    tm_buf_f64(text, a->near);
    tm_buf_z(text, "}\n");
}

/* The step's own refusal would name a recipe that nobody wrote. */
static tm_status check_near(const args *a, tm_err *err)
{
    const tm_param *threshold =
        tm_params_find(tm_op_named(TM_STR("dedup.near"))->params, TM_STR("threshold"));
    if (a->near <= 0 || a->near >= threshold->min) return TM_OK;
    return tm_fail(err, TM_EUSAGE, "--near takes 0, or a number from %g to 1, not %g",
                   threshold->min, a->near);
}

static tm_status read_recipe(tm_cli *cli, tm_buf *text, tm_recipe *recipe, tm_err *err)
{
    tm_status status = tm_buf_ok(text, err);
    tm_str yaml = status == TM_OK ? tm_arena_str(cli->mem, tm_buf_view(text)) : (tm_str){0};
    if (status == TM_OK && !yaml.p) status = tm_fail_memory(err, "inspect", text->n);
    tm_buf_release(text);
    if (status == TM_OK) status = tm_recipe_read(recipe, cli->mem, TM_STR("inspect"), yaml, err);
    if (status == TM_OK) recipe->builtin = true;
    return status;
}

/* Each level looks at all records, so each counts what those above it do. */
static tm_status make_recipe(const inspecting *i, tm_recipe *recipe, tm_err *err)
{
    tm_buf text = {0};
    TM_TRY(check_near(i->args, err));
    tm_buf_z(&text, "steps:\n"
                    "  - check.record: {then: flag}\n"
                    "  - length\n"
                    "  - dedup.exact: {name: " TM_LEVEL_EQUAL ", by: all, then: flag}\n"
                    "  - dedup.exact: {name: " TM_LEVEL_FOLDED ", by: all, then: flag, "
                    "normalise: [unicode, zero_width, case, space]}\n");
    if (i->args->near > 0) put_near(i->args, &text);
    return read_recipe(i->cli, &text, recipe, err);
}

/* Of a large input the step for near duplicates, the last one, is left to a run of its own. */
static bool reconsider(const tm_run *run, tm_recipe *recipe, void *arg)
{
    inspecting *i = arg;
    uint64_t bytes = 0;
    const tm_plan *plan = tm_run_plan(run);
    for (uint32_t k = 0; k < plan->inputs; k++) bytes += plan->input[k].facts.bytes;
    if (!(i->args->near > 0) || bytes <= i->args->near_whole) return false;
    i->sample = true;
    recipe->steps--;
    return true;
}

static tm_status show(inspecting *i, const tm_inspected *inspected, tm_err *err)
{
    tm_buf out = {0};
    tm_status status = TM_OK;
    if (i->cli->common.json)
        tm_inspection_json(inspected, &out);
    else
        status = tm_inspection_text(inspected, &out, err);
    if (status == TM_OK) status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

/* The inputs once more, as far as the sample goes. */
static tm_status open_sample(inspecting *i, const tm_recipe *whole, tm_recipe *recipe, tm_run **run,
                             tm_err *err)
{
    tm_buf text = {0};
    tm_run_options options = {.threads = (unsigned)i->cli->common.threads,
                              .measure_only = true,
                              .clusters = true,
                              .on_batch = tm_inspection_batch,
                              .batch_arg = i->sampled};
    tm_buf_print(&text, "steps:\n  - head: {records: %lld}\n", (long long)i->args->near_sample);
    put_near(i->args, &text);
    TM_TRY(read_recipe(i->cli, &text, recipe, err));
    recipe->input = whole->input;
    recipe->inputs = whole->inputs;
    recipe->limits = whole->limits;
    recipe->seed = whole->seed;
    return tm_run_open(run, recipe, &options, err);
}

static tm_status after(tm_run *run, void *arg, tm_err *err)
{
    inspecting *i = arg;
    tm_recipe recipe;
    tm_run *of_sample = NULL;
    tm_inspected sample = {.seen = i->sampled};
    tm_inspected all = {.seen = i->seen, .run = run, .words = i->words, .few = i->few};
    if (!i->sample) return show(i, &all, err);
    tm_status status = open_sample(i, tm_run_plan(run)->recipe, &recipe, &of_sample, err);
    if (status == TM_OK) status = tm_run_go(of_sample, err);
    sample.run = of_sample;
    all.sample = &sample;
    if (status == TM_OK) status = show(i, &all, err);
    if (of_sample) tm_run_close(of_sample);
    return status;
}

static tm_status refuse_page_there(tm_cli *cli, tm_str page, tm_err *err)
{
    const char *path = tm_path_z(cli->mem, page);
    if (!path) return tm_fail_memory(err, "a path", page.n);
    if (!tm_file_exists(path) || cli->common.overwrite) return TM_OK;
    return tm_fail(err, TM_EEXISTS, "%s is there already: give --overwrite or another -o", path);
}

/* -o PAGE.html: the run folder stands beside it while it is made, under a name of its own. */
static tm_status folder_beside(tm_cli *cli, tm_str page, tm_str *folder, tm_err *err)
{
    const char *path = tm_path_z(cli->mem, page);
    if (!path) return tm_fail_memory(err, "a path", page.n);
    *folder = tm_str_of(
        tm_arena_printf(cli->mem, "%s.tmp-%llu", path, (unsigned long long)tm_process_id()));
    return folder->p ? TM_OK : tm_fail_memory(err, "a path", page.n);
}

static tm_status take_page(tm_cli *cli, tm_str folder, tm_str page, tm_err *err)
{
    tm_buf html = {0};
    const char *from = tm_path_join(cli->mem, folder.p, "report.html");
    const char *to = tm_path_z(cli->mem, page);
    if (!from || !to) return tm_fail_memory(err, "a path", page.n);
    tm_status status = tm_file_load(from, UINT32_MAX, &html, err);
    if (status == TM_OK) status = tm_file_save(to, tm_buf_view(&html), true, err);
    tm_buf_release(&html);
    return status;
}

/* Another file's name would become a folder's. */
static tm_status refuse_other_files(tm_cli *cli, tm_str output, bool page, tm_err *err)
{
    tm_file_info info;
    const char *path = tm_path_z(cli->mem, output);
    size_t slash = tm_str_rfind_char(output, '/');
    tm_str name = tm_str_slice(output, slash < output.n ? slash + 1 : 0, output.n);
    if (page || tm_str_find_char(name, '.') == name.n) return TM_OK;
    if (path && tm_fs_now.info(path, &info) == 0 && info.is_folder) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "inspect writes a page (-o NAME.html) or a run folder (-o NAME/), not %.*s",
                   TM_FMT(output));
}

/* Without a run folder to keep, that of the page goes when it is done. */
static tm_status end_folder(tm_str folder, tm_status status, tm_err *err)
{
    tm_err why = {0};
    tm_status removed = tm_folder_remove(folder.p, &why);
    if (removed == TM_OK || tm_status_exit(status) == 5 || !tm_file_exists(folder.p)) return status;
    if (err) *err = why; /* a folder of raw text that stays is not to be passed over */
    return removed;
}

/* A run whose input went away has none. */
static tm_status report_there(tm_cli *cli, const char *folder, bool *there, tm_err *err)
{
    const char *report = tm_path_join(cli->mem, folder, "report.html");
    if (!report) return tm_fail_memory(err, "a path", strlen(folder));
    return tm_file_there(report, there, err);
}

static tm_status make_page(tm_cli *cli, tm_execution *e, tm_str page, tm_err *err)
{
    bool passing = !cli->common.run.n;
    TM_TRY(refuse_page_there(cli, page, err));
    if (passing) TM_TRY(folder_beside(cli, page, &cli->common.run, err));
    e->passing = passing;
    e->options.writes[1] = tm_path_z(cli->mem, page);
    if (!e->options.writes[1]) return tm_fail_memory(err, "a path", page.n);
    tm_status status = tm_cli_execute(cli, e, err);
    bool done = status == TM_OK || status == TM_EFINDINGS || status == TM_EINPUT;
    const char *folder = tm_path_z(cli->mem, cli->common.run);
    if (!folder) return tm_fail_memory(err, "a path", cli->common.run.n);
    if (done) {
        tm_err why = {0};
        bool there;
        tm_status taken = report_there(cli, folder, &there, &why);
        if (taken == TM_OK && there) taken = take_page(cli, tm_str_of(folder), page, &why);
        if (taken != TM_OK && err) *err = why; /* a page that is missing outweighs a finding */
        if (taken != TM_OK) status = taken;
    }
    return passing ? end_folder(tm_str_of(folder), status, err) : status;
}

/* -o DIR/: a run folder with report.html, without data. */
static tm_status execute(tm_cli *cli, tm_execution *e, tm_err *err)
{
    tm_str output = cli->common.output;
    bool page = tm_str_ends(output, TM_STR(".html"));
    TM_TRY(refuse_other_files(cli, output, page, err));
    if (output.n && !page && cli->common.run.n)
        return tm_fail(err, TM_EUSAGE, "give one run folder: -o %.*s or --run %.*s", TM_FMT(output),
                       TM_FMT(cli->common.run));
    cli->common.output = (tm_str){0};
    if (page) return make_page(cli, e, output, err);
    if (output.n) cli->common.run = output;
    return tm_cli_execute(cli, e, err);
}

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_recipe recipe;
    inspecting i = {
        .cli = cli, .args = cli->args, .seen = tm_inspection_new(), .sampled = tm_inspection_new()};
    tm_execution e = {.recipe = &recipe,
                      .options.measure_only = true,
                      .options.clusters = true,
                      .options.on_batch = tm_inspection_batch,
                      .options.batch_arg = i.seen,
                      .options.on_finding = tm_inspection_finding,
                      .options.finding_arg = i.seen,
                      .options.also = tm_op_named(TM_STR("check.labels")),
                      .options.also_kinds = 1u << TM_UNPAIRED,
                      .quiet_end = true,
                      .reconsider = reconsider,
                      .after = after,
                      .arg = &i};
    bool memory = i.seen && i.sampled;
    tm_status status = memory ? make_recipe(&i, &recipe, err) : tm_fail_memory(err, "inspect", 0);
    if (status == TM_OK) status = name_inputs(&i, err);
    if (status == TM_OK) status = execute(cli, &e, err);
    tm_inspection_free(i.seen);
    tm_inspection_free(i.sampled);
    return status;
}

static const tm_param PARAMS[] = {
    {
        .name = "near",
        .type = TM_P_SHARE,
        .at = offsetof(args, near),
        .fallback = "0.8",
        .min = 0,
        .max = 1,
        .help = "least similarity of near duplicates; 0: they are not looked for",
    },
    {
        .name = "near_whole",
        .type = TM_P_SIZE,
        .at = offsetof(args, near_whole),
        .fallback = "2GiB",
        .help = "they are looked for in the whole of inputs up to this size, of larger ones in the "
                "first records",
    },
    {
        .name = "near_sample",
        .type = TM_P_INT,
        .at = offsetof(args, near_sample),
        .fallback = "200000",
        .unit = "records",
        .min = 1,
        .max = 1e12,
        .help = "how many first records those are",
    },
    {0},
};

const tm_command tm_command_inspect = {
    .name = "inspect",
    .words = "INPUT...",
    .summary = "look at data: container, layout, roles, lengths, duplicates, the worst findings",
    .why =
        "The first thing to do with a new file. Says what it is and what was the runner-up, how "
        "many records can be read and where the first is that cannot, who speaks how often and "
        "how long, how much is there twice or nearly so, with the biggest clusters and the sources "
        "that share them, and the five commonest findings, each with a place "
        "and the command that mends it. -o report.html writes that page, -o DIR/ keeps a "
        "run folder with it.",
    .example = "tamis inspect train.jsonl",
    .params = PARAMS,
    .args_bytes = sizeof(args),
    .runs = true,
    .run = run,
};
