/* SPDX-License-Identifier: MIT */
/* alert_command.h - gomon --on-alert and --bell: somebody is told of an alert when it is raised or
 * cleared.
 * The command runs by itself, with the numbers in its environment and without a terminal: gomon
 * never waits for it. However often alerts come, few run at once and not many a minute; those that
 * are left out are counted, and the next one is told how many.
 * Threads: one owner. It reads no clock. */
#ifndef MON_ALERT_COMMAND_H
#define MON_ALERT_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/model.h"

#define ALERT_COMMAND_BYTES 2048
#define ALERT_COMMANDS_MAX  4                          /* that run at once */
#define ALERT_COMMAND_NS    (INT64_C(15) * 1000000000) /* one more may start after so long ... */
#define ALERT_BURST         4                          /* ... and so many at once after a pause */

/* Alerts that stand, and that nobody was told of: they were silenced when they were raised. */
struct unheard {
    uint32_t n;
    struct {
        enum alert_lint lint;
        uint64_t key;
        int64_t raised_ns;
    } alert[ALERTS_MAX];
};

struct alert_command {
    const char *command; /* for /bin/sh; borrowed; NULL or "": none */
    pid_t running[ALERT_COMMANDS_MAX];
    int64_t credit_ns;  /* time saved up, ALERT_COMMAND_NS a start */
    int64_t last_ns;    /* monotonic: of the last tick; 0: none yet */
    int64_t told_ns;    /* alerts up to here were told */
    uint32_t nleft_out; /* since the last one that was started */
    struct unheard unheard;
};

void alert_command_init(struct alert_command *c, const char *command);

/* Tells what has been raised or cleared since the last tick, but for what is silenced; of that it
 * tells as raised what is heard again and still stands. True if there was anything raised to
 * tell. */
bool alert_command_tick(struct alert_command *c, const struct model *m);

#endif
