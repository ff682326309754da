/* length: how long a record is, in characters, words and turns, in all and per role.
 *
 * Characters are code points, words are runs of what is not white space (text/words.h). Chars and
 * words count every text once. All others count content alone: reasoning, the arguments of calls
 * and what tools answered have signals of their own, so that a long trace does not make an answer
 * look long. Of alternatives (chosen, rejected) all are counted; the prompt that both repeat is
 * counted once. */
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
    REASONING_CHARS,
    CALL_CHARS,
    RESPONSE_CHARS,
    RESPONSE_WORDS,
    SIGNALS
};

/* The signal that a part's characters belong to, or SIGNALS. */
static unsigned signal_of(const tm_part *part)
{
    static const uint8_t OF_ROLE[] = {
        [TM_SYSTEM] = SYSTEM_CHARS, [TM_USER] = USER_CHARS,  [TM_ASSISTANT] = ASSISTANT_CHARS,
        [TM_TOOL] = TOOL_CHARS,     [TM_DOCUMENT] = SIGNALS, [TM_ROLE_OTHER] = SIGNALS};
    switch ((tm_part_kind)part->kind) {
    case TM_REASONING: return REASONING_CHARS;
    case TM_CALL: return CALL_CHARS;
    case TM_CONTENT:
    case TM_RESULT: break;
    }
    return OF_ROLE[part->role];
}

static tm_status add_part(const tm_step_view *step, tm_batch *b, uint32_t p, tm_err *err)
{
    const tm_part *part = &b->part[p];
    tm_str text;
    if (part->flags & (TM_PART_NOT_TEXT | TM_PART_COPY | TM_PART_GONE)) return TM_OK;
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", part->raw_bytes);
    tm_column *c = &b->column[step->column];
    uint32_t r = part->record;
    tm_text_size size = tm_text_sizes(text);
    double chars = (double)size.chars, words = (double)size.words;
    c[CHARS].number[r] += chars;
    c[WORDS].number[r] += words;
    if (part->flags & TM_PART_RESPONSE && part->kind == TM_CONTENT) {
        c[RESPONSE_CHARS].number[r] += chars;
        c[RESPONSE_WORDS].number[r] += words;
    }
    unsigned own = signal_of(part);
    if (own != SIGNALS) c[own].number[r] += chars;
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
               .help = "code points in all texts, reasoning, calls and results too",
               .count = true},
    [WORDS] = {.name = "words",
               .unit = "words",
               .help = "runs of non-space in all texts, likewise",
               .count = true},
    [TURNS] = {.name = "turns",
               .unit = "messages",
               .help = "messages, all answers together",
               .count = true},
    [SYSTEM_CHARS] = {.name = "system",
                      .unit = "characters",
                      .help = "in the content of system messages",
                      .count = true},
    [USER_CHARS] = {.name = "user",
                    .unit = "characters",
                    .help = "in the content of user messages",
                    .count = true},
    [ASSISTANT_CHARS] = {.name = "assistant",
                         .unit = "characters",
                         .help = "in the content of assistant messages: no reasoning, no calls",
                         .count = true},
    [TOOL_CHARS] = {.name = "tool",
                    .unit = "characters",
                    .help = "in what tools answered",
                    .count = true},
    [REASONING_CHARS] = {.name = "reasoning",
                         .unit = "characters",
                         .help = "in reasoning",
                         .count = true},
    [CALL_CHARS] = {.name = "call",
                    .unit = "characters",
                    .help = "in the arguments of tool calls",
                    .count = true},
    [RESPONSE_CHARS] = {.name = "response",
                        .unit = "characters",
                        .help =
                            "in the answers that are trained, their content alone: no reasoning, "
                            "no calls, no results",
                        .count = true},
    [RESPONSE_WORDS] = {.name = "response_words",
                        .unit = "words",
                        .help = "in the same",
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
        "rest. The selector response, and so words(response), takes in all that stands behind the "
        "last question, reasoning, calls and results too; length.response is the answers alone. "
        "Tokens depend on a model's tokenizer and are measured by a step of their own.",
    .rev = 2,
    .shape = TM_MEASURE,
    .params = PARAMS,
    .signals = WRITES,
    .examples = EXAMPLES,
    .each = each,
};
