/* Damage, said in one place: the code and the sentence of everything that can be wrong with a
 * source below its records. */
#include <stdarg.h>
#include <stdio.h>

#include "io/codec.h"

static const char *const codes[] = {
#define X(name, code, sentence) code,
    TM_DAMAGES(X)
#undef X
};
static const char *const sentences[] = {
#define X(name, code, sentence) sentence,
    TM_DAMAGES(X)
#undef X
};

const tm_decoder_ops *tm_decoder_of(tm_codec_id codec)
{
    if (codec == TM_ZSTD) return &tm_decode_zstd;
    return codec == TM_GZIP ? &tm_decode_gzip : NULL;
}

void tm_damage_set(tm_damage *d, tm_damage_kind kind, const char *format, ...)
{
    bool limit = kind == TM_DAMAGE_LONG || kind == TM_DAMAGE_ROOM;
    *d = (tm_damage){
        .code = codes[kind], .ends_source = !limit, .advises = limit || kind == TM_DAMAGE_WINDOW};
    va_list args;
    va_start(args, format);
    if (format)
        vsnprintf(d->sentence, sizeof d->sentence, format, args);
    else
        snprintf(d->sentence, sizeof d->sentence, "%s", sentences[kind]);
    va_end(args);
}

bool tm_damage_cuts(const tm_damage *d)
{
    return d->code && d->code != codes[TM_DAMAGE_CHECKSUM] && d->code != codes[TM_DAMAGE_TRAILING];
}
