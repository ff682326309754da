/* A text as one word of a command line, to be pasted into a shell.
 *
 * Law 7: data is never a shell word. File names come with downloaded data, and a command that is
 * printed is meant to be run. */
#ifndef TM_TEXT_SHELL_H
#define TM_TEXT_SHELL_H

#include "base/buf.h"

/* Appends s as it is when that is safe, else in single quotes; with characters that would steer a
 * terminal or are not UTF-8, as $'..' (POSIX.1-2024), which is plain ASCII. A path that begins with
 * a hyphen gets ./ before it, but for "-" alone. */
void tm_text_shell(tm_str s, tm_buf *out);

#endif
