/* Builders and exporters of the Arrow C data interface.
 *
 * A column is built in the very buffers that are exported (a bit map of validity, offsets, values),
 * so taking a batch moves three pointers a column and copies nothing. Nulls are counted while they
 * come; a column without any has no bit map, which the format allows and readers like.
 *
 * Ownership. A receiver may move a child out of its parent (by copying the struct and clearing its
 * `release`), so every child has an allocation of its own behind private_data and frees nothing
 * else; the parent releases the children that are still there and then the block that all child
 * structs lie in. Buffers are never NULL but for the bit map: some receivers of zero rows read the
 * first offset. */
#include <string.h>

#include "base/buf.h"
#include "record/arrow.h"
#include "text/kernel.h"
#include "text/utf8.h"

typedef struct column {
    tm_arrow_column is;
    tm_buf valid, offsets, values;
    uint64_t nulls;
} column;

struct tm_arrow_builder {
    column *column;
    uint32_t columns, at; /* at: the column the next value goes to */
    uint64_t rows;
    tm_buf repaired; /* text that was not UTF-8 */
    tm_err failure;  /* sticky */
};

/* What hangs off private_data */
typedef struct child_array {
    tm_buf valid, offsets, values;
    const void *buffers[3];
} child_array;
typedef struct parent_array {
    const void *buffers[1];
    struct ArrowArray **list;
    struct ArrowArray child[];
} parent_array;
typedef struct parent_schema {
    struct ArrowSchema **list;
    struct ArrowSchema child[];
} parent_schema;

static const char *const format_of[] = {"L", "l", "g", "b", "u", "U", "z", "Z"};

static bool is_text(tm_arrow_type type)
{
    return type >= TM_ARROW_TEXT;
}

static bool is_large(tm_arrow_type type)
{
    return type == TM_ARROW_LARGE_TEXT || type == TM_ARROW_LARGE_BYTES;
}

static void put_bit(tm_buf *b, uint64_t row, bool bit)
{
    if (row % 8 == 0) tm_buf_char(b, 0);
    if (bit && !b->failed) b->p[row / 8] = (char)(b->p[row / 8] | 1 << row % 8);
}

static void put_offset(column *c)
{
    uint64_t large = c->values.n;
    uint32_t small = (uint32_t)large;
    if (is_large(c->is.type)) {
        tm_buf_add(&c->offsets, &large, sizeof large);
    } else {
        tm_buf_add(&c->offsets, &small, sizeof small);
    }
}

static void release_column(column *c)
{
    tm_buf_release(&c->valid);
    tm_buf_release(&c->offsets);
    tm_buf_release(&c->values);
    c->nulls = 0;
}

/* The next row's column; a text column's first offset is put when its first row comes. */
static column *next_column(tm_arrow_builder *b, bool present)
{
    TM_ASSERT(b->at < b->columns);
    column *c = &b->column[b->at++];
    if (is_text(c->is.type) && c->offsets.n == 0) put_offset(c);
    if (c->is.optional) put_bit(&c->valid, b->rows, present);
    return c;
}

static tm_str as_utf8(tm_arrow_builder *b, tm_str s)
{
    if (s.n == 0 || tm_kernel_now()->utf8_valid(s.p, s.n) == s.n) return s;
    tm_buf_clear(&b->repaired);
    tm_utf8_repair(s, &b->repaired);
    if (b->repaired.failed && b->failure.status == TM_OK) {
        tm_fail_memory(&b->failure, "a text", s.n);
    }
    return b->repaired.failed ? TM_STR("") : tm_buf_view(&b->repaired);
}

static void check_column(tm_arrow_builder *b, const column *c)
{
    if (b->failure.status != TM_OK) return;
    if (c->valid.failed || c->offsets.failed || c->values.failed) {
        tm_fail_memory(&b->failure, "an Arrow column", c->values.n);
    } else if (is_text(c->is.type) && !is_large(c->is.type) && c->values.n > INT32_MAX) {
        tm_fail(&b->failure, TM_ELIMIT,
                "column %s has more than 2 GiB of text in one batch; take batches more often",
                c->is.name);
    }
}

static void release_child(struct ArrowArray *a)
{
    child_array *own = a->private_data;
    tm_buf_release(&own->valid);
    tm_buf_release(&own->offsets);
    tm_buf_release(&own->values);
    tm_free(own);
    a->release = NULL;
}

static void release_parent(struct ArrowArray *a)
{
    parent_array *own = a->private_data;
    for (int64_t i = 0; i < a->n_children; i++) {
        struct ArrowArray *child = a->children[i];
        if (child->release) child->release(child);
    }
    tm_free(own->list);
    tm_free(own);
    a->release = NULL;
}

