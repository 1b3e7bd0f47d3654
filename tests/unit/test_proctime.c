/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "base/clock.h"
#include "runtime/proctime.h"

static void pass(int64_t ns)
{
    int64_t end_ns = clock_mono_ns() + ns;

    while (clock_mono_ns() < end_ns)
        ;
}

static uint64_t sum(const uint64_t ns[PROCTIME_STATES])
{
    uint64_t all = 0;

    for (int i = 0; i < PROCTIME_STATES; i++)
        all += ns[i];
    return all;
}

/* All states, read at a moment that lies between the two. */
static uint64_t read_between(struct proctime *t, int64_t *before_ns, int64_t *after_ns,
                             uint64_t ns[PROCTIME_STATES])
{
    *before_ns = clock_mono_ns();
    proctime_read(t, ns);
    *after_ns = clock_mono_ns();
    return sum(ns);
}

/* Reads T twice and says by how much it aged; what is right lies between *LEAST and *MOST. */
static uint64_t ages(struct proctime *t, int64_t *least, int64_t *most,
                     uint64_t ns[PROCTIME_STATES])
{
    int64_t a[2], b[2];
    uint64_t first = read_between(t, &a[0], &a[1], ns);

    pass(NS_PER_MS);
    uint64_t second = read_between(t, &b[0], &b[1], ns);

    *least = b[0] - a[1];
    *most = b[1] - a[0];
    return second - first;
}

Test(proctime, states_add_up_to_the_age)
{
    struct proctime t = {0};
    uint64_t ns[PROCTIME_STATES];
    int64_t least, most;

    proctime_init(&t);
    proctime_turn(&t, PROCTIME_IDLE);
    for (int state = PROCTIME_IDLE; state < PROCTIME_STATES; state++) {
        uint64_t older;

        if (state == PROCTIME_STOPPED)
            continue;
        proctime_turn(&t, (enum proctime_state)state);
        older = ages(&t, &least, &most, ns);
        cr_assert(older >= (uint64_t)least && older <= (uint64_t)most,
                  "state %d: %" PRIu64 " ns, not %" PRId64 " to %" PRId64, state, older, least,
                  most);
        cr_assert_geq(ns[state], (uint64_t)NS_PER_MS, "state %d: %" PRIu64 " ns", state, ns[state]);
    }
}

Test(proctime, a_turn_that_does_not_end_does_not_hold_the_age_back)
{
    struct proctime t = {0};
    uint64_t ns[PROCTIME_STATES], later[PROCTIME_STATES];
    int64_t least, most;
    uint64_t older;

    proctime_init(&t);
    proctime_turn(&t, PROCTIME_RUNNING);
    t.seq++; /* as while a turn stores */
    older = ages(&t, &least, &most, ns);
    t.seq++;
    cr_assert(older >= (uint64_t)least && older <= (uint64_t)most,
              "%" PRIu64 " ns, not %" PRId64 " to %" PRId64, older, least, most);
    proctime_read(&t, later);
    for (int i = 0; i < PROCTIME_STATES; i++)
        cr_assert_geq(later[i], ns[i], "state %d fell from %" PRIu64 " to %" PRIu64, i, ns[i],
                      later[i]);
}
