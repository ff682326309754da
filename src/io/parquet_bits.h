/* The integer codings of Parquet: bit packing, the RLE/bit-packed hybrid (levels, dictionary
 * indices, truth values) and DELTA_BINARY_PACKED. Pure functions over arrays. Encoders append to a
 * tm_buf (sticky failure); decoders return false on bytes that no encoder makes, and never read
 * past `n`. */
#ifndef TM_IO_PARQUET_BITS_H
#define TM_IO_PARQUET_BITS_H

#include "base/buf.h"

/* Bits that hold `value`: 0 for 0, 64 at most. */
static inline unsigned tm_pq_width(uint64_t value)
{
    return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/* Values of `width` bits (0 to 32), runs of eight and more as runs. */
void tm_pq_hybrid_encode(const uint32_t *value, uint32_t count, unsigned width, tm_buf *out);
bool tm_pq_hybrid_decode(const char *p, size_t n, unsigned width, uint32_t count, uint32_t *value);

/* A bit map as the hybrid of width 1 (definition levels of a flat column). */
void tm_pq_levels_encode(const uint64_t *bit, uint32_t count, tm_buf *out);

/* DELTA_BINARY_PACKED. Differences wrap, so any values will do. */
void tm_pq_delta_encode(const uint64_t *value, uint32_t count, tm_buf *out);
uint64_t tm_pq_delta_size(const uint64_t *value, uint32_t count); /* bytes the encoder would add */
/* Reads exactly `count` values; *used = bytes taken. */
bool tm_pq_delta_decode(const char *p, size_t n, uint32_t count, uint64_t *value, size_t *used);

#endif
