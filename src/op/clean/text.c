/* clean.text: repairs characters and white space, never words.
 *
 * Each fix is a switch and a finding of its own. Every repair is a splice, so what is not repaired
 * keeps its bytes (repair.c). Fenced code is left alone (text/fence.h): there white space and odd
 * characters are data. Most texts are ASCII in which no fix would find anything; a kernel tells. */
#include "op/clean/repair.h"

#include "text/kernel.h"

static const char *const FIX_NAMES[] = {"unicode",        "control",    "zero_width", "line_ends",
                                        "trailing_space", "blank_runs", NULL};

typedef struct args {
    uint32_t on;
    uint64_t fix;
    bool looks; /* prepare's: `then:` is another thing than to repair */
} args;

static tm_status apply(const tm_step_view *step, tm_batch *b, uint32_t p, const tm_repair *r,
                       tm_err *err)
{
    if (!r->splices) return TM_OK;
    for (uint16_t f = 0; f < (uint16_t)TM_COUNT(r->count); f++) {
        if (!r->count[f]) continue;
        uint32_t at = b->part[p].version ? 0 : r->first[f];
        TM_TRY(tm_find(b, b->part[p].record, p, at, 0, step->step, f, r->count[f], err));
    }
    const args *a = step->shared;
    return a->looks ? TM_OK : tm_part_edit(b, p, r->splice, r->splices, step->step, 0, err);
}

/* A prompt that is a text and no message: its answer, a text as well, goes on where it ends. */
static bool runs_on(const tm_batch *b, uint32_t p)
{
    uint32_t r = b->part[p].record, begin = b->first_turn[r], end = b->first_turn[r + 1], t = end;
    if (b->part[p].role != TM_USER || b->part[p].answer) return false;
    for (; t > begin && b->turn[t - 1].answer; t--)
        if (b->turn[t - 1].node != TM_NONE) return false;
    if (t == begin || (t == end && b->kind[r] != TM_PROMPT)) return false;
    const tm_turn *last = &b->turn[t - 1];
    return last->node == TM_NONE && p + 1 == last->first_part + last->parts;
}

static tm_status repair_part(const tm_step_view *step, tm_batch *b, uint32_t p, tm_str text,
                             tm_err *err)
{
    const args *a = step->shared;
    tm_repair r = {.mem = b->mem, .fix = a->fix, .text = text, .runs_on = runs_on(b, p)};
    tm_status status = tm_repair_text(&r, err);
    if (status == TM_OK) status = apply(step, b, p, &r, err);
    tm_repair_release(&r);
    return status;
}

static tm_status clean_part(const tm_step_view *step, tm_batch *b, uint32_t p, tm_err *err)
{
    tm_str text;
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
    bool tidy = tm_kernel_now()->is_tidy(text.p, text.n); /* as most texts are */
    return tidy ? TM_OK : repair_part(step, b, p, text, err);
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const args *a = step->shared;
    TM_UNUSED(out);
    for (uint32_t p = 0; p < b->parts; p++) {
        const tm_part *part = &b->part[p];
        bool text = part->present == TM_IS_TEXT && !(part->flags & TM_PART_NOT_TEXT);
        if (!text || part->kind == TM_CALL || !tm_live(b, part->record)) continue;
        if (tm_part_in(part, a->on)) TM_TRY(clean_part(step, b, p, err));
    }
    return TM_OK;
}

static tm_status prepare(tm_prep *prep, const void *arguments, const void **shared, tm_err *err)
{
    args *a = TM_NEW(prep->mem, args, 1);
    if (!a) return tm_fail_memory(err, "clean.text", sizeof *a);
    *a = *(const args *)arguments;
    a->looks = prep->then != TM_V_NONE && prep->then != TM_V_FIX;
    *shared = a;
    return TM_OK;
}

static const tm_param PARAMS[] = {
    {
        .name = "on",
        .type = TM_P_SELECTOR,
        .choices = tm_text_selectors,
        .at = offsetof(args, on),
        .fallback = "all",
        .help = "which texts to clean",
    },
    {
        .name = "fix",
        .type = TM_P_CHOICES,
        .at = offsetof(args, fix),
        .fallback = "control, zero_width, line_ends, trailing_space",
        .choices = FIX_NAMES,
        .help = "what to repair: unicode (NFC), control, zero_width, line_ends, trailing_space, "
                "blank_runs",
    },
    {0},
};

