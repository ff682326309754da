/* Makes many short records with near duplicates among them: for how dedup.near grows.
 *
 *   make_many RECORDS [SEED] > FILE
 *
 * Lines of {"id", "text"}, 12 to 40 words drawn from syllables by a rank that falls off as words'
 * do. One record in ten is one of the last 4096 with one to three words changed, one in twenty
 * repeats one of them; so the share of duplicates does not grow with the number of records. No text
 * of anybody's; the same arguments give the same bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARY = 65536, WORDS_MAX = 40, RECENT = 4096, LINE_MAX_BYTES = 1024 };

typedef struct record {
    uint32_t words, word[WORDS_MAX];
} record;

static uint64_t state;
static char vocabulary[VOCABULARY][20];
static record recent[RECENT];

static uint64_t draw(uint64_t below)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint64_t)((unsigned __int128)(z ^ (z >> 31)) * below >> 64);
}

static void make_vocabulary(void)
{
    static const char *const on[] = {"b", "d",  "f",  "g",  "h",  "k",  "l",  "m",
                                     "n", "pr", "st", "tr", "sk", "sh", "br", "v"};
    static const char *const vowel[] = {"a", "e", "i", "o", "u", "ai", "ea", "oo"};
    static const char *const off[] = {"", "l", "n", "r", "s", "t", "nd", "sh"};
    for (uint32_t i = 0; i < VOCABULARY; i++) { /* the number's bits choose, so all differ */
        snprintf(vocabulary[i], sizeof vocabulary[i], "%s%s%s%s%s%s", on[i & 15], vowel[i >> 4 & 7],
                 off[i >> 7 & 7], on[i >> 10 & 15], i >> 14 & 1 ? "a" : "o", i >> 15 ? "n" : "");
    }
}

/* Small ranks far more often than great ones: the product of two even draws. */
static uint32_t draw_word(void)
{
    return (uint32_t)(draw(VOCABULARY) * draw(VOCABULARY) / VOCABULARY);
}

static record make(uint64_t number)
{
    uint64_t kind = number < RECENT ? 99 : draw(100);
    record r = recent[draw(RECENT)];
    if (kind < 10) {
        for (uint64_t edits = 1 + draw(3); edits--;) r.word[draw(r.words)] = draw_word();
    } else if (kind >= 15) {
        r.words = 12 + (uint32_t)draw(WORDS_MAX - 11);
        for (uint32_t i = 0; i < r.words; i++) r.word[i] = draw_word();
    }
    return r;
}

int main(int count, char **word)
{
    if (count < 2) return fputs("usage: make_many RECORDS [SEED]\n", stderr), 2;
    uint64_t records = strtoull(word[1], NULL, 10);
    state = count > 2 ? strtoull(word[2], NULL, 10) : 7;
    make_vocabulary();
    for (uint64_t i = 0; i < records; i++) {
        char line[LINE_MAX_BYTES], *to = line;
        record r = recent[i % RECENT] = make(i);
        to += snprintf(to, 64, "{\"id\": \"%llu\", \"text\": \"", (unsigned long long)i);
        for (uint32_t k = 0; k < r.words; k++) {
            if (k) *to++ = ' ';
            size_t n = strlen(vocabulary[r.word[k]]);
            memcpy(to, vocabulary[r.word[k]], n);
            to += n;
        }
        memcpy(to, ".\"}\n", 4);
        if (fwrite(line, 1, (size_t)(to + 4 - line), stdout) != (size_t)(to + 4 - line)) return 1;
    }
    return fflush(stdout) != 0;
}
