/* SPDX-License-Identifier: MIT */
/* mutex.pml - the mutex of tasks: let go of by a plain store, and gone once nobody needs it.
 *
 * Store buffers as in lock.pml: what is stored to holder comes to memory late, unless a locked
 * instruction, a release of the bucket or the barrier of one who waits hurries it.
 *
 * The step of the model        stands for
 *   take                       compare-and-swap of gort_holder (runtime/mutex.c)
 *   bucket, unbucket           lot_lock, lot_unlock (parklot.c); see lock.pml
 *   count_in, count_out        mutex_count_in, mutex_count_out: the table gort_waiting; the count
 *                              and the mark, MUTEX_ORDERED, in gort_waiters; asym_barrier
 *   give_up                    of that name
 *   park                       of that name, with lot_park; see park.pml
 *   barrier                    asym_barrier (asym.h); see lock.pml
 *   unlock                     gort_mutex_unlock and mutex_unlock: by a plain store, ordered, or
 *                              unlock_and_wake; mutex_has_late_comer and mutex_wake_late_comer
 *   neighbour                  a task that waits for another mutex with the same entry of the
 *                              table, and may be the first to be refused the barrier
 *   timers                     lot_time_out
 *   gone                       the last task that needed the mutex frees it after its unlock, as
 *                              one does with a count of references that the mutex protects; a task
 *                              that gave up frees nothing
 *
 * Claims: one task at a time holds the mutex; nobody parks for ever; nobody touches a mutex that is
 * gone; nobody is uncounted who is not counted.
 *
 * Taken for granted: as in lock.pml, that stores come to memory during a millisecond.
 *
 * Left out: spinning, which is tries; a task that moves to another thread between its steps, for
 * which it parks or is switched, and that empties the buffers; the order of waiters.
 *
 * Faults, each of which a claim must find:
 *   NO_BARRIER       who waits does without the barrier
 *   LOOK_FIRST       the last try to take the mutex comes before the count
 *   TABLE_LAST       who waits is counted in the mutex first, and then in the table
 *   KEEP_MARK        who gives up leaves the mark that it may have set
 *   PLAIN_STORE      the mutex is let go of by a plain store though the mark is there
 *   BLIND_CLEAR      the mark is taken away without a look whether somebody has come
 *   NO_TABLE         who lets go looks at the mutex's own count only, before the store
 *   KEEP_WOKEN       who was woken and parks again stays the one that was woken
 *   LEAVE_WOKEN      who was woken and has the mutex stays the one that was woken
 *   HAND_AND_FREE    the mutex is handed over and let go of at once
 *   LATE_TOUCH       who lets go looks at the mutex's own count after the store
 *   FLAG_FIRST       who lets go looks at gort_has_barrier before it stores
 *   ONE_LOOK         who lets go, and finds no barrier, does not look at the table again
 *   TRUST_FLAG       who waits looks at gort_has_barrier, not at os_needs_barrier */

#define TASKS  3
#define NOBODY TASKS
#define CPUS   4 /* of the tasks and of their neighbour */

/* Memory: the mutex, its entry of the table, its bucket. */
byte holder = NOBODY;
byte waiters;      /* of gort_waiters, the count */
bool woken_bit;    /* ... MUTEX_WOKEN */
bool mark;         /* ... and MUTEX_ORDERED */
byte waiting;      /* of the entry: those of the neighbour too */
bool refuses;      /* the kernel refuses the barrier */
bool has_barrier = true;
bool needs_barrier = true;
bool locked;       /* the bucket */
chan queue = [TASKS] of { byte };

bool buffered[CPUS]; /* a store of NOBODY to holder is under way */

mtype = { RUNS, PARKS, RETRY, HANDED, TIMED_OUT };
mtype state[TASKS] = RUNS;
bool timed; /* task 0 waits with a deadline */

/* What is true, seen from outside. */
byte inside;
byte needed = TASKS; /* references */
bool gone;
byte finished;

