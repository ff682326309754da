/* Fault injection for tests: TAMIS_FAULTS in the environment of a build with -DTM_FAULTS.
 *
 *   alloc:N      the N-th allocation fails       alloc:N+    all from the N-th on
 *   io:N:ENOSPC  the N-th file call fails        io:N+:EIO   all from the N-th on
 *                (of a full disk and its like only calls that write know)
 *   short:K      reads and writes give at most K bytes
 *   eintr:K      every K-th read or write says EINTR first
 *
 * Several are separated by commas. When the process ends it writes `allocs N calls N fired N` into
 * the file that TAMIS_FAULTS_TOLD names: a test counts n up until nothing has fired. (TAMIS_FAULT,
 * without the S, is the test runner's name for the program built this way.) In other builds all of
 * it compiles to nothing. */
#ifndef TM_BASE_FAULT_H
#define TM_BASE_FAULT_H

#include "base/def.h"

#ifdef TM_FAULTS
bool tm_fault_alloc(void);       /* should this allocation fail? */
bool tm_fault_io(bool writes);   /* should this call fail? errno is set */
bool tm_fault_eintr(void);       /* should this read or write be interrupted? errno is set */
size_t tm_fault_short(size_t n); /* how many bytes to read or write at most */
#else
static inline bool tm_fault_alloc(void)
{
    return false;
}
static inline bool tm_fault_io(bool writes)
{
    TM_UNUSED(writes);
    return false;
}
static inline bool tm_fault_eintr(void)
{
    return false;
}
static inline size_t tm_fault_short(size_t n)
{
    return n;
}
#endif

#endif
