/* Signatures and band keys of a conformance mode, for test/oracle/test_conform.py, which holds them
 * against the packages themselves.
 *
 *   conform_feed TOOL HASH LANGUAGE NGRAM BANDS ROWS HASHES LEAST SEED    ("-": the tool's default)
 *
 * Standard input: texts, each a length (u32, little endian) and its bytes. Standard output, for
 * each: a count (u32) and so many values (u64), then for each band a length (u32) and the key's
 * bytes; a text that is left out has count 0 and no bands. LANGUAGE is en or xx; "words" in place
 * of HASH gives, for datatrove, a length and the words joined by a space instead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/conform/conform.h"

static bool read_text(tm_buf *text)
{
    uint8_t four[4];
    if (fread(four, 1, 4, stdin) != 4) return false;
    size_t n = four[0] | (size_t)four[1] << 8 | (size_t)four[2] << 16 | (size_t)four[3] << 24;
    tm_buf_clear(text);
    if (!tm_buf_grow(text, n + 1) || fread(text->p, 1, n, stdin) != n) exit(5);
    text->n = n;
    return true;
}

static void write_number(uint64_t x, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) putchar((int)(x >> 8 * i & 255));
}

static uint8_t named(const char *name, const char *const *names)
{
    for (uint8_t i = 0; names[i]; i++)
        if (!strcmp(name, names[i])) return i;
    fprintf(stderr, "conform_feed: what is \"%s\"?\n", name);
    exit(2);
}

static void option(const char *word, uint32_t *into)
{
    if (strcmp(word, "-")) *into = (uint32_t)strtoul(word, NULL, 10);
}

static void tell(const tm_conform *mode, tm_conform_scratch *own, tm_str text, uint64_t *signature)
{
    size_t count;
    tm_err err;
    if (tm_conform_signature(mode, own, text, signature, &count, &err) != TM_OK) exit(5);
    write_number(count, 4);
    for (size_t i = 0; i < count; i++) write_number(signature[i], 8);
    for (uint32_t band = 0; count && band < mode->rules.bands; band++) {
        char key[8 * 256];
        size_t n = tm_conform_band(mode, signature, band, key);
        write_number(n, 4);
        fwrite(key, 1, n, stdout);
    }
}

static void tell_words(tm_conform_scratch *own, tm_str text, bool english)
{
    tm_conform_words_begin(&own->words);
    tm_words_datatrove(text, english, &own->words);
    write_number(own->words.joined.n, 4);
    fwrite(own->words.joined.p, 1, own->words.joined.n, stdout);
}

int main(int count, char **word)
{
    if (count != 10) return 2;
    tm_conform_rules r = tm_conform_defaults(named(word[1], tm_conform_names));
    bool words = !strcmp(word[2], "words");
    if (!words) r.hash = named(word[2], tm_conform_hash_names);
    r.any_language = !strcmp(word[3], "xx");
    uint32_t *fields[] = {&r.ngram, &r.bands, &r.rows, &r.hashes, &r.least, &r.seed};
    for (int i = 0; i < 6; i++) option(word[4 + i], fields[i]);
    tm_arena mem = {0};
    tm_conform_scratch own = {0};
    const tm_conform *mode;
    tm_err err;
    tm_buf text = {0};
    if (tm_conform_make(&mem, &r, &mode, &err) != TM_OK) return fputs(err.msg, stderr), 5;
    uint64_t *signature = TM_NEW(&mem, uint64_t, mode->rules.hashes);
    if (!signature) return 5;
    while (read_text(&text)) {
        if (words)
            tell_words(&own, tm_buf_view(&text), !r.any_language);
        else
            tell(mode, &own, tm_buf_view(&text), signature);
    }
    tm_buf_release(&text);
    tm_conform_scratch_release(&own);
    tm_arena_release(&mem);
    return fflush(stdout) != 0;
}
