/* Property: an edit is a splice, whatever the layout and however deep the text is wrapped.
 *
 * The model is naive (edit_model.h). A record is a row of cells: a piece of structure, or one code
 * point of a text in the bytes that encode it (through one to four JSON strings, each character
 * escaped in a random way in every layer). Editing the model removes cells and inserts cells
 * escaped in the plain way. The row, put together, must be exactly what tm_record_write gives,
 * every part's text must be the model's after each step, and reading the written record again must
 * give the same texts.
 *
 * Characters that are put in do not occur in the texts as read: then no edit ever puts back what
 * was there, which the composer would undo byte for byte (test_edit.c looks at that). TAMIS_SEED
 * sets the seed, which is printed. */
#include "edit_model.h"

#include "record/fieldpath.h"
#include "record/writer.h"

typedef struct run {
    model m;
    tm_arena mem;
    tm_batch b;
    tm_layout_set set;
    tm_read_rules rules;
    uint32_t part[SLOTS]; /* by slot */
    tm_buf raw, out, text;
} run;

static void add_record(run *t, tm_str raw)
{
    tm_err err;
    tm_rid rid = {0};
    assert_int_equal(tm_batch_add(&t->b, &t->rules, rid, 0, raw, false, 0, NULL, &err), TM_OK);
    uint32_t r = t->b.records - 1;
    if (t->b.fate[r] != TM_LIVE)
        fail_msg("%s %.*s\n%.*s", t->b.trouble[r].code, TM_FMT(t->b.trouble[r].sentence),
                 TM_FMT(raw));
}

static uint32_t part_at(const run *t, uint32_t r, uint32_t at)
{
    for (uint32_t i = t->b.first_part[r]; i < t->b.first_part[r + 1]; i++)
        if (t->b.part[i].raw_at == at && t->b.part[i].present == TM_IS_TEXT) return i;
    fail_msg("no part at %u of %.*s", at, TM_FMT(t->b.raw[r]));
    return TM_NONE;
}

static void expect_text(run *t, uint32_t part, uint8_t slot)
{
    tm_str now;
    if (t->b.part[part].flags & TM_PART_COPY) part = t->b.part[part].twin;
    assert_true(tm_part_text(&t->b, part, &now));
    slot_text(&t->m, slot, &t->text);
    if (!tm_str_eq(now, tm_buf_view(&t->text)))
        fail_msg("text \"%.*s\" instead of \"%.*s\"", TM_FMT(now), TM_FMT(tm_buf_view(&t->text)));
}

static uint32_t slot_cells(const model *m, uint8_t slot)
{
    uint32_t count = 0, begin = m->begin[slot];
    while (begin + count < m->cells && m->cell[begin + count].slot == slot) count++;
    return count;
}

static void shift_slots(run *t, uint8_t slot, int64_t by)
{
    for (uint32_t s = slot + 1u; s < t->m.slots; s++)
        t->m.begin[s] = (uint32_t)((int64_t)t->m.begin[s] + by);
}

/* Up to three splices of one text, in the model (and its twin) and in the batch. */
static void edit_slot(run *t, uint8_t slot)
{
    static const uint32_t alphabet[] = {'A', '"', '\r', 0x02, 0x7F, 0xDF, 0x2603, 0x1F680};
    tm_splice splice[3];
    char bytes[3][16];
    uint32_t code[3][3], from[3], cut[3], count[3], used = 0, cells, at = 0, byte = 0, cell_at = 0;
    tm_err err;
    cells = slot_cells(&t->m, slot);
    slot_text(&t->m, slot, &t->text);
    for (; used < 3 && at <= cells; used++) {
        if (used && below(2)) break;
        from[used] = at + below(cells - at + 1);
        cut[used] = below(TM_MIN(cells - from[used], 3) + 1);
        count[used] = below(3);
        tm_str now = tm_buf_view(&t->text);
        size_t walk = byte, begin_byte, n = 0;
        for (; cell_at < from[used]; cell_at++) tm_utf8_next(now, &walk);
        begin_byte = walk;
        for (; cell_at < from[used] + cut[used]; cell_at++) tm_utf8_next(now, &walk);
        for (uint32_t i = 0; i < count[used]; i++) {
            code[used][i] = alphabet[below((uint32_t)TM_COUNT(alphabet))];
            n += tm_utf8_put(code[used][i], bytes[used] + n);
        }
        splice[used] =
            (tm_splice){(uint32_t)begin_byte, (uint32_t)(walk - begin_byte), {bytes[used], n}};
        byte = (uint32_t)walk;
        at = from[used] + cut[used];
    }
    assert_int_equal(tm_part_edit(&t->b, t->part[slot], splice, used, 1, 0, &err), TM_OK);
    for (uint8_t s = slot; s != NO_SLOT; s = t->m.twin[s]) {
        for (uint32_t i = used; i-- > 0;) {
            splice_model(&t->m, t->m.begin[s] + from[i], cut[i], s, code[i], count[i]);
            shift_slots(t, s, (int64_t)count[i] - cut[i]);
        }
    }
}

