/* One walk over each line. What is cut and composed becomes splices at once; what depends on how
 * the line looks afterwards (blanks at its end, blank lines, fences) is decided at its end, and
 * takes splices back that lie in what is cut as a whole.
 *
 * Three kinds of controls: those that end a line in the Unicode line breaking algorithm (UAX 14:
 * form feed, vertical tab, NEL) become a line end, and the four information separators a space,
 * unless white space or a border is there already; the rest goes. So no two words are joined that
 * tm_text_words tells apart, whatever stood between them.
 *
 * What a terminal takes for one command (ECMA-48's control sequences: ESC [ parameters final, as in
 * colours) goes as a whole, for its rest is no text either.
 *
 * Where another text goes on behind this one, the same holds for its very end.
 *
 * Fences are looked for in the text as it will be (a mark that goes may hide one), but a line that
 * opens one as it stands is left alone like the code behind it. Composing goes by runs: characters
 * beyond ASCII with the ASCII character before them, the smallest pieces that compose alone. */
#include "op/clean/repair.h"

#include "base/vec.h"
#include "text/utf8.h"
#include "text/words.h"

typedef struct line {
    size_t begin;
    uint32_t splices; /* before this line */
    size_t ink;       /* behind its last character that stays and is no blank, or begin */
    size_t last;      /* behind its last character that stays, or begin */
    uint32_t waiting; /* the splice of a separator, 1-based, until what follows is known */
    size_t end, next; /* where it ends, and behind the line end */
    bool broken;      /* at `end` stands a control that becomes a line end */
} line;

typedef enum what { STAYS, MARK, CONTROL, SEPARATES, BREAKS } what;

static bool on(const tm_repair *r, unsigned fix)
{
    return r->fix >> fix & 1;
}

static void count(tm_repair *r, unsigned fix, size_t at)
{
    if (!r->count[fix]++) r->first[fix] = (uint32_t)at;
}

static tm_status add(tm_repair *r, unsigned fix, size_t at, size_t end, tm_str put, tm_err *err)
{
    if (!TM_ROOM(r->mem, r->splice, r->splices, r->room, 1))
        return tm_fail_memory(err, "clean.text", sizeof *r->splice);
    r->splice[r->splices++] = (tm_splice){(uint32_t)at, (uint32_t)(end - at), put};
    count(r, fix, at);
    return TM_OK;
}

/* Marks that show nothing and join nothing. Joiners (U+200C, U+200D) and direction marks carry
 * meaning in Persian, Indic scripts, emoji and mixed-direction text: they stay. */
static bool is_stray_mark(uint32_t c)
{
    return c == 0x200B || c == 0x2060 || c == 0xFEFF || c == 0x00AD || c == 0x180E;
}

static what what_of(const tm_repair *r, uint32_t c)
{
    if (c == TM_UTF8_BAD) return STAYS;
    if (on(r, TM_FIX_ZERO_WIDTH) && is_stray_mark(c)) return MARK;
    if (!on(r, TM_FIX_CONTROL) || !tm_is_control(c)) return STAYS;
    if (c == '\v' || c == '\f' || c == 0x85) return BREAKS;
    return tm_is_space(c) ? SEPARATES : CONTROL;
}

