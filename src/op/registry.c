/* The registry: every operator of ops.def, as one table that all front ends read. */
#include "op/op.h"

#define TM_OP(name) extern const tm_op tm_op_##name;
#include "op/ops.def"
#undef TM_OP

const tm_op *const tm_ops[] = {
#define TM_OP(name) &tm_op_##name,
#include "op/ops.def"
#undef TM_OP
    NULL,
};

const tm_op *tm_op_named(tm_str name)
{
    for (size_t i = 0; tm_ops[i]; i++)
        if (tm_str_is(name, tm_ops[i]->name)) return tm_ops[i];
    return NULL;
}
