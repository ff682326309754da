/* What operators look up while they prepare: the references that a step names, by their names; and
 * parameters that stand with another operator. */
#include "op/op.h"

enum { REFERENCES_MAX = 64 };

static tm_status no_such(const tm_prep *prep, tm_str name, tm_err *err)
{
    const char *known[REFERENCES_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < prep->references && count < TM_COUNT(known); i++) {
        char *copy = tm_arena_printf(prep->mem, "%.*s", TM_FMT(prep->reference[i]));
        if (!copy) return tm_fail_memory(err, "a reference", name.n);
        known[count++] = copy;
    }
    const char *near = tm_str_suggest(name, known, count);
    if (near)
        return tm_fail(err, TM_ERECIPE, "there is no reference \"%.*s\"; did you mean \"%s\"?",
                       TM_FMT(name), near);
    return tm_fail(err, TM_ERECIPE,
                   "there is no reference \"%.*s\"; name its files under references: in the recipe",
                   TM_FMT(name));
}

tm_status tm_prep_references(const tm_prep *prep, const tm_texts *names, uint64_t *bits,
                             tm_err *err)
{
    *bits = 0;
    for (uint32_t n = 0; n < names->count; n++) {
        uint32_t i = 0;
        while (i < prep->references && !tm_str_eq(prep->reference[i], names->item[n])) i++;
        if (i == prep->references) return no_such(prep, names->item[n], err);
        if (i >= REFERENCES_MAX)
            return tm_fail(
                err, TM_ELIMIT,
                "\"%.*s\" is behind the first %d references, and only those can be named: give "
                "one reference many files, or order them anew",
                TM_FMT(names->item[n]), REFERENCES_MAX);
        *bits |= (uint64_t)1 << i;
    }
    return TM_OK;
}

tm_status tm_op_elsewhere(const tm_op *op, tm_str name, tm_err *err)
{
    for (const tm_elsewhere *e = op->elsewhere; e && e->name; e++)
        if (tm_str_is(name, e->name))
            return tm_fail(err, TM_ERECIPE, "%s takes no %s: %s", op->name, e->name, e->instead);
    return TM_OK;
}
