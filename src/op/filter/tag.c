/* tag: sets or removes fields, as patches: the rest of the record keeps its bytes.
 *
 * A value is an expression when it starts with "=" ("= words(response)"), else a constant: what
 * YAML would call true, false, null or a number is one, everything else is a string (quote it to be
 * sure). Keys and missing parents are added at the end of their object. Each change is a finding
 * with its place; a field that says the same already is no change. */
#include "op/op.h"
#include "op/scalar.h"
#include "record/label.h"
#include "record/reread.h"

enum { PARENT_NOT_OBJECT, VALUE_UNKNOWN, FIELD_SET, FIELD_REPLACED, FIELD_REMOVED, READ_OTHERWISE };

typedef struct args {
    tm_pairs set;
    tm_texts remove;
} args;

typedef struct setting {
    tm_fieldpath *path;
    tm_str json;   /* constant, or */
    tm_expr *expr; /* computed */
} setting;

typedef struct shared {
    setting *set;
    tm_fieldpath **remove;
    uint32_t sets, removes;
    bool last; /* no later step sees what is set */
} shared;

typedef struct scratch {
    tm_expr_scratch **expr;
    uint32_t count;
    tm_buf json;
    tm_reread reread;
} scratch;

static tm_status constant(tm_prep *prep, const tm_pair *pair, tm_str *out, tm_err *err)
{
    tm_buf json = {0};
    tm_scalar_json(pair->value, pair->quoted, &json);
    tm_status status = tm_buf_ok(&json, err);
    if (status == TM_OK) *out = tm_arena_str(prep->mem, tm_buf_view(&json));
    if (status == TM_OK && !out->p) status = tm_fail_memory(err, "tag", json.n);
    tm_buf_release(&json);
    return status;
}

static void release(const void *of)
{
    const shared *s = of;
    for (uint32_t i = 0; i < s->sets; i++)
        if (s->set[i].expr) tm_expr_release(s->set[i].expr);
}

static tm_status compile(tm_prep *prep, const args *a, shared *s, tm_err *err)
{
    for (uint32_t i = 0; i < a->set.count; i++) {
        const tm_pair *pair = &a->set.item[i];
        setting *set = &s->set[i];
        TM_TRY(tm_fieldpath_compile(prep->mem, pair->name, &set->path, err));
        bool computed = tm_str_starts(pair->value, TM_STR("="));
        tm_str text = tm_str_trim(tm_str_slice(pair->value, 1, pair->value.n));
        if (computed)
            TM_TRY(tm_expr_compile(prep->mem, text, &prep->env, TM_E_ANY, &set->expr, err));
        else
            TM_TRY(constant(prep, pair, &set->json, err));
    }
    for (uint32_t i = 0; i < a->remove.count; i++)
        TM_TRY(tm_fieldpath_compile(prep->mem, a->remove.item[i], &s->remove[i], err));
    return TM_OK;
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!a->set.count && !a->remove.count)
        return tm_fail(err, TM_ERECIPE, "tag needs set: {field: value} or remove: [field]");
    if (!s) return tm_fail_memory(err, "tag", sizeof *s);
    s->set = TM_NEW(prep->mem, setting, a->set.count + 1);
    s->remove = TM_NEW(prep->mem, tm_fieldpath *, a->remove.count + 1);
    if (!s->set || !s->remove) return tm_fail_memory(err, "tag", a->set.count);
    s->sets = a->set.count;
    s->removes = a->remove.count;
    s->last = prep->last;
    tm_status status = compile(prep, a, s, err);
    if (status != TM_OK) release(s);
    *out = s;
    return status;
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    const shared *s = of;
    scratch *own = mine;
    own->expr = tm_alloc_zero(s->sets + 1, sizeof *own->expr);
    if (!own->expr) return tm_fail_memory(err, "tag", s->sets);
    own->count = s->sets;
    for (uint32_t i = 0; i < s->sets; i++) {
        if (!s->set[i].expr) continue;
        own->expr[i] = tm_expr_scratch_new(s->set[i].expr);
        if (!own->expr[i]) return tm_fail_memory(err, "tag", 0);
    }
    return TM_OK;
}

