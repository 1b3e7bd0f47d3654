/* SPDX-License-Identifier: MIT */
/* tasks.h - all tasks of a target, counted by where they were spawned and what they do.
 * The task table is a mirror in shared memory, so a million tasks are grouped without asking the
 * target for anything: its rows are read in pieces of 1 MiB into one buffer. A row that changes
 * while it is copied counts with what was seen of it; the sums are those of a moment, give or take
 * the tasks that moved meanwhile.
 * Threads: one owner. */
#ifndef MON_TASKS_H
#define MON_TASKS_H

#include <stdbool.h>
#include <stdint.h>

#define TASK_GROUPS_MAX 1024
#define TASK_HOLDERS_MAX 256

/* In the order of enum page_task_state. */
enum task_state { TASK_DEAD, TASK_RUNNABLE, TASK_RUNNING, TASK_WAITING, TASK_BLOCKING };
#define TASK_STATES 5

/* Who has the lock that most tasks of a group wait for that wait for one. */
struct task_holder {
    uint64_t id;           /* 0: readers do */
    uint64_t readers;      /* how many then, else 0 */
    uint64_t nwaiters;     /* tasks of the group that wait for it */
    uint64_t pc;           /* return address of the call that it waits in itself; 0: not known */
    enum task_state state; /* TASK_DEAD: not known */
    uint32_t reason;       /* why it waits */
    uint32_t circle;       /* so many tasks wait for each other, it is one of them; 0: none */
    char name[32];         /* "" if it has none; without control characters */
};

struct task_group {
    uint64_t spawn_pc; /* 0: not known */
    uint64_t start_fn;
    enum task_state state;
    uint32_t reason; /* why it waits, see task_reason_name */
    uint64_t count;
    uint64_t leaked;         /* of them, proven to wait in vain */
    int64_t oldest_since_ns; /* monotonic: the longest in this state */
    uint32_t holder;         /* number of it in struct task_groups and 1; 0: none is known */
};

struct task_groups {
    bool valid;
    int64_t mono_ns; /* when they were counted */
    uint64_t nrows;  /* of the table that were read for it; 0: the target counted */
    uint64_t ntasks;
    uint64_t by_state[TASK_STATES];
    uint32_t n;
    struct task_group group[TASK_GROUPS_MAX]; /* most tasks first */
    uint64_t beyond; /* tasks that are in none of the groups above, for want of room */
    uint32_t nholders;
    struct task_holder holder[TASK_HOLDERS_MAX]; /* that the target told */
};

/* Who holds what the tasks of GROUP, one of GROUPS, wait for; NULL: that is not known. */
const struct task_holder *task_group_holder(const struct task_groups *groups,
                                            const struct task_group *group);

/* "chan receive", "select", ...; "" for none, "reason 77" never: unknown ones give "unknown". */
const char *task_reason_name(uint32_t reason);

/* "runnable", "running", "waiting", "blocking". */
const char *task_state_name(enum task_state state);

#endif
