/* Sentences for records that cannot be read: what is wrong, where, and the next thing to do.
 * Internal to record/; called by tm_batch_add. */
#ifndef TM_RECORD_TROUBLE_H
#define TM_RECORD_TROUBLE_H

#include "record/layout.h"

/* All of them write batch->trouble[record] and set its fate; they fail only for memory. */
/* From b->json's trouble; wide: see tm_read_rules. */
tm_status tm_trouble_json(tm_batch *b, uint32_t record, bool wide, tm_err *err);
tm_status tm_trouble_not_object(tm_batch *b, uint32_t record, const tm_doc *doc, tm_err *err);
tm_status tm_trouble_no_layout(tm_batch *b, uint32_t record, const tm_doc *doc,
                               const tm_layout_set *set, tm_err *err);
tm_status tm_trouble_parts(tm_batch *b, uint32_t record, uint32_t max_parts, tm_err *err);
/* sentence: is copied */
tm_status tm_trouble_memory(tm_batch *b, uint32_t record, tm_str sentence, tm_err *err);

#endif
