/* What YAML would call a scalar of another type is decided by the JSON scanner: what it accepts as
 * a bare value is one. */
#include "op/scalar.h"

#include "text/json.h"

static bool is_bare(tm_str value)
{
    tm_json json = {0};
    bool plain = value.n && value.p[0] != '"' && value.p[0] != '[' && value.p[0] != '{';
    bool bare = plain && tm_json_scan(&json, value.p, value.n, 0, (tm_json_limits){0}) &&
                json.node[0].at == 0 && json.node[0].end == value.n;
    tm_json_release(&json);
    return bare;
}

void tm_scalar_json(tm_str value, bool quoted, tm_buf *out)
{
    if (!quoted && is_bare(value))
        tm_buf_str(out, value);
    else
        tm_buf_json(out, value);
}
