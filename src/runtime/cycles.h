/* SPDX-License-Identifier: MIT */
/* cycles.h - the processor's cheap counter and its hint for spin loops.
 * Its rate differs between machines, from 24 MHz to 4 GHz: it says whether "a while" has passed, to
 * decide when a look at the real clock is due, and measures what is made nanoseconds of later
 * (latency.h, proctime.h). Threads: any. */
#ifndef RUNTIME_CYCLES_H
#define RUNTIME_CYCLES_H

#include <stdint.h>

#if defined(__x86_64__)

static inline uint64_t cycles_now(void)
{
    return __builtin_ia32_rdtsc();
}

/* Counts in a while of 10 to 20 us, at 2 to 4 GHz. */
static inline uint64_t cycles_in_a_while(void)
{
    return 40000;
}

static inline void cpu_relax(void)
{
    __builtin_ia32_pause();
}

#elif defined(__aarch64__)

static inline uint64_t cycles_now(void)
{
    uint64_t count;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
}

/* Counts in a while of 20 us. */
static inline uint64_t cycles_in_a_while(void)
{
    uint64_t per_s;

    __asm__("mrs %0, cntfrq_el0" : "=r"(per_s));
    return per_s / 50000;
}

static inline void cpu_relax(void)
{
    __asm__ volatile("yield");
}

#else
#error "libgort runs on amd64 and arm64"
#endif

/* Rests before the next look at a word that another processor writes: each look takes the line away
 * from it. Measured in counts, for one hint takes from ten to some hundreds of cycles, by the
 * machine. */
static inline void rest_between_looks(void)
{
    uint64_t since = cycles_now();

    do
        cpu_relax();
    while (cycles_now() - since < cycles_in_a_while() / 64);
}

#endif
