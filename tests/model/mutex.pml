/* SPDX-License-Identifier: MIT */
/* mutex.pml - the mutex of tasks: let go of by a plain store, and gone once nobody needs it.
 *
 * Store buffers as in lock.pml: what is stored to holder comes to memory late, unless a locked
 * instruction, a release of the bucket or the barrier of one who waits hurries it.
 *
 * The step of the model        stands for
 *   take                       compare-and-swap of gort_holder (runtime/mutex.c)
 *   bucket, unbucket           lot_lock, lot_unlock (parklot.c); see lock.pml
 *   count_in, count_out        of those names: gort_waiters, the table `waiting`, asym_barrier
 *   park                       of that name, with lot_park; see park.pml
 *   unlock                     mutex_unlock: unlock_and_wake, wake_late_comer
 *   neighbour                  a task that waits for another mutex with the same entry of the table
 *   timers                     lot_time_out
 *   gone                       the last task that needed the mutex frees it after its unlock, as
 *                              one does with a count of references that the mutex protects
 *
 * Claims: one task at a time holds the mutex; nobody parks for ever; nobody touches a mutex that is
 * gone.
 *
 * Left out: spinning, which is tries; a task that moves to another thread between its steps, for
 * which it parks or is switched, and that empties the buffers; the order of waiters.
 *
 * Faults, each of which a claim must find:
 *   NO_BARRIER       who waits does without the barrier
 *   LOOK_FIRST       the last try to take the mutex comes before the count
 *   NO_TABLE         who lets go looks at the mutex's own count only, before the store
 *   COUNT_OUTSIDE    who waits is counted before it has the bucket
 *   EARLY_UNCOUNT    who was woken leaves the table until it parks again
 *   KEEP_WOKEN       who was woken and parks again stays the one that was woken
 *   LEAVE_WOKEN      who was woken and has the mutex stays the one that was woken
 *   HAND_AND_FREE    the mutex is handed over and let go of at once
 *   LATE_TOUCH       who lets go looks at the mutex's own count after the store */

#define TASKS  3
#define NOBODY TASKS
#define CPUS   4 /* of the tasks and of their neighbour */

/* Memory: the mutex, its entry of the table, its bucket. */
byte holder = NOBODY;
byte waiters;      /* of gort_waiters, the count */
bool woken_bit;    /* ... and MUTEX_WOKEN */
byte waiting;      /* of the entry: those of the neighbour too */
bool locked;       /* the bucket */
chan queue = [TASKS] of { byte };

bool buffered[CPUS]; /* a store of NOBODY to holder is under way */

mtype = { RUNS, PARKS, RETRY, HANDED, TIMED_OUT };
mtype state[TASKS] = RUNS;
bool timed; /* task 0 waits with a deadline */

/* What is true, seen from outside. */
byte inside;
byte needed = TASKS; /* references, protected by the mutex */
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

inline barrier()
{
#ifndef NO_BARRIER
    d_step { flush(0); flush(1); flush(2) }
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

inline raise_table(me, first)
{
    d_step {
        flush(me);
        first = waiting == 0;
        waiting++
    };
    if
    :: first -> barrier()
    :: else -> skip
    fi
}

inline count_in(me, counted, first)
{
    if
    :: !counted ->
        counted = true;
        d_step { touch(); flush(me); waiters++ };
        raise_table(me, first)
    :: else -> skip
    fi
}

inline count_out(me, counted, woken)
{
    if
    :: counted ->
        d_step {
            touch();
            flush(me);
            waiters--;
#ifndef LEAVE_WOKEN
            woken_bit = woken_bit && !woken
#endif
        };
        waiting--
    :: else -> skip
    fi
}

inline park(me, got, counted, woken, first)
{
#ifdef COUNT_OUTSIDE
    count_in(me, counted, first);
#endif
    bucket(me);
#ifdef LOOK_FIRST
    take(me, got);
    count_in(me, counted, first);
#else
    count_in(me, counted, first);
#ifdef EARLY_UNCOUNT
    if
    :: woken -> waiting++
    :: else -> skip
    fi;
#endif
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
#ifdef EARLY_UNCOUNT
        waiting--;
#endif
        if
        :: state[me] == TIMED_OUT -> count_out(me, counted, false); counted = false
        :: else -> skip
        fi
    fi
}

inline lock(me, got, counted, woken, first)
{
    counted = false;
    woken = false;
    take(me, got);
    do
    :: got -> break
    :: else ->
        take(me, got);
        if
        :: !got -> park(me, got, counted, woken, first)
        :: else -> skip
        fi
    od;
    count_out(me, counted, woken)
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

inline unlock(me, who, hands_over)
{
    touch();
    if
    :: waiters != 0 || woken_bit -> unlock_and_wake(me, who, hands_over)
    :: else ->
        buffered[me] = true;
#ifdef LATE_TOUCH
        touch();
#endif
#ifndef NO_TABLE
        if
        :: waiting != 0 -> wake_late_comer(me, who)
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
    bool got, counted, woken, first, hands_over, last;

    lock(me, got, counted, woken, first);
    inside++;
    assert(inside == 1);
    needed--;
    last = needed == 0;
    inside--;
    unlock(me, who, hands_over);
    if
    :: last -> gone = true
    :: else -> skip
    fi;
    finished++
}

active proctype neighbour()
{
    bool first;

    if
    :: true ->
#ifdef COUNT_OUTSIDE
        raise_table(3, first);
#else
        bucket(3);
        raise_table(3, first);
        unbucket(3);
#endif
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