static void release_schema_child(struct ArrowSchema *s)
{
    tm_free(s->private_data);
    s->release = NULL;
}

static void release_schema_parent(struct ArrowSchema *s)
{
    parent_schema *own = s->private_data;
    for (int64_t i = 0; i < s->n_children; i++) {
        struct ArrowSchema *child = s->children[i];
        if (child->release) child->release(child);
    }
    tm_free(own->list);
    tm_free(own);
    s->release = NULL;
}

/* Makes sure that every buffer the type has is there, so that moving them cannot fail. */
static bool has_buffers(column *c)
{
    if (is_text(c->is.type) && c->offsets.n == 0) put_offset(c);
    return tm_buf_grow(&c->values, 1) && !c->offsets.failed;
}

static void move_column(column *c, uint64_t rows, child_array *own, struct ArrowArray *a)
{
    own->valid = c->valid;
    own->offsets = c->offsets;
    own->values = c->values;
    bool text = is_text(c->is.type);
    own->buffers[0] = c->nulls ? own->valid.p : NULL;
    own->buffers[1] = text ? own->offsets.p : own->values.p;
    own->buffers[2] = text ? own->values.p : NULL;
    *a = (struct ArrowArray){.length = (int64_t)rows,
                             .null_count = (int64_t)c->nulls,
                             .n_buffers = text ? 3 : 2,
                             .buffers = own->buffers,
                             .release = release_child,
                             .private_data = own};
    c->valid = c->offsets = c->values = (tm_buf){0};
    c->nulls = 0;
}

/* All that an exported batch needs besides the buffers: the parent's block with private blocks of
 * the children in their private_data. NULL when there is no memory. */
static parent_array *new_parent(uint32_t columns)
{
    parent_array *own = tm_alloc_zero(1, sizeof *own + columns * sizeof own->child[0]);
    if (!own) return NULL;
    own->list = tm_alloc_zero(columns, sizeof *own->list);
    bool well = own->list;
    for (uint32_t i = 0; well && i < columns; i++) {
        own->list[i] = &own->child[i];
        own->child[i].private_data = tm_alloc_zero(1, sizeof(child_array));
        well = own->child[i].private_data;
    }
    if (well) return own;
    for (uint32_t i = 0; i < columns; i++) tm_free(own->child[i].private_data);
    tm_free(own->list);
    tm_free(own);
    return NULL;
}

static void drop_rows(tm_arrow_builder *b)
{
    for (uint32_t i = 0; i < b->columns; i++) release_column(&b->column[i]);
    b->rows = 0;
}

tm_status tm_arrow_open(tm_arrow_builder **out, const tm_arrow_column *columns, uint32_t count,
                        tm_err *err)
{
    TM_ASSERT(count > 0);
    *out = NULL;
    tm_arrow_builder *b = tm_alloc_zero(1, sizeof *b);
    column *c = tm_alloc_zero(count, sizeof *c);
    if (!b || !c) {
        tm_free(b);
        tm_free(c);
        return tm_fail_memory(err, "Arrow columns", count * sizeof *c);
    }
    b->column = c;
    b->columns = count;
    for (uint32_t i = 0; i < count; i++) {
        size_t n = strlen(columns[i].name) + 1;
        char *name = tm_alloc(n);
        if (!name) {
            tm_arrow_close(b);
            return tm_fail_memory(err, "a column's name", n);
        }
        memcpy(name, columns[i].name, n);
        c[i].is = (tm_arrow_column){name, columns[i].type, columns[i].optional};
    }
    *out = b;
    return TM_OK;
}

void tm_arrow_u64(tm_arrow_builder *b, uint64_t value)
{
    column *c = next_column(b, true);
    TM_ASSERT(c->is.type == TM_ARROW_U64 || c->is.type == TM_ARROW_I64 ||
              c->is.type == TM_ARROW_BOOL);
    if (c->is.type == TM_ARROW_BOOL) {
        put_bit(&c->values, b->rows, value != 0);
    } else {
        tm_buf_add(&c->values, &value, sizeof value);
    }
    check_column(b, c);
}

void tm_arrow_f64(tm_arrow_builder *b, double value)
{
    column *c = next_column(b, true);
    TM_ASSERT(c->is.type == TM_ARROW_F64);
    tm_buf_add(&c->values, &value, sizeof value);
    check_column(b, c);
}

