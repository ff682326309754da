/* Any bytes as a JSON array, as values one after another and as JSONL. However they are read, the
 * same blocks come out; records lie in their block in order and do not touch; what no record holds
 * is white space, brackets and commas, or damage that says where and how much. */
#include "io/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *bytes;
static size_t left, chunk;

static int mem_open(const char *path)
{
    TM_UNUSED(path);
    return 1000;
}

static int64_t mem_read(int file, void *p, size_t n)
{
    TM_UNUSED(file);
    size_t some = TM_MIN(TM_MIN(n, left), chunk);
    if (some) memcpy(p, bytes, some);
    bytes += some;
    left -= some;
    return (int64_t)some;
}

static int mem_close(int file)
{
    TM_UNUSED(file);
    return 0;
}

static uint64_t check_block(const tm_block *b, uint64_t stood)
{
    uint64_t at = stood;
    TM_ASSERT(b->at >= at);
    at = b->at;
    for (uint32_t i = 0; i < b->spans; i++) {
        const tm_span *s = &b->span[i];
        TM_ASSERT(s->bytes > 0);
        TM_ASSERT(b->at + s->at >= at);
        TM_ASSERT(i == 0 || s->line >= b->span[i - 1].line);
        at = b->at + s->at + s->bytes;
        TM_ASSERT((size_t)s->at + s->bytes <= b->bytes.n);
        TM_ASSERT(s->line <= b->lines);
    }
    if (b->damage.code) {
        TM_ASSERT(b->damage.at >= at);
        TM_ASSERT(b->damage.sentence[0]);
        TM_ASSERT(!b->damage.ends_source || b->last);
        at = b->damage.at + b->damage.bytes;
    }
    return at;
}

static tm_hash read_as(const uint8_t *data, size_t size, size_t pieces, tm_container_id container,
                       uint64_t max_line)
{
    tm_source source = {.number = 1, .path = TM_STR("fuzz"), .container = container};
    tm_read_limits limits = {.max_line = max_line};
    tm_reader *r = NULL;
    tm_block b = {0};
    tm_hasher *h = tm_hasher_new();
    uint64_t at = 0, lines = 0;
    bytes = data;
    left = size;
    chunk = pieces;
    TM_ASSERT(h && tm_reader_open(&r, &source, &limits, (tm_str){0}, NULL) == TM_OK);
    while (!b.last) {
        TM_ASSERT(tm_reader_next(r, &b, NULL) == TM_OK);
        TM_ASSERT(tm_block_records(&b, &source, NULL) == TM_OK);
        at = check_block(&b, at);
        lines += b.lines;
        uint64_t seen[5] = {b.at, b.bytes.n, b.spans, b.lines, b.damage.bytes};
        tm_hasher_add(h, seen, sizeof seen);
        tm_hasher_add(h, b.bytes.p, b.bytes.n);
        if (b.spans) tm_hasher_add(h, b.span, b.spans * sizeof *b.span);
    }
    uint64_t decoded = 0;
    tm_reader_summary(r, NULL, NULL, &decoded);
    TM_ASSERT(decoded == size && at <= size);
    TM_ASSERT(lines <= size);
    tm_hash result = tm_hasher_done(h);
    tm_hasher_free(h);
    tm_reader_close(r);
    tm_block_release(&b);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tm_fs saved = tm_fs_now;
    if (size < 2) return 0;
    tm_fs_now.open_read = mem_open;
    tm_fs_now.read = mem_read;
    tm_fs_now.close = mem_close;
    uint64_t max_line = data[0] & 1 ? (uint64_t)(data[0] >> 1) + 1 : 0;
    size_t pieces = (size_t)data[1] + 1;
    data += 2;
    size -= 2;
    static const tm_container_id containers[] = {TM_JSON, TM_JSONL};
    for (size_t i = 0; i < TM_COUNT(containers); i++) {
        tm_hash whole = read_as(data, size, SIZE_MAX, containers[i], max_line);
        tm_hash parts = read_as(data, size, pieces, containers[i], max_line);
        TM_ASSERT(tm_hash_cmp(whole, parts) == 0);
    }
    tm_fs_now = saved;
    return 0;
}
