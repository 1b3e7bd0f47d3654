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
 *   count, barrier, swap       lock_take_slow (runtime/lock.c): sleepers + 1, asym_barrier
 *                              (asym.h) by the first only, exchange of word
 *   futex_wait                 the kernel compares the word and puts the thread to sleep
 *   store, look                lock_release (lock.h): asym_release, then a load of sleepers
 *   futex_wake                 lock_wake_sleeper: one of those asleep, if any
 *
 * Claims: one thread at a time has the lock; nobody sleeps for ever.
 *
 * Left out: spinning, which is tries; wake-ups for no reason, which would mend a lost one; systems
 * that refuse the barrier, where the store is a locked instruction.
 *
 * Faults, each of which a claim must find:
 *   NO_BARRIER       who goes to sleep does without the barrier
 *   BARRIER_FIRST    the barrier comes before the count
 *   LOOK_FIRST       the last look at the word comes before the count
 *   EARLY_UNCOUNT    who was woken counts no more, and may sleep again
 *   CLEARED_FLAG     sleepers is a flag: who wakes one clears it, who was woken raises it again
 *   BLIND_STORE      the lock is let go of after the look at sleepers */

#define THREADS 3
#define ROUNDS  2 /* of the first thread; the others make one */
#define FREE    0
#define HELD    1

/* Memory. */
byte word = FREE;
byte sleepers;

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

inline barrier()
{
#ifndef NO_BARRIER
    d_step {
        flush(0);
        flush(1);
        flush(2)
    }
#else
    skip
#endif
}

inline count(me, before)
{
    d_step {
        flush(me);
        before = sleepers;
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
    :: before == 0 -> barrier()
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

inline release(me, before)
{
#ifdef BLIND_STORE
    before = sleepers;
    buffered[me] = true;
#else
    buffered[me] = true;
    before = sleepers;
#endif
    if
    :: before != 0 -> futex_wake(me)
    :: else -> skip
    fi
}

active [THREADS] proctype thread()
{
    byte me = _pid - 1;
    byte left = (me == 0 -> ROUNDS : 1);
    byte before;
    bool got;

    do
    :: left > 0 ->
        left--;
        take(me, before, got);
        holders++;
        assert(holders == 1);
        holders--;
        release(me, before)
    :: else -> break
    od;
    finished++
}

init { finished == THREADS }
