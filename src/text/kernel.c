/* Which kernels are used: the best this CPU has, or the one TAMIS_SIMD names if the CPU has it.
 *
 * The choice is made at the first question and kept; two threads that ask first at the same time
 * come to the same answer, so a relaxed store is enough. */
#include "text/kernel.h"

#include <stdatomic.h>
#include <string.h>

#include "base/system.h"
#include "text/kernel_x86.h"

static bool can_avx512(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
#else
    return false;
#endif
}

static bool can_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
#else
    return false;
#endif
}

const tm_kernel *tm_kernel_named(const char *name)
{
    if (!strcmp(name, tm_kernel_scalar.name)) return &tm_kernel_scalar;
#if defined(__x86_64__)
    if (!strcmp(name, tm_kernel_avx2.name) && can_avx2()) return &tm_kernel_avx2;
    if (!strcmp(name, tm_kernel_avx512.name) && can_avx512()) return &tm_kernel_avx512;
#endif
    return NULL;
}

const char *tm_kernel_missed(void)
{
    const char *wish = tm_environment("TAMIS_SIMD");
    return wish && *wish && !tm_kernel_named(wish) ? wish : NULL;
}

static const tm_kernel *choose(void)
{
    const char *wish = tm_environment("TAMIS_SIMD");
    const tm_kernel *kernel = wish ? tm_kernel_named(wish) : NULL;
#if defined(__x86_64__)
    if (!kernel && can_avx512()) kernel = &tm_kernel_avx512;
    if (!kernel && can_avx2()) kernel = &tm_kernel_avx2;
#endif
    return kernel ? kernel : &tm_kernel_scalar;
}

const tm_kernel *tm_kernel_now(void)
{
    static _Atomic(const tm_kernel *) chosen;
    const tm_kernel *kernel = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (TM_LIKELY(kernel != NULL)) return kernel;
    kernel = choose();
    atomic_store_explicit(&chosen, kernel, memory_order_relaxed);
    return kernel;
}
