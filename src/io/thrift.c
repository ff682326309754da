/* The compact protocol of Apache Thrift (thrift-compact-protocol.md), the part that Parquet uses.
 *
 * Integers are zigzag varints; a field's head is one byte (the step from the last field's number
 * and the type) or, for steps above 15, the type and a varint; a struct ends with a zero byte. A
 * truth value in a struct lives in its type. Nothing here trusts a length: text and lists are held
 * against the bytes that are left, nesting against TM_THRIFT_DEPTH, and a varint against ten bytes.
 * So time and memory are bounded by the input's size. Recursion exists only in tm_thrift_skip and
 * is bounded the same way. Doubles are passed over: Parquet's metadata has none. */
#include "io/thrift.h"

static void put_varint(tm_buf *b, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    while (value >= 0x80) {
        bytes[n++] = (char)(uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[n++] = (char)(uint8_t)value;
    tm_buf_add(b, bytes, n);
}

static void put_zigzag(tm_buf *b, int64_t value)
{
    put_varint(b, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

static void put_head(tm_thrift_out *o, int16_t id, tm_thrift_type type)
{
    TM_ASSERT(o->depth > 0);
    int16_t *last = &o->last[o->depth - 1];
    int step = id - *last;
    if (step > 0 && step <= 15) {
        tm_buf_char(o->buf, (char)(uint8_t)((unsigned)step << 4 | type));
    } else {
        tm_buf_char(o->buf, (char)type);
        put_zigzag(o->buf, id);
    }
    *last = id;
}

static void open_struct(tm_thrift_out *o)
{
    TM_ASSERT(o->depth < TM_THRIFT_DEPTH);
    o->last[o->depth++] = 0;
}

/* The next `n` bytes, or NULL and failure when there are fewer. */
static const char *take(tm_thrift_in *in, size_t n)
{
    if (in->failed || (size_t)(in->end - in->p) < n) {
        in->failed = true;
        return NULL;
    }
    const char *p = in->p;
    in->p += n;
    return p;
}

static uint64_t take_varint(tm_thrift_in *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const char *p = take(in, 1);
        if (!p) return 0;
        uint8_t byte = (uint8_t)*p;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    in->failed = true;
    return 0;
}

static int64_t take_zigzag(tm_thrift_in *in)
{
    uint64_t value = take_varint(in);
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

void tm_thrift_begin(tm_thrift_out *o, int16_t id)
{
    if (id) put_head(o, id, TM_THRIFT_STRUCT);
    open_struct(o);
}

void tm_thrift_begin_item(tm_thrift_out *o)
{
    open_struct(o);
}

void tm_thrift_end(tm_thrift_out *o)
{
    TM_ASSERT(o->depth > 0);
    o->depth--;
    tm_buf_char(o->buf, 0);
}

void tm_thrift_put_bool(tm_thrift_out *o, int16_t id, bool value)
{
    put_head(o, id, value ? TM_THRIFT_TRUE : TM_THRIFT_FALSE);
}

void tm_thrift_put_i8(tm_thrift_out *o, int16_t id, int8_t value)
{
    put_head(o, id, TM_THRIFT_I8);
    tm_buf_char(o->buf, (char)value);
}

void tm_thrift_put_i32(tm_thrift_out *o, int16_t id, int32_t value)
{
    put_head(o, id, TM_THRIFT_I32);
    put_zigzag(o->buf, value);
}

void tm_thrift_put_i64(tm_thrift_out *o, int16_t id, int64_t value)
{
    put_head(o, id, TM_THRIFT_I64);
    put_zigzag(o->buf, value);
}

void tm_thrift_put_text(tm_thrift_out *o, int16_t id, tm_str value)
{
    put_head(o, id, TM_THRIFT_TEXT);
    tm_thrift_item_text(o, value);
}

void tm_thrift_list(tm_thrift_out *o, int16_t id, tm_thrift_type of, uint32_t count)
{
    put_head(o, id, TM_THRIFT_LIST);
    if (count < 15) {
        tm_buf_char(o->buf, (char)(uint8_t)(count << 4 | of));
    } else {
        tm_buf_char(o->buf, (char)(uint8_t)(0xf0 | of));
        put_varint(o->buf, count);
    }
}

void tm_thrift_item_int(tm_thrift_out *o, int64_t value)
{
    put_zigzag(o->buf, value);
}

void tm_thrift_item_text(tm_thrift_out *o, tm_str value)
{
    put_varint(o->buf, value.n);
    tm_buf_str(o->buf, value);
}

int16_t tm_thrift_enter(tm_thrift_in *in)
{
    int16_t outer = in->last;
    if (in->depth >= TM_THRIFT_DEPTH) in->failed = true;
    in->depth++;
    in->last = 0;
    return outer;
}

bool tm_thrift_field(tm_thrift_in *in, int16_t *id, tm_thrift_type *type)
{
    const char *p = take(in, 1);
    if (!p) return false;
    uint8_t head = (uint8_t)*p;
    if (head == 0) return false;
    uint8_t kind = head & 15;
    int64_t number = head >> 4 ? in->last + (head >> 4) : take_zigzag(in);
    if (kind < TM_THRIFT_TRUE || kind > TM_THRIFT_STRUCT || number < 0 || number > INT16_MAX) {
        in->failed = true;
    }
    if (in->failed) return false;
    in->last = (int16_t)number;
    *id = (int16_t)number;
    *type = (tm_thrift_type)kind;
    return true;
}

void tm_thrift_leave(tm_thrift_in *in, int16_t outer)
{
    in->depth--;
    in->last = outer;
}

int64_t tm_thrift_int(tm_thrift_in *in, tm_thrift_type type)
{
    if (type == TM_THRIFT_I8) {
        const char *p = take(in, 1);
        return p ? (int8_t)*p : 0;
    }
    if (type == TM_THRIFT_I16 || type == TM_THRIFT_I32 || type == TM_THRIFT_I64) {
        return take_zigzag(in);
    }
    in->failed = true;
    return 0;
}

bool tm_thrift_bool(tm_thrift_in *in, tm_thrift_type type)
{
    if (type != TM_THRIFT_TRUE && type != TM_THRIFT_FALSE) in->failed = true;
    return type == TM_THRIFT_TRUE;
}

tm_str tm_thrift_text(tm_thrift_in *in, tm_thrift_type type)
{
    if (type != TM_THRIFT_TEXT) in->failed = true;
    uint64_t n = take_varint(in);
    if (n > SIZE_MAX) in->failed = true;
    const char *p = take(in, (size_t)n);
    return p ? (tm_str){p, (size_t)n} : (tm_str){"", 0};
}

uint32_t tm_thrift_count(tm_thrift_in *in, tm_thrift_type type, tm_thrift_type *of)
{
    *of = TM_THRIFT_I8;
    if (type != TM_THRIFT_LIST && type != TM_THRIFT_SET) in->failed = true;
    const char *p = take(in, 1);
    if (!p) return 0;
    uint8_t head = (uint8_t)*p, kind = head & 15;
    uint64_t count = head >> 4;
    if (count == 15) count = take_varint(in);
    if (kind < TM_THRIFT_TRUE || kind > TM_THRIFT_STRUCT || count > (uint64_t)(in->end - in->p) ||
        count > UINT32_MAX) {
        in->failed = true;
    }
    *of = (tm_thrift_type)kind;
    return in->failed ? 0 : (uint32_t)count;
}

void tm_thrift_skip_item(tm_thrift_in *in, tm_thrift_type of)
{
    if (of == TM_THRIFT_TRUE || of == TM_THRIFT_FALSE) {
        (void)take(in, 1);
    } else {
        tm_thrift_skip(in, of);
    }
}

static void skip_map(tm_thrift_in *in)
{
    uint64_t count = take_varint(in);
    if (count == 0 || in->failed) return;
    const char *p = take(in, 1);
    if (!p || count > (uint64_t)(in->end - in->p)) {
        in->failed = true;
        return;
    }
    uint8_t kinds = (uint8_t)*p;
    for (uint64_t i = 0; i < count && !in->failed; i++) {
        tm_thrift_skip_item(in, (tm_thrift_type)(kinds >> 4));
        tm_thrift_skip_item(in, (tm_thrift_type)(kinds & 15));
    }
}

static void skip_nested(tm_thrift_in *in, tm_thrift_type type)
{
    int16_t id, outer = tm_thrift_enter(in);
    tm_thrift_type inner;
    if (type == TM_THRIFT_STRUCT) {
        while (tm_thrift_field(in, &id, &inner)) tm_thrift_skip(in, inner);
    } else if (type == TM_THRIFT_MAP) {
        skip_map(in);
    } else {
        uint32_t count = tm_thrift_count(in, type, &inner);
        for (uint32_t i = 0; i < count && !in->failed; i++) tm_thrift_skip_item(in, inner);
    }
    tm_thrift_leave(in, outer);
}

void tm_thrift_skip(tm_thrift_in *in, tm_thrift_type type)
{
    if (in->failed) return;
    switch (type) {
    case TM_THRIFT_TRUE:
    case TM_THRIFT_FALSE: break;
    case TM_THRIFT_I8:
    case TM_THRIFT_I16:
    case TM_THRIFT_I32:
    case TM_THRIFT_I64: (void)tm_thrift_int(in, type); break;
    case TM_THRIFT_DOUBLE: (void)take(in, 8); break;
    case TM_THRIFT_TEXT: (void)tm_thrift_text(in, type); break;
    case TM_THRIFT_LIST:
    case TM_THRIFT_SET:
    case TM_THRIFT_MAP:
    case TM_THRIFT_STRUCT: skip_nested(in, type); break;
    default: in->failed = true;
    }
}
