/* dedup.near as another tool would do it: its signatures and bands (conform.h), no comparison, and
 * whoever shares a band is merged. */
#ifndef TM_OP_DEDUP_LIKE_H
#define TM_OP_DEDUP_LIKE_H

#include "op/chosen.h"
#include "op/conform/conform.h"
#include "op/dedup/link.h"
#include "op/minhash/band_keys.h"

typedef struct tm_like_scratch { /* a worker's */
    tm_conform_scratch conform;
    tm_buf text;
    uint64_t *signature;
    char *key;
} tm_like_scratch;

/* Of args ngram and hashes (0: the tool's own number); seed < 0: the tool's own. bands and rows: 0
 * for the tool's own. They are filled in. */
tm_status tm_like_make(tm_arena *mem, tm_conform_tool tool, const tm_band_args *args, int64_t seed,
                       tm_sketch *bands, const tm_conform **out, tm_err *err);
tm_status tm_like_begin(const tm_conform *mode, tm_like_scratch *s, tm_err *err);
void tm_like_end(tm_like_scratch *s);
/* A lean fact a band. A text that the tool leaves out has none: it is kept. Records for which
 * `apart` differs share none (within.h). */
tm_status tm_like_observe(const tm_conform *mode, const tm_choice *choice, tm_like_scratch *s,
                          tm_batch *b, uint32_t record, uint64_t apart, tm_facts *out, tm_err *err);
/* A reducer: all of a group are merged into the one that is kept first, where the scope allows. */
tm_status tm_like_merge(const tm_link_rules *rules, const tm_step_view *step, tm_group *group,
                        tm_decisions *out, tm_err *err);

#endif
