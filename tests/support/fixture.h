/* SPDX-License-Identifier: MIT */
/* fixture.h - models made by hand, for tests of the screen.
 * Each is complete and the same at every run: its clock stands at 2026-11-23 03:12:44 UTC, its past
 * is computed from formulas. Set TZ=UTC before drawing. */
#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

#include "mon/dumpdiff.h"
#include "mon/grouppast.h"
#include "mon/incident_note.h"
#include "mon/model.h"

enum fixture_kind {
    FIXTURE_EMPTY,   /* just attached: nothing is known yet */
    FIXTURE_NORMAL,  /* a server under load, 20 minutes of history, one alert, a dump */
    FIXTURE_KILLED,  /* the same, two minutes after kill -9, with a gap in its past */
    FIXTURE_HUGE,    /* every figure as large as it can be */
    FIXTURE_HOSTILE, /* texts with escapes, wide, combining and malformed characters */
};
#define FIXTURES 5

#define FIXTURE_NOW_NS  INT64_C(360000000000000)     /* monotonic */
#define FIXTURE_REAL_NS INT64_C(1795403564000000000) /* 2026-11-23 03:12:44 UTC */

struct fixture {
    struct model model; /* points into the rest */
    struct metric_table metrics;
    struct snapshot snapshot;
    struct procinfo process;
    struct task_groups tasks;
    struct alerts alerts;
    struct incident_notes incidents;
    struct history *history;
    struct proc_history *procs;
    struct grouppast *groups;
    struct code_line code[8];
    struct dump *dump;
    struct dump later; /* that it is compared with */
    struct dump_group later_group[5];
    struct dumpdiff *diff; /* of both, or NULL */
};

struct fixture *fixture_new(enum fixture_kind kind);
void fixture_free(struct fixture *fixture);

/* "empty", "normal", ... */
const char *fixture_name(enum fixture_kind kind);

/* Gives the model two alerts: one stands and is recorded, one was cleared. */
void fixture_add_alerts(struct fixture *fixture);

/* Gives the model a dump of NGROUPS groups of three frames each, over and over the same ones. */
void fixture_add_dump(struct fixture *fixture, size_t ngroups);

/* Gives the model the past of its groups of tasks, up to so many seconds after now. */
void fixture_add_groups(struct fixture *fixture, int64_t until_s);

/* Compares the dump that the model has with a later one, in which a group grew, one shrank, one
 * came and one went. */
void fixture_add_diff(struct fixture *fixture);

#endif
