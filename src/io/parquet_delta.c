/* DELTA_BINARY_PACKED (Parquet's Encodings.md, "DELTA_BINARY_PACKED = 5"; after Lemire and Boytsov,
 * "Decoding billions of integers per second through vectorization", 2012).
 *
 * Blocks of 128 differences, each in 4 parts of 32. A block stores its smallest difference, and
 * each part the distances from it in as many bits as the greatest needs. Sorted columns (places,
 * lines) shrink to a few bits a row, a steady step to nothing. All arithmetic is modulo 2^64, so
 * overflow is exact. Reading takes any block layout that the format allows, up to BLOCK_MOST values
 * a block. */
#include "io/parquet_bits.h"

enum { BLOCK = 128, PARTS = 4, PART = BLOCK / PARTS };
#define BLOCK_MOST (1u << 16)

static unsigned varint_put(char *out, uint64_t value)
{
    unsigned n = 0;
    while (value >= 0x80) {
        out[n++] = (char)(uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (char)(uint8_t)value;
    return n;
}

static uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (0 - (value >> 63));
}

/* The distances of a block's differences from their smallest one (returned), parts past the end
 * zero, and the bits each part needs. */
static uint64_t block_distances(const uint64_t *value, uint32_t count, uint64_t distance[BLOCK],
                                unsigned width[PARTS])
{
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        distance[i] = value[i + 1] - value[i];
        int64_t d = (int64_t)distance[i];
        least = d < least ? d : least;
    }
    for (uint32_t i = 0; i < count; i++) distance[i] -= (uint64_t)least;
    memset(distance + count, 0, (BLOCK - count) * sizeof *distance);
    for (unsigned part = 0; part < PARTS; part++) {
        uint64_t any = 0;
        for (unsigned i = 0; i < PART; i++) any |= distance[part * PART + i];
        width[part] = tm_pq_width(any);
    }
    return (uint64_t)least;
}

/* Packs the 32 values of a part: 4 * width bytes. */
static char *pack64(const uint64_t value[PART], unsigned width, char *out)
{
    uint64_t bits = 0;
    unsigned held = 0;
    for (unsigned i = 0; i < PART && width; i++) {
        bits |= value[i] << held;
        if (held + width >= 64) {
            memcpy(out, &bits, 8);
            out += 8;
            bits = held ? value[i] >> (64 - held) : 0;
            held = held + width - 64;
        } else {
            held += width;
        }
    }
    memcpy(out, &bits, held / 8); /* 32 values of any width end on a multiple of 4 bytes */
    return out + held / 8;
}

static uint64_t unpack64(const char *p, size_t n, uint64_t bit, unsigned width)
{
    size_t byte = (size_t)(bit >> 3);
    unsigned shift = (unsigned)(bit & 7);
    uint64_t low = 0;
    memcpy(&low, p + byte, TM_MIN(n - byte, (size_t)8));
    low >>= shift;
    if (shift + width > 64) low |= (uint64_t)(uint8_t)p[byte + 8] << (64 - shift);
    return width == 64 ? low : low & ((UINT64_C(1) << width) - 1);
}

static bool take_varint(const char *p, size_t n, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (*at == n) return false;
        uint8_t byte = (uint8_t)p[(*at)++];
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

void tm_pq_delta_encode(const uint64_t *value, uint32_t count, tm_buf *out)
{
    if (!tm_buf_grow(out, 32)) return;
    char *p = out->p + out->n;
    p += varint_put(p, BLOCK);
    p += varint_put(p, PARTS);
    p += varint_put(p, count);
    p += varint_put(p, count ? zigzag(value[0]) : 0);
    out->n = (size_t)(p - out->p);
    uint64_t distance[BLOCK];
    unsigned width[PARTS];
    for (uint32_t i = 0; i + 1 < count; i += BLOCK) {
        uint32_t n = TM_MIN(count - 1 - i, (uint32_t)BLOCK);
        uint64_t least = block_distances(value + i, n, distance, width);
        if (!tm_buf_grow(out, 10 + PARTS + BLOCK * 8)) return;
        p = out->p + out->n;
        p += varint_put(p, zigzag(least));
        for (unsigned part = 0; part < PARTS; part++) *p++ = (char)(uint8_t)width[part];
        for (unsigned part = 0; part < PARTS; part++) {
            p = pack64(distance + part * PART, width[part], p);
        }
        out->n = (size_t)(p - out->p);
    }
}

uint64_t tm_pq_delta_size(const uint64_t *value, uint32_t count)
{
    char bytes[10];
    uint64_t distance[BLOCK];
    unsigned width[PARTS];
    uint64_t size = 3 + varint_put(bytes, count) + varint_put(bytes, count ? zigzag(value[0]) : 0);
    for (uint32_t i = 0; i + 1 < count; i += BLOCK) {
        uint32_t n = TM_MIN(count - 1 - i, (uint32_t)BLOCK);
        uint64_t least = block_distances(value + i, n, distance, width);
        size += varint_put(bytes, zigzag(least)) + PARTS;
        for (unsigned part = 0; part < PARTS; part++) size += width[part] * PART / 8;
    }
    return size;
}

bool tm_pq_delta_decode(const char *p, size_t n, uint32_t count, uint64_t *value, size_t *used)
{
    size_t at = 0;
    uint64_t block, parts, total, first;
    if (!take_varint(p, n, &at, &block) || !take_varint(p, n, &at, &parts) ||
        !take_varint(p, n, &at, &total) || !take_varint(p, n, &at, &first)) {
        return false;
    }
    if (block == 0 || block > BLOCK_MOST || block % 128 || parts == 0 || block % parts ||
        block / parts % 32 || total != count) {
        return false;
    }
    uint64_t part = block / parts, last = first >> 1 ^ (0 - (first & 1));
    uint32_t done = 0;
    if (count) value[done++] = last;
    while (done < count) {
        uint64_t least;
        if (!take_varint(p, n, &at, &least) || n - at < parts) return false;
        least = least >> 1 ^ (0 - (least & 1));
        const char *widths = p + at;
        at += parts;
        for (uint64_t k = 0; k < parts && done < count; k++) {
            unsigned width = (uint8_t)widths[k];
            if (width > 64) return false;
            size_t bytes = (size_t)(part * width / 8);
            uint32_t take = (uint32_t)TM_MIN(part, (uint64_t)(count - done));
            /* Some writers leave out the filling of the last part. */
            if (done + take == count) bytes = TM_MIN(bytes, n - at);
            if (n - at < bytes || ((uint64_t)take * width + 7) / 8 > bytes) return false;
            for (uint32_t i = 0; i < take; i++) {
                uint64_t d = width ? unpack64(p + at, bytes, (uint64_t)i * width, width) : 0;
                last += d + least;
                value[done++] = last;
            }
            at += bytes;
        }
    }
    *used = at;
    return true;
}
