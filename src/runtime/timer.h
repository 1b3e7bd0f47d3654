/* SPDX-License-Identifier: MIT */
/* timer.h - things that happen at a time: sleeps and deadlines.
 * Each proc has a 4-ary heap ordered by time, under a lock of rank TIMERS. Its own worker fires
 * what is due when it looks for work; workers without work take over other procs' timers. A timer
 * fires at most once each time it is armed. One that is put off keeps its place in the heap until
 * its former time comes: then it goes to where it belongs by now.
 * The memory of the heaps is not searched by the collector as a whole: what an armed timer keeps
 * alive is said by its place. Source: Go's time.go, heaps by proc. */
#ifndef RUNTIME_TIMER_H
#define RUNTIME_TIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/lock.h"

struct timers;

enum timer_state { TIMER_IDLE, TIMER_ARMED, TIMER_FIRING };

/* What the memory of a timer is: so whether who disarms it waits for its function. */
enum timer_place {
    TIMER_OUTSIDE, /* not in the collected heap: who has disarmed it may use the memory again */
    TIMER_KEEPS, /* in an object, which stays as long as the timer is armed: it is idle, and may be
                    armed again, when its function is called */
};

struct timer {
    int64_t when_ns; /* not before its time in the heap; [lock:heap] */
    size_t index;    /* in the heap; [lock:heap] */
    _Atomic(struct timers *) heap;
    _Atomic(uint32_t) state; /* enum timer_state */
    enum timer_place place;  /* [const] */
    void (*fire)(void *arg); /* called on a worker with a proc, inside the runtime, no lock held;
                                must not block; set while idle */
    void *arg;
};

struct timer_entry;

struct timers { /* of one proc */
    struct lock lock;
    struct timer_entry *entry; /* [lock:lock] */
    size_t count;              /* [lock:lock] */
    size_t capacity;           /* [lock:lock] */
    size_t nobjects;           /* entries in the collected heap; [lock:lock] */
    _Atomic(int64_t) next_ns;  /* time of the first, INT64_MAX if none; read without the lock */
};

void timers_init(struct timers *ts);

/* How many are armed. Any thread; lock: takes TIMERS, unless there is none. */
uint32_t timers_count(struct timers *ts);

/* Arms T, which must be idle, on the calling worker's proc; its function and ARG are those that it
 * had. Of one that KEEPS, for that only one caller at a time. */
void timer_start(struct timer *t, int64_t when_ns);

/* The same with another function and ARG; not of one that KEEPS and was armed before, whose old
 * function may just be called. */
void timer_arm(struct timer *t, int64_t when_ns, void (*fire)(void *arg), void *arg);

/* Whether T is in a heap now. */
bool timer_is_armed(const struct timer *t);

/* Sets T to another time, if it is armed; it stays with its proc. Whether it was. */
bool timer_move(struct timer *t, int64_t when_ns);

/* Disarms T: true if it was armed and now never fires. If one OUTSIDE is firing at this moment,
 * waits until its function has returned: so what the function uses may be freed after this call,
 * and the caller holds no lock that the function takes. */
bool timer_disarm(struct timer *t);

/* Fires what is due in TS at NOW_NS; returns how many. The caller is a worker with a proc. */
size_t timers_fire(struct timers *ts, int64_t now_ns);

/* Moves all timers of FROM, which nobody arms any more, to TO. [stw] Locks: takes TIMERS. */
void timers_move(struct timers *from, struct timers *to);

/* Timers armed in all procs. */
size_t timers_active(void);

/* Hands the references to the objects that timers of TS keep to SCAN. [stw] */
void timers_scan(const struct timers *ts, void (*scan)(void *ctx, const void *lo, const void *hi),
                 void *ctx);

#endif
