/* SPDX-License-Identifier: MIT */
/* laststop.c - of each collection it is known which task was the last to stop, and where it was:
 * in code that knows nothing of the runtime, or in a call of it; and how long its thread had no
 * processor meanwhile. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/gc.h"
#include "runtime/san.h"
#include "tests/support/conform.h"

#define CODE_BYTES  512 /* of each of the small functions below, at most */
#define LARGE_BYTES ((size_t)4 << 20)
#define CHILD_MS    10

static _Atomic(bool) ended;
static _Atomic(uint64_t) keeps_waiting;
static gort_waitgroup done;

/* Each has a loop that the compiler can't leave out. */
__attribute__((noinline)) static void compute(void)
{
    while (!atomic_load_explicit(&ended, memory_order_relaxed))
        atomic_fetch_add_explicit(&keeps_waiting, 1, memory_order_relaxed);
}

__attribute__((noinline)) static void allocate(void)
{
    while (!atomic_load_explicit(&ended, memory_order_relaxed)) {
        gort_keepalive(gort_alloc(32));
        atomic_fetch_add_explicit(&keeps_waiting, 1, memory_order_relaxed);
    }
}

/* Is stopped while it clears, too. */
__attribute__((noinline)) static void allocate_large(void)
{
    while (!atomic_load_explicit(&ended, memory_order_relaxed)) {
        gort_keepalive(gort_alloc(LARGE_BYTES));
        atomic_fetch_add_explicit(&keeps_waiting, 1, memory_order_relaxed);
    }
}

struct culprit {
    void (*run)(void);
    uintptr_t loop;       /* the function that it stays in */
    enum stopped_how how; /* that is waited for */
    _Atomic(uint64_t) id;
};

static void be_culprit(void *arg)
{
    struct culprit *c = arg;

    atomic_store_explicit(&c->id, gort_task_id(), memory_order_release);
    c->run();
    gort_waitgroup_done(&done);
}

static bool is_in(uint64_t pc, uintptr_t function)
{
    return pc - function <= CODE_BYTES;
}

/* The newest cycle, after one more. */
static struct gc_cycle collect(void)
{
    struct gc_totals totals;
    struct gc_cycle c = {0};

    gort_gc();
    gc_read_totals(&totals);
    EXPECT(gc_cycles_read(totals.cycles - 1, &c, 1) == 1, "cycle %" PRIu64 " is not kept",
           totals.cycles);
    return c;
}

/* The innermost frame must be the program's, whatever the runtime did for it. */
static bool is_told(const struct culprit *culprit)
{
    struct gc_cycle c = collect();
    bool inside = false;

    if (c.last_task != culprit->id || c.last_frames == 0)
        return false;
    EXPECT(strcmp((const char *)c.last_name, "culprit") == 0, "it is called %.32s",
           (const char *)c.last_name);
    inside = is_in(c.last_pcs[0], culprit->loop);
    EXPECT(c.last_how != STOPPED_IN_RUNTIME || inside ||
               is_in(c.last_pcs[0], (uintptr_t)culprit->run) ||
               is_in(c.last_pcs[0], (uintptr_t)be_culprit),
           "%" PRIx64 " is not in the program", c.last_pcs[0]);
    return inside && c.last_how == culprit->how;
}

/* Somebody who is just between two tasks, or a marker, may be later: not for ever. */
static void the_last_is_told_in(void (*run)(void), void (*loop)(void), enum stopped_how how)
{
    static struct culprit culprit;
    bool told = false;

    culprit.run = run;
    culprit.loop = (uintptr_t)loop;
    culprit.how = how;
    culprit.id = 0;
    ended = false;
    gort_waitgroup_add(&done, 1);
    gort_go_with(&(gort_attr){.name = "culprit"}, be_culprit, &culprit);
    EVENTUALLY(culprit.id != 0, "the culprit does not run");
    EVENTUALLY(told = told || is_told(&culprit), "task %" PRIu64 " and its code are never told of",
               culprit.id);
    ended = true;
    gort_waitgroup_wait(&done);
}

