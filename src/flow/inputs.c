/* From what the recipe says to sources with layouts: patterns are expanded, files probed by
 * content, the first block of each (of at most SAMPLED of an input) is scanned, and the layouts
 * found there are fixed for the whole run.
 *
 * What a folder stands for is told in input_folder.c. A run folder stands for the data of that run,
 * and `last` for the last run's, unless a file has that name.
 *
 * Standard input and pipes give their bytes once. Where they must be read more than once, to look
 * for layouts or in a second pass, they are copied into the spill folder first. Tables of the
 * calling program are read where they lie, as often as need be. A path that is the name of one
 * means it, whatever files there are. */
#include <stdio.h>

#include "base/vec.h"
#include "flow/engine.h"
#include "flow/runfolder.h"
#include "op/scalar.h"
#include "text/utf8.h"

enum { SAMPLED = 16, SAMPLE_RECORDS = 2000, SAMPLE_BLOCKS = 64 };

/* "jsonl" or "zstd" as the index of a row in its table; empty = by content. */
static tm_status wish_of(tm_str name, const char *what, const char *const *names, size_t count,
                         int *out, tm_err *err)
{
    *out = -1;
    if (!name.n) return TM_OK;
    for (size_t i = 0; i < count; i++)
        if (tm_str_is(name, names[i])) *out = (int)i;
    if (*out >= 0) return TM_OK;
    const char *near = tm_str_suggest(name, names, count);
    return tm_fail(err, TM_EUSAGE, "there is no %s \"%.*s\"%s%s", what, TM_FMT(name),
                   near ? "; did you mean " : "", near ? near : "");
}

static tm_status parse_wish(const tm_recipe_input *input, tm_source_wish *wish, tm_err *err)
{
    const char *containers[TM_CONTAINER_COUNT], *codecs[TM_CODEC_COUNT];
    for (size_t i = 0; i < TM_CONTAINER_COUNT; i++) containers[i] = tm_containers[i].name;
    for (size_t i = 0; i < TM_CODEC_COUNT; i++) codecs[i] = tm_codecs[i].name;
    TM_TRY(wish_of(input->container, "container", containers, TM_CONTAINER_COUNT, &wish->container,
                   err));
    return wish_of(input->codec, "codec", codecs, TM_CODEC_COUNT, &wish->codec, err);
}

tm_status tm_inputs_keep(tm_run *run, tm_source source, tm_err *err)
{
    if (!TM_ROOM(&run->mem, run->source, run->every_source, run->source_room, 1))
        return tm_fail_memory(err, "the list of sources", sizeof source);
    source.number = run->every_source + 1;
    run->source[run->every_source++] = source;
    return TM_OK;
}

/* What gives its bytes once gives each reader a share of them, and neither the whole. */
static tm_status refuse_twice(const tm_run *run, const tm_source *source, tm_err *err)
{
    for (uint32_t i = 0; !source->seekable && i < run->every_source; i++) {
        const tm_source *other = &run->source[i];
        bool same =
            source->inode ? other->inode == source->inode : tm_str_eq(other->path, source->path);
        if (other->seekable || !same) continue;
        if (tm_str_is(source->path, "-"))
            return tm_fail(err, TM_EUSAGE,
                           "- stands for standard input twice, and it gives its bytes once: put "
                           "them into a file, and name that");
        return tm_fail(err, TM_EUSAGE,
                       "%.*s is named twice, and a pipe gives its bytes once: put them into a "
                       "file, and name that",
                       TM_FMT(source->path));
    }
    return TM_OK;
}

static tm_status add_source(tm_run *run, const tm_recipe_input *input, tm_str path, tm_err *err)
{
    tm_source source = {0};
    tm_source_wish wish = {-1, -1};
    TM_TRY(parse_wish(input, &wish, err));
    bool is_stdin = tm_str_is(path, "-");
    TM_TRY(refuse_twice(run, &(tm_source){.path = path}, err)); /* before it is waited for */
    TM_TRY(tm_source_probe(&run->mem, path, wish, &source, is_stdin ? &run->head : NULL, err));
    tm_status once = refuse_twice(run, &source, err);
    if (once != TM_OK) {
        if (source.held) tm_fs_now.close(source.held);
        return once;
    }
    return tm_inputs_keep(run, source, err);
}

static const tm_table *table_named(const tm_run *run, tm_str name)
{
    for (uint32_t i = 0; i < run->options.tables; i++)
        if (tm_str_eq(run->options.table[i]->name, name)) return run->options.table[i];
    return NULL;
}

