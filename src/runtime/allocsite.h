/* SPDX-License-Identifier: MIT */
/* allocsite.h - where in the program memory is allocated, and how much of it lives.
 * One byte in 64 KiB, on average, is sampled (sampling.h). Its object is remembered by its span,
 * so that the sweep notices its end; its site, the return address into the code that called the
 * runtime, is credited with as many objects as the sample stands for.
 * What lives is told as of the last mark: an allocation counts only after a collection that could
 * have freed it, so that garbage that nobody has looked at yet is not taken for a leak.
 * Threads: any. Lock: one of rank PROFILE. Source: Go's mprof, two cycles until publication. */
#ifndef RUNTIME_ALLOCSITE_H
#define RUNTIME_ALLOCSITE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/span.h"

struct alloc_site_stats { /* estimates */
    uint64_t pc;          /* return address; 0: sites for which there was no room */
    uint64_t live_objects;
    uint64_t live_bytes;
    uint64_t total_objects;
    uint64_t total_bytes;
    uint64_t samples;
};

/* Bytes until the next sample; *RNG is the state of the caller's random numbers. */
int64_t allocsite_next_gap(uint64_t *rng);

/* Samples the object at ADDR in S, allocated by the code at PC. Owner of S. */
void allocsite_sample(struct span *s, uintptr_t addr, uintptr_t pc);

/* The slots FREED of S are no more. S has samples. Whoever sweeps S. */
void allocsite_swept(struct span *s, const uint64_t freed[PAGE_BIT_WORDS]);

/* A mark is done: what is allocated from now on belongs to the next cycle. [stw] */
void allocsite_marked(void);

/* The sweep is done: what lived at the mark can be told. Between two marks, once. */
void allocsite_publish(void);

/* The sites with most live bytes, most first; returns how many of MOST there are. */
size_t allocsite_top(struct alloc_site_stats *out, size_t most);

#endif
