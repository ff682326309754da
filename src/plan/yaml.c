/* YAML to a tree of nodes with places, through libyaml's events.
 *
 * Only the part of YAML that a recipe needs is let in: maps, lists and scalars of one document.
 * Anchors, aliases and tags are refused (a recipe says what it means where it says it; aliases are
 * also how small files become huge ones), duplicate keys are refused (YAML forbids them, libyaml
 * lets them pass), and so are depth above 64, more than 4 MiB and more than 262,144 nodes. Scalars
 * stay text: "no" is a boolean only where a parameter is one, so Norway keeps its code.
 *
 * A text that is JSON is read by yaml_json.c instead, with the same limits.
 *
 * Events and not libyaml's documents, because a document loses the order of reading and resolves
 * aliases first. Everything is copied into the arena; libyaml's own memory is freed before return.
 * Columns count characters, as libyaml's marks do. */
#include <math.h>
#include <yaml.h>

#include "base/hash.h"
#include "base/vec.h"
#include "plan/yaml_tree.h"

typedef struct reading {
    tm_arena *mem;
    tm_str name, bytes;
    yaml_parser_t parser;
    uint32_t nodes;
    tm_err *err;
} reading;

static tm_status at(reading *r, yaml_mark_t mark, tm_status status)
{
    if (r->err)
        tm_err_at(r->err, r->name, (uint64_t)mark.line + 1, (uint64_t)mark.column + 1, UINT64_MAX);
    return status;
}

static tm_status no_memory(reading *r)
{
    return tm_fail_memory(r->err, "the recipe", r->bytes.n);
}

/* Line and column of a byte that libyaml could not even read as a character. */
static yaml_mark_t mark_of_byte(tm_str s, size_t byte)
{
    yaml_mark_t mark = {byte, 0, 0};
    for (size_t i = 0; i < byte && i < s.n; i++) {
        if (s.p[i] == '\n')
            mark.line++, mark.column = 0;
        else if (((unsigned char)s.p[i] & 0xC0) != 0x80)
            mark.column++;
    }
    return mark;
}

/* The byte at a mark, or 0 behind the end: marks count characters, so it is looked for. */
static char byte_at(tm_str s, yaml_mark_t mark)
{
    size_t line = 0, i = 0;
    for (; i < s.n && line < mark.line; i++) line += s.p[i] == '\n';
    for (size_t column = 0; i < s.n && s.p[i] != '\n'; i++) {
        if (((unsigned char)s.p[i] & 0xC0) == 0x80) continue;
        if (column++ == mark.column) return s.p[i];
    }
    return 0;
}

/* What to do about what libyaml does not like, where it can be guessed. */
static const char *advice(const reading *r)
{
    const char *problem = r->parser.problem;
    if (strstr(problem, "mapping values are not allowed"))
        return "; put the value in quotes if it holds a colon";
    if (!strstr(problem, "cannot start any token")) return "";
    if (byte_at(r->bytes, r->parser.problem_mark) == '\t')
        return "; a tab cannot indent YAML, use spaces";
    return "; put the value in quotes";
}

static tm_status refused(reading *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR || !p->problem) return no_memory(r);
    if (p->error == YAML_READER_ERROR) {
        yaml_mark_t mark = mark_of_byte(r->bytes, p->problem_offset);
        bool control = strstr(p->problem, "control character") != NULL;
        return at(r, mark,
                  tm_fail(r->err, TM_ERECIPE,
                          control ? "a control character stands here; YAML does not allow it"
                                  : "this is not UTF-8; save the file as UTF-8"));
    }
    if (p->context && p->context_mark.line != p->problem_mark.line)
        return at(r, p->problem_mark,
                  tm_fail(r->err, TM_ERECIPE, "%s %s that begins on line %zu%s", p->problem,
                          p->context, p->context_mark.line + 1, advice(r)));
    return at(r, p->problem_mark,
              tm_fail(r->err, TM_ERECIPE, "%s%s%s%s", p->problem, p->context ? " " : "",
                      p->context ? p->context : "", advice(r)));
}

