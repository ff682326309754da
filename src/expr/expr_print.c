/* The canonical text of an expression: what the compiler understood, with the brackets it needs.
 *
 * Compiling it again gives the same tree and the same text. Signals carry their full names,
 * dates and selectors that were read as texts show it, keywords are small, texts stand in
 * single quotes. */
#include "expr/dates.h"
#include "expr/functions.h"
#include "text/kernel.h"

/* Ranks of the grammar: what binds tighter is higher. */
enum { RANK_OR, RANK_AND, RANK_NOT, RANK_PREDICATE, RANK_SUM, RANK_PRODUCT, RANK_UNARY, RANK_LEAF };

static void print_node(const tm_expr *e, const tm_node *n, int rank, tm_buf *out);

static int rank_of(const tm_node *n)
{
    switch (n->kind) {
    case TM_N_OR: return RANK_OR;
    case TM_N_AND: return RANK_AND;
    case TM_N_NOT: return RANK_NOT;
    case TM_N_COMPARE:
    case TM_N_IN:
    case TM_N_BETWEEN:
    case TM_N_IS: return RANK_PREDICATE;
    case TM_N_SUM: return RANK_SUM;
    case TM_N_PRODUCT: return RANK_PRODUCT;
    case TM_N_NEGATE: return RANK_UNARY;
    default: return RANK_LEAF;
    }
}

static void print_text(tm_str s, tm_buf *out)
{
    tm_buf_char(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool surrogate = c == 0xED && i + 2 < s.n && (unsigned char)s.p[i + 1] >= 0xA0;
        if (c == '\'' || c == '\\')
            tm_buf_print(out, "\\%c", c);
        else if (c == '\n')
            tm_buf_z(out, "\\n");
        else if (c == '\t')
            tm_buf_z(out, "\\t");
        else if (c < 0x20 || c == 0x7F)
            tm_buf_print(out, "\\u%04x", c);
        else if (!surrogate)
            tm_buf_char(out, (char)c);
        else {
            unsigned b = (unsigned char)s.p[i + 1], d = (unsigned char)s.p[i + 2];
            tm_buf_print(out, "\\u%04x", 0xD000 | (b & 0x3F) << 6 | (d & 0x3F));
            i += 2;
        }
    }
    tm_buf_char(out, '\'');
}

static void print_literal(const tm_node *n, tm_buf *out)
{
    switch (n->type) {
    case TM_E_TRUTH: tm_buf_z(out, n->value.truth ? "true" : "false"); break;
    case TM_E_NUMBER: tm_buf_str(out, n->value.text); break;
    case TM_E_TEXT: print_text(n->value.text, out); break;
    default:
        tm_buf_z(out, "date('");
        tm_date_print(n->value.number, out);
        tm_buf_z(out, "')");
        break;
    }
}

static void print_parts(uint32_t selectors, tm_buf *out)
{
    const char *between = "";
    for (uint32_t i = 0; tm_selector_names[i]; i++) {
        if (!(selectors >> i & 1)) continue;
        tm_buf_z(out, between);
        tm_buf_z(out, tm_selector_names[i]);
        between = ", ";
    }
}

/* A signal's name; in back quotes when its step's name would not be one word. */
static void print_name(tm_str name, tm_buf *out)
{
    bool plain = true;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                      (unsigned char)c >= 0x80 || (c == '.' && i);
        plain = plain && (letter || (digit && i));
    }
    if (!plain) tm_buf_char(out, '`');
    tm_buf_str(out, name);
    if (!plain) tm_buf_char(out, '`');
}

static void print_list(const tm_expr *e, const tm_node *n, uint32_t from, tm_buf *out)
{
    tm_buf_char(out, '(');
    for (uint32_t i = from; i < n->kids; i++) {
        if (i > from) tm_buf_z(out, ", ");
        print_node(e, n->kid[i], RANK_OR, out);
    }
    tm_buf_char(out, ')');
}

