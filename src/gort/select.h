/* SPDX-License-Identifier: MIT */
/* select.h - waiting for the first of several channel operations.
 * One step: the chosen case has been carried out when gort_select returns. Among ready cases the
 * choice is random and even, so none starves. NULL channels are never ready. The same channel may
 * stand in several cases.
 *     gort_case cases[] = {GORT_RECV(a, &x), GORT_SEND(b, &y), GORT_DEADLINE(t)};
 *     switch (gort_select(cases, 3)) { case 0: ... } */
#ifndef GORT_SELECT_H
#define GORT_SELECT_H

#include <gort/chan.h>
#include <gort/here.h>

enum gort_case_kind { GORT_CASE_RECV, GORT_CASE_SEND, GORT_CASE_DEADLINE, GORT_CASE_DEFAULT };

typedef struct gort_case {
    enum gort_case_kind kind;
    int ok; /* out, of a chosen receive: 1 a value, 0 closed */
    gort_chan *c;
    void *value; /* receive: where to, may be NULL; send: where from, not changed */
    int64_t deadline_ns;
} gort_case;

#define GORT_RECV(chan, ptr)                                \
    {                                                       \
        .kind = GORT_CASE_RECV, .c = (chan), .value = (ptr) \
    }
#define GORT_SEND(chan, ptr)                                \
    {                                                       \
        .kind = GORT_CASE_SEND, .c = (chan), .value = (ptr) \
    }
/* The same for a channel CH of GORT_CHAN, with a check that PTR points to its type. */
#define GORT_RECV_FROM(ch, ptr)                                                    \
    {                                                                              \
        .kind = GORT_CASE_RECV, .c = (ch).c, .value = (1 ? (ptr) : (ch).gort_elem) \
    }
#define GORT_SEND_TO(ch, ptr)                                                  \
    {                                                                          \
        .kind = GORT_CASE_SEND, .c = (ch).c,                                   \
        .value = (void *)(uintptr_t)(const void *)(1 ? (ptr) : (ch).gort_elem) \
    }
#define GORT_DEADLINE(at_ns)                               \
    {                                                      \
        .kind = GORT_CASE_DEADLINE, .deadline_ns = (at_ns) \
    }
#define GORT_DEFAULT              \
    {                             \
        .kind = GORT_CASE_DEFAULT \
    }

GORT_INSIDE int gort_select_slow(gort_case *cases, size_t n);
GORT_INSIDE int gort_recv_must_wait(const gort_chan *c);
GORT_INSIDE int gort_send_must_wait(const gort_chan *c);

/* Carries out one of the N (0 to 65536) cases and returns its index. Blocks the task until one is
 * ready, unless a default case is there. At most one default and one deadline; the deadline's case
 * is chosen when it passes first. N = 0 blocks for ever. */
GORT_API inline int gort_select(gort_case *cases, size_t n)
{
    /* One channel beside a default is but a look at that channel, as Go's compiler makes it one. */
    if (n == 2 && cases[1].kind == GORT_CASE_DEFAULT) {
        if (cases[0].kind == GORT_CASE_RECV && gort_recv_must_wait(cases[0].c))
            return 1;
        if (cases[0].kind == GORT_CASE_SEND && gort_send_must_wait(cases[0].c))
            return 1;
    }
    return gort_select_slow(cases, n);
}

#endif
