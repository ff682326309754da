/* A sorted file of decisions with a sparse index.
 *
 *   magic 8 | rows 8 | bytes 8 | told bytes 8 | XXH3-128 of all behind the head 16 | told | rows
 *
 * Rows are framed as tm_decide frames them, in rid order, at most one a rid (of several the first
 * in byte order counts, so the outcome does not depend on who decided when; what was added in a
 * second turn gives it the `other`). The index holds the place of every INDEX_BYTES-th byte's row;
 * a lookup reads the spans between two entries. */
#include "flow/verdicts.h"

#include "base/hash.h"
#include "base/vec.h"

enum { INDEX_BYTES = 32 << 10, WHOLE_BYTES = 16 << 20 };
enum { TURN_AT = 16, ORDER_BYTES }; /* of a row that is sorted: behind its rid, which turn */

typedef struct file_head {
    char magic[8];
    uint64_t rows, bytes, told;
    tm_hash digest;
} file_head;
static const char MAGIC[8] = {'T', 'M', 'D', 'E', 'C', '0', '0', '1'};

typedef struct index_entry {
    uint64_t place, at;
} index_entry;

struct tm_verdicts {
    tm_sorter *sorter; /* while it is made */
    bool second;       /* turn */
    tm_lock lock;
    uint64_t rows, bytes, rows_at;
    tm_buf told, whole; /* whole: all rows, when they are few */
    index_entry *index;
    uint32_t indexed, index_room;
    int file;
    char *path;
};

tm_verdicts *tm_verdicts_begin(tm_spill *spill, uint64_t budget_bytes)
{
    tm_verdicts *v = tm_alloc_zero(1, sizeof *v);
    if (!v) return NULL;
    pthread_mutex_init(&v->lock, NULL);
    v->file = -1;
    v->sorter = tm_sorter_new(spill, budget_bytes);
    if (v->sorter) return v;
    tm_verdicts_free(v);
    return NULL;
}

void tm_verdicts_turn(tm_verdicts *v)
{
    v->second = true;
}

tm_status tm_verdicts_add(tm_verdicts *v, const tm_decisions *decisions, tm_err *err)
{
    tm_decision d;
    tm_status status = TM_OK;
    tm_str bytes = tm_buf_view(&decisions->bytes);
    tm_lock_take(&v->lock);
    for (size_t at = 0, from = 0; status == TM_OK && tm_decisions_next(bytes, &at, &d); from = at) {
        char order[ORDER_BYTES];
        tm_rid_put(d.rid, order);
        order[TURN_AT] = (char)v->second;
        tm_fact f = {.order = {order, ORDER_BYTES}, .data = {bytes.p + from, at - from}};
        status = tm_sorter_add(v->sorter, &f, err);
    }
    tm_lock_drop(&v->lock);
    return status;
}

static tm_status note_place(tm_verdicts *v, uint64_t place, tm_err *err)
{
    bool due = !v->indexed || v->bytes - v->index[v->indexed - 1].at >= INDEX_BYTES;
    if (!due) return TM_OK;
    if (!TM_ROOM_HEAP(v->index, v->indexed, v->index_room, 1))
        return tm_fail_memory(err, "the index of decisions", sizeof *v->index);
    v->index[v->indexed++] = (index_entry){place, v->bytes};
    return TM_OK;
}

typedef struct row_writer {
    tm_verdicts *v;
    tm_out out;
    tm_hasher *hasher;
    tm_buf piece;
    tm_rid last;
    size_t last_at; /* in `piece` */
} row_writer;

static tm_status flush_rows(row_writer *w, tm_err *err)
{
    TM_TRY(tm_buf_ok(&w->piece, err));
    tm_hasher_add(w->hasher, w->piece.p, w->piece.n);
    TM_TRY(tm_out_write(&w->out, w->piece.p, w->piece.n, err));
    if (w->v->bytes <= WHOLE_BYTES) tm_buf_str(&w->v->whole, tm_buf_view(&w->piece));
    tm_buf_clear(&w->piece);
    return TM_OK;
}

