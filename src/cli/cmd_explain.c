/* explain: one record's story, from a finished run: its fate, what was found, what was edited. */
#include "cli/command.h"
#include "flow/runfolder.h"

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_str folder;
    tm_buf out = {0};
    if (cli->words != 2)
        return tm_fail(err, TM_EUSAGE,
                       "tamis explain takes a run and a place: tamis explain last "
                       "train.jsonl:1042");
    TM_TRY(tm_folder_resolve(cli->mem, cli->word[0], &folder, err));
    tm_status status = tm_explain(cli->mem, folder, cli->word[1], cli->common.json, &out, err);
    if (status == TM_OK) status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_explain = {
    .name = "explain",
    .words = "RUN PLACE",
    .summary = "one record's story: what every step saw, did and decided",
    .why = "RUN is a run folder or last. PLACE is FILE:LINE or FILE:LINE:COLUMN, as findings and "
           "messages have it, FILE@OFFSET, or PLACE/PATH as in the ledger. Of an array on one line "
           "the column says which record is meant. Reads the ledger and the findings, reads the "
           "record again from its source, and checks that the source has not changed since.",
    .example = "tamis explain last train.jsonl:1042",
    .params = PARAMS,
    .json = true,
    .first = TM_FIRST_RUN,
    .run = run,
};
