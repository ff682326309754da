/* Layouts: how a record holds an example. One const tm_layout each, in layouts.def in the order of
 * detection. The plan samples each input and fixes a set of layouts;
 * afterwards a record's layout is a pure function of the record within that set.
 *
 * To add a layout: one file layout_<name>.c, one line in layouts.def. */
#ifndef TM_RECORD_LAYOUT_H
#define TM_RECORD_LAYOUT_H

#include "base/param.h"
#include "record/batch.h"
#include "record/fieldpath.h"

typedef struct tm_doc { /* one scanned record */
    tm_str raw;
    const tm_json_node *node;
    uint32_t top;
    const struct tm_keys *keys;   /* known keys of the top object (layout_bind.h); NULL: not yet */
    const struct tm_frame *frame; /* the string it lay in (frame.h); NULL: it is the record */
} tm_doc;

typedef struct tm_binder tm_binder; /* where a layout puts parts and turns: layout_bind.h */

typedef struct tm_layout {
    const char *name;    /* "messages" */
    const char *summary; /* one sentence */
    const char *keys;    /* what it is recognised by, for people */
    const char *example; /* a record, JSON; used in docs and tests */
    tm_example_kind kind;
    /* Exact for this record: bind will find the required keys with the right types. Call it through
     * tm_layout_fits. */
    bool (*fits)(const tm_doc *doc);
    /* NULL, or of a record that fits: is it reason enough to read its set with this layout? If not,
     * it is of this layout where others brought it into the set. */
    bool (*claims)(const tm_doc *doc);
    tm_status (*bind)(tm_binder *to, const tm_doc *doc, tm_err *err);
    /* The keys (tm_key) that label or score a record that fits, at most TM_LABEL_KEYS; how many.
     * NULL: none does. */
    uint32_t (*labels)(const tm_doc *doc, unsigned key[]);
} tm_layout;
#define TM_LABEL_KEYS 3

extern const tm_layout *const tm_layouts[]; /* NULL-terminated, detection order */
const tm_layout *tm_layout_named(tm_str name);
uint32_t tm_layout_count(void);
bool tm_layout_fits(const tm_layout *layout, const tm_doc *doc);

/* A mapping binds any JSON by paths. Keys: messages, prompt, response (or answer), chosen,
 * rejected, system, text, label, score, instruction, input, output ...
 * (docs/guide/records-and-layouts). */
typedef struct tm_mapping tm_mapping;
tm_status tm_mapping_compile(tm_arena *mem, const tm_pairs *pairs, tm_mapping **out, tm_err *err);

/* The slots whose paths lead somewhere in a record with this index, 1 << slot each. */
uint32_t tm_mapping_reach(const tm_mapping *mapping, tm_json *json, tm_str raw);
/* The others that the mapping names, as "prompt: in.question, label: rating". */
void tm_mapping_unreached(const tm_mapping *mapping, uint32_t reached, tm_buf *out);

/* What records bound by it teach: by the slots it names. */
tm_example_kind tm_mapping_kind(const tm_mapping *mapping);
extern const tm_layout tm_layout_map; /* stands for a mapping in a layout set; not in tm_layouts */

typedef struct tm_layout_set { /* what an input's records may be; order decides between several */
    const tm_layout *layout[16];
    uint32_t count;
    const tm_mapping *mapping; /* or NULL; then layout[0] is the layout "map" */
} tm_layout_set;

/* What a record's layout is looked for: for its texts, then what fits none is unreadable; for its
 * id, then what fits none is named by its bytes (identity.h); or not, then any JSON passes. */
typedef enum tm_binding { TM_BIND_ALWAYS, TM_BIND_FOUND, TM_BIND_NEVER } tm_binding;

typedef struct tm_read_rules {
    const tm_layout_set *layouts;
    uint32_t max_depth; /* 0 = 1024 */
    uint32_t max_parts; /* 0 = TM_PARTS_MAX */
    bool replace_utf8;  /* repair bytes that are not UTF-8 (finding T1008 by the engine) */
    bool wide;          /* what is not UTF-8 may be a unit of UTF-16 or UTF-32 (text/utf8.h) */
    tm_binding binding;
} tm_read_rules;

/* Adds one record to the batch: scans it, finds its layout, binds its parts. A record that cannot
 * be read is added with fate TM_UNREADABLE and its trouble. raw must outlive the batch's content;
 * `slack` bytes behind it may be read. *replaced (may be NULL): how many ill-formed sequences
 * replace_utf8 replaced (raw in the batch is then the repaired copy). Fails only for memory. */
tm_status tm_batch_add(tm_batch *b, const tm_read_rules *rules, tm_rid rid, uint64_t line,
                       tm_str raw, bool known_ascii, size_t slack, uint32_t *replaced, tm_err *err);

/* Adds one as unreadable that is not looked at: it takes too much memory. */
tm_status tm_batch_refuse(tm_batch *b, tm_rid rid, uint64_t line, tm_str raw, tm_str sentence,
                          tm_err *err);

/* Keys that stand more than once in the objects a layout reads (the record and its messages):
 * how many, and the raw offset of the first repeat. */
uint32_t tm_record_duplicate_keys(const tm_batch *b, uint32_t record, uint32_t *first_at);

/* Detection over a sample: for each layout how many of the records fit it first (and claim it). */
typedef struct tm_layout_votes {
    uint32_t records, none;       /* readable records; those no layout fits */
    uint32_t first[24], fits[24]; /* by index in tm_layouts */
} tm_layout_votes;
void tm_layout_vote(tm_layout_votes *votes, const tm_doc *doc);
/* "messages,alpaca" as a set, in detection order. TM_EUSAGE: one is unknown; it says what was
 * meant. */
tm_status tm_layouts_named(tm_str names, tm_layout_set *out, tm_err *err);
/* The set to read with: every layout that came first at least once, in detection order. */
void tm_layout_choose(const tm_layout_votes *votes, tm_layout_set *out);

#endif
