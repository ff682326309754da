/* Runs a command and writes what it cost: a small parent, so that the peak memory is the command's.
 *
 *   peak FILE COMMAND...     FILE gets "wall cpu kib exit": seconds, seconds, KiB, exit code
 *
 * (A process starts with the peak of whoever started it, and a Python parent is not small.) */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int count, char **word)
{
    int status;
    struct rusage used;
    if (count < 3) return fputs("usage: peak FILE COMMAND...\n", stderr), 2;
    double began = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(word[2], word + 2);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child) return 1;
    double wall = now() - began;
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    FILE *out = fopen(word[1], "w");
    if (!out) return 1;
    fprintf(out, "%.6f %.6f %ld %d\n", wall, cpu, used.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(out) ? 1 : 0;
}
