/* Compressed sources: whatever is wrong with one, what came before it is given and the rest
 * told. */
#include "io_help.h"

static void cut_at(tm_codec_id codec, tm_str packed, tm_str plain, size_t n)
{
    told t = read_mem("cut", tm_str_from(packed.p, n), 0, (tm_read_limits){0});
    assert_int_equal(t.status, TM_OK);
    assert_int_equal(t.source.codec, codec);
    assert_int_equal(t.damages, 1);
    assert_string_equal(t.damage[0].code, "T1101");
    assert_true(t.damage[0].ends_source);
    assert_true(t.raws.n <= plain.n);
    assert_memory_equal(t.raws.p ? t.raws.p : "", plain.p, t.raws.n);
    assert_int_equal(t.damage[0].at, t.raws.n); /* every whole line, then the damage */
    assert_int_equal(t.damage[0].at + t.damage[0].bytes, t.decoded_bytes);
    assert_int_equal(t.lines, t.records);
    told_free(&t);
}

static void a_cut_file_is_damage_wherever_it_is_cut(void **state)
{
    TM_UNUSED(state);
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        tm_buf plain = {0}, packed = {0};
        make_lines(&plain, 4000);
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &packed);
        for (size_t i = 0; i < 500; i++) {
            size_t n = 5 + (packed.n - 5) * i / 500;
            cut_at((tm_codec_id)codec, tm_buf_view(&packed), tm_buf_view(&plain), n);
        }
        for (size_t n = packed.n - 20; n < packed.n; n++)
            cut_at((tm_codec_id)codec, tm_buf_view(&packed), tm_buf_view(&plain), n);
        tm_buf_release(&plain);
        tm_buf_release(&packed);
    }
}

static void cuts_give_the_same_whatever_the_read_size(void **state)
{
    TM_UNUSED(state);
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        tm_buf plain = {0}, packed = {0};
        make_lines(&plain, 9000);
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &packed);
        for (size_t i = 1; i < 10; i++) {
            tm_str part = {packed.p, packed.n * i / 10};
            told a = read_mem("a", part, 0, (tm_read_limits){0});
            told b = read_mem("a", part, 13, (tm_read_limits){0});
            assert_int_equal(tm_hash_cmp(a.blocks, b.blocks), 0);
            assert_string_equal(a.log.p, b.log.p);
            told_free(&a);
            told_free(&b);
        }
        tm_buf_release(&plain);
        tm_buf_release(&packed);
    }
}

static void a_flipped_bit_never_goes_unnoticed(void **state)
{
    TM_UNUSED(state);
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        tm_buf plain = {0}, packed = {0};
        make_lines(&plain, 700);
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &packed);
        size_t first = codec == TM_GZIP ? 10 : 4; /* behind the magic; gzip's header has no check */
        for (unsigned i = 0; i < 1000; i++) {
            uint64_t h = tm_hash64(&i, sizeof i, 5);
            size_t at = first + h % (packed.n - first);
            packed.p[at] = (char)(packed.p[at] ^ (char)(1 << (h >> 60 & 7)));
            told t = read_mem("flip", tm_buf_view(&packed), 0, (tm_read_limits){0});
            if (t.status == TM_OK && !t.damages) { /* a harmless one: zstd has spare header bits */
                assert_int_equal(codec, TM_ZSTD);
                assert_true(at < 20);
                assert_int_equal(t.raws.n, plain.n);
                assert_memory_equal(t.raws.p, plain.p, plain.n);
            } else if (t.status == TM_OK) {
                assert_int_equal(t.damages, 1);
                assert_true(t.damage[0].ends_source);
            }
            told_free(&t);
            packed.p[at] = (char)(packed.p[at] ^ (char)(1 << (h >> 60 & 7)));
        }
        tm_buf_release(&plain);
        tm_buf_release(&packed);
    }
}

