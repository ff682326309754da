/* tm_batch: some records of one block, their parts, and all that steps have said about them.
 *
 * Slices in a batch live until that batch is recycled; whoever keeps one copies it. Everything
 * hangs off batch->mem and is given back at once. Only the engine writes fate, reason, route and
 * copies; operators measure (columns), find (findings), edit (edits, patches) and the rules do the
 * rest.
 *
 * A record's raw bytes are never changed. `text` of a part is what the record says now, `as_read`
 * what it said; edits are kept in coordinates of the text as read, patches in raw coordinates, and
 * tm_record_write walks the raw bytes once (writer.h). */
#ifndef TM_RECORD_BATCH_H
#define TM_RECORD_BATCH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "text/json.h"

/* Where a record comes from: a total order nobody has to count for. */
typedef struct tm_rid {
    uint64_t place; /* source:24 (from 1) | offset in the decoded stream:40 */
    uint64_t path;  /* ordinals of fan-outs from 1, 16 bits a level, first on top; 0 = as read */
} tm_rid;

#define TM_PLACE(source, offset) (((uint64_t)(source) << 40) | (offset))
#define TM_PLACE_SOURCE(place) ((uint32_t)((place) >> 40))
#define TM_PLACE_OFFSET(place) ((place) & (((uint64_t)1 << 40) - 1))
#define TM_PATH_LEVELS 4
#define TM_PARTS_MAX 65536 /* default of --max-parts: a record of more is unreadable */

static inline int tm_rid_cmp(tm_rid a, tm_rid b)
{
    if (a.place != b.place) return a.place < b.place ? -1 : 1;
    return a.path == b.path ? 0 : a.path < b.path ? -1 : 1;
}
/* The rid of child `ordinal` (from 1) of `parent`; false when levels or ordinals run out. */
bool tm_rid_child(tm_rid parent, uint32_t ordinal, tm_rid *child);

typedef tm_hash tm_id; /* identity of a record's content, identity.h */

typedef enum tm_role {
    TM_SYSTEM,
    TM_USER,
    TM_ASSISTANT,
    TM_TOOL,
    TM_DOCUMENT,
    TM_ROLE_OTHER
} tm_role;
typedef enum tm_part_kind { TM_CONTENT, TM_REASONING, TM_CALL, TM_RESULT } tm_part_kind;
typedef enum tm_present { TM_ABSENT, TM_IS_NULL, TM_IS_TEXT, TM_WRONG_TYPE } tm_present;
typedef enum tm_fate {
    TM_LIVE, /* no fate yet; at the end: kept */
    TM_KEPT,
    TM_DROPPED,
    TM_MERGED,
    TM_PARKED,
    TM_REPLACED,
    TM_UNREADABLE
} tm_fate;
typedef enum tm_example_kind {
    TM_CORPUS,
    TM_SFT,
    TM_PREFERENCE,
    TM_UNPAIRED,
    TM_SCORED,
    TM_STEPWISE,
    TM_PROMPT,
    TM_LABEL
} tm_example_kind;

const char *tm_role_name(tm_role r);
const char *tm_part_kind_name(tm_part_kind k);
const char *tm_fate_name(tm_fate f); /* "kept" for TM_LIVE too */
const char *tm_example_kind_name(tm_example_kind k);

/* Selectors: bit i is tm_selector_names[i] (base/param.h). */
enum {
    TM_SEL_SYSTEM = 1 << 0,
    TM_SEL_USER = 1 << 1,
    TM_SEL_ASSISTANT = 1 << 2,
    TM_SEL_TOOL = 1 << 3,
    TM_SEL_DOCUMENT = 1 << 4,
    TM_SEL_PROMPT = 1 << 5,   /* all that is not the response */
    TM_SEL_RESPONSE = 1 << 6, /* what is trained: see TM_PART_RESPONSE */
    TM_SEL_CHOSEN = 1 << 7,   /* answer 1 */
    TM_SEL_REJECTED = 1 << 8, /* answers 2.. */
    TM_SEL_REASONING = 1 << 9,
    TM_SEL_CALL = 1 << 10,
    TM_SEL_ALL = 1 << 11,
    TM_SEL_EVERYTHING = 1 << 12, /* all parts here; dedup.exact looks at the whole record instead */
    TM_SELECTORS = 13
};

enum { /* tm_part.flags */
       /* Belongs to what a trainer trains on: an answer (answer >= 1), or in shared context the
        * assistant and tool parts behind the last user turn (sft), or the completion. */
       TM_PART_RESPONSE = 1,
       TM_PART_NOT_TEXT = 2, /* an image, audio or unknown block: carried, counted, never touched */
       /* Repeats the text of part `twin` (the prompt at the head of `rejected` that `chosen` has
        * too). In no selector; edits of the twin are written here as well. */
       TM_PART_COPY = 4,
       TM_PART_GONE = 8, /* a patch took its place: in no selector, its text is empty */
       /* Its text is a JSON value (call arguments as an object). tm_part_edit leaves it alone when
        * the result would not be JSON. */
       TM_PART_JSON = 16,
       TM_PART_ANY = 32 /* in every selector: the text of an index */
};

