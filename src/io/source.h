/* Reading: codec, encoding and container of one source, cut into blocks of whole records.
 *
 *   tm_source_probe(...)                 what is it? (content, not name)
 *   tm_reader_open(&r, source, limits)   then
 *   tm_reader_next(r, &block)            under one lock, in order: read, decompress, cut
 *   tm_block_records(&block, ...)        in any worker: the record spans of the block
 *
 * Blocks are cut by the container's own rule at about TM_BLOCK_BYTES of decoded stream, so where
 * they end depends on the bytes alone, never on threads, read sizes or memory. What cannot be
 * decoded (a cut gzip, a wrong checksum) is not a failure of the call: everything before it comes
 * first, then a block with `damage` set, and that is one unreadable record: a last line that the
 * damage cuts through belongs to it and is not given out as a record of its own.
 *
 * Offsets count bytes of the decoded stream, as UTF-8. A UTF-8 byte order mark counts, that of a
 * UTF-16 or UTF-32 file does not. The decoded stream of a folder is one JSON object a line, one
 * line a file, by path. That of a table is one JSON object a line, one line a row; its offsets
 * count rows, not bytes, so that they need not be written to be known. */
#ifndef TM_IO_SOURCE_H
#define TM_IO_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/hash.h"
#include "record/batch.h"
#include "record/table.h"
#include "text/utf8.h"

#define TM_BLOCK_BYTES (1u << 20)
#define TM_BLOCK_SLACK 64            /* readable bytes behind a block's bytes */
#define TM_ROW_LONGER 8              /* a row's JSON may be so many times its weight */
#define TM_TORN_BYTES TM_BLOCK_BYTES /* so much is kept of what is no record, but a damage */

typedef enum tm_container_id {
    TM_JSONL,
    TM_JSON,
    TM_FOLDER,
    TM_PARQUET,
    TM_CSV,
    TM_ARROW,
    TM_CONTAINER_COUNT
} tm_container_id;
typedef enum tm_codec_id {
    TM_PLAIN,
    TM_ZSTD,
    TM_GZIP,
    TM_XZ,
    TM_BZIP2,
    TM_LZ4,
    TM_CODEC_COUNT
} tm_codec_id;

typedef struct tm_container { /* one row per container, containers.c */
    const char *name, *extensions, *summary;
    bool reads, writes; /* by this build; the rest has its place here and is refused by name */
} tm_container;
typedef struct tm_codec_info {
    const char *name, *extensions, *summary;
    bool reads, writes;
    uint8_t magic[6];
    uint8_t magic_bytes;
} tm_codec_info;
extern const tm_container tm_containers[TM_CONTAINER_COUNT];
extern const tm_codec_info tm_codecs[TM_CODEC_COUNT];

/* The container that a file's name says, by the tables' extensions and behind those of a codec; or
 * that it has no end, or one that says nothing. */
enum { TM_NO_END = -1, TM_OTHER_END = -2 };
int tm_container_named(tm_str path, tm_codec_id *codec);

typedef struct tm_source { /* a plan's input file, probed */
    uint32_t number;       /* from 1, in recipe order, then by path */
    tm_str path;           /* as messages show it; "-" = standard input */
    tm_container_id container;
    tm_codec_id codec;
    tm_encoding encoding;
    uint64_t bytes;              /* of the file(s); 0 = unknown (a pipe) */
    uint64_t modified_ns, inode; /* of a folder of texts: over all its files */
    uint64_t ends;               /* tm_source_ends, where it was asked for */
    bool seekable;               /* can be read twice */
    bool opens_json;             /* a file that begins as JSON objects or arrays do */
    tm_str open_as; /* the file behind path when they differ (spooled input), or empty */
    tm_str taken;   /* not seekable: its first bytes as the probe took them (raw) */
    int held;       /* a pipe: its open file, taken over by the first reader; 0 = none, or "-" */
    const tm_table *table; /* TM_ARROW: where its records come from; path is its name */
} tm_source;

/* Whether it is a file or a folder, so that another process could read it as well. */
static inline bool tm_source_is_file(const tm_source *source)
{
    return source->seekable && !source->open_as.n && !source->table;
}

typedef struct tm_source_wish { /* what the user said; -1 = by content */
    int container, codec;
} tm_source_wish;

/* Looks at the first bytes. Fills all but number. Refuses what it knows but cannot read (archives,
 * nested compression, UTF-16 without a mark) with advice. head (may be NULL) gets the first decoded
 * bytes (UTF-8, without a byte order mark), up to 1 MiB, for layout detection. What was taken from
 * standard input or a pipe for it stays in out->taken (raw, in mem): the reader begins with
 * that. */
tm_status tm_source_probe(tm_arena *mem, tm_str path, tm_source_wish wish, tm_source *out,
                          tm_buf *head, tm_err *err);
