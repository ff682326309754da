/* Sound blocks: whatever is in them is a readable record of one line, and the reader found nothing
 * about any. The first pass that reads all records of a block sees that; the writing pass then
 * needs not parse those again about which nothing was decided. It passes over them, a stretch at a
 * time: their lines are copied as they stand and counted.
 *
 * It may do so when nobody asks for more than their bytes: no record step has something to do, no
 * ledger has a row for each, and nothing is put into another order. What is decided about goes
 * through the steps as ever. Rows of a table are not even written as JSON: they pass where nothing
 * is written and whoever looks takes a stretch of them by its place (tm_shown.on_same).
 *
 * What is known of blocks lies in a table of fixed size by the block's place; of two that want the
 * same entry one is forgotten and parsed again. */
#ifndef TM_FLOW_SOUND_H
#define TM_FLOW_SOUND_H

#include "flow/engine.h"

enum { TM_NOT_SOUND = UINT16_MAX - 1 };

tm_sound *tm_sound_new(void); /* NULL: memory */
void tm_sound_free(tm_sound *s);

/* The block at hand is about to be looked at for whether it is sound. */
void tm_sound_begin(tm_worker *w);
/* The batch of read records, before any step: do they speak against it? */
void tm_sound_look(tm_worker *w, const tm_batch *b);
/* A row of a table is written, or (extent) would be so long. */
void tm_sound_row(tm_worker *w, uint32_t span, const tm_row_extent *extent);
/* All records of the block have been read. */
void tm_sound_end(tm_worker *w);

/* WRITE: whether records of the block at hand may be passed over. */
bool tm_sound_passes(tm_worker *w);
/* Whether this one may: nothing was decided about it. */
bool tm_sound_passes_one(const tm_worker *w, uint64_t place);
/* The piece takes the records that stand before span `next`, and not yet in it; that one it takes
 * otherwise. */
tm_status tm_sound_pass_to(tm_worker *w, tm_piece *p, uint32_t next, tm_err *err);

#endif
