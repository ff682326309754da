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

/* Whether the name ends in one of the extensions ".a .b"; how long that is. */
static size_t ends_in(tm_str name, const char *extensions)
{
    tm_str one, rest = tm_str_of(extensions);
    while (rest.n) {
        tm_str_cut(rest, ' ', &one, &rest);
        if (one.n && name.n > one.n && tm_str_ends(name, one)) return one.n;
    }
    return 0;
}

int tm_container_named(tm_str path, tm_codec_id *codec)
{
    size_t n, slash = tm_str_rfind_char(path, '/');
    tm_str name = slash < path.n ? tm_str_slice(path, slash + 1, path.n) : path;
    *codec = TM_PLAIN;
    for (int c = TM_PLAIN + 1; c < TM_CODEC_COUNT && *codec == TM_PLAIN; c++) {
        if (!(n = ends_in(name, tm_codecs[c].extensions))) continue;
        *codec = (tm_codec_id)c;
        name.n -= n;
    }
    for (int c = 0; c < TM_CONTAINER_COUNT; c++) /* a folder's ends are those of the files in it */
        if (c != TM_FOLDER && ends_in(name, tm_containers[c].extensions)) return c;
    return tm_str_find_char(name, '.') == name.n ? TM_NO_END : TM_OTHER_END;
}

tm_status tm_format_of_name(tm_str path, tm_format *out, tm_err *err)
{
    *out = (tm_format){TM_JSONL, TM_PLAIN};
    int said = tm_container_named(path, &out->codec);
    bool known = said != TM_OTHER_END;
    if (said >= 0) out->container = (tm_container_id)said;
    if (!known)
        return tm_fail(err, TM_EUSAGE,
                       "the name %.*s does not say a format: give it an end such as .jsonl, or say "
                       "--format jsonl (a folder's name ends in /)",
                       TM_FMT(path));
    const char *refused = !tm_containers[out->container].writes ? tm_containers[out->container].name
                          : !tm_codecs[out->codec].writes       ? tm_codecs[out->codec].name
                                                                : NULL;
    if (!refused) return TM_OK;
    return tm_fail(err, TM_EUNSUPPORTED,
                   "%.*s: %s is not written by this version: name it .jsonl, .jsonl.zst, "
                   ".jsonl.gz, .json, .json.zst or .json.gz, or say --format",
                   TM_FMT(path), refused);
}
