/* check: the findings of check.record, and of check.labels where there are labels, one a line, and
 * an exit code. Writes no data. A finding's value is the number of records that it speaks of. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "text/visible.h"

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_GITHUB };

typedef struct args {
    uint8_t format, profile;
    int64_t most;
} args;

typedef struct printer {
    const args *args;
    tm_buf out;
    uint64_t faults, remarks, shown;
    tm_status status; /* of printing; nothing is printed once it failed */
    tm_err err;
} printer;

static const char *level(const tm_finding_view *f)
{
    return f->verdict == TM_V_FLAG || f->verdict == TM_V_FIX ? "warning" : "error";
}

static void print_text(printer *p, const tm_finding_view *f)
{
    tm_text_visible(f->source, &p->out);
    tm_buf_print(&p->out, ":%llu:%llu: %s: ", (unsigned long long)f->line,
                 (unsigned long long)f->column, level(f));
    tm_text_visible(f->path, &p->out);
    tm_buf_print(&p->out, "%s%.*s (%s", f->path.n ? ": " : "", TM_FMT(f->sentence), f->code);
    if (f->value == f->value) tm_buf_print(&p->out, ", %.0f records", f->value);
    tm_buf_z(&p->out, ")\n");
}

/* Controls, `special`, and what is not ASCII if it must be, as %XX. */
static void put_percent(tm_buf *b, tm_str s, const char *special, bool ascii)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || strchr(special, c) || (ascii && c >= 0x7f))
            tm_buf_print(b, "%%%02X", c);
        else
            tm_buf_char(b, (char)c);
    }
}

/* A value of a workflow command: a line break would begin another one, a comma or a colon ends the
 * value. */
static void print_github(printer *p, const tm_finding_view *f)
{
    tm_buf_print(&p->out, "::%s file=", level(f));
    put_percent(&p->out, f->source, "%,:", false);
    tm_buf_print(&p->out, ",line=%llu,col=%llu,title=%s::%.*s\n", (unsigned long long)f->line,
                 (unsigned long long)f->column, f->code, TM_FMT(f->sentence));
}

static void put(tm_buf *b, const char *name, tm_str value)
{
    tm_buf_print(b, "\"%s\":", name);
    tm_buf_json(b, value);
}

static void print_json(printer *p, const tm_finding_view *f)
{
    tm_buf *b = &p->out;
    tm_buf_z(b, p->shown ? ",\n{" : "\n{");
    put(b, "file", f->source);
    tm_buf_print(b,
                 ",\"line\":%llu,\"column\":%llu,\"offset\":%llu,\"code\":\"%s\",\"name\":\"%s\",",
                 (unsigned long long)f->line, (unsigned long long)f->column,
                 (unsigned long long)f->offset, f->code, f->name);
    tm_buf_print(b, "\"level\":\"%s\",", level(f));
    put(b, "path", f->path);
    tm_buf_char(b, ',');
    put(b, "message", f->sentence);
    if (f->value == f->value) tm_buf_print(b, ",\"value\":%.0f", f->value);
    tm_buf_char(b, '}');
}

