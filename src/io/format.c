/* Names of output formats: a container, and perhaps a codec behind it: "jsonl", "json.gz". */
#include "io/sink.h"

typedef struct named { /* in the order of suggestions */
    const char *name;
    tm_format format;
} named;

static const named formats[] = {
    {"jsonl", {TM_JSONL, TM_PLAIN}},    {"jsonl.zst", {TM_JSONL, TM_ZSTD}},
    {"jsonl.gz", {TM_JSONL, TM_GZIP}},  {"json", {TM_JSON, TM_PLAIN}},
    {"json.zst", {TM_JSON, TM_ZSTD}},   {"json.gz", {TM_JSON, TM_GZIP}},
    {"ndjson", {TM_JSONL, TM_PLAIN}},   {"ndjson.zst", {TM_JSONL, TM_ZSTD}},
    {"ndjson.gz", {TM_JSONL, TM_GZIP}},
};

const char *tm_format_name(tm_format f)
{
    for (size_t i = 0; i < TM_COUNT(formats); i++)
        if (formats[i].format.container == f.container && formats[i].format.codec == f.codec)
            return formats[i].name;
    return tm_containers[f.container].name;
}

tm_status tm_format_parse(tm_str text, tm_format *out, tm_err *err)
{
    const char *names[TM_COUNT(formats)];
    for (size_t i = 0; i < TM_COUNT(formats); i++) {
        names[i] = formats[i].name;
        if (!tm_str_is(text, formats[i].name)) continue;
        *out = formats[i].format;
        return TM_OK;
    }
    const char *near = tm_str_suggest(text, names, TM_COUNT(names));
    for (int c = 0; c < TM_CONTAINER_COUNT; c++)
        if (tm_str_starts(text, tm_str_of(tm_containers[c].name)) && !tm_containers[c].writes)
            return tm_fail(
                err, TM_EUNSUPPORTED,
                "%s is not written by this version: use jsonl, jsonl.zst, jsonl.gz, json, "
                "json.zst or json.gz",
                tm_containers[c].name);
    if (near)
        return tm_fail(err, TM_EUSAGE, "there is no format \"%.*s\"; did you mean %s?",
                       TM_FMT(text), near);
    return tm_fail(err, TM_EUSAGE,
                   "there is no format \"%.*s\": use jsonl, jsonl.zst, jsonl.gz, json, json.zst or "
                   "json.gz",
                   TM_FMT(text));
}

tm_format tm_format_of_name(tm_str path)
{
    tm_format best = {TM_JSONL, TM_PLAIN};
    size_t longest = 0;
    for (size_t i = 0; i < TM_COUNT(formats); i++) {
        size_t n = strlen(formats[i].name);
        if (n <= longest || path.n <= n || path.p[path.n - n - 1] != '.') continue;
        if (!tm_str_ends(path, tm_str_of(formats[i].name))) continue;
        best = formats[i].format;
        longest = n;
    }
    if (longest) return best;
    if (tm_str_ends(path, TM_STR(".zst"))) best.codec = TM_ZSTD;
    if (tm_str_ends(path, TM_STR(".gz"))) best.codec = TM_GZIP;
    return best;
}
