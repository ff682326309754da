/* Bit packing and the RLE/bit-packed hybrid (Parquet's Encodings.md, "RLE = 3").
 *
 * The hybrid is a row of runs, each with a varint head: count << 1 for one value repeated (the
 * value in whole bytes), groups << 1 | 1 for groups of eight values packed low bit first. The
 * encoder looks at eight values at a time: eight equal ones begin a run that goes on as far as they
 * stay equal, everything else is packed. That is never more than a byte or two a run from the best
 * choice and needs no search. The last group is filled up with zeros, as the format wants.
 *
 * The decoder believes nothing: a run may not hold more bytes than are left, and is cut to the
 * number of values asked for, so a head that claims two billion costs nothing. */
#include "io/parquet_bits.h"

static void put_varint(tm_buf *b, uint64_t value)
{
    while (value >= 0x80) {
        tm_buf_char(b, (char)(uint8_t)(value | 0x80));
        value >>= 7;
    }
    tm_buf_char(b, (char)(uint8_t)value);
}

/* Packs `count` (a multiple of 8) values of `width` bits: count * width / 8 bytes. */
static void pack32(const uint32_t *value, uint32_t count, unsigned width, char *out)
{
    uint64_t bits = 0;
    unsigned held = 0;
    for (uint32_t i = 0; i < count; i++) {
        bits |= (uint64_t)value[i] << held;
        held += width;
        if (held >= 32) {
            memcpy(out, &bits, 4);
            out += 4;
            bits >>= 32;
            held -= 32;
        }
    }
    for (; held > 0; held -= 8, bits >>= 8) *out++ = (char)(uint8_t)bits;
}

/* Unpacks values of `width` (1 to 32) bits that lie in n bytes. */
static void unpack32(const char *p, size_t n, unsigned width, uint32_t count, uint32_t *value)
{
    uint64_t mask = (UINT64_C(1) << width) - 1;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = (uint64_t)i * width, word = 0;
        size_t byte = (size_t)(at >> 3), left = n - byte;
        if (TM_LIKELY(left >= 8)) {
            memcpy(&word, p + byte, 8);
        } else {
            memcpy(&word, p + byte, left);
        }
        value[i] = (uint32_t)(word >> (at & 7) & mask);
    }
}

static bool eight_equal(const uint32_t *v)
{
    uint32_t differ = 0;
    for (unsigned i = 1; i < 8; i++) differ |= v[i] ^ v[0];
    return differ == 0;
}

static void put_run(tm_buf *out, uint32_t count, uint32_t value, unsigned width)
{
    put_varint(out, (uint64_t)count << 1);
    tm_buf_add(out, &value, (width + 7) / 8);
}

/* Packs values [0, count), the last group filled up with zeros. */
static void put_groups(tm_buf *out, const uint32_t *value, uint32_t count, unsigned width)
{
    uint32_t groups = (count + 7) / 8, whole = count & ~UINT32_C(7);
    put_varint(out, (uint64_t)groups << 1 | 1);
    if (!tm_buf_grow(out, (size_t)groups * width)) return;
    pack32(value, whole, width, out->p + out->n);
    out->n += (size_t)whole / 8 * width;
    if (whole < count) {
        uint32_t rest[8] = {0};
        memcpy(rest, value + whole, (count - whole) * sizeof rest[0]);
        pack32(rest, 8, width, out->p + out->n);
        out->n += width;
    }
}

void tm_pq_hybrid_encode(const uint32_t *value, uint32_t count, unsigned width, tm_buf *out)
{
    uint32_t i = 0;
    while (i < count) {
        uint32_t from = i;
        while (count - i >= 8 && !eight_equal(value + i)) i += 8;
        if (count - i < 8) i = count; /* fewer than eight left: they join the last packed run */
        if (i > from) put_groups(out, value + from, i - from, width);
        if (i == count) return;
        from = i;
        i += 8;
        while (i < count && value[i] == value[from]) i++;
        put_run(out, i - from, value[from], width);
    }
}

bool tm_pq_hybrid_decode(const char *p, size_t n, unsigned width, uint32_t count, uint32_t *value)
{
    if (width > 32) return false;
    size_t at = 0;
    uint32_t done = 0;
    while (done < count) {
        uint64_t head = 0;
        uint8_t byte = 0x80;
        for (unsigned shift = 0; byte & 0x80; shift += 7) {
            if (at == n || shift > 28) return false;
            byte = (uint8_t)p[at++];
            head |= (uint64_t)(byte & 0x7f) << shift;
        }
        uint64_t claimed = head & 1 ? (head >> 1) * 8 : head >> 1;
        uint32_t take = (uint32_t)TM_MIN(claimed, (uint64_t)(count - done));
        if (take == 0) return false;
        if (head & 1) {
            /* Some writers leave out the filling of the last group. */
            size_t bytes = (size_t)TM_MIN((head >> 1) * width, (uint64_t)(n - at));
            if (bytes < ((uint64_t)take * width + 7) / 8) return false;
            if (width == 0) {
                memset(value + done, 0, take * sizeof *value);
            } else {
                unpack32(p + at, bytes, width, take, value + done);
            }
            at += bytes;
        } else {
            size_t bytes = (width + 7) / 8;
            uint32_t one = 0;
            if (n - at < bytes) return false;
            memcpy(&one, p + at, bytes);
            at += bytes;
            if (width < 32 && one >> width) return false;
            for (uint32_t i = 0; i < take; i++) value[done + i] = one;
        }
        done += take;
    }
    return true;
}

/* One byte of the map, bits past the end zero. */
static uint8_t map_byte(const uint64_t *bit, uint32_t i)
{
    return (uint8_t)(bit[i / 8] >> i % 8 * 8);
}

void tm_pq_levels_encode(const uint64_t *bit, uint32_t count, tm_buf *out)
{
    uint32_t whole = count / 8, i = 0;
    uint8_t rest = (uint8_t)((1u << count % 8) - 1); /* the bits that count in the last byte */
    while (i < whole) {
        uint32_t from = i;
        uint8_t first = map_byte(bit, i);
        if (first == 0 || first == 0xff) {
            while (i < whole && map_byte(bit, i) == first) i++;
            bool all = i == whole && rest && (map_byte(bit, i) & rest) == (first & rest);
            put_run(out, all ? count - from * 8 : (i - from) * 8, first & 1, 1);
            if (all) return;
        } else {
            while (i < whole && map_byte(bit, i) != 0 && map_byte(bit, i) != 0xff) i++;
            put_varint(out, (uint64_t)(i - from) << 1 | 1);
            for (; from < i; from++) tm_buf_char(out, (char)map_byte(bit, from));
        }
    }
    if (rest) {
        put_varint(out, 1 << 1 | 1);
        tm_buf_char(out, (char)(map_byte(bit, whole) & rest));
    }
}
