/* The recipe as it was written: a tree of nodes with places, from YAML (libyaml) or JSON.
 *
 * Anchors, aliases, tags, several documents and duplicate keys are refused with their place.
 * Scalars stay text ("no" is not a boolean until a parameter's type says so). */
#ifndef TM_PLAN_RECIPE_H
#define TM_PLAN_RECIPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/param.h"

#define TM_YAML_BYTES_MAX (4 * TM_MIB)
#define TM_YAML_DEPTH_MAX 64
#define TM_YAML_NODES_MAX 262144
#define TM_YAML_KEY_MAX 160 /* bytes; escaped it must fit libyaml's 1,024 characters */

typedef enum tm_yaml_kind { TM_YAML_SCALAR, TM_YAML_LIST, TM_YAML_MAP } tm_yaml_kind;
typedef struct tm_yaml {
    tm_yaml_kind kind;
    bool quoted;                 /* a scalar in quotes, or a block of text (| or >) */
    tm_str text;                 /* of a scalar */
    uint32_t line, column;       /* from 1 */
    const struct tm_yaml *child; /* list items, or map values */
    const tm_str *key;           /* map: names */
    const uint32_t *key_line, *key_column;
    uint32_t count;
} tm_yaml;

/* name: for messages ("recipe.yaml"). */
tm_status tm_yaml_parse(tm_arena *mem, tm_str name, tm_str bytes, tm_yaml **out, tm_err *err);
/* The value of a key; NULL when there is none, or no map. */
const tm_yaml *tm_yaml_get(const tm_yaml *map, const char *key);
tm_str tm_yaml_text(const tm_yaml *map, const char *key);     /* empty when there is none */
uint64_t tm_yaml_number(const tm_yaml *map, const char *key); /* 0 when it is none */
double tm_yaml_double(const tm_yaml *map, const char *key);   /* NAN when it is none, or null */
/* A node as the value of a parameter (scalar, flat list, flat map). Failures carry line and column;
 * the caller adds the source. */
tm_status tm_yaml_value(tm_arena *mem, const tm_yaml *node, tm_pvalue *out, tm_err *err);
/* Prints a tree as canonical YAML of ours (two spaces, quotes where needed). */
void tm_yaml_print(const tm_yaml *node, tm_buf *out);
/* One scalar: plain where YAML reads it back as the same text, else in double quotes. `quoted`
 * forces the quotes. */
void tm_yaml_scalar(tm_str text, bool quoted, tm_buf *out);
/* JSON with the characters escaped that YAML refuses raw (U+007F ...): the same JSON, and YAML. */
void tm_yaml_escape(tm_str json, tm_buf *out);
/* A node on one line: {a: 1, b: [x, "y z"]}. */
void tm_yaml_flow(const tm_yaml *node, tm_buf *out);

#endif
