/* SPDX-License-Identifier: MIT */
/* report.h - all that is known of a target, written into its recording: samples of the past and of
 * a while from now on, the stacks of all tasks, what the program and its host are.
 * The file is a recording as -w makes one; this is what goes into it beside the samples, and how
 * long it goes on. A target that is stopped, wedged or dead has no answer to wait for: what there
 * is of it is written all the same.
 * Who: report_command.c, and incident.c in a child of its own. It reads a clock, and waits.
 * Threads: one. */
#ifndef MON_REPORT_H
#define MON_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/dumpjob.h"
#include "mon/monitor.h"

struct report {
    struct monitor *monitor; /* that records */
    const struct options *options;
    const char *cause;      /* "asked for", or the alert */
    enum dumpjob_way way;   /* how the stacks are had */
    int64_t after_ns;       /* samples are taken for so long, and while the stacks come in */
    bool (*must_end)(void); /* at once, with what there is; or NULL */
};

/* Takes samples and a dump until it is over. False: it could not be written, and WHY says why. */
bool report_run(const struct report *r, char why[static RECORDER_WHY_BYTES]);

#endif
