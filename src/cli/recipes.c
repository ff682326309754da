/* What the command line says, put into a recipe: the command line wins over the file. */
#include <string.h>

#include "cli/command.h"

tm_status tm_cli_add_inputs(tm_cli *cli, tm_recipe *recipe, tm_err *err)
{
    const tm_common *c = &cli->common;
    tm_input_args args = {.path = {cli->word, cli->words},
                          .map = c->map,
                          .layout = c->layout,
                          .container = c->container,
                          .codec = c->codec,
                          .utf8 = c->utf8};
    if (!cli->words) return TM_OK;
    recipe->inputs = 0; /* files on the command line take the place of the recipe's */
    return tm_recipe_add_input(recipe, TM_STR("input"), &args, err);
}

static tm_status copy_limits(tm_cli *cli, tm_recipe *recipe, tm_err *err)
{
    const tm_common *c = &cli->common;
    tm_limits *l = &recipe->limits;
    if (tm_cli_given(cli, "memory")) l->memory = c->memory;
    if (tm_cli_given(cli, "max_line")) l->max_line = c->max_line;
    if (tm_cli_given(cli, "max_disk")) l->max_disk = c->max_disk;
    if (tm_cli_given(cli, "max_parts")) l->max_parts = c->max_parts;
    if (tm_cli_given(cli, "max_depth")) l->max_depth = c->max_depth;
    if (tm_cli_given(cli, "spill_dir")) l->spill_dir = c->spill_dir;
    if (!tm_cli_given(cli, "limit_unreadable")) return TM_OK;
    l->unreadable = c->unreadable;
    return tm_limits_resolve(l, err);
}

tm_status tm_cli_recipe(tm_cli *cli, tm_recipe *recipe, tm_err *err)
{
    const tm_common *c = &cli->common;
    TM_TRY(tm_cli_add_inputs(cli, recipe, err));
    TM_TRY(copy_limits(cli, recipe, err));
    if (tm_cli_given(cli, "seed")) recipe->seed = c->seed;
    if (tm_cli_given(cli, "format")) recipe->output.format = c->format;
    if (tm_cli_given(cli, "level")) recipe->output.level = c->level;
    if (tm_cli_given(cli, "shard")) recipe->output.shard_bytes = c->shard;
    if (tm_cli_given(cli, "ledger")) recipe->output.ledger = c->ledger;
    return TM_OK;
}
