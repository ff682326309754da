/* A record's label, score or margin: as text for expressions, and bound anew after a step has
 * changed a field, so that later steps see what an earlier one set. */
#ifndef TM_RECORD_LABEL_H
#define TM_RECORD_LABEL_H

#include "record/fieldpath.h"
#include "record/layout.h"

/* As text: a label that is one JSON string without its quotes, unless it reads as another value
 * without them; any other as it stands. .p NULL when memory is exhausted, or there is none. */
tm_str tm_record_label_text(tm_batch *b, uint32_t record);
/* Binds batch->label[r] anew when the field that was changed can be the label. */
tm_status tm_record_relabel(tm_batch *b, uint32_t record, const tm_layout_set *set,
                            const tm_fieldpath *changed, tm_err *err);

#endif
