/* A look into an input before the plan is made: the first block of each of its sources is scanned
 * (of a folder of very many, of as many as SAMPLED, evenly spread), and where lines can be read
 * from any place on, STRETCHES of each file, too: sets of several layouts are often one behind
 * another. The layouts found there are fixed for the whole run; how many records there are is
 * estimated from theirs; and a path of map: that leads nowhere in any of them is told, for it is
 * more likely misspelt than rare. */
#include "flow/engine.h"
#include "flow/seen.h"
#include "op/scalar.h"
#include "text/utf8.h"

enum { SAMPLED = 256, SAMPLE_BLOCKS = 64 };
/* Records of a block: many of the first files, fewer of further ones and of stretches. */
enum { FIRST_FILES = 16, MANY_RECORDS = 2000, FEW_RECORDS = 200 };
enum { STRETCHES = 15, STRETCH_BYTES = 64 << 10 };

typedef struct sample {
    tm_layout_votes votes;
    tm_json json;
    tm_mapping *mapping; /* or NULL */
    uint32_t reached;    /* by slot of the mapping: 1 << slot, its path led somewhere */
    tm_buf repaired;     /* a record with U+FFFD for what is not UTF-8 */
    uint64_t records, bytes;
    uint64_t coded, decoded; /* bytes of compressed files that were read, and what they gave */
    bool replace_utf8, all;  /* all: the whole source was seen */
    tm_seer seer;
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
    if (s->mapping) s->reached |= tm_mapping_reach(s->mapping, &s->json, raw);
    tm_doc doc = {.raw = raw, .node = s->json.node, .top = 0};
    tm_layout_vote(&s->votes, &doc);
    tm_seer_look(&s->seer, &doc);
}

/* Lines of standard input as far as the probe has seen them; its last one may be cut and is not
 * looked at. */
static void sample_head(tm_str head, sample *s)
{
    tm_str line;
    for (uint32_t i = 0; i < MANY_RECORDS && tm_str_cut(head, '\n', &line, &head); i++)
        if (tm_str_trim(line).n) vote(s, line);
}

/* The first block of a source, or of a stretch of it, that has records: it may begin with lines
 * that are too long. */
static tm_status sample_source(tm_run *run, const tm_source *source, uint64_t from, uint64_t to,
                               uint32_t most, sample *s, tm_err *err)
{
    tm_reader *reader = NULL;
    tm_block block = {0};
    tm_room room = tm_room_of(&run->recipe->limits, 0, false, false);
    tm_read_limits limits = {.max_line = room.longest, .from = from, .to = to};
    tm_status status = tm_reader_open(&reader, source, &limits, (tm_str){0}, err);
    for (uint32_t n = 0; status == TM_OK && n < SAMPLE_BLOCKS && !block.spans && !block.last; n++) {
        status = tm_reader_next(reader, &block, err);
        if (status == TM_OK) status = tm_block_records(&block, source, err);
        s->all = !to && n == 0 && block.last;
    }
    if (status == TM_OK) {
        tm_alloc_meter(room.bytes); /* a record that takes more says nothing */
        for (uint32_t i = 0; i < block.spans && i < most; i++)
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

/* More of a long file of lines; of packed ones and arrays the beginning has to do. A set appended
 * to others can begin anywhere. */
static tm_status sample_stretches(tm_run *run, const tm_source *source, sample *s, tm_err *err)
{
    uint64_t bytes = source->bytes;
    tm_status status = TM_OK;
    if (!tm_source_cuts(source) || bytes < 2 * (uint64_t)STRETCHES * STRETCH_BYTES) return TM_OK;
    for (uint64_t i = 1; status == TM_OK && i <= STRETCHES; i++) {
        uint64_t from = i == STRETCHES ? bytes - STRETCH_BYTES : bytes / STRETCHES * i;
        status = sample_source(run, source, from, from + STRETCH_BYTES, FEW_RECORDS, s, err);
    }
    return status;
}

static tm_status sample_file(tm_run *run, const tm_source *source, uint32_t number, sample *s,
                             tm_err *err)
{
    uint32_t most = number < FIRST_FILES ? MANY_RECORDS : FEW_RECORDS;
    TM_TRY(sample_source(run, source, 0, 0, most, s, err));
    return sample_stretches(run, source, s, err);
}

/* Paths of the mapping that led nowhere in any record of the sample. */
static tm_status say_unreached(tm_run *run, tm_plan_input *input, const sample *s, tm_err *err)
{
    tm_buf out = {0};
    if (!s->votes.records) return TM_OK;
    tm_mapping_unreached(s->mapping, s->reached, &out);
    tm_status status = tm_buf_ok(&out, err);
    if (status == TM_OK && out.n) input->unreached = tm_arena_str(&run->mem, tm_buf_view(&out));
    if (status == TM_OK && out.n && !input->unreached.p)
        status = tm_fail_memory(err, "the plan", out.n);
    tm_buf_release(&out);
    return status;
}

static tm_status choose_layouts(tm_run *run, tm_plan_input *input, sample *s, tm_err *err)
{
    const tm_recipe_input *from = input->from;
    if (s->mapping) {
        input->layouts = (tm_layout_set){.mapping = s->mapping, .count = 1};
        input->layouts.layout[0] = tm_layout_named(TM_STR("map"));
        input->kind = tm_mapping_kind(s->mapping);
        return say_unreached(run, input, s, err);
    }
    if (from->layout.n)
        TM_TRY(tm_layouts_named(from->layout, &input->layouts, err));
    else
        tm_layout_choose(&s->votes, &input->layouts);
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

tm_status tm_sample_input(tm_run *run, tm_plan_input *input, tm_err *err)
{
    sample s = {.replace_utf8 = input->from->replace_utf8};
    tm_status status = TM_OK;
    uint32_t first = input->first_source - 1, apart = tm_apart(input->sources, SAMPLED);
    if (input->from->map.count)
        TM_TRY(tm_mapping_compile(&run->mem, &input->from->map, &s.mapping, err));
    TM_TRY(tm_seer_begin(&s.seer, run->recipe, input->from, s.mapping, err));
    for (uint32_t i = 0; status == TM_OK && i < input->sources; i++) {
        const tm_source *source = &run->source[first + i];
        if (!source->seekable)
            sample_head(tm_buf_view(&run->head), &s);
        else if (i % apart == 0)
            status = sample_file(run, source, i, &s, err);
    }
    for (uint32_t i = 0; i < input->sources; i++)
        input->facts.bytes += decoded_bytes(&run->source[first + i], &s);
    if (status == TM_OK) status = choose_layouts(run, input, &s, err);
    if (status == TM_OK) status = tm_seer_tell(&s.seer, &run->mem, &input->seen, err);
    uint64_t mean = s.records ? s.bytes / s.records : 512;
    input->facts.records =
        s.all && input->sources == 1 ? s.records : input->facts.bytes / TM_MAX(mean, 1) + 1;
    input->facts.text_bytes = input->facts.bytes;
    tm_json_release(&s.json);
    tm_buf_release(&s.repaired);
    tm_seer_end(&s.seer);
    return status;
}
