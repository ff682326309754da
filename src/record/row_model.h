/* How the rows of a table are bound when nobody asks for more than their texts.
 *
 * Rows of one table have the same columns, so that they are bound alike as long as each column that
 * a layout knows holds a text. One record that stands for them all is bound once; what comes of it
 * is copied for each row, with the row's own texts in their places, and the row is never written
 * as JSON. A record added so has no raw bytes (raw.p is NULL) and no nodes: it is for rounds that
 * say so (tm_round.texts_only).
 *
 * A table is not of this kind when a known key holds anything but texts, when a key stands twice,
 * or where a mapping leads into columns; and a row is not whose text in one of those columns is
 * missing. Such a one is written and read as ever, beside the others. */
#ifndef TM_RECORD_ROW_MODEL_H
#define TM_RECORD_ROW_MODEL_H

#include "record/layout.h"
#include "record/table.h"

typedef struct tm_row_model {
    bool fits; /* there is one */
    tm_arena mem;
    tm_batch batch;   /* the record that stands for all */
    uint32_t *column; /* by part: which column of the row holds its text */
    uint32_t *known;  /* columns that must hold a text in a row of this kind */
    uint32_t knowns;
} tm_row_model;

tm_status tm_row_model_make(tm_row_model *m, const tm_table_column *row, const tm_read_rules *rules,
                            tm_err *err);
/* text: by part of the model; they outlive the batch's content. */
tm_status tm_row_model_add(const tm_row_model *m, tm_batch *b, tm_rid rid, uint64_t line,
                           const tm_str *text, tm_err *err);
void tm_row_model_release(tm_row_model *m);

#endif
