/* Every file of the torture set through probe, reader and scanner: rows and bad lines as its
 * manifest says; what cannot be read is refused clearly. The files lie outside the repository
 * (TAMIS_SHARED, ../shared by default) and the test skips without them. */
#include "io_help.h"
#include "text/json.h"

typedef struct seen {
    uint64_t rows, bad[32], bad_lines;
} seen;

/* What the manifest leaves open, as this program decides it: a code of damage or refusal, rows. */
typedef struct special {
    const char *file, *code;
    int rows; /* -1 = not said */
} special;

static const special specials[] = {
    {"cr_only.jsonl", "", 10},
    {"utf16le_bom.jsonl", "", 10},
    {"utf16be_bom.jsonl", "", 10},
    {"utf32le_bom.jsonl", "", 10},
    {"lone_surrogates.jsonl", "", 4},
    {"duplicate_keys.jsonl", "", 3},
    {"deep_objects_20000.jsonl", "", 1},
    {"unclosed_100k.json", "T1111", 0},
    {"concatenated_pretty.json", "", 3},
    {"truncated.jsonl.gz", "T1101", -1},
    {"truncated.jsonl.zst", "T1101", -1},
    {"bad_crc.jsonl.gz", "T1102", 2000},
    {"bad_size.jsonl.gz", "T1102", 2000},
    {"bad_checksum.jsonl.zst", "T1102", 2000},
    {"flipped_byte.jsonl.gz", "T1103|T1102", -1},
    {"trailing_garbage.jsonl.gz", "T1104", 2000},
    {"gz_named_plain.jsonl.gz", "", 10},
    {"plain_named_gz.jsonl", "", 2000},
    {"window_31.jsonl.zst", "T1105", -1},
    {"bomb_1GiB_one_line.zst", "T1110", 0},
    {"nested_gz_12.gz", "T1120", -1},
    {"slip.tar", "T1120", -1},
    {"slip.zip", "T1120", -1},
    {"formula_cells.csv", "T1120", -1},
    {"ragged.csv", "T1120", -1},
    {"cp1252_semicolon.csv", "T1120", -1},
};

static const char *shared_file(tm_arena *mem, const char *name)
{
    const char *shared = getenv("TAMIS_SHARED");
    return tm_arena_printf(mem, "%s/data/torture/%s", shared ? shared : "../shared", name);
}

static void look_at(const tm_block *b, uint64_t lines, tm_json *json, seen *out)
{
    for (uint32_t i = 0; i < b->spans; i++) {
        const tm_span *s = &b->span[i];
        size_t after = b->bytes.n - s->at - s->bytes + TM_BLOCK_SLACK;
        bool ok = tm_json_scan(json, b->bytes.p + s->at, s->bytes, after,
                               (tm_json_limits){.known_ascii = s->ascii});
        if (ok && json->node[0].kind == TM_JSON_OBJECT)
            out->rows++;
        else if (out->bad_lines < TM_COUNT(out->bad))
            out->bad[out->bad_lines++] = lines + s->line + 1;
    }
}

static tm_status read_file(const char *path, seen *out, tm_err *err, char code[8])
{
    tm_arena mem = {0};
    tm_source source;
    tm_reader *r = NULL;
    tm_block b = {0};
    tm_json json = {0};
    uint64_t lines = 0;
    *out = (seen){0};
    tm_status status = tm_source_probe(&mem, tm_str_of(path), wish_any, &source, NULL, err);
    if (status == TM_OK) status = tm_reader_open(&r, &source, NULL, (tm_str){0}, err);
    while (status == TM_OK && !b.last) {
        status = tm_reader_next(r, &b, err);
        if (status == TM_OK) status = tm_block_records(&b, &source, err);
        if (status != TM_OK) break;
        look_at(&b, lines, &json, out);
        lines += b.lines;
        if (b.damage.code) snprintf(code, 8, "%s", b.damage.code);
    }
    if (status != TM_OK) snprintf(code, 8, "%s", err->code);
    tm_json_release(&json);
    tm_reader_close(r);
    tm_block_release(&b);
    tm_arena_release(&mem);
    return status;
}

static const special *special_of(tm_str name)
{
    for (size_t i = 0; i < TM_COUNT(specials); i++)
        if (tm_str_ends(name, tm_str_of(specials[i].file)) &&
            name.n == strlen("files/") + strlen(specials[i].file))
            return &specials[i];
    return NULL;
}

static void check(tm_str name, const tm_json *line, uint32_t rows, uint32_t bad, tm_arena *mem)
{
    seen got;
    tm_err err = {0};
    char code[8] = "";
    const special *sp = special_of(name);
    const char *path = shared_file(mem, tm_arena_str(mem, name).p);
    tm_status status = read_file(path, &got, &err, code);
    const char *want = sp ? sp->code : "";
    bool code_fits = *want ? *code && strstr(want, code) : !*code;
    if (!code_fits || (status != TM_OK && !*want))
        fail_msg("%.*s: code %s, not %s (%s)", TM_FMT(name), code, want, err.msg);
    if (sp && sp->rows >= 0 && got.rows != (uint64_t)sp->rows)
        fail_msg("%.*s: %llu rows", TM_FMT(name), (unsigned long long)got.rows);
    if (sp) return;
    uint64_t number = 0;
    if (rows != TM_NONE && line->node[rows].kind == TM_JSON_NUMBER) {
        assert_true(tm_str_to_u64(tm_json_raw(line->node, line->raw.p, rows), &number));
        if (got.rows != number)
            fail_msg("%.*s: %llu rows, not %llu", TM_FMT(name), (unsigned long long)got.rows,
                     (unsigned long long)number);
    }
    if (bad == TM_NONE) return;
    if (tm_json_count(line->node, bad) != got.bad_lines)
        fail_msg("%.*s: %llu bad lines", TM_FMT(name), (unsigned long long)got.bad_lines);
    for (uint32_t i = 0; i < got.bad_lines; i++) {
        tm_str text = tm_json_raw(line->node, line->raw.p, tm_json_at(line->node, bad, i));
        assert_true(tm_str_to_u64(text, &number));
        assert_int_equal(number, got.bad[i]);
    }
}

static void every_file_gives_what_its_manifest_says(void **state)
{
    TM_UNUSED(state);
    tm_arena mem = {0};
    tm_buf manifest = {0};
    tm_json json = {0};
    const char *path = shared_file(&mem, "manifest.jsonl");
    if (!tm_file_exists(path)) {
        tm_arena_release(&mem);
        print_message("no %s here: set TAMIS_SHARED to test the torture files\n", "shared data");
        skip();
    }
    assert_int_equal(tm_file_load(path, 1 << 20, &manifest, NULL), TM_OK);
    tm_str rest = tm_buf_view(&manifest), row;
    unsigned files = 0;
    while (rest.n && tm_str_cut(rest, '\n', &row, &rest)) {
        assert_true(tm_json_scan(&json, row.p, row.n, 0, (tm_json_limits){0}));
        uint32_t file = tm_json_get(json.node, row.p, 0, TM_STR("file"));
        check(tm_json_inside(json.node, row.p, file), &json,
              tm_json_get(json.node, row.p, 0, TM_STR("rows")),
              tm_json_get(json.node, row.p, 0, TM_STR("bad_lines")), &mem);
        files++;
    }
    assert_int_equal(files, 61);
    tm_json_release(&json);
    tm_buf_release(&manifest);
    tm_arena_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_gives_what_its_manifest_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