static tm_status add_table(tm_run *run, const tm_recipe_input *input, const tm_table *table,
                           tm_err *err)
{
    bool other = input->container.n && !tm_str_is(input->container, tm_containers[TM_ARROW].name);
    if (other || input->codec.n)
        return tm_fail(err, TM_EUSAGE, "%.*s is a table: container and codec are for files",
                       TM_FMT(table->name));
    return tm_inputs_keep(run, tm_source_of_table(table), err);
}

static tm_status add_path(tm_run *run, const tm_recipe_input *input, tm_str path, tm_err *err)
{
    tm_file_info info;
    const char *z = tm_path_z(&run->mem, path);
    if (!z) return tm_fail_memory(err, "a path", path.n);
    if (tm_str_is(path, "-")) return add_source(run, input, path, err);
    TM_TRY(tm_file_info_of(z, &info, err));
    if (!info.is_folder) return add_source(run, input, path, err);
    tm_source_wish wish = {-1, -1};
    TM_TRY(parse_wish(input, &wish, err));
    return tm_inputs_folder(run, wish, z, err);
}

/* The last run's folder, where `last` is no file. */
static tm_status resolve_last(tm_run *run, tm_str *path, tm_err *err)
{
    bool there;
    if (!tm_str_is(*path, "last")) return TM_OK;
    TM_TRY(tm_file_there("last", &there, err));
    return there ? TM_OK : tm_folder_resolve(&run->mem, *path, path, err);
}

static tm_status add_patterns(tm_run *run, const tm_recipe_input *input, tm_err *err)
{
    for (uint32_t i = 0; i < input->paths; i++) {
        tm_str *paths;
        uint32_t count;
        const tm_table *table = table_named(run, input->path[i]);
        if (table) {
            TM_TRY(add_table(run, input, table, err));
            continue;
        }
        if (tm_str_is(input->path[i], "-")) {
            TM_TRY(add_source(run, input, input->path[i], err));
            continue;
        }
        tm_str given = input->path[i];
        TM_TRY(resolve_last(run, &given, err));
        const char *pattern = tm_path_z(&run->mem, given);
        if (!pattern) return tm_fail_memory(err, "a path", input->path[i].n);
        TM_TRY(tm_glob(&run->mem, pattern, &paths, &count, err));
        for (uint32_t k = 0; k < count; k++) TM_TRY(add_path(run, input, paths[k], err));
    }
    return TM_OK;
}

/* ---- layouts --------------------------------------------------------------------------------- */

typedef struct sample {
    tm_layout_votes votes;
    tm_json json;
    tm_buf repaired; /* a record with U+FFFD for what is not UTF-8 */
    uint64_t records, bytes;
    uint64_t coded, decoded; /* bytes of compressed files that were read, and what they gave */
    bool replace_utf8, all;  /* all: the whole source was seen */
} sample;

static void vote(sample *s, tm_str raw)
{
    s->records++;
    s->bytes += raw.n + 1;
    bool well = tm_json_scan(&s->json, raw.p, raw.n, 0, (tm_json_limits){0});
    if (!well && s->json.trouble == TM_JSON_UTF8 && s->replace_utf8) {
        tm_buf_clear(&s->repaired);
        tm_utf8_repair(raw, &s->repaired);
        raw = tm_buf_view(&s->repaired);
        well = !s->repaired.failed && tm_json_scan(&s->json, raw.p, raw.n, 0, (tm_json_limits){0});
    }
    if (!well) return;
    tm_layout_vote(&s->votes, &(tm_doc){.raw = raw, .node = s->json.node, .top = 0});
}

/* Lines of standard input as far as the probe has seen them; its last one may be cut and is not
 * looked at. */
static void sample_head(tm_str head, sample *s)
{
    tm_str line;
    for (uint32_t i = 0; i < SAMPLE_RECORDS && tm_str_cut(head, '\n', &line, &head); i++)
        if (tm_str_trim(line).n) vote(s, line);
}

