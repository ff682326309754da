/* Functions of the x86 kernels that others of them call, or that kernel.c puts into its tables.
 * Only kernel*.c and json_scan_*.c include this. They may be called on CPUs that have what their
 * names say; kernel.c asks the CPU before. */
#ifndef TM_TEXT_KERNEL_X86_H
#define TM_TEXT_KERNEL_X86_H

#include "text/json_scan.h"

#if defined(__x86_64__)
extern const tm_kernel tm_kernel_avx2, tm_kernel_avx512;

size_t tm_terms_avx2(const char *p, size_t n, char *to, bool *inside, size_t *wrote);
size_t tm_term_hashes_avx2(const char *p, size_t n, uint64_t *out);
void tm_sketch_buckets_avx2(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                            uint32_t *least);
void tm_minhash_avx2(const uint64_t *gram, size_t count, const uint32_t *mul, const uint32_t *add,
                     uint32_t slots, uint32_t *least);
size_t tm_terms_avx512(const char *p, size_t n, char *to, bool *inside, size_t *wrote);
size_t tm_term_hashes_avx512(const char *p, size_t n, uint64_t *out);
void tm_sketch_buckets_avx512(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                              uint32_t *least);
void tm_minhash_avx512(const uint64_t *gram, size_t count, const uint32_t *mul, const uint32_t *add,
                       uint32_t slots, uint32_t *least);
size_t tm_utf8_valid_avx2(const char *p, size_t n);
size_t tm_escape_avx2(const char *p, size_t n, char *to);
size_t tm_words_avx2(const char *p, size_t n, bool *inside, size_t *words);
size_t tm_escape_more_avx2(const char *p, size_t n);
size_t tm_utf8_valid_avx512(const char *p, size_t n);
tm_json_fast tm_json_accept_avx2(tm_json *json, const char *p, size_t n, size_t readable_after,
                                 uint32_t depth, bool known_ascii);
tm_json_fast tm_json_accept_avx512(tm_json *json, const char *p, size_t n, size_t readable_after,
                                   uint32_t depth, bool known_ascii);
#endif

#endif
