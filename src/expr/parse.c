/* From text to tree: recursive descent, one function a rank of operators (the grammar stands in
 * docs/guide/expressions.md).
 *
 * One token is looked at ahead. Recursion happens only where a person opened something (a bracket,
 * a call, a `not`, a sign) and is counted against TM_EXPR_MAX_DEPTH; chains grow an array instead.
 * Mistakes that people bring along from other languages (a < b < c, x = null, len(x)) are caught
 * here or in the checker and answered with what to write. */
#include "expr/ast.h"

typedef struct parser {
    tm_arena *mem;
    tm_str text;
    uint32_t next; /* where the next token is looked for */
    uint32_t depth;
    tm_token now;
    tm_err *err;
} parser;

/* A list of nodes under construction. */
typedef struct chain {
    tm_node **kid;
    uint8_t *sign;
    uint32_t kids, room, sign_room;
} chain;

static tm_status parse_or(parser *p, tm_node **out);

static tm_status advance(parser *p)
{
    return tm_elex_next(p->text, &p->next, &p->now, p->err);
}

static tm_str token_text(const parser *p)
{
    return tm_str_slice(p->text, p->now.at, p->now.end);
}

static tm_status no_memory(parser *p)
{
    return tm_fail_memory(p->err, "an expression", p->text.n);
}

static tm_node *node_new(parser *p, tm_nkind kind, uint32_t at)
{
    tm_node *n = TM_NEW(p->mem, tm_node, 1);
    if (!n) return NULL;
    n->kind = (uint8_t)kind;
    n->type = TM_E_ANY;
    n->at = at;
    n->end = p->now.end;
    return n;
}

static bool chain_add(parser *p, chain *c, tm_node *kid, uint8_t sign)
{
    uint32_t signs = c->kids;
    if (!TM_ROOM(p->mem, c->kid, c->kids, c->room, 1)) return false;
    if (!TM_ROOM(p->mem, c->sign, signs, c->sign_room, 1)) return false;
    c->sign[c->kids] = sign;
    c->kid[c->kids++] = kid;
    return true;
}

