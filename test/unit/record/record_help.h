/* What the tests of record/ share: a batch with an arena, records added from literals, and a short
 * spelling of a record's parts. Call order: fx_open, fx_add ..., fx_close. */
#ifndef TM_TEST_RECORD_HELP_H
#define TM_TEST_RECORD_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "record/batch.h"
#include "record/identity.h"
#include "record/layout.h"
#include "record/writer.h"

typedef struct fixture {
    tm_arena mem;
    tm_batch b;
    tm_layout_set set;
    tm_read_rules rules;
    tm_err err;
} fixture;

/* layout: a name, or NULL for all of them in detection order. */
static inline void fx_open(fixture *f, const char *layout)
{
    memset(f, 0, sizeof *f);
    tm_arena_init(&f->mem, 0);
    tm_batch_init(&f->b, &f->mem);
    assert_int_equal(tm_batch_reset(&f->b, 4, NULL, 0, &f->err), TM_OK);
    f->rules.layouts = &f->set;
    for (uint32_t i = 0; !layout && tm_layouts[i]; i++)
        f->set.layout[f->set.count++] = tm_layouts[i];
    if (!layout) return;
    f->set.layout[0] = tm_layout_named(tm_str_of(layout));
    assert_non_null(f->set.layout[0]);
    f->set.count = 1;
}

/* pairs: name, path, name, path, ..., NULL. */
static inline void fx_open_map(fixture *f, const char *const *pairs)
{
    tm_pair pair[16] = {0};
    tm_pairs all = {pair, 0};
    tm_mapping *mapping;
    fx_open(f, "map");
    for (; pairs[0]; pairs += 2)
        pair[all.count++] = (tm_pair){.name = tm_str_of(pairs[0]), .value = tm_str_of(pairs[1])};
    static tm_arena keep; /* mappings outlive a batch; given back by nobody but the end */
    assert_int_equal(tm_mapping_compile(&keep, &all, &mapping, &f->err), TM_OK);
    f->set.mapping = mapping;
}

static inline void fx_close(fixture *f)
{
    tm_batch_release(&f->b);
    tm_arena_release(&f->mem);
}

static inline uint32_t fx_add_str(fixture *f, tm_str json)
{
    tm_rid rid = {TM_PLACE(1, f->b.records), 0};
    assert_int_equal(
        tm_batch_add(&f->b, &f->rules, rid, f->b.records, json, false, 0, NULL, &f->err), TM_OK);
    return f->b.records - 1;
}

/* json must live as long as the batch. */
static inline uint32_t fx_add(fixture *f, const char *json)
{
    return fx_add_str(f, tm_str_of(json));
}

static inline void fx_part(fixture *f, uint32_t i, tm_buf *out)
{
    static const char role[] = "suatdo", *const kind[] = {"", "r", "c", "R"};
    const tm_part *p = &f->b.part[i];
    tm_str text;
    tm_buf_char(out, role[p->role]);
    tm_buf_z(out, kind[p->kind]);
    tm_buf_u64(out, p->answer);
    if (p->flags & TM_PART_RESPONSE) tm_buf_char(out, '*');
    if (p->flags & TM_PART_COPY) tm_buf_char(out, '~');
    if (p->flags & TM_PART_GONE) tm_buf_char(out, 'x');
    if (p->flags & TM_PART_NOT_TEXT) {
        tm_buf_z(out, "!");
        return;
    }
    assert_true(tm_part_text(&f->b, i, &text));
    if (p->present == TM_ABSENT)
        tm_buf_z(out, "=absent");
    else if (p->present == TM_IS_NULL)
        tm_buf_z(out, "=null");
    else if (p->present == TM_WRONG_TYPE)
        tm_buf_z(out, "=wrong");
    else {
        tm_buf_char(out, ':');
        tm_buf_str(out, text);
    }
}

/* "u0:hello|a0*:hi"; for an unreadable record its code. NUL-terminated; freed by tm_buf_release. */
static inline const char *fx_parts(fixture *f, uint32_t record, tm_buf *out)
{
    tm_buf_clear(out);
    if (f->b.fate[record] == TM_UNREADABLE) tm_buf_z(out, f->b.trouble[record].code);
    for (uint32_t i = f->b.first_part[record]; i < f->b.first_part[record + 1]; i++) {
        if (out->n) tm_buf_char(out, '|');
        fx_part(f, i, out);
    }
    tm_buf_char(out, '\0');
    return out->p;
}

static inline const char *fx_layout(const fixture *f, uint32_t record)
{
    uint16_t layout = f->b.layout[record];
    return layout == UINT16_MAX ? "none" : f->set.layout[layout]->name;
}

/* The record as it is now, NUL-terminated. */
static inline const char *fx_write(fixture *f, uint32_t record, tm_buf *out)
{
    tm_buf_clear(out);
    assert_int_equal(tm_record_write(&f->b, record, out, &f->err), TM_OK);
    tm_buf_char(out, '\0');
    return out->p;
}

/* Replaces the first `what` in the part's text. */
static inline void fx_replace(fixture *f, uint32_t part, const char *what, const char *by)
{
    tm_str text;
    assert_true(tm_part_text(&f->b, part, &text));
    size_t at = tm_str_find(text, tm_str_of(what));
    assert_true(at < text.n || !*what);
    tm_splice s = {(uint32_t)at, (uint32_t)strlen(what), tm_str_of(by)};
    assert_int_equal(tm_part_edit(&f->b, part, &s, 1, 1, 0, &f->err), TM_OK);
}

#endif
