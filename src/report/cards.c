/* The texts of the sample cards: each source is read once, to the last place a card needs, and the
 * output to the last edited record; both at most TM_CARD_BYTES far. What lies behind is not
 * shown. */
#include "report/fetch.h"
#include "report/gather.h"

typedef struct wants {
    tm_want list[TM_CARD_KINDS * TM_CARDS * 2 + TM_TOLDS + TM_NOTICED];
    uint32_t count;
} wants;

/* by_number: places count records of the file from 0; else they are offsets in the stream. */
static tm_status read_wants(tm_gathered *g, tm_str path, wants *w, bool by_number, tm_err *err)
{
    tm_source source = {0};
    tm_fetch fetch = {.list = w->list,
                      .count = w->count,
                      .by_number = by_number,
                      .most = TM_CARD_TEXT,
                      .far = TM_CARD_BYTES};
    bool again;
    if (!w->count) return TM_OK;
    TM_TRY(tm_source_again(g->mem, path, &again, err));
    if (!again) return TM_OK;
    TM_TRY(tm_source_probe(g->mem, path, (tm_source_wish){-1, -1}, &source, NULL, err));
    source.number = 1;
    tm_read_limits limits = {.max_line = TM_BLOCK_BYTES}; /* a card shows where a text begins */
    return tm_fetch_records(&fetch, g->mem, &source, &limits, err);
}

static void add(wants *w, uint64_t at, tm_str *to, uint64_t *column)
{
    w->list[w->count++] = (tm_want){at, to, NULL, column};
}

/* What a cluster or a match names: of the stream, whose lines the ledger gives, or of a
 * reference. */
static void add_told(tm_gathered *g, wants *w, uint32_t source)
{
    for (uint32_t i = 0; i < g->tolds && !g->private; i++) {
        tm_told *told = g->told[i];
        if (TM_PLACE_SOURCE(told->rid.place) != source || told->rid.path) continue;
        w->list[w->count++] =
            (tm_want){TM_PLACE_OFFSET(told->rid.place), &told->text, &told->line, &told->column};
    }
}

/* In an array the first record of each finding: its line is not enough. */
static void add_noticed(tm_gathered *g, wants *w, uint32_t source)
{
    for (uint32_t i = 0; i < g->kinds; i++) {
        tm_noticed *n = &g->noticed[i];
        if (n->source.p && !n->column && TM_PLACE_SOURCE(n->first.place) == source)
            add(w, TM_PLACE_OFFSET(n->first.place), NULL, &n->column);
    }
}

/* A table went with the program that had it, and what bears its name now is something else. */
static tm_status read_source(tm_gathered *g, uint32_t source, const tm_yaml *from, tm_err *err)
{
    wants w = {.count = 0};
    tm_str path = tm_yaml_text(from, "path"), container = tm_yaml_text(from, "container");
    if (tm_str_is(container, tm_containers[TM_ARROW].name)) return TM_OK;
    for (unsigned k = 0; k < TM_CARD_KINDS; k++) {
        for (uint32_t i = 0; i < g->cards[k]; i++) {
            tm_card *c = &g->card[k][i];
            if (TM_PLACE_SOURCE(c->rid.place) == source)
                add(&w, TM_PLACE_OFFSET(c->rid.place), &c->before, c->column ? NULL : &c->column);
            bool other =
                k == TM_CARD_MERGED && TM_PLACE_SOURCE(c->other.place) == source && !c->other.path;
            if (other) add(&w, TM_PLACE_OFFSET(c->other.place), &c->after, NULL);
        }
    }
    add_told(g, &w, source);
    if (tm_str_is(container, tm_containers[TM_JSON].name)) add_noticed(g, &w, source);
    return read_wants(g, path, &w, false, err);
}

/* Edited records as they were written: the n-th record of the data files, in order. */
static tm_status read_output(tm_gathered *g, tm_err *err)
{
    const tm_yaml *list = tm_yaml_get(g->manifest, "outputs");
    uint64_t before = 0;
    for (uint32_t o = 0; list && !g->reorders && o < list->count; o++) {
        wants w = {.count = 0};
        uint64_t records = tm_yaml_number(&list->child[o], "records");
        if (!tm_str_is(tm_yaml_text(&list->child[o], "route"), "data")) continue;
        for (uint32_t i = 0; i < g->cards[TM_CARD_EDITED]; i++) {
            tm_card *c = &g->card[TM_CARD_EDITED][i];
            if (c->kept >= before && c->kept - before < records)
                add(&w, c->kept - before, &c->after, NULL);
        }
        before += records;
        tm_str name = tm_yaml_text(&list->child[o], "path");
        const char *inside = tm_path_join(g->mem, g->folder.p, name.p);
        if (!inside) return tm_fail_memory(err, "a path", 0);
        bool there;
        TM_TRY(tm_file_there(inside, &there, err));
        TM_TRY(read_wants(g, there ? tm_str_of(inside) : name, &w, true, err));
    }
    return TM_OK;
}

tm_status tm_gather_texts(tm_gathered *g, tm_err *err)
{
    const tm_yaml *inputs = tm_yaml_get(g->manifest, "inputs");
    const tm_yaml *references = tm_yaml_get(g->manifest, "references");
    uint32_t sources = inputs ? inputs->count : 0;
    for (uint32_t s = 0; s < sources; s++) TM_TRY(read_source(g, s + 1, &inputs->child[s], err));
    for (uint32_t s = 0; references && s < references->count; s++)
        TM_TRY(read_source(g, sources + s + 1, &references->child[s], err));
    return read_output(g, err);
}
