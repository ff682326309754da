/* From what the recipe says to sources with layouts: patterns are expanded, files probed by
 * content, and looked into (flow/sampling.c).
 *
 * What a folder stands for is told in input_folder.c. A run folder stands for the data of that run,
 * and `last` for the last run's, unless a file has that name.
 *
 * Standard input and pipes give their bytes once. Where they must be read more than once, to look
 * for layouts or in a second pass, they are copied into the spill folder first. Tables of the
 * calling program are read where they lie, as often as need be. A path that is the name of one
 * means it, whatever files there are. */
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "flow/engine.h"
#include "flow/runfolder.h"
#include "op/scalar.h"
#include "text/utf8.h"

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

/* A name that leads nowhere, or to what may not be read, is an input that cannot be read. */
static tm_status is_input(tm_status status, tm_err *err)
{
    if (status != TM_EUSAGE) return status;
    if (err) err->status = TM_EINPUT;
    return TM_EINPUT;
}

static tm_status add_source(tm_run *run, const tm_recipe_input *input, tm_str path, tm_err *err)
{
    tm_source source = {0};
    tm_source_wish wish = {-1, -1};
    TM_TRY(parse_wish(input, &wish, err));
    bool is_stdin = tm_str_is(path, "-");
    TM_TRY(refuse_twice(run, &(tm_source){.path = path}, err)); /* before it is waited for */
    tm_buf *head = is_stdin ? &run->head : NULL;
    TM_TRY(is_input(tm_source_probe(&run->mem, path, wish, &source, head, err), err));
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
    TM_TRY(is_input(tm_file_info_of(z, &info, err), err));
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
        TM_TRY(is_input(tm_glob(&run->mem, pattern, &paths, &count, err), err));
        for (uint32_t k = 0; k < count; k++) TM_TRY(add_path(run, input, paths[k], err));
    }
    return TM_OK;
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
    TM_TRY(tm_sample_input(run, input, err));
    return tm_inputs_tags(run, input->from, i, err);
}

typedef struct known_file {
    uint64_t inode;
    uint32_t source;
} known_file;

static int by_inode(const void *a, const void *b)
{
    const known_file *x = a, *y = b;
    if (x->inode != y->inode) return x->inode < y->inode ? -1 : 1;
    return x->source < y->source ? -1 : x->source > y->source;
}

/* However they are spelled, and by whatever links. */
static bool are_one_file(const tm_source *a, const tm_source *b)
{
    tm_file_info one, other;
    if (!a->inode || a->inode != b->inode || !a->path.n || !b->path.n) return false;
    if (tm_str_eq(a->path, b->path)) return true;
    return tm_fs_now.info(a->path.p, &one) == 0 && tm_fs_now.info(b->path.p, &other) == 0 &&
           one.inode == other.inode && one.device == other.device;
}

/* Overlapping patterns do that; it may be meant, to weigh a set twice. */
static tm_status note_twice(tm_run *run, uint32_t first, uint32_t more, tm_err *err)
{
    tm_buf text = {0};
    if (!more) return TM_OK;
    tm_buf_print(&text, "%.*s is named more than once among the inputs, and read as often",
                 TM_FMT(run->source[first].path));
    if (more > 1) tm_buf_print(&text, "; so are %u others", more - 1);
    return tm_run_note(run, &text, err);
}

static tm_status look_for_twice(tm_run *run, tm_err *err)
{
    uint32_t files = 0, first = 0, more = 0;
    known_file *known = tm_alloc(((size_t)run->sources + 1) * sizeof *known);
    if (!known) return tm_fail_memory(err, "the inputs", run->sources);
    for (uint32_t i = 0; i < run->sources; i++)
        if (tm_source_is_file(&run->source[i]) && run->source[i].inode)
            known[files++] = (known_file){run->source[i].inode, i};
    qsort(known, files, sizeof *known, by_inode);
    for (uint32_t i = 1; i < files; i++) {
        bool again =
            known[i].inode == known[i - 1].inode && (i < 2 || known[i].inode != known[i - 2].inode);
        if (!again ||
            !are_one_file(&run->source[known[i].source], &run->source[known[i - 1].source]))
            continue;
        if (!more || known[i - 1].source < first) first = known[i - 1].source;
        more++;
    }
    tm_free(known);
    return note_twice(run, first, more, err);
}

/* A set compared with itself would be merged away whole. */
static tm_status refuse_own_reference(const tm_run *run, tm_err *err)
{
    for (uint32_t r = run->sources; r < run->every_source; r++) {
        const tm_source *reference = &run->source[r];
        for (uint32_t i = 0; i < run->sources; i++) {
            const tm_source *input = &run->source[i];
            bool table = reference->table && reference->table == input->table;
            if (!table && !are_one_file(reference, input)) continue;
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

/* Where decisions are kept, a run that takes them up must have the same bytes before it. Of very
 * many files, as many as ENDS are looked at, evenly spread. */
static tm_status look_at_ends(tm_run *run, tm_err *err)
{
    enum { ENDS = 256 };
    if (!run->folder) return TM_OK;
    for (uint32_t i = 0; i < run->every_source; i += tm_apart(run->every_source, ENDS))
        TM_TRY(tm_source_ends(&run->source[i], &run->source[i].ends, err));
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
    TM_TRY(look_for_twice(run, err));
    if (run->every_source >= 1u << 24) return tm_fail(err, TM_ELIMIT, "more than 16,777,215 files");
    run->input_of = TM_NEW(&run->mem, uint32_t, run->every_source);
    if (!run->input_of) return tm_fail_memory(err, "the inputs", run->every_source);
    for (uint32_t i = 0; i < all; i++) TM_TRY(look_at(run, i, err));
    TM_TRY(look_at_ends(run, err));
    if (run->references) run->input[0].reference = &run->input[recipe->inputs];
    for (uint32_t i = recipe->inputs; i < all; i++) /* told once, with the first input */
        run->input[0].facts.reference_bytes += run->input[i].facts.bytes;
    return TM_OK;
}

/* Names what was read: paths, sizes, times of change, inodes, first and last bytes. Digests of the
 * whole content are in the manifest; this one only decides whether decisions of an earlier attempt
 * still fit. */
tm_hash tm_inputs_identity(const tm_run *run)
{
    uint64_t seed = 0;
    for (uint32_t i = 0; i < run->every_source; i++) {
        const tm_source *s = &run->source[i];
        uint64_t facts[5] = {s->bytes, s->modified_ns, s->inode, s->ends, seed};
        seed = tm_hash64(facts, sizeof facts, 0);
        seed = tm_hash64(s->path.p, s->path.n, seed);
    }
    return tm_hash128(&seed, sizeof seed);
}