static void end(void *mine)
{
    scratch *own = mine;
    for (uint32_t i = 0; i < own->count; i++) tm_expr_scratch_free(own->expr[i]);
    tm_free(own->expr);
    tm_buf_release(&own->json);
    tm_reread_end(&own->reread);
}

/* A computed value as JSON; false when it is unknown. */
static bool value_json(const tm_evalue *v, tm_buf *out)
{
    tm_buf_clear(out);
    switch ((tm_etype)v->type) {
    case TM_E_TRUTH:
        if (v->truth == TM_UNKNOWN) return false;
        tm_buf_z(out, v->truth == TM_TRUE ? "true" : "false");
        return true;
    case TM_E_DATE:
    case TM_E_NUMBER: tm_buf_f64(out, v->number); return v->number == v->number;
    case TM_E_TEXT: tm_buf_json(out, v->text); return true;
    case TM_E_ANY: return false;
    }
    return false;
}

/* A change is of a field that was not there, or is not any more: the field is named. */
static tm_status find_field(const tm_step_view *step, tm_batch *b, uint32_t r,
                            const tm_fieldpath *path, uint32_t at, uint16_t code, tm_err *err)
{
    TM_TRY(tm_find(b, r, TM_NONE, at, 0, step->step, code, TM_NO_VALUE, err));
    b->finding[b->findings - 1].field = path;
    return TM_OK;
}

static tm_status set_one(const tm_step_view *step, tm_batch *b, const setting *set, uint32_t r,
                         tm_str json, tm_err *err)
{
    tm_field_change done;
    TM_TRY(tm_field_set(b, r, set->path, json, step->step, &done, err));
    if (!done.blocked && !done.changed) return TM_OK;
    if (done.changed) TM_TRY(tm_record_relabel(b, r, step->layouts, set->path, err));
    uint16_t code = done.blocked ? PARENT_NOT_OBJECT : done.there ? FIELD_REPLACED : FIELD_SET;
    return find_field(step, b, r, set->path, done.at, code, err);
}

static tm_status set_all(const tm_step_view *step, tm_batch *b, uint32_t i, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    const setting *set = &s->set[i];
    tm_evalue *values = NULL;
    if (set->expr) {
        values = TM_NEW(b->mem, tm_evalue, b->records + 1);
        if (!values) return tm_fail_memory(err, "tag", b->records);
        TM_TRY(tm_expr_values(set->expr, own->expr[i], b, values, err));
    }
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        if (!values) {
            TM_TRY(set_one(step, b, set, r, set->json, err));
        } else if (value_json(&values[r], &own->json)) {
            TM_TRY(tm_buf_ok(&own->json, err));
            TM_TRY(set_one(step, b, set, r, tm_buf_view(&own->json), err));
        } else {
            TM_TRY(find_field(step, b, r, set->path, 0, VALUE_UNKNOWN, err));
        }
    }
    return TM_OK;
}

static tm_status remove_one(const tm_step_view *step, tm_batch *b, const tm_fieldpath *path,
                            uint32_t r, tm_err *err)
{
    tm_field_change done;
    TM_TRY(tm_field_remove(b, r, path, step->step, &done, err));
    if (!done.there && !done.blocked) return TM_OK;
    if (done.changed) TM_TRY(tm_record_relabel(b, r, step->layouts, path, err));
    uint16_t code = done.there ? FIELD_REMOVED : PARENT_NOT_OBJECT;
    return find_field(step, b, r, path, done.at, code, err);
}

/* A record that would be read otherwise now: later steps see it as it was. Asked of those whose
 * change can have made it so. */
static tm_status find_otherwise(const tm_step_view *step, tm_batch *b, uint32_t r, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    bool read = false, otherwise;
    for (uint32_t i = 0; i < s->sets; i++)
        read |= tm_field_is_read(b, r, step->layouts, s->set[i].path);
    for (uint32_t i = 0; i < s->removes; i++)
        read |= tm_field_is_read(b, r, step->layouts, s->remove[i]);
    if (!read || b->first_patch[r] == TM_NONE) return TM_OK;
    TM_TRY(tm_record_reread(b, r, step->layouts, &own->reread, &otherwise, err));
    if (!otherwise) return TM_OK;
    return tm_find(b, r, TM_NONE, 0, 0, step->step, READ_OTHERWISE, TM_NO_VALUE, err);
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const shared *s = step->shared;
    TM_UNUSED(out);
    for (uint32_t i = 0; i < s->sets; i++) TM_TRY(set_all(step, b, i, err));
    for (uint32_t i = 0; i < s->removes; i++)
        for (uint32_t r = 0; r < b->records; r++)
            if (tm_live(b, r)) TM_TRY(remove_one(step, b, s->remove[i], r, err));
    for (uint32_t r = 0; r < b->records && !s->last; r++)
        if (tm_live(b, r)) TM_TRY(find_otherwise(step, b, r, err));
    return TM_OK;
}

