/* head: the first n records that reach this step; reading stops there.
 *
 * What lies behind is unread, not dropped: it appears in no count and no ledger row. The engine
 * counts live records in order and finds the last one that passes; this file only says how many. */
#include "op/op.h"

typedef struct args {
    int64_t records;
} args;

static uint64_t head(const void *shared)
{
    const args *a = shared;
    return (uint64_t)a->records;
}

static const tm_param PARAMS[] = {
    {
        .name = "records",
        .type = TM_P_INT,
        .at = offsetof(args, records),
        .fallback = "10",
        .unit = "records",
        .min = 0,
        .max = 1e15,
        .help = "how many records pass",
        .letter = 'n',
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Two records, and the rest unread",
        .recipe = "{records: 2}",
        .in = "{\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"text\":\"c\"}\n",
        .out = "{\"text\":\"a\"}\n{\"text\":\"b\"}\n",
        .fates = "kept kept",
    },
    {0},
};

const tm_op tm_op_head = {
    .name = "head",
    .group = "select",
    .summary = "the first n records; reading stops there",
    .why =
        "For a quick look, and for trying a recipe on a little before all of it. For a fair part "
        "of the whole use sample. head cannot stand behind a step that reorders or fans out.",
    .rev = 1,
    .shape = TM_HEAD,
    .flags = TM_ANY_RECORD,
    .params = PARAMS,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .head = head,
};