inline touch() { assert(!gone) }

inline flush(who)
{
    if
    :: buffered[who] -> buffered[who] = false; holder = NOBODY
    :: else -> skip
    fi
}

active proctype store_buffers()
{
end:
    do
    :: atomic { buffered[0] -> buffered[0] = false; holder = NOBODY }
    :: atomic { buffered[1] -> buffered[1] = false; holder = NOBODY }
    :: atomic { buffered[2] -> buffered[2] = false; holder = NOBODY }
    od
}

inline flush_all()
{
    d_step { flush(0); flush(1); flush(2) }
}

inline refused()
{
    has_barrier = false;
    d_step { flush(0); flush(1); flush(2); needs_barrier = false }
}

inline barrier()
{
#ifndef NO_BARRIER
    if
#ifdef TRUST_FLAG
    :: !has_barrier -> skip
    :: has_barrier && !refuses -> flush_all()
    :: has_barrier && refuses -> refused()
#else
    :: !needs_barrier -> skip
    :: needs_barrier && !refuses -> flush_all()
    :: needs_barrier && refuses -> refused()
#endif
    fi
#else
    skip
#endif
}

inline bucket(me)
{
    atomic {
        !locked -> locked = true;
        flush(me)
    }
}

inline unbucket(me)
{
    d_step {
        flush(me);
        locked = false
    }
}

inline take(me, got)
{
    d_step {
        touch();
        flush(me);
        got = holder == NOBODY;
        if
        :: got -> holder = me
        :: else -> skip
        fi
    }
}

inline count_in(me, counted, marked)
{
    if
    :: !counted ->
        counted = true;
#ifndef TABLE_LAST
        d_step { flush(me); waiting++ };
#endif
        d_step { touch(); flush(me); waiters++; marked = mark };
#ifdef TABLE_LAST
        d_step { flush(me); waiting++ };
#endif
        if
        :: !marked ->
            barrier();
            d_step { touch(); flush(me); mark = true }
        :: else -> skip
        fi
    :: else -> skip
    fi
}

inline count_out(me)
{
    d_step { touch(); flush(me); assert(waiters > 0); waiters-- };
    waiting--
}

inline give_up(me)
{
#ifndef KEEP_MARK
    d_step { touch(); flush(me); mark = false };
#endif
    count_out(me)
}

inline park(me, got, counted, woken, marked)
{
    bucket(me);
#ifdef LOOK_FIRST
    take(me, got);
    count_in(me, counted, marked);
#else
    count_in(me, counted, marked);
    take(me, got);
#endif
    if
    :: got -> unbucket(me)
    :: else ->
#ifndef KEEP_WOKEN
        if
        :: woken -> woken_bit = false
        :: else -> skip
        fi;
#endif
        atomic {
            timed = me == 0;
            state[me] = PARKS;
            queue ! me
        };
        unbucket(me);
        state[me] != PARKS;
        woken = state[me] == RETRY;
        got = state[me] == HANDED;
    fi
}

inline lock(me, got, counted, woken, marked)
{
    counted = false;
    woken = false;
    take(me, got);
    do
    :: got || state[me] == TIMED_OUT -> break
    :: else ->
        take(me, got);
        if
        :: !got -> park(me, got, counted, woken, marked)
        :: else -> skip
        fi
    od;
#ifndef LEAVE_WOKEN
    if
    :: woken -> d_step { touch(); flush(me); woken_bit = false }
    :: else -> skip
    fi;
#endif
    if
    :: counted && got -> count_out(me)
    :: counted && !got -> give_up(me)
    :: else -> skip
    fi
}

/* The first waiter, taken out of the queue; NOBODY: there is none, or one is awake. Only who is in
 * the queue makes sure that the mutex is still there. */
