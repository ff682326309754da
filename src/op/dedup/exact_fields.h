/* What stands in a record beside its texts: a short list of its fields, by which two records with
 * the same texts are told to differ.
 *
 * A field is one of the first TM_FIELDS_SEEN of the record's object that holds no part and
 * is no mere name or date of the record (id, url, timestamp ...). Null counts as absent. One that
 * the record has and its representative has otherwise, or has not, is lost when the record is
 * merged; what only the representative has is not. Names and values are compared by 32 bits of
 * XXH3, values as JSON whatever their blanks and escapes (tm_json_plain): it is a remark, and
 * nothing is merged or kept for it. */
#ifndef TM_OP_DEDUP_EXACT_FIELDS_H
#define TM_OP_DEDUP_EXACT_FIELDS_H

#include "op/op.h"

enum { TM_FIELDS_SEEN = 64 };

/* Names that tell records apart and say nothing of them: FIRST("id"), then NEXT of each. */
/* clang-format off */
#define TM_FIELDS_THAT_NAME(FIRST, NEXT)                                                   \
    FIRST("id") NEXT("_id") NEXT("uid") NEXT("uuid") NEXT("guid") NEXT("idx")              \
    NEXT("index") NEXT("row") NEXT("line") NEXT("url") NEXT("uri") NEXT("path")            \
    NEXT("file") NEXT("filename") NEXT("hash") NEXT("timestamp") NEXT("time") NEXT("date") \
    NEXT("created") NEXT("created_at") NEXT("updated") NEXT("updated_at")
/* clang-format on */

/* Appends the list of record r, which says its own length (tm_exact_fields_bytes). none: an empty
 * one, since all fields are compared anyway. */
void tm_exact_fields_of(tm_batch *b, uint32_t r, bool none, tm_buf *out);
/* Of a list that `from` begins with. */
size_t tm_exact_fields_bytes(tm_str from);
/* Which fields of `own` are lost for `into`: bit i is the i-th of the record's object. */
uint64_t tm_exact_fields_lost(tm_str own, tm_str into);

#endif
