/* SPDX-License-Identifier: MIT */
/* rwmutex.pml - the read-write mutex of tasks: writers take a mutex and look for readers, readers
 * count themselves and look at the mutex.
 *
 * Store buffers as in lock.pml. Here the stores of a writer that lets the mutex go under its bucket
 * stay in the buffer in their order: that to holder, then that which unlocks the bucket.
 *
 * The step of the model        stands for
 *   take, lock_mutex           compare-and-swap of gort_holder; lock_slow, park (mutex.c) without
 *                              a deadline; see mutex.pml
 *   count_in, count_out        mutex_count_in, mutex_count_out: gort_waiters and the table
 *   unlock_mutex               mutex_unlock, with its three ways; gort_mutex_unlock
 *   step_in, leave, wait_to_read, wait_for_readers, admit, wake_late_readers, let_go
 *                              of those names (runtime/rwmutex.c)
 *   READS, MUTEX               the buckets in which readers wait, and writers for the mutex; that
 *                              in which the writer waits for readers is held for a single step
 *
 * Claims: a writer is alone; readers that were let in go ahead of the next writer; nobody parks for
 * ever; in the end nobody is counted.
 *
 * Left out: spinning; the order of waiters; the order of the two counts, which matters to those who
 * give up only; memory that is gone; systems that refuse the barrier, see mutex.pml.
 *
 * Faults, each of which a claim must find:
 *   NO_BARRIER           who waits does without the barrier
 *   MARK_FIRST           who waits first leaves the mark before the barrier
 *   NO_FENCE             who let the mutex go under its bucket looks for late readers at once
 *   READER_LOOKS_FIRST   a reader looks at the mutex and then counts itself
 *   WRITER_LOOKS_FIRST   a writer looks for readers and then takes the mutex
 *   LOOK_OUTSIDE         a reader's last look at the mutex comes before it is counted in
 *   ADMIT_UNCOUNTED      readers that are let in count themselves when they run
 *   ADMIT_LATE           the mutex is let go before the readers are let in
 *   LATE_ADMITTED        late readers are let in, not to try again
 *   NO_LATE_LOOK         who let the mutex go does not look for late readers
 *   BACK_SILENTLY        a reader that steps back does not wake the writer
 *   WRITER_UNLOCKED      the writer's last look for readers comes before the bucket
 *   TRY_SILENTLY         who tries in vain lets the mutex go and looks for nobody */

#define WRITERS 2
#define TASKS   4 /* writers first, then readers */
#define NOBODY  TASKS

/* Memory. */
byte holder = NOBODY;
byte readers;
byte waiters;   /* of gort_waiters, the count */
bool woken_bit; /* ... MUTEX_WOKEN */
bool mark;      /* ... MUTEX_ORDERED */
byte waiting;   /* of the table */
#define READS 0
#define MUTEX 1
bool locked[2]; /* buckets */
chan to_read = [TASKS - WRITERS] of { byte };
chan to_lock = [WRITERS] of { byte };
byte to_write = NOBODY;

bool buffered[WRITERS];  /* a store of NOBODY to holder is under way */
bool unlocking[WRITERS]; /* ... and behind it one that unlocks MUTEX */

mtype = { RUNS, PARKS, RETRY, HANDED, ADMITTED };
mtype state[TASKS] = RUNS;

/* What is true, seen from outside. */
byte writing, reading;
byte promised; /* readers that were let in and have not left */
byte finished;

inline flush(who)
{
    if
    :: buffered[who] -> buffered[who] = false; holder = NOBODY
    :: else -> skip
    fi;
    if
    :: unlocking[who] -> unlocking[who] = false; locked[MUTEX] = false
    :: else -> skip
    fi
}

active proctype store_buffers()
{
end:
    do
    :: d_step { buffered[0] -> buffered[0] = false; holder = NOBODY }
    :: d_step { buffered[1] -> buffered[1] = false; holder = NOBODY }
    :: d_step { unlocking[0] && !buffered[0] -> unlocking[0] = false; locked[MUTEX] = false }
    :: d_step { unlocking[1] && !buffered[1] -> unlocking[1] = false; locked[MUTEX] = false }
    od
}

inline barrier()
{
#ifndef NO_BARRIER
    d_step { flush(0); flush(1) }
#else
    skip
#endif
}

inline bucket(b)
{
    atomic { !locked[b] -> locked[b] = true }
}

/* The same by a writer, which may have stores under way. */
inline bucket_by(me, b)
{
    atomic { d_step { flush(me) }; !locked[b] -> locked[b] = true }
}

