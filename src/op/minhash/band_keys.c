/* Makes, writes and reads band keys.
 *
 * In an index they stand last in their record: "tamis_bands":"CHECK KEY KEY ...", each number as
 * eleven characters of six bits, the highest first, without anything between: from "0" on as ASCII
 * has them, but "~" for the backslash, which JSON would escape. The check is a hash of the record's
 * bytes from its text to there, seeded with the digest of the rules; a record that was printed anew
 * or edited does not pass it, is sketched again and loses nothing. The index grows by about 200
 * bytes a record, and no text is cut into words and sketched, which was two thirds of the time of
 * holding a set against an index. */
#include "op/minhash/band_keys.h"

#include "op/minhash/bands.h"
#include "text/terms.h"

enum { DIGITS = 11, VERSION = 2 }; /* raised when the same rules give other keys */
#define FIELD ",\"tamis_bands\":\""

/* ---- rules ----------------------------------------------------------------------------------- */

tm_status tm_band_choose(const tm_band_args *a, bool as_given, tm_sketch *s, tm_err *err)
{
    if ((a->bands > 0) != (a->rows > 0))
        return tm_fail(err, TM_ERECIPE, "bands and rows are given together, or neither");
    if (a->units == TM_UNITS_WORDS && a->char_ngram != TM_BAND_CHAR_NGRAM)
        return tm_fail(err, TM_ERECIPE,
                       "units: words makes no n-grams of characters: leave char_ngram out");
    if (a->units == TM_UNITS_CHARS && a->ngram != TM_BAND_NGRAM)
        return tm_fail(err, TM_ERECIPE,
                       "units: characters makes no n-grams of words: leave ngram out");
    s->bands = (uint32_t)a->bands;
    s->rows = (uint32_t)a->rows;
    if (as_given) return TM_OK;
    if (s->bands && a->hashes)
        return tm_fail(err, TM_ERECIPE,
                       "bands and rows say how many values a sketch has: leave hashes out");
    uint32_t most = a->hashes ? (uint32_t)a->hashes : TM_BAND_HASHES;
    if (!s->bands) tm_bands_choose(a->threshold, most, &s->bands, &s->rows);
    if (tm_sketch_slots(s) > TM_SKETCH_SLOTS_MAX)
        return tm_fail(err, TM_ERECIPE, "bands x rows is more than %d", TM_SKETCH_SLOTS_MAX);
    return TM_OK;
}

