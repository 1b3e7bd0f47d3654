/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/follow.h"

#include <stdlib.h>

#include "mon/monitor.h"
#include "mon/target.h"

struct monitor *follow_next(const struct monitor *m, const struct monitor_options *how, pid_t *pid)
{
    const struct target_status *status = &monitor_model(m)->status;
    struct monitor_failure failure;
    struct monitor *next = NULL;
    struct target target;
    char error[TARGET_ERROR_BYTES];

    if (!target_has_ended(status->state) || status->successor == 0)
        return NULL;
    struct target_list *list = calloc(1, sizeof *list);
    if (list == NULL)
        return NULL;
    if (target_find_pid(status->successor, list, &target, error) == TARGET_FOUND && target.live)
        next = monitor_new(&target, how, &failure);
    free(list);
    if (next != NULL)
        *pid = target.pid;
    return next;
}
