/* SPDX-License-Identifier: MIT */
/* watched.h - one target on the screen, with all that is known of it: its monitor, the names of its
 * code, its last dump and the one that is under way, who is told of its alerts.
 * The loop of the screen drives one or several of these; what is pressed and drawn is not here. The
 * code is looked up, by a process of its own, only from watched_name_code on: a target that nobody
 * looks at does not need it.
 * Who: app_watch.c, fleet.c. Threads: one. Nothing blocks. */
#ifndef MON_WATCHED_H
#define MON_WATCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/alert_command.h"
#include "mon/dumpdiff.h"
#include "mon/dumpjob.h"
#include "mon/incident.h"
#include "mon/model.h"

struct code_table;
struct monitor;
struct options;
struct symbols;

struct watched {
    const struct options *options;
    struct monitor *monitor;
    struct symbols *symbols; /* NULL: its code is not looked up; so the next */
    struct code_table *code;
    struct alert_command on_alert;
    struct incident incident;
    enum incident_news news; /* of it, of the last tick */
    struct dumpjob *job; /* NULL: no dump is under way */
    bool compares;       /* that one is to be compared with the last */
    struct dump *dump;   /* the last one, or NULL */
    struct dump *before; /* what it is compared with, or NULL */
    struct dumpdiff *diff; /* of these two, or NULL */
};

enum watched_dump {
    WATCHED_DUMP,    /* alone */
    WATCHED_COMPARE, /* with the last one; once that was compared, with what that was compared to */
};

/* Takes MONITOR; OPTIONS are borrowed. */
void watched_init(struct watched *w, const struct options *options, struct monitor *monitor);

/* Of one that holds only zeros, nothing happens. */
void watched_fini(struct watched *w);

/* Another process goes on where this one's has ended; takes MONITOR. Who was told of alerts up to
 * now is not told again. */
void watched_replace(struct watched *w, struct monitor *monitor);

/* From now on the code that the model names is looked up. */
void watched_name_code(struct watched *w);

/* Borrowed until watched_fini or watched_replace. */
const struct model *watched_model(const struct watched *w);

/* Takes a sample, and tells of alerts; true if one was raised. */
bool watched_tick(struct watched *w, int64_t mono_ns, int64_t real_ns);

/* Takes in what was found out about code; true if the model has changed. */
bool watched_refresh_code(struct watched *w);

/* Begins a dump; one that is under way is given up. Without a last one there is nothing to compare
 * with. */
void watched_start_dump(struct watched *w, enum watched_dump how);

/* Gives up the dump that is under way; the last one stays. */
void watched_stop_dump(struct watched *w);

/* Works on the dump for so long. Done, it becomes the last one. */
enum dump_stage watched_step_dump(struct watched *w, int64_t budget_ns);

/* Tells the model how far the dump is; once that it failed. */
void watched_show_dump(struct watched *w);

#endif