/* What was decided of one record first stands. */
static tm_status write_row(row_writer *w, const tm_fact *f, tm_err *err)
{
    tm_decision d;
    size_t at = 0;
    tm_verdicts *v = w->v;
    bool whole = tm_decisions_next(f->data, &at, &d), second = f->order.p[TURN_AT];
    TM_ASSERT(whole);
    if (v->rows && tm_rid_cmp(d.rid, w->last) == 0) {
        if (second && d.set & TM_D_OTHER) tm_decision_name(w->piece.p + w->last_at, d.other);
        return TM_OK;
    }
    if (w->piece.n >= INDEX_BYTES) TM_TRY(flush_rows(w, err));
    w->last = d.rid;
    w->last_at = w->piece.n;
    TM_TRY(note_place(v, d.rid.place, err));
    tm_buf_str(&w->piece, f->data);
    v->rows++;
    v->bytes += f->data.n;
    return tm_buf_ok(&w->piece, err);
}

static tm_status write_rows(row_writer *w, tm_err *err)
{
    tm_fact f;
    for (bool more = true;;) {
        TM_TRY(tm_sorter_next(w->v->sorter, &f, &more, err));
        if (!more) return flush_rows(w, err);
        TM_TRY(write_row(w, &f, err));
    }
}

/* The head is known only at the end: rows go to a part file behind an empty head first. */
static tm_status write_file(tm_verdicts *v, row_writer *w, bool lasts, tm_str told, tm_err *err)
{
    file_head head = {0};
    tm_buf_str(&v->told, told);
    TM_TRY(tm_buf_ok(&v->told, err));
    TM_TRY(lasts ? tm_out_begin(&w->out, v->path, true, err)
                 : tm_out_begin_scratch(&w->out, v->path, err));
    TM_TRY(tm_out_write(&w->out, &head, sizeof head, err));
    tm_hasher_add(w->hasher, told.p, told.n);
    TM_TRY(tm_out_write(&w->out, told.p, told.n, err));
    TM_TRY(write_rows(w, err));
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    head.rows = v->rows;
    head.bytes = v->bytes;
    head.told = told.n;
    head.digest = tm_hasher_done(w->hasher);
    TM_TRY(tm_out_rewrite(&w->out, 0, &head, sizeof head, err));
    return tm_out_commit(&w->out, err);
}

static tm_status keep_path(tm_verdicts *v, const char *path, tm_err *err)
{
    size_t length = strlen(path) + 1;
    v->path = tm_alloc(length);
    if (!v->path) return tm_fail_memory(err, "decisions", length);
    memcpy(v->path, path, length);
    return TM_OK;
}

tm_status tm_verdicts_finish(tm_verdicts *v, const char *path, bool lasts, tm_str told, tm_err *err)
{
    TM_TRY(keep_path(v, path, err));
    TM_TRY(tm_sorter_finish(v->sorter, err));
    row_writer w = {.v = v, .hasher = tm_hasher_new()};
    tm_status status =
        w.hasher ? write_file(v, &w, lasts, told, err) : tm_fail_memory(err, "decisions", 0);
    tm_out_abandon(&w.out);
    tm_hasher_free(w.hasher);
    tm_buf_release(&w.piece);
    tm_sorter_free(v->sorter);
    v->sorter = NULL;
    v->rows_at = sizeof(file_head) + told.n;
    if (status == TM_OK && v->bytes > WHOLE_BYTES) {
        tm_buf_release(&v->whole);
        status = tm_file_open(path, &v->file, err);
    }
    if (status == TM_OK) status = tm_buf_ok(&v->whole, err);
    return status;
}

static tm_status damaged(tm_err *err, const char *path)
{
    return tm_fail(err, TM_EINPUT, "%s is not a whole file of decisions", path);
}

/* Reads the rows once to check the digest and to make the index. */
static tm_status load_rows(tm_verdicts *v, const file_head *head, tm_hasher *hasher, tm_err *err)
{
    tm_buf piece = {0};
    tm_status status = TM_OK;
    uint64_t at = v->rows_at, left = head->bytes;
    while (status == TM_OK && (left || piece.n)) {
        size_t take = (size_t)TM_MIN(left, (uint64_t)INDEX_BYTES), had = piece.n, used = 0;
        if (!tm_buf_grow(&piece, take)) status = tm_fail_memory(err, "decisions", take);
        if (status == TM_OK)
            status = tm_file_read_at(v->file, v->path, piece.p + had, take, at, err);
        if (status != TM_OK) break;
        piece.n += take, at += take, left -= take;
        tm_hasher_add(hasher, piece.p + had, take);
        tm_decision d;
        size_t from = 0;
        while (status == TM_OK && tm_decisions_next(tm_buf_view(&piece), &used, &d)) {
            status = note_place(v, d.rid.place, err);
            v->bytes += used - from;
            v->rows++;
            from = used;
        }
        if (head->bytes <= WHOLE_BYTES) tm_buf_add(&v->whole, piece.p, used);
        if (!used && !left && piece.n) status = damaged(err, v->path);
        memmove(piece.p, piece.p + used, piece.n - used);
        piece.n -= used;
    }
    tm_buf_release(&piece);
    return status;
}

