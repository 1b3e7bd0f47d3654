/* SPDX-License-Identifier: MIT */
/* detach.pml - sysmon takes a proc from a worker that is in a task's own code.
 *
 * The point of the handshake is that a worker enters the runtime without a barrier. So what a
 * worker stores goes into its store buffers here, one for each place, and comes to memory later, in
 * any order among places: weaker than amd64, and as weak as arm64 is towards stores. Sysmon's
 * membarrier empties the buffers of all workers.
 *
 * The step of the model        stands for
 *   enter                      rt_enter (runtime/proc.h): store inrt, then load seize
 *   enter_slow                 rt_enter_slow, get_proc_back (proc.c)
 *   use                        anything that the runtime does with the worker's proc: reads what
 *                              the last owner wrote, writes itself
 *   leave                      rt_leave: store inrt with release
 *   block, unblock             blocking_enter, gort_blocking_leave (blocking.c)
 *   take_from_hog, barrier     seize, take_from_hog (sysmon.c)
 *   take_from_blocked          the same in sysmon.c
 *   hand_off, get_proc, sleep  proc_hand_off, proc_take_idle, worker_sleep (worker.c): under a lock,
 *                              so one step each
 *
 * Claims: a proc has one owner at a time; who owns it sees all that the owners before wrote; nobody
 * uses it in the runtime without owning it; no worker waits for ever.
 *
 * Left out: more procs than one, so that the worker of which sysmon has read may have another by
 * now: that is what its look at worker.proc is for. Loads that pass loads. After a load of seize that says NONE the worker has its proc as
 * it left it; the others are ordered by acquire, which the model has for free. What wakes a worker
 * for a task that is queued: wake.pml.
 *
 * Faults, each of which a claim must find:
 *   NO_BARRIER      sysmon does without the membarrier
 *   LATE_ASK        sysmon looks at inrt before it asks
 *   BLIND_ENTRY     a worker enters without a look at seize
 *   EARLY_LEAVE     inrt is cleared without release
 *   BLIND_RETURN    a blocking section takes its proc back without compare-and-swap
 *   OVERWRITE       a section that begins writes over a question of sysmon
 *   EARLY_BLOCK     a section marks its proc without release */

#define WORKERS  2
#define ROUNDS   2 /* of the first worker; the other makes one */
#define ATTEMPTS 2 /* of sysmon to take the proc from a task */
#define NOBODY   255
#define SYSMON   WORKERS
#define LIST     (WORKERS + 1) /* the list of idle procs, or a section that left it behind */

mtype = { NONE, ASKING, TAKEN, SECTION };  /* seize */
mtype = { IDLE, RUNNING, BLOCKING };       /* status of the proc */

/* Memory, of one proc and all workers. */
bool inrt[WORKERS];
mtype seize[WORKERS] = NONE;
bool has_proc[WORKERS]; /* worker.proc */
byte proc_worker = NOBODY; /* proc.worker, read by sysmon without a lock */
mtype status = IDLE;
byte memory;            /* what the owners of the proc write */
bool asleep[WORKERS];
bool idle = true;       /* the proc is on the list */

/* Store buffers. */
chan inrt_buffer[WORKERS] = [2] of { bool };
chan data_buffer[WORKERS] = [2] of { byte };

/* What is true, seen from outside. */
byte owner = LIST;
byte written;
byte finished;

active proctype store_buffers()
{
end:
    do
    :: atomic { inrt_buffer[0] ? [_] -> inrt_buffer[0] ? inrt[0] }
    :: atomic { inrt_buffer[1] ? [_] -> inrt_buffer[1] ? inrt[1] }
    :: atomic { data_buffer[0] ? [_] -> data_buffer[0] ? memory }
    :: atomic { data_buffer[1] ? [_] -> data_buffer[1] ? memory }
    od
}

/* The proc changes hands: FROM has it. */
inline pass(from, to)
{
    assert(owner == from);
    owner = to
}

inline bind(me)
{
    pass(LIST, me);
    has_proc[me] = true;
    proc_worker = me;
    status = RUNNING
}

/* A store with release: what was stored before is in memory. */
inline release_point(me) { empty(data_buffer[me]) }

/* ---- worker -------------------------------------------------------------------------------- */

inline use(me)
{
    assert(owner == me);
    atomic {
        if
        :: empty(data_buffer[me]) -> assert(memory == written)
        :: nempty(data_buffer[me]) -> skip /* what it has stored itself, it sees */
        fi;
        written = (written + 1) % 3;
        data_buffer[me] ! written
    }
}

/* As one step: the lock of the scheduler. One that finds nothing sleeps until it is handed the
 * proc. */
inline get_proc(me)
{
    release_point(me);
    atomic {
        if
        :: idle -> idle = false; bind(me)
        :: else -> asleep[me] = true
        fi
    };
    atomic { !asleep[me] -> skip }
}

