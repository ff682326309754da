/* audit: does a run folder still hold what its manifest says? Digests and sums are computed again
 * from the files, and what does not close is said. */
#include "cli/command.h"
#include "flow/runfolder.h"

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_str folder;
    tm_buf out = {0};
    if (cli->words != 1)
        return tm_fail(err, TM_EUSAGE, "tamis audit takes one run folder, or last");
    TM_TRY(tm_folder_resolve(cli->mem, cli->word[0], &folder, err));
    tm_status status = tm_audit(cli->mem, folder, cli->common.json, &out, err);
    tm_err why = {0}; /* the list is printed whatever it says; one that is not is no audit */
    bool judged = status == TM_OK || status == TM_EDIFFERS;
    tm_status printed = judged ? tm_buf_ok(&out, &why) : TM_OK;
    if (judged && printed == TM_OK) printed = tm_cli_print(tm_buf_view(&out), &why);
    if (printed != TM_OK) {
        *err = why;
        status = printed;
    }
    tm_buf_release(&out);
    return status;
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_audit = {
    .name = "audit",
    .words = "RUN",
    .summary = "recompute digests and sums of a run; say what does not close",
    .why = "Reads inputs, outputs and the other files of the run again and compares them with the "
           "manifest: digests, counts per fate, per step and per file. Exit 1 when something "
           "differs.",
    .example = "tamis audit last",
    .params = PARAMS,
    .json = true,
    .first = TM_FIRST_RUN,
    .run = run,
};