static tm_status load_file(tm_verdicts *v, tm_hasher *hasher, tm_err *err)
{
    tm_file_info info;
    file_head head;
    TM_TRY(tm_file_info_of(v->path, &info, err));
    TM_TRY(tm_file_open(v->path, &v->file, err));
    if (info.bytes < sizeof head) return damaged(err, v->path);
    TM_TRY(tm_file_read_at(v->file, v->path, &head, sizeof head, 0, err));
    uint64_t body = info.bytes - sizeof head;
    if (memcmp(head.magic, MAGIC, sizeof MAGIC) != 0 || head.told > body ||
        head.bytes != body - head.told)
        return damaged(err, v->path);
    if (!tm_buf_grow(&v->told, (size_t)head.told))
        return tm_fail_memory(err, "decisions", head.told);
    TM_TRY(tm_file_read_at(v->file, v->path, v->told.p, (size_t)head.told, sizeof head, err));
    v->told.n = (size_t)head.told;
    tm_hasher_add(hasher, v->told.p, v->told.n);
    v->rows_at = sizeof head + head.told;
    TM_TRY(load_rows(v, &head, hasher, err));
    tm_hash digest = tm_hasher_done(hasher);
    if (v->rows != head.rows || tm_hash_cmp(digest, head.digest) != 0) return damaged(err, v->path);
    return tm_buf_ok(&v->whole, err);
}

tm_status tm_verdicts_open(tm_verdicts **out, const char *path, tm_err *err)
{
    bool there;
    TM_TRY(tm_file_there(path, &there, err));
    if (!there) return damaged(err, path);
    tm_verdicts *v = tm_alloc_zero(1, sizeof *v);
    tm_hasher *hasher = tm_hasher_new();
    tm_status status = v && hasher ? TM_OK : tm_fail_memory(err, "decisions", sizeof *v);
    if (v) {
        v->file = -1;
        pthread_mutex_init(&v->lock, NULL);
    }
    if (status == TM_OK) status = keep_path(v, path, err);
    if (status == TM_OK) status = load_file(v, hasher, err);
    tm_hasher_free(hasher);
    if (status != TM_OK) {
        tm_verdicts_free(v);
        return status;
    }
    *out = v;
    return TM_OK;
}

static tm_status not_rows(tm_err *err)
{
    return tm_fail(err, TM_EINPUT, "these are not the rows of decisions");
}

static tm_status take_rows(tm_verdicts *v, tm_str rows, tm_err *err)
{
    tm_decision d;
    tm_rid last = {0, 0};
    size_t at = 0;
    for (size_t from = 0; tm_decisions_next(rows, &at, &d); from = at) {
        int c = v->rows ? tm_rid_cmp(d.rid, last) : 1;
        if (c < 0) return tm_fail(err, TM_EINPUT, "decisions come sorted by their records");
        if (c == 0) continue;
        TM_TRY(note_place(v, d.rid.place, err));
        tm_buf_add(&v->whole, rows.p + from, at - from);
        v->bytes += at - from;
        v->rows++;
        last = d.rid;
    }
    if (at != rows.n) return not_rows(err);
    return tm_buf_ok(&v->whole, err);
}

tm_status tm_verdicts_join(tm_str first, tm_str second, tm_buf *out, tm_err *err)
{
    tm_decision a, b;
    size_t at = 0, to = 0;
    bool one = tm_decisions_next(first, &at, &a), two = tm_decisions_next(second, &to, &b);
    for (size_t from = 0, last = 0; one || two;) {
        int c = !two ? -1 : !one ? 1 : tm_rid_cmp(a.rid, b.rid);
        size_t begin = out->n;
        if (c <= 0) tm_buf_add(out, first.p + from, at - from);
        if (c > 0) tm_buf_add(out, second.p + last, to - last);
        TM_TRY(tm_buf_ok(out, err));
        if (c == 0 && b.set & TM_D_OTHER) tm_decision_name(out->p + begin, b.other);
        if (c <= 0) from = at, one = tm_decisions_next(first, &at, &a);
        if (c >= 0) last = to, two = tm_decisions_next(second, &to, &b);
    }
    return at == first.n && to == second.n ? TM_OK : not_rows(err);
}

