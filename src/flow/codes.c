/* A walk over every code: unreadable records, damaged or refused sources, the reader's own
 * findings, remarks on recipes, and the findings of operators.
 *
 * Codes and sentences of records and sources stand in lists beside the code that sets them
 * (text/json.h, io/source.h); what to do about each stands here, by code, and a test sees that none
 * is without it. */
#include "flow/codes.h"

#include "flow/engine.h"
#include "text/json.h"

/* ---- what cannot be read --------------------------------------------------------------------- */

typedef struct advice {
    const char *code, *name, *help, *cure;
} advice;
#define LISTED "check INPUT" /* nothing mends them by itself: all, each with its place */

static const advice ADVICE[] = {
    {"T1001", "no-value",
     "The line holds white space or nothing where a value was expected. Empty lines are no records "
     "and are not counted; this is an element of an array or sequence without content.",
     LISTED},
    {"T1002", "cut",
     "The file was cut off, or a record was split over several lines. A file that was still being "
     "written ends like this: copy it again. Pretty-printed JSON is read with --container json.",
     LISTED},
    {"T1003", "trailing",
     "Two values stand on one line, or lines end in CR alone. Put one value on each line.", LISTED},
    {"T1004", "not-json",
     "Often a value printed by Python (None, True, single quotes), NaN, or a line of plain text. "
     "Write the file with a JSON writer.",
     LISTED},
    {"T1005", "number",
     "JSON has no leading zeros, no leading +, no hexadecimal numbers, and digits on both sides of "
     "the point.",
     LISTED},
    {"T1006", "escape",
     "JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX. A Windows path written without "
     "doubling its backslashes gives this.",
     LISTED},
    {"T1007", "control",
     "A line break, tab or other control character must be escaped inside a string. It stands raw "
     "when strings were put together by hand.",
     LISTED},
    {"T1008", "not-utf8",
     "The record holds bytes of another encoding, or was cut inside a character. Find the encoding "
     "and convert the file, or read such bytes as U+FFFD with --utf8 replace. Of UTF-16 and UTF-32 "
     "the message names the unit that is no character: half a pair was cut by a program that "
     "counted units.",
     "refine INPUT --utf8 replace"},
    {"T1009", "too-deep", "Raise limits.max_depth if such records are meant.", LISTED},
    {"T1010", "no-colon", "A key must be followed by a colon and a value.", LISTED},
    {"T1011", "no-comma", "Between two elements stands one comma, and none stands behind the last.",
     LISTED},
    {"T1012", "no-key", "Keys are strings in double quotes.", LISTED},
    {"T1013", "unclosed-string",
     "The line ends inside a string: the record was cut, or holds a raw line break.", LISTED},
    {"T1014", "no-memory",
     "What is made of a long record (an index of its values, decoded and edited texts) takes more "
     "memory than the run has for it; the message says how much --memory it needs at least. Its "
     "bytes are in unreadable.bin.",
     LISTED},
    {"T1020", "no-layout",
     "A sample of each input fixes the layouts it is read with, and this record fits none of them. "
     "If it is an example all the same, name its layout with --layout or say where its parts are "
     "with map:. Where a layout's keys are there and a value is of another type, the message names "
     "the value; where a list of the record holds what fits a layout, it says how to reach that.",
     LISTED},
    {"T1021", "not-object",
     "A record is a JSON object. If the file is one array of objects, read it with --container "
     "json.",
     LISTED},
    {"T1022", "too-many-parts", "Raise limits.max_parts if such records are meant.", LISTED},
    {"T1101", "source-cut",
     "The compressed file was not copied whole. Everything before the cut was read; copy the file "
     "again and run once more.",
     LISTED},
    {"T1102", "source-checksum",
     "The data were decoded to their end and do not match their checksum or size: a byte is wrong "
     "somewhere. Take the file from its source again.",
     LISTED},
    {"T1103", "source-corrupt",
     "Everything before this place was read; what follows cannot be decoded. Take the file from "
     "its source again.",
     LISTED},
    {"T1104", "source-trailing",
     "The compressed data are complete and something else follows. It was not read.", LISTED},
    {"T1105", "source-window",
     "A zstd frame asks its reader for a window larger than 128 MiB. Pack the file again without "
     "--ultra --long.",
     LISTED},
    {"T1110", "too-long",
     "The record was passed over without being held in memory. Raise --max-line if it is meant.",
     LISTED},
    {"T1112", "no-room",
     "A record is copied while it is worked on, and --memory has room for so much of all that. The "
     "message says which --memory it needs. It was passed over without being held; its first "
     "MiB is in unreadable.bin.",
     LISTED},
    {"T1111", "broken-array",
     "Behind this place nobody knows where a record begins: it is one unreadable record up to the "
     "end of the file. Repair the brackets or commas there. Lines of which each is a record are "
     "read with --container jsonl, whatever the first is.",
     LISTED},
    {"T1120", "kind-not-read",
     "Archives, other compressors and containers that this version has no reader for. The message "
     "names the kind and a way round.",
     LISTED},
    {"T1121", "no-byte-order-mark",
     "UTF-16 and UTF-32 are read when a byte order mark says which it is. Convert the file with "
     "iconv.",
     LISTED},
    {"T1130", "empty-reference",
     "The file is empty or holds white space only, so nothing was compared with it and nothing can "
     "have been found. Is it the right file, and was what makes it successful? The run is complete "
     "all the same, and its exit status says nothing of it.",
     LISTED},
};

