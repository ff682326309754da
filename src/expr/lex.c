/* Cuts an expression into words and signs.
 *
 * A hand-written scanner: it looks at one byte to know the kind of a token and runs to its end.
 * Signs that other languages use for the same thing (&&, ||, !, =~) are not in this one; they are
 * known here only to be answered with the word to write instead. */
#include "expr/lex.h"

#include "text/utf8.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

tm_str tm_elex_clip(tm_str s)
{
    if (s.n <= 60) return s;
    size_t n = 60;
    while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
    return (tm_str){s.p, n};
}

tm_status tm_elex_place(tm_err *err, tm_str text, uint32_t at)
{
    if (!err) return TM_ERECIPE;
    uint64_t column = 1;
    for (uint32_t i = 0; i < at && i < text.n; i++)
        column += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    err->column = column;
    return TM_ERECIPE;
}

static int hex_digit(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The four digits behind \u at p, or -1. */
static int32_t hex_unit(const char *p, size_t n)
{
    int32_t unit = 0;
    if (n < 4) return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* One \uXXXX, or two that make one character; p stands on the backslash. Bytes eaten. */
static size_t unicode_escape(const char *p, size_t n, char out[4], size_t *put)
{
    uint32_t c = (uint32_t)hex_unit(p + 2, n - 2);
    size_t eaten = 6;
    if (c >= 0xD800 && c < 0xDC00 && n >= 12 && p[6] == '\\' && p[7] == 'u') {
        int32_t low = hex_unit(p + 8, n - 8);
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
            eaten = 12;
        }
    }
    *put = tm_utf8_put(c, out);
    return eaten;
}

/* Decodes what stands at p (inside quotes): bytes eaten; *put bytes in out. A backslash before any
 * other character is a backslash, so that '\d+' can be written as it is meant. */
static size_t decode_one(const char *p, size_t n, char quote, char out[4], size_t *put)
{
    *put = 1;
    out[0] = p[0];
    if (p[0] == quote) return 2; /* doubled */
    if (p[0] != '\\' || n < 2) return 1;
    switch (p[1]) {
    case 'n': out[0] = '\n'; return 2;
    case 't': out[0] = '\t'; return 2;
    case '\\':
    case '\'':
    case '"': out[0] = p[1]; return 2;
    case 'u': return unicode_escape(p, n, out, put);
    default: return 1;
    }
}

tm_str tm_elex_text(tm_arena *mem, tm_str quoted)
{
    const char *p = quoted.p + 1;
    size_t n = quoted.n - 2, at = 0, put;
    char *out = tm_arena_alloc(mem, n + 4, 1), one[4];
    tm_str text = {out, 0};
    if (!out) return text;
    while (at < n) {
        at += decode_one(p + at, n - at, quoted.p[0], one, &put);
        memcpy(out + text.n, one, put);
        text.n += put;
    }
    return text;
}

uint32_t tm_elex_text_at(tm_str quoted, size_t decoded_at)
{
    const char *p = quoted.p + 1;
    size_t n = quoted.n - 2, at = 0, decoded = 0, put;
    char one[4];
    while (at < n) {
        size_t eaten = decode_one(p + at, n - at, quoted.p[0], one, &put);
        if (decoded + put > decoded_at) break;
        decoded += put;
        at += eaten;
    }
    return (uint32_t)at + 1;
}

/* ---- one token ------------------------------------------------------------------------------- */

static tm_status scan_text(tm_str s, tm_token *t, tm_err *err)
{
    char quote = s.p[t->at];
    uint32_t i = t->at + 1;
    while (i < s.n) {
        char c = s.p[i];
        if (c == quote) {
            if (i + 1 >= s.n || s.p[i + 1] != quote) {
                t->end = i + 1;
                return TM_OK;
            }
            i += 2;
        } else if (c == '\\' && i + 1 < s.n) {
            if (s.p[i + 1] == 'u' && hex_unit(s.p + i + 2, s.n - i - 2) < 0)
                return TM_EFAIL(err, s, i, "\\u takes four hexadecimal digits, as in \\u00e9");
            i += s.p[i + 1] == quote || s.p[i + 1] == '\\' ? 2 : 1;
        } else {
            i++;
        }
    }
    return TM_EFAIL(err, s, t->at, "the quote opened here is never closed");
}

static tm_status scan_number(tm_str s, tm_token *t, tm_err *err)
{
    uint32_t i = t->at;
    while (i < s.n && is_digit(s.p[i])) i++;
    if (i + 1 < s.n && s.p[i] == '.' && is_digit(s.p[i + 1])) {
        i++;
        while (i < s.n && is_digit(s.p[i])) i++;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        uint32_t j = i + 1;
        if (j < s.n && (s.p[j] == '+' || s.p[j] == '-')) j++;
        if (j < s.n && is_digit(s.p[j])) {
            while (j < s.n && is_digit(s.p[j])) j++;
            i = j;
        }
    }
    t->end = i;
    if (i < s.n && (is_letter(s.p[i]) || s.p[i] == '.'))
        return TM_EFAIL(err, s, i,
                        "a number ends here and \"%c\" follows; numbers are written as "
                        "12, 0.5 or 1e6, texts stand in quotes",
                        (unsigned char)s.p[i] < 0x80 ? s.p[i] : '?');
    return TM_OK;
}

static void scan_name(tm_str s, tm_token *t)
{
    uint32_t i = t->at;
    for (;;) {
        while (i < s.n && (is_letter(s.p[i]) || is_digit(s.p[i]))) i++;
        if (i + 1 >= s.n || s.p[i] != '.') break;
        if (!is_letter(s.p[i + 1]) && !is_digit(s.p[i + 1])) break;
        i++;
    }
    t->end = i;
}

/* Behind a quoted key that begins at i, or 0 when it is never closed. Backslashes escape in double
 * quotes, a doubled quote in single ones (record/fieldpath.h). */
static uint32_t skip_key(tm_str s, uint32_t i)
{
    char quote = s.p[i++];
    while (i < s.n) {
        if (s.p[i] == quote && (quote == '"' || i + 1 >= s.n || s.p[i + 1] != quote)) return i + 1;
        i += s.p[i] == quote || (s.p[i] == '\\' && quote == '"') ? 2 : 1;
    }
    return 0;
}

/* Behind a bare key. A minus sign belongs to it when a letter follows at once: $.user-id is a
 * field, $.a-1 and $.a - b are subtractions. */
static uint32_t skip_word(tm_str s, uint32_t i)
{
    uint32_t from = i;
    while (i < s.n) {
        bool joined = s.p[i] == '-' && i > from && i + 1 < s.n && is_letter(s.p[i + 1]);
        if (!is_letter(s.p[i]) && !is_digit(s.p[i]) && !joined) break;
        i++;
    }
    return i;
}

/* Behind '[': to its ']', over quoted keys that may hold one; 0 with err set when it never
 * closes. */
static uint32_t skip_bracket(tm_str s, uint32_t i, uint32_t open, tm_err *err)
{
    while (i < s.n && s.p[i] != ']') {
        uint32_t key = i;
        i = s.p[i] == '"' || s.p[i] == '\'' ? skip_key(s, i) : i + 1;
        if (!i) return (void)TM_EFAIL(err, s, key, "the quote opened here is never closed"), 0;
    }
    if (i < s.n) return i + 1;
    return (void)TM_EFAIL(err, s, open, "the bracket opened here is never closed"), 0;
}

/* $ and steps: .name, ."na me", [3], ["na me"]. What a step may hold is fieldpath's business. */
static tm_status scan_field(tm_str s, tm_token *t, tm_err *err)
{
    uint32_t i = t->at + 1;
    while (i < s.n) {
        if (s.p[i] == '.') {
            uint32_t from = ++i;
            if (i < s.n && (s.p[i] == '"' || s.p[i] == '\'')) {
                i = skip_key(s, i);
                if (!i) return TM_EFAIL(err, s, from, "the quote opened here is never closed");
                continue;
            }
            i = skip_word(s, i);
            if (i == from)
                return TM_EFAIL(err, s, from,
                                "a key is missing behind this dot, as in $.meta.lang");
        } else if (s.p[i] == '[') {
            i = skip_bracket(s, i + 1, i, err);
            if (!i) return TM_ERECIPE;
        } else {
            break;
        }
    }
    t->end = i;
    return TM_OK;
}

static tm_status scan_quoted(tm_str s, tm_token *t, tm_err *err)
{
    uint32_t i = t->at + 1;
    while (i < s.n && s.p[i] != '`') i++;
    if (i >= s.n) return TM_EFAIL(err, s, t->at, "the back quote opened here is never closed");
    t->end = i + 1;
    return TM_OK;
}

/* What cannot begin a token, with the word to write instead where there is one. */
static tm_status refuse(tm_str s, uint32_t at, tm_err *err)
{
    static const struct {
        const char *sign, *advice;
    } known[] = {
        {"&&", "write: and"},
        {"||", "write: or"},
        {"=~", "write: matches(x, 'pattern')"},
        {"!~", "write: not matches(x, 'pattern')"},
        {"!", "write: not"},
        {"&", "write: and"},
        {"|", "write: or"},
        {"{", "lists stand in round brackets: ('en', 'fr')"},
        {".", "fields of the record are written $.name, numbers 0.5"},
        {";", "an expression is one condition; join several with and, or"},
        {"?", "there is no choice operator; conditions are joined with and, or, not"},
        {"~", "write: matches(x, 'pattern')"},
        {"#", "there are no comments in an expression"},
        {"@", "fields of the record are written $.name"},
    };
    tm_str rest = tm_str_slice(s, at, s.n);
    for (size_t i = 0; i < TM_COUNT(known); i++) {
        if (tm_str_starts(rest, tm_str_of(known[i].sign)))
            return TM_EFAIL(err, s, at, "\"%s\" means nothing here; %s", known[i].sign,
                            known[i].advice);
    }
    unsigned byte = (unsigned char)s.p[at];
    if (byte < 0x20 || byte == 0x7F)
        return TM_EFAIL(err, s, at,
                        "a control character (byte 0x%02X) stands here; write it as an "
                        "escape in quotes",
                        byte);
    return TM_EFAIL(err, s, at, "\"%c\" means nothing here", (char)byte);
}

static unsigned scan_sign(tm_str s, tm_token *t)
{
    static const struct {
        char sign[3];
        uint8_t kind;
    } signs[] = {
        {"==", TM_T_EQ},   {"!=", TM_T_NE},   {"<>", TM_T_NE},         {"<=", TM_T_LE},
        {">=", TM_T_GE},   {"=", TM_T_EQ},    {"<", TM_T_LT},          {">", TM_T_GT},
        {"(", TM_T_OPEN},  {")", TM_T_CLOSE}, {"[", TM_T_OPEN_SQUARE}, {"]", TM_T_CLOSE_SQUARE},
        {",", TM_T_COMMA}, {"+", TM_T_PLUS},  {"-", TM_T_MINUS},       {"*", TM_T_TIMES},
        {"/", TM_T_OVER},  {"%", TM_T_REST},
    };
    tm_str rest = tm_str_slice(s, t->at, s.n);
    if (tm_str_starts(rest, TM_STR("=~"))) return 0;
    for (size_t i = 0; i < TM_COUNT(signs); i++) {
        tm_str sign = tm_str_of(signs[i].sign);
        if (!tm_str_starts(rest, sign)) continue;
        t->kind = signs[i].kind;
        t->end = t->at + (uint32_t)sign.n;
        return 1;
    }
    return 0;
}

tm_status tm_elex_next(tm_str text, uint32_t *at, tm_token *out, tm_err *err)
{
    uint32_t i = *at;
    while (i < text.n && is_space(text.p[i])) i++;
    tm_token t = {TM_T_END, i, i};
    tm_status status = TM_OK;
    char c = i < text.n ? text.p[i] : 0;
    if (i >= text.n) {
        t.kind = TM_T_END;
    } else if (c == '\'' || c == '"') {
        t.kind = TM_T_TEXT;
        status = scan_text(text, &t, err);
    } else if (is_digit(c)) {
        t.kind = TM_T_NUMBER;
        status = scan_number(text, &t, err);
    } else if (is_letter(c)) {
        t.kind = TM_T_NAME;
        scan_name(text, &t);
    } else if (c == '$') {
        t.kind = TM_T_FIELD;
        status = scan_field(text, &t, err);
    } else if (c == '`') {
        t.kind = TM_T_QUOTED;
        status = scan_quoted(text, &t, err);
    } else if (!scan_sign(text, &t)) {
        status = refuse(text, i, err);
    }
    *at = t.end;
    *out = t;
    return status;
}
