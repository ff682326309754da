/* refine: runs the built-in recipe that fits the example kind found in the inputs, and says
 * which. */
#include "cli/command.h"

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_recipe recipe;
    TM_TRY(tm_recipe_begin(&recipe, cli->mem, TM_STR("refine"), err));
    tm_execution e = {.recipe = &recipe, .options.refine = true};
    return tm_cli_execute(cli, &e, err);
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_refine = {
    .name = "refine",
    .words = "INPUT...",
    .summary = "from messy files to a clean dataset, with the built-in recipe for their kind",
    .why = "Looks at a sample, chooses the recipe for the example kind it finds (conversations, "
           "pairs, labelled answers, documents, prompts, or several of these), says which it is "
           "(--print-recipe prints it), and runs it. Nothing is dropped by it: records that no "
           "trainer can use are parked, duplicates "
           "are merged, characters are repaired, and every one of them is told.",
    .example = "tamis refine train.jsonl -o clean/",
    .params = PARAMS,
    .runs = true,
    .run = run,
};
