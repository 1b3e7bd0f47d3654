/* SPDX-License-Identifier: MIT */
/* incident.h - when an alert is raised, what was before and what comes after is recorded, without
 * anybody asking; or when somebody asks.
 * A child that fork made writes the file (report.h): it has all that gomon knew at that moment,
 * samples on by itself, and waits for the disk, so that the screen never does. It runs at lower
 * priority and ends when gomon has. Of one target one child records an alert at a time, since its
 * file holds what else is raised meanwhile; a few may be begun in a row, then one each ten minutes;
 * for the rest see incident_file.h. What goes wrong is told once, until it goes well again.
 * Who: watched.c and main_batch.c. Threads: one owner; the process has a single thread. Nothing
 * blocks. It reads no clock, the child does. */
#ifndef MON_INCIDENT_H
#define MON_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/incident_note.h"
#include "mon/model.h"

#define INCIDENT_BEFORE_NS  (INT64_C(300) * 1000000000)
#define INCIDENT_AFTER_NS   (INT64_C(120) * 1000000000)
#define INCIDENT_TEXT_BYTES 1400
#define INCIDENT_BURST      3
#define INCIDENT_EACH_NS    (INT64_C(600) * 1000000000) /* one more after so long */

struct monitor;
struct options;

enum incident_kind { INCIDENT_OF_ALERT, INCIDENT_ASKED };
#define INCIDENT_KINDS 2

enum incident_news { INCIDENT_NO_NEWS, INCIDENT_BEGUN, INCIDENT_FAILED };

struct incident_target {
    pid_t pid;
    char name[MODEL_NAME_BYTES];
};

struct incident {
    const struct options *options; /* borrowed */
    struct incident_child {
        pid_t pid; /* 0: none runs */
        int fd;    /* what it tells; -1: none */
        struct incident_target of; /* as it was when the child was made */
    } child[INCIDENT_KINDS];
    int64_t credit_ns; /* time saved up, INCIDENT_EACH_NS a file */
    int64_t last_ns;   /* monotonic: of the last tick; 0: none yet */
    int64_t told_ns;   /* alerts up to here were looked at */
    bool is_failing;
    struct incident_fate fate;      /* of the last recording of an alert */
    struct incident_notes notes;    /* which alert is in which; the monitor's model shows them */
    char text[INCIDENT_TEXT_BYTES]; /* the news, one line */
    struct incident_target of;      /* of what: the target may have a successor by now */
};

/* OPTIONS may be of a kind in which nothing is recorded: of a single look, or turned off. */
void incident_init(struct incident *in, const struct options *options);

/* Lets a child that writes come to its end at once. Of one that holds only zeros, nothing happens.
 */
void incident_fini(struct incident *in);

/* After a tick of the monitor: begins a recording if an alert was raised; the model says where it
 * will be. What there is to tell is in in->text, and of what target in in->of. */
enum incident_news incident_tick(struct incident *in, struct monitor *monitor);

/* Begins a report, of some seconds. False: one is being made, or no process can be had. */
bool incident_ask(struct incident *in, struct monitor *monitor);

#endif
