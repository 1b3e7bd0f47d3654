/* SPDX-License-Identifier: MIT */
/* selectrace.c - what a look at several channels says is true of one moment; what a select leaves
 * behind in the queues of the channels that it did not use. */
#include "config.h"

#include "tests/support/conform.h"

#define ROUNDS 300

struct two {
    gort_chan *first;
    gort_chan *second;
    int chosen;
    gort_waitgroup done;
};

static gort_chan *new_chan(size_t capacity)
{
    return gort_chan_new(sizeof(int), capacity);
}

static void look_at_two(void *arg)
{
    struct two *t = arg;
    gort_case cases[] = {GORT_RECV(t->first, NULL), GORT_RECV(t->second, NULL), GORT_DEFAULT};

    t->chosen = gort_select(cases, 3);
}

/* The second channel is ready before the first is emptied. */
CLAIM(there_is_no_default_while_one_of_two_is_always_ready)
{
    int v = 1;

    for (int i = 0; i < ROUNDS; i++) {
        struct two t = {.first = new_chan(1), .second = new_chan(1)};

        gort_send(t.first, &v);
        gort_waitgroup_go(&t.done, look_at_two, &t);
        if (i % 2 == 0)
            gort_send(t.second, &v);
        else
            gort_close(t.second);
        (void)!gort_try_recv(t.first, &v);
        gort_waitgroup_wait(&t.done);
        EXPECT(t.chosen != 2, "round %d: the default was chosen", i);
    }
}

static void try_one(void *arg)
{
    struct two *t = arg;

    t->chosen = gort_try_recv(t->first, NULL);
}

CLAIM(a_last_value_and_the_close_leave_no_gap_between_them)
{
    int v = 1;

    for (int i = 0; i < ROUNDS; i++) {
        struct two t = {.first = new_chan(1)};

        gort_send(t.first, &v);
        gort_waitgroup_go(&t.done, try_one, &t);
        gort_close(t.first);
        EXPECT(gort_recv(t.first, NULL) >= 0, "round %d", i);
        gort_waitgroup_wait(&t.done);
        EXPECT(t.chosen != GORT_EWOULDBLOCK, "round %d: neither a value nor closed", i);
    }
}

static void receive_first(void *arg)
{
    const struct two *t = arg;
    int v;

    EXPECT(gort_recv(t->first, &v) == 1, "the channel is open");
}

static void select_second_then_receive_first(void *arg)
{
    const struct two *t = arg;
    gort_case cases[] = {GORT_RECV(t->first, NULL), GORT_RECV(t->second, NULL)};
    int at = gort_select(cases, 2);

    EXPECT(at == 1, "chose %d", at);
    receive_first(arg);
}

/* A select that others wait before and behind leaves the queue whole, wherever in it it was. */
CLAIM(a_select_that_goes_leaves_those_beside_it_in_the_queue)
{
    for (int before = 0; before < 3; before++) {
        for (int behind = 0; behind < 3; behind++) {
            struct two t = {.first = new_chan(0), .second = new_chan(0)};
            int v = 1;

            for (int i = 0; i < before; i++)
                gort_waitgroup_go(&t.done, receive_first, &t);
            UNTIL_PARKED(before, PARKED_RECV);
            gort_waitgroup_go(&t.done, select_second_then_receive_first, &t);
            UNTIL_PARKED(1, PARKED_SELECT);
            for (int i = 0; i < behind; i++)
                gort_waitgroup_go(&t.done, receive_first, &t);
            UNTIL_PARKED(before + behind, PARKED_RECV);
            gort_send(t.second, &v);
            for (int i = 0; i < before + 1 + behind; i++)
                EXPECT(gort_send_by(t.first, &v, gort_in(10 * GORT_S)) == 0,
                       "%d before, %d behind: %d served", before, behind, i);
            gort_waitgroup_wait(&t.done);
        }
    }
}
