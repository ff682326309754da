/* Every option that a verb takes, once and in the order in which help shows them: its own or its
 * operator's, those of a step, those it shares with others.
 *
 * Help, the man page, the completions and the suggestions for misspelt options all walk this way,
 * so an option that the parser takes is in all of them. What then: may be differs from operator to
 * operator, so that option is made here from the operator's codes. */
#include <string.h>

#include "cli/command.h"

const tm_param tm_step_params[] = {
    {"then", TM_P_TEXT,
     .help = "what becomes of a record in which something is found, instead of "
             "what each finding says by itself"},
    {"name", TM_P_TEXT,
     .help = "the step's name: its signals are NAME.signal, and the ledger says it"},
    {0},
};

bool tm_command_takes(const tm_command *command, const tm_param *common)
{
    if (!command) return true;
    if (tm_params_find(command->params, tm_str_of(common->name))) return false;
    for (const char *const *name = command->without; name && *name; name++)
        if (!strcmp(*name, common->name)) return false;
    if (command->runs) return true;
    bool json = command->json && !strcmp(common->name, "json");
    return json || !strcmp(common->name, "color") || !strcmp(common->name, "help");
}

/* then: with the words it takes here. */
static void make_then(tm_option_walk *w)
{
    uint32_t then = tm_op_then(w->op), n = 0;
    for (uint32_t v = TM_V_FLAG; v <= TM_V_MERGE; v++)
        if (then >> v & 1) w->word[n++] = tm_verdict_name((tm_verdict)v);
    w->word[n] = NULL;
    w->made = *w->option;
    w->made.choices = w->word;
    w->option = &w->made;
}

static const tm_param *table_of(const tm_option_walk *w, tm_option_kind kind)
{
    switch (kind) {
    case TM_OPTION_OWN: return w->op ? w->op->params : w->command->params;
    case TM_OPTION_STEP: return w->op ? tm_step_params : NULL;
    case TM_OPTION_COMMON: return tm_common_params;
    case TM_OPTION_END: break;
    }
    return NULL;
}

static bool takes(const tm_option_walk *w, const tm_param *p)
{
    bool own = w->op && tm_params_find(w->op->params, tm_str_of(p->name));
    if (w->kind == TM_OPTION_COMMON) return !own && tm_command_takes(w->command, p);
    if (w->kind != TM_OPTION_STEP) return true;
    return !own && (strcmp(p->name, "then") != 0 || tm_op_then(w->op));
}

bool tm_option_next(tm_option_walk *w)
{
    for (; w->kind < TM_OPTION_END; w->kind++, w->at = 0) {
        const tm_param *table = table_of(w, w->kind);
        while (table && table[w->at].type != TM_P_END) {
            w->option = &table[w->at++];
            if (!takes(w, w->option)) continue;
            if (w->kind == TM_OPTION_STEP && !strcmp(w->option->name, "then")) make_then(w);
            return true;
        }
    }
    return false;
}
