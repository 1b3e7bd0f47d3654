/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/chan.h"

#include <string.h>

#include "runtime/alloc.h"
#include "runtime/chanlook.h"
#include "runtime/chantimer.h"
#include "runtime/fatal.h"
#include "runtime/replay.h"
#include "runtime/sleep.h"

#define ELEM_MAX_BYTES 65536u

_Static_assert(offsetof(struct gort_chan, ring) % 16 == 0, "elements of 16 bytes are aligned");
_Static_assert(GORT_DEBUG_CHECKS || offsetof(struct gort_chan, ring) == 64, "a line, see chan.h");

void chan_init(gort_chan *c, size_t elem_bytes, size_t capacity)
{
    lock_init(&c->lock, RANK_CHAN);
    c->elem_bytes = (uint32_t)elem_bytes;
    c->capacity = (uint32_t)capacity;
}

gort_chan *chan_new(size_t elem_bytes, size_t capacity, uintptr_t pc)
{
    size_t bytes = sizeof(gort_chan) + elem_bytes * capacity;
    gort_chan *c = heap_alloc(bytes, elem_bytes == 0 ? ALLOC_NOSCAN : ALLOC_SCAN, pc);

    chan_init(c, elem_bytes, capacity);
    return c;
}

/* ---- elements ------------------------------------------------------------------------------- */

static inline void elem_copy(void *to, const void *from, size_t bytes)
{
    if (LIKELY(bytes == 8))
        memcpy(to, from, 8);
    else if (bytes != 0)
        memcpy(to, from, bytes);
}

static inline void elem_clear(void *elem, size_t bytes)
{
    if (LIKELY(bytes == 8))
        memset(elem, 0, 8);
    else if (bytes != 0)
        memset(elem, 0, bytes);
}

static inline uint32_t ring_next(const gort_chan *c, uint32_t i)
{
    return i + 1 == c->capacity ? 0 : i + 1;
}

static inline void ring_put(gort_chan *c, const void *value)
{
    DCHECK(c->put_at < c->capacity);
    elem_copy(c->ring + (size_t)c->put_at * c->elem_bytes, value, c->elem_bytes);
    c->put_at = ring_next(c, c->put_at);
    atomic_store_explicit(&c->count, chan_count(c) + 1, memory_order_relaxed);
}

/* A slot that was emptied keeps no reference alive. */
static inline void ring_take(gort_chan *c, void *value)
{
    unsigned char *slot = c->ring + (size_t)c->take_at * c->elem_bytes;

    DCHECK(chan_count(c) > 0);
    if (value != NULL)
        elem_copy(value, slot, c->elem_bytes);
    elem_clear(slot, c->elem_bytes);
    c->take_at = ring_next(c, c->take_at);
    atomic_store_explicit(&c->count, chan_count(c) - 1, memory_order_relaxed);
}

/* ---- one step ------------------------------------------------------------------------------- */

/* As chan_send_locked, to be inlined. */
__attribute__((always_inline)) static inline enum chan_result
send_locked(gort_chan *c, const void *value, struct task **wake)
{
    struct waiter *receiver;

    DCHECK(lock_is_held(&c->lock));
    *wake = NULL;
    if (UNLIKELY(chan_is_closed(c)))
        return CHAN_CLOSED;
    receiver = waitq_pop(&c->receivers);
    if (receiver != NULL) {
        DCHECK(chan_count(c) == 0);
        if (receiver->value != NULL)
            elem_copy(receiver->value, value, c->elem_bytes);
        *wake = receiver->task;
        return CHAN_DONE;
    }
    if (chan_count(c) == c->capacity)
        return CHAN_WOULD_BLOCK;
    ring_put(c, value);
    return CHAN_DONE;
}

enum chan_result chan_send_locked(gort_chan *c, const void *value, struct task **wake)
{
    return send_locked(c, value, wake);
}

/* A sender waits only when the ring is full: the oldest value goes out, its own comes in behind. */
__attribute__((noinline)) static void take_from_sender(gort_chan *c, void *value,
                                                       struct waiter *sender)
{
    if (c->capacity == 0) {
        if (value != NULL)
            elem_copy(value, sender->value, c->elem_bytes);
        return;
    }
    DCHECK(chan_count(c) == c->capacity);
    ring_take(c, value);
    ring_put(c, sender->value);
}

__attribute__((always_inline)) static inline enum chan_result recv_locked(gort_chan *c, void *value,
                                                                          struct task **wake)
{
    struct waiter *sender;

    DCHECK(lock_is_held(&c->lock));
    *wake = NULL;
    if (UNLIKELY(c->is_timer != 0))
        chantimer_look_locked(chantimer_of_chan(c));
    sender = waitq_pop(&c->senders);
    if (sender != NULL) {
        take_from_sender(c, value, sender);
        *wake = sender->task;
        return CHAN_DONE;
    }
    if (chan_count(c) > 0) {
        ring_take(c, value);
        return CHAN_DONE;
    }
    if (!chan_is_closed(c))
        return CHAN_WOULD_BLOCK;
    if (value != NULL)
        elem_clear(value, c->elem_bytes);
    return CHAN_CLOSED;
}

