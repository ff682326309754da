/* Whether a file holds a record is looked up in its first blocks: until now it may have been a
 * pipe, of which nobody knew. How many texts were left out is part of what the step's table
 * tells. */
#include "flow/reference_items.h"

#include "flow/engine.h"

/* Only white space, or nothing. What cannot be read once more was read, and is not said to be
 * empty. */
static tm_status is_empty(const tm_run *run, const tm_source *source, bool *empty, tm_err *err)
{
    tm_reader *reader = NULL;
    tm_block block = {0};
    bool found = false;
    tm_read_limits limits = tm_long_limits(run);
    *empty = false;
    if (!source->table && !source->seekable && !source->open_as.n) return TM_OK;
    tm_status status = tm_reader_open(&reader, source, &limits, (tm_str){0}, err);
    while (status == TM_OK && !found && !block.last) {
        status = tm_reader_next(reader, &block, err);
        if (status == TM_OK) status = tm_block_records(&block, source, err);
        found = block.spans > 0 || block.damage.code;
    }
    *empty = status == TM_OK && !found;
    tm_block_release(&block);
    if (reader) tm_reader_close(reader);
    return status;
}

static unsigned kinds_of(const tm_op *op)
{
    unsigned n = 0;
    while (op->items && op->items[n].name) n++;
    return n;
}

static tm_status count_items(tm_run *run, uint32_t step, tm_str told, tm_err *err)
{
    const tm_op *op = run->plan->step[step].op;
    unsigned kinds = kinds_of(op);
    uint32_t files = run->every_source - run->sources;
    if (!kinds) return TM_OK;
    uint64_t *items = TM_NEW(&run->mem, uint64_t, (size_t)files * kinds + 1);
    if (!items) return tm_fail_memory(err, "the texts of references", files);
    for (uint32_t f = 0; told.n && f < files; f++)
        op->count_items(told.p, run->sources + f + 1, items + (size_t)f * kinds);
    run->result.step[step].items = items;
    return TM_OK;
}

static bool looks_at_references(const tm_run *run)
{
    bool any = false;
    for (uint32_t s = 0; s < run->plan->steps; s++)
        any |= (run->plan->step[s].op->flags & TM_REFERENCES) != 0;
    return any;
}

tm_status tm_references_look(tm_run *run, const tm_str *told, tm_err *err)
{
    uint32_t files = run->every_source - run->sources;
    if (!files || !looks_at_references(run)) return TM_OK;
    bool *empty = TM_NEW(&run->mem, bool, files);
    if (!empty) return tm_fail_memory(err, "the list of references", files);
    for (uint32_t f = 0; f < files; f++)
        TM_TRY(is_empty(run, &run->source[run->sources + f], &empty[f], err));
    run->result.empty = empty;
    run->result.references = files;
    for (uint32_t s = 0; s < run->plan->steps; s++) TM_TRY(count_items(run, s, told[s], err));
    return TM_OK;
}

uint64_t tm_references_items(const tm_run *run, uint32_t step, uint32_t file, unsigned item)
{
    uint64_t all = 0;
    const uint64_t *items = run->result.step[step].items;
    unsigned kinds = kinds_of(run->plan->step[step].op);
    for (uint32_t f = 0; items && f < run->result.references; f++)
        if (file == TM_NONE || file == f) all += items[(size_t)f * kinds + item];
    return all;
}

void tm_references_items_json(const tm_run *run, uint32_t step, uint32_t file, tm_buf *out)
{
    const tm_item_count *items = run->plan->step[step].op->items;
    if (!items || !run->result.step[step].items) return;
    for (unsigned i = 0; items[i].name; i++)
        tm_buf_print(out, "%s\"%s\":%llu", i ? "," : ",\"items\":{", items[i].name,
                     (unsigned long long)tm_references_items(run, step, file, i));
    tm_buf_char(out, '}');
}
