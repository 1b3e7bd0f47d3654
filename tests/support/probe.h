/* SPDX-License-Identifier: MIT */
/* probe.h - tasks that send or receive once on a channel, for claims about when that goes on.
 * Threads: a probe belongs to its task until it is done. */
#ifndef SUPPORT_PROBE_H
#define SUPPORT_PROBE_H

#include <gort.h>
#include <stdatomic.h>
#include <stdbool.h>

struct probe {
    gort_chan *c;
    int number;        /* to be sent */
    _Atomic(int) done; /* 1: the rest is there */
    int got;           /* what was received */
    int rc;            /* and with what result */
};

static inline void probe_send(void *arg)
{
    struct probe *p = arg;

    gort_send(p->c, &p->number);
    atomic_store_explicit(&p->done, 1, memory_order_release);
}

static inline void probe_recv(void *arg)
{
    struct probe *p = arg;

    p->rc = gort_recv(p->c, &p->got);
    atomic_store_explicit(&p->done, 1, memory_order_release);
}

static inline bool probe_is_done(struct probe *p)
{
    return atomic_load_explicit(&p->done, memory_order_acquire) != 0;
}

#endif