static const tm_param PARAMS[] = {
    {
        .name = "set",
        .type = TM_P_PAIRS,
        .at = offsetof(args, set),
        .help = "fields and their values; a value that starts with = is an expression",
    },
    {
        .name = "remove",
        .type = TM_P_TEXTS,
        .at = offsetof(args, remove),
        .help = "fields to take out, with their keys",
    },
    {0},
};

static const tm_code CODES[] = {
    {
        .code = "T1411",
        .name = "parent-not-object",
        .sentence = "the field cannot be changed: its parent is not an object",
        .help = "Something on the way to the field is a string, a number or an array, or a text "
                "that holds JSON and is itself what the record teaches. The record is unchanged.",
        .verdict = TM_V_FLAG,
    },
    {
        .code = "T1412",
        .name = "value-unknown",
        .sentence = "the value to set is unknown here",
        .help = "The expression needs something this record does not have. The field is left as "
                "it is.",
        .verdict = TM_V_FLAG,
    },
    {
        .code = "T1413",
        .name = "field-set",
        .sentence = "a field was added",
        .help = "The step has set a field that the record did not have.",
        .verdict = TM_V_FIX,
        .fixed_verdict = true,
    },
    {
        .code = "T1414",
        .name = "field-replaced",
        .sentence = "the value of a field was replaced",
        .help = "The record had the field with another value. A field that has the value already "
                "is no change.",
        .verdict = TM_V_FIX,
        .fixed_verdict = true,
    },
    {
        .code = "T1415",
        .name = "field-removed",
        .sentence = "a field was taken out",
        .help = "With its key, and wherever equal keys had it more than once: programs differ in "
                "which of them they read.",
        .verdict = TM_V_FIX,
        .fixed_verdict = true,
    },
    {
        .code = "T1416",
        .name = "read-otherwise",
        .sentence = "later steps of this run see the messages as they were read",
        .help =
            "What is written has the change. But what later steps see of messages, roles, kinds "
            "and texts was bound when the record was read; they see the new text where a text "
            "was, the new label, and what was taken out. Read as it is now, this record would "
            "be another: a role was changed, a text stands where none was, or it has another "
            "layout. Write the records first, and give later steps what was written.",
        .verdict = TM_V_FLAG,
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Mark where records come from and drop a private field",
        .recipe = "{set: {origin: real, meta.year: 2026}, remove: [meta.email]}",
        .in = "{\"text\":\"a\", \"meta\":{\"email\":\"x@y.z\", \"n\":1.0}}\n",
        .out = "{\"text\":\"a\", \"meta\":{\"n\":1.0, \"year\":2026}, \"origin\":\"real\"}\n",
        .fates = "kept",
    },
    {
        .title = "A computed value",
        .recipe = "{set: {size: \"= words(response)\"}}",
        .in = "{\"prompt\":\"p\",\"completion\":\"one two\"}\n",
        .out = "{\"prompt\":\"p\",\"completion\":\"one two\",\"size\":2}\n",
        .fates = "kept",
    },
    {0},
};

const tm_op tm_op_tag = {
    .name = "tag",
    .group = "select",
    .summary = "set or remove fields of the records",
    .why =
        "For origin, licence, buckets and whatever later steps or the trainer should know; and to "
        "take out fields that must not leave the house. Only the named fields change: every other "
        "byte stays. Later steps see the new value of a field, of a text that was a text, and of "
        "the label, and not what was taken out; messages, roles and texts that are new they do "
        "not see, which is told (T1416): those are read by a run over what was written.",
    .rev = 3,
    .shape = TM_EDIT,
    .flags = TM_ANY_RECORD,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .prepare = prepare,
    .release = release,
    .begin = begin,
    .end = end,
    .each = each,
};
