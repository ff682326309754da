/* The built-in recipes of refine, one an example kind, and one for sets of several.
 *
 * They are the files in recipes/, where people can read, copy and change them; the build makes
 * strings of them (recipes.c in the Makefile), so that the program needs no file beside it. A kind
 * without a recipe of its own takes the nearest one: stepwise answers are scored ones, labelled
 * texts are documents. The recipe of one kind is never used on another: what it compares may not be
 * there, and records that have nothing of it would all look alike. */
#include "plan/plan.h"

/* recipes/NAME.yaml */
extern const char tm_recipe_sft[], tm_recipe_corpus[], tm_recipe_preference[], tm_recipe_unpaired[],
    tm_recipe_scored[], tm_recipe_prompt[], tm_recipe_mixed[];

#define KIND(kind) (1u << TM_##kind)

const tm_builtin tm_builtins[] = {
    {"sft", KIND(SFT), tm_recipe_sft},
    {"corpus", KIND(CORPUS) | KIND(LABEL), tm_recipe_corpus},
    {"preference", KIND(PREFERENCE), tm_recipe_preference},
    {"unpaired", KIND(UNPAIRED), tm_recipe_unpaired},
    {"scored", KIND(SCORED) | KIND(STEPWISE), tm_recipe_scored},
    {"prompt", KIND(PROMPT), tm_recipe_prompt},
    {"mixed", UINT32_MAX, tm_recipe_mixed},
    {0},
};

const tm_builtin *tm_builtin_for(uint32_t kinds)
{
    const tm_builtin *b = tm_builtins;
    while (kinds & ~b->kinds) b++;
    return b;
}
