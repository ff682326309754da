/* What the tests of io/ share: a file system of files in memory, read in pieces of any size, and a
 * reader that writes down all it is given.
 *
 *   mem_put("a.jsonl", bytes, n);  mem_begin(chunk);  ... code under test ...  mem_end();
 *   told t = read_all("a.jsonl", wish_any, limits);  ... told_free(&t); */
#ifndef TEST_UNIT_IO_HELP_H
#define TEST_UNIT_IO_HELP_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "io/sink.h"
#include "io/source.h"

#define HELP static inline __attribute__((unused))

typedef struct mem_file {
    char name[64];
    const char *p;
    size_t n, at;
} mem_file;

static mem_file mem_files[64];
static unsigned mem_count;
static size_t mem_chunk;         /* most bytes a read gives; 0 = all */
static long mem_fail_after = -1; /* the read that fails with EIO */
static tm_fs mem_saved;

HELP mem_file *mem_find(const char *name)
{
    for (unsigned i = 0; i < mem_count; i++)
        if (strcmp(mem_files[i].name, name) == 0) return &mem_files[i];
    return NULL;
}

HELP void mem_put(const char *name, const void *p, size_t n)
{
    mem_file *f = mem_find(name);
    if (!f) f = &mem_files[mem_count++];
    assert_true(mem_count <= TM_COUNT(mem_files));
    snprintf(f->name, sizeof f->name, "%s", name);
    f->p = p;
    f->n = n;
    f->at = 0;
}

HELP int mem_open(const char *path)
{
    mem_file *f = mem_find(path);
    if (!f) return mem_saved.open_read(path);
    f->at = 0;
    return 1000 + (int)(f - mem_files);
}

HELP int64_t mem_read(int file, void *p, size_t n)
{
    if (file != 0 && file < 1000) return mem_saved.read(file, p, n);
    if (mem_fail_after >= 0 && mem_fail_after-- == 0) return errno = EIO, -1;
    mem_file *f = file ? &mem_files[file - 1000] : mem_find("-");
    assert_non_null(f);
    size_t some = TM_MIN(n, f->n - f->at);
    if (mem_chunk) some = TM_MIN(some, mem_chunk);
    if (some) memcpy(p, f->p + f->at, some);
    f->at += some;
    return (int64_t)some;
}

HELP int mem_close(int file)
{
    return file >= 1000 ? 0 : mem_saved.close(file);
}

HELP int mem_info(const char *path, tm_file_info *out)
{
    mem_file *f = mem_find(path);
    if (!f) return mem_saved.info(path, out);
    *out = (tm_file_info){.bytes = f->n, .is_regular = true};
    return 0;
}

HELP void mem_begin(size_t chunk)
{
    mem_saved = tm_fs_now;
    mem_chunk = chunk;
    mem_fail_after = -1;
    tm_fs_now.open_read = mem_open;
    tm_fs_now.read = mem_read;
    tm_fs_now.close = mem_close;
    tm_fs_now.info = mem_info;
}

HELP void mem_end(void)
{
    tm_fs_now = mem_saved;
}

typedef struct told { /* everything a reader said */
    tm_source source;
    tm_status status;
    tm_err err;
    tm_buf log;     /* one line a record: line, offset, raw; and one a damage */
    tm_buf raws;    /* raw records, each with a newline */
    tm_hash blocks; /* of where blocks begin and end and what is in them */
    uint64_t records, lines, block_count, most_room;
    tm_damage damage[8]; /* the first ones */
    uint32_t damages;
    uint64_t file_bytes, decoded_bytes, spoiled;
    char sha256[65];
    tm_arena mem;
    tm_buf head;
} told;

static const tm_source_wish wish_any = {-1, -1};

/* Of what is no record the first bytes are kept, as they stand in the decoded stream. */
HELP void told_torn(const told *t, const tm_block *b)
{
    const tm_source *s = &t->source;
    const mem_file *f = s->table || s->container == TM_FOLDER ? NULL : mem_find(s->path.p);
    bool utf8 = s->encoding == TM_UTF8 || s->encoding == TM_UTF8_BOM;
    assert_int_equal(b->torn.n, TM_MIN(b->damage.bytes, TM_TORN_BYTES));
    bool there = f && b->damage.at + b->torn.n <= f->n; /* some are made as they are read */
    if (there && utf8 && s->codec == TM_PLAIN && b->torn.n)
        assert_memory_equal(b->torn.p, f->p + b->damage.at, b->torn.n);
}

