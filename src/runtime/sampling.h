/* SPDX-License-Identifier: MIT */
/* sampling.h - which allocations are looked at, and how many each stands for.
 * Bytes are sampled as a Poisson process: the gap to the next sampled byte is exponential with mean
 * SAMPLE_MEAN_BYTES, whatever the sizes of the objects. An object of s bytes is hit with the
 * probability 1 - exp(-s / mean), so each one that is hit stands for the reciprocal of it.
 * Threads: pure functions, but for the state that is handed in.
 * Source: Go's heap profile; the logarithm by the series of the inverse hyperbolic tangent. */
#ifndef RUNTIME_SAMPLING_H
#define RUNTIME_SAMPLING_H

#include <stddef.h>
#include <stdint.h>

/* Fine enough to tell a leak of a few MiB, coarse enough to cost under 1 % of the fastest
 * allocation loop. */
#define SAMPLE_MEAN_BYTES ((int64_t)64 << 10)

/* The next number of a stream; *STATE is not 0. */
uint64_t sampling_random(uint64_t *state);

/* Bytes until the next sampled one, at least 1. */
int64_t sampling_gap(uint64_t *state);

/* How many objects of BYTES a sampled one stands for, in units of 1 / SAMPLE_ONE. */
#define SAMPLE_ONE UINT64_C(1024)
uint64_t sampling_weight(size_t bytes);

/* The natural logarithm of X > 0, and 1 - exp(-X) for X >= 0; relative error below 1e-7. */
double sampling_log(double x);
double sampling_hit(double x);

#endif
