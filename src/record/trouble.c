/* Why a record cannot be read, in a sentence with the next thing to do.
 *
 * The scanner says what is wrong and where. Here the few mistakes that make most broken files are
 * recognised by what stands at that place: another program's words for null and infinity, single
 * quotes, lines that end in CR alone, an array or pretty-printed JSON read line by line. Keys are
 * named only when they are plain words: a sentence goes to terminals and logs. */
#include "record/trouble.h"

#include <stdio.h>

#include "record/misfit.h"
#include "text/utf8.h"

#define KEYS_NAMED 8
#define KEY_LONGEST 40

static tm_status set(tm_batch *b, uint32_t record, const char *code, tm_str sentence, size_t advice,
                     uint32_t at, uint32_t bytes)
{
    b->trouble[record] = (tm_trouble){code, sentence, at, bytes, (uint32_t)advice, false};
    b->fate[record] = TM_UNREADABLE;
    return TM_OK;
}

static bool word_at(tm_str raw, size_t at, const char *word)
{
    return tm_str_starts(tm_str_slice(raw, at, raw.n), tm_str_of(word));
}

static const char *advice_word(tm_str raw, size_t at)
{
    static const char *const python[] = {"None", "True", "False"};
    static const char *const number[] = {"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"};
    for (size_t i = 0; i < TM_COUNT(python); i++)
        if (word_at(raw, at, python[i]))
            return "this is how Python prints a value, not JSON; write the file with json.dumps";
    size_t back = at && raw.p[at - 1] == '-' ? at - 1 : at;
    for (size_t i = 0; i < TM_COUNT(number); i++)
        if (word_at(raw, at, number[i]) || word_at(raw, back, number[i]))
            return "JSON has no NaN and no infinity; write null instead";
    if (at < raw.n && raw.p[at] == '\'')
        return "JSON quotes with \" and not with '; write the file with a JSON writer "
               "(json.dumps)";
    return NULL;
}

static const char *advice_line(tm_str raw, const tm_json *json)
{
    tm_str body = tm_str_trim(raw);
    size_t at = json->at;
    if (json->trouble == TM_JSON_TRAILING) {
        size_t from = at;
        while (from && (raw.p[from - 1] == ' ' || raw.p[from - 1] == '\r')) from--;
        if (from < at && memchr(raw.p + from, '\r', at - from))
            return "lines seem to end in CR alone; change them to LF (tr '\\r' '\\n')";
        if (raw.p[at] == '{' || raw.p[at] == '[')
            return "another value begins there; --container json reads values one after another";
        if (raw.p[at] == ',' && tm_str_ends(body, TM_STR(",")))
            return "a comma ends the line: if the lines are the elements of one JSON array, read "
                   "the file with --container json; if there is no [ before them, take the commas "
                   "away (sed 's/,$//' FILE)";
    }
    bool cut = json->trouble == TM_JSON_CUT;
    if (cut && body.n && body.p[0] == '[' && body.n < 64)
        return "this looks like the head of a JSON array; read the file with --container json";
    if (cut && body.n == 1 && body.p[0] == '{')
        return "this looks like JSON over several lines; read the file with --container json";
    if (json->trouble == TM_JSON_TOKEN && body.n <= 2 && body.n &&
        (body.p[0] == ']' || body.p[0] == '}'))
        return "this looks like the end of JSON over several lines; read the file with "
               "--container json";
    return NULL;
}

/* "these bytes are not UTF-8 (0xED 0xA0)" */
static const char *name_bytes(tm_batch *b, tm_str raw, const tm_json *json, const char *text)
{
    char named[64];
    size_t n = 0;
    named[0] = 0;
    for (uint32_t i = 0; i < json->length && json->at + i < raw.n && n + 8 < sizeof named; i++) {
        uint8_t byte = (uint8_t)raw.p[json->at + i];
        n += (size_t)snprintf(named + n, sizeof named - n, "%s0x%02X", i ? " " : "", byte);
    }
    return tm_arena_printf(b->mem, "%s (%s)", text, named);
}

/* "half a surrogate pair (0xD83D) stands alone" */
static tm_status trouble_wide(tm_batch *b, uint32_t record, const tm_wide_unit *unit, size_t bytes,
                              tm_err *err)
{
    static const char MORE[] = "mend the file where it was made, or read it as U+FFFD with --utf8 "
                               "replace";
    bool half = !unit->cut_bytes && unit->number < 0x10000;
    const char *head = unit->cut_bytes ? "the file ends inside a character"
                       : half          ? "half a surrogate pair"
                                       : "this is no character";
    int digits = unit->cut_bytes ? 2 * unit->cut_bytes : 4;
    const char *text = tm_arena_printf(b->mem, "%s (0x%0*X)%s: %s", head, digits,
                                       (unsigned)unit->number, half ? " stands alone" : "", MORE);
    if (!text) return tm_fail_memory(err, "a message", 0);
    return set(b, record, tm_json_trouble_code(TM_JSON_UTF8), tm_str_of(text), sizeof MORE - 1,
               b->json.at, (uint32_t)bytes);
}

