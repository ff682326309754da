/* tm_quote: the text that a finding is about, out of the record it was noticed in. Findings keep
 * places and never texts, so whoever shows one reads the source again. */
#ifndef TM_FLOW_QUOTE_H
#define TM_FLOW_QUOTE_H

#include "base/buf.h"
#include "base/hash.h"

/* Appends bytes [at, at + bytes) of the text at `part` ("messages[0].content") of the record `raw`;
 * nothing when there is no such text. */
tm_status tm_quote(tm_str raw, tm_str part, uint64_t at, uint64_t bytes, tm_buf *out, tm_err *err);
/* Appends all of it; false in *there when there is no such text. */
tm_status tm_quote_text(tm_str raw, tm_str part, bool *there, tm_buf *out, tm_err *err);
/* The ledger's id of the record, as it is read with these layouts ("text"). */
tm_status tm_quote_id(tm_str raw, tm_str layouts, tm_hash *id, tm_err *err);

#endif
