/* map: any JSON bound by paths the user names, also through strings that hold JSON.
 *
 *   map: {messages: request.messages, answer: "response.choices[0].message"}
 *
 * Each path is one slot: system, messages, prompt (or instruction), input, response (or answer,
 * completion, output), chosen, rejected, text, and label or score. All paths are followed first
 * (entering strings moves the index of nodes), then the slots are bound in that order. What a path
 * leads to may be a text, a message object or a list of messages. What messages: leads to may also
 * be a string that holds a list of messages as JSON: it is entered as strings on the way are. The
 * other slots' strings are not, for a text of theirs may be JSON and be meant as that (an answer in
 * JSON). A path that leads nowhere gives
 * an absent part, so that checks see it; a record where every path leads nowhere is not readable
 * so. */
#include "record/layout_bind.h"

typedef enum slot {
    S_SYSTEM,
    S_MESSAGES,
    S_PROMPT,
    S_INPUT,
    S_RESPONSE,
    S_CHOSEN,
    S_REJECTED,
    S_TEXT,
    S_LABEL,
    S_SCORE,
    S_COUNT
} slot;

struct tm_mapping {
    const tm_fieldpath *path[S_COUNT];
};

static const struct {
    const char *name;
    slot slot;
} names[] = {{"system", S_SYSTEM},       {"messages", S_MESSAGES},  {"conversations", S_MESSAGES},
             {"prompt", S_PROMPT},       {"instruction", S_PROMPT}, {"question", S_PROMPT},
             {"input", S_INPUT},         {"response", S_RESPONSE},  {"answer", S_RESPONSE},
             {"completion", S_RESPONSE}, {"output", S_RESPONSE},    {"chosen", S_CHOSEN},
             {"rejected", S_REJECTED},   {"text", S_TEXT},          {"label", S_LABEL},
             {"score", S_SCORE}};

static tm_status unknown_slot(tm_str name, tm_err *err)
{
    const char *all[TM_COUNT(names)];
    for (size_t i = 0; i < TM_COUNT(names); i++) all[i] = names[i].name;
    const char *near = tm_str_suggest(name, all, TM_COUNT(all));
    if (near)
        return tm_fail(err, TM_ERECIPE, "map: has no slot \"%.*s\"; did you mean \"%s\"?",
                       TM_FMT(name), near);
    return tm_fail(err, TM_ERECIPE,
                   "map: has no slot \"%.*s\"; it takes system, messages, prompt, input, response, "
                   "chosen, rejected, text, label and score",
                   TM_FMT(name));
}

static tm_status compile_pair(tm_arena *mem, tm_mapping *m, const tm_pair *pair, tm_err *err)
{
    for (size_t i = 0; i < TM_COUNT(names); i++) {
        if (!tm_str_is(pair->name, names[i].name)) continue;
        if (m->path[names[i].slot])
            return tm_fail(err, TM_ERECIPE, "map: names the slot of \"%.*s\" twice; keep one",
                           TM_FMT(pair->name));
        tm_fieldpath *path;
        TM_TRY(tm_fieldpath_compile(mem, pair->value, &path, err));
        m->path[names[i].slot] = path;
        return TM_OK;
    }
    return unknown_slot(pair->name, err);
}

tm_status tm_mapping_compile(tm_arena *mem, const tm_pairs *pairs, tm_mapping **out, tm_err *err)
{
    tm_mapping *m = TM_NEW(mem, tm_mapping, 1);
    if (!m) return tm_fail_memory(err, "a mapping", sizeof *m);
    for (uint32_t i = 0; i < pairs->count; i++) TM_TRY(compile_pair(mem, m, &pairs->item[i], err));
    const tm_fieldpath *const *p = m->path;
    if (!p[S_MESSAGES] && !p[S_PROMPT] && !p[S_RESPONSE] && !p[S_CHOSEN] && !p[S_TEXT])
        return tm_fail(err, TM_ERECIPE,
                       "map: says where no text is; name messages, prompt, response, chosen or "
                       "text");
    if (!p[S_CHOSEN] != !p[S_REJECTED])
        return tm_fail(err, TM_ERECIPE, "map: needs both chosen and rejected, or neither");
    *out = m;
    return TM_OK;
}