static const char *advice(tm_str raw, const tm_json *json)
{
    switch (json->trouble) {
    case TM_JSON_UTF8:
        return "find the file's encoding, or read them as U+FFFD with --utf8 replace";
    case TM_JSON_DEPTH: return "raise the limit with --max-depth if they are meant";
    case TM_JSON_TOKEN:
    case TM_JSON_BAD_NUMBER:
    case TM_JSON_NO_KEY:
    case TM_JSON_NO_COMMA:
    case TM_JSON_NO_COLON: {
        const char *word = json->at < raw.n ? advice_word(raw, json->at) : NULL;
        return word ? word : advice_line(raw, json);
    }
    default: return advice_line(raw, json);
    }
}

tm_status tm_trouble_json(tm_batch *b, uint32_t record, bool wide, tm_err *err)
{
    const tm_json *json = &b->json;
    tm_wide_unit unit;
    tm_str rest = tm_str_slice(b->raw[record], json->at, b->raw[record].n);
    bool looks = wide && rest.n && json->trouble == TM_JSON_UTF8;
    size_t bytes = looks ? tm_wide_unit_at(rest.p, rest.n, &unit) : 0;
    if (bytes) return trouble_wide(b, record, &unit, bytes, err);
    const char *text = tm_json_trouble_text(json->trouble);
    const char *more = advice(b->raw[record], json);
    if (json->trouble == TM_JSON_UTF8) text = name_bytes(b, b->raw[record], json, text);
    if (!text) return tm_fail_memory(err, "a message", 0);
    tm_str sentence = tm_str_of(text);
    if (more) {
        const char *both = tm_arena_printf(b->mem, "%s: %s", text, more);
        if (!both) return tm_fail_memory(err, "a message", 0);
        sentence = tm_str_of(both);
    }
    return set(b, record, tm_json_trouble_code(json->trouble), sentence, more ? strlen(more) : 0,
               json->at, json->length);
}

tm_status tm_trouble_not_object(tm_batch *b, uint32_t record, const tm_doc *doc, tm_err *err)
{
    static const char *const kind[] = {"null",     "false",    "true",      "a number",
                                       "a string", "an array", "an object", "a key"};
    const tm_json_node *top = &doc->node[doc->top];
    const char *more = top->kind == TM_JSON_ARRAY
                           ? "; if the file is one JSON array, read it with --container json"
                           : "";
    const char *text = tm_arena_printf(b->mem, "a record must be a JSON object, and this is %s%s",
                                       kind[top->kind], more);
    if (!text) return tm_fail_memory(err, "a message", 0);
    return set(b, record, "T1021", tm_str_of(text), strlen(more), top->at, 1);
}

bool tm_key_is_word(tm_str key)
{
    if (key.n == 0 || key.n > KEY_LONGEST) return false;
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i], low = (char)(c | 0x20);
        bool sign = c == '_' || c == '-' || c == '.';
        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') && !sign) return false;
    }
    return true;
}

static void list_keys(const tm_doc *doc, tm_buf *out)
{
    const tm_json_node *node = doc->node;
    uint32_t named = 0, others = 0;
    for (uint32_t k = doc->top + 1; k < node[doc->top].next; k = node[k + 1].next) {
        tm_str key = tm_json_inside(node, doc->raw.p, k);
        if (named == KEYS_NAMED || !tm_key_is_word(key)) {
            others++;
            continue;
        }
        tm_buf_z(out, named++ ? ", " : "");
        tm_buf_str(out, key);
    }
    if (others) {
        tm_buf_z(out, named ? " and " : "");
        tm_buf_u64(out, others);
        tm_buf_z(out, others == 1 ? " other" : " others");
    }
    if (!named && !others) tm_buf_z(out, "none");
}

static void name_layouts(const tm_layout_set *set, tm_buf *out)
{
    for (uint32_t i = 0; set && i < set->count; i++) {
        tm_buf_z(out, i ? ", " : "");
        tm_buf_z(out, set->layout[i]->name);
    }
}

/* A list of messages that is text. */
static const char *list_as_text(const tm_doc *doc)
{
    static const struct {
        tm_key key;
        const char *name;
    } list[] = {{TM_K_MESSAGES, "messages"},
                {TM_K_CONVERSATIONS, "conversations"},
                {TM_K_CONVERSATION, "conversation"}};
    for (size_t k = 0; k < TM_COUNT(list); k++)
        if (tm_kind_of(doc, list[k].key) == TM_JSON_STRING) return list[k].name;
    return NULL;
}

static void say_both(const char *layout, const tm_layout_set *tried, tm_buf *out)
{
    tm_buf_print(out, "; it is %s: read both with --layout ", layout);
    for (uint32_t k = 0; tried && k < tried->count; k++)
        tm_buf_print(out, "%s,", tried->layout[k]->name);
    tm_buf_z(out, layout);
}

