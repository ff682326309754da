/* Property: fields set, removed and read in any order do what they would do to a tree.
 *
 * The model is a tree of JSON values, some of them strings that hold JSON, some keys standing
 * twice. Random paths are set and removed in tree and record, and the text that is a part is edited
 * in between; after each step the record, written out, must be the tree, written out, byte for byte
 * (everything is in one compact style), and a random path must give the tree's value. Strings that
 * hold JSON are entered by paths; the part's own text is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "chance.h"
#include "record/fieldpath.h"
#include "record/layout.h"
#include "record/writer.h"

#define NODES 2048
#define MEMBERS 12
#define NONE 0 /* node 0 is nobody */

typedef enum kind {
    NUMBER,
    TEXT,
    OBJECT,
    LIST,
    HOLDER
} kind; /* HOLDER: a string with JSON in it */

typedef struct value {
    uint8_t kind, count;
    uint16_t child[MEMBERS]; /* HOLDER: child[0] */
    char key[MEMBERS];
    char text[24]; /* of a NUMBER or a TEXT */
} value;

typedef struct tree {
    value value[NODES];
    uint16_t used, top;
} tree;

typedef struct path {
    struct {
        char key;
        int index; /* when key is 0 */
    } step[3];
    unsigned steps;
    char text[64];
} path;

static uint16_t new_value(tree *t, kind k)
{
    assert_true(t->used + 1 < NODES);
    t->value[++t->used] = (value){.kind = (uint8_t)k};
    return t->used;
}

static uint16_t random_value(tree *t, unsigned depth)
{
    static const char *const word[] = {"", "x", "y\nz", "\"", "\\", "xyz"};
    uint16_t v = new_value(t, (kind)below(depth > 2 ? 2 : 5));
    value *p = &t->value[v];
    if (p->kind == NUMBER) snprintf(p->text, sizeof p->text, "%u", below(1000));
    if (p->kind == TEXT) snprintf(p->text, sizeof p->text, "%s", word[below(6)]);
    if (p->kind == HOLDER) {
        uint16_t inner = random_value(t, depth + 1);
        if (t->value[inner].kind == NUMBER || t->value[inner].kind == TEXT)
            t->value[inner] = (value){.kind = OBJECT};
        t->value[v].child[0] = inner;
    }
    if (p->kind != OBJECT && p->kind != LIST) return v;
    uint8_t count = (uint8_t)below(4);
    for (uint8_t i = 0; i < count; i++) {
        uint16_t child = random_value(t, depth + 1);
        t->value[v].child[i] = child;
        t->value[v].key[i] = (char)('a' + below(4));
    }
    t->value[v].count = count;
    return v;
}

static void print(const tree *t, uint16_t v, tm_buf *out)
{
    const value *p = &t->value[v];
    tm_buf inner = {0};
    if (p->kind == NUMBER) tm_buf_z(out, p->text);
    if (p->kind == TEXT || p->kind == HOLDER) {
        if (p->kind == TEXT)
            tm_buf_z(&inner, p->text);
        else
            print(t, p->child[0], &inner);
        tm_buf_char(out, '"');
        tm_json_escape(tm_buf_view(&inner), out);
        tm_buf_char(out, '"');
    }
    tm_buf_release(&inner);
    if (p->kind != OBJECT && p->kind != LIST) return;
    tm_buf_char(out, p->kind == OBJECT ? '{' : '[');
    for (unsigned i = 0; i < p->count; i++) {
        if (i) tm_buf_char(out, ',');
        if (p->kind == OBJECT && p->key[i] == 't')
            tm_buf_z(out, "\"text\":");
        else if (p->kind == OBJECT)
            tm_buf_print(out, "\"%c\":", p->key[i]);
        print(t, p->child[i], out);
    }
    tm_buf_char(out, p->kind == OBJECT ? '}' : ']');
}

static void random_path(path *p)
{
    int n = 0;
    p->steps = 1 + below(3);
    for (unsigned i = 0; i < p->steps; i++) {
        p->step[i].key = i && below(4) == 0 ? 0 : (char)('a' + below(4));
        if (!i && below(8) == 0) p->step[i].key = 't', p->steps = 1;
        p->step[i].index = (int)below(5) - 2;
        if (p->step[i].key == 't')
            n += snprintf(p->text + n, 16, "text");
        else if (p->step[i].key)
            n += snprintf(p->text + n, 16, i ? ".%c" : "%c", p->step[i].key);
        else
            n += snprintf(p->text + n, 16, "[%d]", p->step[i].index);
    }
}

