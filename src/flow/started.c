/* First from the folder where the run was started, then from here: a file of the same name that
 * lies here is another one, as likely as not. Absolute paths are where they are. */
#include "flow/started.h"

#include "base/fs.h"
#include "flow/runfolder.h"
#include "text/visible.h"

tm_status tm_started_in(tm_arena *mem, tm_str folder, tm_str *started, tm_err *err)
{
    tm_yaml *run;
    *started = (tm_str){0};
    TM_TRY(tm_folder_ours(mem, folder, "run", &run, err));
    const tm_yaml *in = run ? tm_yaml_get(run, "started_in") : NULL;
    if (in && tm_str_starts(in->text, TM_STR("/"))) *started = in->text;
    return TM_OK;
}

static bool moves(tm_str started, tm_str path)
{
    return started.n && path.n && path.p[0] != '/' && !tm_str_is(path, "-");
}

tm_status tm_started_find(tm_arena *mem, tm_str started, tm_str path, tm_str *now, tm_err *err)
{
    *now = path;
    if (!moves(started, path)) return TM_OK;
    char *there = tm_arena_printf(mem, "%.*s/%.*s", TM_FMT(started), TM_FMT(path));
    if (!there) return tm_fail_memory(err, "a path", path.n);
    if (tm_file_exists(there)) *now = tm_str_of(there);
    return TM_OK;
}

void tm_started_tried(tm_str started, tm_str path, tm_buf *out)
{
    bool two = moves(started, path);
    if (two) {
        tm_buf_z(out, "neither ");
        tm_text_visible(started, out);
        tm_buf_char(out, '/');
        tm_text_visible(path, out);
        tm_buf_z(out, " nor ");
    }
    tm_text_visible(path, out);
    tm_buf_z(out, two ? " is there" : " is not there");
}
