/* clean.text: repairs characters and white space, never words.
 *
 * Each fix is a switch and a finding of its own. A part is scanned once; every repair is a splice,
 * so what is not repaired keeps its bytes. Lines inside code fences (``` or ~~~) are left alone:
 * there white space and odd characters are data. Unicode form goes first, in a pass of its own,
 * because it changes the characters that the others look at. */
#include "op/op.h"

#include "base/vec.h"
#include "text/kernel.h"
#include "text/utf8.h"
#include "text/words.h"

enum { UNICODE, CONTROL, ZERO_WIDTH, LINE_ENDS, TRAILING_SPACE, BLANK_RUNS, FIXES };

static const char *const FIX_NAMES[] = {"unicode",        "control",    "zero_width", "line_ends",
                                        "trailing_space", "blank_runs", NULL};

typedef struct args {
    uint32_t on;
    uint64_t fix;
} args;

typedef struct scan { /* one part's text, on its way */
    tm_batch *b;
    uint64_t fix;
    tm_str text;
    tm_splice *splice;
    uint32_t splices, room;
    uint32_t count[FIXES], first[FIXES];
    bool fenced; /* inside a code fence */
    uint32_t blank_lines;
} scan;

static tm_status add(scan *s, unsigned fix, size_t at, size_t cut, tm_str put, tm_err *err)
{
    if (!TM_ROOM(s->b->mem, s->splice, s->splices, s->room, 1))
        return tm_fail_memory(err, "clean.text", sizeof *s->splice);
    s->splice[s->splices++] = (tm_splice){(uint32_t)at, (uint32_t)cut, put};
    if (!s->count[fix]++) s->first[fix] = (uint32_t)at;
    return TM_OK;
}

static bool on(const scan *s, unsigned fix)
{
    return s->fix >> fix & 1;
}

/* Marks that show nothing and join nothing. Joiners (U+200C, U+200D) and direction marks carry
 * meaning in Persian, Indic scripts, emoji and mixed-direction text: they stay. */
static bool is_stray_mark(uint32_t c)
{
    return c == 0x200B || c == 0x2060 || c == 0xFEFF || c == 0x00AD || c == 0x180E;
}

static bool is_plain(char c)
{
    return (uint8_t)c >= 0x20 && (uint8_t)c < 0x7F;
}

/* Inside a line: controls and stray marks. [at, end) has no line end. */
static tm_status fix_line(scan *s, size_t at, size_t end, tm_err *err)
{
    while (at < end) {
        if (is_plain(s->text.p[at])) {
            at++;
            continue;
        }
        size_t from = at;
        uint32_t c = tm_utf8_next(s->text, &at);
        if (on(s, CONTROL) && c != TM_UTF8_BAD && tm_is_control(c))
            TM_TRY(add(s, CONTROL, from, at - from, (tm_str){0}, err));
        else if (on(s, ZERO_WIDTH) && is_stray_mark(c))
            TM_TRY(add(s, ZERO_WIDTH, from, at - from, (tm_str){0}, err));
    }
    return TM_OK;
}

static bool is_fence(tm_str line)
{
    line = tm_str_trim(line);
    return tm_str_starts(line, TM_STR("```")) || tm_str_starts(line, TM_STR("~~~"));
}

/* One line: [at, end) without its line end, which is [end, next). */
static tm_status fix_one(scan *s, size_t at, size_t end, size_t next, tm_err *err)
{
    tm_str line = tm_str_slice(s->text, at, end);
    bool fence = is_fence(line), blank = !tm_str_trim(line).n;
    if (fence) s->fenced = !s->fenced;
    if (s->fenced || fence) {
        s->blank_lines = 0;
        return TM_OK;
    }
    s->blank_lines = blank ? s->blank_lines + 1 : 0;
    if (on(s, BLANK_RUNS) && s->blank_lines > 1 && next > end)
        return add(s, BLANK_RUNS, at, next - at, (tm_str){0}, err);
    size_t stop = end;
    if (on(s, TRAILING_SPACE))
        while (stop > at && (s->text.p[stop - 1] == ' ' || s->text.p[stop - 1] == '\t')) stop--;
    TM_TRY(fix_line(s, at, stop, err));
    if (stop < end) TM_TRY(add(s, TRAILING_SPACE, stop, end - stop, (tm_str){0}, err));
    bool odd = next > end && s->text.p[end] == '\r';
    if (odd && on(s, LINE_ENDS)) TM_TRY(add(s, LINE_ENDS, end, next - end, TM_STR("\n"), err));
    return TM_OK;
}

static tm_status fix_lines(scan *s, tm_err *err)
{
    tm_str t = s->text;
    for (size_t at = 0, next; at < t.n; at = next) {
        size_t end = at;
        while (end < t.n && t.p[end] != '\n' && t.p[end] != '\r') end++;
        next = end;
        if (next < t.n)
            next += t.p[next] == '\r' && next + 1 < t.n && t.p[next + 1] == '\n' ? 2 : 1;
        TM_TRY(fix_one(s, at, end, next, err));
    }
    return TM_OK;
}