/* ASCII letters without regard to case: keywords may be written large, as in SQL. */
static bool is_word(const parser *p, const char *word)
{
    if (p->now.kind != TM_T_NAME) return false;
    tm_str s = token_text(p);
    size_t n = strlen(word);
    if (s.n != n) return false;
    for (size_t i = 0; i < n; i++) {
        char c = s.p[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        if (c != word[i]) return false;
    }
    return true;
}

static bool is_keyword(const parser *p)
{
    static const char *const words[] = {"and",     "or",   "not",  "in",   "is",
                                        "between", "like", "null", "true", "false"};
    for (size_t i = 0; i < TM_COUNT(words); i++) {
        if (is_word(p, words[i])) return true;
    }
    return false;
}

static tm_status deeper(parser *p)
{
    if (++p->depth <= TM_EXPR_MAX_DEPTH) return TM_OK;
    return TM_EFAIL(p->err, p->text, p->now.at,
                    "brackets and calls stand more than %d deep here; "
                    "make it a flatter condition",
                    TM_EXPR_MAX_DEPTH);
}

/* What a sentence calls the token that stands here. */
static tm_status unexpected(parser *p, const char *wanted)
{
    tm_str s = tm_elex_clip(token_text(p));
    if (p->now.kind == TM_T_END)
        return TM_EFAIL(p->err, p->text, p->now.at, "the expression ends here, but %s is missing",
                        wanted);
    return TM_EFAIL(p->err, p->text, p->now.at, "%.*s stands where %s should", TM_FMT(s), wanted);
}

static tm_status expect(parser *p, tm_token_kind kind, const char *what)
{
    if (p->now.kind != kind) return unexpected(p, what);
    return advance(p);
}

/* ---- what is not made of others -------------------------------------------------------------- */

static tm_status parse_number(parser *p, tm_node **out)
{
    tm_node *n = node_new(p, TM_N_LITERAL, p->now.at);
    if (!n) return no_memory(p);
    n->type = TM_E_NUMBER;
    n->value = (tm_evalue){.type = TM_E_NUMBER, .text = token_text(p)};
    *out = n;
    return advance(p);
}

static tm_status parse_text(parser *p, tm_node **out)
{
    tm_node *n = node_new(p, TM_N_LITERAL, p->now.at);
    if (!n) return no_memory(p);
    n->type = TM_E_TEXT;
    n->value = (tm_evalue){.type = TM_E_TEXT, .text = tm_elex_text(p->mem, token_text(p))};
    if (!n->value.text.p) return no_memory(p);
    *out = n;
    return advance(p);
}

static tm_status parse_field(parser *p, tm_node **out)
{
    tm_node *n = node_new(p, TM_N_FIELD, p->now.at);
    tm_fieldpath *path = NULL;
    if (!n) return no_memory(p);
    tm_status status = tm_fieldpath_compile(p->mem, token_text(p), &path, p->err);
    if (status == TM_EMEMORY) return status;
    if (status != TM_OK) {
        uint32_t inside = p->err && p->err->column ? (uint32_t)p->err->column - 1 : 0;
        tm_elex_place(p->err, p->text, p->now.at);
        if (p->err) p->err->column += inside, p->err->status = TM_ERECIPE;
        return TM_ERECIPE;
    }
    n->path = path;
    *out = n;
    return advance(p);
}

static tm_status parse_truth(parser *p, bool truth, tm_node **out)
{
    tm_node *n = node_new(p, TM_N_LITERAL, p->now.at);
    if (!n) return no_memory(p);
    n->type = TM_E_TRUTH;
    n->value = (tm_evalue){.type = TM_E_TRUTH, .truth = truth};
    *out = n;
    return advance(p);
}

/* Arguments behind the opening bracket, and the closing one. */
static tm_status parse_arguments(parser *p, tm_node *call)
{
    chain c = {0};
    TM_TRY(deeper(p));
    TM_TRY(advance(p));
    while (p->now.kind != TM_T_CLOSE) {
        tm_node *arg;
        if (c.kids && p->now.kind != TM_T_COMMA)
            return unexpected(p, "a comma or the closing bracket of the call");
        if (c.kids) TM_TRY(advance(p));
        if (c.kids == TM_EXPR_MAX_ARGS)
            return TM_EFAIL(p->err, p->text, p->now.at, "a call takes at most %d arguments",
                            TM_EXPR_MAX_ARGS);
        TM_TRY(parse_or(p, &arg));
        if (!chain_add(p, &c, arg, 0)) return no_memory(p);
    }
    call->end = p->now.end;
    call->kid = c.kid;
    call->kids = c.kids;
    p->depth--;
    return advance(p);
}

static tm_status parse_name(parser *p, tm_node **out)
{
    bool quoted = p->now.kind == TM_T_QUOTED;
    tm_node *n = node_new(p, TM_N_NAME, p->now.at);
    if (!n) return no_memory(p);
    n->name = token_text(p);
    if (quoted) n->name = tm_str_slice(n->name, 1, n->name.n - 1);
    TM_TRY(advance(p));
    *out = n;
    if (p->now.kind != TM_T_OPEN || quoted) return TM_OK;
    n->kind = TM_N_CALL;
    return parse_arguments(p, n);
}

static tm_status parse_brackets(parser *p, tm_node **out)
{
    uint32_t open = p->now.at;
    TM_TRY(deeper(p));
    TM_TRY(advance(p));
    TM_TRY(parse_or(p, out));
    if (p->now.kind == TM_T_COMMA)
        return TM_EFAIL(p->err, p->text, open,
                        "a list stands only behind in, as in "
                        "language.code in ('en', 'fr')");
    TM_TRY(expect(p, TM_T_CLOSE, "a closing bracket"));
    p->depth--;
    return TM_OK;
}

static tm_status parse_primary(parser *p, tm_node **out)
{
    switch (p->now.kind) {
    case TM_T_NUMBER: return parse_number(p, out);
    case TM_T_TEXT: return parse_text(p, out);
    case TM_T_FIELD: return parse_field(p, out);
    case TM_T_OPEN: return parse_brackets(p, out);
    case TM_T_QUOTED: return parse_name(p, out);
    case TM_T_NAME: break;
    case TM_T_OPEN_SQUARE:
        return TM_EFAIL(p->err, p->text, p->now.at,
                        "a list stands only behind in, as in "
                        "language.code in ('en', 'fr')");
    default: return unexpected(p, "a value (a name, a field $.x, a number or a text in quotes)");
    }
    if (is_word(p, "true")) return parse_truth(p, true, out);
    if (is_word(p, "false")) return parse_truth(p, false, out);
    if (is_word(p, "null")) {
        *out = node_new(p, TM_N_NULL, p->now.at);
        return *out ? advance(p) : no_memory(p);
    }
    if (is_keyword(p)) return unexpected(p, "a value");
    return parse_name(p, out);
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

/* -5 is a number, not an operation. */
static bool negate_literal(parser *p, tm_node *n, uint32_t at)
{
    tm_str digits = n->value.text;
    bool minus = digits.p[0] == '-';
    char *text = tm_arena_alloc(p->mem, digits.n + 1, 1);
    if (!text) return false;
    text[0] = '-';
    memcpy(text + 1, digits.p, digits.n);
    n->value.text = minus ? (tm_str){digits.p + 1, digits.n - 1} : (tm_str){text, digits.n + 1};
    n->at = at;
    return true;
}

static tm_status parse_unary(parser *p, tm_node **out)
{
    uint32_t at = p->now.at;
    tm_node *kid, *n;
    if (p->now.kind == TM_T_PLUS)
        return TM_EFAIL(p->err, p->text, at, "numbers carry no plus sign; leave it out");
    if (p->now.kind != TM_T_MINUS) return parse_primary(p, out);
    TM_TRY(deeper(p));
    TM_TRY(advance(p));
    TM_TRY(parse_unary(p, &kid));
    p->depth--;
    *out = kid;
    if (kid->kind == TM_N_LITERAL && kid->type == TM_E_NUMBER)
        return negate_literal(p, kid, at) ? TM_OK : no_memory(p);
    n = node_new(p, TM_N_NEGATE, at);
    if (!n || !(n->kid = TM_NEW(p->mem, tm_node *, 1))) return no_memory(p);
    n->kid[0] = kid;
    n->kids = 1;
    n->end = kid->end;
    *out = n;
    return TM_OK;
}

/* Whether the token here continues a chain of this kind. */
static bool joins(const parser *p, tm_nkind kind)
{
    switch (kind) {
    case TM_N_OR: return is_word(p, "or");
    case TM_N_AND: return is_word(p, "and");
    case TM_N_SUM: return p->now.kind == TM_T_PLUS || p->now.kind == TM_T_MINUS;
    default: return p->now.kind >= TM_T_TIMES && p->now.kind <= TM_T_REST;
    }
}

/* link { sign link }: one node with all the links, or the link itself when there is one. */
static tm_status parse_chain(parser *p, tm_nkind kind, tm_status (*link)(parser *, tm_node **),
                             tm_node **out)
{
    chain c = {0};
    tm_node *kid, *n;
    TM_TRY(link(p, &kid));
    *out = kid;
    if (!joins(p, kind)) return TM_OK;
    if (!chain_add(p, &c, kid, p->now.kind)) return no_memory(p);
    while (joins(p, kind)) {
        uint8_t sign = p->now.kind;
        TM_TRY(advance(p));
        TM_TRY(link(p, &kid));
        if (!chain_add(p, &c, kid, sign)) return no_memory(p);
    }
    n = node_new(p, kind, c.kid[0]->at);
    if (!n) return no_memory(p);
    n->kid = c.kid;
    n->sign = c.sign;
    n->kids = c.kids;
    n->end = kid->end;
    *out = n;
    return TM_OK;
}

static tm_status parse_product(parser *p, tm_node **out)
{
    return parse_chain(p, TM_N_PRODUCT, parse_unary, out);
}

static tm_status parse_sum(parser *p, tm_node **out)
{
    return parse_chain(p, TM_N_SUM, parse_product, out);
}

/* ---- conditions ------------------------------------------------------------------------------ */

static tm_node *node_over(parser *p, tm_nkind kind, tm_node *first, uint32_t kids)
{
    tm_node *n = node_new(p, kind, first->at);
    if (!n || !(n->kid = TM_NEW(p->mem, tm_node *, kids))) return NULL;
    n->kid[0] = first;
    n->kids = kids;
    return n;
}

/* Behind `in`: a list of literals, or a field that holds an array. The members are children here;
 * the checker makes a tm_elist of them. */
static tm_status parse_in(parser *p, tm_node *left, bool negated, tm_node **out)
{
    chain c = {0};
    tm_node *n, *member;
    TM_TRY(advance(p));
    if (!chain_add(p, &c, left, 0)) return no_memory(p);
    bool list = p->now.kind == TM_T_OPEN || p->now.kind == TM_T_OPEN_SQUARE;
    uint8_t close = p->now.kind == TM_T_OPEN ? TM_T_CLOSE : TM_T_CLOSE_SQUARE;
    uint32_t end = p->now.end;
    if (!list && p->now.kind != TM_T_FIELD)
        return unexpected(p, "a list such as ('en', 'fr') or a field that holds an array");
    if (!list) {
        TM_TRY(parse_field(p, &member));
        if (!chain_add(p, &c, member, 0)) return no_memory(p);
    } else {
        TM_TRY(advance(p));
        while (p->now.kind != close || c.kids == 1) {
            if (c.kids > 1) TM_TRY(expect(p, TM_T_COMMA, "a comma or the end of the list"));
            if (c.kids > TM_EXPR_MAX_LIST)
                return TM_EFAIL(p->err, p->text, p->now.at, "a list holds at most %d members",
                                TM_EXPR_MAX_LIST);
            TM_TRY(parse_sum(p, &member));
            if (!chain_add(p, &c, member, 0)) return no_memory(p);
        }
        end = p->now.end;
        TM_TRY(advance(p));
    }
    n = node_new(p, TM_N_IN, left->at);
    if (!n) return no_memory(p);
    n->kid = c.kid;
    n->kids = c.kids;
    n->op = list;
    n->negated = negated;
    n->end = end;
    *out = n;
    return TM_OK;
}

static tm_status parse_between(parser *p, tm_node *left, bool negated, tm_node **out)
{
    tm_node *n = node_over(p, TM_N_BETWEEN, left, 3);
    if (!n) return no_memory(p);
    TM_TRY(advance(p));
    TM_TRY(parse_sum(p, &n->kid[1]));
    if (!is_word(p, "and")) return unexpected(p, "and (between LOW and HIGH)");
    TM_TRY(advance(p));
    TM_TRY(parse_sum(p, &n->kid[2]));
    n->negated = negated;
    n->end = n->kid[2]->end;
    *out = n;
    return TM_OK;
}

static tm_status parse_is(parser *p, tm_node *left, tm_node **out)
{
    tm_node *n = node_over(p, TM_N_IS, left, 1);
    if (!n) return no_memory(p);
    TM_TRY(advance(p));
    n->negated = is_word(p, "not");
    if (n->negated) TM_TRY(advance(p));
    if (is_word(p, "null") || is_word(p, "unknown"))
        n->op = TM_IS_UNKNOWN;
    else if (is_word(p, "true"))
        n->op = TM_IS_TRUE;
    else if (is_word(p, "false"))
        n->op = TM_IS_FALSE;
    else
        return unexpected(p, "null, not null, true or false (to compare values write =)");
    n->end = p->now.end;
    *out = n;
    return advance(p);
}

static tm_status parse_compare(parser *p, tm_node *left, tm_node **out)
{
    tm_node *n = node_over(p, TM_N_COMPARE, left, 2);
    if (!n) return no_memory(p);
    n->op = p->now.kind;
    TM_TRY(advance(p));
    TM_TRY(parse_sum(p, &n->kid[1]));
    if (p->now.kind >= TM_T_EQ && p->now.kind <= TM_T_GE)
        return TM_EFAIL(p->err, p->text, p->now.at,
                        "comparisons do not chain; write a < b and "
                        "b < c, or b between a and c");
    n->end = n->kid[1]->end;
    *out = n;
    return TM_OK;
}

static tm_status parse_predicate(parser *p, tm_node **out)
{
    tm_node *left;
    TM_TRY(parse_sum(p, &left));
    *out = left;
    if (p->now.kind >= TM_T_EQ && p->now.kind <= TM_T_GE) return parse_compare(p, left, out);
    if (is_word(p, "is")) return parse_is(p, left, out);
    bool negated = is_word(p, "not");
    if (negated) TM_TRY(advance(p));
    if (is_word(p, "in")) return parse_in(p, left, negated, out);
    if (is_word(p, "between")) return parse_between(p, left, negated, out);
    if (is_word(p, "like"))
        return TM_EFAIL(p->err, p->text, p->now.at,
                        "there is no like; write contains(x, 'y'), "
                        "starts(x, 'y'), ends(x, 'y') or matches(x, 'pattern')");
    return negated ? unexpected(p, "in or between") : TM_OK;
}

static tm_status parse_not(parser *p, tm_node **out)
{
    uint32_t at = p->now.at;
    tm_node *kid, *n;
    if (!is_word(p, "not")) return parse_predicate(p, out);
    TM_TRY(deeper(p));
    TM_TRY(advance(p));
    TM_TRY(parse_not(p, &kid));
    p->depth--;
    n = node_over(p, TM_N_NOT, kid, 1);
    if (!n) return no_memory(p);
    n->at = at;
    n->end = kid->end;
    *out = n;
    return TM_OK;
}

static tm_status parse_and(parser *p, tm_node **out)
{
    return parse_chain(p, TM_N_AND, parse_not, out);
}

static tm_status parse_or(parser *p, tm_node **out)
{
    return parse_chain(p, TM_N_OR, parse_and, out);
}

tm_status tm_eparse(tm_arena *mem, tm_str text, tm_node **out, tm_err *err)
{
    parser p = {.mem = mem, .text = text, .err = err};
    TM_TRY(advance(&p));
    if (p.now.kind == TM_T_END)
        return TM_EFAIL(err, text, 0,
                        "the expression is empty; write a condition such as "
                        "words(response) >= 3");
    TM_TRY(parse_or(&p, out));
    if (p.now.kind == TM_T_END) return TM_OK;
    if (p.now.kind == TM_T_CLOSE || p.now.kind == TM_T_CLOSE_SQUARE)
        return TM_EFAIL(err, text, p.now.at, "this bracket was never opened");
    return unexpected(&p, "the end, or and, or, a comparison");
}