inline hand_off(from)
{
    atomic {
        pass(from, LIST);
        if
        :: asleep[0] -> asleep[0] = false; bind(0)
        :: !asleep[0] && asleep[1] -> asleep[1] = false; bind(1)
        :: else -> idle = true; status = IDLE; proc_worker = NOBODY
        fi
    }
}

inline enter_slow(me, seen)
{
    do
    :: seen == TAKEN ->
        atomic {
            if
            :: seize[me] == TAKEN -> seize[me] = NONE
            :: else -> skip
            fi;
            seen = seize[me]
        }
    :: seen == ASKING -> atomic { seize[me] != ASKING -> seen = seize[me] }
    :: seen == NONE && has_proc[me] -> break
    :: seen == NONE && !has_proc[me] ->
        get_proc(me);
        break
    od
}

inline enter(me, seen)
{
    inrt_buffer[me] ! true;
#ifdef BLIND_ENTRY
    seen = NONE;
#else
    seen = seize[me];
    if
    :: seen != NONE -> enter_slow(me, seen)
    :: else -> skip
    fi
#endif
}

inline leave(me)
{
#ifndef EARLY_LEAVE
    release_point(me);
#endif
    inrt_buffer[me] ! false
}

inline block(me)
{
    has_proc[me] = false;
#ifdef OVERWRITE
    seize[me] = SECTION;
#else
    atomic { seize[me] == NONE -> seize[me] = SECTION }; /* announce_section */
#endif
#ifndef EARLY_BLOCK
    release_point(me);
#endif
    atomic { pass(me, LIST); status = BLOCKING }
}

inline unblock(me, seen)
{
    atomic {
        if
        :: seize[me] == SECTION -> seize[me] = NONE
        :: else -> skip
        fi
    };
#ifdef BLIND_RETURN
    if
    :: status == BLOCKING -> atomic { status = IDLE; bind(me) }
    :: else -> skip
    fi;
#else
    atomic {
        if
        :: status == BLOCKING -> status = IDLE; bind(me)
        :: else -> skip
        fi
    };
#endif
    seen = seize[me];
    enter_slow(me, seen)
}

active [WORKERS] proctype worker()
{
    byte me = _pid - 1;
    byte left = (me == 0 -> ROUNDS : 1);
    mtype seen;

    inrt_buffer[me] ! true;
    get_proc(me);
    use(me);
    do
    :: left > 0 ->
        left--;
        leave(me);
        enter(me, seen);
        use(me);
        if
        :: true
        :: true ->
            block(me);
            unblock(me, seen);
            use(me)
        fi
    :: else -> break
    od;
    /* The worker stays in the runtime and gives its proc up. */
    has_proc[me] = false;
    release_point(me);
    finished++;
    hand_off(me)
}

/* ---- sysmon -------------------------------------------------------------------------------- */

inline drain(buffer, place)
{
    do
    :: nempty(buffer) -> buffer ? place
    :: empty(buffer) -> break
    od
}

/* membarrier: all that the workers have stored so far is in memory. */
inline barrier()
{
#ifndef NO_BARRIER
    d_step {
        drain(inrt_buffer[0], inrt[0]);
        drain(inrt_buffer[1], inrt[1]);
        drain(data_buffer[0], memory);
        drain(data_buffer[1], memory)
    }
#else
    skip
#endif
}

inline take_from_hog(w, took, asked, outside)
{
    w = proc_worker;
    took = false;
    asked = false;
    if
    :: w != NOBODY ->
#ifdef LATE_ASK
        barrier();
        outside = !inrt[w];
#endif
        atomic {
            if
            :: seize[w] == NONE -> seize[w] = ASKING; asked = true
            :: else -> skip
            fi
        }
    :: else -> skip
    fi;
    if
    :: asked ->
#ifndef LATE_ASK
        barrier();
        outside = !inrt[w];
#endif
        if
        :: outside && has_proc[w] ->
            atomic {
                pass(w, SYSMON);
                has_proc[w] = false;
                took = true
            }
        :: else -> skip
        fi;
        seize[w] = (took -> TAKEN : NONE)
    :: else -> skip
    fi;
    if
    :: took -> hand_off(SYSMON)
    :: else -> skip
    fi
}

inline take_from_blocked(took)
{
    took = false;
    atomic {
        if
        :: status == BLOCKING ->
            status = IDLE;
            pass(LIST, SYSMON);
            took = true
        :: else -> skip
        fi
    };
    if
    :: took -> hand_off(SYSMON)
    :: else -> skip
    fi
}

active proctype sysmon()
{
    byte hogs = ATTEMPTS, w;
    bool took, asked, outside;

end:
    do
    :: hogs > 0 && status == RUNNING ->
        hogs--;
        take_from_hog(w, took, asked, outside)
    /* Never the last chance: a worker may wait for the proc of one that stays in its section. */
    :: status == BLOCKING ->
        take_from_blocked(took)
    :: finished == WORKERS -> break
    od
}

init
{
    finished == WORKERS;
    idle -> assert(owner == LIST)
}