HELP void told_block(told *t, tm_hasher *h, const tm_block *b)
{
    uint64_t place[3] = {b->at, b->bytes.n, b->spans};
    tm_hasher_add(h, place, sizeof place);
    tm_hasher_add(h, b->bytes.p, b->bytes.n);
    for (uint32_t i = 0; i < b->spans; i++) {
        const tm_span *s = &b->span[i];
        bool ascii = true;
        for (uint32_t k = 0; k < s->bytes; k++) ascii = ascii && !(b->bytes.p[s->at + k] & 0x80);
        assert_int_equal(ascii, s->ascii);
        assert_true((size_t)s->at + s->bytes <= b->bytes.n);
        tm_buf_print(&t->log, "%llu @%llu ", (unsigned long long)(t->lines + s->line + 1),
                     (unsigned long long)tm_span_offset(b, s));
        tm_buf_add(&t->log, b->bytes.p + s->at, s->bytes);
        tm_buf_char(&t->log, '\n');
        tm_buf_add(&t->raws, b->bytes.p + s->at, s->bytes);
        tm_buf_char(&t->raws, '\n');
        t->records++;
    }
    for (size_t i = 0; i < TM_BLOCK_SLACK; i++) assert_int_equal(b->bytes.p[b->bytes.n + i], 0);
    if (b->damage.code) {
        told_torn(t, b);
        tm_buf_print(&t->log, "%s %llu @%llu+%llu%s\n", b->damage.code,
                     (unsigned long long)(t->lines + b->damage.line + 1),
                     (unsigned long long)b->damage.at, (unsigned long long)b->damage.bytes,
                     b->damage.ends_source ? " end" : "");
        if (t->damages < TM_COUNT(t->damage)) t->damage[t->damages] = b->damage;
        t->damages++;
    }
    t->lines += b->lines;
    t->block_count++;
    t->most_room = TM_MAX(t->most_room, b->bytes.room);
}

HELP void told_read(told *t, const tm_read_limits *limits)
{
    tm_reader *r = NULL;
    tm_block b = {0};
    tm_hasher *h = tm_hasher_new();
    assert_non_null(h);
    t->source.number = 1;
    t->status = tm_reader_open(&r, &t->source, limits, (tm_str){0}, &t->err);
    while (t->status == TM_OK && !b.last) {
        t->status = tm_reader_next(r, &b, &t->err);
        if (t->status == TM_OK) t->status = tm_block_records(&b, &t->source, &t->err);
        if (t->status == TM_OK) told_block(t, h, &b);
    }
    if (r) tm_reader_summary(r, t->sha256, &t->file_bytes, &t->decoded_bytes);
    if (r) t->spoiled = tm_reader_spoiled(r);
    t->blocks = tm_hasher_done(h);
    tm_hasher_free(h);
    tm_reader_close(r);
    tm_block_release(&b);
    tm_buf_char(&t->log, 0);
    t->log.n--;
}

HELP told read_wish(const char *path, tm_source_wish wish, tm_read_limits limits)
{
    told t = {0};
    t.status = tm_source_probe(&t.mem, tm_str_of(path), wish, &t.source, &t.head, &t.err);
    if (t.status == TM_OK) told_read(&t, &limits);
    return t;
}

HELP told read_all(const char *path)
{
    return read_wish(path, wish_any, (tm_read_limits){0});
}

HELP void told_free(told *t)
{
    tm_buf_release(&t->log);
    tm_buf_release(&t->raws);
    tm_buf_release(&t->head);
    tm_arena_release(&t->mem);
}

/* A file in memory, read whole bytes at a time or in pieces: the same must come out. */
HELP told read_mem(const char *name, tm_str bytes, size_t chunk, tm_read_limits limits)
{
    mem_put(name, bytes.p, bytes.n);
    mem_begin(chunk);
    told t = read_wish(name, wish_any, limits);
    mem_end();
    return t;
}

HELP void expect_log_as(const char *name, tm_str bytes, tm_read_limits limits, const char *log)
{
    static const size_t chunks[] = {0, 1, 7};
    for (size_t i = 0; i < TM_COUNT(chunks); i++) {
        told t = read_mem(name, bytes, chunks[i], limits);
        if (t.status != TM_OK) fail_msg("%s: %s", name, t.err.msg);
        assert_string_equal(t.log.p, log);
        told_free(&t);
    }
}

HELP void expect_log(const char *name, const char *text, const char *log)
{
    expect_log_as(name, tm_str_of(text), (tm_read_limits){0}, log);
}

HELP void pack_to(tm_codec_id codec, tm_str plain, tm_buf *out)
{
    tm_packer *p = tm_packer_new();
    assert_non_null(p);
    assert_int_equal(tm_pack(p, codec, 0, plain, out, NULL), TM_OK);
    tm_packer_free(p);
}

/* n lines of records of different lengths. */
HELP void make_lines(tm_buf *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        tm_buf_print(out, "{\"id\":%u,\"text\":\"", i);
        uint64_t seed = tm_hash64(&i, sizeof i, 1);
        for (unsigned k = 0; k < seed % 200; k++)
            tm_buf_char(out, (char)('a' + (seed >> (k % 48)) % 26));
        tm_buf_z(out, "\"}\n");
    }
}

#endif
