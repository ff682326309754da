/* Collecting a record's changes.
 *
 * Each edited part's edits are lifted through its codec stack to raw coordinates (part_codec.c),
 * patches are there already; a stable merge sort puts them in order, insertions before cuts at the
 * same place. Parts come in the order of their layout and not of the bytes, hence the sort. A copy
 * of the prompt takes the edits of its twin. Overlap would be a bug and asserts. */
#include "record/splices.h"

#include "base/vec.h"
#include "record/part_codec.h"

static tm_status lift_part(tm_batch *b, const tm_part *p, uint32_t first_edit, tm_raw_splices *out,
                           tm_err *err)
{
    uint32_t count = 0;
    for (uint32_t e = first_edit; e != TM_NONE; e = b->edit[e].next) count++;
    tm_splice *splice = tm_arena_alloc(b->mem, count * sizeof *splice, 8);
    if (!splice || !TM_ROOM(b->mem, out->item, out->count, out->room, count))
        return tm_fail_memory(err, "the changes of a record", count * sizeof *splice);
    count = 0;
    for (uint32_t e = first_edit; e != TM_NONE; e = b->edit[e].next)
        splice[count++] = (tm_splice){b->edit[e].at, b->edit[e].cut, b->edit[e].put};
    tm_str raw = {b->raw[p->record].p + p->raw_at, p->raw_bytes};
    if (!tm_codec_lift(b->mem, raw, tm_codec_depth(p), splice, count))
        return tm_fail_memory(err, "the changes of a record", p->raw_bytes);
    for (uint32_t i = 0; i < count; i++)
        out->item[out->count++] =
            (tm_raw_splice){p->raw_at + splice[i].at, splice[i].cut, TM_NONE, splice[i].put};
    return TM_OK;
}

static bool before(const tm_raw_splice *a, const tm_raw_splice *b)
{
    if (a->at != b->at) return a->at < b->at;
    return a->cut == 0 && b->cut != 0;
}

/* Bottom-up merge sort: stable, n log n, no recursion. */
static bool sort(tm_arena *mem, tm_raw_splices *s)
{
    bool sorted = true;
    for (uint32_t i = 1; i < s->count && sorted; i++)
        sorted = !before(&s->item[i], &s->item[i - 1]);
    if (sorted) return true;
    tm_raw_splice *from = s->item, *to = tm_arena_alloc(mem, s->count * sizeof *to, 8);
    if (!to) return false;
    for (size_t width = 1; width < s->count; width *= 2) {
        for (size_t low = 0; low < s->count; low += 2 * width) {
            size_t mid = TM_MIN(low + width, s->count), end = TM_MIN(low + 2 * width, s->count);
            for (size_t i = low, j = mid, k = low; k < end; k++) {
                bool right = i == mid || (j < end && before(&from[j], &from[i]));
                to[k] = right ? from[j++] : from[i++];
            }
        }
        tm_raw_splice *swap = from;
        from = to;
        to = swap;
    }
    s->item = from;
    return true;
}

tm_status tm_splices_of(tm_batch *b, uint32_t record, tm_raw_splices *out, tm_err *err)
{
    *out = (tm_raw_splices){0};
    for (uint32_t i = b->first_part[record]; i < b->first_part[record + 1]; i++) {
        const tm_part *p = &b->part[i];
        if (p->flags & TM_PART_GONE) continue;
        uint32_t first = p->flags & TM_PART_COPY ? b->part[p->twin].first_edit : p->first_edit;
        if (first != TM_NONE) TM_TRY(lift_part(b, p, first, out, err));
    }
    for (uint32_t i = b->first_patch[record]; i != TM_NONE; i = b->patch[i].next) {
        if (!TM_ROOM(b->mem, out->item, out->count, out->room, 1))
            return tm_fail_memory(err, "the changes of a record", sizeof *out->item);
        const tm_patch *patch = &b->patch[i];
        out->item[out->count++] = (tm_raw_splice){patch->at, patch->cut, i, patch->put};
    }
    if (!sort(b->mem, out)) return tm_fail_memory(err, "the changes of a record", out->count);
    uint64_t end = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        TM_ASSERT(out->item[i].at >= end);
        end = (uint64_t)out->item[i].at + out->item[i].cut;
    }
    TM_ASSERT(end <= b->raw[record].n);
    return TM_OK;
}

bool tm_splices_raw(const tm_raw_splices *s, uint32_t now, uint32_t *raw)
{
    int64_t grown = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t at = s->item[i].at + grown;
        if (now <= at) break;
        if (now < at + (int64_t)s->item[i].put.n) return false;
        grown += (int64_t)s->item[i].put.n - s->item[i].cut;
    }
    *raw = (uint32_t)(now - grown);
    return true;
}

void tm_patch_drop(tm_batch *b, uint32_t record, uint32_t patch)
{
    uint32_t *link = &b->first_patch[record];
    while (*link != patch) link = &b->patch[*link].next;
    *link = b->patch[patch].next;
    b->patch[patch].record = TM_NONE;
    b->patch[patch].next = TM_NONE;
}

tm_status tm_patch_link(tm_batch *b, uint32_t record, uint32_t at, uint32_t cut, tm_str put,
                        tm_str path, uint16_t step, uint16_t rule, tm_err *err)
{
    if (!TM_ROOM(b->mem, b->patch, b->patches, b->patch_room, 1))
        return tm_fail_memory(err, "a patch", sizeof(tm_patch));
    uint32_t index = b->patches++, *link = &b->first_patch[record];
    while (*link != TM_NONE) {
        const tm_patch *other = &b->patch[*link];
        if (at < other->at || (at == other->at && cut == 0 && other->cut != 0)) break;
        link = &b->patch[*link].next;
    }
    b->patch[index] = (tm_patch){record, at, cut, step, rule, put, path, *link};
    *link = index;
    if (!cut) return TM_OK;
    for (uint32_t i = b->first_part[record]; i < b->first_part[record + 1]; i++) {
        tm_part *p = &b->part[i];
        if (p->raw_at < at || p->raw_at + p->raw_bytes > at + cut) continue;
        p->flags |= TM_PART_GONE;
        p->text = (tm_str){"", 0};
        p->version++;
    }
    return TM_OK;
}
