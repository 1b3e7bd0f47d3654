/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/preempt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "runtime/fatal.h"
#include "runtime/os_linux.h"
#include "runtime/proc.h"
#include "runtime/procs.h"
#include "runtime/publish.h"
#include "runtime/sysmem.h"
#include "runtime/taskdump.h"
#include "runtime/unwind.h"

#define SIGNAL_STACK_BYTES ((size_t)64 << 10)
#define BARRIER_NS         (2 * NS_PER_MS)
#define BARRIER_LOOK_NS    (50 * NS_PER_US) /* nobody wakes who waits for it */

enum snapshot_state { SNAPSHOT_NONE, SNAPSHOT_ASKED, SNAPSHOT_COPYING, SNAPSHOT_DONE };

static struct {
    struct sigaction old_urg;  /* [const] */
    struct sigaction old_segv; /* [const] */
    struct snapshot_request
        *request;    /* written before a worker is asked; [atomic] through worker.snapshot */
    int64_t held_ns; /* as request */
} preempt;

/* ---- Snapshots ---- */

NO_SANITIZE_READS static void copy_stack(struct snapshot_request *req, uintptr_t lo, uintptr_t hi)
{
    size_t bytes = hi - lo;

    req->truncated = bytes > sizeof req->stack;
    if (req->truncated)
        bytes = sizeof req->stack;
    req->stack_lo = lo;
    req->stack_bytes = bytes;
    for (size_t i = 0; i < bytes; i++) /* not memcpy: sanitizers intercept it */
        req->stack[i] = *(const volatile unsigned char *)(lo + i);
}

NO_SANITIZE_READS static void fill_snapshot(struct worker *w, const ucontext_t *context,
                                            struct snapshot_request *req)
{
    struct unwind_regs regs;
    struct task *t = w->current;
    uintptr_t sp;

    req->task = 0;
    if (t == NULL || t->stack.lo == NULL)
        return;
    unwind_regs_signal(&regs, context);
    sp = regs.reg[UNWIND_SP];
    if (sp < (uintptr_t)stack_lo(t->stack) || sp >= (uintptr_t)stack_hi(t->stack))
        return;
    req->task = t->id;
    req->pc = regs.pc;
    req->valid = regs.valid;
    for (unsigned i = 0; i < UNWIND_NREGS; i++)
        req->reg[i] = regs.reg[i];
    /* What lies in the red zone may be a register that was just saved. */
    sp -= min_size(CTX_RED_ZONE_BYTES, sp - (uintptr_t)stack_lo(t->stack));
    copy_stack(req, sp, (uintptr_t)stack_hi(t->stack));
}

static void answer_snapshot(struct worker *w, const ucontext_t *context)
{
    uint32_t asked = SNAPSHOT_ASKED;
    int64_t start_ns;

    /* Acquire: pairs with the release in preempt_snapshot, which wrote the request. */
    if (!atomic_compare_exchange_strong_explicit(&w->snapshot, &asked, SNAPSHOT_COPYING,
                                                 memory_order_acquire, memory_order_relaxed))
        return;
    start_ns = clock_mono_ns();
    fill_snapshot(w, context, preempt.request);
    preempt.held_ns = clock_mono_ns() - start_ns;
    atomic_store_explicit(&w->snapshot, SNAPSHOT_DONE, memory_order_release);
    futex_wake(&w->snapshot, 1);
}

