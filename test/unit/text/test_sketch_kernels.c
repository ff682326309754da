/* The kernels of terms and sketches: every table gives what the scalar one gives, and that gives
 * what kernel.h says, written down here without any shortcut. What they read ends at a page that
 * may not be touched; what they write does too, and is watched before its beginning. */
#include "text_help.h"

#include "text/sketch_hash.h"
#include "text/terms.h"

enum { GRAMS_MOST = 2000, SLOTS_MOST = 700, TEXT_MOST = 1500, WATCHED = 64 };

/* ---- memory that is watched ---- */

typedef enum place { GRAM, MUL, ADD, LEAST, TEXT, FOLDED, PLACES } place;

/* n bytes that end where memory ends; those before them are watched. */
static void *room_for(place p, size_t n)
{
    enum { BYTES = 1 << 16 };
    static char *end[PLACES];
    if (!end[p]) {
        char *all =
            mmap(NULL, BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(all != MAP_FAILED);
        assert_int_equal(mprotect(all + BYTES, 4096, PROT_NONE), 0);
        end[p] = all + BYTES;
    }
    assert_true(n + WATCHED <= BYTES);
    memset(end[p] - n - WATCHED, 0x5A, n + WATCHED);
    return end[p] - n;
}

static bool untouched(const void *room)
{
    const char *p = room;
    for (size_t i = 1; i <= WATCHED; i++)
        if (p[-(ptrdiff_t)i] != 0x5A) return false;
    return true;
}

/* ---- sketches ---- */

static void naive_buckets(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                          uint32_t *least)
{
    for (size_t k = 0; k < count; k++) {
        uint64_t x = tm_sketch_hash(gram[k], salt);
        uint32_t *at = &least[(x >> 32) * slots >> 32];
        *at = TM_MIN(*at, (uint32_t)x);
    }
}

static void naive_minhash(const uint64_t *gram, size_t count, const uint32_t *mul,
                          const uint32_t *add, uint32_t slots, uint32_t *least)
{
    for (uint32_t i = 0; i < slots; i++)
        for (size_t k = 0; k < count; k++)
            least[i] = TM_MIN(least[i], (uint32_t)(gram[k] >> 32) * mul[i] + add[i]);
}

/* What sets may look like: random, repeated, all equal, in a row, with zeros and ones only. */
static void fill_grams(uint64_t *gram, size_t count, unsigned look)
{
    uint64_t from = tm_mix64(chance(UINT64_MAX)), distinct = 1 + chance(12);
    for (size_t k = 0; k < count; k++) {
        if (look == 0) gram[k] = tm_mix64(from + k);
        if (look == 1) gram[k] = tm_mix64(from + chance(distinct));
        if (look == 2) gram[k] = from;
        if (look == 3) gram[k] = k << chance(33);
        if (look == 4) gram[k] = chance(2) ? UINT64_MAX : 0;
    }
}

enum { LOOKS = 5 };

static void check_fast(size_t count, uint32_t slots, unsigned look, bool naively)
{
    static uint32_t want[SLOTS_MOST], before[SLOTS_MOST];
    uint64_t *gram = room_for(GRAM, count * sizeof *gram), salt = chance(3) ? chance(1000) : 0;
    fill_grams(gram, count, look);
    for (uint32_t i = 0; i < slots; i++)
        before[i] = want[i] = chance(4) ? UINT32_MAX : (uint32_t)chance(UINT32_MAX);
    if (naively)
        naive_buckets(gram, count, salt, slots, want);
    else
        tm_sketch_buckets_scalar(gram, count, salt, slots, want);
    for (size_t i = 0; i < kernel_count(); i++) {
        uint32_t *got = room_for(LEAST, slots * sizeof *got);
        memcpy(got, before, slots * sizeof *got);
        kernel_at(i)->sketch_buckets(gram, count, salt, slots, got);
        if (memcmp(got, want, slots * sizeof *got) || !untouched(got) || !untouched(gram))
            fail_msg("%s: sketch_buckets of %zu elements (%u), %u slots", kernel_at(i)->name, count,
                     look, slots);
    }
}

static void check_minhash(size_t count, uint32_t slots, unsigned look, bool naively)
{
    static uint32_t want[SLOTS_MOST];
    uint64_t *gram = room_for(GRAM, count * sizeof *gram);
    uint32_t *mul = room_for(MUL, slots * sizeof *mul), *add = room_for(ADD, slots * sizeof *add);
    fill_grams(gram, count, look);
    for (uint32_t i = 0; i < slots; i++) {
        mul[i] = (uint32_t)chance(UINT32_MAX) | 1;
        add[i] = (uint32_t)chance(UINT32_MAX);
        want[i] = chance(4) ? UINT32_MAX : (uint32_t)chance(UINT32_MAX); /* never raised again */
    }
    static uint32_t before[SLOTS_MOST];
    memcpy(before, want, sizeof before);
    (naively ? naive_minhash : tm_minhash_scalar)(gram, count, mul, add, slots, want);
    for (size_t i = 0; i < kernel_count(); i++) {
        uint32_t *got = room_for(LEAST, slots * sizeof *got);
        memcpy(got, before, slots * sizeof *got);
        kernel_at(i)->minhash(gram, count, mul, add, slots, got);
        if (memcmp(got, want, slots * sizeof *got) || !untouched(got))
            fail_msg("%s: minhash of %zu elements, %u slots", kernel_at(i)->name, count, slots);
    }
}

static void sketches_of_small_sets_are_what_their_definition_says(void **state)
{
    TM_UNUSED(state);
    for (uint32_t slots = 1; slots <= 70; slots++) {
        for (unsigned look = 0; look < LOOKS; look++) {
            check_fast(1 + chance(10), slots, look, true);
            check_fast(1 + chance(200), slots, look, true);
            check_minhash(chance(200), slots, look, true);
        }
    }
}

static void sketches_are_equal_at_every_count(void **state)
{
    TM_UNUSED(state);
    for (size_t count = 1; count <= GRAMS_MOST; count += count < 300 ? 1 : 1 + chance(40)) {
        check_fast(count, 128, 0, false);
        check_fast(count, 1 + (uint32_t)chance(SLOTS_MOST), chance(8) ? 0 : 1, false);
        check_minhash(count, 1 + (uint32_t)chance(200), 0, false);
    }
}

/* 512 is the most that the map of empty slots holds; 64 is a block of MinHash. */
static void sketches_are_equal_at_every_number_of_slots(void **state)
{
    TM_UNUSED(state);
    for (uint32_t slots = 1; slots <= SLOTS_MOST; slots++) {
        check_fast(1 + chance(40), slots, 0, false);
        check_fast(1 + chance(GRAMS_MOST), slots, 0, false);
        check_minhash(1 + chance(30), slots, 0, false);
    }
}

static void sketches_of_odd_sets_are_equal(void **state)
{
    TM_UNUSED(state);
    for (int turn = 0; turn < 60; turn++) {
        for (unsigned look = 1; look < LOOKS; look++) {
            check_fast(1 + chance(300), 1 + (uint32_t)chance(SLOTS_MOST), look, false);
            check_minhash(chance(300), 1 + (uint32_t)chance(SLOTS_MOST), look, false);
        }
    }
    check_fast(GRAMS_MOST, SLOTS_MOST, 2, false);
    check_fast(GRAMS_MOST, 512, 4, false);
}

static void a_sketch_does_not_look_at_order_or_repetition(void **state)
{
    static uint64_t gram[2 * GRAMS_MOST];
    static uint32_t want[SLOTS_MOST], got[SLOTS_MOST];
    TM_UNUSED(state);
    for (int turn = 0; turn < 100; turn++) {
        size_t count = 1 + chance(300), twice = count + chance(count);
        uint32_t slots = 1 + (uint32_t)chance(300);
        fill_grams(gram, count, 0);
        memset(want, 0xFF, sizeof want);
        tm_sketch_buckets_scalar(gram, count, 7, slots, want);
        for (size_t k = count; k < twice; k++) gram[k] = gram[chance(count)];
        for (size_t k = twice - 1; k > 0; k--) {
            size_t other = chance(k + 1);
            uint64_t kept = gram[k];
            gram[k] = gram[other], gram[other] = kept;
        }
        for (size_t i = 0; i < kernel_count(); i++) {
            memset(got, 0xFF, sizeof got);
            kernel_at(i)->sketch_buckets(gram, twice, 7, slots, got);
            assert_memory_equal(got, want, slots * sizeof *got);
        }
    }
}

/* ---- terms ---- */

static bool is_of_term(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t naive_terms(tm_str s, char *to, bool *inside, size_t *wrote)
{
    size_t i = 0, n = 0;
    for (; i < s.n && !(s.p[i] & 0x80); i++) {
        bool of_term = is_of_term(s.p[i]), upper = s.p[i] >= 'A' && s.p[i] <= 'Z';
        if (of_term) to[n++] = (char)(upper ? s.p[i] + 32 : s.p[i]);
        if (!of_term && *inside) to[n++] = ' ';
        *inside = of_term;
    }
    *wrote = n;
    return i;
}

static void check_terms(tm_str text, bool inside)
{
    static char want[TEXT_MOST];
    char *p = room_for(TEXT, text.n);
    bool want_inside = inside;
    size_t want_wrote, want_eaten;
    if (text.n) memcpy(p, text.p, text.n);
    want_eaten = naive_terms(text, want, &want_inside, &want_wrote);
    for (size_t i = 0; i < kernel_count(); i++) {
        char *to = room_for(FOLDED, text.n);
        bool got_inside = inside;
        size_t wrote = 0, eaten = kernel_at(i)->terms(p, text.n, to, &got_inside, &wrote);
        bool same = eaten == want_eaten && wrote == want_wrote && got_inside == want_inside;
        if (!same || memcmp(to, want, wrote) || !untouched(to))
            fail_msg("%s: terms of %zu bytes: %.*s", kernel_at(i)->name, text.n, (int)text.n,
                     text.p);
    }
}

static tm_str random_ascii(size_t n, const char *alphabet)
{
    static char text[TEXT_MOST];
    size_t letters = strlen(alphabet), long_terms = 1 + chance(30);
    for (size_t i = 0; i < n; i++)
        text[i] = chance(long_terms) ? (char)('a' + chance(26)) : alphabet[chance(letters)];
    return (tm_str){text, n};
}

static const char *const alphabets[] = {
    " ", " .", "aB ", "_09 @[`{/:", "\t\n\x01\x7F ", "Zz\x80\xC3", "abcdefghijklmnop",
};

static void terms_are_what_their_definition_says_at_every_length(void **state)
{
    TM_UNUSED(state);
    for (size_t n = 0; n <= 300; n++)
        for (size_t a = 0; a < TM_COUNT(alphabets); a++)
            for (int turn = 0; turn < 6; turn++)
                check_terms(random_ascii(n, alphabets[a]), turn & 1);
    for (int turn = 0; turn < 500; turn++)
        check_terms(random_ascii(chance(TEXT_MOST), alphabets[chance(TM_COUNT(alphabets))]), false);
}

static void every_byte_is_seen_at_every_place(void **state)
{
    char text[133];
    TM_UNUSED(state);
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'A', sizeof text);
        for (unsigned byte = 0; byte < 256; byte++) {
            text[at] = (char)byte;
            check_terms((tm_str){text, sizeof text}, false);
        }
    }
}

