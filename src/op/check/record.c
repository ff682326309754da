/* check.record: is this record what its layout promises, and can a trainer use it?
 *
 * Every rule is a named, countable finding with its place. What no trainer can use is parked for
 * repair, what a person should look at is flagged; nothing is dropped, and short answers are
 * fine. */
#include "op/check/check.h"
#include "op/check/sentences.h"

typedef struct args {
    uint8_t profile;
} args;

tm_status tm_check_find(const tm_checking *c, tm_check code, uint32_t at)
{
    return tm_find(c->b, c->r, TM_NONE, at, 0, c->step->step, (uint16_t)code, TM_NO_VALUE, c->err);
}

bool tm_check_text_is(const tm_checking *c, uint32_t value, tm_str text)
{
    const tm_json_node *node = tm_check_nodes(c);
    return value != TM_NONE && node[value].kind == TM_JSON_STRING &&
           tm_json_text_is(node, tm_check_raw(c), value, text);
}

uint32_t tm_check_place(const tm_checking *c, const tm_turn *turn)
{
    return turn->node != TM_NONE ? tm_check_nodes(c)[turn->node].at
           : turn->parts         ? c->b->part[turn->first_part].raw_at
                                 : 0;
}

static bool has_answers(const tm_batch *b, uint32_t r)
{
    bool answers = false;
    for (uint32_t t = b->first_turn[r]; t < b->first_turn[r + 1] && !answers; t++)
        answers = b->turn[t].answer > 0;
    return answers;
}

static tm_status check_one(const tm_checking *c)
{
    TM_TRY(tm_check_texts(c));
    TM_TRY(tm_check_conversation(c));
    TM_TRY(tm_check_calls(c));
    TM_TRY(tm_check_tools(c));
    return tm_check_answers(c);
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const args *a = step->shared;
    TM_UNUSED(out);
    for (uint32_t r = 0; r < b->records; r++) {
        if (!tm_live(b, r)) continue;
        tm_checking c = {.step = step,
                         .b = b,
                         .r = r,
                         .profile = (tm_check_profile)a->profile,
                         .kind = (tm_example_kind)b->kind[r],
                         .answers = has_answers(b, r),
                         .err = err};
        TM_TRY(check_one(&c));
    }
    return TM_OK;
}

static const char *const PROFILES[] = {"strict", "tools", "free", NULL};

static const tm_param PARAMS[] = {
    {
        .name = "profile",
        .type = TM_P_CHOICE,
        .at = offsetof(args, profile),
        .fallback = "tools",
        .choices = PROFILES,
        .help = "the order of roles asked for: strict (user, assistant, in turn), tools (calls and "
                "results too), free (any order of known roles)",
    },
    {0},
};

/* What is only flagged has no cure here; the help of its code says what to do. */
#define CURE(check, fixed)                                         \
    ((check) == CHECK_NUL ? "clean.text INPUT --fix control"       \
     : (fixed) || (check) == CHECK_LABEL || (check) == CHECK_SCORE \
         ? NULL                                                    \
         : "check.record INPUT --then park")

static const tm_code CODES[] = {
#define X(name_, code_, verdict_, fixed_, rule_) \
    [name_] = {.code = code_,                    \
               .name = rule_,                    \
               .sentence = name_##_SENTENCE,     \
               .help = name_##_HELP,             \
               .cure = CURE(name_, fixed_),      \
               .verdict = verdict_,              \
               .fixed_verdict = fixed_},
    TM_CHECKS(X)
#undef X
        [CHECKS] = {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "A good record, an empty answer, two users in a row",
        .recipe = "{}",
        .in =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"Yes?\"},"
            "{\"role\":\"assistant\",\"content\":\"No.\"}]}\n"
            "{\"messages\":[{\"role\":\"user\",\"content\":\"Yes?\"},"
            "{\"role\":\"assistant\",\"content\":\" \"}]}\n"
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
            "{\"role\":\"user\",\"content\":\"b\"},{\"role\":\"assistant\",\"content\":\"c\"}]}\n",
        .out = "{\"messages\":[{\"role\":\"user\",\"content\":\"Yes?\"},"
               "{\"role\":\"assistant\",\"content\":\"No.\"}]}\n",
        .fates = "kept parked parked",
    },
    {
        .title = "A call whose arguments are not a JSON object",
        .recipe = "{then: drop}",
        .in = "{\"messages\":[{\"role\":\"user\",\"content\":\"Weather?\"},{\"role\":\"assistant\","
              "\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":"
              "{\"name\":\"weather\",\"arguments\":\"Paris\"}}]}]}\n",
        .out = "",
        .fates = "dropped",
    },
    {0},
};

const tm_op tm_op_check_record = {
    .name = "check.record",
    .group = "check",
    .summary = "find records that no trainer can use: roles, empty answers, calls, pairs, labels",
    .why =
        "Trainers meet a bad record by crashing at night, or worse, by dropping it with a warning "
        "in a log. This step says which records, which rule and which place, and sets them aside "
        "for repair. It looks at structure only; what a text says is for other steps. It looks at "
        "one record at a time: that an answer stands there twice, with both labels, or that all "
        "labels are the same, check.labels finds.",
    .rev = 9,
    .shape = TM_MEASURE,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .each = each,
};
