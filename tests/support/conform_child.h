/* SPDX-License-Identifier: MIT */
/* conform_child.h - the program once more, as a process that runs claims under one schedule, and
 * its end awaited with patience. A child that is still at it after 100 s shows where its tasks are
 * and ends by SIGALRM. Time in which its parent stood still too does not count: then the test was
 * stopped, or the machine slept. */
#ifndef SUPPORT_CONFORM_CHILD_H
#define SUPPORT_CONFORM_CHILD_H

#include <stddef.h>
#include <sys/resource.h>

#define CHILD_OUTPUT_BYTES (256u << 10)

struct child {
    char output[CHILD_OUTPUT_BYTES]; /* both of its outputs, cut */
    size_t length;
    int status; /* as from waitpid */
    struct rusage used;
};

/* Runs the program with the arguments --child and CLAIM, which may be NULL, and waits for it. Exits
 * if there can be no process. */
void child_run(struct child *c, const char *claim);

/* How C ended, as text. */
void child_describe(const struct child *c, char *text, size_t bytes);

/* In the child: from now on SIGALRM shows the stacks of all tasks before it ends the process. */
void child_tells_where_on_alarm(void);

#endif
