/* What lies in a run folder, read back: for explain, audit, the report, and `last`. */
#ifndef TM_FLOW_RUNFOLDER_H
#define TM_FLOW_RUNFOLDER_H

#include "flow/run.h"
#include "plan/recipe.h"

/* "last" or a folder's path -> the run folder. `last` is the text file runs/last. */
tm_status tm_folder_resolve(tm_arena *mem, tm_str name, tm_str *folder, tm_err *err);
/* A new name under runs/: runs/0001-refine ... */
tm_status tm_folder_new(tm_arena *mem, tm_str verb, tm_str *folder, tm_err *err);
#define TM_LAST "runs/last"
tm_status tm_folder_set_last(tm_str folder, tm_err *err);

/* The files that hold what a finished run kept, of all routes. *is_run: whether it is one at all;
 * an unfinished one is an error. folder ends in a zero. */
tm_status tm_folder_data(tm_arena *mem, tm_str folder, bool *is_run, tm_str **paths,
                         uint32_t *count, tm_err *err);

/* manifest.json as a tree (JSON is read as YAML's subset: recipe.h). */
tm_status tm_folder_manifest(tm_arena *mem, tm_str folder, tm_yaml **manifest, tm_err *err);
/* The same of run.json. */
tm_status tm_folder_run(tm_arena *mem, tm_str folder, tm_yaml **run, tm_err *err);
/* The same where a folder may be anybody's: NULL when there is none of ours ("manifest", "run"). */
tm_status tm_folder_ours(tm_arena *mem, tm_str folder, const char *what, tm_yaml **out,
                         tm_err *err);
/* manifest.c: run.json learns the digest of report.html, which holds `page`. */
tm_status tm_folder_note_report(tm_arena *mem, tm_str folder, tm_str page, tm_err *err);

/* One record's story. place: "file:line", "file@offset" or "PLACE" / "PLACE/PATH" numbers. Appends
 * text for people, or JSON. */
tm_status tm_explain(tm_arena *mem, tm_str folder, tm_str place, bool json, tm_buf *out,
                     tm_err *err);
/* Recomputes digests of all files of the run and the sums; appends a line for each thing looked at.
 * TM_EDIFFERS when something does not close. */
tm_status tm_audit(tm_arena *mem, tm_str folder, bool json, tm_buf *out, tm_err *err);

#endif
