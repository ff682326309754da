/* What may stand in a recipe besides its steps: tables of parameters for inputs, output and
 * limits.
 *
 * The command line's options of the same meaning, the JSON Schema and the reference pages read
 * these tables, so a default or a sentence stands here and nowhere else. `limits.unreadable` is
 * the one value with two forms, a count or a share; it is kept as written and resolved once. */
#include "plan/plan.h"

static const char *const utf8_choices[] = {"strict", "replace", NULL};
const char *const tm_format_choices[] = {"jsonl",     "jsonl.zst", "jsonl.gz", "json",
                                         "json.zst",  "json.gz",   "ndjson",   "ndjson.zst",
                                         "ndjson.gz", NULL};
static const char *const ledger_choices[] = {"none", "fates", "reasons", "signals", NULL};

const tm_param tm_input_params[] = {
    {"path", TM_P_TEXTS, offsetof(tm_input_args, path), .flags = TM_P_REQUIRED | TM_P_PATH,
     .help = "files, folders or patterns (* ? [..] **); - is standard input"},
    {"map", TM_P_PAIRS, offsetof(tm_input_args, map),
     .help = "where the parts of an example stand in a record of another form: name to path"},
    {"tags", TM_P_PAIRS, offsetof(tm_input_args, tags),
     .help = "constant fields that are set on each record of this input"},
    {"layout", TM_P_TEXT, offsetof(tm_input_args, layout),
     .help =
         "the layout all its records have, or several, as messages,alpaca; without it, they are "
         "found out from a sample"},
    {"container", TM_P_TEXT, offsetof(tm_input_args, container),
     .help = "the container, where the content does not say it"},
    {"codec", TM_P_TEXT, offsetof(tm_input_args, codec),
     .help = "the compression, where the content does not say it"},
    {"utf8", TM_P_CHOICE, offsetof(tm_input_args, utf8), .fallback = "strict",
     .choices = utf8_choices,
     .help =
         "what happens to bytes that are not UTF-8: strict makes the record unreadable, replace "
         "reads them as U+FFFD with a finding"},
    {0}};

const tm_param tm_output_params[] = {
    {"path", TM_P_TEXT, offsetof(tm_output, path), .flags = TM_P_PATH | TM_P_NO_IDENTITY,
     .help = "the run folder (a name that ends in / or has no ending) or the file to write"},
    {"format", TM_P_TEXT, offsetof(tm_output, format), .fallback = "jsonl.zst",
     .choices = tm_format_choices,
     .help = "container and compression of the data: jsonl, jsonl.zst, jsonl.gz, json, json.zst, "
             "json.gz"},
    {"ledger", TM_P_CHOICE, offsetof(tm_output, ledger), .fallback = "signals",
     .choices = ledger_choices,
     .help = "how much is kept of each record: nothing, its fate and why (fates), its findings too "
             "(reasons), its signals too (signals)"},
    {"shard", TM_P_SIZE, offsetof(tm_output, shard_bytes), .unit = "bytes",
     .help =
         "the most decoded bytes of one data file; a record that is longer has one to itself. 0 "
         "writes one file a route"},
    {"level", TM_P_INT, offsetof(tm_output, level), .min = 0, .max = 22,
     .help = "compression level; 0 is the format's own default"},
    {0}};

const tm_param tm_limit_params[] = {
    {"memory", TM_P_SIZE, offsetof(tm_limits, memory), .fallback = "1GiB", .unit = "bytes",
     .flags = TM_P_NO_IDENTITY, .help = "the most memory a run may take; what does not fit spills"},
    {"max_line", TM_P_SIZE, offsetof(tm_limits, max_line), .fallback = "64MiB", .min = 1,
     .max = 1e15, .unit = "bytes", .help = "a longer record is unreadable"},
    {"max_disk", TM_P_SIZE, offsetof(tm_limits, max_disk), .unit = "bytes",
     .flags = TM_P_NO_IDENTITY, .help = "the most disk that spilling may take; 0 sets no limit"},
    {"unreadable", TM_P_TEXT, offsetof(tm_limits, unreadable), .fallback = "5%",
     .flags = TM_P_NO_IDENTITY,
     .help = "more unreadable records than this, a count (100) or a share (0.1%), make the run end "
             "with exit status 1; judged at the end"},
    {"max_depth", TM_P_INT, offsetof(tm_limits, max_depth), .fallback = "1024", .min = 1,
     .max = 65000, .unit = "levels", .help = "a record nested deeper is unreadable"},
    {"max_parts", TM_P_INT, offsetof(tm_limits, max_parts), .fallback = "65536", .min = 1,
     .max = 16777216, .unit = "parts", .help = "a record of more parts is unreadable"},
    {"spill_dir", TM_P_TEXT, offsetof(tm_limits, spill_dir), .flags = TM_P_PATH | TM_P_NO_IDENTITY,
     .help = "folder for what does not fit into memory; without it, inside the run folder, else "
             "in TMPDIR or /tmp"},
    {0}};

tm_status tm_limits_resolve(tm_limits *limits, tm_err *err)
{
    tm_str text = tm_str_trim(limits->unreadable);
    uint64_t count;
    double percent;
    limits->unreadable_count = -1;
    limits->unreadable_share = 0;
    if (tm_str_ends(text, TM_STR("%")) &&
        tm_str_to_f64(tm_str_trim(tm_str_slice(text, 0, text.n - 1)), &percent) && percent >= 0 &&
        percent <= 100) {
        limits->unreadable_share = percent / 100;
        return TM_OK;
    }
    if (tm_str_to_u64(text, &count) && count <= INT64_MAX) {
        limits->unreadable_count = (int64_t)count;
        return TM_OK;
    }
    return tm_fail(err, TM_EUSAGE,
                   "unreadable takes a count of records (100) or a share in percent (0.1%%), not "
                   "\"%.*s\"",
                   TM_FMT(tm_str_slice(limits->unreadable, 0, 60)));
}
