/* SPDX-License-Identifier: MIT */
/* grouppast.h - the tasks of each spawn site and state over the last half hour, or, sparing, over
 * the last ten minutes.
 * The tasks are counted now and then; each slot of five seconds keeps the first count that falls
 * into it. A group that a count did not see had no task; a slot without a count is not known. When
 * there are too many groups, the one that had no task for longest is dropped.
 * Threads: one owner. A group that memory is too short for is not
 * known. */
#ifndef MON_GROUPPAST_H
#define MON_GROUPPAST_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/tasks.h"

#define GROUPPAST_GROUPS  192
#define GROUPPAST_SLOTS   432
#define GROUPPAST_SLOT_NS INT64_C(5000000000)

#define GROUPPAST_SLOTS_SPARING 120

struct grouppast_key {
    uint64_t spawn_pc; /* 0: not known */
    enum task_state state;
    uint32_t reason; /* why they wait, see task_reason_name */
};

struct grouppast;

/* NULL if memory is short. The sparing one takes less of it. */
struct grouppast *grouppast_new(void);
struct grouppast *grouppast_new_sparing(void);
struct grouppast *grouppast_clone(const struct grouppast *from);
/* NULL is fine. */
void grouppast_free(struct grouppast *p);

/* Forgets everything. */
void grouppast_clear(struct grouppast *p);

/* Takes in a count of all tasks, unless it is not valid or its slot has one. */
void grouppast_add(struct grouppast *p, const struct task_groups *groups);

/* The same group by group: begins the slot of MONO_NS, which must not be before the last; false if
 * it has a count. Then each group, of which several may have the same key. */
bool grouppast_begin(struct grouppast *p, int64_t mono_ns);
void grouppast_count(struct grouppast *p, const struct task_group *group);

/* Monotonic time from which on counts are known, or 0 if there is none. */
int64_t grouppast_oldest_ns(const struct grouppast *p);

/* How many groups are known, and number I of them, borrowed until the next count. */
uint32_t grouppast_n(const struct grouppast *p);
const struct grouppast_key *grouppast_at(const struct grouppast *p, uint32_t i);

/* The number of the group with this key; grouppast_n if there is none. */
uint32_t grouppast_find(const struct grouppast *p, const struct grouppast_key *key);

/* Mean tasks of group I over the slots that begin in [FROM_NS, TO_NS), 0 if there is no such group;
 * false if none of them is known. */
bool grouppast_mean(const struct grouppast *p, uint32_t i, int64_t from_ns, int64_t to_ns,
                    double *mean);

#endif