inline take_to_wake(who)
{
    who = NOBODY;
    atomic {
        if
        :: nempty(queue) ->
            touch();
            if
            :: !woken_bit -> queue ? who
            :: else -> skip
            fi
        :: empty(queue) -> skip
        fi
    }
}

inline unlock_and_wake(me, who, hands_over)
{
    bucket(me);
    take_to_wake(who);
    if
    :: who != NOBODY -> hands_over = true
    :: hands_over = false
    fi;
    d_step {
        touch();
        if
        :: who != NOBODY && !hands_over -> woken_bit = true
        :: else -> skip
        fi
    };
    if
    :: hands_over -> holder = who
    :: else -> buffered[me] = true
    fi;
#ifdef HAND_AND_FREE
    buffered[me] = true;
#endif
    unbucket(me);
    if
    :: who != NOBODY -> state[who] = (hands_over -> HANDED : RETRY)
    :: else -> skip
    fi
}

inline wake_late_comer(me, who)
{
    bucket(me);
    take_to_wake(who);
    if
    :: who != NOBODY -> touch(); woken_bit = true
    :: else -> skip
    fi;
    unbucket(me);
    if
    :: who != NOBODY -> state[who] = RETRY
    :: else -> skip
    fi
}

inline let_go(me)
{
    buffered[me] = true
#ifdef LATE_TOUCH
    ;
    touch()
#endif
}

inline let_go_ordered(me)
{
    if
    :: true -> /* one in so many */
        d_step {
            touch();
            flush(me);
            if
#ifdef BLIND_CLEAR
            :: mark -> mark = false; waiters = 0; woken_bit = false
#else
            :: mark && waiters == 0 && !woken_bit -> mark = false
#endif
            :: else -> skip
            fi
        }
    :: true
    fi;
    d_step { touch(); flush(me); holder = NOBODY }
}

/* Whether somebody may have come goes to LATE. */
inline look_late(me, late)
{
    late = waiting != 0;
    if
#ifdef FLAG_FIRST
    :: late || has -> skip
#elif defined(ONE_LOOK)
    :: true -> skip
#else
    :: late || has_barrier -> skip
#endif
    :: else -> d_step { flush(me); late = waiting != 0 }
    fi
}

inline unlock(me, who, hands_over)
{
    bool late;
#ifdef FLAG_FIRST
    bool has;

    has = has_barrier;
#endif
    touch();
    if
    :: waiters != 0 || woken_bit -> unlock_and_wake(me, who, hands_over)
    :: else ->
        touch();
        if
#ifdef PLAIN_STORE
        :: let_go(me)
#else
        :: waiters == 0 && !woken_bit && !mark -> let_go(me)
        :: else -> let_go_ordered(me)
#endif
        fi;
#ifndef NO_TABLE
        look_late(me, late);
        if
        :: late -> late = false; wake_late_comer(me, who)
        :: else -> skip
        fi
#else
        skip
#endif
    fi
}

active [TASKS] proctype task()
{
    byte me = _pid - 1;
    byte who;
    bool got, counted, woken, marked, hands_over, last;

    lock(me, got, counted, woken, marked);
    if
    :: got ->
        inside++;
        assert(inside == 1);
        needed--;
        last = needed == 0;
        inside--;
        unlock(me, who, hands_over)
    :: else -> needed--
    fi;
    if
    :: last -> gone = true
    :: else -> skip
    fi;
    finished++
}

active proctype neighbour()
{
    if
    :: true ->
        waiting++;
        if
        :: true ->
            d_step { refuses = true; has_barrier = false };
            d_step { flush(0); flush(1); flush(2); needs_barrier = false }
        :: true
        fi;
        waiting--
    :: true
    fi
}

active proctype timers()
{
end:
    timed;
    bucket(3);
    atomic {
        if
        :: queue ?? [0] -> queue ?? 0; state[0] = TIMED_OUT
        :: else -> skip
        fi
    };
    unbucket(3)
}

init { finished == TASKS }