static tm_status next_event(reading *r, yaml_event_t *event)
{
    return yaml_parser_parse(&r->parser, event) ? TM_OK : refused(r);
}

/* Refuses what a recipe may not use; the event still belongs to the caller. */
static tm_status allowed(reading *r, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT)
        anchor = event->data.scalar.anchor, tag = event->data.scalar.tag;
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        anchor = event->data.sequence_start.anchor, tag = event->data.sequence_start.tag;
    else if (event->type == YAML_MAPPING_START_EVENT)
        anchor = event->data.mapping_start.anchor, tag = event->data.mapping_start.tag;
    if (event->type == YAML_ALIAS_EVENT)
        return at(
            r, event->start_mark,
            tm_fail(r->err, TM_ERECIPE,
                    "an alias (*%.40s) is not allowed here; write the value out, or put it in "
                    "quotes if the star is meant",
                    (const char *)event->data.alias.anchor));
    if (anchor)
        return at(r, event->start_mark,
                  tm_fail(r->err, TM_ERECIPE,
                          "an anchor (&%.40s) is not allowed here; write the value where it is "
                          "used, or put it in quotes if the sign is meant",
                          (const char *)anchor));
    if (tag)
        return at(r, event->start_mark,
                  tm_fail(r->err, TM_ERECIPE,
                          "a tag (%.40s) is not allowed here; put the value in quotes if the "
                          "exclamation mark is meant",
                          (const char *)tag));
    return TM_OK;
}

static tm_status copy_text(reading *r, const yaml_event_t *event, tm_str *out)
{
    tm_str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    *out = tm_arena_str(r->mem, text);
    return out->p ? TM_OK : no_memory(r);
}

static tm_status refuse_duplicates(reading *r, const tm_yaml *map)
{
    uint32_t second, first = 0;
    TM_TRY(tm_yaml_second(r->mem, map, &second, r->err));
    if (second == TM_NONE) return TM_OK;
    while (!tm_str_eq(map->key[first], map->key[second])) first++;
    tm_fail(r->err, TM_ERECIPE, "\"%.*s\" stands here a second time; the first is on line %u",
            TM_FMT(tm_str_slice(map->key[second], 0, 60)), map->key_line[first]);
    if (r->err)
        tm_err_at(r->err, r->name, map->key_line[second], map->key_column[second], UINT64_MAX);
    return TM_ERECIPE;
}

typedef struct growing { /* a list or map while it is being read */
    tm_yaml *child;
    tm_str *key;
    uint32_t *key_line, *key_column;
    uint32_t count, child_room, key_room, line_room, column_room;
} growing;

static bool make_room(reading *r, growing *g, bool is_map)
{
    if (!TM_ROOM(r->mem, g->child, g->count, g->child_room, 1)) return false;
    if (!is_map) return true;
    return TM_ROOM(r->mem, g->key, g->count, g->key_room, 1) &&
           TM_ROOM(r->mem, g->key_line, g->count, g->line_room, 1) &&
           TM_ROOM(r->mem, g->key_column, g->count, g->column_room, 1);
}

/* A map's key: a scalar. `event` is eaten. */
static tm_status read_key(reading *r, yaml_event_t *event, growing *g)
{
    tm_status status = allowed(r, event);
    if (status == TM_OK && event->type != YAML_SCALAR_EVENT)
        status = at(r, event->start_mark,
                    tm_fail(r->err, TM_ERECIPE, "a key must be a word, not a list or a map"));
    else if (status == TM_OK && event->data.scalar.length > TM_YAML_KEY_MAX)
        status = at(r, event->start_mark,
                    tm_fail(r->err, TM_ERECIPE, "a key of %zu bytes is longer than the %d allowed",
                            event->data.scalar.length, TM_YAML_KEY_MAX));
    if (status == TM_OK) status = copy_text(r, event, &g->key[g->count]);
    g->key_line[g->count] = (uint32_t)event->start_mark.line + 1;
    g->key_column[g->count] = (uint32_t)event->start_mark.column + 1;
    yaml_event_delete(event);
    return status;
}