/* The first block of a source that has records: it may begin with lines that are too long. */
static tm_status sample_source(tm_run *run, const tm_source *source, sample *s, tm_err *err)
{
    tm_reader *reader = NULL;
    tm_block block = {0};
    tm_room room = tm_room_of(&run->recipe->limits, 0, false, false);
    tm_read_limits limits = {.max_line = room.longest};
    tm_status status = tm_reader_open(&reader, source, &limits, (tm_str){0}, err);
    for (uint32_t n = 0; status == TM_OK && n < SAMPLE_BLOCKS && !block.spans && !block.last; n++) {
        status = tm_reader_next(reader, &block, err);
        if (status == TM_OK) status = tm_block_records(&block, source, err);
        s->all = n == 0 && block.last;
    }
    if (status == TM_OK) {
        tm_alloc_meter(room.bytes); /* a record that takes more says nothing */
        for (uint32_t i = 0; i < block.spans && i < SAMPLE_RECORDS; i++)
            vote(s, (tm_str){block.bytes.p + block.span[i].at, block.span[i].bytes});
    }
    tm_alloc_meter_end();
    if (status == TM_OK && source->codec != TM_PLAIN) {
        uint64_t decoded;
        tm_reader_summary(reader, NULL, NULL, &decoded);
        s->coded += tm_reader_taken(reader);
        s->decoded += decoded;
    }
    tm_block_release(&block);
    if (reader) tm_reader_close(reader);
    return status;
}

static tm_status unknown_layout(tm_str name, tm_err *err)
{
    const char *names[64];
    size_t count = 0;
    while (tm_layouts[count] && count < TM_COUNT(names)) {
        names[count] = tm_layouts[count]->name;
        count++;
    }
    const char *near = tm_str_suggest(name, names, count);
    return tm_fail(err, TM_EUSAGE, "there is no layout \"%.*s\"%s%s: see tamis ops --layouts",
                   TM_FMT(name), near ? "; did you mean " : "", near ? near : "");
}

static tm_status choose_layouts(tm_run *run, tm_plan_input *input, sample *s, tm_err *err)
{
    const tm_recipe_input *from = input->from;
    if (from->map.count) {
        tm_mapping *mapping;
        TM_TRY(tm_mapping_compile(&run->mem, &from->map, &mapping, err));
        input->layouts = (tm_layout_set){.mapping = mapping, .count = 1};
        input->layouts.layout[0] = tm_layout_named(TM_STR("map"));
        input->kind = tm_mapping_kind(mapping);
        return TM_OK;
    }
    if (from->layout.n) {
        const tm_layout *layout = tm_layout_named(from->layout);
        if (!layout) return unknown_layout(from->layout, err);
        input->layouts = (tm_layout_set){.layout = {layout}, .count = 1};
    } else {
        tm_layout_choose(&s->votes, &input->layouts);
    }
    uint32_t best = 0, second = 0;
    for (uint32_t i = 0; tm_layouts[i]; i++) {
        bool chosen = false;
        for (uint32_t l = 0; l < input->layouts.count; l++)
            chosen |= tm_layouts[i] == input->layouts.layout[l];
        if (chosen || s->votes.fits[i] <= second) continue;
        second = s->votes.fits[i];
        input->runner_up = tm_layouts[i]->name;
    }
    input->kind = TM_SFT;
    for (uint32_t l = 0; l < input->layouts.count; l++) {
        uint32_t votes = 1;
        for (uint32_t i = 0; tm_layouts[i]; i++)
            if (tm_layouts[i] == input->layouts.layout[l]) votes += s->votes.first[i];
        if (votes > best) best = votes, input->kind = input->layouts.layout[l]->kind;
    }
    return TM_OK;
}

/* What a file holds once decoded, by what the sampled ones gave; where none is compressed or could
 * be looked into, by the usual ratio of chat data. An estimate: files differ from end to end. */
static uint64_t decoded_bytes(const tm_source *source, const sample *s)
{
    if (source->codec == TM_PLAIN) return source->bytes;
    if (!s->coded) return source->bytes * 4;
    return (uint64_t)((double)source->bytes * (double)s->decoded / (double)s->coded);
}

static tm_status sample_input(tm_run *run, tm_plan_input *input, tm_err *err)
{
    sample s = {.replace_utf8 = input->from->replace_utf8};
    tm_status status = TM_OK;
    uint32_t first = input->first_source - 1;
    for (uint32_t i = 0; status == TM_OK && i < input->sources; i++) {
        const tm_source *source = &run->source[first + i];
        if (!source->seekable)
            sample_head(tm_buf_view(&run->head), &s);
        else if (i < SAMPLED)
            status = sample_source(run, source, &s, err);
    }
    for (uint32_t i = 0; i < input->sources; i++)
        input->facts.bytes += decoded_bytes(&run->source[first + i], &s);
    if (status == TM_OK) status = choose_layouts(run, input, &s, err);
    uint64_t mean = s.records ? s.bytes / s.records : 512;
    input->facts.records =
        s.all && input->sources == 1 ? s.records : input->facts.bytes / TM_MAX(mean, 1) + 1;
    input->facts.text_bytes = input->facts.bytes;
    tm_json_release(&s.json);
    tm_buf_release(&s.repaired);
    return status;
}