inline unbucket(b)
{
    locked[b] = false
}

inline park(me, b)
{
    state[me] = PARKS;
    locked[b] = false
}

inline count_in(counted, marked)
{
    d_step { counted = true; waiting++; waiters++; marked = mark };
#ifdef MARK_FIRST
    mark = true;
    if
    :: !marked -> barrier()
    :: else -> skip
    fi;
#else
    if
    :: !marked -> barrier(); mark = true
    :: else -> skip
    fi;
#endif
    marked = false
}

inline count_out()
{
    atomic {
        if
        :: counted -> waiters--
        :: else -> skip
        fi
    };
    atomic {
        if
        :: counted -> waiting--
        :: else -> skip
        fi;
        counted = false
    }
}

/* ---- readers ---- */

inline leave(who, was)
{
    d_step { was = readers == 1; readers-- };
    atomic {
        if
        :: was && holder != NOBODY -> skip
        :: else -> was = false
        fi
    };
    atomic {
        if
        :: was && to_write != NOBODY -> who = to_write; to_write = NOBODY; state[who] = RETRY
        :: else -> skip
        fi;
        who = 0;
        was = false
    }
}

inline step_in(got, who, was)
{
#ifdef READER_LOOKS_FIRST
    got = holder == NOBODY;
    readers++;
#else
    readers++;
    got = holder == NOBODY;
#endif
    if
    :: got -> skip
    :: else ->
#ifdef BACK_SILENTLY
        readers--
#else
        leave(who, was)
#endif
    fi
}

inline wait_to_read(me, admitted, counted, marked)
{
    bucket(READS);
#ifdef LOOK_OUTSIDE
    got = holder == NOBODY;
#endif
    if
    :: !counted -> count_in(counted, marked)
    :: else -> skip
    fi;
    atomic {
#ifndef LOOK_OUTSIDE
        got = holder == NOBODY;
#endif
        if
        :: got -> unbucket(READS)
        :: !got -> to_read ! me; park(me, READS)
        fi
    };
    atomic {
        state[me] != PARKS -> admitted = state[me] == ADMITTED; state[me] = RUNS
    };
#ifdef ADMIT_UNCOUNTED
    if
    :: admitted -> readers++
    :: else -> skip
    fi
#endif
}

active [TASKS - WRITERS] proctype reader()
{
    byte me = _pid - 1 + WRITERS;
    byte who;
    bool got, counted, marked, was, admitted;

    do
    :: !admitted ->
        step_in(got, who, was);
        if
        :: got -> break
        :: else -> wait_to_read(me, admitted, counted, marked)
        fi
    :: admitted -> break
    od;
    count_out();
    d_step { reading++; assert(writing == 0) };
    d_step {
        reading--;
        if
        :: admitted -> promised--
        :: else -> skip
        fi;
        admitted = false
    };
    leave(who, was);
    finished++
}

/* ---- writers ---- */

inline take(me, got)
{
    d_step {
        flush(me);
        got = holder == NOBODY;
        if
        :: got -> holder = me
        :: else -> skip
        fi
    }
}

inline lock_mutex(me, got, counted, marked, woken)
{
    take(me, got);
    do
    :: got -> break
    :: else ->
        bucket_by(me, MUTEX);
        if
        :: !counted -> count_in(counted, marked)
        :: else -> skip
        fi;
        atomic {
            take(me, got);
            if
            :: got -> unbucket(MUTEX)
            :: !got ->
                woken_bit = woken_bit && !woken;
                woken = false;
                to_lock ! me;
                park(me, MUTEX)
            fi
        };
        atomic {
            state[me] != PARKS ->
            woken = woken || state[me] == RETRY;
            got = got || state[me] == HANDED;
            state[me] = RUNS
        };
        if
        :: !got -> take(me, got)
        :: else -> skip
        fi
    od;
    atomic { woken_bit = woken_bit && !woken; woken = false };
    count_out()
}

inline wait_for_readers(me)
{
    do
#ifdef WRITER_LOOKS_FIRST
    :: saw -> break
#endif
    :: readers == 0 -> break
    :: readers != 0 ->
        atomic {
#ifndef WRITER_UNLOCKED
            if
            :: readers == 0 -> skip
            :: else -> to_write = me; state[me] = PARKS
            fi
#else
            to_write = me;
            state[me] = PARKS
#endif
        };
        atomic { state[me] != PARKS -> state[me] = RUNS }
    od
}

inline take_to_wake(who)
{
    who = NOBODY;
    if
    :: !woken_bit && nempty(to_lock) -> to_lock ? who
    :: woken_bit || empty(to_lock) -> skip
    fi
}