/* The source that a table of the calling program is; it outlives what reads it. Never fails. */
tm_source tm_source_of_table(const tm_table *table);
/* A hash of a file's first and last MiB, by which it is known again besides its size and time; 0 of
 * what is no file. */
tm_status tm_source_ends(const tm_source *source, uint64_t *ends, tm_err *err);
/* Size and time of change as they are now, to tell whether a seekable source changed since. */
tm_status tm_source_stamp(const tm_source *source, uint64_t *bytes, uint64_t *modified_ns,
                          tm_err *err);

/* What failed of a source that the probe has seen: when it is not there any more, or shorter, that
 * is an input that cannot be read (TM_EINPUT), and no wrong name or failing disk. */
tm_status tm_source_failed(const tm_source *source, tm_status status, tm_err *err);

/* The one name in a run folder that is there only while a run is unfinished. */
#define TM_WORK_NAME ".tamis"
/* Whether a folder was made by a run, a finished one or not: it is no part of the folder that it
 * lies in. */
tm_status tm_folder_made(const char *folder, bool *made, tm_err *err);
/* Whether `file` is one of the texts of a folder. */
tm_status tm_folder_holds(const char *folder, const tm_file_info *file, bool *holds, tm_err *err);

/* Whether a source of an earlier run can be read again: it is there, and a file or a folder.
 * Opening a pipe would wait for a writer without end. */
tm_status tm_source_again(tm_arena *mem, tm_str path, bool *again, tm_err *err);

typedef struct tm_read_limits {
    uint64_t max_line; /* bytes of one record; 0 = 64 MiB. Longer ones are unreadable, not kept */
    /* When it is the memory of the run that limits them: which it is, and how much more of it a
     * byte more needs. */
    uint64_t memory, memory_a_byte;
    uint64_t line_limit; /* the max_line that was asked for, where memory lets less through */
    uint64_t max_window; /* zstd window and other decoder memory; 0 = 128 MiB */
    bool digest;         /* SHA-256 of the file bytes as read */
    /* Only the lines that begin in [from, to) of the decoded stream; to 0 = all of it. For sources
     * that tm_source_cuts says yes to, and with no digest. */
    uint64_t from, to;
} tm_read_limits;

/* What damage there is. X(name, code, sentence). The codes have pages in docs/reference. */
#define TM_DAMAGES(X)                                                                          \
    X(TM_DAMAGE_CUT, "T1101", "the compressed data end in the middle")                         \
    X(TM_DAMAGE_CHECKSUM, "T1102", "the checksum or size in the file does not match its data") \
    X(TM_DAMAGE_CORRUPT, "T1103", "the compressed data are corrupt")                           \
    X(TM_DAMAGE_TRAILING, "T1104", "there is something behind the end of the compressed data") \
    X(TM_DAMAGE_WINDOW, "T1105", "the compressed data need more memory than the limit")        \
    X(TM_DAMAGE_LONG, "T1110", "a record is longer than the limit")                            \
    X(TM_DAMAGE_ARRAY, "T1111", "the JSON array or sequence of values is broken")              \
    X(TM_DAMAGE_ROOM, "T1112", "a record is longer than the run's memory has room for")

/* Why a source is not read at all. X(code, sentence). */
#define TM_REFUSALS(X)                                          \
    X("T1120", "this kind of file is not read by this version") \
    X("T1121", "the file looks like UTF-16 or UTF-32 but has no byte order mark")

/* What is said of one that was read. X(code, sentence). */
#define TM_SOURCE_REMARKS(X) X("T1130", "the reference holds no record")

typedef enum tm_damage_kind {
#define X(name, code, sentence) name,
    TM_DAMAGES(X)
#undef X
} tm_damage_kind;

typedef struct tm_damage { /* the end of what can be decoded, or a record too long */
    const char *code;      /* "T1101"; NULL = none */
    char sentence[256];
    uint64_t at;      /* offset in the decoded stream */
    uint64_t bytes;   /* decoded bytes it stands for: cut off, dropped, or not understood */
    uint64_t line;    /* from 0, within the block */
    uint64_t column;  /* in characters, from 0 */
    bool ends_source; /* nothing comes behind it: the run ends with exit 1 at least */
    bool advises;     /* the sentence says what to do */
} tm_damage;

typedef struct tm_span { /* a record in its block */
    uint32_t at, bytes;
    uint32_t line;   /* from 0, within the block */
    uint32_t column; /* of its first byte in the line of its source, in characters, from 0 */
    bool ascii;      /* no byte >= 0x80 */
    uint32_t lost;   /* of a table: NaN and infinities, which JSON has not; they are null */
} tm_span;