tm_status tm_verdicts_take(tm_verdicts **out, tm_str rows, tm_str told, tm_err *err)
{
    tm_verdicts *v = tm_alloc_zero(1, sizeof *v);
    if (!v) return tm_fail_memory(err, "decisions", sizeof *v);
    v->file = -1;
    pthread_mutex_init(&v->lock, NULL);
    tm_buf_str(&v->told, told);
    tm_status status = tm_buf_ok(&v->told, err);
    if (status == TM_OK) status = take_rows(v, rows, err);
    if (status == TM_OK)
        *out = v;
    else
        tm_verdicts_free(v);
    return status;
}

tm_str tm_verdicts_told(const tm_verdicts *v)
{
    return tm_buf_view(&v->told);
}
uint64_t tm_verdicts_count(const tm_verdicts *v)
{
    return v->rows;
}

/* Byte span of the rows that may hold places in [from, to]. */
static void span_of(const tm_verdicts *v, uint64_t from, uint64_t to, uint64_t *begin,
                    uint64_t *end)
{
    uint32_t low = 0, high = v->indexed; /* first entry with place >= from */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (v->index[middle].place < from)
            low = middle + 1;
        else
            high = middle;
    }
    *begin = low ? v->index[low - 1].at : 0;
    while (low < v->indexed && v->index[low].place <= to) low++;
    *end = low < v->indexed ? v->index[low].at : v->bytes;
}

tm_status tm_verdicts_range(const tm_verdicts *v, uint64_t from_place, uint64_t to_place,
                            tm_verdict_range *out, tm_err *err)
{
    uint64_t begin, end;
    out->count = 0;
    if (!v->rows) return TM_OK;
    span_of(v, from_place, to_place, &begin, &end);
    tm_str rows;
    if (v->file < 0 || v->bytes <= WHOLE_BYTES) {
        rows = (tm_str){v->whole.p + begin, (size_t)(end - begin)};
    } else {
        tm_buf_clear(&out->bytes);
        size_t n = (size_t)(end - begin);
        if (!tm_buf_grow(&out->bytes, n)) return tm_fail_memory(err, "decisions", n);
        TM_TRY(tm_file_read_at(v->file, v->path, out->bytes.p, n, v->rows_at + begin, err));
        rows = (tm_str){out->bytes.p, n};
    }
    tm_decision d;
    for (size_t at = 0; tm_decisions_next(rows, &at, &d);) {
        if (d.rid.place < from_place) continue;
        if (d.rid.place > to_place) break;
        if (!TM_ROOM_HEAP(out->list, out->count, out->room, 1))
            return tm_fail_memory(err, "decisions", sizeof d);
        out->list[out->count++] = d;
    }
    return TM_OK;
}

/* Index of the first decision that is not before rid. */
static uint32_t lower_bound(const tm_verdict_range *range, tm_rid rid)
{
    uint32_t low = 0, high = range->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tm_rid_cmp(range->list[middle].rid, rid) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const tm_decision *tm_verdict_of(const tm_verdict_range *range, tm_rid rid)
{
    uint32_t at = lower_bound(range, rid);
    bool hit = at < range->count && tm_rid_cmp(range->list[at].rid, rid) == 0;
    return hit ? &range->list[at] : NULL;
}

bool tm_verdict_touches(const tm_verdict_range *range, uint64_t place)
{
    uint32_t at = lower_bound(range, (tm_rid){place, 0});
    return at < range->count && range->list[at].rid.place == place;
}

void tm_verdict_range_release(tm_verdict_range *range)
{
    tm_buf_release(&range->bytes);
    tm_free(range->list);
}

void tm_verdicts_free(tm_verdicts *v)
{
    if (!v) return;
    tm_sorter_free(v->sorter);
    if (v->file >= 0) (void)tm_file_close(v->file, v->path, NULL);
    tm_buf_release(&v->told);
    tm_buf_release(&v->whole);
    tm_free(v->index);
    tm_free(v->path);
    pthread_mutex_destroy(&v->lock);
    tm_free(v);
}
