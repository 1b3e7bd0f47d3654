/* SPDX-License-Identifier: MIT */
/* fleetrow.h - what the table of several targets says of each of them, as plain values.
 * A row is filled from the model of its target after each sample; the table is drawn and sorted
 * from rows alone. One that has ended keeps what it had last; one that cannot be watched has the
 * reason, and what it waits for. Threads: values. */
#ifndef MON_FLEETROW_H
#define MON_FLEETROW_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/draw.h"
#include "mon/model.h"
#include "mon/pidlist.h"

#define FLEET_SPARKS    24 /* the last two minutes of HeapInuse, each the greatest of 5 s */
#define FLEET_SPARK_NS  (INT64_C(5) * 1000000000)
#define FLEET_WHY_BYTES 256

enum fleet_figure {
    FLEET_INUSE,
    FLEET_GOAL,
    FLEET_ALLOC,  /* per second */
    FLEET_GCS,    /* collections */
    FLEET_PAUSE,  /* the last one, ns */
    FLEET_GC_CPU, /* ppm of the procs' time */
    FLEET_TASKS,
    FLEET_RUNNABLE,
    FLEET_PROCS,
    FLEET_FIGURES
};

/* What is waited for, of a target that cannot be watched yet or has ended. */
enum fleet_wait {
    FLEET_WAITS_NOT,     /* nothing will come */
    FLEET_WAITS_PROGRAM, /* of this name */
    FLEET_WAITS_PAGE,
    FLEET_WAITS_RIGHT,     /* to look into the process */
    FLEET_WAITS_GOOD_PAGE, /* there is one that cannot be read */
    FLEET_WAITS_NEXT,      /* --follow: it has ended, and the next of its name may come */
};

struct fleet_row {
    unsigned id; /* never 0, stays with the row */
    pid_t pid;   /* 0: not known yet */
    char why[FLEET_WHY_BYTES]; /* why it cannot be watched: nothing below is known; "" it can */
    enum fleet_wait wait;
    char name[MODEL_NAME_BYTES];
    enum target_state state;
    int64_t since_ns;          /* so long in this state; 0: not known */
    int64_t up_ns;             /* it runs or ran so long; below 0: not known */
    uint32_t nalerts;          /* that stand */
    enum alert_severity worst; /* of them */
    struct figure figure[FLEET_FIGURES];
    float spark[FLEET_SPARKS]; /* oldest first; below 0: nothing is known */
};

struct fleet_rows {
    int64_t real_ns; /* now */
    unsigned n;
    struct fleet_row row[PIDLIST_MAX];
};

/* All but id, from a model of now. */
void fleet_row_fill(struct fleet_row *row, const struct model *m);

/* Whether it has ended or never was to be had: nothing new will come of this process. */
bool fleet_row_is_over(const struct fleet_row *row);

/* Whether it was never to be had, and is waited for. */
bool fleet_row_waits(const struct fleet_row *row);

/* Whether it has ended, and the next of its name is waited for. */
bool fleet_row_awaits_next(const struct fleet_row *row);

#endif