static const advice *advice_of(const char *code)
{
    for (size_t i = 0; i < TM_COUNT(ADVICE); i++)
        if (tm_str_is(tm_str_of(code), ADVICE[i].code)) return &ADVICE[i];
    return NULL;
}

typedef struct said {
    const char *code, *sentence;
} said;

static const said RECORDS[] = {
#define X(name, code, sentence) {code, sentence},
    TM_JSON_TROUBLES(X)
#undef X
        {"T1020", "the record does not fit the layouts of its input"},
    {"T1021", "a record must be a JSON object"},
    {"T1022", "the record has more parts than the limit"},
};

static const said SOURCES[] = {
#define X(name, code, sentence) {code, sentence},
    TM_DAMAGES(X)
#undef X
#define X(code, sentence) {code, sentence},
        TM_REFUSALS(X) TM_SOURCE_REMARKS(X)
#undef X
};

/* ---- the walk -------------------------------------------------------------------------------- */

enum { RECORD, SOURCE, READER, RECIPE, OPERATORS };

static bool take_said(tm_code_walk *w, const said *row, const char *where)
{
    const advice *more = advice_of(row->code);
    w->made = (tm_code){.code = row->code,
                        .name = more ? more->name : "",
                        .sentence = row->sentence,
                        .help = more ? more->help : "",
                        .cure = more ? more->cure : NULL,
                        .verdict = TM_V_NONE};
    w->code = &w->made;
    w->where = where;
    return true;
}

static bool take(tm_code_walk *w, const tm_code *code, const char *where)
{
    w->code = code;
    w->where = where;
    return true;
}

static bool take_recipe(tm_code_walk *w, const tm_lint_rule *rule)
{
    w->made = (tm_code){.code = rule->code,
                        .name = rule->name,
                        .sentence = rule->sentence,
                        .help = rule->help,
                        .verdict = TM_V_NONE};
    return take(w, &w->made, rule->stops ? "recipe, an error" : "recipe, a warning");
}

/* Row w->row of table w->table; false behind its last row. */
static bool take_row(tm_code_walk *w)
{
    size_t row = w->row;
    if (w->table == RECORD) return row < TM_COUNT(RECORDS) && take_said(w, &RECORDS[row], "record");
    if (w->table == SOURCE) return row < TM_COUNT(SOURCES) && take_said(w, &SOURCES[row], "source");
    if (w->table == READER)
        return row < TM_READER_CODES && take(w, &tm_reader_codes[row], "reader");
    if (w->table == RECIPE) return tm_lint_rules[row].code && take_recipe(w, &tm_lint_rules[row]);
    const tm_op *op = tm_ops[w->table - OPERATORS];
    return op->codes && op->codes[row].code && take(w, &op->codes[row], op->name);
}

bool tm_code_next(tm_code_walk *w)
{
    while (w->table < OPERATORS || tm_ops[w->table - OPERATORS]) {
        if (take_row(w)) {
            w->row++;
            if (w->code->code[0]) return true; /* the row that stands for "well" has none */
        } else {
            w->table++;
            w->row = 0;
        }
    }
    return false;
}

bool tm_code_find(tm_str name, tm_code_walk *walk)
{
    for (*walk = (tm_code_walk){0}; tm_code_next(walk);) {
        const char *code = walk->code->code;
        if (name.n == 5 && (name.p[0] == 'T' || name.p[0] == 't') &&
            memcmp(name.p + 1, code + 1, 4) == 0)
            return true;
    }
    return false;
}
