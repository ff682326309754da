/* What the sampled records of an input have: which fields, and how many messages with texts that
 * the selectors of the recipe's steps name. The plan holds its parameters against it (T3113,
 * T3114).
 *
 * A record is bound only while a step's selector has found nothing yet, so it mostly costs one
 * record. A layout that the set is not read with in the end may be the one it is looked at with:
 * the first that fits is, as in detection. */
#ifndef TM_FLOW_SEEN_H
#define TM_FLOW_SEEN_H

#include "plan/plan.h"

typedef struct tm_seer {
    tm_seen seen;
    uint32_t need[TM_SELECTORS]; /* messages that a step asks for; 0: none does */
    tm_layout_set layouts;
    bool failed; /* there was no memory to look at all of it: nothing is told */
    tm_batch batch;
    tm_arena mem;
    tm_buf keys; /* one behind another, each ended by a NUL */
    size_t next; /* where in `keys` the next one probably stands */
} tm_seer;

/* mapping: of the input, or NULL. */
tm_status tm_seer_begin(tm_seer *s, const tm_recipe *recipe, const tm_recipe_input *from,
                        const tm_mapping *mapping, tm_err *err);
void tm_seer_look(tm_seer *s, const tm_doc *doc);
/* What was seen; it lives as long as mem. */
tm_status tm_seer_tell(const tm_seer *s, tm_arena *mem, tm_seen *out, tm_err *err);
void tm_seer_end(tm_seer *s);

#endif
