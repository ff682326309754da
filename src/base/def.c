/* What happens when an assertion fails: the place on standard error, then abort. There is nothing
 * to save: outputs are temporary files until they are committed. */
#include "base/def.h"

#include <stdio.h>
#include <stdlib.h>

void tm_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "tamis: bug at %s:%d: %s does not hold\n", file, line, condition);
    abort();
}
