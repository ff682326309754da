/* What the page shows, gathered from a run folder: the ledger and the findings read once,
 * streaming, and the sources and the output as far as the sample cards need them. */
#ifndef TM_REPORT_GATHER_H
#define TM_REPORT_GATHER_H

#include "flow/clusters.h"
#include "flow/runfolder.h"
#include "report/chart.h"
#include "report/marked.h"

enum {
    TM_CARDS = 5,             /* of a kind */
    TM_CARD_BYTES = 64 << 20, /* how far into a source they are looked for */
    TM_CARD_TEXT = 64 << 10,  /* of a text that is read for them, and */
    TM_CARD_SHOWN = 4000,     /* how much of it is shown */
    TM_CLUSTER_STEPS = 8,     /* steps whose biggest clusters are shown */
    TM_MATCH_LISTS = 12,      /* files of references of which matches are shown, of */
    TM_MATCH_FILES = 6,       /* at most so many a step, and */
    TM_MATCHES = 3,           /* so many of each */
    TM_NOTICED = 256,         /* kinds of findings */
    TM_TOLDS = (TM_CLUSTER_STEPS * TM_BIGGEST + TM_MATCH_LISTS * TM_MATCHES) * 2
};

typedef enum tm_card_kind {
    TM_CARD_EDITED,
    TM_CARD_DROPPED,
    TM_CARD_MERGED,
    TM_CARD_PARKED,
    TM_CARD_UNREADABLE,
    TM_CARD_KINDS
} tm_card_kind;

typedef struct tm_card {
    tm_rid rid, other;
    char id[33];
    tm_str source, step, rule, why; /* why: a sentence, of one that is unreadable */
    uint64_t line, column, kept;    /* kept: ordinal among kept records, for edited ones */
    tm_str before, after; /* raw; after: as written, or the representative; .p NULL: not found */
} tm_card;

typedef struct tm_histogram {
    tm_str name, unit;
    uint32_t column;
    uint64_t bins[TM_BINS], records;
} tm_histogram;

typedef struct tm_noticed { /* a finding's code */
    tm_str code, step;
    const tm_code *what; /* NULL: not in this program's registry */
    tm_str sentence;
    tm_str source;                 /* of its first place */
    uint64_t count, line, column;  /* column: 0 where records have a line each */
    tm_rid first;                  /* of the finding that comes first, if `placed` */
    bool placed, fell, unreadable; /* fell: records did, by it */
} tm_noticed;

typedef struct tm_told { /* a record that the manifest names */
    tm_rid rid;
    tm_str source, text; /* text.p NULL: not found, or not to be shown */
    uint64_t line;       /* 0: unknown */
    uint64_t column;     /* 0: unknown, or records have a line each */
} tm_told;

typedef struct tm_told_cluster {
    const tm_yaml *of; /* in the manifest */
    tm_told first, least;
} tm_told_cluster;

typedef struct tm_match { /* a record that holds text of a record of a reference */
    tm_told record, item;
    double value; /* the share of it */
    tm_str part;  /* whose text holds it */
    tm_marked in; /* marks alone: the text is made when it is shown */
} tm_match;

typedef struct tm_match_list { /* of one step and one file */
    const tm_yaml *step;
    uint32_t file; /* among those of the references */
    tm_match match[TM_MATCHES];
    uint32_t count;
} tm_match_list;

typedef struct tm_gathered {
    tm_arena *mem;
    tm_str folder;
    tm_yaml *manifest, *run;
    bool reorders;
    tm_card card[TM_CARD_KINDS][TM_CARDS];
    uint32_t cards[TM_CARD_KINDS];
    tm_histogram histogram[24];
    uint32_t histograms;
    tm_noticed noticed[TM_NOTICED];
    uint32_t kinds;
    tm_told_cluster cluster[TM_CLUSTER_STEPS][TM_BIGGEST];
    uint32_t clusters[TM_CLUSTER_STEPS]; /* by steps that look for duplicates, in their order */
    tm_match_list matched[TM_MATCH_LISTS];
    uint32_t matches;
    tm_told **told; /* all records of clusters and matches, in the order of their rids */
    uint32_t tolds, told_at;
    bool private; /* a step of the run is for privacy: no texts */
} tm_gathered;

tm_status tm_gather(tm_gathered *g, tm_arena *mem, tm_str folder, tm_err *err);
tm_status tm_gather_texts(tm_gathered *g, tm_err *err); /* cards.c: before and after */

/* lost.c: why records are unreadable, and where the first of each code stands */
tm_status tm_gather_lost(tm_gathered *g, tm_err *err);

/* What a step of the manifest finds; nothing, when this program does not know its operator. */
tm_finds tm_step_finds(const tm_yaml *step);
/* matched.c: of each benchmark, some records that hold its text */
tm_status tm_gather_matches(tm_gathered *g, tm_err *err);
/* told.c: records of the biggest clusters and of matches */
tm_status tm_gather_told(tm_gathered *g, tm_err *err);
/* Takes the line of a row of the ledger, row after row in their order, where it is wanted. */
bool tm_told_wants(tm_gathered *g, tm_rid rid);
void tm_told_line(tm_gathered *g, tm_rid rid, uint64_t line);

#endif
