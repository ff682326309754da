/* Parts: which selectors they are in, and their text.
 *
 * A text is decoded when it is first asked for. Without escapes it is a slice of the raw bytes,
 * which the binder has already set; else each codec of the stack is undone in turn, in the batch's
 * arena. What is null, absent, of the wrong type, not text or patched away has the empty text. */
#include "record/part_codec.h"

bool tm_part_in(const tm_part *part, uint32_t selectors)
{
    static const uint32_t by_role[] = {TM_SEL_SYSTEM, TM_SEL_USER,     TM_SEL_ASSISTANT,
                                       TM_SEL_TOOL,   TM_SEL_DOCUMENT, 0};
    if (part->flags & (TM_PART_COPY | TM_PART_GONE)) return false;
    if (part->flags & TM_PART_ANY) return true;
    uint32_t in = TM_SEL_ALL | TM_SEL_EVERYTHING | by_role[part->role];
    in |= part->flags & TM_PART_RESPONSE ? TM_SEL_RESPONSE : TM_SEL_PROMPT;
    if (part->answer) in |= part->answer == 1 ? TM_SEL_CHOSEN : TM_SEL_REJECTED;
    if (part->kind == TM_REASONING) in |= TM_SEL_REASONING;
    if (part->kind == TM_CALL) in |= TM_SEL_CALL;
    return (in & selectors) != 0;
}

bool tm_part_as_read(tm_batch *b, uint32_t part, tm_str *out)
{
    tm_part *p = &b->part[part];
    if (!p->as_read.p) {
        tm_str raw = {b->raw[p->record].p + p->raw_at, p->raw_bytes};
        p->as_read =
            tm_part_is_text(p) ? tm_codec_decode(b->mem, raw, tm_codec_depth(p)) : (tm_str){"", 0};
    }
    *out = p->as_read;
    return out->p != NULL;
}

bool tm_part_text(tm_batch *b, uint32_t part, tm_str *out)
{
    tm_part *p = &b->part[part];
    if (TM_UNLIKELY(!p->text.p)) {
        if (p->flags & TM_PART_GONE)
            p->text = (tm_str){"", 0};
        else if (!tm_part_as_read(b, part, &p->text))
            return false;
    }
    *out = p->text;
    return true;
}

/* A part that is a JSON string and nothing inside of it, as nearly all are. */
static size_t raw_offset_of_string(tm_str raw, size_t as_read_at, tm_part_place *known)
{
    tm_codec_cursor c = {raw, known->at, known->as_read, known->next};
    if (known->raw != raw.p || known->as_read > as_read_at) tm_codec_begin(&c, raw, 0, 0);
    size_t at = tm_codec_to_text(&c, as_read_at);
    *known = (tm_part_place){raw.p, c.text, c.at, c.escape};
    return at;
}

uint32_t tm_part_raw_offset(const tm_batch *b, uint32_t part, uint32_t as_read_at,
                            tm_part_place *known)
{
    const tm_part *p = &b->part[part];
    tm_str raw = {b->raw[p->record].p + p->raw_at, p->raw_bytes};
    if (tm_codec_depth(p) == 1)
        return (uint32_t)TM_MIN(raw_offset_of_string(raw, as_read_at, known), p->raw_bytes);
    tm_arena mem = {0};
    size_t at = as_read_at;
    for (unsigned layer = tm_codec_depth(p); layer-- > 0;) {
        tm_codec_cursor c;
        tm_str encoded = tm_codec_decode(&mem, raw, layer);
        if (!encoded.p)
            break; /* no memory: the place is a little off, which only a message shows */
        tm_codec_begin(&c, encoded, 0, 0);
        at = tm_codec_to_text(&c, at);
    }
    tm_arena_release(&mem);
    return (uint32_t)TM_MIN(at, p->raw_bytes);
}
