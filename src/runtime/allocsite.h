/* SPDX-License-Identifier: MIT */
/* allocsite.h - where in the program memory is allocated, and how much of it lives.
 * One byte in 64 KiB, on average, is sampled (sampling.h). Its object is remembered by its span,
 * so that the sweep notices its end; its site, the return address into the code that called the
 * runtime, is credited with as many objects as the sample stands for.
 * What lives is told as of the last mark: an allocation counts only after a collection that could
 * have freed it, so that garbage that nobody has looked at yet is not taken for a leak.
 * What a site has grown by is told against what lived there ALLOCSITE_WINDOW_NS before, up to twice
 * that: at the publication with which the window before the present one began.
 * Threads: any. Lock: one of rank PROFILE. Source: Go's mprof, two cycles until publication. */
#ifndef RUNTIME_ALLOCSITE_H
#define RUNTIME_ALLOCSITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "runtime/span.h"

struct alloc_site_stats { /* estimates */
    uint64_t pc;          /* return address; 0: sites for which there was no room */
    uint64_t live_objects;
    uint64_t live_bytes;
    uint64_t total_objects;
    uint64_t total_bytes;
    uint64_t samples;
    uint64_t before_bytes; /* that lived at the time allocsite_before_ns */
};

#define ALLOCSITE_WINDOW_NS (600 * NS_PER_S)

/* Bytes until the next sample; *RNG is the state of the caller's random numbers. */
int64_t allocsite_next_gap(uint64_t *rng);

/* Samples the object at ADDR in S, allocated by the code at PC. Owner of S. */
void allocsite_sample(struct span *s, uintptr_t addr, uintptr_t pc);

/* The slots FREED of S are no more. S has samples. Whoever sweeps S. */
void allocsite_swept(struct span *s, const uint64_t freed[PAGE_BIT_WORDS]);

/* A mark is done: what is allocated from now on belongs to the next cycle. [stw] */
void allocsite_marked(void);

/* The sweep is done, NOW_NS: what lived at the mark can be told. Between two marks, once. */
void allocsite_publish(int64_t now_ns);

enum allocsite_order { ALLOCSITE_BY_LIVE, ALLOCSITE_BY_GROWTH };

/* The sites with most live bytes, or with most of them more than before, most first; returns how
 * many of MOST there are. */
size_t allocsite_top(struct alloc_site_stats *out, size_t most, enum allocsite_order order);

/* What growth is told against; 0: the start of the program, when nothing lived. */
int64_t allocsite_before_ns(void);

#endif
