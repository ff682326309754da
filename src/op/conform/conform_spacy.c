/* One chunk between spaces as spaCy's rule-based tokenizer cuts it, where the chunk is of
 * simplified text (conform_simplify.c).
 *
 * The algorithm, as its documentation tells it: a whole chunk that is a special case is cut as that
 * says; else one prefix and one suffix at a time come off until nothing does or the rest is a
 * special case; then the rest is cut at infixes. On simplified text a prefix or a suffix is a
 * single character (marks of punctuation and quotes that simplification does not know, currency
 * signs, symbols) or, as a suffix, a unit behind a digit; an infix is a symbol. Special cases of
 * English are contractions without their apostrophe.
 *
 * The lists are those of spaCy 3.8; its symbols are the category So of Unicode 11. */
#include "op/conform/conform_words.h"
#include "text/python.h"
#include "text/utf8.h"

typedef struct contraction {
    const char *heads, *endings; /* an apostrophe begins each piece */
} contraction;

static const contraction CONTRACTIONS[] = {
    {"ai are dare has have is was were", "'nt"},
    {"ca did do does had may need ought sha wo", "'nt 'nt've"},
    {"could might must should would", "'nt 'nt've 've"},
    {"how there what when where why", "'d 'd've 'll 'll've 're 's 've"},
    {"these they those you", "'d 'd've 'll 'll've 're 've"},
    {"that this", "'d 'd've 'll 'll've 's"},
    {"who", "'d 'd've 'll 'll've 's 've"},
    {"it", "'d 'd've 'll 'll've"},
    {"i", "'d 'd've 'll've 'm 'm'a 've"},
    {"he", "'d 'd've 'll've 's"},
    {"we", "'d 'd've 'll've 've"},
    {"she", "'d've 'll've 's"},
    {"can", "'not"},
    {"gon", "'na"},
    {"got", "'ta"},
    {"not", "'ve"},
    {"y", "'all"},
};
enum { CONTRACTION_MIN = 2, CONTRACTION_MAX = 11, PIECES_MAX = 3 };

static const char UNITS[] =
    " km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz "
    "kmh mph mbar mb kb gb tb км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг мбар "
    "кб мб гб тбكم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ كم غرام جرام جم كغ ملغ كوب اكواب ";
enum { UNIT_MAX = 12 };

static const char QUOTE_S[] = "\xE2\x80\x98s"; /* U+2018 and s: one word of English's */
enum { QUOTE_BYTES = 3 };

static bool is_icon(uint32_t c)
{
    /* So since Unicode 12; between the ends of a range nothing else is So. */
    static const uint32_t LATER[][2] = {
        {0x166D, 0x166D},   {0x2B97, 0x2B97},   {0x2BC9, 0x2BC9},   {0x2BFF, 0x2BFF},
        {0x2E50, 0x2E51},   {0x32FF, 0x32FF},   {0xFD40, 0xFDCF},   {0xFDFE, 0xFDFF},
        {0x1019C, 0x1019C}, {0x11FD5, 0x11FF1}, {0x1CF50, 0x1CFC3}, {0x1D1E9, 0x1D1EA},
        {0x1E14F, 0x1E14F}, {0x1ED2E, 0x1ED2E}, {0x1F10D, 0x1F10F}, {0x1F16C, 0x1F16F},
        {0x1F1AD, 0x1F1AD}, {0x1F6D5, 0x1F6DF}, {0x1F6FA, 0x1F6FC}, {0x1F774, 0x1F77F},
        {0x1F7D9, 0x1F7F0}, {0x1F8B0, 0x1F8B1}, {0x1F90C, 0x1F90F}, {0x1F93F, 0x1F93F},
        {0x1F971, 0x1F972}, {0x1F977, 0x1F979}, {0x1F97B, 0x1F97B}, {0x1F9A3, 0x1F9AF},
        {0x1F9BA, 0x1F9BF}, {0x1F9C3, 0x1F9CF}, {0x1FA00, 0x1FA53}, {0x1FA70, 0x1FBCA},
    };
    if (!tm_python_is_symbol(c)) return false;
    for (size_t i = 0; i < TM_COUNT(LATER); i++)
        if (c >= LATER[i][0] && c <= LATER[i][1]) return false;
    return true;
}

static bool is_currency(uint32_t c)
{
    return c == 0xA3 || c == 0xA5 || c == 0xE3F || c == 0xFDFC || (c >= 0x20A0 && c <= 0x20BF);
}

/* Comes off on both sides. */
static bool is_outside(uint32_t c)
{
    static const uint16_t MARKS[] = {
        ';',    '<',    '>',    '`',    0xA1,   0xB4,   0xB7,   0xBF,
        0x60C,  0x61B,  0x61F,  0x66A,  0x6D4,  0x964,  0x2018, 0x201A,
        0x27E6, 0x27E7, 0x3008, 0x3009, 0x300E, 0x300F, 0x3014, 0x3015,
    };
    for (size_t i = 0; i < TM_COUNT(MARKS) && MARKS[i] <= c; i++)
        if (MARKS[i] == c) return true;
    return is_icon(c);
}

static size_t prefix_bytes(tm_str s)
{
    size_t at = 0;
    uint32_t c = s.n ? tm_utf8_next(s, &at) : 'a';
    bool off = c == '=' || c == 0xA7 || is_currency(c) || is_outside(c);
    return off ? at : 0;
}

static bool is_unit(tm_str s)
{
    char spaced[UNIT_MAX + 3] = " ";
    if (!s.n || s.n > UNIT_MAX) return false;
    memcpy(spaced + 1, s.p, s.n);
    memcpy(spaced + 1 + s.n, " ", 2);
    return strstr(UNITS, spaced) != NULL;
}