/* Runs of non-ASCII with the ASCII character before them: the smallest pieces that compose
 * alone. */
static tm_status fix_form(scan *s, tm_err *err)
{
    tm_buf form = {0};
    tm_status status = TM_OK;
    for (size_t at = 0; status == TM_OK && at < s->text.n;) {
        if ((uint8_t)s->text.p[at] < 0x80) {
            at++;
            continue;
        }
        size_t from = at ? at - 1 : 0;
        while (at < s->text.n && (uint8_t)s->text.p[at] >= 0x80) at++;
        tm_str run = tm_str_slice(s->text, from, at);
        if (tm_text_is_form(run, TM_FORM_NFC)) continue;
        tm_buf_clear(&form);
        tm_text_to_form(run, TM_FORM_NFC, &form);
        status = tm_buf_ok(&form, err);
        tm_str put = status == TM_OK ? tm_arena_str(s->b->mem, tm_buf_view(&form)) : (tm_str){0};
        if (status == TM_OK && !put.p) status = tm_fail_memory(err, "clean.text", form.n);
        if (status == TM_OK) status = add(s, UNICODE, from, at - from, put, err);
    }
    tm_buf_release(&form);
    return status;
}

static tm_status apply(const tm_step_view *step, tm_batch *b, uint32_t p, scan *s, tm_err *err)
{
    if (!s->splices) return TM_OK;
    for (uint16_t f = 0; f < (uint16_t)TM_COUNT(s->count); f++) {
        if (!s->count[f]) continue;
        uint32_t at = b->part[p].version ? 0 : s->first[f];
        TM_TRY(tm_find(b, b->part[p].record, p, at, 0, step->step, f, s->count[f], err));
    }
    TM_TRY(tm_part_edit(b, p, s->splice, s->splices, step->step, 0, err));
    s->splices = 0;
    memset(s->count, 0, sizeof s->count);
    return TM_OK;
}

static tm_status clean_part(const tm_step_view *step, tm_batch *b, uint32_t p, tm_err *err)
{
    const args *a = step->shared;
    scan s = {.b = b, .fix = a->fix};
    if (!tm_part_text(b, p, &s.text)) return tm_fail_memory(err, "a part's text", 0);
    if (tm_kernel_now()->is_tidy(s.text.p, s.text.n)) return TM_OK; /* as most texts are */
    if (on(&s, UNICODE)) {
        TM_TRY(fix_form(&s, err));
        TM_TRY(apply(step, b, p, &s, err));
        if (!tm_part_text(b, p, &s.text)) return tm_fail_memory(err, "a part's text", 0);
    }
    TM_TRY(fix_lines(&s, err));
    return apply(step, b, p, &s, err);
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

static const tm_param PARAMS[] = {
    {
        .name = "on",
        .type = TM_P_SELECTOR,
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
    [UNICODE] = {.code = "T1301",
                 .name = "unicode-form",
                 .verdict = TM_V_FIX,
                 .sentence = "characters were not in Unicode NFC",
                 .help = "The same letter can be one character or two; models and duplicate checks "
                         "see a difference. The text was composed.",
                 .fixed_verdict = true},
    [CONTROL] = {.code = "T1302",
                 .name = "control-character",
                 .verdict = TM_V_FIX,
                 .sentence = "control characters stood in the text",
                 .help =
                     "Left-overs of terminals, editors or broken decoding. Tab and line ends are "
                     "not among them.",
                 .fixed_verdict = true},
    [ZERO_WIDTH] = {.code = "T1303",
                    .name = "zero-width",
                    .verdict = TM_V_FIX,
                    .sentence = "zero-width characters stood in the text",
                    .help = "Zero-width space, word joiner, byte order mark and soft hyphen: they "
                            "show nothing but become tokens. Joiners of scripts and emoji stay.",
                    .fixed_verdict = true},
    [LINE_ENDS] = {.code = "T1304",
                   .name = "line-ends",
                   .verdict = TM_V_FIX,
                   .sentence = "lines ended in CR LF or CR",
                   .help = "They end in LF now.",
                   .fixed_verdict = true},
    [TRAILING_SPACE] = {.code = "T1305",
                        .name = "trailing-space",
                        .verdict = TM_V_FIX,
                        .sentence = "lines ended in spaces or tabs",
                        .help = "Invisible, and learned. Inside code fences they stay.",
                        .fixed_verdict = true},
    [BLANK_RUNS] = {.code = "T1306",
                    .name = "blank-run",
                    .verdict = TM_V_FIX,
                    .sentence = "more than one blank line in a row",
                    .help = "One is left.",
                    .fixed_verdict = true},
    [FIXES] = {0},
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
    .why = "Invisible characters become tokens, split words and hide duplicates. This step removes "
           "them and tells where; it changes no word, no case and no punctuation. Tool calls and "
           "fenced code are left alone.",
    .source = "Unicode Standard Annex 15 (normalisation forms)",
    .rev = 1,
    .shape = TM_EDIT,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .each = each,
};
