/* Makes the JSONL that the pull bench reads: seeded, so that every run measures the same bytes.
 *
 *   make_pull chats|docs BYTES [SEED] > FILE
 *
 * chats: 300-800 bytes a line, a messages array of two to four turns, short fields around it.
 * docs:  1.2-3 KB a line, one long text with a \n escape every 60-80 characters, short fields.
 * One line in ten holds some characters beyond ASCII. Words are drawn from syllables: no text of
 * anybody's. The fields to pull are `id` and `source` in both shapes, the long text lies
 * between. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint64_t draw(uint64_t below)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % below;
}

static char line[16384];
static size_t used;

static void put(const char *text)
{
    size_t n = strlen(text);
    memcpy(line + used, text, n);
    used += n;
}

static void put_number(uint64_t number, int digits)
{
    char text[24];
    snprintf(text, sizeof text, "%0*llu", digits, (unsigned long long)number);
    put(text);
}

/* About `bytes` of words; a line break every 60-80 when asked, sometimes quotes and tabs. */
static void put_text(size_t bytes, int breaks, int foreign)
{
    static const char *const syllable[] = {"ka", "lo", "mi",  "ner", "tu",  "sel", "or", "an",
                                           "de", "vi", "pra", "shu", "ban", "ex",  "il", "mo"};
    static const char *const other[] = {"caf\xC3\xA9", "\xE2\x80\x9Ctam\xE2\x80\x9D",
                                        "\xE7\xAF\xA9", "\xF0\x9F\x8D\xB2"};
    size_t begin = used, column = 0, width = 60 + draw(20);
    while (used - begin < bytes) {
        size_t before = used;
        if (foreign && draw(25) == 0) put(other[draw(4)]);
        for (uint64_t i = 1 + draw(4); i; i--) put(syllable[draw(16)]);
        if (draw(12) == 0) put(draw(2) ? "," : ".");
        if (draw(300) == 0) put(" \\\"so\\\"");
        column += used - before;
        if (breaks && column >= width) {
            put("\\n");
            column = 0;
            width = 60 + draw(20);
        } else {
            put(" ");
        }
    }
    used--;
    if (line[used] == 'n') used--;
}

static void chat(uint64_t number, int foreign)
{
    static const char *const role[] = {"user", "assistant"};
    uint64_t turns = 2 + 2 * (draw(3) == 0);
    size_t bytes = (200 + draw(450)) / turns;
    put("{\"id\":\"chat-");
    put_number(number, 8);
    put("\",\"messages\":[");
    for (uint64_t i = 0; i < turns; i++) {
        if (i) put(",");
        put("{\"role\":\"");
        put(role[i % 2]);
        put("\",\"content\":\"");
        put_text(bytes / 2 + draw(bytes), i % 2 == 1, foreign);
        put("\"}");
    }
    put("],\"source\":\"");
    put(draw(2) ? "forum" : "ticket");
    put("\",\"turns\":");
    put_number(turns, 1);
    put(",\"ok\":true}\n");
}

static void doc(uint64_t number, int foreign)
{
    put("{\"id\":\"doc-");
    put_number(number, 8);
    put("\",\"title\":\"");
    put_text(30, 0, 0);
    put("\",\"text\":\"");
    put_text(1000 + draw(1800), 1, foreign);
    put("\",\"tags\":[\"");
    put_text(6, 0, 0);
    put("\",\"");
    put_text(6, 0, 0);
    put("\"],\"source\":\"https://example.org/");
    put_number(draw(1000000), 6);
    put("\",\"score\":0.");
    put_number(draw(1000), 3);
    put(",\"meta\":{\"lang\":\"en\",\"year\":");
    put_number(1990 + draw(35), 4);
    put("}}\n");
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: make_pull chats|docs BYTES [SEED]\n", stderr);
        return 2;
    }
    uint64_t bytes = strtoull(argv[2], NULL, 10), written = 0;
    state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    for (uint64_t number = 0; written < bytes; number++) {
        used = 0;
        int foreign = draw(10) == 0;
        if (!strcmp(argv[1], "docs"))
            doc(number, foreign);
        else
            chat(number, foreign);
        written += used;
        if (fwrite(line, 1, used, stdout) != used) return 1;
    }
    return fflush(stdout) ? 1 : 0;
}
