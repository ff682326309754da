/* Messages are counted by their chosen parts, so that `by: user, turn: 1` is the first question
 * whether or not a system prompt stands before it. */
#include "op/chosen.h"

/* The next part from p on that the selectors name and that is of another message than the last. */
static uint32_t next_message(const tm_choice *c, const tm_batch *b, uint32_t p, uint32_t end,
                             const tm_part *last)
{
    for (; p < end; p++) {
        const tm_part *part = &b->part[p];
        if (!tm_part_in(part, c->by)) continue;
        if (!last || part->answer != last->answer || part->turn != last->turn) break;
    }
    return p;
}

bool tm_choose(const tm_choice *c, const tm_batch *b, uint32_t r, tm_chosen *out)
{
    uint32_t begin = b->first_part[r], end = b->first_part[r + 1];
    int64_t messages = 0, want = c->turn;
    *out = (tm_chosen){.by = c->by, .all = !c->turn};
    if (begin < end && b->part[begin].flags & TM_PART_ANY) return true;
    if (!c->turn) return true;
    for (int go = 0; go < 2; go++) {
        const tm_part *last = NULL;
        messages = 0;
        for (uint32_t p = begin; (p = next_message(c, b, p, end, last)) < end;) {
            last = &b->part[p];
            out->answer = last->answer;
            out->turn = last->turn;
            if (++messages == want) return true;
        }
        if (want > 0 || messages + want < 0) return false;
        want += messages + 1; /* from behind: now that they are counted */
    }
    return false;
}

/* An index has the hash of its record's own in hexadecimal. */
static uint64_t carried_by_index(tm_str hex)
{
    uint64_t all = 0;
    for (size_t i = 0; i < hex.n && i < 16; i++) {
        unsigned c = (unsigned char)hex.p[i];
        all = all << 4 | ((c & 15) + (c > '9' ? 9 : 0));
    }
    return all;
}

uint64_t tm_chosen_carries(const tm_chosen *c, const tm_batch *b, uint32_t r)
{
    uint64_t all = 0;
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        const tm_part *part = &b->part[p];
        if (tm_part_is_text(part) && !part->name.p) continue;
        if (!tm_is_chosen(c, part)) continue;
        if (part->flags & TM_PART_ANY) return carried_by_index(part->name);
        tm_str other = tm_part_other(b, p);
        if (part->name.p) all = tm_hash64(part->name.p, part->name.n, all + 1);
        if (other.n) all = tm_hash64(other.p, other.n, all + 2);
    }
    return all;
}
