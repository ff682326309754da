/* The file is read once more up to the record: ledgers hold lines of the stream only. */
#include "flow/reference_place.h"

#include <stdio.h>

#include "flow/started.h"
#include "io/stream.h"

/* Still the file that was compared with, as far as its size and its ends tell. */
static bool is_same(const tm_yaml *reference, const tm_source *source, uint64_t size)
{
    uint64_t now;
    char text[17];
    const tm_yaml *ends = tm_yaml_get(reference, "ends");
    if (source->container == TM_FOLDER) return true;
    if (source->bytes != size) return false;
    if (!ends) return true;
    if (tm_source_ends(source, &now, NULL) != TM_OK) return false;
    snprintf(text, sizeof text, "%016llx", (unsigned long long)now);
    return tm_str_is(ends->text, text);
}

static bool find_line(tm_reference_places *places, const tm_yaml *reference, uint64_t offset,
                      tm_source *source, uint64_t *line)
{
    bool again;
    uint64_t size;
    tm_arena *mem = places->mem;
    tm_str now;
    const tm_yaml *path = tm_yaml_get(reference, "path"), *was = tm_yaml_get(reference, "bytes");
    const tm_yaml *container = tm_yaml_get(reference, "container");
    if (!path || !was || !container || !tm_str_to_u64(was->text, &size)) return false;
    if (tm_str_is(container->text, tm_containers[TM_ARROW].name)) return false;
    if (tm_started_find(mem, places->started, path->text, &now, NULL) != TM_OK) return false;
    if (tm_source_again(mem, now, &again, NULL) != TM_OK || !again) return false;
    if (tm_source_probe(mem, now, (tm_source_wish){-1, -1}, source, NULL, NULL) != TM_OK)
        return false;
    if (!is_same(reference, source, size)) return false;
    return tm_source_line_of(source, &(tm_read_limits){0}, offset, line, NULL) == TM_OK;
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

static tm_status look_up(tm_reference_places *places, const tm_yaml *reference, uint64_t offset,
                         tm_str *out, tm_err *err)
{
    tm_arena *mem = places->mem;
    tm_source source = {0};
    uint64_t line = 0;
    const tm_yaml *path = tm_yaml_get(reference, "path");
    tm_str name = path ? path->text : (tm_str){0};
    bool found = find_line(places, reference, offset, &source, &line);
    if (found && source.container == TM_FOLDER) {
        TM_TRY(name_file(mem, &source, line, &name, err));
        line = 1;
    }
    *out = tm_str_of(tm_arena_printf(mem, "%.*s%c%llu", TM_FMT(name), found ? ':' : '@',
                                     (unsigned long long)(found ? line : offset)));
    return out->p ? TM_OK : tm_fail_memory(err, "a place", name.n);
}

tm_status tm_reference_place(tm_reference_places *places, tm_rid rid, tm_str *out, tm_err *err)
{
    const tm_yaml *inputs = tm_yaml_get(places->manifest, "inputs");
    const tm_yaml *list = tm_yaml_get(places->manifest, "references");
    uint32_t before = inputs ? inputs->count : 0, source = TM_PLACE_SOURCE(rid.place);
    size_t at = (size_t)(rid.place % TM_COUNT(places->known));
    *out = (tm_str){0};
    if (!list || source <= before || source - before > list->count) return TM_OK;
    if (places->known[at].place != rid.place) {
        const tm_yaml *reference = &list->child[source - before - 1];
        TM_TRY(look_up(places, reference, TM_PLACE_OFFSET(rid.place), out, err));
        places->known[at].place = rid.place;
        places->known[at].text = *out;
    }
    *out = places->known[at].text;
    return TM_OK;
}