bool preempt_snapshot(struct worker *w, struct snapshot_request *req, int64_t timeout_ns,
                      int64_t *held_ns)
{
    int64_t end_ns = clock_mono_ns() + timeout_ns;
    uint32_t state;

    preempt.request = req;
    preempt.held_ns = 0;
    atomic_store_explicit(&w->snapshot, SNAPSHOT_ASKED, memory_order_release);
    preempt_signal(w);
    /* Acquire: pairs with the release in answer_snapshot. */
    while ((state = atomic_load_explicit(&w->snapshot, memory_order_acquire)) != SNAPSHOT_DONE) {
        int64_t left_ns = end_ns - clock_mono_ns();

        if (left_ns <= 0 && atomic_compare_exchange_strong_explicit(
                                &w->snapshot, &(uint32_t){SNAPSHOT_ASKED}, SNAPSHOT_NONE,
                                memory_order_relaxed, memory_order_relaxed))
            return false;
        futex_wait(&w->snapshot, state, left_ns > 0 ? left_ns : NS_PER_MS);
    }
    atomic_store_explicit(&w->snapshot, SNAPSHOT_NONE, memory_order_relaxed);
    *held_ns = preempt.held_ns;
    return req->task != 0;
}

/* ---- A barrier for one thread ---- */

bool preempt_barrier(struct worker *w)
{
    uint32_t before = atomic_load_explicit(&w->urgents, memory_order_relaxed);
    int64_t end_ns = clock_mono_ns() + BARRIER_NS;

    preempt_signal(w);
    /* Acquire: pairs with the release in on_urgent: what the thread did before is seen. */
    while (atomic_load_explicit(&w->urgents, memory_order_acquire) == before) {
        if (clock_mono_ns() >= end_ns)
            return false;
        futex_wait(&w->urgents, before, BARRIER_LOOK_NS);
    }
    return true;
}

/* ---- The handlers ---- */

#define FRAME_BYTES \
    1024u /* more than what the frames of the handler below its frame address take */

/* Whether the handler with FRAME runs on the task's own stack, below frames that its context knows
 * nothing of: TSan holds a signal back until the next atomic operation or call of libc. */
static bool is_late(const struct worker *w, uintptr_t frame)
{
    const struct task *t = w->current;

    return t != NULL && frame >= (uintptr_t)t->stack.lo && frame < (uintptr_t)stack_hi(t->stack);
}

/* Waits until the world goes on. What lies above the stack pointer that is handed on may be a
 * reference of the interrupted code. */
static void stop(struct worker *w, const ucontext_t *context, uintptr_t frame)
{
    struct unwind_regs regs;

    if (is_late(w, frame)) {
        world_stop_in_handler(w, frame - FRAME_BYTES, (char *)frame, NULL);
        return;
    }
    unwind_regs_signal(&regs, context);
    world_stop_in_handler(w, regs.reg[UNWIND_SP], (char *)frame, context);
}

static void chain(const struct sigaction *old, int sig, siginfo_t *info, void *context)
{
    if ((old->sa_flags & SA_SIGINFO) != 0 && old->sa_sigaction != NULL)
        old->sa_sigaction(sig, info, context);
    else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN)
        old->sa_handler(sig);
}

static void on_urgent(int sig, siginfo_t *info, void *context)
{
    struct worker *w = worker_self();
    int saved_errno = errno;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    bool ours = info->si_code == SI_TKILL && info->si_pid == getpid();

    __builtin_unwind_init(); /* callee-saved registers lie in this frame from here on */
    if (w != NULL && ours) {
        const ucontext_t *u = context;

        atomic_store_explicit(&w->handling, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&w->urgents, 1, memory_order_release);
        answer_snapshot(w, u);
        if (atomic_load_explicit(&w->inrt, memory_order_relaxed) == 0 &&
            atomic_load_explicit(&sched.stopping, memory_order_seq_cst) != 0)
            stop(w, u, frame);
        atomic_store_explicit(&w->handling, 0, memory_order_relaxed);
    } else {
        chain(&preempt.old_urg, sig, info, context);
    }
    errno = saved_errno;
}

_Noreturn static void die_of_overflow(const void *context)
{
    struct worker *w = worker_self();
    struct task *t = w != NULL ? w->current : NULL;

    publish_stack_overflow(t != NULL ? t->id : 0);
    gort_fatal_signal(context, "stack overflow: task %llu has used up its stack of %zu bytes",
                      t != NULL ? (unsigned long long)t->id : 0, t != NULL ? t->stack.bytes : 0);
}

