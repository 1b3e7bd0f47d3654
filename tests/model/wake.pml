/* SPDX-License-Identifier: MIT */
/* wake.pml - workers that fall asleep, against those who make a task runnable or arm a timer.
 *
 * A task once it runs stays on its proc until all tasks run, each on a proc of its own: so a task
 * that waits while a proc is idle waits for ever, and that is found.
 *
 * The step of the model        stands for
 *   put_ring                   sched_ready_last: runq_put, a store, which stays in a store buffer
 *                              until the fence (runtime/sched.c); put_next has a locked instruction
 *   put_global                 sched_put_global
 *   wake_one                   claim_spinner, sched_wake_one, worker_start_on (worker.c)
 *   arm                        timer_arm (timer.c), sched_timer_moved (polling.c)
 *   LOOK                       look_around: own ring, global queue, timers, steal; it may leave
 *                              what it finds for once, as steal_warm does (steal.c)
 *   RELEASE, LAST              release_proc, last_look
 *   POLL                       begin_polling, announce_poll, polling_wait (polling.c)
 *   SLEEP                      worker_sleep, take_handed
 *   what the scheduler's lock protects is one step
 *
 * Claims: no task waits while a proc is idle; a timer fires when its time has come, though the proc
 * that has it is busy; a proc that is given away was idle.
 *
 * Left out: sockets, which sysmon looks after if nobody looks or all procs are busy; stopping the
 * world; what sysmon gives away: detach.pml. A thread that is started is a worker that was asleep.
 *
 * Faults, each of which a claim must find:
 *   NO_FENCE         the look for a spinner may pass the store of the task
 *   EARLY_LOOK       a spinner looks once more before it stops counting as one
 *   NO_LAST_LOOK     who has given up its proc does not look once more
 *   SPINNERS_LOOK    ... only if it was a spinner
 *   NO_CHAIN         a spinner that found a task wakes no other
 *   ONE_TRY          who finds the idle proc taken wakes nobody
 *   NO_BREAK         an earlier timer does not break the poll
 *   DEAF_ARM         ... or wakes nobody to poll
 *   LATE_ANNOUNCE    who polls says until when after its last look at the timers
 *   SILENT_END       who finds nothing to poll for any more does not look again */

#define PROCS   3
#define WORKERS 3
#define NONE    7
#define NEVER   3

/* Memory. */
byte ring[PROCS];
bool buffered[PROCS]; /* a store of one task to the ring is under way */
byte global;
byte nidle;
byte nspinning;
bool idle[PROCS];
byte timer[2] = NEVER; /* when: the one that is armed now and another, of times 1 and 2 */
byte now;              /* 2 never comes */
bool polling;
byte poll_until;
bool broken;

byte proc[WORKERS] = NONE;
bool spinning[WORKERS];
bool asleep[WORKERS];
byte handed[WORKERS] = NONE;

byte nprocs = PROCS;
mtype = { TWO_AT_ONCE, TWO_PLACES, TIMERS };
mtype scene; /* who makes what runnable */

/* What is true, seen from outside. */
byte running;
byte tasks; /* as many as procs */

active proctype store_buffers()
{
end:
    do
    :: atomic { buffered[0] -> buffered[0] = false; ring[0]++ }
    :: atomic { buffered[1] -> buffered[1] = false; ring[1]++ }
    :: atomic { buffered[2] -> buffered[2] = false; ring[2]++ }
    od
}

active proctype clock()
{
end:
    atomic { timer[0] == 1 -> now = 1 }
}

inline flush(p)
{
    if
    :: buffered[p] -> buffered[p] = false; ring[p]++
    :: else -> skip
    fi
}

/* ---- waking -------------------------------------------------------------------------------- */

inline take_idle(p)
{
    atomic {
        if
        :: idle[0] -> p = 0
        :: !idle[0] && idle[1] -> p = 1
        :: !idle[0] && !idle[1] && idle[2] -> p = 2
        :: else -> p = NONE
        fi;
        if
        :: p != NONE -> idle[p] = false; nidle--
        :: else -> skip
        fi
    }
}

