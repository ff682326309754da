/* Pulls two fields out of every line of a JSONL file with Tamis' scanner, 1 thread, and says how
 * fast. Everything is validated: grammar, numbers, escapes, UTF-8, also in what is skipped.
 *
 *   bench_pull FILE FIELD FIELD [ROUNDS] [text|file]
 *
 * The file is read into memory first (the rival does the same). Lines are cut 256 KiB at a time, as
 * the engine's batches are. Fields are taken raw; "text" unescapes them. Prints records and the sum
 * of the fields' bytes, which must equal the rival's. Time is processor time, so that a neighbour
 * on the machine counts less. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "text/json.h"
#include "text/kernel.h"

#define PIECE ((size_t)256 * 1024)

typedef struct job {
    tm_str field[2];
    bool text;
    tm_json json;
    char *to; /* room for the longest text */
    uint64_t records, sum;
} job;

static bool pull(job *j, const char *p, size_t n, size_t after, bool ascii)
{
    if (!tm_json_scan(&j->json, p, n, after, (tm_json_limits){.known_ascii = ascii})) return false;
    for (int i = 0; i < 2; i++) {
        uint32_t v = tm_json_get(j->json.node, p, 0, j->field[i]);
        if (v == TM_NONE || j->json.node[v].kind != TM_JSON_STRING) return false;
        tm_str inside = tm_json_inside(j->json.node, p, v);
        j->sum += j->text ? tm_json_unescape_to(inside, j->to) : inside.n;
    }
    j->records++;
    return true;
}

/* Asks for the next piece while this one is worked on, as a reader that reads ahead would. */
static void prefetch(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 64) __builtin_prefetch(p + i, 0, 2);
}

static bool run(job *j, const char *p, size_t n)
{
    static uint64_t ends[PIECE];
    const tm_kernel *kernel = tm_kernel_now();
    for (size_t at = 0; at < n;) {
        size_t eaten, begin = 0, piece = TM_MIN(n - at, PIECE);
        size_t count = kernel->lines(p + at, piece, ends, TM_COUNT(ends), &eaten);
        if (!count) return false;
        for (size_t i = 0; i < count; i++) {
            size_t end = ends[i] & (UINT64_MAX >> 1);
            if (n - at > PIECE + end) prefetch(p + at + begin + PIECE, end - begin);
            if (!pull(j, p + at + begin, end - 1 - begin, 0, !(ends[i] >> 63))) return false;
            begin = end;
        }
        at += begin;
    }
    return true;
}

/* The same from the file, as the rivals that read files do: whole lines of a MiB at a time. */
static bool run_file(job *j, const char *path)
{
    static char block[(size_t)4 << 20];
    FILE *file = fopen(path, "rb");
    size_t held = 0, got = 1;
    bool good = file != NULL;
    if (file) setvbuf(file, NULL, _IONBF, 0);
    while (good && got) {
        got = fread(block + held, 1, (size_t)1 << 20, file);
        size_t n = held + got, whole = n;
        while (whole && block[whole - 1] != '\n') whole--;
        good = run(j, block, whole);
        held = n - whole;
        memmove(block, block + whole, held);
    }
    if (file) fclose(file);
    return good && !held;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static char *load(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) return NULL;
    *bytes = (size_t)ftell(file);
    rewind(file);
    char *p = tm_alloc(*bytes + 64);
    bool whole = p && fread(p, 1, *bytes, file) == *bytes;
    fclose(file);
    return whole ? p : NULL;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return fputs("usage: bench_pull FILE FIELD FIELD [ROUNDS] [text|file]\n", stderr), 2;
    int rounds = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 5;
    double times[100];
    size_t bytes = 0;
    bool streams = argc > 5 && !strcmp(argv[5], "file");
    char *p = load(argv[1], &bytes);
    job j = {.field = {tm_str_of(argv[2]), tm_str_of(argv[3])},
             .text = argc > 5 && !strcmp(argv[5], "text"),
             .to = tm_alloc(bytes + 64)};
    if (!p || !j.to) return fputs("cannot read\n", stderr), 1;
    rounds = TM_MAX(1, TM_MIN(rounds, 100));
    for (int i = 0; i < rounds; i++) {
        double begin = seconds();
        j.records = j.sum = 0;
        if (!(streams ? run_file(&j, argv[1]) : run(&j, p, bytes)))
            return fputs("bad record\n", stderr), 1;
        times[i] = seconds() - begin;
    }
    qsort(times, (size_t)rounds, sizeof *times, compare);
    printf("tamis-%s %llu records sum %llu best %.2f GB/s median %.2f GB/s\n",
           tm_kernel_now()->name, (unsigned long long)j.records, (unsigned long long)j.sum,
           (double)bytes / times[0] / 1e9, (double)bytes / times[rounds / 2] / 1e9);
    tm_json_release(&j.json);
    tm_free(p);
    tm_free(j.to);
    return 0;
}