enum chan_result chan_recv_locked(gort_chan *c, void *value, struct task **wake)
{
    return recv_locked(c, value, wake);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static inline void push_waiter(struct waitq *q, gort_chan *c, struct waiter *w)
{
    waitq_push(q, w);
    if (UNLIKELY(c->is_timer != 0) && q == &c->receivers)
        chantimer_watch_locked(chantimer_of_chan(c));
}

/* Waits in Q of C, whose lock is held, and lets it go. 1 the value was handed over, 0 the channel
 * was closed. */
__attribute__((always_inline)) static inline int wait_in(struct waitq *q, gort_chan *c, void *value,
                                                         struct worker *w, uintptr_t pc)
{
    enum wait_reason why = q == &c->senders ? WAIT_CHAN_SEND : WAIT_CHAN_RECV;
    struct waiter self = {.task = w->current, .value = value};

    push_waiter(q, c, &self);
    w->current->waits_on = c;
    return sched_park_release(why, pc, &c->lock);
}

/* The same until a deadline, or for ever: or GORT_ETIMEDOUT. */
static int wait_in_by(struct waitq *q, gort_chan *c, void *value, int64_t deadline_ns, uintptr_t pc)
{
    enum wait_reason why = q == &c->senders ? WAIT_CHAN_SEND : WAIT_CHAN_RECV;
    struct race race = {.task = task_self()};
    struct waiter self = {.task = race.task, .race = &race, .value = value};
    struct deadline d = {.at_ns = deadline_ns, .fire = race_time_out, .arg = &race};
    int woken_with;

    if (deadline_ns == GORT_FOREVER)
        return wait_in(q, c, value, worker_self(), pc);
    if (deadline_ns <= sched_now_ns()) {
        lock_release(&c->lock);
        return GORT_ETIMEDOUT;
    }
    push_waiter(q, c, &self);
    race.task->waits_on = c;
    woken_with = park_by(why, pc, &c->lock, &d);
    if (woken_with == GORT_ETIMEDOUT) {
        lock_take(&c->lock);
        waitq_remove(q, &self);
        if (c->is_timer != 0)
            chantimer_unwatch_locked(chantimer_of_chan(c));
        lock_release(&c->lock);
    }
    return woken_with;
}

/* Sends or receives if that goes at once; if it would block, C stays locked. */
static enum chan_result send_now(gort_chan *c, const void *value)
{
    struct task *wake;
    enum chan_result result;

    lock_take(&c->lock);
    result = send_locked(c, value, &wake);
    if (result == CHAN_WOULD_BLOCK)
        return result;
    lock_release(&c->lock);
    if (wake != NULL)
        sched_ready(wake, 1);
    return result;
}

static enum chan_result recv_now(gort_chan *c, void *value)
{
    struct task *wake;
    enum chan_result result;

    lock_take(&c->lock);
    result = recv_locked(c, value, &wake);
    if (result == CHAN_WOULD_BLOCK)
        return result;
    lock_release(&c->lock);
    if (wake != NULL)
        sched_ready(wake, 1);
    return result;
}

/* ---- closing ------------------------------------------------------------------------------- */

/* Takes all waiters of Q, chained by next behind *TAIL; returns the new tail. Receivers get
 * zeroes. */
static struct waiter **release_all(gort_chan *c, struct waitq *q, struct waiter **tail)
{
    struct waiter *w;

    while ((w = waitq_pop(q)) != NULL) {
        if (q == &c->receivers && w->value != NULL)
            elem_clear(w->value, c->elem_bytes);
        w->next = NULL;
        *tail = w;
        tail = &w->next;
    }
    return tail;
}

void chan_close(gort_chan *c)
{
    struct waiter *woken = NULL;
    struct waiter **tail = &woken;

    lock_take(&c->lock);
    if (chan_is_closed(c))
        gort_fatal("gort_close: close of closed channel");
    atomic_store_explicit(&c->closed, 1, memory_order_relaxed);
    tail = release_all(c, &c->receivers, tail);
    release_all(c, &c->senders, tail);
    if (c->is_timer != 0)
        chantimer_unwatch_locked(chantimer_of_chan(c));
    lock_release(&c->lock);
    while (woken != NULL) {
        struct waiter *next = woken->next; /* gone with the task's stack once it is ready */

        sched_ready(woken->task, 0);
        woken = next;
    }
}

/* ---- public --------------------------------------------------------------------------------- */

gort_chan *gort_chan_new(size_t elem_bytes, size_t capacity)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    size_t bytes;
    gort_chan *c;

