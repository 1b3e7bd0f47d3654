/* SPDX-License-Identifier: MIT */
/* lockrank.h - every lock of the runtime, in the order in which they may be taken.
 * A thread that holds a lock may take only locks further down. lock.c checks it in debug builds.
 * Locks of one rank are never held together, except channels, which are taken in order of address.
 */
#ifndef RUNTIME_LOCKRANK_H
#define RUNTIME_LOCKRANK_H

enum lock_rank {
    RANK_PUBLISH = 1, /* bringing the page up to date, serving the mailbox */
    RANK_GC,          /* one cycle at a time */
    RANK_WORLD,       /* stopping and starting the world */
    RANK_ROOTS,       /* added roots, module list */
    RANK_POOLS,       /* list of pools */
    RANK_CONTEXT,     /* one tree of contexts */
    RANK_USERTIMER,   /* one timer or ticker of the program */
    RANK_CHAN,        /* one channel; several in order of address */
    RANK_SEMA,        /* one bucket of waiters of sync types */
    RANK_TIMERS,      /* timers of one proc */
    RANK_SCHED,       /* global queue, idle procs and workers */
    RANK_TASKS,       /* task records and table */
    RANK_STACK,       /* stack slabs */
    RANK_CENTRAL,     /* spans of one size class */
    RANK_PROFILE,     /* allocation sites */
    RANK_SPECIAL,     /* what is attached to objects of a set of spans */
    RANK_RECORDS,     /* records of one kind */
    RANK_DUE,         /* one queue of functions that are due */
    RANK_SCAVENGE,    /* giving idle pages back */
    RANK_HEAP,        /* page heap */
    RANK_GCWORK,      /* grey object buffers */
    RANK_REGION,      /* chunks of arenas that were freed */
    RANK_PERSIST,     /* memory that is never freed */
    RANK_LEAKED,      /* table of leaked tasks */
    RANK_EVENTS,      /* ring of events */
    RANK_PROCSIZE,    /* how long there have been how many procs */
    RANK_PROCTIME,    /* how the times of procs are told */
};

#endif
