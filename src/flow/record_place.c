/* The file is read once more up to the record: ledgers hold lines of the stream only. */
#include "flow/record_place.h"

#include <stdio.h>

#include "flow/started.h"
#include "io/stream.h"

bool tm_record_has_column(const tm_yaml *input)
{
    return tm_str_is(tm_yaml_text(input, "container"), tm_containers[TM_JSON].name);
}

static bool is_same(const tm_yaml *input, const tm_source *source, uint64_t size)
{
    uint64_t now;
    char text[17];
    const tm_yaml *ends = tm_yaml_get(input, "ends");
    if (source->container == TM_FOLDER) return true;
    if (source->bytes != size) return false;
    if (!ends) return true;
    if (tm_source_ends(source, &now, NULL) != TM_OK) return false;
    snprintf(text, sizeof text, "%016llx", (unsigned long long)now);
    return tm_str_is(ends->text, text);
}

bool tm_record_source(tm_arena *mem, tm_str started, const tm_yaml *input, tm_source *out)
{
    bool again;
    uint64_t size;
    tm_str now;
    const tm_yaml *path = tm_yaml_get(input, "path"), *was = tm_yaml_get(input, "bytes");
    const tm_yaml *container = tm_yaml_get(input, "container");
    if (!path || !was || !container || !tm_str_to_u64(was->text, &size)) return false;
    if (tm_str_is(container->text, tm_containers[TM_ARROW].name)) return false;
    if (tm_started_find(mem, started, path->text, &now, NULL) != TM_OK) return false;
    if (tm_source_again(mem, now, &again, NULL) != TM_OK || !again) return false;
    tm_source_wish wish = {tm_record_has_column(input) ? TM_JSON : -1, -1};
    if (tm_source_probe(mem, now, wish, out, NULL, NULL) != TM_OK) return false;
    return is_same(input, out, size);
}

/* Of a folder of texts a line is a file. */
static tm_status name_file(tm_arena *mem, const tm_source *source, uint64_t line, tm_str *out,
                           tm_err *err)
{
    tm_folder_stream *files;
    TM_TRY(tm_folder_open(&files, source->path.p, err));
    tm_str file = tm_folder_file(files, line - 1);
    const char *path = tm_path_join(mem, source->path.p, file.n ? file.p : "");
    tm_folder_close(files);
    if (!path) return tm_fail_memory(err, "a path", file.n);
    *out = tm_str_of(path);
    return TM_OK;
}

static tm_status look_up(tm_record_places *places, const tm_yaml *input, uint64_t offset,
                         tm_str *out, tm_err *err)
{
    tm_buf text = {0};
    tm_arena *mem = places->mem;
    tm_source source = {0};
    uint64_t line = 0, column = 0;
    tm_str name = tm_yaml_text(input, "path");
    bool found =
        tm_record_source(mem, places->started, input, &source) &&
        tm_source_place(&source, &(tm_read_limits){0}, offset, &line, &column, NULL) == TM_OK;
    if (found && source.container == TM_FOLDER) {
        TM_TRY(name_file(mem, &source, line, &name, err));
        line = 1;
    }
    tm_buf_str(&text, name);
    tm_buf_print(&text, "%c%llu", found ? ':' : '@', (unsigned long long)(found ? line : offset));
    if (found && column) tm_buf_print(&text, ":%llu", (unsigned long long)column);
    *out = text.failed ? (tm_str){0} : tm_arena_str(mem, tm_buf_view(&text));
    tm_buf_release(&text);
    return out->p ? TM_OK : tm_fail_memory(err, "a place", name.n);
}

static const tm_yaml *input_of(const tm_record_places *places, tm_rid rid)
{
    const tm_yaml *inputs = tm_yaml_get(places->manifest, "inputs");
    const tm_yaml *references = tm_yaml_get(places->manifest, "references");
    uint32_t before = inputs ? inputs->count : 0, source = TM_PLACE_SOURCE(rid.place);
    if (!source) return NULL;
    if (source <= before)
        return tm_record_has_column(&inputs->child[source - 1]) ? &inputs->child[source - 1] : NULL;
    bool there = references && source - before <= references->count;
    return there ? &references->child[source - before - 1] : NULL;
}

tm_status tm_record_place(tm_record_places *places, tm_rid rid, tm_str *out, tm_err *err)
{
    const tm_yaml *input = input_of(places, rid);
    size_t at = (size_t)(rid.place % TM_COUNT(places->known));
    *out = (tm_str){0};
    if (!input) return TM_OK;
    if (places->known[at].place != rid.place) {
        TM_TRY(look_up(places, input, TM_PLACE_OFFSET(rid.place), out, err));
        places->known[at].place = rid.place;
        places->known[at].text = *out;
    }
    *out = places->known[at].text;
    return TM_OK;
}
