/* Writing: records to files, plain or compressed, in shards. Compression is cut from writing: any
 * worker packs its piece into a whole frame (tm_pack), the writer in order appends it. So the
 * file's bytes are the same for any number of threads, and every frame starts at a record. */
#ifndef TM_IO_SINK_H
#define TM_IO_SINK_H

#include "base/fs.h"
#include "io/source.h"

typedef struct tm_format { /* "jsonl", "jsonl.zst", "json", "jsonl.gz", "json.gz" ... */
    tm_container_id container;
    tm_codec_id codec;
} tm_format;
tm_status tm_format_parse(tm_str text, tm_format *out, tm_err *err);
/* By the end of a file name; a name without an end is jsonl. An end that says nothing, and one of a
 * format that is not written, are failures: nobody looks for JSON in x.parquet. */
tm_status tm_format_of_name(tm_str path, tm_format *out, tm_err *err);
const char *tm_format_name(tm_format f); /* static */

/* One piece of decoded bytes as one frame (zstd, with checksum) or member (gzip), appended to out;
 * plain copies. level 0 = the codec's default here (zstd 3, gzip 6). Empty in, nothing out. */
typedef struct tm_packer tm_packer;         /* one a worker: keeps compressor state */
TM_MUST_USE tm_packer *tm_packer_new(void); /* NULL: memory */
void tm_packer_free(tm_packer *p);
tm_status tm_pack(tm_packer *p, tm_codec_id codec, int level, tm_str decoded, tm_buf *out,
                  tm_err *err);
/* limit: the most it may unpack to; 0: any. With room for so much and TM_UNPACK_MORE in `out`, none
 * is added. */
#define TM_UNPACK_MORE (64 << 10)
tm_status tm_unpack(tm_codec_id codec, tm_str packed, uint64_t limit, tm_buf *out, tm_err *err);

typedef struct tm_sink tm_sink;
typedef struct tm_sink_info { /* of one finished file */
    tm_str path;              /* as opened */
    uint64_t records, file_bytes, decoded_bytes;
    char sha256[65]; /* of the decoded bytes; empty when not asked */
} tm_sink_info;

typedef enum tm_sink_place {                  /* whose folder it is, and who may be there besides */
                             TM_SINK_OURS,    /* a folder that this run holds */
                             TM_SINK_PRIVATE, /* likewise; mode 0600 */
                             TM_SINK_NEW,     /* anybody's: nothing may be there by then */
                             TM_SINK_REPLACES /* anybody's: what is there goes */
} tm_sink_place;

/* A file at `path` ("-" = standard output, written through). JSON arrays get their brackets and
 * commas here: pieces are always records one a line ("...\n"). */
tm_status tm_sink_open(tm_sink **out, const char *path, tm_format format, bool digest,
                       tm_sink_place place, tm_err *err);
/* decoded: whole lines; packed: the same through tm_pack with the sink's codec, or empty to let the
 * sink pack it itself (it must for json arrays). */
tm_status tm_sink_write(tm_sink *s, tm_str decoded, tm_str packed, uint64_t records, tm_err *err);
tm_status tm_sink_commit(tm_sink *s, tm_sink_info *info, tm_err *err); /* closes and frees */
void tm_sink_abandon(tm_sink *s);                                      /* closes and frees */

#endif