/* The character at *at, with a control sequence taken for its ESC where controls go. */
static uint32_t next_of(const tm_repair *r, size_t *at)
{
    uint32_t c = tm_utf8_next(r->text, at);
    const char *p = r->text.p;
    size_t n = *at, end = r->raw_end;
    if (c != 0x1B || !on(r, TM_FIX_CONTROL) || n >= end || p[n] != '[') return c;
    for (n++; n < end && p[n] >= '0' && p[n] <= '?';) n++;
    while (n < end && p[n] >= ' ' && p[n] <= '/') n++;
    if (n < end && p[n] >= '@' && p[n] <= '~') *at = n + 1;
    return c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space_at(tm_str s, size_t at)
{
    uint32_t c = tm_utf8_next(s, &at);
    return c != TM_UTF8_BAD && tm_is_space(c);
}

/* [from, to) stays. */
static void stay(tm_repair *r, line *l, size_t from, size_t to)
{
    if (l->waiting && !is_space_at(r->text, from)) r->splice[l->waiting - 1].put = TM_STR(" ");
    l->waiting = 0;
    l->last = to;
    while (to > from && is_blank(r->text.p[to - 1])) to--;
    if (to > from) l->ink = to;
}

static tm_status separator(tm_repair *r, line *l, size_t at, size_t next, tm_err *err)
{
    bool waits = l->last > l->begin && !is_space_at(r->text, tm_utf8_back(r->text, l->last));
    TM_TRY(add(r, TM_FIX_CONTROL, at, next, (tm_str){0}, err));
    if (waits && !l->waiting) l->waiting = r->splices;
    return TM_OK;
}

static bool is_plain(char c)
{
    return ((uint8_t)c >= 0x20 && (uint8_t)c < 0x7F) || c == '\t';
}

/* Can be the first byte of a control or of a stray mark. */
static bool may_be_odd(char c)
{
    uint8_t b = (uint8_t)c;
    return b == 0xC2 || b == 0xE1 || b == 0xE2 || b == 0xEF || (b < 0x80 && !is_plain(c));
}

/* Behind the characters from `at` on that stay, whatever the fixes, without a look at each. */
static size_t skip_plain(tm_str s, size_t at, size_t end, bool all)
{
    if (all)
        while (at < end && !may_be_odd(s.p[at])) at++;
    else
        while (at < end && is_plain(s.p[at])) at++;
    return at;
}

/* Nothing ends the line at `end`, and another text goes on there. */
static bool goes_on(const tm_repair *r, size_t end)
{
    return r->runs_on && end == r->text.n;
}

/* [at, end), from character to character, up to a control that ends the line. */
static tm_status cut(tm_repair *r, line *l, size_t *at, size_t end, tm_err *err)
{
    while (*at < end) {
        size_t from = *at, next = skip_plain(r->text, from, end, true);
        if (next > from) {
            stay(r, l, from, next);
            *at = next;
            continue;
        }
        what w = what_of(r, next_of(r, &next));
        bool needless = l->ink == l->begin || (next == r->raw_end && !goes_on(r, next));
        l->broken = w == BREAKS && !needless;
        if (l->broken) return TM_OK;
        *at = next;
        if (w == STAYS)
            stay(r, l, from, next);
        else if (w == SEPARATES)
            TM_TRY(separator(r, l, from, next, err));
        else
            TM_TRY(add(r, w == MARK ? TM_FIX_ZERO_WIDTH : TM_FIX_CONTROL, from, next, (tm_str){0},
                       err));
    }
    return TM_OK;
}

/* The end of the run that begins at `at`; what stays of it to r->kept, *last behind the last such
 * character. */
static size_t run_end(tm_repair *r, size_t at, size_t end, size_t *last)
{
    while (at < end) {
        size_t next = at;
        uint32_t c = next_of(r, &next);
        what w = what_of(r, c);
        if (w == SEPARATES || w == BREAKS || (w == STAYS && c < 0x80)) break;
        if (w == STAYS) {
            tm_buf_add(&r->kept, r->text.p + at, next - at);
            *last = next;
        }
        at = next;
    }
    return at;
}

/* What goes of [at, end), which one splice replaces. */
static void count_cuts(tm_repair *r, size_t at, size_t end)
{
    while (at < end) {
        size_t from = at;
        what w = what_of(r, next_of(r, &at));
        if (w == MARK) count(r, TM_FIX_ZERO_WIDTH, from);
        if (w == CONTROL) count(r, TM_FIX_CONTROL, from);
    }
}

/* Composes the run at *at to the form it has without what goes, if it is not in it. */
static tm_status compose(tm_repair *r, line *l, size_t *at, size_t end, tm_err *err)
{
    size_t from = *at, last = *at;
    tm_buf_clear(&r->kept);
    if (l->last == from && from > l->begin && is_plain(r->text.p[from - 1]))
        tm_buf_char(&r->kept, r->text.p[--from]);
    end = run_end(r, *at, end, &last);
    TM_TRY(tm_buf_ok(&r->kept, err));
    if (last > *at && !tm_text_is_form(tm_buf_view(&r->kept), TM_FORM_NFC)) {
        tm_buf_clear(&r->form);
        tm_text_to_form(tm_buf_view(&r->kept), TM_FORM_NFC, &r->form);
        TM_TRY(tm_buf_ok(&r->form, err));
        tm_str put = tm_arena_str(r->mem, tm_buf_view(&r->form));
        if (!put.p) return tm_fail_memory(err, "clean.text", r->form.n);
        stay(r, l, from, last);
        TM_TRY(add(r, TM_FIX_UNICODE, from, last, put, err));
        count_cuts(r, *at, last);
        *at = last;
    }
    return cut(r, l, at, end, err);
}

/* The character at *at and what composes with it. */
static tm_status fix_odd(tm_repair *r, line *l, size_t *at, tm_err *err)
{
    size_t next = *at;
    uint32_t c = tm_utf8_next(r->text, &next);
    what w = what_of(r, c);
    bool joins = l->last == *at && *at > l->begin; /* to what stands before it */
    bool alone = w == SEPARATES || w == BREAKS || (w == STAYS ? c < 0x80 : !joins);
    return alone ? cut(r, l, at, next, err) : compose(r, l, at, r->raw_end, err);
}

/* Nothing of [at, r->raw_end) is to be cut or composed, as in most lines. */
static bool is_as_it_should_be(const tm_repair *r, size_t at)
{
    tm_str whole = tm_str_slice(r->text, at, r->raw_end);
    while (at < r->raw_end) {
        at = skip_plain(r->text, at, r->raw_end, true);
        if (at < r->raw_end && what_of(r, tm_utf8_next(r->text, &at)) != STAYS) return false;
    }
    return tm_text_is_form(whole, TM_FORM_NFC);
}

/* The characters of the line, to r->raw_end or a control that ends it before. */
static tm_status fix_characters(tm_repair *r, line *l, tm_err *err)
{
    size_t at = l->begin;
    if (!on(r, TM_FIX_UNICODE)) {
        TM_TRY(cut(r, l, &at, r->raw_end, err));
    } else if (at < r->raw_end && is_as_it_should_be(r, at)) {
        stay(r, l, at, r->raw_end);
        at = r->raw_end;
    }
    while (at < r->raw_end && !l->broken) {
        size_t next = skip_plain(r->text, at, r->raw_end, false);
        if (next > at) stay(r, l, at, next);
        at = next;
        if (at < r->raw_end) TM_TRY(fix_odd(r, l, &at, err));
    }
    if (l->waiting && goes_on(r, at)) r->splice[l->waiting - 1].put = TM_STR(" ");
    l->end = l->next = at;
    if (l->broken)
        tm_utf8_next(r->text, &l->next);
    else
        l->next = r->raw_next;
    return TM_OK;
}

/* Splices of this line at or behind `at` go: one takes their place. */
static void take_back(tm_repair *r, const line *l, size_t at)
{
    while (r->splices > l->splices && r->splice[r->splices - 1].at >= at) r->splices--;
}

/* The line as it will be; what was changed is written to r->kept. */
static tm_str line_now(tm_repair *r, const line *l)
{
    size_t at = l->begin;
    if (r->splices == l->splices) return tm_str_slice(r->text, at, l->end);
    tm_buf_clear(&r->kept);
    for (uint32_t i = l->splices; i < r->splices; i++) {
        const tm_splice *s = &r->splice[i];
        tm_buf_add(&r->kept, r->text.p + at, s->at - at);
        tm_buf_str(&r->kept, s->put);
        at = (size_t)s->at + s->cut;
    }
    tm_buf_add(&r->kept, r->text.p + at, l->end - at);
    return tm_buf_view(&r->kept);
}

/* What depends on how the line looks now. */
static tm_status fix_ends(tm_repair *r, line *l, tm_err *err)
{
    if (l->ink > l->begin)
        r->blank_lines = 0;
    else if (++r->blank_lines > 1 && on(r, TM_FIX_BLANK_RUNS) && l->next > l->end) {
        take_back(r, l, l->begin);
        return add(r, TM_FIX_BLANK_RUNS, l->begin, l->next, (tm_str){0}, err);
    }
    if (on(r, TM_FIX_TRAILING_SPACE) && l->last > l->ink && !goes_on(r, l->end)) {
        take_back(r, l, l->ink);
        TM_TRY(add(r, TM_FIX_TRAILING_SPACE, l->ink, l->end, (tm_str){0}, err));
    }
    tm_str now = line_now(r, l);
    TM_TRY(tm_buf_ok(&r->kept, err));
    if (tm_fence_next(&r->fence, now)) r->blank_lines = 0;
    bool odd = l->next > l->end && r->text.p[l->end] == '\r';
    if (l->broken) return add(r, TM_FIX_CONTROL, l->end, l->next, TM_STR("\n"), err);
    if (!odd || !on(r, TM_FIX_LINE_ENDS)) return TM_OK;
    return add(r, TM_FIX_LINE_ENDS, l->end, l->next, TM_STR("\n"), err);
}

static void find_raw_end(tm_repair *r, size_t at)
{
    if (at >= r->newline)
        r->newline = at + tm_str_find_char(tm_str_slice(r->text, at, r->text.n), '\n');
    tm_str rest = tm_str_slice(r->text, at, r->newline);
    r->raw_end = r->raw_next = at + tm_str_find_char(rest, '\r');
    if (r->raw_end == r->text.n) return;
    const char *p = r->text.p + r->raw_end;
    r->raw_next += *p == '\r' && r->raw_end + 1 < r->text.n && p[1] == '\n' ? 2 : 1;
}

tm_status tm_repair_text(tm_repair *r, tm_err *err)
{
    for (size_t at = 0; at < r->text.n;) {
        if (at >= r->raw_next) find_raw_end(r, at);
        tm_fence as_it_stands = r->fence;
        if (tm_fence_next(&as_it_stands, tm_str_slice(r->text, at, r->raw_end))) {
            r->fence = as_it_stands;
            r->blank_lines = 0;
            at = r->raw_next;
            continue;
        }
        line l = {.begin = at, .splices = r->splices, .ink = at, .last = at};
        TM_TRY(fix_characters(r, &l, err));
        TM_TRY(fix_ends(r, &l, err));
        at = l.next;
    }
    return TM_OK;
}

void tm_repair_release(tm_repair *r)
{
    tm_buf_release(&r->kept);
    tm_buf_release(&r->form);
}
