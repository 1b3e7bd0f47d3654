/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/fleetwait.h"

#include "base/clock.h"
#include "mon/procstat.h"

#define TRY_NS         NS_PER_S
#define OFTEN_TRIED_NS (60 * NS_PER_S)
#define LATE_TRY_NS    (10 * NS_PER_S)

void fleetwait_init(struct fleetwait *w, pid_t pid)
{
    struct procstat stat;

    *w = (struct fleetwait){.pid = pid};
    if (pid != 0 && procstat_read(pid, &stat))
        w->start_ticks = stat.start_ticks;
}

bool fleetwait_is_of(const struct fleetwait *w, uint64_t start_ticks)
{
    return w->pid == 0 || start_ticks == w->start_ticks;
}

enum fleet_wait fleetwait_for(const struct fleetwait *w, const struct options *o,
                              enum exit_status status)
{
    struct procstat stat;

    if (o->dead)
        return FLEET_WAITS_NOT;
    if (w->pid == 0)
        return o->wait || o->follow ? FLEET_WAITS_PROGRAM : FLEET_WAITS_NOT;
    if (status == EXIT_USAGE)
        return FLEET_WAITS_NOT; /* another row watches it */
    if (!procstat_read(w->pid, &stat) || procstat_is_zombie(&stat) ||
        !fleetwait_is_of(w, stat.start_ticks))
        return FLEET_WAITS_NOT;
    if (status == EXIT_PERMISSION)
        return FLEET_WAITS_RIGHT;
    return status == EXIT_NO_TARGET ? FLEET_WAITS_PAGE : FLEET_WAITS_GOOD_PAGE;
}

bool fleetwait_is_due(const struct fleetwait *w, int64_t mono_ns)
{
    return mono_ns >= w->next_ns;
}

void fleetwait_tried(struct fleetwait *w, int64_t mono_ns)
{
    if (w->first_ns == 0)
        w->first_ns = mono_ns;
    w->next_ns = mono_ns + (mono_ns - w->first_ns < OFTEN_TRIED_NS ? TRY_NS : LATE_TRY_NS);
}