static tm_status read_node(reading *r, yaml_event_t *event, unsigned depth, tm_yaml *out);

static tm_status read_children(reading *r, bool is_map, unsigned depth, tm_yaml *out)
{
    growing g = {0};
    yaml_event_t event;
    for (;; g.count++) {
        TM_TRY(next_event(r, &event));
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) break;
        if (!make_room(r, &g, is_map)) {
            yaml_event_delete(&event);
            return no_memory(r);
        }
        if (is_map) {
            TM_TRY(read_key(r, &event, &g));
            TM_TRY(next_event(r, &event));
        }
        TM_TRY(read_node(r, &event, depth + 1, &g.child[g.count]));
    }
    yaml_event_delete(&event);
    out->child = g.child, out->count = g.count;
    out->key = g.key, out->key_line = g.key_line, out->key_column = g.key_column;
    return is_map ? refuse_duplicates(r, out) : TM_OK;
}

/* The node that `event` begins; the event is eaten. */
static tm_status read_node(reading *r, yaml_event_t *event, unsigned depth, tm_yaml *out)
{
    yaml_mark_t mark = event->start_mark;
    yaml_event_type_t type = event->type;
    *out = (tm_yaml){.line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1};
    tm_status status = allowed(r, event);
    if (status == TM_OK && type == YAML_SCALAR_EVENT) {
        out->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        status = copy_text(r, event, &out->text);
    }
    yaml_event_delete(event);
    TM_TRY(status);
    if (++r->nodes > TM_YAML_NODES_MAX)
        return at(r, mark,
                  tm_fail(r->err, TM_ERECIPE, "there are more than %d values", TM_YAML_NODES_MAX));
    if (type == YAML_SCALAR_EVENT) return TM_OK;
    if (depth >= TM_YAML_DEPTH_MAX)
        return at(
            r, mark,
            tm_fail(r->err, TM_ERECIPE, "this is nested deeper than %d levels", TM_YAML_DEPTH_MAX));
    out->kind = type == YAML_MAPPING_START_EVENT ? TM_YAML_MAP : TM_YAML_LIST;
    return read_children(r, out->kind == TM_YAML_MAP, depth, out);
}

/* Reads on to the first node of the first document; TM_OK with an eaten event of that node's
 * type. */
static tm_status read_head(reading *r, yaml_event_t *event)
{
    TM_TRY(next_event(r, event)); /* stream start */
    yaml_event_delete(event);
    TM_TRY(next_event(r, event));
    if (event->type == YAML_STREAM_END_EVENT) {
        yaml_event_delete(event);
        return at(r, (yaml_mark_t){0},
                  tm_fail(r->err, TM_ERECIPE, "there is nothing in this file but comments"));
    }
    bool tags = event->data.document_start.tag_directives.start !=
                event->data.document_start.tag_directives.end;
    yaml_mark_t mark = event->start_mark;
    yaml_event_delete(event);
    if (tags) return at(r, mark, tm_fail(r->err, TM_ERECIPE, "tag directives are not allowed"));
    return next_event(r, event);
}

static tm_status read_tail(reading *r)
{
    yaml_event_t event;
    TM_TRY(next_event(r, &event)); /* document end */
    yaml_event_delete(&event);
    TM_TRY(next_event(r, &event));
    bool more = event.type != YAML_STREAM_END_EVENT;
    yaml_mark_t mark = event.start_mark;
    yaml_event_delete(&event);
    if (!more) return TM_OK;
    return at(r, mark,
              tm_fail(r->err, TM_ERECIPE,
                      "a second document begins here; put each recipe in a file of its own"));
}

static tm_status read_all(reading *r, tm_yaml *out)
{
    yaml_event_t event;
    TM_TRY(read_head(r, &event));
    TM_TRY(read_node(r, &event, 0, out));
    return read_tail(r);
}

