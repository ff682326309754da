/* PCRE2 behind three functions.
 *
 * Patterns are Unicode (UTF and UCP: \w is a letter of any script), unanchored, and run by the JIT
 * where the machine allows it. Text is matched as it is: bytes that are not UTF-8 (a lone surrogate
 * that was carried along) match nothing but do no harm (PCRE2_MATCH_INVALID_UTF).
 *
 * A backtracking matcher can be made to run for ever by a pattern such as (a+)+$. Three limits end
 * that: steps, depth and memory of one match. Reached, the answer is "unknown", never a guess. The
 * JIT counts steps from every starting point anew, so a long text costs more than a short one, but
 * a bounded amount for every byte. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "expr/regex.h"

#include <pcre2.h>

#include "base/alloc.h"

#define MATCH_STEPS 100000
#define MATCH_DEPTH 10000
#define MATCH_HEAP_KIB 16384
#define JIT_STACK_MAX ((size_t)1024 * 1024)

struct tm_regex {
    struct tm_regex *next;
    pcre2_code *code;
};

struct tm_regex_state {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

static void *regex_alloc(size_t bytes, void *unused)
{
    TM_UNUSED(unused);
    return tm_alloc(bytes);
}

static void regex_free(void *p, void *unused)
{
    TM_UNUSED(unused);
    tm_free(p);
}

tm_status tm_regex_compile(tm_arena *mem, tm_str pattern, tm_regex **list, const tm_regex **out,
                           size_t *wrong_at, tm_err *err)
{
    int code = 0;
    PCRE2_SIZE at = 0;
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    tm_regex *r = TM_NEW(mem, tm_regex, 1);
    pcre2_general_context *general = pcre2_general_context_create(regex_alloc, regex_free, NULL);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    bool memory = r && context;
    if (memory) {
        const void *bytes = pattern.p ? pattern.p : "";
        r->code = pcre2_compile(bytes, pattern.n, options, &code, &at, context);
        memory = r->code || code != PCRE2_ERROR_HEAP_FAILED;
    }
    pcre2_compile_context_free(context);
    pcre2_general_context_free(general);
    if (!memory) return tm_fail_memory(err, "a regular expression", pattern.n);
    if (!r->code) {
        PCRE2_UCHAR8 why[160];
        if (pcre2_get_error_message(code, why, sizeof why) < 0) why[0] = 0;
        *wrong_at = at;
        return tm_fail(err, TM_ERECIPE, "the pattern is wrong here: %s", (const char *)why);
    }
    /* Without a JIT (another machine, no executable memory) the interpreter matches the same. */
    (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
    r->next = *list;
    *list = r;
    *out = r;
    return TM_OK;
}

void tm_regex_release(tm_regex *list)
{
    for (; list; list = list->next) {
        pcre2_code_free(list->code);
        list->code = NULL;
    }
}

tm_regex_state *tm_regex_state_new(void)
{
    tm_regex_state *s = tm_alloc_zero(1, sizeof *s);
    pcre2_general_context *general = pcre2_general_context_create(regex_alloc, regex_free, NULL);
    if (s && general) {
        s->data = pcre2_match_data_create(1, general);
        s->context = pcre2_match_context_create(general);
        s->stack = pcre2_jit_stack_create((size_t)32 * 1024, JIT_STACK_MAX, general);
    }
    pcre2_general_context_free(general);
    if (!s || !s->data || !s->context || !s->stack) {
        tm_regex_state_free(s);
        return NULL;
    }
    pcre2_set_match_limit(s->context, MATCH_STEPS);
    pcre2_set_depth_limit(s->context, MATCH_DEPTH);
    pcre2_set_heap_limit(s->context, MATCH_HEAP_KIB);
    pcre2_jit_stack_assign(s->context, NULL, s->stack);
    return s;
}

void tm_regex_state_free(tm_regex_state *s)
{
    if (!s) return;
    pcre2_jit_stack_free(s->stack);
    pcre2_match_context_free(s->context);
    pcre2_match_data_free(s->data);
    tm_free(s);
}

int tm_regex_match(const tm_regex *r, tm_regex_state *s, tm_str text)
{
    const void *bytes = text.p ? text.p : "";
    int found = pcre2_match(r->code, bytes, text.n, 0, 0, s->data, s->context);
    if (found >= 0) return 1;
    if (found == PCRE2_ERROR_NOMATCH) return 0;
    return found == PCRE2_ERROR_NOMEMORY ? -1 : 2;
}
