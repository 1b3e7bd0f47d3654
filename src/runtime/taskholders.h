/* SPDX-License-Identifier: MIT */
/* taskholders.h - who holds the locks that the tasks of each group wait for.
 * Beside a count of groups: each pair of a group and what keeps some of its tasks waiting has a
 * counter in a hash table of fixed size. Pairs beyond its room are left out, so that of a group
 * whose tasks wait for very many locks the most frequent holder may be missed. Threads: one at a
 * time. */
#ifndef RUNTIME_TASKHOLDERS_H
#define RUNTIME_TASKHOLDERS_H

#include <stddef.h>
#include <stdint.h>

#include "page.h"
#include "runtime/blocker.h"

#define TASKHOLDERS_MAX 512 /* pairs that can be told apart; a power of two */

struct taskholders {
    size_t used;
    struct taskholder {
        uint64_t count; /* tasks of the group; 0: free */
        uint32_t group;
        struct blocker blocker;
    } pair[TASKHOLDERS_MAX]; /* by hash */
};

/* A task of group number GROUP waits for what B says, if B says anything. */
void taskholders_add(struct taskholders *h, uint32_t group, const struct blocker *b);

/* Fills in who holds what most tasks of group number NUMBER wait for, what that task does now, and
 * whether it waits in a circle; nothing if none is known. */
void taskholders_tell(const struct taskholders *h, uint32_t number, struct page_task_group *group);

#endif
