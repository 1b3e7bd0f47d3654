/* SPDX-License-Identifier: MIT */
/* lock.pml - the runtime's lock, which is let go of by a plain store.
 *
 * What a thread stores when it lets go stays in its store buffer, and comes to memory at any time
 * later, after what the thread has looked at since: so a load passes a store, on amd64 as on arm64.
 * A locked instruction and a system call empty the buffer of who executes them; membarrier empties
 * those of all.
 *
 * The step of the model        stands for
 *   try                        lock_try_word: compare-and-swap of word
 *   count_in, exchange         lock_take_slow (runtime/lock.c): LOCK_SLEEPER in sleepers; the first
 *                              only: asym_barrier (asym.h) and the grant of LOCK_ORDERED; exchange
 *                              of word
 *   barrier                    asym_barrier and os_process_barrier (os_linux.c): membarrier; or,
 *                              refused, gort_has_barrier false, a wait, os_needs_barrier false
 *   elsewhere                  a thread that goes to sleep for another lock
 *   futex_wait                 the kernel compares the word and puts the thread to sleep
 *   release                    lock_release (lock.h): asym_release, a load of sleepers, one of
 *                              gort_has_barrier (asym_suffices)
 *   released                   lock_released: compare-and-swap of sleepers, takes from the grant
 *   futex_wake                 one of those asleep, if any
 *
 * Claims: one thread at a time has the lock; nobody sleeps for ever.
 *
 * Taken for granted: during the wait of a millisecond all stores come to memory that were in a
 * buffer when it began.
 *
 * Left out: spinning, which is tries; wake-ups for no reason, which would mend a lost one.
 *
 * Faults, each of which a claim must find:
 *   NO_BARRIER       who goes to sleep does without the barrier
 *   BARRIER_FIRST    the barrier comes before the count
 *   LOOK_FIRST       the last look at the word comes before the count
 *   EARLY_UNCOUNT    who was woken counts no more, and may sleep again
 *   CLEARED_FLAG     sleepers is a flag: who wakes one clears it, who was woken raises it again
 *   BLIND_STORE      the lock is let go of after the look at sleepers
 *   PLAIN_GRANT      who uses up the grant looks at sleepers before its store is seen
 *   REFUSED_ONCE     who is refused the barrier does not wait
 *   FLAG_FIRST       who lets go looks at gort_has_barrier before it stores
 *   TRUST_FLAG       who goes to sleep looks at gort_has_barrier, not at os_needs_barrier */

#define THREADS 3
#define ROUNDS  2 /* of the first thread; the others make one */
#define GRANT   1
#define FREE    0
#define HELD    1

/* Memory. */
byte word = FREE;
byte sleepers; /* in LOCK_SLEEPER */
byte granted;  /* ... and in LOCK_ORDERED: both are one word */
bool refuses; /* the kernel refuses the barrier */
bool has_barrier = true;
bool needs_barrier = true;

/* A store buffer: the store of FREE to word, or nothing. */
bool buffered[THREADS];

bool asleep[THREADS]; /* in the kernel's queue of the word */

/* What is true, seen from outside. */
byte holders;
byte finished;

active proctype store_buffers()
{
end:
    do
    :: atomic { buffered[0] -> buffered[0] = false; word = FREE }
    :: atomic { buffered[1] -> buffered[1] = false; word = FREE }
    :: atomic { buffered[2] -> buffered[2] = false; word = FREE }
    od
}

inline flush(who)
{
    if
    :: buffered[who] -> buffered[who] = false; word = FREE
    :: else -> skip
    fi
}

inline exchange(me, got)
{
    d_step {
        flush(me);
        got = word == FREE;
        word = HELD
    }
}

inline flush_all()
{
    d_step {
        flush(0);
        flush(1);
        flush(2)
    }
}

inline refused()
{
    has_barrier = false;
#ifndef REFUSED_ONCE
    flush_all();
#endif
    needs_barrier = false
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

/* A sandbox is put up, and somebody who waits for another lock is the first to notice. */
active proctype elsewhere()
{
    d_step { refuses = true; has_barrier = false };
    flush_all();
    needs_barrier = false
}

inline count(me, before)
{
    d_step {
        flush(me);
        before = sleepers + granted;
#ifdef CLEARED_FLAG
        sleepers = 1
#else
        sleepers++
#endif
    }
}

inline uncount()
{
#ifndef CLEARED_FLAG
    sleepers--
#else
    skip
#endif
}

inline futex_wait(me)
{
    atomic {
        flush(me);
        asleep[me] = word == HELD
    };
    atomic { !asleep[me] -> skip }
}

inline futex_wake(me)
{
    atomic {
        flush(me);
#ifdef CLEARED_FLAG
        sleepers = 0;
#endif
        if
        :: asleep[0] -> asleep[0] = false
        :: asleep[1] -> asleep[1] = false
        :: asleep[2] -> asleep[2] = false
        :: !asleep[0] && !asleep[1] && !asleep[2] -> skip
        fi
    }
}

inline count_in(me, before)
{
#ifdef BARRIER_FIRST
    barrier();
    count(me, before)
#else
    count(me, before);
    if
    :: before == 0 -> barrier(); granted = GRANT
    :: else -> skip
    fi
#endif
}

inline take_slow(me, before, got)
{
#ifndef LOOK_FIRST
    count_in(me, before);
#endif
    do
    :: exchange(me, got);
        if
        :: got -> break
        :: else -> skip
        fi;
#ifdef LOOK_FIRST
        count_in(me, before);
        asleep[me] = true;
        atomic { !asleep[me] -> skip };
        uncount()
#else
        futex_wait(me);
#endif
#ifdef EARLY_UNCOUNT
        uncount()
#endif
#ifdef CLEARED_FLAG
        count_in(me, before)
#endif
    od;
#if !defined(LOOK_FIRST) && !defined(EARLY_UNCOUNT)
    uncount()
#endif
}

inline take(me, before, got)
{
    d_step { /* try */
        flush(me);
        got = word == FREE;
        word = HELD
    };
    if
    :: !got -> take_slow(me, before, got)
    :: else -> skip
    fi
}

inline released(me, before)
{
    d_step {
#ifndef PLAIN_GRANT
        flush(me);
#endif
        before = sleepers;
        if
        :: granted > 0 -> granted--
        :: else -> skip
        fi
    };
    if
    :: before != 0 -> futex_wake(me)
    :: else -> skip
    fi
}

inline release(me, before, has)
{
#ifdef FLAG_FIRST
    has = has_barrier;
#endif
#ifdef BLIND_STORE
    before = sleepers + granted;
    buffered[me] = true;
#else
    buffered[me] = true;
    before = sleepers + granted;
#endif
#ifndef FLAG_FIRST
    has = has_barrier;
#endif
    if
    :: before != 0 || !has -> released(me, before)
    :: else -> skip
    fi
}

active [THREADS] proctype thread()
{
    byte me = _pid - 2;
    byte left = (me == 0 -> ROUNDS : 1);
    byte before;
    bool got, has;

    do
    :: left > 0 ->
        left--;
        take(me, before, got);
        holders++;
        assert(holders == 1);
        holders--;
        release(me, before, has)
    :: else -> break
    od;
    finished++
}

init { finished == THREADS }