static const tm_layout *first_that_fits(const tm_doc *doc)
{
    size_t i = 0;
    while (tm_layouts[i] && !tm_layout_fits(tm_layouts[i], doc)) i++;
    return tm_layouts[i];
}

/* A value of the wrong type: of a layout that was tried, or where the record fits none, of any. */
static bool find_wrong(const tm_doc *doc, const tm_layout_set *tried, bool fits, bool plain,
                       tm_misfit *wrong)
{
    if (tried && tm_misfit_find(doc, tried->layout, tried->count, plain, wrong)) return true;
    return !fits && tm_misfit_find(doc, tm_layouts, tm_layout_count(), plain, wrong);
}

typedef struct reason {
    tm_buf *out;
    const tm_doc *doc;
    const tm_layout_set *tried; /* or NULL */
    uint32_t at;                /* the node to point at */
    size_t advice;              /* as in tm_trouble */
    bool settled;               /* likewise */
} reason;

static void say_keys(reason *to)
{
    tm_buf_z(to->out, "; its keys: ");
    list_keys(to->doc, to->out);
}

static void advise(reason *to, tm_str advice)
{
    tm_buf_str(to->out, advice);
    to->advice = advice.n;
}

static void say_wrong(reason *to, const tm_misfit *wrong, const tm_layout *fits)
{
    tm_buf_print(to->out, "it does not fit the layout %s: ", wrong->layout->name);
    tm_misfit_say(to->doc, wrong, to->out);
    to->at = to->doc->keys->value[wrong->key[0]];
    if (fits && !wrong->of_text) {
        say_both(fits->name, to->tried, to->out);
    } else if (tm_misfit_holds_more(to->doc, wrong)) {
        say_keys(to);
        advise(to, TM_STR("; try map: for what lies in it"));
    } else {
        to->settled = true;
    }
}

/* It fits no layout as it is: what would read it. */
static void say_next(reason *to, const tm_layout *fits)
{
    tm_misfit wrong;
    bool tried = to->tried && to->tried->count, mapped = tried && to->tried->mapping;
    const char *text = list_as_text(to->doc);
    tm_buf_z(to->out, tried ? "it does not fit the layout " : "it fits no layout");
    name_layouts(to->tried, to->out);
    if (!text && !fits && tm_inner_list(to->doc, to->out)) {
        to->settled = true;
        return;
    }
    say_keys(to);
    if (text) {
        tm_buf_print(to->out, "; %s is text: if it holds JSON, use map: {messages: %s}", text,
                     text);
    } else if (fits) {
        say_both(fits->name, to->tried, to->out);
    } else if (!mapped && find_wrong(to->doc, to->tried, false, false, &wrong)) {
        tm_buf_clear(to->out);
        say_wrong(to, &wrong, NULL);
    } else {
        advise(to, TM_STR("; try --layout NAME or map:"));
    }
}

static void say_why(reason *to)
{
    tm_misfit wrong;
    bool mapped = to->tried && to->tried->mapping;
    const tm_layout *fits = mapped ? NULL : first_that_fits(to->doc);
    bool look = !mapped && !list_as_text(to->doc);
    if (look && find_wrong(to->doc, to->tried, fits, true, &wrong))
        say_wrong(to, &wrong, fits);
    else
        say_next(to, fits);
}

tm_status tm_trouble_no_layout(tm_batch *b, uint32_t record, const tm_doc *doc,
                               const tm_layout_set *set_tried, tm_err *err)
{
    tm_keys keys;
    tm_doc indexed = *doc;
    tm_buf *out = &b->scratch;
    reason why = {.out = out, .doc = &indexed, .tried = set_tried, .at = doc->top};
    tm_buf_clear(out);
    tm_keys_collect(doc, &keys);
    indexed.keys = &keys;
    say_why(&why);
    TM_TRY(tm_buf_ok(out, err));
    tm_str sentence = tm_arena_str(b->mem, tm_buf_view(out));
    if (!sentence.p) return tm_fail_memory(err, "a message", out->n);
    TM_TRY(set(b, record, "T1020", sentence, why.advice, doc->node[why.at].at, 1));
    b->trouble[record].settled = why.settled;
    return TM_OK;
}

tm_status tm_trouble_parts(tm_batch *b, uint32_t record, uint32_t max_parts, tm_err *err)
{
    static const char ADVICE[] = "; raise --max-parts if they are meant";
    const char *text = tm_arena_printf(b->mem, "it has more than %u parts%s", max_parts, ADVICE);
    if (!text) return tm_fail_memory(err, "a message", 0);
    return set(b, record, "T1022", tm_str_of(text), sizeof ADVICE - 1, 0, 0);
}

tm_status tm_trouble_memory(tm_batch *b, uint32_t record, tm_str sentence, tm_err *err)
{
    tm_str kept = tm_arena_str(b->mem, sentence);
    if (!kept.p) return tm_fail_memory(err, "a message", sentence.n);
    return set(b, record, tm_json_trouble_code(TM_JSON_MEMORY), kept, kept.n, 0, 0);
}
