/* Any bytes as a file: probed, and read if they can be. No input crashes or leaks; the
 * same comes out however the file is read; damage that ends the source is the last thing told; and
 * unpacking in one go fails exactly when reading told damage. */
#include "io/sink.h"
#include "io/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 8 << 20 }; /* decoded bytes looked at: a bomb takes no longer than that */

static const uint8_t *bytes;
static size_t size_now, left, chunk;

static int mem_open(const char *path)
{
    TM_UNUSED(path);
    left = size_now;
    return 1000;
}

static int64_t mem_read(int file, void *p, size_t n)
{
    TM_UNUSED(file);
    size_t some = TM_MIN(TM_MIN(n, left), chunk);
    if (some) memcpy(p, bytes + size_now - left, some);
    left -= some;
    return (int64_t)some;
}

static int mem_close(int file)
{
    TM_UNUSED(file);
    return 0;
}

static int mem_info(const char *path, tm_file_info *out)
{
    TM_UNUSED(path);
    *out = (tm_file_info){.bytes = size_now, .is_regular = true};
    return 0;
}

typedef struct outcome {
    tm_hash seen;
    uint64_t decoded, records;
    tm_codec_id codec;
    bool probed, damaged, stopped;
} outcome;

static void read_blocks(const tm_source *source, outcome *o)
{
    tm_reader *r = NULL;
    tm_block b = {0};
    tm_hasher *h = tm_hasher_new();
    tm_read_limits limits = {.max_line = 1 << 20, .digest = true};
    TM_ASSERT(h && tm_reader_open(&r, source, &limits, (tm_str){0}, NULL) == TM_OK);
    while (!b.last && o->decoded < MOST) {
        TM_ASSERT(tm_reader_next(r, &b, NULL) == TM_OK);
        TM_ASSERT(tm_block_records(&b, source, NULL) == TM_OK);
        TM_ASSERT(!o->damaged);
        tm_hasher_add(h, b.bytes.p, b.bytes.n);
        if (b.spans) tm_hasher_add(h, b.span, b.spans * sizeof *b.span);
        if (b.damage.code) tm_hasher_add(h, b.damage.code, 5);
        tm_hasher_add(h, &b.damage.at, sizeof b.damage.at);
        o->damaged = b.damage.code && b.damage.ends_source;
        o->records += b.spans;
        tm_reader_summary(r, NULL, NULL, &o->decoded);
    }
    o->stopped = !b.last;
    o->seen = tm_hasher_done(h);
    tm_hasher_free(h);
    tm_reader_close(r);
    tm_block_release(&b);
}

static outcome read_file(const uint8_t *data, size_t size, size_t pieces)
{
    outcome o = {0};
    tm_arena mem = {0};
    tm_buf head = {0};
    tm_source source;
    tm_err err = {0};
    bytes = data;
    size_now = size;
    chunk = pieces;
    o.probed = tm_source_probe(&mem, TM_STR("fuzz"), (tm_source_wish){-1, -1}, &source, &head,
                               &err) == TM_OK;
    TM_ASSERT(o.probed || err.msg[0]);
    o.codec = o.probed ? source.codec : TM_PLAIN;
    if (o.probed) read_blocks(&source, &o);
    tm_buf_release(&head);
    tm_arena_release(&mem);
    return o;
}

static void unpack(const uint8_t *data, size_t size, const outcome *o)
{
    tm_buf out = {0};
    tm_err err = {0};
    tm_status status = tm_unpack(o->codec, (tm_str){(const char *)data, size}, MOST, &out, &err);
    if (!o->stopped && o->decoded < MOST) TM_ASSERT((status == TM_OK) == !o->damaged);
    tm_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tm_fs saved = tm_fs_now;
    if (!size) return 0;
    tm_fs_now.open_read = mem_open;
    tm_fs_now.read = mem_read;
    tm_fs_now.close = mem_close;
    tm_fs_now.info = mem_info;
    size_t pieces = (size_t)data[0] + 1;
    data++;
    size--;
    outcome whole = read_file(data, size, SIZE_MAX);
    outcome parts = read_file(data, size, pieces);
    TM_ASSERT(whole.probed == parts.probed && whole.damaged == parts.damaged);
    TM_ASSERT(tm_hash_cmp(whole.seen, parts.seen) == 0);
    if (whole.probed && whole.codec != TM_PLAIN) unpack(data, size, &whole);
    tm_fs_now = saved;
    return 0;
}
