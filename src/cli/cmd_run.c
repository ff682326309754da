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

enum { MOST = 4 * TM_MIB }; /* of a recipe */

/* What comes through standard input is the recipe, and nothing else of this run. */
static tm_status load_standard_input(tm_buf *out, tm_err *err)
{
    static const char NAME[] = "standard input";
    for (size_t got = 1, piece = 64 << 10; got;) {
        if (!tm_buf_grow(out, piece)) return tm_fail_memory(err, NAME, out->n);
        TM_TRY(tm_file_read(0, NAME, out->p + out->n, piece, &got, err));
        out->n += got;
        if (out->n > MOST)
            return tm_fail(err, TM_ELIMIT, "%s is larger than %d bytes: is it a recipe?", NAME,
                           MOST);
    }
    return TM_OK;
}

static tm_status refuse_twice(const tm_cli *cli, const tm_recipe *recipe, tm_err *err)
{
    bool twice = false;
    for (uint32_t w = 1; w < cli->words; w++) twice |= tm_str_is(cli->word[w], "-");
    for (uint32_t i = 0; cli->words < 2 && i < recipe->inputs; i++)
        for (uint32_t p = 0; p < recipe->input[i].paths; p++)
            twice |= tm_str_is(recipe->input[i].path[p], "-");
    if (!twice) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "- is the recipe and an input at once: put one of them into a file");
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
    bool standard = tm_str_is(name, "-");
    tm_status status =
        standard ? load_standard_input(&bytes, err) : tm_file_load(path, MOST, &bytes, err);
    tm_str text = status == TM_OK ? tm_arena_str(cli->mem, tm_buf_view(&bytes)) : (tm_str){0};
    tm_buf_release(&bytes);
    TM_TRY(status);
    if (!text.p) return tm_fail_memory(err, "the recipe", 0);
    TM_TRY(tm_recipe_read(&recipe, cli->mem, name, text, err));
    if (standard) TM_TRY(refuse_twice(cli, &recipe, err));
    cli->word++; /* what follows are inputs, in the place of the recipe's */
    cli->words--;
    tm_execution e = {.recipe = &recipe, .options.recipe_file = standard ? NULL : path};
    return tm_cli_execute(cli, &e, err);
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_run = {
    .name = "run",
    .words = "RECIPE [INPUT...]",
    .summary = "run a recipe",
    .why = "Reads the recipe (- reads it from standard input), checks it against its inputs, and "
           "runs it. Files on the command line "
           "take the place of the recipe's inputs. --dry-run shows the plan and its cost. An "
           "unfinished run of the same plan in the same folder is taken up where it was.",
    .example = "tamis run recipe.yaml --dry-run",
    .params = PARAMS,
    .runs = true,
    .run = run,
};
