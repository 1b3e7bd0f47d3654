/* SPDX-License-Identifier: MIT */
/* dump.h - the stacks of all tasks, copied for someone else to unwind.
 * A dump goes through the task table row by row and writes a record for each task: its row, its
 * registers, the used part of its stack. It stops nobody: what a parked task left on its stack is
 * copied as it lies there, and the row tells whether the task went on meanwhile; only a running
 * task is held, by a signal to its thread, for as long as the copy of its own stack takes.
 * The records go into batches of a size that the caller chooses, and the work is done in steps of a
 * time that the caller chooses.
 * Threads: sysmon only. One dump at a time. */
#ifndef RUNTIME_DUMP_H
#define RUNTIME_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where records are put. Others may see, and spoil, the memory: it is only ever written. */
struct dump_batch {
    char *at;        /* 8-byte aligned */
    size_t capacity; /* more than the largest record without its stack and one on a lock */
    size_t used;
};

struct dump_job {
    uint64_t id;
    uint64_t stack_max;  /* bytes wanted of a stack; 0: all */
    int64_t start_ns;    /* 0: nothing is written yet */
    size_t nslots;       /* that had held a task when it began */
    size_t slot;         /* of the next task */
    uint64_t ntasks;     /* written */
    int64_t asked_ns;    /* since when the task in slot has been asked for its registers; 0: not */
    int64_t patience_ns; /* how much longer in all to wait for threads that don't answer */
};

enum dump_progress {
    DUMP_AGAIN, /* the time is over: go on with the same batch */
    DUMP_FULL,  /* go on with another batch */
    DUMP_DONE,  /* the dump ends in this batch */
};

/* Gets memory for what a step needs; whether there is any. Once, before the first job. */
bool dump_init(void);

/* A new job: the dump ID, with at most STACK_MAX bytes of each stack (0: all). */
void dump_begin(struct dump_job *job, uint64_t id, uint64_t stack_max);

/* Adds records to BATCH until it is full, until DEADLINE_NS or until the end. */
enum dump_progress dump_step(struct dump_job *job, struct dump_batch *batch, int64_t deadline_ns);

/* The longest that a dump ever held a task. Threads: any. */
int64_t dump_hold_max_ns(void);

#endif
