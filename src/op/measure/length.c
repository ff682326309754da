/* length: how long a record is, in characters, words and turns, in all and per role.
 *
 * Characters are code points, words are runs of what is not white space (text/words.h). Only
 * content is counted: reasoning, tool calls and tool results have signals of their own, so that a
 * long trace does not make an answer look long. Of alternatives (chosen, rejected) all are
 * counted. */
#include "op/op.h"

#include "text/words.h"

enum {
    CHARS,
    WORDS,
    TURNS,
    SYSTEM_CHARS,
    USER_CHARS,
    ASSISTANT_CHARS,
    TOOL_CHARS,
    RESPONSE_CHARS,
    RESPONSE_WORDS,
    SIGNALS
};

static tm_status add_part(const tm_step_view *step, tm_batch *b, uint32_t p, tm_err *err)
{
    const tm_part *part = &b->part[p];
    tm_str text;
    if (part->flags & TM_PART_NOT_TEXT) return TM_OK;
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", part->raw_bytes);
    tm_column *c = &b->column[step->column];
    uint32_t r = part->record;
    double chars = (double)tm_text_chars(text), words = (double)tm_text_words(text);
    c[CHARS].number[r] += chars;
    c[WORDS].number[r] += words;
    if (part->flags & TM_PART_RESPONSE) {
        c[RESPONSE_CHARS].number[r] += chars;
        c[RESPONSE_WORDS].number[r] += words;
    }
    switch ((tm_role)part->role) {
    case TM_SYSTEM: c[SYSTEM_CHARS].number[r] += chars; break;
    case TM_USER: c[USER_CHARS].number[r] += chars; break;
    case TM_ASSISTANT: c[ASSISTANT_CHARS].number[r] += chars; break;
    case TM_TOOL: c[TOOL_CHARS].number[r] += chars; break;
    case TM_DOCUMENT:
    case TM_ROLE_OTHER: break;
    }
    return TM_OK;
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    tm_column *c = &b->column[step->column];
    TM_UNUSED(out);
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        for (uint32_t s = 0; s < SIGNALS; s++) c[s].number[r] = 0;
        c[TURNS].number[r] = (double)(b->first_turn[r + 1] - b->first_turn[r]);
        for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++)
            TM_TRY(add_part(step, b, p, err));
    }
    return TM_OK;
}

static const tm_signal WRITES[] = {
    [CHARS] = {.name = "chars",
               .unit = "characters",
               .help = "code points in all texts",
               .count = true},
    [WORDS] = {.name = "words",
               .unit = "words",
               .help = "runs of non-space in all texts",
               .count = true},
    [TURNS] = {.name = "turns",
               .unit = "messages",
               .help = "messages, all answers together",
               .count = true},
    [SYSTEM_CHARS] = {.name = "system",
                      .unit = "characters",
                      .help = "in system messages",
                      .count = true},
    [USER_CHARS] = {.name = "user",
                    .unit = "characters",
                    .help = "in user messages",
                    .count = true},
    [ASSISTANT_CHARS] = {.name = "assistant",
                         .unit = "characters",
                         .help = "in assistant messages",
                         .count = true},
    [TOOL_CHARS] = {.name = "tool",
                    .unit = "characters",
                    .help = "in tool messages",
                    .count = true},
    [RESPONSE_CHARS] = {.name = "response",
                        .unit = "characters",
                        .help = "in what is trained",
                        .count = true},
    [RESPONSE_WORDS] = {.name = "response_words",
                        .unit = "words",
                        .help = "in what is trained",
                        .count = true},
    [SIGNALS] = {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Measuring changes nothing",
        .recipe = "{}",
        .in = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},"
              "{\"role\":\"assistant\",\"content\":\"Hello there\"}]}\n",
        .out = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},"
               "{\"role\":\"assistant\",\"content\":\"Hello there\"}]}\n",
        .fates = "kept",
    },
    {0},
};

static const tm_param PARAMS[] = {{0}};

const tm_op tm_op_length = {
    .name = "length",
    .group = "measure",
    .summary = "measure characters, words and turns, in all and per role",
    .why =
        "Lengths are the first thing to look at and the commonest condition of a filter. length "
        "only measures: combine it with filter, which sees length.words, length.response and the "
        "rest. Tokens depend on a model's tokenizer and are measured by a step of their own.",
    .rev = 1,
    .shape = TM_MEASURE,
    .params = PARAMS,
    .signals = WRITES,
    .examples = EXAMPLES,
    .each = each,
};
