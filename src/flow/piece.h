/* What a block leaves behind, framed: written by workers, read by the emitter in order. Lines are
 * counted from 0 within the block; the emitter adds what came before. */
#ifndef TM_FLOW_PIECE_H
#define TM_FLOW_PIECE_H

#include "flow/engine.h"

#define TM_PIECE_BYTES (3u << 20) /* what a piece holds is handed on above it */

typedef struct
    tm_row { /* behind it: per signal a double, or u32 length (TM_NONE: null) and bytes */
    tm_rid rid, other;
    tm_id id;
    uint64_t line;
    double value;
    uint32_t signals_bytes;
    uint16_t step, rule, route, copies;
    uint8_t fate;
} tm_row;

typedef struct tm_found { /* behind it: path */
    tm_rid rid, other;
    uint64_t line, column, keyed;
    double value;
    uint32_t at, bytes, path_bytes;
    uint32_t below; /* of a text in a folder: lines above it in that file */
    uint16_t step, code;
    uint8_t verdict;
} tm_found;

typedef struct tm_piece_order { /* one a kept record, when the run reorders or routes */
    uint64_t rank, bytes;       /* all copies together are `bytes` of piece->data */
    uint32_t copies, route;
} tm_piece_order;

/* Where such a record stands while it waits to be put into its order: its place carries the route,
 * its path which one of `from` it was, and how many copies. */
static inline tm_rid tm_order_rid(uint64_t from, uint64_t index, const tm_piece_order *entry)
{
    return (tm_rid){from << 8 | entry->route, index << 16 | entry->copies};
}
static inline tm_piece_order tm_order_of(const tm_fact *f)
{
    return (tm_piece_order){.bytes = f->data.n,
                            .copies = (uint32_t)(f->rid.path & 0xFFFF),
                            .route = (uint32_t)(f->rid.place & 0xFF)};
}

typedef struct tm_lost { /* behind it: sentence; the raw bytes lie in piece->unreadable */
    tm_rid rid;
    uint64_t line, column;
    uint64_t raw_bytes, left_out; /* left_out: of the record, decoded but not kept */
    uint32_t at, sentence_bytes;  /* at: of the trouble, in the record */
    uint32_t ill_formed;          /* bytes there that are not UTF-8 */
    uint32_t below;               /* as of findings */
    char code[8];
} tm_lost;

#endif