typedef enum tm_codec { TM_CODEC_NONE, TM_CODEC_JSON_STRING } tm_codec; /* CSV_CELL comes later */

typedef struct tm_part {
    uint8_t role, kind, present, flags;
    uint8_t codecs[4]; /* raw to text, outermost first, ends at TM_CODEC_NONE */
    uint16_t turn;     /* message number from 0 within its answer (prompt: shared context) */
    uint16_t answer;   /* 0 = shared context, 1 = chosen or only answer, 2.. = others */
    uint32_t record;   /* index in the batch */
    uint32_t raw_at, raw_bytes; /* encoded span in the record's raw bytes, without quotes */
    uint32_t key_at;            /* raw offset of its key's opening quote, or TM_NONE */
    uint32_t first_edit;        /* into batch->edit, or TM_NONE */
    uint32_t version;           /* +1 a change */
    uint32_t twin;              /* TM_PART_COPY: the part it repeats; else TM_NONE */
    tm_str as_read, text;       /* .p NULL until decoded: use tm_part_text */
    tm_str name;                /* of the function a call calls, decoded; .p NULL: none */
} tm_part;

/* One message of a conversation, for whoever checks structure. */
typedef struct tm_turn {
    uint8_t role;
    uint16_t answer;
    uint32_t node; /* of the message object, in batch->json.node; TM_NONE if none */
    uint32_t first_part, parts;
} tm_turn;

typedef struct tm_edit { /* replace as_read[at, at+cut) by put; sorted, disjoint; next: list */
    uint32_t at, cut, next;
    uint16_t step, rule;
    tm_str put;
} tm_edit;

typedef struct tm_patch { /* structure, in raw coordinates; put is already encoded */
    uint32_t record, at, cut;
    uint16_t step, rule;
    tm_str put;
    tm_str path;   /* the field it sets or removes ("meta.bucket"), or empty */
    uint32_t next; /* of the same record, sorted by `at`; record TM_NONE: replaced by a later one */
} tm_patch;

typedef struct tm_finding { /* the one kind of reason; offsets are as read */
    uint32_t record, part;  /* part: TM_NONE = the record */
    uint32_t at, bytes;     /* in the part's text as read, or in the raw record */
    uint16_t step, code;    /* code: index in the step's operator's codes */
    double value;           /* NAN = none */
    uint64_t keyed;         /* keyed hash of private text, or 0; never the text */
    tm_rid other;
    bool first;                       /* of a decision: TM_D_FIRST */
    const struct tm_fieldpath *field; /* what it is about; NULL: what stands at its place */
} tm_finding;

#define TM_NO_VALUE ((double)__builtin_nanf("")) /* a finding or decision without a number */

typedef enum tm_signal_type { TM_NUMBER, TM_WORD } tm_signal_type;
typedef struct tm_signal {
    const char *name, *unit, *help;
    uint8_t type;   /* tm_signal_type */
    uint8_t digits; /* decimals a number is rounded to before it is compared, stored or shown */
    bool count;     /* a number of things: never below zero */
    bool of_run;    /* a name that means something among the records of one run only */
} tm_signal;

typedef struct tm_column { /* one signal of one step over the batch */
    const tm_signal *signal;
    double *number; /* by record; NAN = unknown */
    tm_str *word;   /* for TM_WORD; .p NULL = unknown */
} tm_column;

typedef enum tm_verdict {
    TM_V_NONE,
    TM_V_FLAG,
    TM_V_FIX,
    TM_V_PARK,
    TM_V_DROP,
    TM_V_MERGE
} tm_verdict;
const char *tm_verdict_name(tm_verdict v);

typedef struct tm_decision { /* what a set step says of one record; `set` says which fields count */
    tm_rid rid;
    uint16_t step, rule; /* rule: index in the operator's codes */
    uint8_t verdict;     /* tm_verdict */
    uint8_t set;         /* TM_D_... */
    uint16_t route, copies;
    tm_rid other;
    uint64_t order;
    double value;
    tm_str data; /* for the operator's own later rounds: spans, lists */
} tm_decision;
enum {
    TM_D_OTHER = 1,
    TM_D_ORDER = 2,
    TM_D_ROUTE = 4,
    TM_D_COPIES = 8,
    TM_D_VALUE = 16,
    TM_D_DATA = 32,
    TM_D_REFUSED = 128, /* the engine's own: unreadable for want of memory, `value` bytes of it */
    TM_D_FIRST = 64     /* it stands for those that fell, and falls with them: keep: none */
};

