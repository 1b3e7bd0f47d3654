/* SPDX-License-Identifier: MIT */
/* gcwork.c - markers that share work and agree on the end, without a heap.
 * An item of depth d stands for two of depth d - 1. The claim: over many marks, with markers that
 * come late or find nothing, every item is done once, and nobody goes home while there is work. */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "runtime/gcwork.h"

#define HELPERS 3
#define MARKS   400
#define RUN_NS  (20 * NS_PER_S)

static _Atomic(uint64_t) done;   /* items of this mark */
static _Atomic(uint64_t) shared; /* buffers given away in all */
static _Atomic(int) stop;

static void do_item(struct workbuf **buf, uint64_t depth)
{
    atomic_fetch_add_explicit(&done, 1, memory_order_relaxed);
    for (int i = 0; depth > 0 && i < 2; i++) {
        if ((*buf)->n == WORKBUF_MAX) {
            work_put(*buf);
            *buf = work_get_empty();
        }
        (*buf)->grey[(*buf)->n++] = depth - 1;
    }
}

static void drain(struct workbuf **buf)
{
    while ((*buf)->n > 0) {
        do_item(buf, (*buf)->grey[--(*buf)->n]);
        if (work_is_wanted() && (*buf)->n >= 4 && !work_is_there()) {
            work_share(*buf);
            atomic_fetch_add_explicit(&shared, 1, memory_order_relaxed);
        }
    }
}

static void work_to_the_end(struct workbuf *buf)
{
    do {
        struct workbuf *full = NULL;

        drain(&buf);
        while ((full = work_get_full()) != NULL) {
            work_put(buf);
            buf = full;
            drain(&buf);
        }
    } while (crew_wait());
    work_put(buf);
}

static void *help(void *arg)
{
    (void)arg;
    while (atomic_load_explicit(&stop, memory_order_relaxed) == 0)
        if (crew_join())
            work_to_the_end(work_get_empty());
    return NULL;
}

/* One mark from ROOTS items of DEPTH; whether all that they stand for was done. */
static int mark(uint64_t roots, uint64_t depth)
{
    struct workbuf *buf = work_get_empty();
    uint64_t want = roots * ((UINT64_C(1) << (depth + 1)) - 1);
    uint64_t got = 0;

    atomic_store_explicit(&done, 0, memory_order_relaxed);
    for (uint64_t i = 0; i < roots; i++)
        buf->grey[buf->n++] = depth;
    crew_open();
    work_to_the_end(buf);
    crew_disband();
    got = atomic_load_explicit(&done, memory_order_relaxed);
    if (got != want)
        printf("%" PRIu64 " roots of depth %" PRIu64 ": %" PRIu64 " items done, not %" PRIu64 "\n",
               roots, depth, got, want);
    return got == want;
}

int main(void)
{
    pthread_t helper[HELPERS];
    int64_t end_ns = clock_mono_ns() + RUN_NS;
    int ok = 1;
    int marks = 0;

    for (int i = 0; i < HELPERS; i++)
        if (pthread_create(&helper[i], NULL, help, NULL) != 0)
            return 77;
    for (; ok && marks < MARKS && clock_mono_ns() < end_ns; marks++)
        ok = mark((uint64_t)marks % 4, (uint64_t)marks % 15);
    atomic_store_explicit(&stop, 1, memory_order_relaxed);
    for (int i = 0; i < HELPERS; i++)
        pthread_join(helper[i], NULL);
    printf("%d marks, %" PRIu64 " times work was given away\n", marks,
           atomic_load_explicit(&shared, memory_order_relaxed));
    return ok && marks > 15 ? 0 : 1;
}
