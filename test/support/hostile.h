/* An exchange that keeps no promise it need not keep: for tm_run_options.reduce.
 *
 * Facts leave the engine as bytes, are shuffled, cut into parts by a salted hash of their keys, and
 * each part is sorted and reduced in a process of its own, in a random order of parts. What comes
 * out must not differ from the local exchange. */
#ifndef TEST_SUPPORT_HOSTILE_H
#define TEST_SUPPORT_HOSTILE_H

#include "flow/exchange.h"

/* arg: a uint64_t that counts the calls and salts the parts. */
tm_status hostile_reduce(void *arg, const tm_reducer *reducer, tm_exchange *x, tm_err *err);

#endif