/* ---- what gives its bytes once --------------------------------------------------------------- */

static tm_status copy_pipe(tm_run *run, const tm_source *source, const char *path, tm_err *err)
{
    int file;
    tm_str taken = source->taken;
    char *piece = tm_alloc(TM_BLOCK_BYTES);
    if (!piece) return tm_fail_memory(err, "a pipe", TM_BLOCK_BYTES);
    tm_status status = tm_file_create(path, false, true, &file, err);
    if (status != TM_OK) {
        tm_free(piece);
        return status;
    }
    status = tm_file_write(file, path, taken.p, taken.n, err);
    for (size_t got = 1; status == TM_OK && got;) {
        const char *name = source->held ? source->path.p : "standard input";
        status = tm_file_read(source->held, name, piece, TM_BLOCK_BYTES, &got, err);
        if (status == TM_OK) status = tm_spill_take(&run->spill, got, err);
        if (status == TM_OK) status = tm_file_write(file, path, piece, got, err);
        if (tm_cancelled(run)) status = tm_fail(err, TM_ECANCELLED, "interrupted");
    }
    tm_status closed = tm_file_close(file, path, status == TM_OK ? err : NULL);
    tm_free(piece);
    return status == TM_OK ? closed : status;
}

static tm_status spool(tm_run *run, tm_source *source, tm_err *err)
{
    if (source->seekable) return TM_OK;
    TM_TRY(tm_spill_open(&run->spill, err));
    char *copy = tm_arena_printf(&run->mem, "%s/input-%u", run->spill.folder, source->number);
    if (!copy) return tm_fail_memory(err, "a path", 0);
    TM_TRY(copy_pipe(run, source, copy, err));
    if (source->held) tm_fs_now.close(source->held);
    source->held = 0;
    tm_file_info info;
    TM_TRY(tm_file_info_of(copy, &info, err));
    source->open_as = tm_str_of(copy);
    source->bytes = info.bytes;
    source->seekable = true;
    return TM_OK;
}

/* They cannot be resumed: the copies go with the run. */
tm_status tm_inputs_spool(tm_run *run, tm_err *err)
{
    for (uint32_t i = 0; i < run->every_source; i++) TM_TRY(spool(run, &run->source[i], err));
    return TM_OK;
}

/* Of standard input the first lines are known already; it is copied only if there are none. */
static tm_status spool_to_look(tm_run *run, tm_source *source, tm_err *err)
{
    tm_str head = tm_buf_view(&run->head);
    bool lines = source->container == TM_JSONL && tm_str_find_char(head, '\n') < head.n;
    return !source->held && lines ? TM_OK : spool(run, source, err);
}

/* ---- tags ------------------------------------------------------------------------------------ */

/* Constant fields of an input, ended by a NULL path. */
tm_status tm_inputs_tags(tm_run *run, const tm_recipe_input *from, uint32_t input, tm_err *err)
{
    tm_buf json = {0};
    tm_status status = TM_OK;
    tm_input_tag *list = TM_NEW(&run->mem, tm_input_tag, from->tags.count + 1);
    if (!list) return tm_fail_memory(err, "the tags of an input", 0);
    for (uint32_t i = 0; status == TM_OK && i < from->tags.count; i++) {
        const tm_pair *pair = &from->tags.item[i];
        tm_buf_clear(&json);
        tm_scalar_json(pair->value, pair->quoted, &json);
        status = tm_buf_ok(&json, err);
        if (status == TM_OK)
            status = tm_fieldpath_compile(&run->mem, pair->name, &list[i].path, err);
        if (status == TM_OK) list[i].json = tm_arena_str(&run->mem, tm_buf_view(&json));
        if (status == TM_OK && !list[i].json.p) status = tm_fail_memory(err, "a tag", 0);
    }
    tm_buf_release(&json);
    run->tags[input] = list;
    return status;
}

/* ---- all ------------------------------------------------------------------------------------- */

