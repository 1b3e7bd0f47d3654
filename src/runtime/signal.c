/* SPDX-License-Identifier: MIT */
/* signal.c - gort/signal.h: from a signal handler to channels and contexts.
 * The handler and the task share two things: a word with a bit for each signal, and the event
 * descriptor. Everything else belongs to tasks, under a mutex.
 * Threads: tasks, no lock held; the handler on any thread.
 * Source: Go's os/signal and sigqueue.go. */
#include "config.h"

#include "gort/signal.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "gort/mem.h"
#include "gort/sync.h"
#include "gort/task.h"
#include "runtime/chan.h"
#include "runtime/fatal.h"
#include "runtime/polldesc.h"
#include "runtime/os_linux.h"
#include "runtime/sched.h"
#include "runtime/signals.h"

#define NSIGNALS 64

/* Who wants which signals; an object of the heap. */
struct listener {
    struct listener *next; /* [lock:registry.mutex] */
    gort_chan *chan;       /* [const] */
    gort_ctx *ctx;         /* or this, if there is no channel; [const] */
    uint64_t signals;      /* [lock:registry.mutex] */
};

struct registry {
    gort_mutex mutex;
    struct listener *first;       /* [lock:mutex] */
    uint32_t users[NSIGNALS + 1]; /* listeners of each signal; [lock:mutex] */
    bool running;                 /* the task is there; [lock:mutex] */
    struct polldesc *pd;          /* [const] */
};

/* What the handler reads; it is written before a handler is installed. */
static struct {
    _Atomic(uint64_t) arrived; /* bit n - 1: signal n; [atomic] */
    _Atomic(uint64_t) ours;    /* those that have our handler; [atomic] */
    int fd;                    /* [const] */
    pid_t pid;                 /* [const] */
    struct sigaction old[NSIGNALS + 1];
} shared;

static gort_once once;
static struct registry *registry; /* [const] once made */

static const uint64_t refused = GORT_SIGNAL(SIGKILL) | GORT_SIGNAL(SIGSTOP) | GORT_SIGNAL(SIGSEGV) |
                                GORT_SIGNAL(SIGBUS) | GORT_SIGNAL(SIGFPE) | GORT_SIGNAL(SIGILL) |
                                GORT_SIGNAL(SIGTRAP) | GORT_SIGNAL(SIGURG) | GORT_SIGNAL(32) |
                                GORT_SIGNAL(33); /* the last two are libc's */

/* ---- the handler ---------------------------------------------------------------------------- */

static bool is_function(const struct sigaction *act)
{
    return (act->sa_flags & SA_SIGINFO) != 0 ||
           (act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN);
}

/* Signals whose handler of before is being called; handlers do not move between threads. */
static _Thread_local volatile uint64_t calling;

