/* Why records are unreadable, from RUN/unreadable.jsonl: the ledger says that they are, and no
 * finding stands for them. A line a record; the index of very many is read as far as READ. */
#include "plan/jsontree.h"
#include "report/gather.h"

enum { READ = 8 << 20 };

static tm_status place_first(tm_gathered *g, const tm_yaml *row, tm_rid rid, tm_err *err)
{
    for (uint32_t i = 0; i < g->kinds; i++) {
        tm_noticed *n = &g->noticed[i];
        if (!n->unreadable || !tm_str_eq(n->code, tm_yaml_text(row, "code"))) continue;
        if (n->placed && tm_rid_cmp(n->first, rid) <= 0) continue;
        n->placed = true;
        n->first = rid;
        n->line = tm_yaml_number(row, "line");
        n->column = tm_yaml_number(row, "column");
        n->source = tm_arena_str(g->mem, tm_yaml_text(row, "source"));
        if (!n->source.p) return tm_fail_memory(err, "the report", 0);
    }
    return TM_OK;
}

static tm_status explain_card(tm_gathered *g, const tm_yaml *row, tm_rid rid, tm_err *err)
{
    for (uint32_t i = 0; i < g->cards[TM_CARD_UNREADABLE]; i++) {
        tm_card *c = &g->card[TM_CARD_UNREADABLE][i];
        if (tm_rid_cmp(c->rid, rid) != 0) continue;
        c->line = tm_yaml_number(row, "line");
        c->column = tm_yaml_number(row, "column");
        c->why = tm_str_of(tm_arena_printf(g->mem, "%.*s: %.*s", TM_FMT(tm_yaml_text(row, "code")),
                                           TM_FMT(tm_yaml_text(row, "message"))));
        if (!c->why.p) return tm_fail_memory(err, "the report", 0);
    }
    return TM_OK;
}

static tm_status take_rows(tm_gathered *g, tm_str name, tm_str rest, tm_err *err)
{
    tm_arena mem = {0};
    tm_str line;
    tm_status status = TM_OK;
    while (status == TM_OK && tm_str_find_char(rest, '\n') < rest.n) {
        tm_yaml *row;
        tm_str_cut(rest, '\n', &line, &rest);
        tm_arena_reset(&mem);
        status = tm_json_tree(&mem, name, line, &row, err);
        if (status != TM_OK) break;
        tm_rid rid = {tm_yaml_number(row, "place"), tm_yaml_number(row, "path")};
        status = place_first(g, row, rid, err);
        if (status == TM_OK) status = explain_card(g, row, rid, err);
    }
    tm_arena_release(&mem);
    return status;
}

tm_status tm_gather_lost(tm_gathered *g, tm_err *err)
{
    tm_buf index = {0};
    bool there;
    size_t got = 0;
    int file = -1;
    const char *path = tm_path_join(g->mem, g->folder.p, "unreadable.jsonl");
    if (!path) return tm_fail_memory(err, "a path", 0);
    tm_file_info info;
    TM_TRY(tm_file_look(path, &info, &there, err));
    if (!there || !info.bytes) return TM_OK;
    size_t most = (size_t)TM_MIN(info.bytes, (uint64_t)READ);
    if (!tm_buf_grow(&index, most)) return tm_fail_memory(err, "the report", most);
    tm_status status = tm_file_open(path, &file, err);
    if (status == TM_OK) status = tm_file_read(file, path, index.p, most, &got, err);
    if (file >= 0) (void)tm_file_close(file, path, NULL); /* it was only read */
    if (status == TM_OK) status = take_rows(g, tm_str_of(path), (tm_str){index.p, got}, err);
    tm_buf_release(&index);
    return status;
}
