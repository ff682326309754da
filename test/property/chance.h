/* Chance with a seed for property tests: TAMIS_SEED sets it, TAMIS_ROUNDS how many records are
 * made, and both are printed. Every round begins with a seed of its own, so one alone can be had
 * again. */
#ifndef TEST_PROPERTY_CHANCE_H
#define TEST_PROPERTY_CHANCE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t first_seed, rng;

static uint32_t below(uint32_t n)
{
    rng += 0x9E3779B97F4A7C15u; /* splitmix64 (Steele, Lea, Flood 2014) */
    uint64_t z = rng;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

static uint32_t rounds_from(uint64_t seed, uint32_t count)
{
    const char *given = getenv("TAMIS_SEED"), *rounds = getenv("TAMIS_ROUNDS");
    first_seed = given ? strtoull(given, NULL, 10) : seed;
    if (rounds) count = (uint32_t)strtoul(rounds, NULL, 10);
    printf("seed %llu, %u records (TAMIS_SEED, TAMIS_ROUNDS)\n", (unsigned long long)first_seed,
           count);
    return count;
}

static void begin_round(uint32_t i)
{
    rng = first_seed + i * 1000003u;
}

#endif
