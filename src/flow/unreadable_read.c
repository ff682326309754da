/* Looking a record up in unreadable.jsonl: the file is read from its start with the reader of
 * sources, and a row is known by its first member, which the emitter always writes first. */
#include "flow/unreadable_read.h"

#include "io/source.h"
#include "plan/jsontree.h"

/* Looks through one block's rows. */
static tm_status look(tm_arena *mem, const tm_block *block, tm_str head, const tm_yaml **row,
                      tm_err *err)
{
    for (uint32_t i = 0; i < block->spans; i++) {
        tm_yaml *tree;
        tm_str line = {block->bytes.p + block->span[i].at, block->span[i].bytes};
        if (!tm_str_starts(line, head)) continue;
        TM_TRY(tm_json_tree(mem, TM_STR("unreadable.jsonl"), line, &tree, err));
        *row = tree;
        return TM_OK;
    }
    return TM_OK;
}

tm_status tm_unreadable_find(tm_arena *mem, const char *folder, tm_rid rid, const tm_yaml **row,
                             tm_err *err)
{
    tm_source source = {0};
    tm_reader *reader = NULL;
    tm_block block = {0};
    const char *path = tm_path_join(mem, folder, "unreadable.jsonl");
    const char *head = tm_arena_printf(mem, "{\"place\":%llu,\"path\":%llu,",
                                       (unsigned long long)rid.place, (unsigned long long)rid.path);
    *row = NULL;
    if (!path || !head) return tm_fail_memory(err, "a path", 0);
    bool there;
    TM_TRY(tm_file_there(path, &there, err));
    if (!there) return TM_OK;
    TM_TRY(tm_source_probe(mem, tm_str_of(path), (tm_source_wish){TM_JSONL, TM_PLAIN}, &source,
                           NULL, err));
    source.number = 1;
    tm_status status = tm_reader_open(&reader, &source, &(tm_read_limits){0}, (tm_str){0}, err);
    while (status == TM_OK && !*row && !block.last) {
        status = tm_reader_next(reader, &block, err);
        if (status == TM_OK) status = tm_block_records(&block, &source, err);
        if (status == TM_OK) status = look(mem, &block, tm_str_of(head), row, err);
    }
    tm_block_release(&block);
    if (reader) tm_reader_close(reader);
    return status;
}
