/* What the sampled records of an input have: which fields, on two levels, and how many messages
 * with texts that the selectors of the recipe's steps name. The plan holds its parameters against
 * it (T3113, T3114, T3115).
 *
 * A record is bound only while a step's selector has found nothing yet, so it mostly costs one
 * record. A layout that the set is not read with in the end may be the one it is looked at with:
 * the first that fits is, as in detection. */
#ifndef TM_FLOW_SEEN_H
#define TM_FLOW_SEEN_H

#include "plan/plan.h"

typedef struct tm_seer_keys { /* of the records, or of the objects that one of their fields holds */
    tm_buf names;             /* one behind another, each ended by a NUL */
    size_t next;              /* where in `names` the next one probably stands, */
    uint32_t nth;             /* and as which */
    uint32_t count;
    bool open; /* as in tm_seen_keys */
} tm_seer_keys;

typedef struct tm_seer {
    tm_seen seen;
    uint32_t need[TM_SELECTORS]; /* messages that a step asks for; 0: none does */
    tm_layout_set layouts;
    bool failed; /* there was no memory to look at all of it: nothing is told */
    tm_batch batch;
    tm_arena mem;
    tm_seer_keys top;
    tm_seer_keys *inside;           /* by key of top; NULL: no record was looked at */
    size_t top_bytes, inside_bytes; /* of names: of top, and of all that is inside together */
} tm_seer;

/* mapping: of the input, or NULL. */
tm_status tm_seer_begin(tm_seer *s, const tm_recipe *recipe, const tm_recipe_input *from,
                        const tm_mapping *mapping, tm_err *err);
void tm_seer_look(tm_seer *s, const tm_doc *doc);
/* What was seen; it lives as long as mem. */
tm_status tm_seer_tell(const tm_seer *s, tm_arena *mem, tm_seen *out, tm_err *err);
void tm_seer_end(tm_seer *s);

#endif
