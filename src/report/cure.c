/* Codes are few and cures are printed a handful at a time: the tables are walked. */
#include "report/cure.h"

#include <string.h>

#include "flow/codes.h"

void tm_cure_print(const char *code, bool unreadable, bool labels, tm_str inputs, tm_buf *out)
{
    const char *cure = NULL, *more = NULL;
    for (tm_code_walk at = {0}; !cure && tm_code_next(&at);) {
        bool read = strcmp(at.where, "record") != 0 && strcmp(at.where, "source") != 0;
        if (read == unreadable || strcmp(at.code->code, code) != 0) continue;
        cure = at.code->cure;
        more = at.code->cure_of_labels;
    }
    tm_buf_z(out, "tamis ");
    if (!cure) {
        tm_buf_print(out, "ops %s", code);
        return;
    }
    const char *hole = strstr(cure, TM_CURE_INPUT);
    size_t before = hole ? (size_t)(hole - cure) : strlen(cure);
    tm_buf_add(out, cure, before);
    if (!hole) return;
    tm_buf_str(out, inputs);
    tm_buf_z(out, hole + strlen(TM_CURE_INPUT));
    if (labels && more) tm_buf_z(out, more);
}