void tm_arrow_text(tm_arrow_builder *b, tm_str value)
{
    column *c = next_column(b, true);
    TM_ASSERT(is_text(c->is.type));
    if (c->is.type == TM_ARROW_TEXT || c->is.type == TM_ARROW_LARGE_TEXT) value = as_utf8(b, value);
    tm_buf_str(&c->values, value);
    put_offset(c);
    check_column(b, c);
}

void tm_arrow_null(tm_arrow_builder *b)
{
    static const uint64_t zero;
    column *c = next_column(b, false);
    TM_ASSERT(c->is.optional);
    c->nulls++;
    if (is_text(c->is.type)) {
        put_offset(c);
    } else if (c->is.type == TM_ARROW_BOOL) {
        put_bit(&c->values, b->rows, false);
    } else {
        tm_buf_add(&c->values, &zero, sizeof zero);
    }
    check_column(b, c);
}

tm_status tm_arrow_row(tm_arrow_builder *b, tm_err *err)
{
    TM_ASSERT(b->at == b->columns);
    b->at = 0;
    b->rows++;
    if (TM_LIKELY(b->failure.status == TM_OK)) return TM_OK;
    drop_rows(b);
    if (err) *err = b->failure;
    return b->failure.status;
}

uint64_t tm_arrow_rows(const tm_arrow_builder *b)
{
    return b->rows;
}

uint64_t tm_arrow_bytes(const tm_arrow_builder *b)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < b->columns; i++) {
        sum += b->column[i].valid.n + b->column[i].offsets.n + b->column[i].values.n;
    }
    return sum;
}

tm_status tm_arrow_schema(const tm_arrow_builder *b, struct ArrowSchema *out, tm_err *err)
{
    *out = (struct ArrowSchema){0};
    size_t bytes = sizeof(parent_schema) + b->columns * sizeof(struct ArrowSchema);
    parent_schema *own = tm_alloc_zero(1, bytes);
    if (!own) return tm_fail_memory(err, "an Arrow schema", bytes);
    own->list = tm_alloc_zero(b->columns, sizeof *own->list);
    bool well = own->list;
    for (uint32_t i = 0; well && i < b->columns; i++) {
        const tm_arrow_column *is = &b->column[i].is;
        size_t n = strlen(is->name) + 1;
        char *name = tm_alloc(n); /* of the child's own, which may outlive the parent */
        well = name;
        if (!well) break;
        memcpy(name, is->name, n);
        own->child[i] = (struct ArrowSchema){.format = format_of[is->type],
                                             .name = name,
                                             .flags = is->optional ? ARROW_FLAG_NULLABLE : 0,
                                             .release = release_schema_child,
                                             .private_data = name};
        own->list[i] = &own->child[i];
    }
    if (!well) {
        for (uint32_t i = 0; i < b->columns; i++) tm_free(own->child[i].private_data);
        tm_free(own->list);
        tm_free(own);
        return tm_fail_memory(err, "an Arrow schema", bytes);
    }
    *out = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = b->columns,
                                .children = own->list,
                                .release = release_schema_parent,
                                .private_data = own};
    return TM_OK;
}

tm_status tm_arrow_take(tm_arrow_builder *b, struct ArrowArray *out, tm_err *err)
{
    *out = (struct ArrowArray){0};
    TM_ASSERT(b->at == 0);
    if (b->failure.status != TM_OK) {
        if (err) *err = b->failure;
        return b->failure.status;
    }
    bool well = true;
    for (uint32_t i = 0; i < b->columns; i++) well = has_buffers(&b->column[i]) && well;
    parent_array *own = well ? new_parent(b->columns) : NULL;
    if (!own) return tm_fail_memory(err, "an Arrow batch", b->columns * sizeof(child_array));
    for (uint32_t i = 0; i < b->columns; i++) {
        move_column(&b->column[i], b->rows, own->child[i].private_data, &own->child[i]);
    }
    *out = (struct ArrowArray){.length = (int64_t)b->rows,
                               .n_buffers = 1,
                               .n_children = b->columns,
                               .buffers = own->buffers,
                               .children = own->list,
                               .release = release_parent,
                               .private_data = own};
    b->rows = 0;
    return TM_OK;
}

void tm_arrow_close(tm_arrow_builder *b)
{
    if (!b) return;
    for (uint32_t i = 0; i < b->columns; i++) {
        union {
            const char *kept;
            char *own;
        } name = {b->column[i].is.name}; /* allocated here, const to everybody else */
        release_column(&b->column[i]);
        tm_free(name.own);
    }
    tm_buf_release(&b->repaired);
    tm_free(b->column);
    tm_free(b);
}