static const tm_code CODES[] = {
    [TM_FIX_UNICODE] =
        {.code = "T1301",
         .name = "unicode-form",
         .verdict = TM_V_FIX,
         .sentence = "characters were not in Unicode NFC",
         .help = "The same letter can be one character or two; models and duplicate checks "
                 "see a difference. The text was composed.",
         .cure = "clean.text INPUT --fix unicode"},
    [TM_FIX_CONTROL] =
        {.code = "T1302",
         .name = "control-character",
         .verdict = TM_V_FIX,
         .sentence = "control characters stood in the text",
         .help = "Left-overs of terminals, editors or broken decoding. Where one parts "
                 "words it leaves what it means: form feed, vertical tab and NEL a line "
                 "end, the separators U+001C to U+001F a space, unless a line or a space "
                 "ends there already. Tab and line ends are not among them. A terminal's control "
                 "sequence (ESC [ 3 1 m) goes as a whole.",
         .cure = "clean.text INPUT --fix control"},
    [TM_FIX_ZERO_WIDTH] =
        {.code = "T1303",
         .name = "zero-width",
         .verdict = TM_V_FIX,
         .sentence = "zero-width characters stood in the text",
         .help = "Zero-width space, word joiner, byte order mark and soft hyphen: they "
                 "show nothing but become tokens. Joiners of scripts and emoji stay.",
         .cure = "clean.text INPUT --fix zero_width"},
    [TM_FIX_LINE_ENDS] = {.code = "T1304",
                          .name = "line-ends",
                          .verdict = TM_V_FIX,
                          .sentence = "lines ended in CR LF or CR",
                          .help = "They end in LF now.",
                          .cure = "clean.text INPUT --fix line_ends"},
    [TM_FIX_TRAILING_SPACE] =
        {.code = "T1305",
         .name = "trailing-space",
         .verdict = TM_V_FIX,
         .sentence = "lines ended in spaces or tabs",
         .help = "Invisible, and learned. Inside code fences they stay, and at the end "
                 "of a prompt that is a text and no message: its answer goes on "
                 "there.",
         .cure = "clean.text INPUT --fix trailing_space"},
    [TM_FIX_BLANK_RUNS] = {.code = "T1306",
                           .name = "blank-run",
                           .verdict = TM_V_FIX,
                           .sentence = "more than one blank line in a row",
                           .help = "One is left.",
                           .cure = "clean.text INPUT --fix blank_runs"},
    [TM_FIXES] = {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Trailing space, zero-width space and CR LF",
        .recipe = "{}",
        .in = "{\"text\":\"one \\u200btwo  \\r\\nthree\"}\n",
        .out = "{\"text\":\"one two\\nthree\"}\n",
        .fates = "kept",
    },
    {
        .title = "Code fences stay as they are",
        .recipe = "{}",
        .in = "{\"text\":\"a  \\n```\\nx = 1  \\n```\\n\"}\n",
        .out = "{\"text\":\"a\\n```\\nx = 1  \\n```\\n\"}\n",
        .fates = "kept",
    },
    {
        .title = "A fence shows another one",
        .recipe = "{}",
        .in = "{\"text\":\"````md\\n```py\\nx = 1  \\n```\\ny  \\n````\\nz  \"}\n",
        .out = "{\"text\":\"````md\\n```py\\nx = 1  \\n```\\ny  \\n````\\nz\"}\n",
        .fates = "kept",
    },
    {
        .title = "A page ends, and a mark hides a blank at the end of a line",
        .recipe = "{}",
        .in = "{\"text\":\"page one\\u000cpage two \\u200b\\nend\"}\n",
        .out = "{\"text\":\"page one\\npage two\\nend\"}\n",
        .fates = "kept",
    },
    {
        .title = "A prompt and its completion are one running text",
        .recipe = "{}",
        .in = "{\"prompt\":\"It is  \\nSay: \",\"completion\":\"blue. \"}\n",
        .out = "{\"prompt\":\"It is\\nSay: \",\"completion\":\"blue.\"}\n",
        .fates = "kept",
    },
    {
        .title = "Only look: what would be repaired is a finding, and the text stays",
        .recipe = "{then: flag}",
        .in = "{\"text\":\"one \\u200btwo  \"}\n",
        .out = "{\"text\":\"one \\u200btwo  \"}\n",
        .fates = "kept",
    },
    {
        .title = "Only what is asked for",
        .recipe = "{fix: [unicode, blank_runs]}",
        .in = "{\"text\":\"cafe\\u0301 \\n\\n\\n\\nbar\"}\n",
        .out = "{\"text\":\"café \\n\\nbar\"}\n",
        .fates = "kept",
    },
    {0},
};

const tm_op tm_op_clean_text = {
    .name = "clean.text",
    .group = "clean",
    .summary = "repair control and zero-width characters, line ends, trailing space, Unicode form",
    .why =
        "Invisible characters become tokens, split words and hide duplicates. This step removes "
        "them and tells where; it changes no word, no case and no punctuation, and a second pass "
        "finds nothing more. Tool calls are left alone, and so is fenced code: a fence closes with "
        "as many of its own marks (in a list item too, whatever ends that before), and one that "
        "never closes runs to the end of the text. Fences in quotes (\">\") are not known.",
    .source =
        "Unicode Standard Annexes 15 (normalisation forms) and 14 (line breaking); CommonMark "
        "0.31, section 4.5 (fenced code)",
    .rev = 4,
    .shape = TM_EDIT,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .prepare = prepare,
    .each = each,
};
