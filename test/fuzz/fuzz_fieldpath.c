/* Fuzz: a field path (first line) compiled and followed in a record (the rest).
 *
 * Whatever the bytes: no crash; the canonical form compiles to itself; a field that could be set is
 * found there afterwards, and the record is still JSON. */
#include <string.h>

#include "base/buf.h"
#include "record/fieldpath.h"
#include "record/layout.h"
#include "record/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void follow(tm_batch *b, const tm_fieldpath *path)
{
    tm_field field;
    tm_field_change done;
    tm_err err;
    TM_ASSERT(tm_field_get(b, 0, path, &field));
    TM_ASSERT(tm_field_set(b, 0, path, TM_STR("[\"set\"]"), 0, &done, &err) == TM_OK);
    if (!done.blocked) {
        TM_ASSERT(tm_field_get(b, 0, path, &field));
        TM_ASSERT(tm_str_is(field.raw, "[\"set\"]"));
        TM_ASSERT(tm_field_remove(b, 0, path, 0, &done, &err) == TM_OK && done.there);
    }
    tm_buf out = {0};
    tm_json json = {0};
    TM_ASSERT(tm_record_write(b, 0, &out, &err) == TM_OK);
    TM_ASSERT(tm_json_scan(&json, out.p, out.n, 0, (tm_json_limits){.depth = 4096}));
    tm_json_release(&json);
    tm_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tm_arena mem = {0};
    tm_batch b;
    tm_err err;
    tm_fieldpath *path, *again;
    tm_str head, tail;
    if (size > 1 << 16) return 0;
    tm_str_cut((tm_str){(const char *)data, size}, '\n', &head, &tail);
    if (tm_fieldpath_compile(&mem, head, &path, &err) == TM_OK) {
        tm_str text = tm_fieldpath_text(path);
        tm_buf root = {0};
        tm_buf_z(&root, "$");
        if (text.n && text.p[0] != '[') tm_buf_z(&root, ".");
        tm_buf_str(&root, text);
        TM_ASSERT(tm_fieldpath_compile(&mem, tm_buf_view(&root), &again, &err) == TM_OK);
        TM_ASSERT(tm_str_eq(tm_fieldpath_text(again), text));
        tm_buf_release(&root);
        tm_read_rules rules = {.binding = TM_BIND_NEVER};
        tm_batch_init(&b, &mem);
        TM_ASSERT(tm_batch_reset(&b, 1, NULL, 0, &err) == TM_OK);
        tm_rid rid = {0};
        TM_ASSERT(tm_batch_add(&b, &rules, rid, 0, tail, false, 0, NULL, &err) == TM_OK);
        if (b.fate[0] == TM_LIVE) follow(&b, path);
        tm_batch_release(&b);
    }
    tm_arena_release(&mem);
    return 0;
}
