/* SPDX-License-Identifier: MIT */
/* park.pml - a task that parks, and those who make it ready, on several workers.
 *
 * The step of the model          stands for
 *   lock/unlock                  lock_take, lock_release (runtime/lock.c)
 *   wait_lock: enqueue, PARK     wait_in (chan.c), parklot, cond: a waiter is queued under a lock,
 *                                then sched_park_release
 *   wait_word: CLAIM, PARK       polldesc_wait: start_wait, then sched_park with commit_wait
 *   save, then commit            leave_task, let_go (sched.c): ctx_switch saves the task's context;
 *                                the context that follows it calls the commit function
 *   ready                        sched_ready: the task goes into a run queue
 *   take, adopt                  sched_find, sched_execute: any worker resumes it from there
 *
 * Claims: a context is resumed only when it has been saved, and by one worker at a time; a task
 * stands in the run queue once at most; every wake-up arrives (no end state but all tasks done).
 *
 * Left out: memory orders. Each step sees all before it; in the code the lock, or the word's
 * compare-and-swap, and the queue's release and acquire order what the model orders for free.
 *
 * Faults, each of which a claim must find:
 *   EARLY_RELEASE   the lock is let go of by the task that parks, not by the context after it
 *   LATE_QUEUE      the condition is looked at before the lock is taken, not under it
 *   EARLY_WORD      the task stands in the word before it has been saved
 *   DEAF_COMMIT     a commit that finds the event does not make the task ready
 *   BLIND_COMMIT    the commit stores the task without looking for an event */

#define TASKS   2 /* task 0 waits under a lock, task 1 on a word */
#define WORKERS 2
#define ROUNDS  2

#define NOTHING 0
#define EVENT   1
#define WAITING 2
#define PARKED  3 /* the word holds the task */

chan runq = [TASKS + 1] of { byte };

bool saved[TASKS];   /* the context can be switched to */
byte running[TASKS]; /* workers that are on the task's stack */
byte queued[TASKS];  /* times that it is in the run queue */
byte step[TASKS];    /* where its code goes on */
byte rounds[TASKS];
byte finished;

bool locked;
byte items;     /* what task 0 waits for, under the lock */
bool in_waitq;  /* task 0 is in the list of waiters, under the lock */

byte word = NOTHING;
byte events; /* those of task 1 that came; the word keeps one */

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

inline ready(t)
{
    atomic {
        assert(queued[t] == 0);
        queued[t]++;
        runq ! t;
    }
}

/* The switch away from T: from here on its context is another's to resume. */
inline save(t)
{
    atomic {
        assert(running[t] == 1);
        running[t]--;
        saved[t] = true;
    }
}

/* Task 0, until it parks or has done all its rounds. */
inline run_locker(stays, none)
{
    do
    :: rounds[0] < ROUNDS ->
#ifdef LATE_QUEUE
        none = items == 0;
        lock();
#else
        lock();
        none = items == 0;
#endif
        if
        :: !none ->
            items--;
            rounds[0]++;
            unlock()
        :: else ->
            in_waitq = true;
#ifdef EARLY_RELEASE
            unlock();
            save(0);
#else
            save(0);
            unlock(); /* commit_release, by the context that follows */
#endif
            stays = false;
            break
        fi
    :: else ->
        finished++;
        atomic { running[0]--; stays = false };
        break
    od
}

inline commit_wait(found)
{
    atomic {
        if
#ifdef BLIND_COMMIT
        :: word = PARKED; found = WAITING
#else
        :: word == WAITING -> word = PARKED; found = WAITING
        :: else -> found = EVENT
#endif
        fi
    }
}

/* Task 1. STEP is 1 where it comes back from sched_park. */
inline run_poller(stays, found)
{
    do
    :: step[1] == 0 && rounds[1] == ROUNDS ->
        finished++;
        atomic { running[1]--; stays = false };
        break
    :: step[1] == 0 && rounds[1] < ROUNDS ->
        step[1] = 1;
        atomic { /* start_wait */
            if
            :: word == NOTHING -> word = WAITING; found = NOTHING
            :: else -> found = word
            fi
        };
        if
        :: found == NOTHING ->
#ifdef EARLY_WORD
            commit_wait(found);
            save(1);
#else
            save(1);
            commit_wait(found);
#endif
            if
            :: found == EVENT ->
#ifndef DEAF_COMMIT
                ready(1)
#else
                skip
#endif
            :: else -> skip
            fi;
            stays = false;
            break
        :: else -> skip
        fi
    :: step[1] == 1 ->
        atomic { found = word; word = NOTHING; step[1] = 0 };
        assert(found == EVENT);
        rounds[1]++
    od
}

active [WORKERS] proctype worker()
{
    byte t, found;
    bool stays, none;

end:
    do
    :: runq ? t ->
        atomic { /* adopt: what must hold when a context is switched to */
            queued[t]--;
            assert(saved[t]);
            assert(running[t] == 0);
            saved[t] = false;
            running[t]++;
            stays = true
        };
        if
        :: t == 0 -> run_locker(stays, none)
        :: t == 1 -> run_poller(stays, found)
        fi;
        assert(!stays)
    od
}

/* Gives task 0 what it waits for, as a sender or an unlocker does. */
active proctype waker()
{
    byte left = ROUNDS;
    bool wake;

    do
    :: left > 0 ->
        lock();
        items++;
        wake = in_waitq;
        in_waitq = false;
        unlock();
        if
        :: wake -> ready(0)
        :: else -> skip
        fi;
        left--
    :: else -> break
    od
}

/* As polldesc_event; an event that meets another is one with it, so it waits for the last. */
active proctype poller()
{
    byte old;
    byte left = ROUNDS;

    do
    :: left > 0 ->
        atomic { rounds[1] == ROUNDS - left -> skip };
        atomic {
            old = word;
            word = EVENT
        };
        if
        :: old == PARKED -> ready(1)
        :: else -> skip
        fi;
        left--
    :: else -> break
    od
}

init
{
    atomic {
        byte i;
        for (i : 0 .. TASKS - 1) {
            saved[i] = true;
            ready(i)
        }
    };
    finished == TASKS
}