typedef struct tm_reason { /* why a record has its fate; step TM_NO_STEP: the reader */
    uint16_t step, rule;
    double value;
    tm_rid other;
    bool first; /* TM_D_FIRST */
} tm_reason;
#define TM_NO_STEP UINT16_MAX

typedef struct tm_trouble { /* why a record is unreadable */
    const char *code;       /* "T1004"; static */
    tm_str sentence;        /* in batch->mem or static */
    uint32_t at, bytes;     /* in raw */
    uint32_t advice;        /* so much of the sentence, at its end, says what to do */
    bool settled;           /* T1020: no option for how inputs are read would help */
} tm_trouble;

typedef struct tm_batch {
    /* by record */
    uint32_t records, record_room;
    tm_rid *rid;
    tm_id *id;            /* {0,0} until tm_record_id asked */
    tm_str *raw;          /* .p NULL: a row of a table of which the texts alone are here */
    uint64_t *line;       /* within its block from 0, while in a worker; the engine adds the rest */
    uint32_t *first_part; /* parts of r: [first_part[r], first_part[r+1]) */
    uint32_t *first_turn; /* likewise */
    uint32_t *top;        /* node of the record's top value in json.node, or TM_NONE */
    uint16_t *layout;     /* index into the layout set; UINT16_MAX = none */
    uint8_t *kind;        /* tm_example_kind of its layout (or mapping) */
    tm_str
        *label; /* label, score, margin as they are now (JSON, one after another); .p NULL = none */
    uint32_t *first_patch; /* list of its patches, or TM_NONE */
    uint8_t *fate;         /* tm_fate */
    tm_reason *reason;
    uint16_t *route, *copies;
    uint64_t *order;              /* rank given by a reordering step, else 0 */
    tm_trouble *trouble;          /* by record; code NULL = readable */
    const tm_decision **decision; /* of this step's earlier rounds, by record; NULL array or NULL */
    uint32_t reference; /* 0: of the stream; else these records are of that reference, from 1 */
    uint32_t input;     /* of the stream: which input of the recipe they are of, from 0 */
    /* lists */
    uint32_t parts, part_room, turns, turn_room, edits, edit_room;
    uint32_t patches, patch_room, findings, finding_room, columns;
    tm_part *part;
    tm_turn *turn;
    tm_edit *edit;
    tm_patch *patch;
    tm_finding *finding;
    tm_column *column;
    tm_json json; /* nodes of all records; offsets are relative to each record's raw */
    tm_arena *mem;
    tm_buf scratch; /* for decoding; anyone's between two calls */
} tm_batch;

/* mem: the batch's arena, owned by the caller, who resets it before tm_batch_reset (several batches
 * may share one). */
void tm_batch_init(tm_batch *b, tm_arena *mem);
/* Empties it and makes room for `records` records (more are fine) and `columns` columns, all
 * unknown. What hung off mem before is forgotten. After a failure: reset or release only. */
tm_status tm_batch_reset(tm_batch *b, uint32_t records, const tm_signal *const *signals,
                         uint32_t columns, tm_err *err);
void tm_batch_release(tm_batch *b);

static inline bool tm_live(const tm_batch *b, uint32_t r)
{
    return b->fate[r] == TM_LIVE;
}

bool tm_part_in(const tm_part *part, uint32_t selectors);

/* The part's text as it is now; decodes at first use. Empty for what is not text. False when memory
 * is exhausted. */
bool tm_part_text(tm_batch *b, uint32_t part, tm_str *out);

/* A text, and not null, of the wrong type, a picture, or absent. */
static inline bool tm_part_is_text(const tm_part *part)
{
    return part->present == TM_IS_TEXT && !(part->flags & TM_PART_NOT_TEXT);
}

/* What is not text in the part (a picture, a value of the wrong type): its raw bytes, which nobody
 * changes. Empty for a text, for null and for what is absent. */
static inline tm_str tm_part_other(const tm_batch *b, uint32_t part)
{
    const tm_part *p = &b->part[part];
    if (p->present != TM_WRONG_TYPE && !(p->flags & TM_PART_NOT_TEXT)) return (tm_str){"", 0};
    return (tm_str){b->raw[p->record].p + p->raw_at, p->raw_bytes};
}

/* Notes a finding. at/bytes in the part's text as read (or raw when part is TM_NONE). */
tm_status tm_find(tm_batch *b, uint32_t record, uint32_t part, uint32_t at, uint32_t bytes,
                  uint16_t step, uint16_t code, double value, tm_err *err);

/* "messages[3].content" for the value at raw offset `at` of record r, appended to out: one
 * question to a tm_locator (locator.h). */
void tm_record_path(const tm_batch *b, uint32_t record, uint32_t raw_at, tm_buf *out);

#endif
