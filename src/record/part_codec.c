/* The JSON string codec as a map between two coordinates.
 *
 * The inside of a JSON string is a row of units: a plain byte stands for itself, an escape of 2, 6
 * or 12 bytes (a pair of surrogates) stands for 1 to 4 bytes of text. A cursor walks the units
 * forward and jumps over plain stretches with one search for the next backslash, so a text without
 * escapes costs one search and mapping k sorted places costs one walk. Splices lie on code point
 * borders, which are always borders of units: a decoded unit is one code point, and a code point
 * that stands raw is a row of plain bytes. By induction that holds through any number of layers.
 *
 * Escapes are not chosen here: what is put in goes through tm_json_escape once a layer. A lone
 * surrogate put next to its other half would read as a pair; nothing puts surrogates. */
#include "record/part_codec.h"

static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    return (unsigned)((c | 0x20) - 'a') + 10;
}

static unsigned hex4(const char *p)
{
    return hex_digit(p[0]) << 12 | hex_digit(p[1]) << 8 | hex_digit(p[2]) << 4 | hex_digit(p[3]);
}

/* The escape at p (p[0] is a backslash, n bytes left): its length, and its text's. */
static size_t escape_at(const char *p, size_t n, size_t *text)
{
    TM_ASSERT(n >= 2);
    *text = 1;
    if (p[1] != 'u') return 2;
    TM_ASSERT(n >= 6);
    unsigned code = hex4(p + 2);
    *text = code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
    if ((code & 0xFC00) != 0xD800 || n < 12 || p[6] != '\\' || p[7] != 'u') return 6;
    if ((hex4(p + 8) & 0xFC00) != 0xDC00) return 6;
    *text = 4;
    return 12;
}

static size_t next_escape(tm_str encoded, size_t from)
{
    const char *hit = from < encoded.n ? memchr(encoded.p + from, '\\', encoded.n - from) : NULL;
    return hit ? (size_t)(hit - encoded.p) : encoded.n;
}

void tm_codec_begin(tm_codec_cursor *c, tm_str encoded, size_t at, size_t text)
{
    *c = (tm_codec_cursor){encoded, at, text, next_escape(encoded, at)};
}

static void over_escape(tm_codec_cursor *c)
{
    size_t text;
    c->at += escape_at(c->encoded.p + c->at, c->encoded.n - c->at, &text);
    c->text += text;
    c->escape = next_escape(c->encoded, c->at);
}

size_t tm_codec_to_text(tm_codec_cursor *c, size_t text)
{
    while (c->text < text) {
        size_t plain = c->escape - c->at, step = TM_MIN(plain, text - c->text);
        c->at += step;
        c->text += step;
        if (c->text == text || c->at == c->encoded.n) break;
        over_escape(c);
    }
    return c->at;
}

size_t tm_codec_to_encoded(tm_codec_cursor *c, size_t at)
{
    while (c->at < at) {
        size_t plain = c->escape - c->at, step = TM_MIN(plain, at - c->at);
        c->at += step;
        c->text += step;
        if (c->at == at || c->at == c->encoded.n) break;
        over_escape(c);
    }
    return c->text;
}

unsigned tm_codec_depth(const tm_part *part)
{
    unsigned depth = 0;
    while (depth < TM_COUNT(part->codecs) && part->codecs[depth] != TM_CODEC_NONE) depth++;
    return depth;
}

tm_str tm_codec_decode(tm_arena *mem, tm_str raw, unsigned layers)
{
    for (unsigned i = 0; i < layers; i++) {
        if (next_escape(raw, 0) == raw.n) continue;
        char *to = tm_arena_alloc(mem, raw.n, 1);
        if (!to) return (tm_str){0};
        raw = (tm_str){to, tm_json_unescape_to(raw, to)};
    }
    return raw;
}

static bool needs_escape(tm_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == '"' || c == '\\') return true;
        if (c == 0xED && i + 1 < s.n && (unsigned char)s.p[i + 1] >= 0xA0) return true;
    }
    return false;
}

tm_str tm_codec_escape(tm_arena *mem, tm_str text)
{
    if (!needs_escape(text)) return text;
    tm_buf escaped = {0};
    tm_json_escape(text, &escaped);
    tm_str copy = escaped.failed ? (tm_str){0} : tm_arena_str(mem, tm_buf_view(&escaped));
    tm_buf_release(&escaped);
    return copy;
}

void tm_codec_quote(tm_buf *out, tm_str text)
{
    tm_buf_char(out, '"');
    if (text.n) tm_json_escape(text, out);
    tm_buf_char(out, '"');
}

static bool lift_layer(tm_arena *mem, tm_str encoded, tm_splice *splice, uint32_t count)
{
    tm_codec_cursor c;
    tm_codec_begin(&c, encoded, 0, 0);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = splice[i].at + splice[i].cut;
        splice[i].at = (uint32_t)tm_codec_to_text(&c, splice[i].at);
        splice[i].cut = (uint32_t)tm_codec_to_text(&c, end) - splice[i].at;
        if (!splice[i].put.n) continue;
        splice[i].put = tm_codec_escape(mem, splice[i].put);
        if (!splice[i].put.p) return false;
    }
    return true;
}

bool tm_codec_lift(tm_arena *mem, tm_str raw, unsigned layers, tm_splice *splice, uint32_t count)
{
    for (unsigned layer = layers; layer-- > 0;) {
        tm_str encoded = tm_codec_decode(mem, raw, layer);
        if (!encoded.p || !lift_layer(mem, encoded, splice, count)) return false;
    }
    return true;
}
