/* The identity of a record's content: what is hashed, and in which bytes.
 *
 *   kind | for each part: role kind answer presence length:8 text [length:8 name] | length:8 labels
 *
 * Lengths are little-endian and come first, so nothing runs together; parts of what is not text
 * count with their raw bytes (two images are two things). Copies of the prompt count once. The
 * bytes are gathered in the batch's scratch buffer and hashed in one call; long ones piece by
 * piece, which gives the same. */
#include "record/identity.h"

#include "record/part_codec.h"

#define NO_PARTS 0xFF
#define NAMED 0x80 /* beside the presence of a part: a name follows its text */

enum { LONG_BYTES = 1 << 20 };

typedef struct gatherer { /* bytes that are hashed; a long text goes by without a copy */
    tm_buf *bytes;
    tm_hasher *hasher; /* of what came before bytes; NULL: nothing did */
} gatherer;

static void add_text(gatherer *g, tm_str text)
{
    if (text.n > LONG_BYTES && !g->hasher) g->hasher = tm_hasher_new();
    if (text.n <= LONG_BYTES || !g->hasher) {
        tm_buf_str(g->bytes, text);
        return;
    }
    tm_hasher_add(g->hasher, g->bytes->p, g->bytes->n);
    tm_hasher_add(g->hasher, text.p, text.n);
    tm_buf_clear(g->bytes);
}

static tm_hash hash_gathered(gatherer *g)
{
    if (!g->hasher) return tm_hash128(g->bytes->p, g->bytes->n);
    tm_hasher_add(g->hasher, g->bytes->p, g->bytes->n);
    return tm_hasher_done(g->hasher);
}

static void add_length(tm_buf *out, uint64_t n)
{
    unsigned char le[8];
    for (unsigned i = 0; i < 8; i++) le[i] = (unsigned char)(n >> (8 * i));
    tm_buf_add(out, le, sizeof le);
}

static bool add_part(tm_batch *b, uint32_t part, gatherer *g)
{
    tm_buf *out = g->bytes;
    const tm_part *p = &b->part[part];
    const char head[] = {(char)p->role, (char)p->kind, (char)(p->answer & 0xFF),
                         (char)(p->answer >> 8), (char)(p->present | (p->name.p ? NAMED : 0))};
    tm_str text;
    if (!tm_part_as_read(b, part, &text)) return false;
    if (!tm_part_is_text(p)) text = tm_part_other(b, part);
    tm_buf_add(out, head, sizeof head);
    add_length(out, text.n);
    add_text(g, text);
    if (!p->name.p) return true;
    add_length(out, p->name.n);
    tm_buf_str(out, p->name);
    return true;
}

static bool gather(tm_batch *b, uint32_t record, gatherer *g)
{
    uint32_t from = b->first_part[record], end = b->first_part[record + 1];
    tm_buf_char(g->bytes, (char)(from == end ? NO_PARTS : b->kind[record]));
    if (from == end) add_text(g, b->raw[record]);
    for (uint32_t i = from; i < end; i++)
        if (!(b->part[i].flags & TM_PART_COPY) && !add_part(b, i, g)) return false;
    add_length(g->bytes, b->label[record].n);
    add_text(g, b->label[record]);
    return !g->bytes->failed;
}

bool tm_record_id(tm_batch *b, const tm_layout_set *layouts, uint32_t record, tm_id *out)
{
    tm_id *id = &b->id[record];
    TM_UNUSED(layouts);
    if (id->hi || id->lo) {
        *out = *id;
        return true;
    }
    gatherer g = {.bytes = &b->scratch};
    tm_buf_clear(g.bytes);
    bool well = gather(b, record, &g);
    if (well) *out = *id = hash_gathered(&g);
    tm_hasher_free(g.hasher);
    return well;
}
