/* What a step that merges would do, tried on the first records: for --dry-run, as text and as
 * JSON. Who is compared how and which pairs lie at the border is seen before anything is lost. */
#ifndef TM_REPORT_SAMPLE_PAIRS_H
#define TM_REPORT_SAMPLE_PAIRS_H

#include "flow/run.h"
#include "plan/json_write.h"
#include "report/excerpt.h"

enum { TM_SAMPLE_SHOWN = 3 };

typedef struct tm_sample_pair {
    tm_rid rid, other;
    double value; /* NaN: they were not compared */
    tm_excerpt fell, kept;
    uint32_t size; /* of a cluster: its records */
} tm_sample_pair;

typedef struct tm_sample_list {
    tm_sample_pair pair[TM_SAMPLE_SHOWN];
    uint32_t count;
} tm_sample_list;

typedef struct tm_pairs_sample {
    tm_arena mem;        /* of the excerpts */
    const char *why_not; /* no sample was made, and why; NULL: it was */
    tm_verdict verdict;  /* what becomes of those that fall */
    uint64_t records;    /* that came to the step */
    bool all;            /* and there are no more */
    bool nobody;         /* keep: none: of a cluster nobody is kept */
    bool compared;       /* pairs have a similarity */
    uint32_t found, clusters;
    tm_sample_list largest; /* clusters, each with the record least like its first one */
    tm_sample_list least;   /* the least similar of those that would fall */
    tm_sample_list below;   /* the most similar of those that just miss the threshold */
} tm_pairs_sample;

/* Whether there is something to try: the operator has a threshold. */
bool tm_pairs_can_be_sampled(const tm_plan_step *step);
/* out->mem is to be released whatever is returned. */
tm_status tm_pairs_sample_make(const tm_run *run, const tm_plan_step *step, const tm_preview *told,
                               tm_pairs_sample *out, tm_err *err);
void tm_pairs_sample_print(const tm_pairs_sample *s, tm_buf *out);
void tm_pairs_sample_json(const tm_pairs_sample *s, tm_jw *w);

#endif