static void print_sarif(printer *p, const tm_finding_view *f)
{
    tm_buf *b = &p->out;
    tm_buf_print(b, "%s{\"ruleId\":\"%s\",\"level\":\"%s\",\"message\":{", p->shown ? ",\n" : "\n",
                 f->code, level(f));
    put(b, "text", f->sentence);
    tm_buf_z(b, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{");
    tm_buf_z(b, "\"uri\":\"");
    /* a path as a URI reference (RFC 3986, 3.3): what is in no segment, and a colon */
    put_percent(b, f->source, " \"#%:<>?[\\]^`{|}", true);
    tm_buf_print(b, "\"},\"region\":{\"startLine\":%llu,\"startColumn\":%llu}}}]}",
                 (unsigned long long)f->line, (unsigned long long)TM_MAX(f->column, 1));
}

static void flush(printer *p)
{
    if (p->status == TM_OK) p->status = tm_buf_ok(&p->out, &p->err);
    if (p->status == TM_OK) p->status = tm_cli_print(tm_buf_view(&p->out), &p->err);
    tm_buf_clear(&p->out);
}

static void on_finding(void *arg, const tm_finding_view *f)
{
    static void (*const PRINT[])(printer *, const tm_finding_view *) = {
        [FORMAT_TEXT] = print_text,
        [FORMAT_JSON] = print_json,
        [FORMAT_SARIF] = print_sarif,
        [FORMAT_GITHUB] = print_github,
    };
    printer *p = arg;
    bool fault = level(f)[0] == 'e';
    if (fault)
        p->faults++;
    else
        p->remarks++;
    if (p->args->most && p->shown >= (uint64_t)p->args->most) return;
    PRINT[p->args->format](p, f);
    p->shown++;
    if (p->out.n > 1 << 16) flush(p);
}

static const char *const OPENINGS[] = {
    [FORMAT_TEXT] = "",
    [FORMAT_JSON] = "{\"findings\":[",
    [FORMAT_SARIF] =
        "{\"version\":\"2.1.0\",\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
        "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"tamis\",\"version\":\"" TM_VERSION
        "\"}},\"results\":[",
    [FORMAT_GITHUB] = "",
};

static const char *plural(unsigned long long n)
{
    return n == 1 ? "" : "s";
}

static void close_list(printer *p, const tm_run_result *result)
{
    unsigned long long read = result->counts.read;
    unsigned long long faults = p->faults, remarks = p->remarks;
    if (p->args->format == FORMAT_SARIF) tm_buf_z(&p->out, "\n]}]}\n");
    if (p->args->format == FORMAT_JSON)
        tm_buf_print(&p->out, "\n],\"records\":%llu,\"errors\":%llu,\"warnings\":%llu}\n", read,
                     faults, remarks);
    flush(p);
    if (p->args->format == FORMAT_TEXT)
        fprintf(stderr, "%llu record%s: %llu error%s, %llu warning%s\n", read, plural(read), faults,
                plural(faults), remarks, plural(remarks));
}

static tm_status after(tm_run *run, void *arg, tm_err *err)
{
    printer *p = arg;
    close_list(p, tm_run_result_of(run));
    bool enough = p->status == TM_ECANCELLED; /* the reader of the list has gone */
    if (p->status != TM_OK && !(enough && p->faults)) {
        *err = p->err;
        return p->status;
    }
    if (!p->faults) return TM_OK;
    if (p->faults == 1) return tm_fail(err, TM_EFINDINGS, "one finding is an error");
    return tm_fail(err, TM_EFINDINGS, "%llu findings are errors", (unsigned long long)p->faults);
}

static tm_status run(tm_cli *cli, tm_err *err)
{
    static const char *const PROFILE[] = {"strict", "tools", "free"};
    args *a = cli->args;
    tm_recipe recipe;
    printer p = {.args = a};
    tm_pair options[] = {{.name = TM_STR("then"), .value = TM_STR("park")},
                         {.name = TM_STR("profile"), .value = tm_str_of(PROFILE[a->profile])}};
    TM_TRY(tm_recipe_verb(&recipe, cli->mem, tm_op_named(TM_STR("check.record")), options, 2, err));
    if (cli->common.json) a->format = FORMAT_JSON;
    cli->common.json = false;
    tm_buf_z(&p.out, OPENINGS[a->format]);
    tm_execution e = {.recipe = &recipe,
                      .options.also = tm_op_named(TM_STR("check.labels")),
                      .options.also_kinds = 1u << TM_UNPAIRED,
                      .options.measure_only = true,
                      .options.on_finding = on_finding,
                      .options.finding_arg = &p,
                      .quiet_end = true,
                      .after = after,
                      .arg = &p};
    tm_status status = tm_cli_execute(cli, &e, err);
    tm_buf_release(&p.out);
    return status;
}

static const char *const FORMATS[] = {"text", "json", "sarif", "github", NULL};
static const char *const PROFILES[] = {"strict", "tools", "free", NULL};

static const tm_param PARAMS[] = {
    {
        .name = "format",
        .type = TM_P_CHOICE,
        .at = offsetof(args, format),
        .fallback = "text",
        .choices = FORMATS,
        .help = "text (file:line:column), json, sarif, or github annotations",
    },
    {
        .name = "profile",
        .type = TM_P_CHOICE,
        .at = offsetof(args, profile),
        .fallback = "tools",
        .choices = PROFILES,
        .help = "the order of roles asked for; see check.record",
    },
    {
        .name = "most",
        .type = TM_P_INT,
        .at = offsetof(args, most),
        .fallback = "0",
        .min = 0,
        .max = 1e12,
        .help = "print at most so many findings; all are counted; 0 = no limit",
    },
    {0},
};

/* It writes no data. */
static const char *const WITHOUT[] = {"output", "shard", "level", NULL};

const tm_command tm_command_check = {
    .name = "check",
    .words = "INPUT...",
    .summary =
        "list what is wrong with the records, with file, line and column; exit 1 if anything",
    .why = "For CI and editors: the findings of check.record (and, of labelled answers, those of "
           "check.labels) and every unreadable record, one a line, on standard output. Writes no "
           "data; --run DIR keeps a run folder. Warnings do "
           "not change the exit code.",
    .example = "tamis check train.jsonl --format github",
    .params = PARAMS,
    .args_bytes = sizeof(args),
    .runs = true,
    .without = WITHOUT,
    .run = run,
};