    rt_enter("gort_chan_new");
    if (elem_bytes > ELEM_MAX_BYTES)
        gort_fatal("gort_chan_new: elements of %zu bytes, above %u", elem_bytes, ELEM_MAX_BYTES);
    if (capacity > UINT32_MAX || __builtin_mul_overflow(elem_bytes, capacity, &bytes) ||
        bytes > PTRDIFF_MAX / 2)
        gort_fatal("gort_chan_new: capacity %zu out of range", capacity);
    c = chan_new(elem_bytes, capacity, pc);
    rt_leave(worker_self());
    return c;
}

void gort_send(gort_chan *c, const void *value)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct worker *w = rt_enter("gort_send");
    enum chan_result result;

    if (UNLIKELY(c == NULL))
        park_forever(WAIT_CHAN_SEND_NIL, pc);
    result = send_now(c, value);
    if (result == CHAN_WOULD_BLOCK) {
        int sent = wait_in(&c->senders, c, (void *)(uintptr_t)value, w, pc);

        result = sent != 0 ? CHAN_DONE : CHAN_CLOSED;
        w = worker_self();
    }
    if (UNLIKELY(result == CHAN_CLOSED))
        gort_fatal("gort_send: send on closed channel");
    rt_leave(w);
}

int gort_send_by(gort_chan *c, const void *value, int64_t deadline_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    enum chan_result now = CHAN_WOULD_BLOCK;
    int result = GORT_ETIMEDOUT;

    rt_enter("gort_send_by");
    if (c == NULL)
        sleep_until(deadline_ns, WAIT_CHAN_SEND_NIL, pc);
    else if ((now = send_now(c, value)) != CHAN_WOULD_BLOCK)
        result = now == CHAN_DONE;
    else
        result = wait_in_by(&c->senders, c, (void *)(uintptr_t)value, deadline_ns, pc);
    if (UNLIKELY(result == 0))
        gort_fatal("gort_send_by: send on closed channel");
    rt_leave(worker_self());
    return result == 1 ? GORT_OK : result;
}

int gort_recv(gort_chan *c, void *value)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct worker *w = rt_enter("gort_recv");
    enum chan_result now;
    int result;

    if (UNLIKELY(c == NULL))
        park_forever(WAIT_CHAN_RECV_NIL, pc);
    now = recv_now(c, value);
    if (now != CHAN_WOULD_BLOCK) {
        rt_leave(w);
        return now == CHAN_DONE;
    }
    result = wait_in(&c->receivers, c, value, w, pc);
    rt_leave(worker_self());
    return result;
}

int gort_recv_by(gort_chan *c, void *value, int64_t deadline_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    enum chan_result now = CHAN_WOULD_BLOCK;
    int result = GORT_ETIMEDOUT;

    rt_enter("gort_recv_by");
    if (c == NULL)
        sleep_until(deadline_ns, WAIT_CHAN_RECV_NIL, pc);
    else if ((now = recv_now(c, value)) != CHAN_WOULD_BLOCK)
        result = now == CHAN_DONE;
    else
        result = wait_in_by(&c->receivers, c, value, deadline_ns, pc);
    rt_leave(worker_self());
    return result;
}

int gort_try_send(gort_chan *c, const void *value)
{
    struct worker *w = rt_glance("gort_try_send");
    enum chan_result result;
    struct task *wake;

    if (c == NULL || !chan_can_send(c)) {
        rt_glance_end(w);
        return GORT_EWOULDBLOCK;
    }
    w = rt_enter("gort_try_send");
    lock_take(&c->lock);
    result = chan_send_locked(c, value, &wake);
    lock_release(&c->lock);
    if (UNLIKELY(result == CHAN_CLOSED))
        gort_fatal("gort_try_send: send on closed channel");
    if (wake != NULL)
        sched_ready(wake, 1);
    rt_leave(w);
    return result == CHAN_DONE ? GORT_OK : GORT_EWOULDBLOCK;
}

int gort_try_recv(gort_chan *c, void *value)
{
    struct worker *w = rt_glance("gort_try_recv");
    enum chan_result result;
    struct task *wake;

    if (c == NULL || !chan_can_recv(c)) {
        rt_glance_end(w);
        return GORT_EWOULDBLOCK;
    }
    w = rt_enter("gort_try_recv");
    lock_take(&c->lock);
    result = chan_recv_locked(c, value, &wake);
    lock_release(&c->lock);
    if (wake != NULL)
        sched_ready(wake, 1);
    rt_leave(w);
    return result == CHAN_WOULD_BLOCK ? GORT_EWOULDBLOCK : result == CHAN_DONE;
}

void gort_close(gort_chan *c)
{
    struct worker *w = rt_enter("gort_close");

    if (c == NULL)
        gort_fatal("gort_close: close of nil channel");
    chan_close(c);
    rt_leave(w);
}

size_t gort_chan_len(const gort_chan *c)
{
    return c == NULL || c->is_timer != 0 ? 0 : chan_count(c);
}

size_t gort_chan_cap(const gort_chan *c)
{
    return c == NULL || c->is_timer != 0 ? 0 : c->capacity;
}
