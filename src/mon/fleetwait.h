/* SPDX-License-Identifier: MIT */
/* fleetwait.h - a target among several that cannot be read yet: its process lives, but shows no
 * page, or not to us; or no program of its name runs. It is tried again now and then until the page
 * or the program comes, or the process ends; what has its pid afterwards is not it.
 * Who: fleet.c, main_batch_wait.c. Threads: one. */
#ifndef MON_FLEETWAIT_H
#define MON_FLEETWAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/fleetrow.h"
#include "mon/options.h"

struct fleetwait {
    pid_t pid;            /* 0: it is known by its name alone */
    uint64_t start_ticks; /* of the process that is meant; 0: there was none */
    int64_t first_ns;     /* it was asked for first; 0: not yet */
    int64_t next_ns;      /* when to try again */
};

/* The process that has this pid now is the one that is meant; 0: any that comes. */
void fleetwait_init(struct fleetwait *w, pid_t pid);

/* Whether a process that began at START_TICKS is the one that is meant. */
bool fleetwait_is_of(const struct fleetwait *w, uint64_t start_ticks);

/* What is waited for when reading it failed with STATUS; FLEET_WAITS_NOT: it has ended, or is not
 * to be watched, or it is a program that O does not ask to wait for. */
enum fleet_wait fleetwait_for(const struct fleetwait *w, const struct options *o,
                              enum exit_status status);

/* Whether to try again now: once a second at first, later less often. */
bool fleetwait_is_due(const struct fleetwait *w, int64_t mono_ns);

/* It was tried at that time. */
void fleetwait_tried(struct fleetwait *w, int64_t mono_ns);

#endif
