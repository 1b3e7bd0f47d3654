/* SPDX-License-Identifier: MIT */
/* recorded.h - a target whose figures follow the clock, and its recording, for tests.
 * The target is a child; its page is written by the test. In each second heap.alloc is the number
 * of that second, gc.count twice that. Times are made up: nothing waits.
 * Threads: one. */
#ifndef SUPPORT_RECORDED_H
#define SUPPORT_RECORDED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "mon/monitor.h"
#include "mon/recording.h"
#include "mon/target.h"
#include "tests/support/fakepage.h"

#define MONO_NS         (50000 * NS_PER_S)
#define REAL_NS         (INT64_C(1795403564) * NS_PER_S)
#define S               NS_PER_S
#define RECORDED_BEFORE 1000 /* seconds that the program lived before MONO_NS */

struct recorded {
    struct fakepage page;
    struct target target;
    struct monitor *monitor;
    struct monitor_failure failure;
    char folder[40];
    char path[64]; /* of the recording */
    char why[MONITOR_ERROR_BYTES];
    bool heavy; /* all figures are large */
};

extern struct recorded rec;

void recorded_setup(void);
void recorded_teardown(void);

/* A monitor that records so; false: rec.why says why there is none. recorded_open fails the test
 * then. */
bool recorded_try_open(struct recorder_options how);
void recorded_open(struct recorder_options how);
void recorded_close(void);

/* N seconds, FIRST after MONO_NS on: the target publishes, the monitor ticks. */
void recorded_run(int64_t first, int64_t n);

/* The number that a query of the recording gives, on a connection of its own; -1 for none. */
int64_t recorded_query(const char *sql);

/* Changes the recording. */
void recorded_change(const char *sql);

/* A monitor of the recording between two times, paused at the first; its model. */
const struct model *recorded_replay(const char *from, const char *to);

/* The value that the monitor's model has; fails the test if it has none. */
uint64_t recorded_value(unsigned metric);

#define ASSERT_QUERY(sql, wanted)                                                     \
    cr_assert_eq(recorded_query(sql), (wanted), "%s: %" PRId64 ", not %" PRId64, sql, \
                 recorded_query(sql), (int64_t)(wanted))

#endif
