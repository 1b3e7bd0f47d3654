/* SPDX-License-Identifier: MIT */
/* gone.h - dropping objects in front of a collector that searches stacks and registers.
 * What a call has left there may keep an object by chance: so tests make objects in functions that
 * are not inlined, wipe what these leave, and claim something of the most of many. */
#ifndef SUPPORT_GONE_H
#define SUPPORT_GONE_H

#include <gort.h>
#include <stddef.h>

/* Overwrites what calls have left on the stack. */
__attribute__((noinline)) static void wipe_stack(void)
{
    volatile char old[8192];

    for (size_t i = 0; i < sizeof old; i++)
        old[i] = 0;
}

static inline void collect(void)
{
    wipe_stack();
    gort_gc();
}

/* Collects, and yields, until COND holds; fails after ten seconds. */
#define EVENTUALLY_COLLECTED(cond, ...)         \
    do {                                        \
        int64_t by_ns = gort_in(10 * GORT_S);   \
                                                \
        while (!(cond) && gort_now() < by_ns) { \
            collect();                          \
            conform_pause();                    \
        }                                       \
        EXPECT(cond, __VA_ARGS__);              \
    } while (0)

#endif