/* A table of indices and not pairs of loops: a map may have very many keys. */
tm_status tm_yaml_second(tm_arena *mem, const tm_yaml *map, uint32_t *second, tm_err *err)
{
    uint32_t room = 16;
    *second = TM_NONE;
    while (room < map->count * 2) room *= 2;
    uint32_t *slot = TM_NEW(mem, uint32_t, room);
    if (!slot) return tm_fail_memory(err, "the recipe", room * sizeof *slot);
    for (uint32_t i = 0; i < map->count; i++) {
        uint32_t s = (uint32_t)tm_hash64(map->key[i].p, map->key[i].n, 0) & (room - 1);
        for (; slot[s]; s = (s + 1) & (room - 1)) {
            if (!tm_str_eq(map->key[slot[s] - 1], map->key[i])) continue;
            *second = i;
            return TM_OK;
        }
        slot[s] = i + 1;
    }
    return TM_OK;
}

tm_status tm_yaml_parse(tm_arena *mem, tm_str name, tm_str bytes, tm_yaml **out, tm_err *err)
{
    reading r = {.mem = mem, .name = name, .bytes = bytes, .err = err};
    TM_TRY(tm_yaml_from_json(mem, bytes, out, err));
    if (*out) return TM_OK;
    if (bytes.n > TM_YAML_BYTES_MAX)
        return at(&r, (yaml_mark_t){0},
                  tm_fail(err, TM_ERECIPE,
                          "a file of %zu bytes is more than the 4 MiB a recipe may "
                          "have",
                          bytes.n));
    if (tm_str_starts(r.bytes, TM_STR("\xEF\xBB\xBF"))) r.bytes = tm_str_slice(bytes, 3, bytes.n);
    *out = TM_NEW(mem, tm_yaml, 1);
    if (!*out || !yaml_parser_initialize(&r.parser)) return no_memory(&r);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(r.bytes.p ? r.bytes.p : ""),
                                 r.bytes.n);
    tm_status status = read_all(&r, *out);
    yaml_parser_delete(&r.parser);
    return status;
}

const tm_yaml *tm_yaml_get(const tm_yaml *map, const char *key)
{
    if (!map || map->kind != TM_YAML_MAP) return NULL;
    for (uint32_t i = 0; i < map->count; i++)
        if (tm_str_is(map->key[i], key)) return &map->child[i];
    return NULL;
}

tm_str tm_yaml_text(const tm_yaml *map, const char *key)
{
    const tm_yaml *value = tm_yaml_get(map, key);
    return value ? value->text : (tm_str){0};
}

uint64_t tm_yaml_number(const tm_yaml *map, const char *key)
{
    uint64_t n = 0;
    return tm_str_to_u64(tm_yaml_text(map, key), &n) ? n : 0;
}

double tm_yaml_double(const tm_yaml *map, const char *key)
{
    double value;
    return tm_str_to_f64(tm_yaml_text(map, key), &value) ? value : (double)NAN;
}

tm_status tm_yaml_value(tm_arena *mem, const tm_yaml *node, tm_pvalue *out, tm_err *err)
{
    *out = (tm_pvalue){.line = node->line, .column = node->column};
    if (node->kind == TM_YAML_SCALAR) {
        out->form = TM_PV_SCALAR, out->scalar = node->text, out->quoted = node->quoted;
        return TM_OK;
    }
    bool map = node->kind == TM_YAML_MAP;
    tm_pair *item = TM_NEW(mem, tm_pair, node->count + 1);
    if (!item) return tm_fail_memory(err, "the recipe", node->count * sizeof *item);
    for (uint32_t i = 0; i < node->count; i++) {
        const tm_yaml *child = &node->child[i];
        if (child->kind != TM_YAML_SCALAR) {
            tm_fail(err, TM_ERECIPE, "a %s inside a %s is not a value that a parameter takes",
                    child->kind == TM_YAML_MAP ? "map" : "list", map ? "map" : "list");
            if (err) tm_err_at(err, (tm_str){0}, child->line, child->column, UINT64_MAX);
            return TM_ERECIPE;
        }
        item[i] = (tm_pair){.value = child->text, .quoted = child->quoted};
        if (map) item[i].name = node->key[i];
    }
    out->form = map ? TM_PV_MAP : TM_PV_LIST;
    out->item = item, out->count = node->count;
    return TM_OK;
}
