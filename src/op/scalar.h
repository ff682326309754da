/* A scalar of a recipe (text, number, truth, null) as the JSON value that is written. */
#ifndef TM_OP_SCALAR_H
#define TM_OP_SCALAR_H

#include "base/buf.h"
#include "base/str.h"

/* Appends true, false, null and numbers as they are, unless they stood in quotes; everything else
 * as a JSON string. Sticky failure in out. */
void tm_scalar_json(tm_str value, bool quoted, tm_buf *out);

#endif
