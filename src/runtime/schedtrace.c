/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/schedtrace.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/noroot.h"
#include "runtime/proc.h"
#include "runtime/scheddetail.h"

#define NUMBER_BYTES 11u /* of 32 bits, and a space */
#define HEAD_BYTES   256u

/* sysmon's own */
static struct {
    int64_t due_ns;
    size_t used;
    char line[HEAD_BYTES + 2 * NUMBER_BYTES * PROC_MAX];
} trace;
NO_ROOT(trace);

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    trace.used += fatal_format(trace.line + trace.used, sizeof trace.line - trace.used, format, ap);
    va_end(ap);
}

static uint32_t load(const _Atomic(uint32_t) *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static void put_head(int64_t now_ns, uint32_t nprocs)
{
    put("SCHED %lldms: gomaxprocs=%u idleprocs=%u threads=%u spinningthreads=%u needspinning=0 "
        "idlethreads=%u runqueue=%u ",
        (long long)((now_ns - sched.start_ns) / NS_PER_MS), nprocs, load(&sched.nidle_procs),
        load(&sched.nworkers) + 1, load(&sched.nspinning), load(&sched.nidle_workers),
        load(&sched.nglobal));
}

static void put_procs(uint32_t nprocs)
{
    put("[ ");
    for (uint32_t i = 0; i < nprocs; i++)
        put("%u ", runq_count(&sched.procs[i]->runq));
    put("] schedticks=[ ");
    for (uint32_t i = 0; i < nprocs; i++)
        put("%u ", load(&sched.procs[i]->tick));
    put("]\n");
}

/* In one piece, so that no other output falls into the line; what can't be written is lost. */
static void write_line(int64_t now_ns)
{
    /* Acquire: pairs with the release in set_number_locked: the procs are there. */
    uint32_t nprocs = atomic_load_explicit(&sched.nprocs, memory_order_acquire);
    ssize_t n;

    trace.used = 0;
    put_head(now_ns, nprocs);
    put_procs(nprocs);
    n = write(STDERR_FILENO, trace.line, trace.used);
    (void)n;
}

void schedtrace_tick(int64_t now_ns)
{
    if (debug.schedtrace <= 0 || now_ns < trace.due_ns)
        return;
    trace.due_ns = now_ns + debug.schedtrace * (int64_t)NS_PER_MS;
    if (debug.scheddetail > 0)
        scheddetail_write(now_ns);
    else
        write_line(now_ns);
}

int64_t schedtrace_limit(int64_t timeout_ns)
{
    int64_t every_ns = debug.schedtrace * (int64_t)NS_PER_MS;

    return every_ns > 0 && every_ns < timeout_ns ? every_ns : timeout_ns;
}