/* Place of a step's child in v, or -1. Of equal keys the last. */
static int child_of(const tree *t, uint16_t v, char key, int index)
{
    const value *p = &t->value[v];
    if (key && p->kind == OBJECT)
        for (int i = p->count; i-- > 0;)
            if (p->key[i] == key) return i;
    if (!key && p->kind == LIST) {
        if (index < 0) index += p->count;
        if (index >= 0 && index < p->count) return index;
    }
    return -1;
}

/* Follows the first `steps` steps; *done says how many were there. A path enters three strings. */
static uint16_t follow(const tree *t, const path *p, unsigned steps, unsigned *done)
{
    uint16_t v = t->top;
    unsigned entered = 0;
    for (*done = 0; *done < steps; ++*done) {
        while (t->value[v].kind == HOLDER && entered < 3) v = t->value[v].child[0], entered++;
        int i = child_of(t, v, p->step[*done].key, p->step[*done].index);
        if (i < 0) return v;
        v = t->value[v].child[i];
    }
    return v;
}

/* The model's set: false when it is blocked. */
static bool set_tree(tree *t, const path *p, uint16_t to)
{
    unsigned done;
    uint16_t v = follow(t, p, p->steps, &done);
    if (done == p->steps) {
        t->value[v] = t->value[to];
        return true;
    }
    if (t->value[v].kind != OBJECT || t->value[v].count == MEMBERS) return false;
    for (unsigned i = done; i < p->steps; i++)
        if (!p->step[i].key) return false;
    for (unsigned i = p->steps; i-- > done + 1;) {
        uint16_t around = new_value(t, OBJECT);
        t->value[around].count = 1;
        t->value[around].key[0] = p->step[i].key;
        t->value[around].child[0] = to;
        to = around;
    }
    value *o = &t->value[v];
    o->key[o->count] = p->step[done].key;
    o->child[o->count++] = to;
    return true;
}

/* Of equal keys all are followed; an element of a list goes once. */
static bool remove_below(tree *t, uint16_t v, const path *p, unsigned done, unsigned entered)
{
    if (done >= TM_COUNT(p->step)) return false;
    char key = p->step[done].key;
    bool there = false, last = done + 1 == p->steps;
    while (t->value[v].kind == HOLDER && entered < 3) v = t->value[v].child[0], entered++;
    value *o = &t->value[v];
    for (int i = o->count; i-- > 0;) {
        bool same = key ? o->kind == OBJECT && o->key[i] == key
                        : i == child_of(t, v, 0, p->step[done].index);
        if (same && !last) there |= remove_below(t, o->child[i], p, done + 1, entered);
        if (!same || !last) continue;
        o->count--;
        for (int k = i; k < o->count; k++) o->key[k] = o->key[k + 1], o->child[k] = o->child[k + 1];
        there = true;
        if (!key) break;
    }
    return there;
}

static bool remove_tree(tree *t, const path *p)
{
    return remove_below(t, t->top, p, 0, 0);
}

typedef struct run {
    tree tree;
    tm_arena mem;
    tm_batch b;
    tm_buf raw, out, model;
    path path;
    char story[2000];
} run;

static void tell(run *t, const char *what, const char *with)
{
    size_t n = strlen(t->story);
    snprintf(t->story + n, sizeof t->story - n, "%s %s %s; ", what, t->path.text, with);
}

static void expect_equal(run *t)
{
    tm_err err;
    tm_buf_clear(&t->out);
    tm_buf_clear(&t->model);
    assert_int_equal(tm_record_write(&t->b, 0, &t->out, &err), TM_OK);
    print(&t->tree, t->tree.top, &t->model);
    if (!tm_str_eq(tm_buf_view(&t->out), tm_buf_view(&t->model)))
        fail_msg("%s\nread    %.*s\nwritten %.*s\nmodel   %.*s", t->story,
                 TM_FMT(tm_buf_view(&t->raw)), TM_FMT(tm_buf_view(&t->out)),
                 TM_FMT(tm_buf_view(&t->model)));
}

static tm_fieldpath *compiled(run *t)
{
    tm_fieldpath *p;
    tm_err err;
    assert_int_equal(tm_fieldpath_compile(&t->mem, tm_str_of(t->path.text), &p, &err), TM_OK);
    return p;
}

static void step_set(run *t)
{
    tm_buf json = {0};
    tm_err err;
    tm_field_change done;
    uint16_t to = random_value(&t->tree, 1);
    print(&t->tree, to, &json);
    tm_buf_char(&json, '\0');
    tell(t, "set", json.p);
    tm_str raw = {json.p, json.n - 1};
    assert_int_equal(tm_field_set(&t->b, 0, compiled(t), raw, 1, &done, &err), TM_OK);
    if (set_tree(&t->tree, &t->path, to) == done.blocked)
        fail_msg("%s blocked %d", t->story, done.blocked);
    tm_buf_release(&json);
}