inline start_on(p)
{
    atomic {
        if
        :: asleep[0] -> asleep[0] = false; handed[0] = p
        :: asleep[1] -> asleep[1] = false; handed[1] = p
        :: asleep[2] -> asleep[2] = false; handed[2] = p
        fi
    };
    p = NONE
}

inline wake_one(p, claimed)
{
    do
    :: nidle == 0 -> break
    :: else ->
        if
        :: nspinning != 0 -> break
        :: else -> skip
        fi;
        atomic {
            claimed = nspinning == 0;
            if
            :: claimed -> nspinning = 1
            :: else -> skip
            fi
        };
        if
        :: !claimed -> break
        :: else -> skip
        fi;
        take_idle(p);
        if
        :: p != NONE -> start_on(p); break
        :: else -> nspinning--
        fi;
#ifdef ONE_TRY
        break
#endif
    od
}

inline put_ring(at, p, claimed)
{
    buffered[at] = true;
#ifndef NO_FENCE
    !buffered[at];
#endif
    wake_one(p, claimed)
}

inline put_global(p, claimed)
{
    global++;
    wake_one(p, claimed)
}

inline arm(p, claimed)
{
    timer[0] = 1;
    if
    :: !polling ->
#ifndef DEAF_ARM
        wake_one(p, claimed)
#else
        skip
#endif
    :: else ->
        if
#ifndef NO_BREAK
        :: poll_until > 1 -> broken = true
#endif
        :: else -> skip
        fi
    fi
}

/* ---- a worker ------------------------------------------------------------------------------ */

inline take_ring(at, found)
{
    atomic {
        if
        :: ring[at] > 0 -> ring[at]--; found = true
        :: else -> skip
        fi
    }
}

inline take_global(found)
{
    atomic {
        if
        :: !found && global > 0 -> global--; found = true
        :: else -> skip
        fi
    }
}

inline earliest(t) { d_step { t = (timer[0] < timer[1] -> timer[0] : timer[1]) } }

/* What a timer readies goes into the ring of who fires it. */
inline fire(me, found, p, claimed, fired)
{
    atomic {
        fired = !found && timer[0] <= now;
        if
        :: fired -> timer[0] = NEVER
        :: else -> skip
        fi
    };
    if
    :: fired ->
        put_ring(proc[me], p, claimed);
        atomic { flush(proc[me]) };
        take_ring(proc[me], found)
    :: else -> skip
    fi
}

inline steal(me, found)
{
    atomic {
        if
        :: !found && !spinning[me] && 2 * nspinning < nprocs - nidle ->
            spinning[me] = true;
            nspinning++
        :: else -> skip
        fi
    };
    if
    :: !found && spinning[me] ->
        take_ring(0, found);
        if :: !found -> take_ring(1, found) :: else -> skip fi;
        if :: !found -> take_ring(2, found) :: else -> skip fi
    :: !found && spinning[me] -> skip /* left */
    :: else -> skip
    fi
}

inline release_proc(me, found)
{
    atomic {
        if
        :: global > 0 -> global--; found = true
        :: else ->
            assert(!idle[proc[me]]);
            idle[proc[me]] = true;
            nidle++;
            proc[me] = NONE
        fi
    }
}

inline uncount(me)
{
    atomic {
        if
        :: spinning[me] -> nspinning--
        :: else -> skip
        fi;
        spinning[me] = false
    }
}

inline any_work(found)
{
    found = global > 0;
    if :: !found -> found = ring[0] > 0 :: else -> skip fi;
    if :: !found -> found = ring[1] > 0 :: else -> skip fi;
    if :: !found -> found = ring[2] > 0 :: else -> skip fi
}

