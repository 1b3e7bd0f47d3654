/* SPDX-License-Identifier: MIT */
/* gcrepeat.c - looks at written pages for which the collector lost its processor.
 * The linker puts a function of ours in the place of mark_run (--wrap): it sleeps in such a look,
 * as if others had taken the processor. The program writes next to nothing: one look would do.
 * The claims: a look that took long is repeated, because there was time to write more than it
 * found; but not for ever, where the machine never has a processor. */
#include "config.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gort.h"
#include "runtime/gc.h"
#include "runtime/gcmark.h"

#define LIVE_BYTES ((size_t)32 << 20) /* more than is marked in a stop */
#define LATE_MS    3
#define LOOKS_MAX  5 /* if all of them are late */
#define LOOKS_MORE 3 /* that may have found much */

void __real_mark_run(enum mark_part part, void (*wake)(void));
void __wrap_mark_run(enum mark_part part, void (*wake)(void));

static _Atomic(uint32_t) nlate;  /* looks that are going to be late */
static _Atomic(uint32_t) nlooks; /* since then */

void __wrap_mark_run(enum mark_part part, void (*wake)(void))
{
    __real_mark_run(part, wake);
    if (part == MARK_CLEAN && atomic_fetch_add_explicit(&nlooks, 1, memory_order_relaxed) <
                                  atomic_load_explicit(&nlate, memory_order_relaxed))
        (void)poll(NULL, 0, LATE_MS);
}

static uint32_t looks_if_late(uint32_t n)
{
    atomic_store_explicit(&nlate, n, memory_order_relaxed);
    atomic_store_explicit(&nlooks, 0, memory_order_relaxed);
    gort_gc();
    return atomic_load_explicit(&nlooks, memory_order_relaxed);
}

/* The machine may be late by itself. */
static int run(void *arg)
{
    void **live = NULL;
    int bad = 0;

    (void)arg;
    if (gc_mode() != GC_CONCURRENT)
        return 77;
    live = gort_alloc(LIVE_BYTES);
    for (uint32_t n = 0; n <= LOOKS_MAX + 1; n++) {
        uint32_t least = n < LOOKS_MAX ? n + 1 : LOOKS_MAX;
        uint32_t looks = looks_if_late(n);

        printf("%u looks, the first %u of them late\n", (unsigned)looks, (unsigned)n);
        bad += looks < least || looks > LOOKS_MAX + LOOKS_MORE;
    }
    gort_keepalive(live);
    return bad;
}

int main(void)
{
    const char *debug = getenv("GORT_DEBUG");

    if (debug != NULL && strstr(debug, "gcstress") != NULL)
        return 77; /* there are other collections */
    setenv("GORT_MAXPROCS", "2", 1);
    return gort_run(NULL, run, NULL);
}
