/* What the page shows, gathered from a run folder: the ledger and the findings read once,
 * streaming, and the sources and the output as far as the sample cards need them. */
#ifndef TM_REPORT_GATHER_H
#define TM_REPORT_GATHER_H

#include "flow/runfolder.h"
#include "report/chart.h"

enum { TM_CARDS = 5, TM_CARD_BYTES = 64 << 20 }; /* cards a kind; how far they are looked for */

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
    tm_str source, step, rule;
    uint64_t line, kept;  /* kept: ordinal among kept records, for edited ones */
    tm_str before, after; /* raw; after: as written, or the representative; .p NULL: not found */
} tm_card;

typedef struct tm_histogram {
    tm_str name;
    uint32_t column;
    uint64_t bins[TM_BINS], records;
} tm_histogram;

typedef struct tm_noticed { /* a finding's code */
    tm_str code, step;
    const tm_code *what; /* NULL: not in this program's registry */
    tm_str source;       /* of its first place */
    uint64_t count, line;
    tm_rid first;
} tm_noticed;

typedef struct tm_gathered {
    tm_arena *mem;
    tm_str folder;
    tm_yaml *manifest, *run;
    bool reorders;
    tm_card card[TM_CARD_KINDS][TM_CARDS];
    uint32_t cards[TM_CARD_KINDS];
    tm_histogram histogram[24];
    uint32_t histograms;
    tm_noticed noticed[256];
    uint32_t kinds;
} tm_gathered;

tm_status tm_gather(tm_gathered *g, tm_arena *mem, tm_str folder, tm_err *err);
tm_status tm_gather_texts(tm_gathered *g, tm_err *err);       /* cards.c: before and after */
tm_str tm_tree_text(const tm_yaml *map, const char *key);     /* empty if absent */
uint64_t tm_tree_number(const tm_yaml *map, const char *key); /* 0 if absent */

#endif
