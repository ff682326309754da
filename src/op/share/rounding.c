/* A cycle that a new row closes is a way from one of its open columns to another one through older
 * rows. It is searched in breadth over columns, with a bit each. Of the two amounts that end in an
 * entry of 0 or cap the smaller one is taken: less is moved. */
#include "op/share/rounding.h"

typedef struct way { /* how a column was reached: by that row, from that column */
    uint8_t row[TM_ROUNDING_COLUMNS], column[TM_ROUNDING_COLUMNS];
    uint32_t from, to;
} way;

static bool find_way(const tm_rounding *r, uint32_t from, way *w)
{
    uint8_t queue[TM_ROUNDING_COLUMNS] = {(uint8_t)from};
    uint32_t newest = r->rows - 1, seen = 1u << from, head = 0, tail = 1, looked_at = 0;
    w->from = from;
    while (head < tail) {
        uint32_t column = queue[head++];
        for (uint32_t i = 0; i < newest; i++) {
            if (looked_at >> i & 1 || !(r->row[i].open >> column & 1)) continue;
            looked_at |= 1u << i;
            for (uint32_t to = 0; to < r->columns; to++) {
                if (!((r->row[i].open & ~seen) >> to & 1)) continue;
                seen |= 1u << to;
                w->row[to] = (uint8_t)i;
                w->column[to] = (uint8_t)column;
                w->to = to;
                if (r->row[newest].open >> to & 1) return true;
                queue[tail++] = (uint8_t)to;
            }
        }
    }
    return false;
}

typedef struct step { /* an entry of a cycle */
    tm_rounding_row *row;
    uint32_t column;
} step;

/* The entries in turn: the even ones rise when the odd ones fall. */
static uint32_t steps_of(tm_rounding *r, const way *w, step out[2 * TM_ROUNDING_COLUMNS])
{
    tm_rounding_row *newest = &r->row[r->rows - 1];
    uint32_t n = 0, column = w->to;
    out[n++] = (step){newest, w->from};
    out[n++] = (step){newest, column};
    while (column != w->from) {
        tm_rounding_row *row = &r->row[w->row[column]];
        out[n++] = (step){row, column};
        column = w->column[column];
        out[n++] = (step){row, column};
    }
    return n;
}

static void round_cycle(tm_rounding *r, const way *w)
{
    step at[2 * TM_ROUNDING_COLUMNS];
    uint32_t n = steps_of(r, w, at);
    int64_t rise = INT64_MAX, fall = INT64_MAX; /* how far the even ones may */
    for (uint32_t i = 0; i < n; i++) {
        int64_t low = at[i].row->entry[at[i].column], high = at[i].row->cap - low;
        rise = TM_MIN(rise, i % 2 ? low : high);
        fall = TM_MIN(fall, i % 2 ? high : low);
    }
    int64_t more = rise <= fall ? rise : -fall;
    for (uint32_t i = 0; i < n; i++) {
        int64_t *entry = &at[i].row->entry[at[i].column];
        *entry += i % 2 ? -more : more;
        if (*entry == 0 || *entry == at[i].row->cap) at[i].row->open &= ~(1u << at[i].column);
    }
}

static void tell_done(const tm_rounding *r, const tm_rounding_row *row)
{
    uint32_t up = 0;
    for (uint32_t i = 0; i < r->columns; i++) up |= (uint32_t)(row->entry[i] == row->cap) << i;
    r->done(r->to, row->name, up);
}

/* True when the newest row is among those that are done. */
static bool close_rows(tm_rounding *r)
{
    bool newest = !r->row[r->rows - 1].open;
    uint32_t left = 0;
    for (uint32_t i = 0; i < r->rows; i++) {
        if (!r->row[i].open)
            tell_done(r, &r->row[i]);
        else if (left++ < i)
            r->row[left - 1] = r->row[i];
    }
    r->rows = left;
    return newest;
}

void tm_rounding_add(tm_rounding *r, uint32_t name, int64_t cap, const int64_t *entry)
{
    way w;
    TM_ASSERT(r->columns && r->columns <= TM_ROUNDING_COLUMNS && r->rows < r->columns);
    tm_rounding_row *row = &r->row[r->rows++];
    *row = (tm_rounding_row){.name = name, .cap = cap};
    for (uint32_t i = 0; i < r->columns; i++) {
        row->entry[i] = entry[i];
        row->open |= (uint32_t)(entry[i] != 0 && entry[i] != cap) << i;
    }
    if (close_rows(r)) return;
    for (uint32_t from = 0; from < r->columns; from++)
        while (r->row[r->rows - 1].open >> from & 1 && find_way(r, from, &w)) {
            round_cycle(r, &w);
            if (close_rows(r)) return;
        }
}