static void print_chain(const tm_expr *e, const tm_node *n, tm_buf *out)
{
    static const char *const signs[] = {" + ", " - ", " * ", " / ", " % "};
    for (uint32_t i = 0; i < n->kids; i++) {
        const char *between = n->kind == TM_N_AND  ? " and "
                              : n->kind == TM_N_OR ? " or "
                                                   : signs[n->sign[i] - TM_T_PLUS];
        if (i) tm_buf_z(out, between);
        print_node(e, n->kid[i], rank_of(n) + 1, out);
    }
}

static void print_predicate(const tm_expr *e, const tm_node *n, tm_buf *out)
{
    static const char *const compares[] = {" = ", " != ", " < ", " <= ", " > ", " >= "};
    static const char *const states[] = {"null", "true", "false"};
    print_node(e, n->kid[0], RANK_SUM, out);
    if (n->kind == TM_N_COMPARE) {
        tm_buf_z(out, compares[n->op - TM_T_EQ]);
        print_node(e, n->kid[1], RANK_SUM, out);
        return;
    }
    if (n->kind == TM_N_IS) {
        tm_buf_z(out, n->negated ? " is not " : " is ");
        tm_buf_z(out, states[n->op]);
        return;
    }
    if (n->negated) tm_buf_z(out, " not");
    if (n->kind == TM_N_BETWEEN) {
        tm_buf_z(out, " between ");
        print_node(e, n->kid[1], RANK_SUM, out);
        tm_buf_z(out, " and ");
        print_node(e, n->kid[2], RANK_SUM, out);
        return;
    }
    tm_buf_z(out, " in ");
    if (n->list)
        print_list(e, n, 1, out);
    else
        print_node(e, n->kid[1], RANK_LEAF, out);
}

/* Whether a path's own text reads as the same path in an expression: there a minus sign may be an
 * operator, and a lone surrogate cannot stand without its escape. Else it is printed as written. */
static bool can_stand(tm_str path)
{
    if (tm_str_find_char(path, '-') < path.n) return false;
    return !path.n || tm_kernel_now()->utf8_valid(path.p, path.n) == path.n;
}

static void print_bare(const tm_expr *e, const tm_node *n, tm_buf *out)
{
    tm_str path;
    switch (n->kind) {
    case TM_N_LITERAL: print_literal(n, out); break;
    case TM_N_FIELD:
        path = tm_fieldpath_text(n->path);
        if (!can_stand(path)) {
            tm_buf_str(out, tm_str_slice(e->text, n->at, n->end));
            break;
        }
        tm_buf_z(out, !path.n || path.p[0] == '[' ? "$" : "$.");
        tm_buf_str(out, path);
        break;
    case TM_N_SIGNAL: print_name(n->name, out); break;
    case TM_N_FACT: tm_buf_z(out, tm_fact_names[n->op]); break;
    case TM_N_PARTS: print_parts(n->selectors, out); break;
    case TM_N_CALL:
        tm_buf_str(out, n->name);
        print_list(e, n, 0, out);
        break;
    case TM_N_NOT:
        tm_buf_z(out, "not ");
        print_node(e, n->kid[0], RANK_NOT, out);
        break;
    case TM_N_NEGATE:
        tm_buf_char(out, '-');
        print_node(e, n->kid[0], RANK_UNARY, out);
        break;
    case TM_N_AND:
    case TM_N_OR:
    case TM_N_SUM:
    case TM_N_PRODUCT: print_chain(e, n, out); break;
    default: print_predicate(e, n, out); break;
    }
}

static void print_node(const tm_expr *e, const tm_node *n, int rank, tm_buf *out)
{
    bool brackets = rank_of(n) < rank;
    if (brackets) tm_buf_char(out, '(');
    print_bare(e, n, out);
    if (brackets) tm_buf_char(out, ')');
}

void tm_expr_print(const tm_expr *e, tm_buf *out)
{
    print_node(e, e->root, RANK_OR, out);
}
