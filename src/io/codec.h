/* Decoders: compressed bytes of a feed in, decoded bytes out, one call after another.
 *
 *   ops->open(&d, limits, err)
 *   ops->read(d, feed, to, room, &got, &damage, err)   until got is 0
 *   ops->close(d)
 *
 * read gives at least one byte unless the end is reached. Damage may come together with bytes: they
 * are good, and nothing comes behind them. Everything that can be decoded before the damage has
 * been given when the damage is told. */
#ifndef TM_IO_CODEC_H
#define TM_IO_CODEC_H

#include "io/feed.h"
#include "io/source.h"

typedef struct tm_decoder tm_decoder; /* each codec's own */

typedef struct tm_decoder_ops {
    tm_status (*open)(tm_decoder **out, const tm_read_limits *limits, tm_err *err);
    tm_status (*read)(tm_decoder *d, tm_feed *feed, char *to, size_t room, size_t *got,
                      tm_damage *damage, tm_err *err);
    void (*close)(tm_decoder *d);
} tm_decoder_ops;

extern const tm_decoder_ops tm_decode_zstd, tm_decode_gzip;
/* NULL for plain and for what this build cannot read. */
const tm_decoder_ops *tm_decoder_of(tm_codec_id codec);

#define TM_MAX_WINDOW_DEFAULT (128 * TM_MIB)
#define TM_MAX_LINE_DEFAULT (64 * TM_MIB)

/* Of a codec: even nothing at all takes some bytes when it is compressed. */
#define TM_NO_BYTES \
    "there are no bytes, and %s data have a header at least: an upload or a copy that failed?"

/* Fills in code and sentence; the sentence is `format` when given, else that of the kind. */
void tm_damage_set(tm_damage *d, tm_damage_kind kind, const char *format, ...) TM_PRINTF(3, 4);
/* Does the damage cut through what came before it? A checksum that does not match does not. */
bool tm_damage_cuts(const tm_damage *d);

#endif