static bool is_handled(const struct sigaction *old)
{
    return (old->sa_flags & SA_SIGINFO) != 0 ||
           (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN);
}

/* A fault in a guard is a stack overflow; any other is the program's, or the previous handler's. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
    bool sent = info->si_code <= 0; /* by kill or the like: there is no address */
    char *lo;

    if (!sent && stack_guard_hit(info->si_addr, &lo))
        die_of_overflow(context);
    if (is_handled(&preempt.old_segv)) {
        chain(&preempt.old_segv, sig, info, context);
        return;
    }
    if (sent && preempt.old_segv.sa_handler == SIG_IGN)
        return;
    /* The kernel's to report: a fault happens again, even one that is to be ignored; a signal that
     * was sent has to be sent again. */
    sigaction(sig, &preempt.old_segv, NULL);
    if (sent)
        raise(sig);
}

/* ---- Installing ---- */

void preempt_init(void)
{
    struct sigaction urg = {.sa_sigaction = on_urgent,
                            .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    struct sigaction act = {.sa_sigaction = on_fault,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    CHECK(sigaction(SIGURG, &urg, &preempt.old_urg) == 0);
    CHECK(sigaction(SIGSEGV, &act, &preempt.old_segv) == 0);
}

/* Gives the calling thread an alternate stack; what it had before goes to *BEFORE. */
static void give_signal_stack(struct worker *w, stack_t *before)
{
    stack_t stack = {.ss_size = SIGNAL_STACK_BYTES};

    stack.ss_sp = sys_map(SIGNAL_STACK_BYTES, SYS_OTHER);
    if (stack.ss_sp == NULL)
        gort_fatal("out of memory: no room for a signal stack");
    w->sig_stack_lo = stack.ss_sp;
    w->sig_stack_bytes = SIGNAL_STACK_BYTES;
    CHECK(sigaltstack(&stack, before) == 0);
}

static void take_signal_stack(struct worker *w, const stack_t *before)
{
    CHECK(sigaltstack(before, NULL) == 0);
    sys_unmap(w->sig_stack_lo, w->sig_stack_bytes, SYS_OTHER);
    w->sig_stack_lo = NULL;
    w->sig_stack_bytes = 0;
}

void preempt_init_thread(struct worker *w)
{
    sigset_t mask = sched.signal_mask;

    give_signal_stack(w, NULL);
    sigdelset(&mask, SIGURG);
    CHECK(pthread_sigmask(SIG_SETMASK, &mask, NULL) == 0);
}

void preempt_fini_thread(struct worker *w)
{
    sigset_t all;

    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
    take_signal_stack(w, &(stack_t){.ss_flags = SS_DISABLE});
}

static int change_urgent(int how, sigset_t *before)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGURG);
    return pthread_sigmask(how, &set, before);
}

void preempt_attach_thread(struct worker *w, struct preempt_thread *before)
{
    sigset_t mask;

    give_signal_stack(w, &before->stack);
    CHECK(change_urgent(SIG_UNBLOCK, &mask) == 0);
    before->blocked = sigismember(&mask, SIGURG) == 1;
}

void preempt_detach_thread(struct worker *w, const struct preempt_thread *before)
{
    CHECK(change_urgent(SIG_BLOCK, NULL) == 0); /* while its stack goes */
    take_signal_stack(w, &before->stack);
    if (!before->blocked)
        CHECK(change_urgent(SIG_UNBLOCK, NULL) == 0);
}

void preempt_unblock(void)
{
    CHECK(change_urgent(SIG_UNBLOCK, NULL) == 0);
}

void preempt_signal(struct worker *w)
{
    int saved = errno;
    int32_t tid = atomic_load_explicit(&w->tid, memory_order_relaxed);

    if (tid != 0)
        syscall(SYS_tgkill, getpid(), tid, SIGURG);
    errno = saved;
}