static void step_remove(run *t)
{
    tm_err err;
    tm_field_change done;
    tell(t, "remove", "");
    assert_int_equal(tm_field_remove(&t->b, 0, compiled(t), 1, &done, &err), TM_OK);
    if (remove_tree(&t->tree, &t->path) != done.there)
        fail_msg("%s was there %d", t->story, done.there);
}

static void step_get(run *t)
{
    tm_field field;
    unsigned done;
    tell(t, "get", "");
    assert_true(tm_field_get(&t->b, 0, compiled(t), &field));
    uint16_t v = follow(&t->tree, &t->path, t->path.steps, &done);
    if ((field.present == TM_ABSENT) != (done < t->path.steps)) fail_msg("%s presence", t->story);
    if (field.present == TM_ABSENT) return;
    tm_buf_clear(&t->model);
    print(&t->tree, v, &t->model);
    if (!tm_str_eq(field.raw, tm_buf_view(&t->model)))
        fail_msg("%s gives %.*s, model %.*s", t->story, TM_FMT(field.raw),
                 TM_FMT(tm_buf_view(&t->model)));
}

/* Edits the part that is the record's text, if it is still there. */
static void step_edit(run *t)
{
    tm_err err;
    tm_str now;
    if (t->b.part[0].flags & TM_PART_GONE) return;
    int i = child_of(&t->tree, t->tree.top, 't', 0);
    value *text = &t->tree.value[t->tree.value[t->tree.top].child[i]];
    if (text->kind != TEXT) return;
    assert_true(tm_part_text(&t->b, 0, &now));
    assert_true(now.n == strlen(text->text) && !memcmp(now.p, text->text, now.n));
    tm_splice s = {below((uint32_t)now.n + 1), 0, TM_STR("Q\"")};
    s.cut = below((uint32_t)now.n - s.at + 1);
    if (now.n > 16) s = (tm_splice){0, (uint32_t)now.n, {0}};
    assert_int_equal(tm_part_edit(&t->b, 0, &s, 1, 1, 0, &err), TM_OK);
    assert_true(tm_part_text(&t->b, 0, &now));
    memcpy(text->text, now.p, now.n);
    text->text[now.n] = '\0';
    tell(t, "(edit)", text->text);
}

static void make_record(run *t)
{
    tm_err err;
    tm_layout_set set = {.layout = {tm_layout_named(TM_STR("text"))}, .count = 1};
    tm_read_rules rules = {.layouts = &set};
    tm_rid rid = {0};
    t->tree.used = 0;
    t->tree.top = new_value(&t->tree, OBJECT);
    t->story[0] = '\0';
    for (uint8_t i = 0; i < 6; i++) {
        uint16_t child = random_value(&t->tree, 1);
        value *top = &t->tree.value[t->tree.top];
        top->key[i] = i == 2 ? 't' : i == 5 ? 'n' : (char)('a' + below(4));
        if (i == 2) t->tree.value[child] = (value){.kind = TEXT, .text = "xyz\n"};
        top->child[i] = child;
        top->count++;
    }
    tm_buf_clear(&t->raw);
    print(&t->tree, t->tree.top, &t->raw);
    tm_arena_reset(&t->mem);
    assert_int_equal(tm_batch_reset(&t->b, 1, NULL, 0, &err), TM_OK);
    assert_int_equal(
        tm_batch_add(&t->b, &rules, rid, 0, tm_buf_view(&t->raw), false, 0, NULL, &err), TM_OK);
    assert_int_equal(t->b.fate[0], TM_LIVE);
}

static void one_record(run *t)
{
    uint32_t steps = 1 + below(7);
    make_record(t);
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t what = below(8);
        random_path(&t->path);
        if (what == 0)
            step_edit(t);
        else if (what < 5)
            step_set(t);
        /* The text goes only as a whole, so that the record keeps its style: two members. */
        else if (t->path.step[0].key != 't')
            step_remove(t);
        expect_equal(t);
        random_path(&t->path);
        step_get(t);
    }
}

static void fields_do_what_they_would_do_to_a_tree(void **state)
{
    uint32_t count = rounds_from(20240608, 20000);
    run *t = calloc(1, sizeof *t);
    (void)state;
    assert_non_null(t);
    tm_batch_init(&t->b, &t->mem);
    for (uint32_t i = 0; i < count; i++) {
        begin_round(i);
        one_record(t);
    }
    tm_batch_release(&t->b);
    tm_arena_release(&t->mem);
    tm_buf_release(&t->raw);
    tm_buf_release(&t->out);
    tm_buf_release(&t->model);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_do_what_they_would_do_to_a_tree),
    };
    return cmocka_run_group_tests_name("fields against a tree", tests, NULL, NULL);
}