/* Terms as the kernel above joins them: bytes without zeros, single spaces. */
static tm_str random_joined(size_t n)
{
    static char text[TEXT_MOST];
    size_t most = 1 + chance(chance(4) ? 12 : 60);
    for (size_t i = 0, left = 1 + chance(most); i < n; i++) {
        bool space = !left && i + 1 < n;
        text[i] = (char)(space ? ' ' : chance(9) ? 'a' + (char)chance(3) : 0x80 + (char)chance(90));
        left = space ? 1 + chance(most) : left - (left > 0);
    }
    return (tm_str){text, n};
}

static void check_hashes(tm_str text)
{
    static uint64_t want[TEXT_MOST], alone[1];
    char *p = room_for(TEXT, text.n);
    memcpy(p, text.p, text.n);
    tm_str s = {p, text.n};
    size_t count = tm_term_hashes_scalar(s.p, s.n, want), terms = 0;
    for (size_t at = 0; at < s.n; terms++) {
        size_t end = at;
        while (end < s.n && s.p[end] != ' ') end++;
        assert_int_equal(tm_term_hashes_scalar(s.p + at, end - at, alone), 1);
        assert_true(alone[0] == want[terms]);
        at = end + 1;
    }
    assert_int_equal(count, terms);
    for (size_t i = 0; i < kernel_count(); i++) {
        uint64_t *got = room_for(GRAM, (s.n / 2 + 1) * sizeof *got);
        size_t found = kernel_at(i)->term_hashes(s.p, s.n, got);
        if (found != count || memcmp(got, want, count * sizeof *got) || !untouched(got))
            fail_msg("%s: term_hashes of %zu bytes: %.*s", kernel_at(i)->name, s.n, (int)s.n, s.p);
    }
}

