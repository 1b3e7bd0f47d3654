/* SPDX-License-Identifier: MIT */
/* gcbeyond.c - who allocates beyond the heap's goal, while all that a mark has to search is in the
 * hands of others.
 * The linker puts functions of ours in the place of mark_assist and sleep_until (--wrap): tasks
 * find nothing to search, so that the heap grows beyond the goal before a mark is over, and it is
 * seen who waits.
 * The claims: beyond the goal who finds nothing gives the markers a moment; below it nobody waits.
 */
#include "config.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gort.h"
#include "runtime/gc.h"
#include "runtime/gcmark.h"
#include "runtime/san.h"
#include "runtime/sleep.h"

#define LIVE_NODES  (SAN_ADDRESS || SAN_THREAD ? 200000 : 1000000)
#define NTASKS      4
#define NWAITS      20 /* that are enough */
#define PATIENCE_NS (60 * NS_PER_S)
#define SLACK_BYTES ((uint64_t)4 << 20) /* the collector counts spans before they have objects */

uint64_t __wrap_mark_assist(uint64_t bytes);
void __real_sleep_until(int64_t deadline_ns, enum wait_reason why, uintptr_t pc);
void __wrap_sleep_until(int64_t deadline_ns, enum wait_reason why, uintptr_t pc);

static _Atomic(uint32_t) nwaits;
static _Atomic(uint32_t) nbelow; /* of these, below the goal */

struct node {
    struct node *next;
    uint64_t more[7];
};

/* ---- in the collector ---- */

uint64_t __wrap_mark_assist(uint64_t bytes)
{
    (void)bytes;
    return 0;
}

void __wrap_sleep_until(int64_t deadline_ns, enum wait_reason why, uintptr_t pc)
{
    if (why == WAIT_GC) {
        atomic_fetch_add_explicit(&nwaits, 1, memory_order_relaxed);
        if (gc_object_bytes() + SLACK_BYTES < gc_goal())
            atomic_fetch_add_explicit(&nbelow, 1, memory_order_relaxed);
    }
    __real_sleep_until(deadline_ns, why, pc);
}

/* ---- the program ---- */

/* One after the other: there is nothing that could be shared. */
static struct node *make_chain(void)
{
    struct node *first = NULL;

    for (int i = 0; i < LIVE_NODES; i++) {
        struct node *n = gort_alloc_object(sizeof *n);

        n->next = first;
        first = n;
    }
    return first;
}

static void allocate(void *arg)
{
    gort_waitgroup *done = arg;
    int64_t end_ns = clock_mono_ns() + PATIENCE_NS;

    while (atomic_load_explicit(&nwaits, memory_order_relaxed) < NWAITS && clock_mono_ns() < end_ns)
        gort_keepalive(gort_alloc_object(sizeof(struct node)));
    gort_waitgroup_done(done);
}

static int run(void *arg)
{
    struct node *chain = NULL;
    gort_waitgroup done = {0};

    (void)arg;
    if (gc_mode() != GC_CONCURRENT)
        return 77;
    chain = make_chain();
    gort_waitgroup_add(&done, NTASKS);
    for (int i = 0; i < NTASKS; i++)
        gort_go(allocate, &done);
    gort_waitgroup_wait(&done);
    gort_keepalive(chain);
    printf("%u waits, %u of them below the goal\n", (unsigned)nwaits, (unsigned)nbelow);
    return nwaits < NWAITS || nbelow != 0;
}

int main(void)
{
    const char *debug = getenv("GORT_DEBUG");

    if (debug != NULL && strstr(debug, "gcstress") != NULL)
        return 77; /* no heap gets as far as its goal */
    setenv("GORT_MAXPROCS", "2", 1);
    return gort_run(NULL, run, NULL);
}
