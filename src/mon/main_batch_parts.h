/* SPDX-License-Identifier: MIT */
/* main_batch_parts.h - what output without a screen is made of.
 * Who: main_batch.c, which writes it, and main_batch_wait.c, which waits for targets that are not
 * there yet and for the next ones. Threads: the main one. */
#ifndef MON_MAIN_BATCH_PARTS_H
#define MON_MAIN_BATCH_PARTS_H

#include "mon/alert_command.h"
#include "mon/codeline.h"
#include "mon/export.h"
#include "mon/fleetwait.h"
#include "mon/incident.h"
#include "mon/monitor.h"
#include "mon/several.h"
#include "mon/symbol.h"

#define BATCH_LOOK_MS 200 /* between two looks for what is waited for */

/* What is written, whatever number of targets it is of. */
struct output {
    bool several; /* lines begin with the pid */
    uint64_t nrows;
    bool is_titled; /* of CSV: with the metrics of `titled` */
    struct metric_table titled;
};

struct batch {
    const struct options *options;
    struct output *out;
    struct monitor *monitor; /* NULL: it could not be watched yet */
    struct symbols *symbols;
    struct alert_command on_alert;
    struct incident incident;
    struct code_line code[ALERTS_MAX + EXPORT_CODES];
    uint32_t ncodes;
    struct code_table *lines; /* of what is recorded, or NULL */
    bool told_trouble;        /* that the recording fails */
    uint64_t nsamples;
    int64_t told_ns; /* alerts up to here were written */
    bool is_over;
    bool waits;            /* for its target, or for the next one: nothing is written until then */
    const char *word;      /* of several: what names it */
    struct fleetwait wait; /* likewise */
};

struct batches {
    unsigned n;
    struct batch *one[PIDLIST_MAX];
    struct output out;
    struct target_list list; /* room to search in */
    struct pidlist taken;    /* what is watched: none of these is taken a second time */
    enum exit_status status; /* the first that is not EXIT_OK */
};

static inline void batch_note(struct batches *all, enum exit_status status)
{
    if (all->status == EXIT_OK)
        all->status = status;
}

/* Watches TARGET from now on. */
enum exit_status batch_open(struct batches *all, struct batch *b, const struct target *target,
                            struct monitor_failure *failure);

/* B, one of several, could not be watched: waits for it and says so, if that is asked for and it
 * may come; else it is over, which the caller tells. */
bool batch_await(struct batch *b, enum exit_status status, const char *why);

/* Its target has ended: says that the next one is waited for. */
void batch_await_next(struct batch *b);

/* Looks for what is waited for. True: something has come, and is watched. */
bool batch_any_came(struct batches *all);

#endif
