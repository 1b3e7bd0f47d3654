/* SPDX-License-Identifier: MIT */
/* random.h - a small generator of random numbers, one for each task that wants some.
 * Threads: one owner. Source: Steele, Lea, Flood, Fast splittable pseudorandom number generators
 * (2014), the mixing constants of its variant 13. */
#ifndef DEMO_RANDOM_H
#define DEMO_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number from 0 to N - 1; N is at least 1. The bias is below N / 2^64. */
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
    return random_next(state) % n;
}

#endif
