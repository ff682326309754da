/* The identity of a record's content: what is hashed, and in which bytes.
 *
 *   kind | for each part: role kind answer presence length:8 text [length:8 name] | length:8 labels
 *
 * Lengths are little-endian and come first, so nothing runs together; parts of what is not text
 * count with their raw bytes (two images are two things). Copies of the prompt count once. The
 * bytes are gathered in the batch's scratch buffer and hashed in one call. */
#include "record/identity.h"

#include "record/part_codec.h"

#define NO_PARTS 0xFF
#define NAMED 0x80 /* beside the presence of a part: a name follows its text */

static void add_length(tm_buf *out, uint64_t n)
{
    unsigned char le[8];
    for (unsigned i = 0; i < 8; i++) le[i] = (unsigned char)(n >> (8 * i));
    tm_buf_add(out, le, sizeof le);
}

static bool add_part(tm_batch *b, uint32_t part, tm_buf *out)
{
    const tm_part *p = &b->part[part];
    const char head[] = {(char)p->role, (char)p->kind, (char)(p->answer & 0xFF),
                         (char)(p->answer >> 8), (char)(p->present | (p->name.p ? NAMED : 0))};
    tm_str text;
    if (!tm_part_as_read(b, part, &text)) return false;
    if (!tm_part_is_text(p)) text = tm_part_other(b, part);
    tm_buf_add(out, head, sizeof head);
    add_length(out, text.n);
    tm_buf_str(out, text);
    if (!p->name.p) return true;
    add_length(out, p->name.n);
    tm_buf_str(out, p->name);
    return true;
}

bool tm_record_id(tm_batch *b, const tm_layout_set *layouts, uint32_t record, tm_id *out)
{
    tm_id *id = &b->id[record];
    TM_UNUSED(layouts);
    if (id->hi || id->lo) {
        *out = *id;
        return true;
    }
    tm_buf *bytes = &b->scratch;
    tm_buf_clear(bytes);
    uint32_t from = b->first_part[record], end = b->first_part[record + 1];
    tm_buf_char(bytes, (char)(from == end ? NO_PARTS : b->kind[record]));
    if (from == end) tm_buf_str(bytes, b->raw[record]);
    for (uint32_t i = from; i < end; i++)
        if (!(b->part[i].flags & TM_PART_COPY) && !add_part(b, i, bytes)) return false;
    add_length(bytes, b->label[record].n);
    tm_buf_str(bytes, b->label[record]);
    if (bytes->failed) return false;
    *out = *id = tm_hash128(bytes->p, bytes->n);
    return true;
}
