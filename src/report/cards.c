/* The texts of the sample cards: each source is read once, to the last place a card needs, and the
 * output to the last edited record; both at most TM_CARD_BYTES far. What lies behind is not
 * shown. */
#include <string.h>

#include "io/source.h"
#include "report/gather.h"

typedef struct want { /* one text to be found at a place, or at a record number of the output */
    uint64_t at;
    tm_str *to;
} want;

typedef struct wants {
    want list[TM_CARD_KINDS * TM_CARDS * 2];
    uint32_t count;
} wants;

static tm_str shortened(tm_arena *mem, tm_str text)
{
    enum { MOST = 4000 };
    if (text.n <= MOST) return tm_arena_str(mem, text);
    return tm_str_of(tm_arena_printf(mem, "%.*s ...", MOST, text.p));
}

static void give(tm_gathered *g, wants *w, uint64_t at, tm_str raw, uint32_t *left)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (w->list[i].at != at || w->list[i].to->p) continue;
        *w->list[i].to = shortened(g->mem, raw);
        (*left)--;
    }
}

/* by_number: `at` counts records of the file from 0; else it is the offset in the stream. */
static tm_status read_wants(tm_gathered *g, tm_str path, wants *w, bool by_number, tm_err *err)
{
    tm_source source = {0};
    tm_reader *reader = NULL;
    tm_block block = {0};
    uint64_t number = 0;
    uint32_t left = w->count;
    bool again;
    if (!w->count) return TM_OK;
    TM_TRY(tm_source_again(g->mem, path, &again, err));
    if (!again) return TM_OK;
    TM_TRY(tm_source_probe(g->mem, path, (tm_source_wish){-1, -1}, &source, NULL, err));
    source.number = 1;
    tm_status status = tm_reader_open(&reader, &source, &(tm_read_limits){0}, (tm_str){0}, err);
    while (status == TM_OK && left && !block.last && block.at < TM_CARD_BYTES) {
        status = tm_reader_next(reader, &block, err);
        if (status == TM_OK) status = tm_block_records(&block, &source, err);
        for (uint32_t i = 0; status == TM_OK && left && i < block.spans; i++, number++) {
            tm_str raw = {block.bytes.p + block.span[i].at, block.span[i].bytes};
            give(g, w, by_number ? number : block.at + block.span[i].at, raw, &left);
        }
    }
    tm_block_release(&block);
    if (reader) tm_reader_close(reader);
    return status;
}

static void add(wants *w, uint64_t at, tm_str *to)
{
    w->list[w->count++] = (want){at, to};
}

static tm_status read_source(tm_gathered *g, uint32_t source, tm_str path, tm_err *err)
{
    wants w = {.count = 0};
    for (unsigned k = 0; k < TM_CARD_KINDS; k++) {
        for (uint32_t i = 0; i < g->cards[k]; i++) {
            tm_card *c = &g->card[k][i];
            if (TM_PLACE_SOURCE(c->rid.place) == source)
                add(&w, TM_PLACE_OFFSET(c->rid.place), &c->before);
            bool other =
                k == TM_CARD_MERGED && TM_PLACE_SOURCE(c->other.place) == source && !c->other.path;
            if (other) add(&w, TM_PLACE_OFFSET(c->other.place), &c->after);
        }
    }
    return read_wants(g, path, &w, false, err);
}

/* Edited records as they were written: the n-th record of the data files, in order. */
static tm_status read_output(tm_gathered *g, tm_err *err)
{
    const tm_yaml *list = tm_yaml_get(g->manifest, "outputs");
    uint64_t before = 0;
    for (uint32_t o = 0; list && !g->reorders && o < list->count; o++) {
        wants w = {.count = 0};
        uint64_t records = tm_tree_number(&list->child[o], "records");
        if (!tm_str_is(tm_tree_text(&list->child[o], "route"), "data")) continue;
        for (uint32_t i = 0; i < g->cards[TM_CARD_EDITED]; i++) {
            tm_card *c = &g->card[TM_CARD_EDITED][i];
            if (c->kept >= before && c->kept - before < records)
                add(&w, c->kept - before, &c->after);
        }
        before += records;
        tm_str name = tm_tree_text(&list->child[o], "path");
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
    for (uint32_t s = 0; inputs && s < inputs->count; s++)
        TM_TRY(read_source(g, s + 1, tm_tree_text(&inputs->child[s], "path"), err));
    return read_output(g, err);
}