static void a_terms_hash_is_the_same_wherever_it_stands(void **state)
{
    TM_UNUSED(state);
    for (size_t n = 1; n <= 400; n++)
        for (int turn = 0; turn < 12; turn++) check_hashes(random_joined(n));
    for (int turn = 0; turn < 500; turn++) check_hashes(random_joined(1 + chance(TEXT_MOST - 1)));
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Short words are what sets consist of: all of up to three letters, with digits, differ. */
static void short_terms_have_hashes_of_their_own(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    enum { N = sizeof letters - 1 };
    static uint64_t hash[N + N * N + N * N * N];
    size_t count = 0;
    TM_UNUSED(state);
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k <= N; k++) {
            for (size_t m = 0; m <= (k < N ? N : 0); m++) {
                char term[4] = {letters[i], k < N ? letters[k] : 0, m < N ? letters[m] : 0, 0};
                if (k == N) term[1] = term[2] = 0;
                tm_term_hashes((tm_str){term, strlen(term)}, &hash[count++]);
            }
        }
    }
    assert_int_equal(count, TM_COUNT(hash));
    qsort(hash, count, sizeof *hash, by_value);
    for (size_t i = 1; i < count; i++) assert_true(hash[i] != hash[i - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketches_of_small_sets_are_what_their_definition_says),
        cmocka_unit_test(sketches_are_equal_at_every_count),
        cmocka_unit_test(sketches_are_equal_at_every_number_of_slots),
        cmocka_unit_test(sketches_of_odd_sets_are_equal),
        cmocka_unit_test(a_sketch_does_not_look_at_order_or_repetition),
        cmocka_unit_test(terms_are_what_their_definition_says_at_every_length),
        cmocka_unit_test(every_byte_is_seen_at_every_place),
        cmocka_unit_test(a_terms_hash_is_the_same_wherever_it_stands),
        cmocka_unit_test(short_terms_have_hashes_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
