/* text: one document a record, for language modelling. All of it is trained on. */
#include "record/layout_bind.h"

static bool fits(const tm_doc *doc)
{
    return tm_is_slot(doc, TM_K_TEXT);
}

static tm_status bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    TM_TRY(tm_bind_turn(to, doc, TM_DOCUMENT, 0, TM_NONE, err));
    return tm_bind_value(to, doc, doc->keys->key[TM_K_TEXT], doc->keys->value[TM_K_TEXT],
                         TM_CONTENT, TM_PART_RESPONSE, err);
}

extern const tm_layout tm_layout_text;
const tm_layout tm_layout_text = {.name = "text",
                                  .summary = "One document a record",
                                  .keys = "text",
                                  .example = "{\"text\": \"Call me Ishmael.\"}",
                                  .kind = TM_CORPUS,
                                  .fits = fits,
                                  .bind = bind};