tm_example_kind tm_mapping_kind(const tm_mapping *m)
{
    const tm_fieldpath *const *p = m->path;
    if (p[S_CHOSEN]) return TM_PREFERENCE;
    if (p[S_TEXT]) return TM_CORPUS;
    if (p[S_PROMPT] && !p[S_RESPONSE] && !p[S_MESSAGES]) return TM_PROMPT;
    if (p[S_LABEL]) return TM_UNPAIRED;
    return p[S_SCORE] ? TM_SCORED : TM_SFT;
}

uint32_t tm_mapping_reach(const tm_mapping *m, tm_json *json, tm_str raw)
{
    tm_arena mem = {0};
    tm_batch b = {.mem = &mem, .json = *json};
    uint32_t reached = 0, nodes = json->nodes;
    for (unsigned s = 0; s < S_COUNT; s++) {
        tm_where where = {0};
        const tm_step *step;
        if (!m->path[s] || !tm_path_walk(&b, raw, 0, m->path[s], &where)) continue;
        if (where.steps == tm_fieldpath_steps(m->path[s], &step)) reached |= 1u << s;
    }
    *json = b.json;
    json->nodes = nodes;
    tm_arena_release(&mem);
    return reached;
}

void tm_mapping_unreached(const tm_mapping *m, uint32_t reached, tm_buf *out)
{
    for (size_t i = 0; i < TM_COUNT(names); i++) {
        slot s = names[i].slot;
        if (!m->path[s] || reached & 1u << s) continue;
        reached |= 1u << s; /* slots with several names come once */
        tm_buf_print(out, "%s%s: %.*s", out->n ? ", " : "", names[i].name,
                     TM_FMT(tm_fieldpath_text(m->path[s])));
    }
}

static tm_status bind_slot(tm_binder *to, const tm_doc *doc, const tm_where *at, bool found,
                           tm_role role, uint16_t answer, tm_err *err)
{
    if (found) return tm_bind_any(to, doc, at->key, at->node, role, answer, err);
    TM_TRY(tm_bind_turn(to, doc, role, answer, TM_NONE, err));
    return tm_bind_absent(to, doc, doc->top, TM_CONTENT, err);
}

/* The input slot belongs to the prompt's turn when that is a text. */
static tm_status bind_input(tm_binder *to, const tm_doc *doc, const tm_where *at, tm_err *err)
{
    const tm_batch *b = to->b;
    bool open = b->turns > b->first_turn[to->record] && b->turn[b->turns - 1].role == TM_USER &&
                b->turn[b->turns - 1].node == TM_NONE;
    if (!open) TM_TRY(tm_bind_turn(to, doc, TM_USER, 0, TM_NONE, err));
    return tm_bind_value(to, doc, at->key, at->node, TM_CONTENT, 0, err);
}

static tm_status bind_label(tm_binder *to, const tm_where *at)
{
    to->b->label[to->record] = tm_json_raw(to->b->json.node, at->text.p, at->node);
    return TM_OK;
}

static tm_status bind_all(tm_binder *to, const tm_where *where, const bool *found, tm_err *err)
{
    static const uint8_t role[S_COUNT] = {
        [S_SYSTEM] = TM_SYSTEM,      [S_MESSAGES] = TM_USER,    [S_PROMPT] = TM_USER,
        [S_RESPONSE] = TM_ASSISTANT, [S_CHOSEN] = TM_ASSISTANT, [S_REJECTED] = TM_ASSISTANT,
        [S_TEXT] = TM_DOCUMENT};
    static const uint8_t answer[S_COUNT] = {[S_RESPONSE] = 1, [S_CHOSEN] = 1, [S_REJECTED] = 2};
    const tm_fieldpath *const *path = to->mapping->path;
    for (unsigned s = 0; s < S_COUNT; s++) {
        const tm_where *w = &where[s];
        if (!path[s]) continue;
        if (!found[s] && (s == S_SYSTEM || s == S_INPUT || s >= S_LABEL)) continue;
        tm_doc doc = {.raw = w->text, .node = to->b->json.node, .top = w->top, .frame = w->frame};
        if (s >= S_LABEL)
            TM_TRY(bind_label(to, w));
        else if (s == S_INPUT)
            TM_TRY(bind_input(to, &doc, w, err));
        else
            TM_TRY(bind_slot(to, &doc, w, found[s], role[s], answer[s], err));
    }
    return TM_OK;
}

