/* Conformance modes over any bytes: they must not crash, give all values of a signature or none,
 * and the same again. The first byte chooses the tool, the second the size of n-grams. */
#include <stdlib.h>

#include "op/conform/conform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HASHES = 12 };

static void check(const tm_conform *mode, tm_str text)
{
    tm_conform_scratch own = {0};
    uint64_t signature[HASHES], again[HASHES];
    char key[HASHES * 8];
    size_t count, recount;
    tm_err err;
    if (tm_conform_signature(mode, &own, text, signature, &count, &err) != TM_OK ||
        tm_conform_signature(mode, &own, text, again, &recount, &err) != TM_OK)
        abort();
    if ((count && count != HASHES) || count != recount) abort();
    if (count && memcmp(signature, again, sizeof again)) abort();
    for (uint32_t band = 0; count && band < mode->rules.bands; band++)
        if (tm_conform_band(mode, signature, band, key) > sizeof key) abort();
    tm_conform_scratch_release(&own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    tm_arena mem = {0};
    const tm_conform *mode;
    tm_err err;
    tm_conform_rules r = tm_conform_defaults((tm_conform_tool)(data[0] % TM_CONFORM_TOOLS));
    r.any_language = data[0] >= 128;
    r.ngram = 1 + data[1] % 7;
    r.bands = 4, r.rows = 3, r.hashes = HASHES;
    if (tm_conform_make(&mem, &r, &mode, &err) != TM_OK) abort();
    check(mode, (tm_str){(const char *)data + 2, size - 2});
    tm_arena_release(&mem);
    return 0;
}
