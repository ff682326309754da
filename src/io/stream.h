/* tm_stream: the decoded stream of a source: file, codec and encoding, as UTF-8 bytes.
 *
 *   tm_stream_open(&s, source, limits, before, err)    or tm_stream_over(...) for bytes in memory
 *   tm_stream_read(s, to, room, &got, err)             fills the room unless the stream ends
 *   tm_stream_close(s)
 *
 * got < room means: the stream has ended, well (s->damage.code NULL) or not. */
#ifndef TM_IO_STREAM_H
#define TM_IO_STREAM_H

#include "io/codec.h"

typedef struct tm_folder_stream tm_folder_stream;

typedef struct tm_stream {
    tm_feed feed;
    const tm_decoder_ops *ops; /* NULL: plain */
    tm_decoder *decoder;
    tm_folder_stream *folder; /* a folder of texts: makes the stream itself */
    tm_encoding encoding;
    tm_transcoder wide;
    tm_buf narrow; /* transcoded, given out from narrow_at */
    size_t narrow_at;
    char *wide_bytes;  /* room for bytes to be transcoded */
    uint64_t at;       /* offset of the next byte in the decoded stream */
    uint8_t mark_left; /* bytes of the byte order mark still to be taken off */
    bool coded_end;    /* the decoder has nothing more */
    bool flushed;      /* nor has the transcoder */
    bool ended;        /* the last read gave less than it had room for */
    tm_damage damage;
    tm_arena mem;
} tm_stream;

tm_status tm_stream_open(tm_stream **out, const tm_source *source, const tm_read_limits *limits,
                         tm_str before, tm_err *err);
/* Over bytes in memory, which outlive it. */
tm_status tm_stream_over(tm_stream **out, tm_codec_id codec, tm_encoding encoding, tm_str bytes,
                         const tm_read_limits *limits, tm_err *err);
tm_status tm_stream_read(tm_stream *s, char *to, size_t room, size_t *got, tm_err *err);
void tm_stream_close(tm_stream *s); /* NULL is fine */

/* container_folder.c: the files of a folder, by path, each as one line {"path":...,"text":...}. */
bool tm_folder_takes(tm_str name); /* whether a file of that name is one of its texts */
tm_status tm_folder_open(tm_folder_stream **out, const char *path, tm_err *err);
tm_status tm_folder_read(tm_folder_stream *f, char *to, size_t room, size_t *got, tm_err *err);
uint64_t tm_folder_bytes(const tm_folder_stream *f); /* of all its files, as listed */
uint64_t tm_folder_stamp(const tm_folder_stream *f); /* of names, sizes, times of change */
uint64_t tm_folder_bytes_read(const tm_folder_stream *f);
uint32_t tm_folder_files(const tm_folder_stream *f);
uint64_t tm_folder_spoiled(const tm_folder_stream *f);
tm_str tm_folder_file(const tm_folder_stream *f, uint64_t index); /* below it; empty: none */
void tm_folder_close(tm_folder_stream *f);

#endif
