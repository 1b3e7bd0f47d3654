/* SPDX-License-Identifier: MIT */
/* bench.h - what the benchmarks share.
 * Each has a twin of the same name in go/: it does the same by the same number of operations, so
 * that their ns/op may be compared. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <gort.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/san.h"

/* The large ones are small then: the sanitizers know only so many stacks, and are slow. */
#define SANITIZED (SAN_ADDRESS || SAN_THREAD)

/* X is computed, whatever the compiler thinks of it. */
static inline void bench_keep(int64_t x)
{
    __asm__ volatile("" : : "r"(x));
}

#endif
