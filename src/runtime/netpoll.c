/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/netpoll.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "gort/base.h"
#include "runtime/neterr.h"
#include "runtime/os_linux.h"
#include "runtime/polldesc.h"

#define EVENTS_MAX       128
#define BREAK_KEY        UINT64_MAX /* no descriptor has this number */
#define NO_POLLER_NAP_NS (10 * NS_PER_MS)

/* Both descriptors in one word, so that one store shows both: epoll in the upper half, the one that
 * breaks a wait in the lower; 0: not set up. */
static _Atomic(uint64_t) poller;
static _Atomic(uint32_t) break_pending; /* 1: a break was asked for and not yet taken */
static _Atomic(uint32_t) ndescs;        /* descriptors registered */
static _Atomic(int64_t) nwaiters;
static _Atomic(uint64_t) nevents;

/* ---- setting up ----------------------------------------------------------------------------- */

static int epoll_of(uint64_t fds)
{
    return (int)(fds >> 32);
}

static int break_of(uint64_t fds)
{
    return (int)(uint32_t)fds;
}

/* 0 if the system refuses; then errno says why. */
static uint64_t make_poller(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = BREAK_KEY};
    int epfd = os_off_stdio(epoll_create1(EPOLL_CLOEXEC));
    int breakfd;

    if (epfd < 0)
        return 0;
    breakfd = os_off_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (breakfd >= 0 && epoll_ctl(epfd, EPOLL_CTL_ADD, breakfd, &event) == 0)
        return (uint64_t)epfd << 32 | (uint32_t)breakfd;
    if (breakfd >= 0)
        close(breakfd);
    close(epfd);
    return 0;
}

/* No lock: who comes here may hold a channel's. Two makers at once: the second gives way. */
static uint64_t set_up(void)
{
    uint64_t fds = atomic_load_explicit(&poller, memory_order_acquire);
    uint64_t made;

    if (LIKELY(fds != 0))
        return fds;
    made = make_poller();
    if (made == 0)
        return 0;
    if (atomic_compare_exchange_strong_explicit(&poller, &fds, made, memory_order_acq_rel,
                                                memory_order_acquire))
        return made;
    close(break_of(made));
    close(epoll_of(made));
    return fds;
}

/* ---- descriptors ---------------------------------------------------------------------------- */

bool netpoll_in_use(void)
{
    return atomic_load_explicit(&ndescs, memory_order_relaxed) > 0;
}

int netpoll_add(int fd, uint64_t key)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.u64 = key};
    uint64_t fds = set_up();

    if (fds == 0 || epoll_ctl(epoll_of(fds), EPOLL_CTL_ADD, fd, &event) != 0)
        return err_from_errno(os_errno());
    atomic_fetch_add_explicit(&ndescs, 1, memory_order_relaxed);
    return GORT_OK;
}

void netpoll_remove(int fd)
{
    struct epoll_event ignored = {0};
    uint64_t fds = atomic_load_explicit(&poller, memory_order_acquire);

    epoll_ctl(epoll_of(fds), EPOLL_CTL_DEL, fd, &ignored);
    atomic_fetch_sub_explicit(&ndescs, 1, memory_order_relaxed);
}

void netpoll_count_waiter(int change)
{
    atomic_fetch_add_explicit(&nwaiters, change, memory_order_seq_cst);
}

uint64_t netpoll_waiters(void)
{
    int64_t n = atomic_load_explicit(&nwaiters, memory_order_seq_cst);

    return n > 0 ? (uint64_t)n : 0;
}

uint64_t netpoll_events(void)
{
    return atomic_load_explicit(&nevents, memory_order_relaxed);
}

/* ---- polling -------------------------------------------------------------------------------- */

/* For kernels before 5.11, and sandboxes that don't know the newer call: whole milliseconds,
 * rounded up so that a timer is not found early. */
static int wait_in_ms(int epfd, struct epoll_event *events, int64_t timeout_ns)
{
    int64_t ms = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS > 0);

    if (timeout_ns == GORT_FOREVER)
        return epoll_wait(epfd, events, EVENTS_MAX, -1);
    return epoll_wait(epfd, events, EVENTS_MAX, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

/* Events, or 0 when the time is up or a signal came. */
static int wait_for_events(int epfd, struct epoll_event *events, int64_t timeout_ns)
{
    static _Atomic(uint32_t) no_fine_wait;
    struct timespec limit = {.tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S};
    int n;

    if (timeout_ns > 0 && atomic_load_explicit(&no_fine_wait, memory_order_relaxed) == 0) {
        n = epoll_pwait2(epfd, events, EVENTS_MAX, timeout_ns == GORT_FOREVER ? NULL : &limit,
                         NULL);
        if (n >= 0 || (os_errno() != ENOSYS && os_errno() != EPERM))
            return n < 0 ? 0 : n;
        atomic_store_explicit(&no_fine_wait, 1, memory_order_relaxed);
    }
    n = wait_in_ms(epfd, events, timeout_ns);
    return n < 0 ? 0 : n;
}

/* A poll that does not block leaves the break to the one that does. */
static void take_break(int breakfd, int64_t timeout_ns)
{
    uint64_t count;

    if (timeout_ns == 0)
        return;
    if (read(breakfd, &count, sizeof count) < 0)
        CHECK(os_errno() == EAGAIN || os_errno() == EINTR);
    /* A break between the two is not written; but this poll returns anyway. */
    atomic_store_explicit(&break_pending, 0, memory_order_seq_cst);
}

void netpoll_poll(int64_t timeout_ns, struct taskq *ready)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t fds = set_up();
    int n;

    if (fds == 0) {
        struct timespec nap = {.tv_nsec = timeout_ns < NO_POLLER_NAP_NS ? timeout_ns
                                                                        : NO_POLLER_NAP_NS};

        nanosleep(&nap, NULL);
        return;
    }
    n = wait_for_events(epoll_of(fds), events, timeout_ns);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u64 == BREAK_KEY)
            take_break(break_of(fds), timeout_ns);
        else
            polldesc_event(events[i].data.u64, events[i].events, ready);
    }
    if (n > 0)
        atomic_fetch_add_explicit(&nevents, (uint64_t)n, memory_order_relaxed);
}

void netpoll_break(void)
{
    uint64_t fds = set_up();
    uint64_t one = 1;

    if (fds == 0 || atomic_exchange_explicit(&break_pending, 1, memory_order_seq_cst) != 0)
        return;
    while (write(break_of(fds), &one, sizeof one) < 0 && os_errno() == EINTR)
        continue;
}