tm_status tm_band_rules_make(tm_arena *mem, const tm_band_args *a, tm_choice choice,
                             tm_band_rules *rules, tm_err *err)
{
    tm_sketch *s = &rules->sketch;
    rules->grams = (tm_gram_rules){.choice = choice,
                                   .words = (uint32_t)a->ngram,
                                   .chars = (uint32_t)a->char_ngram,
                                   .units = a->units};
    s->mul = TM_NEW(mem, uint32_t, tm_sketch_slots(s));
    s->add = TM_NEW(mem, uint32_t, tm_sketch_slots(s));
    if (!s->mul || !s->add) return tm_fail_memory(err, "a sketch", tm_sketch_slots(s));
    tm_sketch_seed(s);
    const uint64_t all[] = {
        VERSION, rules->grams.words, rules->grams.chars, a->units, s->kind, s->bands, s->rows,
        s->seed};
    rules->digest = tm_hash64(all, sizeof all, 0);
    return TM_OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

tm_status tm_band_begin(const tm_band_rules *rules, tm_band_scratch *own, tm_err *err)
{
    uint32_t slots = tm_sketch_slots(&rules->sketch);
    own->work = tm_alloc(2 * slots * sizeof *own->work);
    own->slot = tm_alloc(slots * sizeof *own->slot);
    own->key = tm_alloc(rules->sketch.bands * sizeof *own->key);
    bool ok = own->work && own->slot && own->key;
    return ok ? TM_OK : tm_fail_memory(err, "a sketch", slots);
}

void tm_band_end(tm_band_scratch *own)
{
    tm_grams_release(&own->grams);
    tm_free(own->work);
    tm_free(own->slot);
    tm_free(own->key);
}

void tm_band_keys(const tm_band_rules *rules, tm_band_scratch *own, uint32_t *keys)
{
    const tm_sketch *s = &rules->sketch;
    const tm_grams *g = &own->grams;
    *keys = 0;
    if (g->kind == TM_GRAM_TERMS || g->kind == TM_GRAM_TEXT) {
        own->key[0] = tm_mix64(g->gram[0] + g->kind);
        *keys = 1;
    } else if (g->kind == TM_GRAM_WORDS || g->kind == TM_GRAM_CHARS) {
        tm_sketch_make(s, g->gram, g->count, own->work, own->slot);
        tm_sketch_bands(s, own->slot, g->kind, own->key);
        *keys = s->bands;
    }
    for (uint32_t i = 0; i < *keys; i++) own->key[i] ^= g->carries;
}

/* ---- in an index ----------------------------------------------------------------------------- */

static void put(uint64_t n, tm_buf *json)
{
    char digit[DIGITS];
    for (unsigned i = DIGITS; i-- > 0; n >>= 6) {
        char c = (char)('0' + (n & 63));
        digit[i] = c == '\\' ? '~' : c;
    }
    tm_buf_add(json, digit, sizeof digit);
}

static bool get(const char *p, uint64_t *n)
{
    uint64_t all = 0, bits = 0;
    for (unsigned i = 0; i < DIGITS; i++) {
        uint8_t c = (uint8_t)p[i], digit = (uint8_t)((c == '~' ? '\\' : c) - '0');
        bits |= digit;
        all = all << 6 | (digit & 63);
    }
    *n = all;
    return bits < 64;
}

static uint64_t check_of(const tm_band_rules *rules, const char *from, size_t bytes)
{
    return tm_hash64(from, bytes, rules->digest);
}

void tm_band_write(const tm_band_rules *rules, const uint64_t *key, uint32_t keys, size_t text_at,
                   tm_buf *json)
{
    if (!keys || json->failed) return;
    uint64_t check = check_of(rules, json->p + text_at, json->n - text_at);
    tm_buf_z(json, FIELD);
    put(check, json);
    for (uint32_t i = 0; i < keys; i++) put(key[i], json);
    tm_buf_char(json, '"');
}

/* The record's bytes are looked at, not its JSON: no text holds the field's quotes unescaped, and
 * whatever else stands there fails the check. */
bool tm_band_read(const tm_band_rules *rules, const tm_batch *b, uint32_t record,
                  tm_band_scratch *own, uint32_t *keys)
{
    uint32_t first = b->first_part[record];
    const size_t field = sizeof FIELD - 1;
    if (first + 1 != b->first_part[record + 1]) return false;
    if (!(b->part[first].flags & TM_PART_ANY)) return false;
    tm_str raw = b->raw[record];
    for (unsigned many = 0; many < 2; many++) {
        uint32_t count = many ? 1 : rules->sketch.bands;
        size_t tail = field + (size_t)DIGITS * (count + 1) + 2, text_at = b->part[first].raw_at;
        uint64_t check;
        if (raw.n < text_at + tail) continue;
        const char *p = raw.p + raw.n - tail;
        if (memcmp(p, FIELD, field) != 0 || memcmp(raw.p + raw.n - 2, "\"}", 2) != 0) continue;
        if (!get(p + field, &check)) return false;
        if (check != check_of(rules, raw.p + text_at, raw.n - tail - text_at)) return false;
        for (uint32_t i = 0; i < count; i++)
            if (!get(p + field + (size_t)DIGITS * (i + 1), &own->key[i])) return false;
        *keys = count;
        return true;
    }
    return false;
}
