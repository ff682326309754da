/* Hashes against the libraries they come from, and chance that is even and the same everywhere. */
#include "base_help.h"

#include <math.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/hash.h"

static char bytes[5000];

static void make_bytes(void)
{
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)chance(256);
}

/* XXH3 takes other ways at 16, 128, 240 and 1024 bytes; all lengths around them are tried. */
static void xxh3_is_xxh3_at_every_length(void **state)
{
    TM_UNUSED(state);
    make_bytes();
    for (size_t n = 0; n < sizeof bytes; n += n < 1100 ? 1 : 97) {
        uint64_t seed = n * 0x9E3779B97F4A7C15u;
        XXH128_hash_t want = XXH3_128bits(bytes, n), seeded = XXH3_128bits_withSeed(bytes, n, seed);
        tm_hash got = tm_hash128(bytes, n);
        assert_true(got.hi == want.high64 && got.lo == want.low64);
        got = tm_hash128_seeded(bytes, n, seed);
        assert_true(got.hi == seeded.high64 && got.lo == seeded.low64);
        assert_true(tm_hash64(bytes, n, seed) == XXH3_64bits_withSeed(bytes, n, seed));
    }
}

/* Identities are stored: these may never change, with whatever xxHash the program is built. */
static void known_hashes_stay_known(void **state)
{
    TM_UNUSED(state);
    char hex[33];
    tm_hash_hex(tm_hash128(NULL, 0), hex);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
    tm_hash_hex(tm_hash128("abc", 3), hex);
    assert_string_equal(hex, "06b05ab6733a618578af5f94892f3950");
    assert_true(tm_hash64("", 0, 0) == 0x2D06800538D394C2u);
}

static void pieces_hash_like_the_whole(void **state)
{
    TM_UNUSED(state);
    tm_hasher *h = tm_hasher_new();
    tm_sha256 *one = tm_sha256_new(), *many;
    char want[65], got[65];
    make_bytes();
    assert_true(h && one);
    tm_sha256_add(one, bytes, sizeof bytes);
    tm_sha256_hex(one, want);
    for (uint64_t t = 0; t < 50; t++) {
        many = tm_sha256_new();
        tm_hasher_reset(h);
        for (size_t at = 0, n; at < sizeof bytes; at += n) {
            n = chance(t * 20 + 2);
            n = TM_MIN(n, sizeof bytes - at);
            tm_hasher_add(h, bytes + at, n);
            tm_sha256_add(many, bytes + at, n);
            tm_hash so_far = tm_hash128(bytes, at + n);
            assert_int_equal(tm_hash_cmp(tm_hasher_done(h), so_far), 0);
            if (t > 40) tm_sha256_hex(many, got); /* asking does not disturb */
        }
        tm_sha256_hex(many, got);
        assert_string_equal(got, want);
        tm_sha256_free(many);
    }
    tm_sha256_free(one);
    tm_hasher_free(h);
    tm_hasher_free(NULL);
    tm_sha256_free(NULL);
    assert_int_equal(tm_alloc_live(), 0);
}

/* FIPS 180-4 examples. */
static void sha256_is_sha256(void **state)
{
    TM_UNUSED(state);
    static const char *const list[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
    char hex[65];
    for (size_t i = 0; i < TM_COUNT(list); i++) {
        tm_sha256 *s = tm_sha256_new();
        tm_sha256_add(s, list[i][0], strlen(list[i][0]));
        tm_sha256_hex(s, hex);
        assert_string_equal(hex, list[i][1]);
        tm_sha256_free(s);
    }
    tm_sha256 *million = tm_sha256_new();
    for (int i = 0; i < 100000; i++) tm_sha256_add(million, "aaaaaaaaaa", 10);
    tm_sha256_hex(million, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    tm_sha256_free(million);
}

static void hashes_have_an_order_and_a_spelling(void **state)
{
    TM_UNUSED(state);
    char hex[33];
    tm_hash a = {1, 5}, b = {1, 6}, c = {2, 0};
    assert_true(tm_hash_cmp(a, b) < 0 && tm_hash_cmp(b, c) < 0 && tm_hash_cmp(c, a) > 0);
    assert_int_equal(tm_hash_cmp(b, b), 0);
    tm_hash_hex((tm_hash){0x0123456789ABCDEFu, 0xFEDCBA9876543210u}, hex);
    assert_string_equal(hex, "0123456789abcdeffedcba9876543210");
}

static void chance_is_the_same_everywhere(void **state)
{
    TM_UNUSED(state);
    tm_hash id = tm_hash128("x", 1);
    uint64_t first = tm_chance(1, id, 2);
    for (int i = 0; i < 3; i++) assert_true(tm_chance(1, id, 2) == first);
    assert_true(tm_chance(2, id, 2) != first);
    assert_true(tm_chance(1, id, 3) != first);
    assert_true(tm_chance(1, (tm_hash){id.hi, id.lo + 1}, 2) != first);
    assert_true(tm_chance(1, (tm_hash){id.hi + 1, id.lo}, 2) != first);
}

/* Chi-square of `count` numbers in 256 boxes of their bits from `shift` on; 255 degrees of freedom
 * have a mean of 255 and a deviation of 22.6. */
static double chi_square(const uint64_t *number, size_t count, unsigned shift)
{
    double box[256] = {0}, even = (double)count / 256, sum = 0;
    for (size_t i = 0; i < count; i++) box[number[i] >> shift & 255]++;
    for (int b = 0; b < 256; b++) sum += (box[b] - even) * (box[b] - even) / even;
    return sum;
}

static void chance_is_even_along_every_argument(void **state)
{
    TM_UNUSED(state);
    enum { COUNT = 65536 };
    static uint64_t number[COUNT];
    for (int which = 0; which < 4; which++) {
        for (uint64_t i = 0; i < COUNT; i++) {
            uint64_t v[4] = {7, 7, 7, 7}; /* neighbours along one argument are the hardest */
            v[which] = i;
            number[i] = tm_chance(v[0], (tm_hash){v[1], v[2]}, v[3]);
        }
        for (unsigned shift = 0; shift < 64; shift += 8) {
            double x = chi_square(number, COUNT, shift);
            if (x < 255 - 5 * 22.6 || x > 255 + 5 * 22.6)
                fail_msg("argument %d, bits from %u: chi-square %.1f", which, shift, x);
        }
        double together = 0; /* correlation of neighbours */
        for (size_t i = 0; i + 1 < COUNT; i++)
            together += ((double)number[i] / 0x1p64 - 0.5) * ((double)number[i + 1] / 0x1p64 - 0.5);
        assert_true(fabs(together / COUNT * 12) < 5 / sqrt(COUNT));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xxh3_is_xxh3_at_every_length),
        cmocka_unit_test(known_hashes_stay_known),
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(sha256_is_sha256),
        cmocka_unit_test(hashes_have_an_order_and_a_spelling),
        cmocka_unit_test(chance_is_the_same_everywhere),
        cmocka_unit_test(chance_is_even_along_every_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
