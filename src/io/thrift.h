/* Thrift's compact protocol: the notation that a Parquet file's footer and page headers are kept
 * in.
 *
 * Writing appends to a tm_buf (whose failure is sticky): tm_thrift_begin, fields in rising order of
 * their number, tm_thrift_end. A list is tm_thrift_list followed by its elements:
 * tm_thrift_begin_item ... tm_thrift_end for structs, tm_thrift_item_int and tm_thrift_item_text
 * for the rest.
 *
 * Reading walks the fields of a struct and asks for those it knows:
 *
 *   int16_t outer = tm_thrift_enter(&in);
 *   while (tm_thrift_field(&in, &id, &type))
 *       if (id == 3) rows = tm_thrift_int(&in, type);
 *       else tm_thrift_skip(&in, type);
 *   tm_thrift_leave(&in, outer);
 *
 * Failure is sticky (in.failed): every read after it gives zero and every loop ends. */
#ifndef TM_IO_THRIFT_H
#define TM_IO_THRIFT_H

#include "base/buf.h"

typedef enum tm_thrift_type {
    TM_THRIFT_TRUE = 1,
    TM_THRIFT_FALSE = 2,
    TM_THRIFT_I8 = 3,
    TM_THRIFT_I16 = 4,
    TM_THRIFT_I32 = 5,
    TM_THRIFT_I64 = 6,
    TM_THRIFT_DOUBLE = 7,
    TM_THRIFT_TEXT = 8,
    TM_THRIFT_LIST = 9,
    TM_THRIFT_SET = 10,
    TM_THRIFT_MAP = 11,
    TM_THRIFT_STRUCT = 12
} tm_thrift_type;

#define TM_THRIFT_DEPTH 16 /* of nested structs; Parquet needs 6 */

typedef struct tm_thrift_out {
    tm_buf *buf;
    int16_t last[TM_THRIFT_DEPTH]; /* number of the field written last, per open struct */
    uint32_t depth;
} tm_thrift_out;

void tm_thrift_begin(tm_thrift_out *o, int16_t id); /* a struct in field `id`; 0 = the outermost */
void tm_thrift_begin_item(tm_thrift_out *o);        /* a struct that is an element of a list */
void tm_thrift_end(tm_thrift_out *o);
void tm_thrift_put_bool(tm_thrift_out *o, int16_t id, bool value);
void tm_thrift_put_i8(tm_thrift_out *o, int16_t id, int8_t value);
void tm_thrift_put_i32(tm_thrift_out *o, int16_t id, int32_t value);
void tm_thrift_put_i64(tm_thrift_out *o, int16_t id, int64_t value);
void tm_thrift_put_text(tm_thrift_out *o, int16_t id, tm_str value);
void tm_thrift_list(tm_thrift_out *o, int16_t id, tm_thrift_type of, uint32_t count);
void tm_thrift_item_int(tm_thrift_out *o, int64_t value);
void tm_thrift_item_text(tm_thrift_out *o, tm_str value);

typedef struct tm_thrift_in {
    const char *p, *end;
    int16_t last;
    uint16_t depth;
    bool failed;
} tm_thrift_in;

int16_t tm_thrift_enter(tm_thrift_in *in); /* before a struct's first field */
bool tm_thrift_field(tm_thrift_in *in, int16_t *id, tm_thrift_type *type); /* false: no more */
void tm_thrift_leave(tm_thrift_in *in, int16_t outer);
int64_t tm_thrift_int(tm_thrift_in *in, tm_thrift_type type); /* I8, I16, I32, I64 */
bool tm_thrift_bool(tm_thrift_in *in, tm_thrift_type type);
tm_str tm_thrift_text(tm_thrift_in *in, tm_thrift_type type); /* a slice of the input */
/* The number of elements, each at least one byte of what is left; their type in *of. */
uint32_t tm_thrift_count(tm_thrift_in *in, tm_thrift_type type, tm_thrift_type *of);
void tm_thrift_skip(tm_thrift_in *in, tm_thrift_type type);
/* Passes over an element of a list (where a truth value takes a byte of its own). */
void tm_thrift_skip_item(tm_thrift_in *in, tm_thrift_type of);

#endif
