/* A ticket: what one process found of recipe and inputs, as bytes from which any other opens the
 * same run without looking at an input.
 *
 *   magic 8 | XXH3-128 of all behind it 16 | fields
 *
 * Fields are 8 bytes of a number, or a length and that many bytes; numbers are those of the
 * machine, since facts and decisions cross between processes as they lie in memory, too. The
 * digest guards against bytes that were cut on the way, not against an enemy: a ticket names files
 * to be read and is to be trusted as a recipe is. */
#include "base/system.h"
#include "flow/stage.h"

static const char MAGIC[8] = {'T', 'M', 'T', 'I', 'C', '0', '0', '3'};
enum { HEAD_BYTES = sizeof MAGIC + sizeof(tm_hash) };

/* ---- fields ---------------------------------------------------------------------------------- */

static void put(tm_buf *out, uint64_t value)
{
    tm_buf_add(out, &value, sizeof value);
}

static void put_text(tm_buf *out, tm_str text)
{
    put(out, text.n);
    tm_buf_str(out, text);
}

typedef struct fields {
    tm_str left;
    bool short_of; /* more was asked for than there is */
} fields;

static uint64_t get(fields *f)
{
    uint64_t value = 0;
    f->short_of |= f->left.n < sizeof value;
    if (f->short_of) return 0;
    memcpy(&value, f->left.p, sizeof value);
    f->left = tm_str_slice(f->left, sizeof value, f->left.n);
    return value;
}

static tm_str get_text(fields *f)
{
    uint64_t bytes = get(f);
    f->short_of |= bytes > f->left.n;
    if (f->short_of) return (tm_str){0};
    tm_str text = tm_str_slice(f->left, 0, (size_t)bytes);
    f->left = tm_str_slice(f->left, (size_t)bytes, f->left.n);
    return text;
}

