/* index: what the operator `index` writes, to be compared with by later runs. Its one text stands
 * for those that were chosen when it was made, whatever they were, so it is in every selector; its
 * name is what those carried beside their texts (op/chosen.h). Which they were stands in
 * "tamis_rules", which steps that compare look at (op/dedup/index_head.h). */
#include "record/layout_bind.h"

static bool fits(const tm_doc *doc)
{
    return tm_kind_of(doc, TM_K_INDEX) == TM_JSON_STRING;
}

static tm_status bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    TM_TRY(tm_bind_turn(to, doc, TM_DOCUMENT, 0, TM_NONE, err));
    TM_TRY(tm_bind_value(to, doc, doc->keys->key[TM_K_INDEX], doc->keys->value[TM_K_INDEX],
                         TM_CONTENT, TM_PART_ANY, err));
    return tm_bind_name(to, doc, tm_value_of(doc, TM_K_CARRIES), err);
}

extern const tm_layout tm_layout_index;
const tm_layout tm_layout_index = {.name = "index",
                                   .summary = "The compared text of a record of an earlier set",
                                   .keys = "tamis_index",
                                   .example = "{\"tamis_index\": \"call me ishmael\", "
                                              "\"tamis_rules\": \"2 by all turn 0\"}",
                                   .kind = TM_CORPUS,
                                   .fits = fits,
                                   .bind = bind};
