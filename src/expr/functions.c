/* The table of functions: what a person reads of each and what the program calls, in one place.
 *
 * One line of FUNCTIONS makes both tables, so they cannot disagree; docs/guide/expressions.md is
 * compared with it by a test. To add one: a line here, an implementation in functions_text.c or
 * functions_value.c, a row in the guide. */
#include "expr/functions.h"

#define TEXTS (TM_ARG_PARTS | TM_ARG_FIELD | TM_ARG_TEXT)
#define NUMBERS (TM_ARG_FIELD | TM_ARG_NUMBER)
#define VALUES (TM_ARG_FIELD | TM_ARG_TEXT | TM_ARG_NUMBER | TM_ARG_DATE | TM_ARG_TRUTH)
#define TEXT_ARG (TM_ARG_FIELD | TM_ARG_TEXT)
#define PATTERN (TM_ARG_TEXT | TM_ARG_LITERAL)
#define DIGITS (TM_ARG_NUMBER | TM_ARG_LITERAL)

/* X(name, least, most, first, other, type, arguments, gives, help, example) */
#define FUNCTIONS(X)                                                                              \
    X(words, 1, 1, TEXTS, 0, TM_E_NUMBER, "x", "number",                                          \
      "Words of the texts together: runs of characters that are not white space. A whole answer " \
      "in Chinese, Japanese or Thai may be one: use chars there",                                 \
      "words(response) >= 3")                                                                     \
    X(chars, 1, 1, TEXTS, 0, TM_E_NUMBER, "x", "number", "Characters (code points) of the texts", \
      "chars(prompt) <= 8000")                                                                    \
    X(lines, 1, 1, TEXTS, 0, TM_E_NUMBER, "x", "number",                                          \
      "Lines of the texts: line breaks plus one; 0 for an empty text", "lines(response) > 1")     \
    X(turns, 0, 1, TM_ARG_PARTS, 0, TM_E_NUMBER, "[selector]", "number",                          \
      "Turns of the record, or those of a role", "turns(user) between 1 and 20")                  \
    X(text, 1, 1, TM_ARG_PARTS | VALUES, 0, TM_E_TEXT, "x", "text",                               \
      "The texts of a selector joined by line breaks, or a value as text",                        \
      "text(response) = 'I do not know.'")                                                        \
    X(lower, 1, 1, TEXTS, 0, TM_E_TEXT, "x", "text", "The text in lower case (Unicode)",          \
      "contains(lower(response), 'as an ai')")                                                    \
    X(trim, 1, 1, TEXTS, 0, TM_E_TEXT, "x", "text", "The text without white space at both ends",  \
      "trim($.answer) = 'yes'")                                                                   \
    X(contains, 2, 2, TEXTS, TEXT_ARG, TM_E_TRUTH, "x, text", "truth",                            \
      "Whether a text holds another; of a selector, whether any of its texts does",               \
      "contains(prompt, 'http')")                                                                 \
    X(starts, 2, 2, TEXTS, TEXT_ARG, TM_E_TRUTH, "x, text", "truth",                              \
      "Whether a text begins with another", "starts(response, 'Sure')")                           \
    X(ends, 2, 2, TEXTS, TEXT_ARG, TM_E_TRUTH, "x, text", "truth",                                \
      "Whether a text ends with another", "not ends(trim(response), ':')")                        \
    X(matches, 2, 2, TEXTS, PATTERN, TM_E_TRUTH, "x, 'pattern'", "truth",                         \
      "Whether a regular expression (PCRE2, Unicode) matches somewhere in a text",                \
      "matches(response, '(?i)\\bas an ai\\b')")                                                  \
    X(has, 1, 1, TM_ARG_PARTS | TM_ARG_FIELD, 0, TM_E_TRUTH, "$.path", "truth",                   \
      "Whether the field is there, null or not; of a selector, whether it has a text",            \
      "has($.meta.source)")                                                                       \
    X(count, 1, 1, TEXTS, 0, TM_E_NUMBER, "x", "number",                                          \
      "Elements of an array, members of an object, characters of a text, texts of a selector",    \
      "count($.tags) > 0")                                                                        \
    X(length, 1, 1, TM_ARG_FIELD | TM_ARG_TEXT, 0, TM_E_NUMBER, "x", "number",                    \
      "Elements of an array, members of an object, characters of a text",                         \
      "length($.messages) <= 64")                                                                 \
    X(date, 1, 1, TEXT_ARG | TM_ARG_NUMBER | TM_ARG_DATE, 0, TM_E_DATE, "x", "date",              \
      "A date from ISO 8601 text or from seconds since 1970",                                     \
      "date($.created) >= date('2026-01-31')")                                                    \
    X(number, 1, 1, VALUES, 0, TM_E_NUMBER, "x", "number",                                        \
      "A number from its text; of a date its seconds since 1970, of true 1, of false 0",          \
      "number($.rating) >= 4")                                                                    \
    X(abs, 1, 1, NUMBERS, 0, TM_E_NUMBER, "n", "number", "The number without its sign",           \
      "abs($.score - 0.5) < 0.1")                                                                 \
    X(min, 2, TM_EXPR_MAX_ARGS, NUMBERS | TM_ARG_DATE, NUMBERS | TM_ARG_DATE, TM_E_ANY,           \
      "a, b, ...", "number or date", "The least of its arguments; unknown if one is",             \
      "min($.a, $.b) > 0")                                                                        \
    X(max, 2, TM_EXPR_MAX_ARGS, NUMBERS | TM_ARG_DATE, NUMBERS | TM_ARG_DATE, TM_E_ANY,           \
      "a, b, ...", "number or date", "The greatest of its arguments; unknown if one is",          \
      "max(words(prompt), words(response)) < 4000")                                               \
    X(round, 1, 2, NUMBERS, DIGITS, TM_E_NUMBER, "n [, digits]", "number",                        \
      "The number rounded to 0 to 15 decimals (default 0), halves away from zero",                \
      "round($.score, 1) = 0.5")                                                                  \
    X(coalesce, 2, TM_EXPR_MAX_ARGS, VALUES, VALUES, TM_E_ANY, "a, b, ...",                       \
      "type of its arguments", "The first argument that is known",                                \
      "coalesce($.lang, 'en') = 'en'")

const tm_efunction tm_efunctions[] = {
#define X(name, least, most, first, other, type, arguments, gives, help, example) \
    {#name, arguments, gives, help, example},
    FUNCTIONS(X)
#undef X
        {NULL, NULL, NULL, NULL, NULL},
};

const tm_efunction_impl tm_efunction_impls[] = {
#define X(name, least, most, first, other, type, arguments, gives, help, example) \
    {least, most, first, other, type, tm_ef_##name},
    FUNCTIONS(X)
#undef X
};

int tm_efunction_find(tm_str name)
{
    for (int i = 0; tm_efunctions[i].name; i++) {
        if (tm_str_is(name, tm_efunctions[i].name)) return i;
    }
    return -1;
}
