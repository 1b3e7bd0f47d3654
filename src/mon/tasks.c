/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/tasks.h"

#include <stddef.h>

#include "base/bits.h"

static const char *const reason_names[] = {
#define WAIT(id, text) text,
#include "waits.def"
#undef WAIT
};

static const char *const state_names[TASK_STATES] = {
    [TASK_DEAD] = "dead",       [TASK_RUNNABLE] = "runnable", [TASK_RUNNING] = "running",
    [TASK_WAITING] = "waiting", [TASK_BLOCKING] = "blocking",
};

const char *task_reason_name(uint32_t reason)
{
    return reason < ARRAY_COUNT(reason_names) ? reason_names[reason] : "unknown";
}

const struct task_holder *task_group_holder(const struct task_groups *groups,
                                            const struct task_group *group)
{
    return group->holder > 0 && group->holder <= groups->nholders
               ? &groups->holder[group->holder - 1]
               : NULL;
}

const char *task_state_name(enum task_state state)
{
    return (unsigned)state < TASK_STATES ? state_names[state] : "unknown";
}
