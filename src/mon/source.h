/* SPDX-License-Identifier: MIT */
/* source.h - where the figures of a target come from.
 * The page of our runtime is one source; a recording or a process of another runtime may be others.
 * A source says in `can` what it has at all; what it lacks stays missing in the snapshot. Reading
 * never blocks and never asks the target for anything.
 * Threads: one owner. */
#ifndef MON_SOURCE_H
#define MON_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/history.h"
#include "mon/metric.h"
#include "mon/options.h"
#include "mon/snapshot.h"
#include "mon/tasks.h"

#define SOURCE_NAME_BYTES 64
#define SOURCE_WHY_BYTES  256

enum source_can {
    SOURCE_CAN_TASKS = 1,   /* count tasks by group */
    SOURCE_CAN_HISTORY = 2, /* tell what was before gomon came */
    SOURCE_CAN_SITES = 4,   /* tell the top sites of past minutes */
};

/* How the program says that it is. */
enum source_said { SOURCE_SAID_LIVE, SOURCE_SAID_EXITED, SOURCE_SAID_CRASHED };

struct source_facts {
    char name[SOURCE_NAME_BYTES]; /* of the program, without control characters */
    char version[16];             /* of the page, or "" */
    char build_id[41];            /* of the program, in hexadecimal digits, or "" */
    int64_t start_real_ns;
    int64_t interval_ns;  /* it means to publish this often */
    int64_t heartbeat_ns; /* monotonic: when it last did */
    enum source_said said;
    bool let_go; /* the process that was its own holds it no longer: as after exec */
};

enum source_status {
    SOURCE_READ,
    SOURCE_TORN, /* the writer was faster: what could be read is in, the rest is as it was */
    SOURCE_GONE, /* the file is cut or unreadable: nothing was changed */
};

/* A site in a past minute. */
struct source_site {
    int64_t mono_ns;
    uint64_t pc;
    uint64_t value; /* tasks, or live bytes */
    enum { SOURCE_SITE_TASKS, SOURCE_SITE_BYTES } of;
};
typedef void source_site_fn(void *arg, const struct source_site *site);

struct source;

struct source_ops {
    /* Frees it. */
    void (*close)(struct source *s);

    /* What is said about the target itself, as of the last read or look. */
    const struct source_facts *(*facts)(const struct source *s);

    /* Reads again what facts tells of its life, and nothing else. */
    void (*look)(struct source *s);

    /* Reads the newest values into SNAPSHOT, which holds those of the last read or is zero. Values
     * only: what follows from two snapshots is snapshot_derive's. */
    enum source_status (*read)(struct source *s, struct snapshot *snapshot);

    /* Adds to HISTORY what the source kept, in rising time; in later calls what is new since. */
    void (*history)(struct source *s, struct history *history);

    /* Calls FN for the top sites of each past minute, in rising time; later as above. */
    void (*sites)(struct source *s, source_site_fn *fn, void *arg);

    /* Counts the tasks; false if that fails or has not come to its end yet: GROUPS is as it was. */
    bool (*tasks)(struct source *s, struct task_groups *groups);
};

struct source {
    const struct source_ops *ops;
    unsigned can; /* enum source_can, or-ed */
};

struct source_failure {
    enum exit_status status;
    char why[SOURCE_WHY_BYTES]; /* one line: the cause and the mend */
};

/* The page of the process PID, started at START_TICKS. Enters into T which metrics it has. NULL:
 * FAILURE says why. */
struct source *source_page_open(pid_t pid, uint64_t start_ticks, struct metric_table *t,
                                struct source_failure *failure);

/* The image that a dead process left at PATH; it must be a file of the user UID. */
struct source *source_page_open_image(const char *path, uid_t uid, struct metric_table *t,
                                      struct source_failure *failure);

#endif