/* The sources of one input or reference, behind those that are there. */
static tm_status open_input(tm_run *run, const tm_recipe_input *from, tm_plan_input *input,
                            tm_err *err)
{
    input->from = from;
    input->first_source = run->every_source + 1;
    TM_TRY(add_patterns(run, from, err));
    input->sources = run->every_source + 1 - input->first_source;
    return TM_OK;
}

static tm_status look_at(tm_run *run, uint32_t i, tm_err *err)
{
    tm_plan_input *input = &run->input[i];
    if (input->sources)
        input->container = tm_containers[run->source[input->first_source - 1].container].name;
    for (uint32_t k = 0; k < input->sources; k++) {
        run->input_of[input->first_source - 1 + k] = i;
        if (!run->options.scan_only)
            TM_TRY(spool_to_look(run, &run->source[input->first_source - 1 + k], err));
    }
    if (run->options.scan_only) return TM_OK;
    TM_TRY(sample_input(run, input, err));
    return tm_inputs_tags(run, input->from, i, err);
}

/* A set compared with itself would be merged away whole. */
static tm_status refuse_own_reference(const tm_run *run, tm_err *err)
{
    for (uint32_t r = run->sources; r < run->every_source; r++) {
        const tm_source *reference = &run->source[r];
        for (uint32_t i = 0; i < run->sources; i++) {
            const tm_source *input = &run->source[i];
            bool file = reference->inode && reference->inode == input->inode;
            bool table = reference->table && reference->table == input->table;
            if (!table && !(file && tm_str_eq(reference->path, input->path))) continue;
            return tm_fail(err, TM_EUSAGE,
                           "%.*s is an input and a reference at once: everything in it would match "
                           "itself",
                           TM_FMT(input->path));
        }
    }
    return TM_OK;
}

static tm_status refuse_nothing(const tm_run *run, tm_err *err)
{
    if (run->nothing.status == TM_OK)
        return tm_fail(err, TM_EUSAGE, "no input: name files, folders, globs or -");
    if (err) *err = run->nothing;
    return run->nothing.status;
}

/* Against nothing everything would be well. */
static tm_status refuse_empty_references(const tm_run *run, tm_err *err)
{
    for (uint32_t i = run->inputs; i < run->inputs + run->references; i++)
        if (!run->input[i].sources) return refuse_nothing(run, err);
    return TM_OK;
}

tm_status tm_inputs_open(tm_run *run, tm_err *err)
{
    const tm_recipe *recipe = run->recipe;
    uint32_t all = recipe->inputs + recipe->references;
    run->input = TM_NEW(&run->mem, tm_plan_input, all + 1);
    run->tags = TM_NEW(&run->mem, tm_input_tag *, all + 1);
    if (!run->input || !run->tags) return tm_fail_memory(err, "the inputs", all);
    run->inputs = recipe->inputs;
    run->references = recipe->references;
    for (uint32_t i = 0; i < recipe->inputs; i++)
        TM_TRY(open_input(run, &recipe->input[i], &run->input[i], err));
    run->sources = run->every_source;
    if (!run->sources) return refuse_nothing(run, err);
    for (uint32_t i = 0; i < recipe->references; i++)
        TM_TRY(open_input(run, &recipe->reference[i], &run->input[recipe->inputs + i], err));
    TM_TRY(refuse_empty_references(run, err));
    TM_TRY(refuse_own_reference(run, err));
    if (run->every_source >= 1u << 24) return tm_fail(err, TM_ELIMIT, "more than 16,777,215 files");
    run->input_of = TM_NEW(&run->mem, uint32_t, run->every_source);
    if (!run->input_of) return tm_fail_memory(err, "the inputs", run->every_source);
    for (uint32_t i = 0; i < all; i++) TM_TRY(look_at(run, i, err));
    for (uint32_t i = recipe->inputs; i < all; i++) /* told once, with the first input */
        run->input[0].facts.reference_bytes += run->input[i].facts.bytes;
    return TM_OK;
}

/* Names what was read: paths, sizes, times of change. Digests of the content are in the manifest;
 * this one only decides whether decisions of an earlier attempt still fit. */
tm_hash tm_inputs_identity(const tm_run *run)
{
    uint64_t seed = 0;
    for (uint32_t i = 0; i < run->every_source; i++) {
        const tm_source *s = &run->source[i];
        uint64_t facts[4] = {s->bytes, s->modified_ns, s->inode, seed};
        seed = tm_hash64(facts, sizeof facts, 0);
        seed = tm_hash64(s->path.p, s->path.n, seed);
    }
    return tm_hash128(&seed, sizeof seed);
}
