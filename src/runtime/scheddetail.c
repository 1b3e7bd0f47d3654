/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/scheddetail.h"

#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/fatal.h"
#include "runtime/noroot.h"
#include "runtime/proc.h"
#include "runtime/san.h"

#define LINE_BYTES   256u
#define NUMBER_BYTES 24u

/* sysmon's own */
static struct {
    size_t used;
    char text[16384];
} out;
NO_ROOT(out);

/* In pieces of whole lines; what can't be written is lost. */
static void flush(void)
{
    ssize_t n = write(STDERR_FILENO, out.text, out.used);

    (void)n;
    out.used = 0;
}

/* One line, or a part of it. */
static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    out.used += fatal_format(out.text + out.used, sizeof out.text - out.used, format, ap);
    va_end(ap);
}

static void end_line(void)
{
    put("\n");
    if (sizeof out.text - out.used < LINE_BYTES)
        flush();
}

static uint32_t load(const _Atomic(uint32_t) *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static const char *truth(bool is)
{
    return is ? "true" : "false";
}

/* "7", or "nil" if there is NONE. */
static const char *number(char text[NUMBER_BYTES], bool none, uint64_t n)
{
    char *at = text + NUMBER_BYTES - 1;

    if (none)
        return "nil";
    *at = '\0';
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    return at;
}

/* ---- The threads ---- */

static struct worker *first_worker(void)
{
    return atomic_load_explicit(&sched.workers, memory_order_acquire);
}

/* W's place in the list of all, which grows at its head: 0 is the oldest. The list is entered at
 * its head for W's sake: W's link is seen to be set only from there. */
static const char *worker_text(char text[NUMBER_BYTES], const struct worker *w)
{
    uint64_t behind = 0;

    for (const struct worker *at = first_worker(); at != NULL && w != NULL; at = at->next_all)
        behind = at == w ? 0 : behind + 1;
    return number(text, w == NULL, behind);
}

/* What belongs to the thread itself: a glance. */
struct glance {
    const struct proc *proc;
    const struct task *current;
    const struct task *bound;
    uint64_t current_id, bound_id;
    bool spinning;
    enum worker_mode mode;
};

NO_SANITIZE_READS static struct glance look_at(const struct worker *w)
{
    struct glance g = {.proc = w->proc,
                       .current = w->current,
                       .bound = w->bound,
                       .spinning = w->spinning,
                       .mode = (enum worker_mode)load(&w->mode)};

    if (g.current != NULL)
        g.current_id = g.current->id;
    if (g.bound != NULL)
        g.bound_id = g.bound->id;
    return g;
}

static void put_worker(const struct worker *w)
{
    struct glance g = look_at(w);
    char id[NUMBER_BYTES], proc[NUMBER_BYTES], curg[NUMBER_BYTES], bound[NUMBER_BYTES];

    put("  M%s: p=%s curg=%s mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=%s "
        "blocked=%s lockedg=%s",
        worker_text(id, w), number(proc, g.proc == NULL, g.proc != NULL ? g.proc->id : 0),
        number(curg, g.current == NULL, g.current_id), truth(g.spinning),
        truth(g.mode == WORKER_QUIET), number(bound, g.bound == NULL, g.bound_id));
    end_line();
}

/* ---- The procs ---- */

/* Go's numbers of what a proc is at. */
static int proc_status(const struct proc *p)
{
    switch (proctime_now(&p->time)) {
    case PROCTIME_IDLE:
        return 0;
    case PROCTIME_RUNNING:
    case PROCTIME_SPINNING:
        return 1;
    case PROCTIME_BLOCKING:
        return 2;
    case PROCTIME_STOPPED:
        return 3;
    case PROCTIME_ABSENT:
    case PROCTIME_STATES:
        break;
    }
    return 4;
}

NO_SANITIZE_READS static uint32_t free_tasks(const struct proc *p)
{
    return p->tasks.count + (p->tasks.spare != NULL ? TASK_BATCH : 0);
}

static void put_proc(struct proc *p)
{
    const struct worker *w = atomic_load_explicit(&p->worker, memory_order_relaxed);
    char m[NUMBER_BYTES];

    put("  P%u: status=%d schedtick=%u syscalltick=%llu m=%s runqsize=%u gfreecnt=%u timerslen=%u",
        p->id, proc_status(p), load(&p->tick),
        (unsigned long long)atomic_load_explicit(&p->stats.blocking_entered, memory_order_relaxed),
        worker_text(m, w), runq_count(&p->runq), free_tasks(p), timers_count(&p->timers));
    end_line();
}

/* ---- The tasks ---- */

/* Go's numbers of the states. */
static int task_status(enum task_state state)
{
    switch (state) {
    case TASK_RUNNABLE:
        return 1;
    case TASK_RUNNING:
        return 2;
    case TASK_BLOCKING:
        return 3;
    case TASK_WAITING:
        return 4;
    case TASK_DEAD:
        break;
    }
    return 6;
}

NO_SANITIZE_READS static void put_task(const struct task *t)
{
    enum task_state state = (enum task_state)load(&t->state);
    uint64_t id = t->id;
    enum wait_reason reason = t->reason;
    const struct worker *bound = t->bound;
    const struct worker *w = atomic_load_explicit(&t->worker, memory_order_relaxed);
    bool has_thread = state == TASK_RUNNING || state == TASK_BLOCKING;
    char m[NUMBER_BYTES], locked[NUMBER_BYTES];

    if (id == 0 || state == TASK_DEAD)
        return;
    put("  G%llu: status=%d(%s) m=%s lockedm=%s", (unsigned long long)id, task_status(state),
        state == TASK_WAITING ? wait_reason_text(reason) : "",
        worker_text(m, has_thread ? w : NULL), worker_text(locked, bound));
    end_line();
}

/* ---- All of it ---- */

static void put_head(int64_t now_ns, uint32_t nprocs)
{
    put("SCHED %lldms: gomaxprocs=%u idleprocs=%u threads=%u spinningthreads=%u needspinning=0 "
        "idlethreads=%u runqueue=%u gcwaiting=%s nmidlelocked=0 stopwait=0 sysmonwait=false",
        (long long)((now_ns - sched.start_ns) / NS_PER_MS), nprocs, load(&sched.nidle_procs),
        load(&sched.nworkers) + 1, load(&sched.nspinning), load(&sched.nidle_workers),
        load(&sched.nglobal), truth(load(&sched.stopping) != 0));
    end_line();
}

void scheddetail_write(int64_t now_ns)
{
    /* Acquire: pairs with the release in set_number_locked: the procs are there. */
    uint32_t nprocs = atomic_load_explicit(&sched.nprocs, memory_order_acquire);
    size_t ntasks = tasks_used();

    put_head(now_ns, nprocs);
    for (uint32_t i = 0; i < nprocs; i++)
        put_proc(sched.procs[i]);
    for (const struct worker *w = first_worker(); w != NULL; w = w->next_all) {
        if (atomic_load_explicit(&w->tid, memory_order_relaxed) != 0)
            put_worker(w);
    }
    for (size_t i = 0; i < ntasks; i++)
        put_task(task_at(i));
    flush();
}