/* A key at the end of the record, as tag does. */
static void set_field(run *t)
{
    tm_fieldpath *path;
    tm_err err;
    tm_field_change done;
    tm_buf bytes = {0};
    assert_int_equal(tm_fieldpath_compile(&t->mem, TM_STR("zz"), &path, &err), TM_OK);
    assert_int_equal(tm_field_set(&t->b, 0, path, TM_STR("[7]"), 1, &done, &err), TM_OK);
    assert_false(done.blocked);
    tm_buf_z(&bytes, t->m.wide ? ", \"zz\": [7]" : ",\"zz\":[7]");
    cell last = t->m.cell[t->m.cells - 1];
    t->m.cell[t->m.cells - 1] = make_cell(&t->m, 0, NO_SLOT, &bytes);
    t->m.cell[t->m.cells++] = last;
    tm_buf_release(&bytes);
}

static void compare(run *t)
{
    tm_err err;
    tm_buf_clear(&t->out);
    assert_int_equal(tm_record_write(&t->b, 0, &t->out, &err), TM_OK);
    tm_buf_clear(&t->text);
    tm_buf expected = {0};
    spell(&t->m, &expected);
    if (!tm_str_eq(tm_buf_view(&t->out), tm_buf_view(&expected)))
        fail_msg("read    %.*s\nwritten %.*s\nmodel   %.*s", TM_FMT(t->b.raw[0]),
                 TM_FMT(tm_buf_view(&t->out)), TM_FMT(tm_buf_view(&expected)));
    tm_buf_release(&expected);
    add_record(t, tm_buf_view(&t->out));
    for (uint8_t s = 0; s < t->m.slots; s++) expect_text(t, part_at(t, 1, slot_at(&t->m, s)), s);
}

static void one_record(run *t)
{
    tm_err err;
    const char *map = build(&t->m);
    tm_arena_reset(&t->mem);
    assert_int_equal(tm_batch_reset(&t->b, 2, NULL, 0, &err), TM_OK);
    t->rules.layouts = &t->set;
    t->set = (tm_layout_set){0};
    if (map) {
        char a[64], b[64];
        tm_mapping *mapping;
        snprintf(a, sizeof a, "%s%smessages", map, *map ? "." : "");
        snprintf(b, sizeof b, "%s%sanswer", map, *map ? "." : "");
        tm_pair pair[] = {{.name = TM_STR("messages"), .value = tm_str_of(a)},
                          {.name = TM_STR("answer"), .value = tm_str_of(b)}};
        tm_pairs pairs = {pair, 2};
        assert_int_equal(tm_mapping_compile(&t->mem, &pairs, &mapping, &err), TM_OK);
        t->set.layout[t->set.count++] = &tm_layout_map;
        t->set.mapping = mapping;
    }
    for (uint32_t i = 0; !map && tm_layouts[i]; i++) t->set.layout[t->set.count++] = tm_layouts[i];
    spell(&t->m, &t->raw);
    add_record(t, tm_buf_view(&t->raw));
    for (uint8_t s = 0; s < t->m.slots; s++) {
        t->part[s] = part_at(t, 0, slot_at(&t->m, s));
        expect_text(t, t->part[s], s);
    }
    uint32_t steps = below(4);
    for (uint32_t step = 0; step < steps; step++) {
        for (uint8_t s = 0; s < t->m.slots; s++)
            if (below(2) && !(t->b.part[t->part[s]].flags & TM_PART_COPY)) edit_slot(t, s);
        for (uint8_t s = 0; s < t->m.slots; s++) expect_text(t, t->part[s], s);
    }
    if (below(4) == 0) set_field(t);
    compare(t);
}

static void edits_are_splices_in_every_layout_and_codec_stack(void **state)
{
    uint32_t count = rounds_from(20240607, 25000);
    run *t = calloc(1, sizeof *t);
    (void)state;
    assert_non_null(t);
    tm_batch_init(&t->b, &t->mem);
    for (uint32_t i = 0; i < count; i++) {
        begin_round(i);
        one_record(t);
    }
    tm_batch_release(&t->b);
    tm_arena_release(&t->mem);
    tm_buf_release(&t->raw);
    tm_buf_release(&t->out);
    tm_buf_release(&t->text);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_splices_in_every_layout_and_codec_stack),
    };
    return cmocka_run_group_tests_name("edits against a naive model", tests, NULL, NULL);
}