inline wake_late_comer(me, who)
{
    bucket_by(me, MUTEX);
    atomic {
        take_to_wake(who);
        if
        :: who != NOBODY -> woken_bit = true; state[who] = RETRY
        :: else -> skip
        fi;
        unbucket(MUTEX);
        who = 0
    }
}

inline unlock_and_wake(me, who)
{
    bucket_by(me, MUTEX);
    atomic {
        take_to_wake(who);
        if
        :: who != NOBODY -> holder = who; state[who] = HANDED; unbucket(MUTEX)
        :: who != NOBODY -> woken_bit = true; holder = NOBODY; state[who] = RETRY; unbucket(MUTEX)
        :: who == NOBODY -> buffered[me] = true; unlocking[me] = true
        fi;
        who = 0
    }
}

inline unlock_mutex(me, who)
{
    if
    :: waiters != 0 || woken_bit -> unlock_and_wake(me, who)
    :: else ->
        if
        :: waiters == 0 && !woken_bit && !mark -> buffered[me] = true
        :: else ->
            if
            :: d_step { mark && waiters == 0 && !woken_bit -> flush(me); mark = false }
            :: true
            fi;
            d_step { flush(me); holder = NOBODY }
        fi;
        if
        :: waiting != 0 -> wake_late_comer(me, who)
        :: else -> skip
        fi
    fi
}

inline admit(me, who)
{
    atomic {
        d_step { flush(me) };
        !locked[READS];
        do
        :: nempty(to_read) ->
            to_read ? who;
#ifndef ADMIT_UNCOUNTED
            readers++;
#endif
            promised++;
            state[who] = ADMITTED
        :: empty(to_read) -> break
        od;
        who = 0
    }
}

inline wake_late_readers(me, who)
{
    bucket_by(me, READS);
    if
    :: holder == NOBODY ->
        atomic {
            do
            :: nempty(to_read) ->
                to_read ? who;
#ifdef LATE_ADMITTED
                readers++;
                promised++;
                state[who] = ADMITTED
#else
                state[who] = RETRY
#endif
            :: empty(to_read) -> break
            od;
            unbucket(READS);
            who = 0
        }
    :: holder != NOBODY -> unbucket(READS)
    fi
}

inline look_late(me, who)
{
#ifndef NO_LATE_LOOK
    if
    :: waiting != 0 -> wake_late_readers(me, who)
    :: else -> skip
    fi
#else
    skip
#endif
}

inline let_go(me, who)
{
#ifndef ADMIT_LATE
    if
    :: waiters != 0 || woken_bit -> admit(me, who)
    :: else -> skip
    fi;
#endif
    unlock_mutex(me, who);
#ifdef ADMIT_LATE
    admit(me, who);
#endif
#ifndef NO_FENCE
    d_step { flush(me) };
#endif
    look_late(me, who)
}

/* gort_rwmutex_unlock: in the caller's own code, or let_go. */
inline unlock(me, who)
{
    if
    :: waiters == 0 && !woken_bit && !mark ->
        buffered[me] = true;
        if
        :: waiting != 0 -> wake_late_comer(me, who); look_late(me, who)
        :: else -> skip
        fi
    :: else -> let_go(me, who)
    fi
}

inline try_lock(me, got, who)
{
    got = readers == 0 && holder == NOBODY;
    if
    :: got -> take(me, got)
    :: else -> skip
    fi;
    if
    :: got && readers != 0 ->
#ifdef TRY_SILENTLY
        buffered[me] = true;
#else
        let_go(me, who);
#endif
        got = false
    :: else -> skip
    fi
}

active [WRITERS] proctype writer()
{
    byte me = _pid - 1 - (TASKS - WRITERS);
    byte who;
    bool got, counted, marked, woken;
#ifdef WRITER_LOOKS_FIRST
    bool saw;

    saw = readers == 0;
#endif
    if
    :: me == 1 -> try_lock(me, got, who)
    :: true -> lock_mutex(me, got, counted, marked, woken); wait_for_readers(me)
    fi;
    if
    :: got ->
        d_step { writing++; assert(writing == 1 && reading == 0 && promised == 0) };
        writing--;
        unlock(me, who)
    :: else -> skip
    fi;
    finished++
}

init
{
    finished == TASKS && !buffered[0] && !buffered[1] && !unlocking[0] && !unlocking[1];
    assert(holder == NOBODY && readers == 0 && waiters == 0 && waiting == 0 && !woken_bit)
}