static void a_wrong_checksum_comes_behind_all_records(void **state)
{
    TM_UNUSED(state);
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        tm_buf plain = {0}, packed = {0};
        make_lines(&plain, 3000);
        plain.n--; /* without a newline at the end the last line is a record all the same */
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &packed);
        size_t at = packed.n - (codec == TM_GZIP ? 7 : 2);
        packed.p[at] = (char)(packed.p[at] ^ 1);
        told t = read_mem("sum", tm_buf_view(&packed), 0, (tm_read_limits){0});
        assert_int_equal(t.damages, 1);
        assert_string_equal(t.damage[0].code, "T1102");
        assert_int_equal(t.damage[0].at, plain.n);
        assert_int_equal(t.damage[0].bytes, 0);
        assert_int_equal(t.records, 3000);
        assert_memory_equal(t.raws.p, plain.p, plain.n);
        told_free(&t);
        if (codec == TM_GZIP) { /* the size */
            packed.p[at] = (char)(packed.p[at] ^ 1);
            packed.p[packed.n - 2] = (char)(packed.p[packed.n - 2] ^ 1);
            t = read_mem("sum", tm_buf_view(&packed), 0, (tm_read_limits){0});
            assert_string_equal(t.damage[0].code, "T1102");
            assert_int_equal(t.records, 3000);
            told_free(&t);
        }
        tm_buf_release(&plain);
        tm_buf_release(&packed);
    }
}

static void small_frames_with_a_wrong_checksum_give_their_data(void **state)
{
    TM_UNUSED(state);
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        tm_buf packed = {0};
        pack_to((tm_codec_id)codec, TM_STR("{\"a\":1}\n"), &packed);
        pack_to((tm_codec_id)codec, TM_STR("{\"a\":2}\n"), &packed);
        char *last = packed.p + packed.n - (codec == TM_GZIP ? 6 : 1);
        *last = (char)(*last ^ 1);
        told t = read_mem("x", tm_buf_view(&packed), 0, (tm_read_limits){0});
        assert_string_equal(t.log.p, "1 @0 {\"a\":1}\n2 @8 {\"a\":2}\nT1102 3 @16+0 end\n");
        told_free(&t);
        tm_buf_release(&packed);
    }
}

static void members_and_frames_follow_one_another_anywhere(void **state)
{
    TM_UNUSED(state);
    tm_buf plain = {0};
    make_lines(&plain, 5000);
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        for (size_t step = 777; step < plain.n;
             step = step * 7 + 1) { /* cuts in the middle of lines */
            tm_buf packed = {0};
            for (size_t at = 0; at < plain.n; at += step) {
                tm_str piece = tm_str_slice(tm_buf_view(&plain), at, at + step);
                pack_to((tm_codec_id)codec, piece, &packed);
                if (codec == TM_ZSTD) tm_buf_add(&packed, "\x5e\x2a\x4d\x18\x03\0\0\0abc", 11);
            }
            told t = read_mem("m", tm_buf_view(&packed), 0, (tm_read_limits){0});
            assert_int_equal(t.damages, 0);
            assert_int_equal(t.raws.n, plain.n);
            assert_memory_equal(t.raws.p, plain.p, plain.n);
            told_free(&t);
            tm_buf_release(&packed);
        }
    }
    tm_buf_release(&plain);
}

static void padding_is_fine_and_garbage_is_told(void **state)
{
    TM_UNUSED(state);
    static const char zeros[700000];
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        tm_buf packed = {0};
        pack_to((tm_codec_id)codec, TM_STR("{\"a\":1}\n"), &packed);
        size_t n = packed.n;
        if (codec == TM_GZIP) {
            tm_buf_add(&packed, zeros, sizeof zeros);
            told t = read_mem("x", tm_buf_view(&packed), 0, (tm_read_limits){.digest = true});
            assert_string_equal(t.log.p, "1 @0 {\"a\":1}\n");
            assert_int_equal(t.file_bytes, packed.n);
            told_free(&t);
        }
        packed.n = n;
        tm_buf_z(&packed, "garbage");
        told t = read_mem("x", tm_buf_view(&packed), 0, (tm_read_limits){.digest = true});
        assert_string_equal(t.log.p, "1 @0 {\"a\":1}\nT1104 2 @8+0 end\n");
        assert_int_equal(t.file_bytes, packed.n);
        told_free(&t);
        tm_buf_release(&packed);
    }
}

