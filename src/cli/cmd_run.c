/* run: runs a recipe from a file, on the inputs it names or on those of the command line. */
#include <string.h>

#include "cli/command.h"

/* YAML's own words about a file of records would help nobody. */
static tm_status refuse_data(tm_str name, tm_err *err)
{
    static const char *const DATA[] = {".jsonl", ".zst", ".gz", ".csv", ".parquet", ".txt", ".md"};
    for (size_t i = 0; i < TM_COUNT(DATA); i++)
        if (tm_str_ends(name, tm_str_of(DATA[i])))
            return tm_fail(err, TM_EUSAGE,
                           "tamis run needs a recipe, and %.*s is data by its name: tamis run "
                           "recipe.yaml %.*s, or tamis refine %.*s",
                           TM_FMT(name), TM_FMT(name), TM_FMT(name));
    return TM_OK;
}

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_buf bytes = {0};
    tm_recipe recipe;
    if (!cli->words) return tm_fail(err, TM_EUSAGE, "tamis run needs a recipe file");
    tm_str name = cli->word[0];
    const char *path = tm_path_z(cli->mem, name);
    TM_TRY(refuse_data(name, err));
    if (!path) return tm_fail_memory(err, "a path", name.n);
    tm_status status = tm_file_load(path, 4 * TM_MIB, &bytes, err);
    tm_str text = status == TM_OK ? tm_arena_str(cli->mem, tm_buf_view(&bytes)) : (tm_str){0};
    tm_buf_release(&bytes);
    TM_TRY(status);
    if (!text.p) return tm_fail_memory(err, "the recipe", 0);
    TM_TRY(tm_recipe_read(&recipe, cli->mem, name, text, err));
    cli->word++; /* what follows are inputs, in the place of the recipe's */
    cli->words--;
    tm_execution e = {.recipe = &recipe, .options.recipe_file = path};
    return tm_cli_execute(cli, &e, err);
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_run = {
    .name = "run",
    .words = "RECIPE [INPUT...]",
    .summary = "run a recipe",
    .why = "Reads the recipe, checks it against its inputs, and runs it. Files on the command line "
           "take the place of the recipe's inputs. --dry-run shows the plan and its cost. An "
           "unfinished run of the same plan in the same folder is taken up where it was.",
    .example = "tamis run recipe.yaml --dry-run",
    .params = PARAMS,
    .runs = true,
    .run = run,
};
