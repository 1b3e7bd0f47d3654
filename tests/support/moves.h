/* SPDX-License-Identifier: MIT */
/* moves.h - tasks that move references about while collections run.
 * Each task has a tree in the heap whose nodes know what they are. References to subtrees wander
 * between objects, stacks, channels, globals and added roots, mostly as the only ones: a collector
 * that looks at a place before the reference came there, and at the other after it left, frees what
 * is in use. Damage ends the process. */
#ifndef SUPPORT_MOVES_H
#define SUPPORT_MOVES_H

#include <stdint.h>

struct moves {
    uint64_t seed;
    int ntasks;
    int rounds; /* a task */
};

/* Runs M; returns when all is checked. A task. */
void moves_run(const struct moves *m);

#endif
