/* A scheduler for runs in stages, as hostile as a cluster may be: every task in a process of its
 * own, splits in random order, one of them written twice, facts and decisions as Arrow rows that
 * are re-partitioned and re-batched at random.
 *
 *   stage_drive(plan, split_bytes)   from tamis_ticket to tamis_stages_end; the plan stays open */
#ifndef TEST_SUPPORT_STAGE_DRIVER_H
#define TEST_SUPPORT_STAGE_DRIVER_H

#include "api/api.h"

typedef struct stage_rows {
    tm_seam_row *row;
    uint32_t count, room;
} stage_rows;
void stage_rows_add(stage_rows *to, tm_seam_row row); /* copies */
void stage_rows_release(stage_rows *r);

typedef struct stage_feed { /* what stage_rows_fill gives to an Arrow stream, in random batches */
    const stage_rows *of;
    uint32_t next;
} stage_feed;
tm_status stage_rows_fill(void *arg, tm_arrow_builder *to, bool *more, tm_err *err);

void stage_drive(tamis_plan *plan, uint64_t split_bytes);

#endif
