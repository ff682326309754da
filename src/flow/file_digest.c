/* One reading of the file, a block at a time. What a damaged file gave before its damage counts,
 * and the damage is told beside it. */
#include "flow/file_digest.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "io/source.h"
#include "io/stream.h"

tm_status tm_file_digest_of(tm_arena *mem, tm_str path, bool decoded, tm_file_digest *d,
                            tm_err *err)
{
    tm_source source = {.path = path, .container = TM_JSONL, .codec = TM_PLAIN};
    tm_stream *stream = NULL;
    size_t got = 1;
    if (decoded)
        TM_TRY(tm_source_probe(mem, path, (tm_source_wish){TM_JSONL, -1}, &source, NULL, err));
    tm_sha256 *sha = tm_sha256_new();
    char *piece = tm_alloc(TM_BLOCK_BYTES);
    tm_status status =
        sha && piece ? tm_stream_open(&stream, &source, &(tm_read_limits){0}, (tm_str){0}, err)
                     : tm_fail_memory(err, "a digest", TM_BLOCK_BYTES);
    while (status == TM_OK && got) {
        status = tm_stream_read(stream, piece, TM_BLOCK_BYTES, &got, err);
        if (status != TM_OK) break;
        tm_sha256_add(sha, piece, got);
        d->bytes += got;
        for (size_t i = 0; i < got; i++) d->lines += piece[i] == '\n';
    }
    if (status == TM_OK) {
        tm_sha256_hex(sha, d->sha256);
        snprintf(d->damage, sizeof d->damage, "%s",
                 stream->damage.code ? stream->damage.sentence : "");
    }
    tm_stream_close(stream);
    tm_sha256_free(sha);
    tm_free(piece);
    return status;
}