static void the_last_is_told(void (*run)(void), enum stopped_how how)
{
    the_last_is_told_in(run, run, how);
}

CLAIM(a_task_that_computes_is_told_with_its_stack)
{
    if (!conform_is_deterministic() && gort_maxprocs() > 1 && !SAN_THREAD)
        the_last_is_told(compute, STOPPED_BY_SIGNAL);
}

CLAIM(a_task_in_the_runtime_is_told_with_its_stack)
{
    if (!conform_is_deterministic() && gort_maxprocs() > 1)
        the_last_is_told(allocate, STOPPED_IN_RUNTIME);
}

CLAIM(a_task_that_gets_a_large_object_is_told_with_its_stack)
{
    if (!conform_is_deterministic() && gort_maxprocs() > 1)
        the_last_is_told(allocate_large, STOPPED_IN_RUNTIME);
}

static _Atomic(bool) gone;

static void tell_gone(void *arg)
{
    (void)arg;
    gone = true;
}

/* The only reference to the object is on this stack. */
__attribute__((noinline)) static void hold_and_compute(void)
{
    void *volatile held = gort_alloc(32);

    gort_cleanup_add(held, tell_gone, NULL);
    compute();
    gort_keepalive(held);
}

/* The collector's look at a stack is no reference to what lies there. */
CLAIM(what_the_last_held_is_free_when_it_has_ended)
{
    if (conform_is_deterministic() || gort_maxprocs() == 1 || SAN_THREAD)
        return;
    the_last_is_told_in(hold_and_compute, compute, STOPPED_BY_SIGNAL);
    EVENTUALLY((gort_gc(), gone), "what an ended task held is not free");
}

/* ---- who has no processor ---- */

/* A parent waits for its child in the kernel, and takes no signal before that has ended. */
static void vfork_again_and_again(void *arg)
{
    (void)arg;
    while (!atomic_load_explicit(&ended, memory_order_relaxed)) {
        pid_t child = vfork();

        if (child == 0) {
            (void)poll(NULL, 0, CHILD_MS);
            _exit(0);
        }
        EXPECT(child > 0 && waitpid(child, NULL, 0) == child, "vfork: %s", strerror(errno));
    }
    gort_waitgroup_done(&done);
}

static bool waited_off_cpu(void)
{
    struct gc_cycle c = collect();
    const struct gc_stop *s[] = {&c.first, &c.last};
    bool waited = false;

    for (int i = 0; i < 2; i++) {
        uint64_t stop_ns = s[i]->stopped_ns - s[i]->asked_ns;

        EXPECT(s[i]->off_cpu_ns <= s[i]->restarted_ns - s[i]->asked_ns, "%" PRIu64 " of %" PRIu64,
               s[i]->off_cpu_ns, s[i]->restarted_ns - s[i]->asked_ns);
        waited = waited || (stop_ns > CHILD_MS * 500000u && s[i]->off_cpu_ns > stop_ns / 2);
    }
    return waited;
}

/* Sanitizers make a fork of vfork. */
CLAIM(of_a_thread_without_a_processor_it_is_told_for_how_long)
{
    bool told = false;

    if (conform_is_deterministic() || gort_maxprocs() == 1 || SAN_THREAD || SAN_ADDRESS)
        return;
    ended = false;
    gort_waitgroup_add(&done, 1);
    gort_go(vfork_again_and_again, NULL);
    EVENTUALLY(told = told || waited_off_cpu(),
               "no stop waited for a thread that was on no processor");
    ended = true;
    gort_waitgroup_wait(&done);
}

CLAIM(alone_nobody_is_last)
{
    struct gc_cycle c = collect();

    if (gort_maxprocs() == 1)
        EXPECT(c.last_frames == 0 || c.last_task != gort_task_id(), "it waited for itself");
}
