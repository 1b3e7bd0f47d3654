/* SPDX-License-Identifier: MIT */
/* debug.h - the settings of GORT_DEBUG, read once at start.
 * A list of name=value separated by commas, as Go's GODEBUG. Unknown names are reported in one line
 * and ignored. */
#ifndef RUNTIME_DEBUG_H
#define RUNTIME_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

struct debug_settings { /* [const] after start */
    int crash;          /* 1: abort instead of exit 2 */
    int gctrace;        /* 1: a line a cycle, in Go's format */
    int schedtrace;     /* N: a line on the scheduler every N ms, in Go's format */
    int scheddetail;    /* 1: with that, lines on each proc, thread and task */
    int gcstress;       /* 1: collect at every span refill and every 1,000th allocation */
    int verify;         /* 1: check the mark in the pause by marking again */
    int clobberfree;    /* 1: fill freed objects with 0xdeadbeef */
    int yield;          /* N: give way at one in N exits of the runtime, at random */
    uint32_t seed;      /* of random choices; 0: taken from the clock; printed when yield is set */
    int replay;         /* 1: seed was given and yield was not: the deterministic mode, replay.h */
    int seedtrace;      /* 1: a line about the decisions of that mode at the end */
};

extern struct debug_settings debug;

/* Whether the collector is under test: then it does with little what it else does with much. */
static inline bool debug_tests_gc(void)
{
    return debug.gcstress != 0 || debug.verify != 0;
}

/* Parses TEXT (may be NULL) into debug. */
void debug_init(const char *text);

#endif
