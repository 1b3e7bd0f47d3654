/* SPDX-License-Identifier: MIT */
/* liveset.h - objects of many sizes and kinds that live until another takes their place, and that
 * are looked at before they go.
 * Each object holds a number that its slot knows, and so do the two that a branch refers to: one
 * that the collector has missed, and whose memory is another's by then, holds something else. One
 * in 16 has a weak pointer, which must give it as long as it lives, and a cleanup, which must run
 * afterwards. Objects change their slots at random too: so references move from page to page while
 * the collector looks.
 * Threads: a set belongs to one task; liveset_sums any. */
#ifndef DEMO_LIVESET_H
#define DEMO_LIVESET_H

#include <stddef.h>
#include <stdint.h>

struct liveset;

/* A set of as many objects as take about BYTES, all made. SEED: of its random choices. */
struct liveset *liveset_new(int64_t bytes, uint64_t seed);

/* Looks at one object and puts another in its place. Returns the bytes that this took. */
int64_t liveset_replace(struct liveset *set);

/* The same with another of the same size and kind, so that the set is always as large as it was. */
void liveset_renew(struct liveset *set);

/* Looks at all objects and drops them. */
void liveset_drop(struct liveset *set);

/* Of all sets, since the start. */
struct liveset_sums {
    int64_t checked; /* objects that were looked at */
    int64_t faults;  /* and were not what they should be, or whose weak pointers were not */
    int64_t watched; /* objects that had a cleanup */
    int64_t cleaned; /* cleanups that ran */
};

struct liveset_sums liveset_sums(void);

#endif
