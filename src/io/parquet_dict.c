/* Dictionaries by open addressing with linear steps, at most half full.
 *
 * A column either has few distinct values or soon shows that it has many: the attempt is given up
 * as soon as more than half of the values seen (and a head start of 1,024) were new, so a column of
 * unique values costs about two thousand look-ups a row group and no more. Whether it is given up
 * depends on the values alone. A value equal to the one before it is not looked up at all: ledger
 * columns are long runs. */
#include "io/parquet_dict.h"
#include "base/hash.h"

enum { SLOT_BITS = 16, SLOTS = 1 << SLOT_BITS, HEAD_START = 1024 };

static tm_status ready(tm_pq_dict *d, bool text, tm_err *err)
{
    if (!d->index) d->index = tm_alloc(TM_PARQUET_ROWS * sizeof *d->index);
    if (!d->slot) d->slot = tm_alloc(SLOTS * sizeof *d->slot);
    if (!d->number && !text) d->number = tm_alloc(TM_PQ_DICT_NUMBERS * sizeof *d->number);
    if (!d->text && text) d->text = tm_alloc(TM_PQ_DICT_TEXTS * sizeof *d->text);
    if (!d->head && text) d->head = tm_alloc(TM_PQ_DICT_TEXTS * sizeof *d->head);
    if (!d->index || !d->slot || !(text ? (void *)d->text : (void *)d->number) ||
        (text && !d->head)) {
        return tm_fail_memory(err, "a Parquet dictionary", SLOTS * sizeof *d->slot);
    }
    memset(d->slot, 0, SLOTS * sizeof *d->slot);
    d->count = 0;
    d->bytes = 0;
    return TM_OK;
}

static bool too_many(const tm_pq_dict *d, uint32_t seen)
{
    return d->count > HEAD_START + seen / 2;
}

static bool numbers(tm_pq_dict *d, const uint64_t *value, uint32_t count)
{
    uint64_t last = ~value[0];
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t v = value[i];
        if (v == last) {
            d->index[i] = found;
            continue;
        }
        last = v;
        /* Fibonacci hashing (Knuth, TAOCP 3, 6.4), the high half folded in for doubles */
        uint32_t at =
            (uint32_t)(((v ^ v >> 32) * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - SLOT_BITS));
        while (d->slot[at] && d->number[d->slot[at] - 1] != v) at = (at + 1) % SLOTS;
        if (!d->slot[at]) {
            if (d->count == TM_PQ_DICT_NUMBERS || too_many(d, i)) return false;
            d->number[d->count++] = v;
            d->slot[at] = d->count;
        }
        found = d->slot[at] - 1;
        d->index[i] = found;
    }
    return true;
}

static bool texts(tm_pq_dict *d, const tm_pq_build *c)
{
    const char *p = c->bytes.p ? c->bytes.p : "";
    tm_str last = {NULL, SIZE_MAX};
    uint32_t found = 0;
    for (uint32_t i = 0; i < c->present; i++) {
        tm_str s = {p, c->length[i]};
        p += s.n;
        if (s.n == last.n && memcmp(s.p, last.p, s.n) == 0) {
            d->index[i] = found;
            continue;
        }
        last = s;
        uint64_t hash = tm_hash64(s.p, s.n, 0);
        uint32_t head = (uint32_t)hash, at = (uint32_t)(hash >> (64 - SLOT_BITS)), entry;
        while ((entry = d->slot[at]) != 0 &&
               (d->head[entry - 1] != head || !tm_str_eq(d->text[entry - 1], s))) {
            at = (at + 1) % SLOTS;
        }
        if (!entry) {
            d->bytes += s.n;
            if (d->count == TM_PQ_DICT_TEXTS || d->bytes > TM_PQ_DICT_BYTES || too_many(d, i)) {
                return false;
            }
            d->head[d->count] = head;
            d->text[d->count++] = s;
            d->slot[at] = entry = d->count;
        }
        found = entry - 1;
        d->index[i] = found;
    }
    return true;
}

tm_status tm_pq_dict_make(tm_pq_dict *d, const tm_pq_build *c, bool *pays, tm_err *err)
{
    bool text = tm_pq_is_text(c->is.type);
    *pays = false;
    if (c->present == 0 || c->is.type == TM_PQ_BOOL) return TM_OK;
    TM_TRY(ready(d, text, err));
    *pays = text ? texts(d, c) : numbers(d, c->value, c->present);
    return TM_OK;
}

void tm_pq_dict_release(tm_pq_dict *d)
{
    tm_free(d->index);
    tm_free(d->slot);
    tm_free(d->number);
    tm_free(d->text);
    tm_free(d->head);
    *d = (tm_pq_dict){0};
}
