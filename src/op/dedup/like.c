/* A band's key is hashed with its number to 64 bits: two different keys of a million records meet
 * by chance less than once in ten million runs. Who is kept is decided by our own keep list. */
#include "op/dedup/like.h"

const char *const tm_like_sketch_names[] = {
#define X(kind, name) name,
    TM_SKETCHES(X) TM_CONFORM_MODES(X)
#undef X
        NULL};

tm_status tm_like_check(uint8_t sketch, const tm_like_args *as, tm_err *err)
{
    bool other = sketch >= TM_LIKE_FIRST;
    tm_conform_tool tool = other ? (tm_conform_tool)(sketch - TM_LIKE_FIRST) : TM_CONFORM_TOOLS;
    bool text_dedup = other && tool >= TM_CONFORM_TEXT_DEDUP;
    bool datatrove = tool == TM_CONFORM_DATATROVE || tool == TM_CONFORM_DATATROVE_32;
    const char *given = as->seed >= 0    ? "sketch_seed"
                        : as->hash       ? "sketch_hash"
                        : as->language   ? "sketch_language"
                        : as->least >= 0 ? "sketch_least"
                                         : NULL;
    if (given && !other)
        return tm_fail(err, TM_ERECIPE,
                       "%s is for the sketch of another tool: leave it out, or name the tool with "
                       "sketch:",
                       given);
    if (as->seed >= 0 && text_dedup)
        return tm_fail(err, TM_ERECIPE,
                       "text-dedup takes no seed, it is always 42: leave sketch_seed out");
    if (as->language && !datatrove)
        return tm_fail(err, TM_ERECIPE,
                       "sketch_language is for datatrove: leave it out, or name sketch: datatrove");
    if (as->least >= 0 && !text_dedup)
        return tm_fail(err, TM_ERECIPE,
                       "sketch_least is for text-dedup: leave it out, or name sketch: text-dedup");
    return TM_OK;
}

/* How many functions are drawn decides what each of them is: the tools draw all factors before all
 * addends. So a number that is given stands; without one, it is the tool's own, or what the bands
 * need if they need more. */
tm_status tm_like_make(tm_arena *mem, tm_conform_tool tool, const tm_band_args *a,
                       const tm_like_args *as, tm_sketch *bands, const tm_conform **out,
                       tm_err *err)
{
    tm_conform_rules rules = tm_conform_defaults(tool);
    rules.ngram = (uint32_t)a->ngram;
    if (bands->bands) rules.bands = bands->bands, rules.rows = bands->rows;
    rules.hashes = a->hashes ? (uint32_t)a->hashes : TM_MAX(rules.hashes, rules.bands * rules.rows);
    bool datatrove = tool == TM_CONFORM_DATATROVE || tool == TM_CONFORM_DATATROVE_32;
    if (a->hashes && datatrove)
        return tm_fail(err, TM_ERECIPE,
                       "datatrove makes as many values as bands: x rows: say: leave hashes out");
    if (as->seed >= 0) rules.seed = (uint32_t)as->seed;
    if (as->least >= 0) rules.least = (uint32_t)as->least;
    rules.hash = as->hash;
    rules.any_language = as->language;
    bands->bands = rules.bands;
    bands->rows = rules.rows;
    return tm_conform_make(mem, &rules, out, err);
}

tm_status tm_like_begin(const tm_conform *mode, tm_like_scratch *s, tm_err *err)
{
    size_t hashes = mode->rules.hashes;
    s->signature = tm_alloc((hashes + 1) * sizeof *s->signature);
    s->key = tm_alloc((size_t)mode->rules.rows * 8 + 8);
    return s->signature && s->key ? TM_OK : tm_fail_memory(err, "dedup.near", hashes);
}

void tm_like_end(tm_like_scratch *s)
{
    tm_conform_scratch_release(&s->conform);
    tm_buf_release(&s->text);
    tm_free(s->signature);
    tm_free(s->key);
}

static tm_status gather(const tm_choice *choice, tm_like_scratch *s, tm_batch *b, uint32_t r,
                        tm_err *err)
{
    tm_chosen chosen;
    bool any = tm_choose(choice, b, r, &chosen);
    tm_buf_clear(&s->text);
    for (uint32_t p = b->first_part[r]; any && p < b->first_part[r + 1]; p++) {
        tm_str text;
        if (!tm_is_chosen(&chosen, &b->part[p])) continue;
        if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
        if (s->text.n) tm_buf_char(&s->text, '\n');
        tm_buf_str(&s->text, text);
    }
    return tm_buf_ok(&s->text, err);
}

tm_status tm_like_observe(const tm_conform *mode, const tm_choice *choice, tm_like_scratch *s,
                          tm_batch *b, uint32_t r, uint64_t apart, tm_facts *out, tm_err *err)
{
    size_t count;
    TM_TRY(gather(choice, s, b, r, err));
    TM_TRY(
        tm_conform_signature(mode, &s->conform, tm_buf_view(&s->text), s->signature, &count, err));
    for (uint32_t band = 0; count && band < mode->rules.bands; band++) {
        size_t bytes = tm_conform_band(mode, s->signature, band, s->key);
        uint64_t key = tm_hash64(s->key, bytes, band + 1) ^ apart;
        TM_TRY(tm_facts_add_lean(out, &key, 1, b->rid[r], err));
    }
    return TM_OK;
}
