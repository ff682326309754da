/* The exporter of toy tables. Structs of children are allocated one by one and freed by their own
 * release, as the interface allows a receiver to move them out. */
#include "toy_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

long toy_live;

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

/* ---- schemas --------------------------------------------------------------------------------- */

static void release_schema(struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++) {
        if (s->children[i]->release) s->children[i]->release(s->children[i]);
        free(s->children[i]);
    }
    if (s->dictionary && s->dictionary->release) s->dictionary->release(s->dictionary);
    free(s->dictionary);
    free(s->children);
    s->release = NULL;
    toy_live--;
}

static void make_schema(const toy *t, struct ArrowSchema *out)
{
    *out = (struct ArrowSchema){.format = t->format,
                                .name = t->name,
                                .flags = ARROW_FLAG_NULLABLE,
                                .n_children = t->children,
                                .release = release_schema};
    out->children = must(calloc((size_t)t->children + 1, sizeof *out->children));
    for (int i = 0; i < t->children; i++) {
        out->children[i] = must(malloc(sizeof **out->children));
        make_schema(&t->child[i], out->children[i]);
    }
    if (t->dictionary) {
        out->dictionary = must(malloc(sizeof *out->dictionary));
        make_schema(t->dictionary, out->dictionary);
    }
    toy_live++;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static void release_array(struct ArrowArray *a)
{
    for (int64_t i = 0; i < a->n_children; i++) {
        if (a->children[i]->release) a->children[i]->release(a->children[i]);
        free(a->children[i]);
    }
    if (a->dictionary && a->dictionary->release) a->dictionary->release(a->dictionary);
    free(a->dictionary);
    free(a->children);
    free(a->private_data);
    a->release = NULL;
    toy_live--;
}

static void make_array(const toy *t, struct ArrowArray *out)
{
    const void **buffers = must(calloc((size_t)t->buffers + 1, sizeof *buffers));
    memcpy(buffers, t->buffer, (size_t)t->buffers * sizeof *buffers);
    *out = (struct ArrowArray){.length = t->length,
                               .offset = t->offset,
                               .null_count = -1,
                               .n_buffers = t->buffers,
                               .buffers = buffers,
                               .n_children = t->children,
                               .private_data = buffers,
                               .release = release_array};
    out->children = must(calloc((size_t)t->children + 1, sizeof *out->children));
    for (int i = 0; i < t->children; i++) {
        out->children[i] = must(malloc(sizeof **out->children));
        make_array(&t->child[i], out->children[i]);
    }
    if (t->dictionary) {
        out->dictionary = must(malloc(sizeof *out->dictionary));
        make_array(t->dictionary, out->dictionary);
    }
    toy_live++;
}

/* ---- streams --------------------------------------------------------------------------------- */

typedef struct stream {
    toy_batches of;
    int at;
} stream;

static int get_schema(struct ArrowArrayStream *s, struct ArrowSchema *out)
{
    const stream *own = s->private_data;
    make_schema(own->of.batch, out);
    return 0;
}

static int get_next(struct ArrowArrayStream *s, struct ArrowArray *out)
{
    stream *own = s->private_data;
    *out = (struct ArrowArray){0};
    if (own->at == own->of.fails_at) return EIO;
    if (own->at < own->of.count) make_array(&own->of.batch[own->at++], out);
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *s)
{
    (void)s;
    return "the rows ran out";
}

static void release_stream(struct ArrowArrayStream *s)
{
    free(s->private_data);
    s->release = NULL;
    toy_live--;
}

void toy_stream(struct ArrowArrayStream *out, toy_batches batches)
{
    stream *own = must(malloc(sizeof *own));
    *own = (stream){.of = batches};
    *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = get_last_error,
                                     .release = release_stream,
                                     .private_data = own};
    toy_live++;
}

toy toy_texts(const char *name, const char *const *texts, int count, int32_t *offsets, char *room)
{
    int32_t at = 0;
    for (int i = 0; i < count; i++) {
        size_t n = strlen(texts[i]);
        offsets[i] = at;
        memcpy(room + at, texts[i], n);
        at += (int32_t)n;
    }
    offsets[count] = at;
    return (toy){.format = "u",
                 .name = name,
                 .length = count,
                 .buffers = 3,
                 .buffer = {NULL, offsets, room}};
}