inline last_look(me, found, looks)
{
    looks = true;
#ifdef SPINNERS_LOOK
    looks = spinning[me];
#endif
#ifdef EARLY_LOOK
    any_work(found);
    uncount(me);
#else
    uncount(me);
    if
    :: looks -> any_work(found)
    :: else -> skip
    fi;
#endif
#ifdef NO_LAST_LOOK
    found = false;
#endif
    if
    :: found ->
        take_idle(proc[me]);
        if
        :: proc[me] != NONE -> atomic { spinning[me] = true; nspinning++ }
        :: else -> skip
        fi;
        found = false
    :: else -> skip
    fi
}

inline stop_spinning(me, p, claimed)
{
    if
    :: spinning[me] ->
        uncount(me);
#ifndef NO_CHAIN
        wake_one(p, claimed)
#endif
    :: else -> skip
    fi
}

inline announce(until, t)
{
    earliest(t);
    do
    :: until = t;
        poll_until = until;
#ifndef LATE_ANNOUNCE
        earliest(t);
#endif
        if
        :: t <= until -> until = t; break
        :: else -> skip
        fi
    od
}

/* UNTIL is NEVER if this worker is not to poll. */
inline begin_polling(until, t, was)
{
    until = NEVER;
    do
    :: nidle == 0 -> break
    :: else ->
        earliest(t);
        if
        :: t == NEVER -> break
        :: else -> skip
        fi;
        atomic { was = polling; polling = true };
        if
        :: was -> break
        :: else -> skip
        fi;
        announce(until, t);
        if
        :: until != NEVER -> break
        :: else -> polling = false
        fi;
#ifdef SILENT_END
        break
#endif
    od
}

proctype worker(byte me)
{
    byte p = NONE, until, t;
    bool found, claimed, fired, looks, was;

    if
    :: me == 0 -> goto script
    :: me >= nprocs -> goto sleep
    :: else -> goto look
    fi;

script: /* the first task */
    if
    :: scene != TWO_AT_ONCE -> put_ring(0, p, claimed)
    :: scene != TWO_AT_ONCE -> put_global(p, claimed)
    :: scene == TWO_AT_ONCE ->
        put_ring(0, p, claimed);
        put_ring(0, p, claimed)
    :: scene == TIMERS -> timer[1] = NEVER; arm(p, claimed)
    :: scene == TIMERS -> arm(p, claimed)
    fi;

execute:
    atomic { running++; found = false };
    running == tasks;
end_done:
    false; /* it is all there was to see */

look:
    if
    :: proc[me] != NONE -> skip
    :: else ->
        begin_polling(until, t, was);
        atomic {
            t = 0;
            was = false;
            if
            :: until != NEVER -> skip
            :: else -> until = 0; goto sleep
            fi
        };
end_poll:
        if
        :: atomic { broken -> broken = false }
        :: now >= until
        fi;
        atomic { polling = false; until = 0 };
        take_idle(proc[me]);
        goto look
    fi;
    atomic { flush(proc[me]) };
    take_ring(proc[me], found);
    take_global(found);
    fire(me, found, p, claimed, fired);
    steal(me, found);
    if
    :: !found -> release_proc(me, found)
    :: else -> skip
    fi;
    if
    :: found ->
        stop_spinning(me, p, claimed);
        goto execute
    :: else ->
        last_look(me, found, looks);
        goto look
    fi;

sleep:
    asleep[me] = true;
end_asleep:
    atomic {
        !asleep[me] ->
        proc[me] = handed[me];
        handed[me] = NONE;
        spinning[me] = true;
        goto look
    }
}

/* Sysmon with an event of a socket, or without. */
proctype outsider()
{
    byte p = NONE;
    bool claimed;

    put_global(p, claimed)
}

init
{
    atomic {
        if
        :: scene = TWO_AT_ONCE
        :: scene = TWO_PLACES; run outsider()
        :: scene = TIMERS; nprocs = 2; timer[1] = 2
        fi;
        tasks = nprocs;
        proc[0] = 0;
        proc[1] = 1;
        proc[2] = (nprocs > 2 -> 2 : NONE);
        run worker(0);
        run worker(1);
        run worker(2)
    };
    running == tasks
}