/* Goes into a string that holds a list of messages. Anything else that it holds is its text. */
static tm_status enter_messages(tm_batch *b, tm_where *at, tm_err *err)
{
    tm_where inside = *at;
    if (!tm_path_enter(b, &inside)) return tm_fail_memory(err, "a record", at->text.n);
    tm_doc doc = {.raw = inside.text, .node = b->json.node, .top = inside.top};
    if (inside.frame != at->frame && tm_node_is_chat(&doc, inside.node)) *at = inside;
    return TM_OK;
}

tm_status tm_map_bind(tm_binder *to, tm_str raw, uint32_t top, bool *fits, tm_err *err)
{
    const tm_fieldpath *const *path = to->mapping->path;
    tm_batch *b = to->b;
    tm_where where[S_COUNT] = {0};
    bool found[S_COUNT] = {0};
    uint32_t nodes = b->json.nodes;
    *fits = false;
    for (unsigned s = 0; s < S_COUNT; s++) {
        const tm_step *step;
        if (!path[s]) continue;
        if (!tm_path_walk(b, raw, top, path[s], &where[s]))
            return tm_fail_memory(err, "a record", raw.n);
        found[s] = where[s].steps == tm_fieldpath_steps(path[s], &step);
        if (found[s] && s < S_LABEL) *fits = true;
    }
    tm_status status = TM_OK;
    if (found[S_MESSAGES]) status = enter_messages(b, &where[S_MESSAGES], err);
    if (status == TM_OK && *fits) status = bind_all(to, where, found, err);
    b->json.nodes = nodes;
    TM_TRY(status);
    if (path[S_TEXT])
        for (uint32_t i = b->first_part[to->record]; i < b->parts; i++)
            if (b->part[i].role == TM_DOCUMENT) b->part[i].flags |= TM_PART_RESPONSE;
    if (path[S_MESSAGES] && !path[S_RESPONSE] && !path[S_CHOSEN]) tm_bind_trained(to);
    return TM_OK;
}

tm_status tm_map_label(tm_batch *b, uint32_t record, const tm_mapping *m, tm_str raw, uint32_t top,
                       tm_err *err)
{
    for (unsigned s = S_LABEL; s < S_COUNT; s++) {
        const tm_step *step;
        tm_where at;
        if (!m->path[s]) continue;
        if (!tm_path_walk(b, raw, top, m->path[s], &at))
            return tm_fail_memory(err, "a record", raw.n);
        if (at.steps == tm_fieldpath_steps(m->path[s], &step))
            b->label[record] = tm_json_raw(b->json.node, at.text.p, at.node);
    }
    return TM_OK;
}

bool tm_map_reads(const tm_mapping *m, tm_str key)
{
    for (unsigned s = 0; s < S_COUNT; s++) {
        const tm_step *step;
        bool any = m->path[s] && tm_fieldpath_steps(m->path[s], &step);
        if (any && (!step[0].key.p || tm_str_eq(step[0].key, key))) return true;
    }
    return false;
}

static bool fits_nothing(const tm_doc *doc)
{
    TM_UNUSED(doc);
    return false;
}

const tm_layout tm_layout_map = {.name = "map",
                                 .summary = "Any JSON, bound by the paths of map:",
                                 .keys = "the fields that map: names",
                                 .example =
                                     "{\"q\": {\"body\": \"Is glass a liquid?\"}, \"a\": \"No.\"}",
                                 .kind = TM_SFT,
                                 .fits = fits_nothing,
                                 .bind = NULL};
