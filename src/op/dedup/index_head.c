/* Heads are compared as bytes; only one that differs is read, strictly, to say how. What it holds
 * then is printed from the names we know, never as it stands. */
#include "op/dedup/index_head.h"

#include <inttypes.h>

enum { VERSION = 2 }; /* raised when the same record gives other terms, or carries another hash */
#define FIELD TM_STR("tamis_rules")

static void put_names(uint32_t by, tm_buf *out)
{
    bool any = false;
    for (uint32_t i = 0; tm_selector_names[i]; i++) {
        if (!(by >> i & 1)) continue;
        if (any) tm_buf_char(out, ',');
        tm_buf_z(out, tm_selector_names[i]);
        any = true;
    }
}

static void put_head(const tm_choice *c, tm_buf *out)
{
    tm_buf_print(out, "%d by ", VERSION);
    put_names(c->by, out);
    tm_buf_print(out, " turn %" PRId64, c->turn);
}

void tm_index_head_write(const tm_choice *choice, tm_buf *json)
{
    tm_buf_z(json, ",\"tamis_rules\":\"");
    put_head(choice, json);
    tm_buf_char(json, '"');
}

/* ---- reading a head that differs ------------------------------------------------------------- */

static bool take(tm_str *head, const char *word)
{
    size_t n = strlen(word);
    if (head->n < n || memcmp(head->p, word, n) != 0) return false;
    *head = tm_str_slice(*head, n, head->n);
    return true;
}

static bool take_number(tm_str *head, int64_t *n)
{
    bool minus = take(head, "-"), any = false;
    *n = 0;
    for (; head->n && *head->p >= '0' && *head->p <= '9' && *n < 100000; any = true) {
        *n = *n * 10 + (*head->p - '0');
        *head = tm_str_slice(*head, 1, head->n);
    }
    if (minus) *n = -*n;
    return any;
}

static bool take_names(tm_str *head, uint32_t *by)
{
    *by = 0;
    do {
        uint32_t i = 0;
        size_t n = 0;
        while (n < head->n && head->p[n] >= 'a' && head->p[n] <= 'z') n++;
        while (tm_selector_names[i] && !tm_str_is(tm_str_slice(*head, 0, n), tm_selector_names[i]))
            i++;
        if (!tm_selector_names[i]) return false;
        *by |= 1u << i;
        *head = tm_str_slice(*head, n, head->n);
    } while (take(head, ","));
    return true;
}

/* "by: response, turn: 1" as a recipe has it. */
static void put_rules(const tm_choice *c, tm_buf *out)
{
    bool many = c->by & (c->by - 1);
    tm_buf_z(out, many ? "by: [" : "by: ");
    put_names(c->by, out);
    if (many) tm_buf_char(out, ']');
    if (c->turn) tm_buf_print(out, ", turn: %" PRId64, c->turn);
}

static tm_status fail_other(const tm_choice *made, const tm_choice *wanted, const char *step,
                            tm_err *err)
{
    tm_buf says = {0};
    put_rules(made, &says);
    size_t at = says.n;
    put_rules(wanted, &says);
    tm_str all = tm_buf_view(&says);
    tm_status status =
        says.failed
            ? tm_fail_memory(err, "a sentence", 0)
            : tm_fail(err, TM_ERECIPE,
                      "this index was made with %.*s, and %s has %.*s: other texts are not in it. "
                      "Give the step what the index was made with, or make the index again from "
                      "the set itself",
                      TM_FMT(tm_str_slice(all, 0, at)), step, TM_FMT(tm_str_slice(all, at, all.n)));
    tm_buf_release(&says);
    return status;
}

static tm_status fail_head(tm_str head, const tm_choice *wanted, const char *step, tm_err *err)
{
    int64_t version;
    tm_choice made = {0};
    bool well = take_number(&head, &version) && version > 0;
    if (well && version != VERSION)
        return tm_fail(err, TM_EINPUT,
                       "this index is of version %" PRId64 ", and this tamis reads version %d: "
                       "make it again with tamis index",
                       version, VERSION);
    well = well && take(&head, " by ") && take_names(&head, &made.by) && take(&head, " turn ") &&
           take_number(&head, &made.turn) && !head.n;
    if (well && (made.by != wanted->by || made.turn != wanted->turn))
        return fail_other(&made, wanted, step, err);
    return tm_fail(err, TM_EINPUT,
                   "a record of this index has a tamis_rules that tamis index does not write: make "
                   "the index again");
}

/* ---- a batch --------------------------------------------------------------------------------- */

static bool is_of_index(const tm_batch *b, uint32_t r)
{
    uint32_t first = b->first_part[r];
    return tm_live(b, r) && first < b->first_part[r + 1] && b->part[first].flags & TM_PART_ANY;
}

static tm_status check_record(const tm_choice *choice, tm_str own, const char *step,
                              const tm_batch *b, uint32_t r, tm_err *err)
{
    const tm_json_node *node = b->json.node;
    const char *raw = b->raw[r].p;
    uint32_t v = b->top[r] == TM_NONE ? TM_NONE : tm_json_get(node, raw, b->top[r], FIELD);
    if (v == TM_NONE)
        return tm_fail(err, TM_EINPUT,
                       "a record of this index does not say what it was made of (tamis_rules), as "
                       "indexes of earlier versions did not: make the index again with tamis "
                       "index");
    if (node[v].kind != TM_JSON_STRING) return fail_head((tm_str){"", 0}, choice, step, err);
    tm_str head = tm_json_inside(node, raw, v);
    return tm_str_eq(head, own) ? TM_OK : fail_head(head, choice, step, err);
}

tm_status tm_index_check(const tm_choice *choice, const char *step, const tm_batch *b, tm_err *err)
{
    tm_buf own = {0};
    tm_status status = TM_OK;
    for (uint32_t r = 0; status == TM_OK && r < b->records; r++) {
        if (!is_of_index(b, r)) continue;
        if (!own.n) put_head(choice, &own);
        status = tm_buf_ok(&own, err);
        if (status == TM_OK) status = check_record(choice, tm_buf_view(&own), step, b, r, err);
    }
    tm_buf_release(&own);
    return status;
}

tm_status tm_index_refuse(const tm_batch *b, const char *why, tm_err *err)
{
    for (uint32_t r = 0; r < b->records; r++)
        if (is_of_index(b, r))
            return tm_fail(err, TM_ERECIPE, "this reference is an index, and %s", why);
    return TM_OK;
}
