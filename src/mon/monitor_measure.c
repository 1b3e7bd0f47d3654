/* SPDX-License-Identifier: MIT */
/* monitor_measure.c - what gomon measures of a target, beside what that publishes. */
#include "config.h"

#include "mon/addrspace.h"
#include "mon/monitor_parts.h"

static void measure(struct monitor *m, unsigned metric, uint64_t value)
{
    snapshot_set(&m->now, metric, value);
    history_add(m->history, metric, m->now.mono_ns, value);
}

/* What of the runtime's memory is resident: all but what it gave back, and of the stacks only what
 * is in use. False if the source does not tell. */
static bool runtime_resident(const struct snapshot *s, uint64_t *bytes)
{
    uint64_t sys;
    uint64_t released;
    uint64_t stack_sys;
    uint64_t stack_inuse;

    if (!snapshot_value(s, MON_MEM_SYS, &sys) || !snapshot_value(s, MON_HEAP_RELEASED, &released) ||
        !snapshot_value(s, MON_STACK_SYS, &stack_sys) ||
        !snapshot_value(s, MON_STACK_INUSE, &stack_inuse))
        return false;
    released += stack_sys > stack_inuse ? stack_sys - stack_inuse : 0;
    *bytes = sys > released ? sys - released : 0;
    return true;
}

static void measure_cgroup(struct monitor *m, const struct procinfo *p)
{
    if (p->has_cgroup) {
        measure(m, MON_CGROUP_MEMORY, p->cgroup_bytes);
        measure(m, MON_CGROUP_CACHE, p->cgroup_cache);
    }
    if (p->cgroup_limit > 0)
        measure(m, MON_CGROUP_LIMIT, p->cgroup_limit);
    if (p->has_cgroup_cpu) {
        measure(m, MON_CGROUP_CPU_PERIODS, p->cgroup_cpu.periods);
        measure(m, MON_CGROUP_CPU_THROTTLED, p->cgroup_cpu.throttled);
        measure(m, MON_CGROUP_THROTTLED, p->cgroup_cpu.throttled_ns);
    }
}

/* After exec the process has figures still, but they are another program's. */
static bool is_another(struct monitor *m)
{
    m->source->ops->look(m->source);
    return m->source->ops->facts(m->source)->let_go &&
           addrspace_is_replaced(m->spacefd, m->target.pid);
}

void monitor_measure(struct monitor *m)
{
    const struct procinfo *p = &m->process;
    struct procinfo fresh;
    uint64_t runtime;

    if (m->reader == NULL || !m->target.live || !procinfo_read(m->reader, m->target.pid, &fresh) ||
        fresh.start_ticks != m->target.start_ticks || fresh.state == 'Z' || is_another(m))
        return; /* it has ended, or will be seen to have: the last figures stay */
    m->process = fresh;
    measure(m, MON_PROCESS_RSS, p->rss_bytes);
    measure(m, MON_PROCESS_VIRTUAL, p->virtual_bytes);
    measure(m, MON_PROCESS_CPU, p->cpu_ns);
    measure(m, MON_PROCESS_THREADS, p->nthreads);
    if (p->has_files)
        measure(m, MON_PROCESS_FILES, p->nfiles);
    if (p->files_limit > 0)
        measure(m, MON_PROCESS_FILES_LIMIT, p->files_limit);
    measure_cgroup(m, p);
    if (runtime_resident(&m->now, &runtime))
        measure(m, MON_PROCESS_OUTSIDE, p->rss_bytes > runtime ? p->rss_bytes - runtime : 0);
}