static void the_digest_covers_the_whole_file_behind_damage(void **state)
{
    TM_UNUSED(state);
    tm_buf packed = {0};
    char hex[65];
    pack_to(TM_GZIP, TM_STR("{\"a\":1}\n"), &packed);
    for (int i = 0; i < 600000; i++) tm_buf_char(&packed, (char)(i % 251 + 1));
    tm_sha256 *sha = tm_sha256_new();
    tm_sha256_add(sha, packed.p, packed.n);
    tm_sha256_hex(sha, hex);
    tm_sha256_free(sha);
    told t = read_mem("x", tm_buf_view(&packed), 0, (tm_read_limits){.digest = true});
    assert_string_equal(t.sha256, hex);
    told_free(&t);
    tm_buf_release(&packed);
}

/* A frame header that asks for a window of 2^31 bytes, then one raw block. */
static void a_window_above_the_limit_is_refused_with_the_option(void **state)
{
    TM_UNUSED(state);
    tm_str frame = TM_STR("\x28\xb5\x2f\xfd\x00\xa8\x11\x00\x00{}");
    told t = read_mem("w.zst", frame, 0, (tm_read_limits){0});
    assert_int_equal(t.status, TM_ELIMIT);
    assert_non_null(strstr(t.err.msg, "--long=31"));
    assert_string_equal(t.err.code, "T1105");
    told_free(&t);
    tm_buf two = {0}; /* seen by the reader only: damage behind what came first */
    tm_buf plain = {0};
    make_lines(&plain, 30000);
    pack_to(TM_ZSTD, tm_buf_view(&plain), &two);
    tm_buf_str(&two, frame);
    t = read_mem("w.zst", tm_buf_view(&two), 0, (tm_read_limits){0});
    assert_int_equal(t.damages, 1);
    assert_string_equal(t.damage[0].code, "T1105");
    assert_int_equal(t.raws.n, plain.n);
    told_free(&t);
    tm_buf_release(&two);
    tm_buf_release(&plain);
}

static void a_broken_array_inside_a_cut_file_is_one_damage(void **state)
{
    TM_UNUSED(state);
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        tm_buf plain = {0}, packed = {0};
        tm_buf_z(&plain, "[\n");
        for (int i = 0; i < 20000; i++) tm_buf_print(&plain, "{\"id\": %d},\n", i * 7919);
        tm_buf_z(&plain, "{}]\n");
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &packed);
        for (size_t i = 1; i < 50; i++) {
            told t = read_mem("c.json", tm_str_from(packed.p, packed.n * i / 50), 0,
                              (tm_read_limits){0});
            assert_int_equal(t.source.container, TM_JSON);
            assert_int_equal(t.damages, 1);
            assert_string_equal(t.damage[0].code, "T1101");
            assert_int_equal(t.damage[0].at + t.damage[0].bytes, t.decoded_bytes);
            told_free(&t);
        }
        tm_buf_release(&plain);
        tm_buf_release(&packed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_file_is_damage_wherever_it_is_cut),
        cmocka_unit_test(cuts_give_the_same_whatever_the_read_size),
        cmocka_unit_test(a_flipped_bit_never_goes_unnoticed),
        cmocka_unit_test(a_wrong_checksum_comes_behind_all_records),
        cmocka_unit_test(small_frames_with_a_wrong_checksum_give_their_data),
        cmocka_unit_test(members_and_frames_follow_one_another_anywhere),
        cmocka_unit_test(padding_is_fine_and_garbage_is_told),
        cmocka_unit_test(the_digest_covers_the_whole_file_behind_damage),
        cmocka_unit_test(a_window_above_the_limit_is_refused_with_the_option),
        cmocka_unit_test(a_broken_array_inside_a_cut_file_is_one_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