typedef struct tm_block {
    uint32_t source;
    uint64_t number; /* from 0 over the whole run, in reading order */
    uint32_t index;  /* from 0, of its source; counted by whoever reads blocks, like number */
    uint64_t at;     /* offset of bytes[0] in the decoded stream */
    tm_buf bytes;    /* whole records, TM_BLOCK_SLACK readable bytes behind; reused */
    tm_span *span;   /* of the records: valid after tm_block_records */
    uint32_t spans, span_room;
    bool span_lines;        /* records may hold line breaks (not JSONL) */
    uint64_t lines;         /* newlines the block stands for: valid after tm_block_records */
    uint32_t dropped_lines; /* those of them that are not in bytes (behind a line too long) */
    tm_damage damage;       /* comes behind all the records in the block */
    tm_buf torn;            /* the first TM_TORN_BYTES of what it stands for */
    bool last;              /* of its source */
    /* A block of a table is so many rows; their bytes may be there after tm_block_records only. */
    bool of_rows, written;
    uint32_t rows;
    uint64_t max_line, weight; /* weight: about how many bytes they will be */
    bool by_memory;            /* max_line is what memory has room for */
    /* Whose bytes and spans are; NULL: its own. */
    struct tm_cache_chunk *holder;
} tm_block;
void tm_block_release(tm_block *b);

/* Offset of a record, and of what comes behind the block, in the decoded stream. */
static inline uint64_t tm_span_offset(const tm_block *b, const tm_span *span)
{
    return b->at + (b->of_rows ? span->line : span->at);
}
static inline uint64_t tm_block_end(const tm_block *b)
{
    return b->at + (b->of_rows ? b->rows : b->bytes.n);
}

/* Whether it can be read from any byte on: JSONL in UTF-8, not compressed, in a file. */
bool tm_source_cuts(const tm_source *source);

typedef struct tm_reader tm_reader;
/* source and what it points to outlive the reader. pushed_back: raw bytes that stand before what
 * the file gives; not looked at when source->taken holds them or open_as is set. */
tm_status tm_reader_open(tm_reader **out, const tm_source *source, const tm_read_limits *limits,
                         tm_str pushed_back, tm_err *err);
/* Fills *block; block->last on the source's last one (which may hold no record). TM_EIO when
 * reading the file itself fails. */
tm_status tm_reader_next(tm_reader *r, tm_block *block, tm_err *err);
/* After the last block: SHA-256 of the file's bytes (hex), if asked; decoded bytes. */
void tm_reader_summary(const tm_reader *r, char sha256[65], uint64_t *file_bytes,
                       uint64_t *decoded_bytes);
uint64_t tm_reader_taken(const tm_reader *r);   /* bytes of the file that are decoded by now */
uint64_t tm_reader_spoiled(const tm_reader *r); /* units of UTF-16/32 without meaning so far */
void tm_reader_close(tm_reader *r);

/* The spans of the block's records (blank lines are none), into block->span, and block->lines. */
tm_status tm_block_records(tm_block *block, const tm_source *source, tm_err *err);

/* For a worker: the same, but a block of a table may have spans that say nothing but the line.
 * tm_block_row writes the row of one behind those written so far and fills its span; no byte before
 * it is looked at again when block->bytes is emptied. Other blocks have all their records. */
tm_status tm_block_begin(tm_block *block, const tm_source *source, tm_err *err);
tm_status tm_block_row(tm_block *block, const tm_source *source, uint32_t span, tm_err *err);
/* Of a table: what a row is as JSON though it is not written. `scratch` gets values on the way. */
typedef struct tm_row_extent {
    uint64_t bytes, characters;
    bool readable; /* well built, UTF-8 throughout, nothing that JSON has no form for; else nothing
                      is said of the others */
} tm_row_extent;
tm_status tm_block_row_extent(const tm_block *block, const tm_source *source, uint32_t span,
                              tm_buf *scratch, tm_row_extent *out, tm_err *err);
/* The text that a column holds there, as it lies in the array; false: it holds none. */
bool tm_block_row_text(const tm_block *block, const tm_source *source, uint32_t span,
                       uint32_t column, tm_str *out);

/* Random access for explain: the raw record at `offset` of the decoded stream; line (from 1) of it.
 * Reads from the start of the source. */
tm_status tm_source_record(const tm_source *source, const tm_read_limits *limits, uint64_t offset,
                           tm_buf *raw, uint64_t *line, tm_err *err);
/* Its place alone, whether or not it can be read: line, and column in that where records need not
 * begin lines (else 0). */
tm_status tm_source_place(const tm_source *source, const tm_read_limits *limits, uint64_t offset,
                          uint64_t *line, uint64_t *column, tm_err *err);
/* The other way round: offset of the record that holds that column of that line (both from 1); of
 * column 0 the first that holds the line. raw may be NULL: then damage is found as well. */
tm_status tm_source_line(const tm_source *source, const tm_read_limits *limits, uint64_t line,
                         uint64_t column, tm_buf *raw, uint64_t *offset, tm_err *err);

#endif