static void call(const struct sigaction *act, int number, siginfo_t *info, void *context)
{
    if (!is_function(act))
        return;
    calling |= GORT_SIGNAL(number);
    if ((act->sa_flags & SA_SIGINFO) != 0)
        act->sa_sigaction(number, info, context);
    else
        act->sa_handler(number);
    calling &= ~GORT_SIGNAL(number);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    const struct sigaction *old = &shared.old[number];
    int saved_errno = errno;
    uint64_t one = 1;

    if (getpid() != shared.pid) {
        /* A child, in which no task runs: as if it had never been ours. It is raised again when
         * this handler returns. */
        sigaction(number, old, NULL);
        raise(number);
        errno = saved_errno;
        return;
    }
    /* A handler that was installed over ours calls ours in turn, from below: that was counted. */
    if ((calling & GORT_SIGNAL(number)) != 0)
        return;
    /* Release: pairs with the acquire in tell_all_locked. */
    atomic_fetch_or_explicit(&shared.arrived, GORT_SIGNAL(number), memory_order_release);
    while (write(shared.fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
    call(old, number, info, context);
    errno = saved_errno;
}

/* SIGURG waits: its handler looks at the stack that was interrupted, which must not be ours. */
static void install(int number)
{
    struct sigaction act = {.sa_sigaction = on_signal};
    struct sigaction *old = &shared.old[number];

    CHECK(sigaction(number, NULL, old) == 0);
    act.sa_flags = SA_SIGINFO | SA_ONSTACK |
                   (is_function(old) ? old->sa_flags & SA_RESTART : SA_RESTART);
    act.sa_mask = old->sa_mask;
    sigaddset(&act.sa_mask, SIGURG);
    CHECK(sigaction(number, &act, NULL) == 0);
    atomic_fetch_or_explicit(&shared.ours, GORT_SIGNAL(number), memory_order_relaxed);
}

/* A handler that was installed over ours stays. */
static void uninstall(int number)
{
    struct sigaction now;

    atomic_fetch_and_explicit(&shared.ours, ~GORT_SIGNAL(number), memory_order_relaxed);
    CHECK(sigaction(number, NULL, &now) == 0);
    if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_signal)
        CHECK(sigaction(number, &shared.old[number], NULL) == 0);
}

/* ---- registering, with the mutex ------------------------------------------------------------ */

static void count_users(struct registry *r, uint64_t signals, int change)
{
    for (int number = 1; number <= NSIGNALS; number++) {
        if ((signals & GORT_SIGNAL(number)) == 0)
            continue;
        if (change > 0 && r->users[number]++ == 0)
            install(number);
        if (change < 0 && --r->users[number] == 0)
            uninstall(number);
    }
}

/* Whether L was there. */
static bool remove_locked(struct registry *r, struct listener *l)
{
    struct listener **at = &r->first;

    while (*at != NULL && *at != l)
        at = &(*at)->next;
    if (*at == NULL)
        return false;
    *at = l->next;
    count_users(r, l->signals, -1);
    return true;
}

/* ---- telling, with the mutex ---------------------------------------------------------------- */

static void tell_locked(struct registry *r, struct listener *l, uint64_t arrived)
{
    arrived &= l->signals;
    if (arrived != 0 && l->chan == NULL) {
        /* First, so that whoever sees the context cancelled finds the signal as it was. */
        remove_locked(r, l);
        gort_ctx_cancel(l->ctx, (int)bits_lowest(arrived) + 1);
        return;
    }
    for (; arrived != 0; arrived &= arrived - 1) {
        int number = (int)bits_lowest(arrived) + 1;

        (void)!gort_try_send(l->chan, &number);
    }
}

/* Tells all what has arrived since the last time, and returns it. */
static uint64_t tell_all_locked(struct registry *r)
{
    /* Acquire: pairs with the release in on_signal. */
    uint64_t arrived = atomic_exchange_explicit(&shared.arrived, 0, memory_order_acquire);
    struct listener *next;

    for (struct listener *l = r->first; l != NULL; l = next) {
        next = l->next;
        tell_locked(r, l, arrived);
    }
    return arrived;
}

/* ---- the task ------------------------------------------------------------------------------- */

/* Blocks until the handler, or the end of the last registration, has written. */
static void wait_for_write(const struct registry *r)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    uint64_t count;

    rt_enter("gort_signal_notify");
    polldesc_reset(r->pd, POLL_READ);
    while (read(shared.fd, &count, sizeof count) < 0) {
        CHECK(os_errno() == EAGAIN || os_errno() == EINTR);
        CHECK(polldesc_wait(r->pd, POLL_READ, GORT_FOREVER, pc) == GORT_OK);
        polldesc_reset(r->pd, POLL_READ);
    }
    rt_leave(worker_self());
}

static void run(void *arg)
{
    struct registry *r = arg;
    bool more = true;

    while (more) {
        wait_for_write(r);
        gort_mutex_lock(&r->mutex);
        tell_all_locked(r);
        more = r->running = r->first != NULL;
        gort_mutex_unlock(&r->mutex);
    }
}