static uint32_t get_count(fields *f, uint64_t most)
{
    uint64_t count = get(f);
    f->short_of |= count > most;
    return f->short_of ? 0 : (uint32_t)count;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_source(tm_buf *out, const tm_source *source)
{
    put_text(out, source->path);
    put(out, source->container);
    put(out, source->codec);
    put(out, source->encoding);
    put(out, source->bytes);
    put(out, source->modified_ns);
    put(out, source->inode);
    put(out, source->ends);
}

static void put_keys(tm_buf *out, const tm_seen_keys *keys)
{
    put(out, keys->open);
    put(out, keys->count);
    for (uint32_t k = 0; k < keys->count; k++) put_text(out, tm_str_of(keys->name[k]));
}

static void put_seen(tm_buf *out, const tm_seen *seen)
{
    put(out, seen->records);
    put(out, seen->bound);
    put(out, seen->looked);
    for (uint32_t k = 0; k < TM_SELECTORS; k++) put(out, seen->messages[k]);
    put_keys(out, &seen->top);
    for (uint32_t k = 0; k < seen->top.count; k++) put_keys(out, &seen->inside[k]);
}

static void put_input(tm_buf *out, const tm_plan_input *input)
{
    put(out, input->first_source);
    put(out, input->sources);
    put(out, input->kind);
    put_text(out, tm_str_of(input->runner_up));
    put_text(out, input->unreached);
    put_seen(out, &input->seen);
    put(out, input->facts.bytes);
    put(out, input->facts.records);
    put(out, input->facts.text_bytes);
    put(out, input->facts.reference_bytes);
    put(out, input->layouts.mapping ? 0 : input->layouts.count);
    for (uint32_t l = 0; !input->layouts.mapping && l < input->layouts.count; l++)
        put_text(out, tm_str_of(input->layouts.layout[l]->name));
}

tm_status tm_ticket_write(const tm_stages *s, tm_buf *out, tm_err *err)
{
    static const char NO_DIGEST[sizeof(tm_hash)];
    const tm_run *run = s->run;
    tm_buf_add(out, MAGIC, sizeof MAGIC);
    tm_buf_add(out, NO_DIGEST, sizeof NO_DIGEST);
    put_text(out, TM_STR(TM_VERSION));
    put_text(out, run->recipe->name);
    put_text(out, run->recipe->text);
    put_text(out, tm_str_of(run->folder));
    put(out, s->split_bytes);
    put(out, run->plan->identity.hi);
    put(out, run->plan->identity.lo);
    put(out, run->every_source);
    for (uint32_t i = 0; i < run->every_source; i++) put_source(out, &run->source[i]);
    put(out, run->sources);
    put(out, run->inputs + run->references);
    for (uint32_t i = 0; i < run->inputs + run->references; i++) put_input(out, &run->input[i]);
    TM_TRY(tm_buf_ok(out, err));
    tm_hash digest = tm_hash128(out->p + HEAD_BYTES, out->n - HEAD_BYTES);
    memcpy(out->p + sizeof MAGIC, &digest, sizeof digest);
    return TM_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

static tm_status damaged(tm_err *err)
{
    return tm_fail(err, TM_EUSAGE, "these are not the bytes of a ticket, or not all of them");
}

static tm_status open_fields(tm_str ticket, fields *f, tm_err *err)
{
    tm_hash digest;
    if (ticket.n < HEAD_BYTES || memcmp(ticket.p, MAGIC, sizeof MAGIC) != 0) return damaged(err);
    memcpy(&digest, ticket.p + sizeof MAGIC, sizeof digest);
    f->left = tm_str_slice(ticket, HEAD_BYTES, ticket.n);
    f->short_of = false;
    if (tm_hash_cmp(digest, tm_hash128(f->left.p, f->left.n)) != 0) return damaged(err);
    tm_str version = get_text(f);
    if (tm_str_is(version, TM_VERSION)) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "the ticket was written by version %.*s and this is %s: every machine needs the "
                   "same",
                   TM_FMT(version), TM_VERSION);
}

tm_status tm_ticket_read(tm_str ticket, tm_ticket *out, tm_err *err)
{
    fields f;
    TM_TRY(open_fields(ticket, &f, err));
    out->name = get_text(&f);
    out->recipe = get_text(&f);
    out->folder = get_text(&f);
    out->split_bytes = get(&f);
    return f.short_of ? damaged(err) : TM_OK;
}

tm_status tm_ticket_check(const tm_run *run, tm_err *err)
{
    fields f;
    TM_TRY(open_fields(run->options.ticket, &f, err));
    for (unsigned i = 0; i < 3; i++) get_text(&f);
    get(&f);
    tm_hash written = {.hi = get(&f)};
    written.lo = get(&f);
    if (!f.short_of && tm_hash_cmp(written, run->plan->identity) == 0) return TM_OK;
    return tm_fail(
        err, TM_EDIFFERS,
        "the plan made from this ticket is not the one it was written for: is it the same "
        "build of Tamis on every machine, and are files the recipe names the same?");
}

static tm_status restore_source(tm_run *run, fields *f, tm_err *err)
{
    tm_source *s = &run->source[run->every_source];
    tm_str path = get_text(f);
    *s = (tm_source){.path = tm_arena_str(&run->mem, path), .seekable = true};
    if (!s->path.p) return tm_fail_memory(err, "a path", path.n);
    s->container = (tm_container_id)get_count(f, TM_CONTAINER_COUNT - 1);
    s->codec = (tm_codec_id)get_count(f, TM_CODEC_COUNT - 1);
    s->encoding = (tm_encoding)get_count(f, TM_UTF32BE);
    s->bytes = get(f);
    s->modified_ns = get(f);
    s->inode = get(f);
    s->ends = get(f);
    s->number = ++run->every_source;
    return TM_OK;
}

static tm_status restore_layouts(tm_run *run, tm_plan_input *input, fields *f, tm_err *err)
{
    uint32_t count = get_count(f, TM_COUNT(input->layouts.layout));
    input->layouts.count = count;
    for (uint32_t l = 0; l < count; l++) {
        const tm_layout *layout = tm_layout_named(get_text(f));
        if (!layout) return damaged(err);
        input->layouts.layout[l] = layout;
    }
    if (!input->from->map.count) return TM_OK;
    tm_mapping *mapping;
    TM_TRY(tm_mapping_compile(&run->mem, &input->from->map, &mapping, err));
    input->layouts = (tm_layout_set){.mapping = mapping, .count = 1};
    input->layouts.layout[0] = tm_layout_named(TM_STR("map"));
    return TM_OK;
}

static tm_status restore_text(tm_run *run, fields *f, tm_str *out, tm_err *err)
{
    tm_str text = get_text(f);
    *out = text.n ? tm_arena_str(&run->mem, text) : (tm_str){0};
    return !text.n || out->p ? TM_OK : tm_fail_memory(err, "the plan", text.n);
}

static tm_status restore_keys(tm_run *run, fields *f, tm_seen_keys *keys, tm_err *err)
{
    keys->open = get(f);
    keys->count = get_count(f, f->left.n);
    const char **name = TM_NEW(&run->mem, const char *, keys->count + 1);
    if (!name) return tm_fail_memory(err, "the plan", keys->count);
    for (uint32_t k = 0; k < keys->count; k++) {
        tm_str text;
        TM_TRY(restore_text(run, f, &text, err));
        name[k] = text.n ? text.p : "";
    }
    keys->name = name;
    return TM_OK;
}

static tm_status restore_seen(tm_run *run, fields *f, tm_seen *seen, tm_err *err)
{
    seen->records = get_count(f, UINT32_MAX);
    seen->bound = get_count(f, UINT32_MAX);
    seen->looked = get_count(f, UINT32_MAX);
    for (uint32_t k = 0; k < TM_SELECTORS; k++) seen->messages[k] = get_count(f, UINT32_MAX);
    TM_TRY(restore_keys(run, f, &seen->top, err));
    tm_seen_keys *inside = TM_NEW(&run->mem, tm_seen_keys, seen->top.count + 1);
    if (!inside) return tm_fail_memory(err, "the plan", seen->top.count);
    for (uint32_t k = 0; k < seen->top.count; k++) TM_TRY(restore_keys(run, f, &inside[k], err));
    seen->inside = inside;
    return TM_OK;
}

static tm_status restore_input(tm_run *run, uint32_t i, fields *f, tm_err *err)
{
    const tm_recipe *recipe = run->recipe;
    tm_plan_input *input = &run->input[i];
    input->from = i < recipe->inputs ? &recipe->input[i] : &recipe->reference[i - recipe->inputs];
    input->first_source = get_count(f, run->every_source + 1);
    input->sources = get_count(f, run->every_source);
    input->kind = (tm_example_kind)get_count(f, TM_LABEL);
    const tm_layout *runner_up = tm_layout_named(get_text(f));
    if (runner_up) input->runner_up = runner_up->name;
    TM_TRY(restore_text(run, f, &input->unreached, err));
    TM_TRY(restore_seen(run, f, &input->seen, err));
    input->facts.bytes = get(f);
    input->facts.records = get(f);
    input->facts.text_bytes = get(f);
    input->facts.reference_bytes = get(f);
    TM_TRY(restore_layouts(run, input, f, err));
    if (f->short_of || !input->first_source ||
        input->first_source - 1 + input->sources > run->every_source)
        return damaged(err);
    for (uint32_t k = 0; k < input->sources; k++) run->input_of[input->first_source - 1 + k] = i;
    if (input->sources)
        input->container = tm_containers[run->source[input->first_source - 1].container].name;
    return tm_inputs_tags(run, input->from, i, err);
}

tm_status tm_inputs_restore(tm_run *run, tm_err *err)
{
    fields f;
    const tm_recipe *recipe = run->recipe;
    uint32_t all = recipe->inputs + recipe->references;
    TM_TRY(open_fields(run->options.ticket, &f, err));
    for (unsigned i = 0; i < 3; i++) get_text(&f);
    for (unsigned i = 0; i < 3; i++) get(&f);
    uint32_t sources = get_count(&f, TM_MIN((uint64_t)1 << 24, f.left.n));
    run->source = TM_NEW(&run->mem, tm_source, sources + 1);
    run->input_of = TM_NEW(&run->mem, uint32_t, sources + 1);
    run->input = TM_NEW(&run->mem, tm_plan_input, all + 1);
    run->tags = TM_NEW(&run->mem, tm_input_tag *, all + 1);
    if (!run->source || !run->input_of || !run->input || !run->tags)
        return tm_fail_memory(err, "the inputs", sources);
    for (uint32_t i = 0; i < sources; i++) TM_TRY(restore_source(run, &f, err));
    run->sources = get_count(&f, sources);
    if (get(&f) != all || f.short_of || !run->sources) return damaged(err);
    run->inputs = recipe->inputs;
    run->references = recipe->references;
    for (uint32_t i = 0; i < all; i++) TM_TRY(restore_input(run, i, &f, err));
    if (run->references) run->input[0].reference = &run->input[recipe->inputs];
    return TM_OK;
}
