/* The numbers of the Parquet format (parquet.thrift 2.10, Encodings.md) that reader and writer
 * share, and nothing else. Inside io/parquet_*.c only; everybody else includes io/parquet.h. */
#ifndef TM_IO_PARQUET_FORMAT_H
#define TM_IO_PARQUET_FORMAT_H

#include "base/def.h"

/* Values lie in the file with their low byte first, and are copied from memory as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Parquet code needs a little-endian CPU");

#define TM_PQ_MAGIC "PAR1"
#define TM_PQ_MAGIC_ENCRYPTED "PARE"
#define TM_PQ_TAIL 8                /* footer length and magic, at the very end */
#define TM_PQ_PAGE_BYTES (1u << 20) /* a page is closed when it holds this much */

typedef enum tm_pq_physical {
    TM_PQP_BOOLEAN = 0,
    TM_PQP_INT32 = 1,
    TM_PQP_INT64 = 2,
    TM_PQP_INT96 = 3,
    TM_PQP_FLOAT = 4,
    TM_PQP_DOUBLE = 5,
    TM_PQP_BYTE_ARRAY = 6,
    TM_PQP_FIXED = 7
} tm_pq_physical;

typedef enum tm_pq_repetition { TM_PQR_REQUIRED = 0, TM_PQR_OPTIONAL = 1 } tm_pq_repetition;

/* ConvertedType, the older way to say what a column means */
enum {
    TM_PQ_CONVERTED_UTF8 = 0,
    TM_PQ_CONVERTED_UINT8 = 11,
    TM_PQ_CONVERTED_UINT64 = 14,
    TM_PQ_CONVERTED_INT64 = 18
};

/* LogicalType, the newer way: field numbers of the union */
enum { TM_PQ_LOGICAL_STRING = 1, TM_PQ_LOGICAL_INTEGER = 10 };

typedef enum tm_pq_encoding {
    TM_PQE_PLAIN = 0,
    TM_PQE_PLAIN_DICTIONARY = 2,
    TM_PQE_RLE = 3,
    TM_PQE_BIT_PACKED = 4,
    TM_PQE_DELTA_BINARY_PACKED = 5,
    TM_PQE_DELTA_LENGTH_BYTE_ARRAY = 6,
    TM_PQE_DELTA_BYTE_ARRAY = 7,
    TM_PQE_RLE_DICTIONARY = 8,
    TM_PQE_BYTE_STREAM_SPLIT = 9
} tm_pq_encoding;

typedef enum tm_pq_codec_id {
    TM_PQC_UNCOMPRESSED = 0,
    TM_PQC_SNAPPY = 1,
    TM_PQC_GZIP = 2,
    TM_PQC_LZO = 3,
    TM_PQC_BROTLI = 4,
    TM_PQC_LZ4 = 5,
    TM_PQC_ZSTD = 6,
    TM_PQC_LZ4_RAW = 7
} tm_pq_codec_id;

typedef enum tm_pq_page_type {
    TM_PQ_PAGE_DATA = 0,
    TM_PQ_PAGE_INDEX = 1,
    TM_PQ_PAGE_DICTIONARY = 2,
    TM_PQ_PAGE_DATA_V2 = 3
} tm_pq_page_type;

#endif