static size_t suffix_bytes(tm_str s)
{
    if (!s.n) return 0;
    size_t last = tm_utf8_back(s, s.n), at = last;
    uint32_t c = tm_utf8_next(s, &at);
    if (is_outside(c)) return s.n - last;
    if (is_currency(c)) return last && s.p[last - 1] == '0' ? s.n - last : 0;
    for (size_t n = 1; n <= UNIT_MAX && n < s.n; n++)
        if (s.p[s.n - n - 1] == '0') return is_unit(tm_str_slice(s, s.n - n, s.n)) ? n : 0;
    return 0;
}

/* Whether s is `head` and the pieces of `ending`; then their lengths into piece. */
static uint32_t match(tm_str s, tm_str head, tm_str ending, size_t piece[PIECES_MAX])
{
    uint32_t count = 1;
    size_t at = head.n;
    if (!tm_str_starts(s, head)) return 0;
    piece[0] = head.n;
    for (size_t i = 0; i < ending.n; i++) {
        if (ending.p[i] == '\'') {
            piece[count++] = 0;
            continue;
        }
        if (at == s.n || s.p[at] != ending.p[i]) return 0;
        piece[count - 1]++;
        at++;
    }
    return at == s.n ? count : 0;
}

/* How many pieces a contraction has, 0 for anything else. */
static uint32_t contraction_of(tm_str s, size_t piece[PIECES_MAX])
{
    if (s.n < CONTRACTION_MIN || s.n > CONTRACTION_MAX) return 0;
    for (size_t i = 0; i < TM_COUNT(CONTRACTIONS); i++) {
        tm_str heads = tm_str_of(CONTRACTIONS[i].heads), head;
        while (heads.n) {
            tm_str_cut(heads, ' ', &head, &heads);
            tm_str endings = tm_str_of(CONTRACTIONS[i].endings), ending;
            while (tm_str_starts(s, head) && endings.n) {
                tm_str_cut(endings, ' ', &ending, &endings);
                uint32_t count = match(s, head, ending, piece);
                if (count) return count;
            }
        }
    }
    return 0;
}

static bool is_special(tm_str s, bool english)
{
    size_t piece[PIECES_MAX];
    return english && (contraction_of(s, piece) || tm_str_is(s, QUOTE_S));
}

/* A word, or "s" taken back to the quote it stands behind. (Where there is a word before, there is
 * a byte before.) */
static void put(tm_str word, bool english, tm_conform_words *w)
{
    tm_buf *b = &w->joined;
    bool joins = english && word.n == 1 && word.p[0] == 's' && w->count && !w->failed &&
                 b->n - w->start[w->count - 1] == QUOTE_BYTES && word.p[-1] == QUOTE_S[2] &&
                 !memcmp(b->p + b->n - QUOTE_BYTES, QUOTE_S, QUOTE_BYTES);
    if (joins)
        tm_buf_char(b, 's');
    else
        tm_conform_word(w, word);
}

/* What is left in the middle. */
static void put_core(tm_str s, bool english, tm_conform_words *w)
{
    size_t piece[PIECES_MAX], start = 0, from = 0;
    uint32_t count = english ? contraction_of(s, piece) : 0;
    for (uint32_t i = 0; i < count; from += piece[i++])
        tm_conform_word(w, tm_str_slice(s, from, from + piece[i]));
    if (count) return;
    for (size_t at = 0; at < s.n;) {
        size_t begin = at;
        uint32_t c = tm_utf8_next(s, &at);
        if (c < 128 || !begin || !is_icon(c)) continue;
        if (begin > start) put(tm_str_slice(s, start, begin), english, w);
        put(tm_str_slice(s, begin, at), english, w);
        start = at;
    }
    if (start < s.n) put(tm_str_slice(s, start, s.n), english, w);
}

/* cuts: where each suffix began, last one first. */
static void put_suffixes(tm_str s, const tm_buf *cuts, bool english, tm_conform_words *w)
{
    size_t cut, end;
    for (size_t i = cuts->n / sizeof cut; i-- > 0;) {
        memcpy(&cut, cuts->p + i * sizeof cut, sizeof cut);
        end = s.n;
        if (i) memcpy(&end, cuts->p + (i - 1) * sizeof end, sizeof end);
        put(tm_str_slice(s, cut, end), english, w);
    }
}

static void put_cut_off(tm_str s, bool english, tm_conform_words *w)
{
    tm_buf *cuts = tm_conform_work(w, 0);
    tm_str rest = s;
    for (size_t before = s.n + 1; rest.n && rest.n != before && !is_special(rest, english);) {
        before = rest.n;
        size_t head = prefix_bytes(rest);
        tm_str less = tm_str_slice(rest, head, rest.n);
        if (head) put(tm_str_slice(rest, 0, head), english, w);
        if (head && is_special(less, english)) {
            rest = less;
            break;
        }
        size_t tail = suffix_bytes(less);
        rest = tm_str_slice(less, 0, less.n - tail);
        if (!tail) continue;
        size_t cut = (size_t)(rest.p - s.p) + rest.n;
        tm_buf_add(cuts, &cut, sizeof cut);
    }
    put_core(rest, english, w);
    put_suffixes(s, cuts, english, w);
}

void tm_words_spacy(tm_str chunk, bool english, tm_conform_words *w)
{
    bool plain = true;
    for (size_t i = 0; plain && i < chunk.n; i++) plain = (uint8_t)(chunk.p[i] - 'a') < 26;
    if (plain)
        put_core(chunk, english, w);
    else
        put_cut_off(chunk, english, w);
}