static void wake(void)
{
    uint64_t one = 1;

    CHECK(write(shared.fd, &one, sizeof one) == sizeof one);
}

/* ---- from outside --------------------------------------------------------------------------- */

static void make_registry(void *arg)
{
    struct registry *r = gort_new(struct registry);
    struct worker *w;
    int err;

    (void)arg;
    w = rt_enter("gort_signal_notify");
    shared.pid = getpid();
    shared.fd = os_off_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    err = shared.fd < 0 ? GORT_EMFILE : polldesc_open(shared.fd, r, &r->pd);
    if (err != GORT_OK)
        gort_fatal("gort_signal_notify: no descriptor for signals: %s", gort_strerror(err));
    rt_leave(w);
    registry = r;
}

static void check_signals(uint64_t signals, const char *what)
{
    struct worker *w = rt_enter(what);

    if (signals == 0)
        gort_fatal("%s: no signal", what);
    if ((signals & refused) != 0)
        gort_fatal("%s: signal %d is not one to be told of", what,
                   (int)bits_lowest(signals & refused) + 1);
    rt_leave(w);
}

/* Adds SIGNALS to the listener for CHAN, or makes one, for CHAN or CTX. */
static struct listener *listen_to(uint64_t signals, gort_chan *chan, gort_ctx *ctx)
{
    static const gort_attr attr = {.name = "signals"};
    struct registry *r;
    struct listener *l;

    gort_once_do(&once, make_registry, NULL);
    r = registry;
    gort_mutex_lock(&r->mutex);
    tell_all_locked(r); /* what came before is for the others only */
    for (l = r->first; l != NULL && (chan == NULL || l->chan != chan);)
        l = l->next;
    if (l == NULL) {
        l = gort_new(struct listener);
        *l = (struct listener){.next = r->first, .chan = chan, .ctx = ctx};
        r->first = l;
    }
    count_users(r, signals & ~l->signals, 1);
    l->signals |= signals;
    if (!r->running)
        gort_go_with(&attr, run, r);
    r->running = true;
    gort_mutex_unlock(&r->mutex);
    return l;
}

static void forget(struct registry *r, struct listener *l)
{
    gort_mutex_lock(&r->mutex);
    /* The signals act as before from here on; those that ours has caught are not lost. */
    if (l != NULL && remove_locked(r, l) && l->chan != NULL)
        tell_locked(r, l, tell_all_locked(r));
    if (r->first == NULL)
        wake();
    gort_mutex_unlock(&r->mutex);
}

void gort_signal_notify(gort_chan *c, uint64_t signals)
{
    check_signals(signals, "gort_signal_notify");
    if (c == NULL || c->elem_bytes != sizeof(int))
        gort_fatal("gort_signal_notify: not a channel of int");
    listen_to(signals, c, NULL);
}

void gort_signal_stop(gort_chan *c)
{
    struct registry *r = registry;
    struct listener *l;

    if (r == NULL || c == NULL) /* listeners with a context have no channel */
        return;
    gort_mutex_lock(&r->mutex);
    for (l = r->first; l != NULL && l->chan != c;)
        l = l->next;
    gort_mutex_unlock(&r->mutex);
    forget(r, l);
}

static void forget_ctx(void *arg)
{
    forget(registry, arg);
}

gort_ctx *gort_ctx_with_signals(gort_ctx *parent, uint64_t signals)
{
    gort_ctx *ctx;

    check_signals(signals, "gort_ctx_with_signals");
    ctx = gort_ctx_with_cancel(parent);
    gort_ctx_after_func(ctx, forget_ctx, listen_to(signals, NULL, ctx));
    return ctx;
}

void signals_restore(void)
{
    uint64_t ours = atomic_load_explicit(&shared.ours, memory_order_relaxed);

    for (int number = 1; number <= NSIGNALS; number++)
        if ((ours & GORT_SIGNAL(number)) != 0)
            uninstall(number);
}
