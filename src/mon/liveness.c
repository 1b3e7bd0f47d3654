/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/liveness.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/addrspace.h"
#include "mon/procstat.h"

/* A heartbeat is late after this many of the target's intervals, within bounds. */
#define LATE_INTERVALS 3
#define LATE_LEAST_NS  (2 * NS_PER_S)
#define LATE_MOST_NS   (30 * NS_PER_S)

static const char *const names[] = {
    [TARGET_LIVE] = "live",         [TARGET_STALLED] = "stalled", [TARGET_STOPPED] = "stopped",
    [TARGET_EXITED] = "exited",     [TARGET_CRASHED] = "crashed", [TARGET_KILLED] = "killed",
    [TARGET_REPLACED] = "replaced",
};

const char *target_state_name(enum target_state state)
{
    return names[state];
}

const char *target_state_text(enum target_state state)
{
    return state == TARGET_REPLACED ? "the process has become another program (exec)"
                                    : target_state_name(state);
}

int liveness_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* While a thread other than the first calls exec, the first one is a zombie by itself: so a pidfd
 * knows better. */
static bool has_ended(const struct liveness_ask *ask, char *state)
{
    struct pollfd p = {.fd = ask->pidfd, .events = POLLIN};
    struct procstat stat;

    if (ask->pid <= 0 || (ask->pidfd >= 0 && poll(&p, 1, 0) > 0))
        return true;
    if (!procstat_read(ask->pid, &stat) || stat.start_ticks != ask->start_ticks)
        return true;
    *state = stat.state;
    return ask->pidfd < 0 && procstat_is_zombie(&stat);
}

static enum target_state how_it_ended(enum source_said said)
{
    switch (said) {
    case SOURCE_SAID_EXITED:
        return TARGET_EXITED;
    case SOURCE_SAID_CRASHED:
        return TARGET_CRASHED;
    case SOURCE_SAID_LIVE:
        return TARGET_KILLED;
    }
    UNREACHABLE();
}

static int64_t late_after_ns(int64_t interval_ns)
{
    if (interval_ns > LATE_MOST_NS / LATE_INTERVALS)
        return LATE_MOST_NS;
    if (interval_ns < LATE_LEAST_NS / LATE_INTERVALS)
        return LATE_LEAST_NS;
    return interval_ns * LATE_INTERVALS;
}

static enum target_state state_of(const struct liveness_ask *ask, int64_t age_ns)
{
    char state = 'S';
    bool late = age_ns > late_after_ns(ask->facts->interval_ns);

    if (ask->replaced)
        return TARGET_REPLACED;
    if (has_ended(ask, &state))
        return how_it_ended(ask->facts->said);
    if ((late || ask->facts->let_go) && addrspace_is_replaced(ask->spacefd, ask->pid))
        return TARGET_REPLACED;
    if (state == 'T' || state == 't')
        return TARGET_STOPPED;
    return late ? TARGET_STALLED : TARGET_LIVE;
}

void liveness_look(const struct liveness_ask *ask, int64_t mono_ns, struct target_status *status)
{
    int64_t age_ns = mono_ns - ask->facts->heartbeat_ns;
    enum target_state state;

    if (target_has_ended(status->state))
        return;
    status->heartbeat_age_ns = age_ns > 0 ? age_ns : 0;
    state = state_of(ask, age_ns);
    if (state == status->state && status->since_ns != 0)
        return;
    status->state = state;
    status->since_ns = mono_ns;
}
