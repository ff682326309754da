/* The built-in recipes of refine, one an example kind, and one for sets of several.
 *
 * They stand here as text so that the program needs no file beside it, and in recipes/ as files so
 * that people can read, copy and change them; a test compares the two byte for byte. A kind without
 * a recipe of its own takes the nearest one: stepwise answers are scored ones, labelled texts are
 * documents. The recipe of one kind is never used on another: what it compares may not be there,
 * and records that have nothing of it would all look alike. */
#include "plan/plan.h"

static const char corpus_yaml[] =
    "# What `tamis refine` does with plain documents (example kind corpus).\n"
    "# Runs of blank lines and trailing space are layout, not text, so they are evened out as "
    "well. Two\n"
    "# documents are the same when only case and spacing differ; with another label, answer, "
    "target, class\n"
    "# or rating they are not. A score mostly comes of a classifier and goes with the text: that "
    "it\n"
    "# differed in a merge is told, as of every other field.\n"
    "steps:\n"
    "  - check.record\n"
    "  - clean.text:\n"
    "      on: document\n"
    "      fix: [control, zero_width, line_ends, trailing_space, blank_runs]\n"
    "  - length\n"
    "  - dedup.exact:\n"
    "      by: document\n"
    "      within: [$.label, $.answer, $.target, $.class, $.rating]\n"
    "      normalise: [unicode, zero_width, case, space]\n"
    "output: {format: jsonl.zst, ledger: signals}\n";

static const char sft_yaml[] =
    "# What `tamis refine` does with conversations and instructions with their answers (example "
    "kind sft).\n"
    "# It repairs what is certain, sets aside what is broken, and merges what is there twice; what "
    "differs\n"
    "# in case and spacing alone is told and stays, for in code and in spelling that is a "
    "difference. It\n"
    "# throws nothing away: short answers, odd languages and rude words are yours to judge, with a "
    "filter.\n"
    "steps:\n"
    "  - check.record\n"
    "  - clean.text: {on: all, fix: [control, zero_width, line_ends, trailing_space]}\n"
    "  - length\n"
    "  - dedup.exact:\n"
    "      by: [prompt, response]\n"
    "      normalise: [unicode, zero_width, case, space]\n"
    "      alike: flag\n"
    "output: {format: jsonl.zst, ledger: signals}\n";

static const char preference_yaml[] =
    "# What `tamis refine` does with pairs of a chosen and a rejected answer (example kind "
    "preference).\n"
    "# Both answers are cleaned alike, so that no trace of cleaning tells one from the other. A "
    "pair is a\n"
    "# duplicate only when prompt, chosen and rejected are all the same: the same prompt with "
    "other\n"
    "# answers is another judgement.\n"
    "steps:\n"
    "  - check.record\n"
    "  - clean.text: {on: all, fix: [control, zero_width, line_ends, trailing_space]}\n"
    "  - length\n"
    "  - dedup.exact:\n"
    "      by: [prompt, chosen, rejected]\n"
    "      normalise: [unicode, zero_width, case, space]\n"
    "      alike: flag\n"
    "output: {format: jsonl.zst, ledger: signals}\n";

static const char unpaired_yaml[] =
    "# What `tamis refine` does with answers that are labelled good or bad (example kind "
    "unpaired).\n"
    "# The same answer twice may carry two labels, which is news and not a duplicate: such records "
    "are\n"
    "# flagged and all of them stay.\n"
    "steps:\n"
    "  - check.record\n"
    "  - clean.text: {on: all, fix: [control, zero_width, line_ends, trailing_space]}\n"
    "  - length\n"
    "  - dedup.exact:\n"
    "      by: [prompt, response]\n"
    "      normalise: [unicode, zero_width, case, space]\n"
    "      then: flag\n"
    "output: {format: jsonl.zst, ledger: signals}\n";

static const char scored_yaml[] =
    "# What `tamis refine` does with answers that carry a score (example kind scored).\n"
    "# The same answer twice may carry two scores, which is news and not a duplicate: such records "
    "are\n"
    "# flagged and all of them stay.\n"
    "steps:\n"
    "  - check.record\n"
    "  - clean.text: {on: all, fix: [control, zero_width, line_ends, trailing_space]}\n"
    "  - length\n"
    "  - dedup.exact:\n"
    "      by: [prompt, response]\n"
    "      normalise: [unicode, zero_width, case, space]\n"
    "      then: flag\n"
    "output: {format: jsonl.zst, ledger: signals}\n";

static const char prompt_yaml[] =
    "# What `tamis refine` does with prompts that have no answer yet (example kind prompt).\n"
    "# With another answer, label, target, class or rating beside it the same prompt is another "
    "task.\n"
    "steps:\n"
    "  - check.record\n"
    "  - clean.text: {on: all, fix: [control, zero_width, line_ends, trailing_space]}\n"
    "  - length\n"
    "  - dedup.exact:\n"
    "      by: prompt\n"
    "      within: [$.label, $.answer, $.target, $.class, $.rating]\n"
    "      normalise: [unicode, zero_width, case, space]\n"
    "      alike: flag\n"
    "output: {format: jsonl.zst, ledger: signals}\n";

static const char mixed_yaml[] =
    "# What `tamis refine` does with records of several example kinds in one set.\n"
    "# Only records of one kind are compared with one another, by all of their texts, and only "
    "where their\n"
    "# labels, scores, ratings and answers are the same: one text with two verdicts is news and "
    "not a\n"
    "# duplicate.\n"
    "steps:\n"
    "  - check.record\n"
    "  - clean.text: {on: all, fix: [control, zero_width, line_ends, trailing_space]}\n"
    "  - length\n"
    "  - dedup.exact:\n"
    "      by: all\n"
    "      within: [kind, label, $.label, $.answer, $.target, $.class, $.rating]\n"
    "      normalise: [unicode, zero_width, case, space]\n"
    "      alike: flag\n"
    "output: {format: jsonl.zst, ledger: signals}\n";

#define KIND(kind) (1u << TM_##kind)
#define RECIPE(name, kinds)                      \
    {                                            \
#name, kinds,                            \
        {                                        \
            name##_yaml, sizeof(name##_yaml) - 1 \
        }                                        \
    }

const tm_builtin tm_builtins[] = {
    RECIPE(sft, KIND(SFT)),
    RECIPE(corpus, KIND(CORPUS) | KIND(LABEL)),
    RECIPE(preference, KIND(PREFERENCE)),
    RECIPE(unpaired, KIND(UNPAIRED)),
    RECIPE(scored, KIND(SCORED) | KIND(STEPWISE)),
    RECIPE(prompt, KIND(PROMPT)),
    RECIPE(mixed, UINT32_MAX),
    {0},
};

const tm_builtin *tm_builtin_for(uint32_t kinds)
{
    const tm_builtin *b = tm_builtins;
    while (kinds & ~b->kinds) b++;
    return b;
}
