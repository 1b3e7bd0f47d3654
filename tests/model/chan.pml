/* SPDX-License-Identifier: MIT */
/* chan.pml - values handed over between tasks that wait on one channel or on two.
 *
 * Tasks: a sender and a receiver with deadlines on channel 0, which has no buffer; one that may send
 * on channel 1, which has room for one, and then closes it; a select that receives from both.
 *
 * The step of the model        stands for
 *   lock, unlock               the channel's lock
 *   push, remove, pop          waitq_push, waitq_remove, waitq_pop (runtime/chan.c)
 *   win                        race_win: compare-and-swap of race.over
 *   try_send, try_recv         chan_send_locked, chan_recv_locked
 *   park, ready                sched_park, sched_ready: see park.pml
 *   arm, fire, disarm          timer_arm, timers_fire, timer_disarm (timer.c); a deadline passes
 *                              at any time after it was armed, or never
 *   chooser                    wait_for_all (select.c): all locks, all waiters, one race; is_out,
 *                              leave_queue
 *   let_go                     arm_and_unlock, by the context that follows the select's task
 *
 * Claims: a value whose sender was told that it went is received once, any other never; a task is
 * made ready once for each time that it parks; nobody touches a waiter or a race, which lie on the
 * stack of the task that waits, after that task has gone on; nobody waits for what never comes.
 *
 * Left out: looks at a channel without its lock (they only decide whether to lock), the order of
 * several waiters, values of more than a word.
 *
 * Faults, each of which a claim must find:
 *   NO_RACE         a waiter of a select is taken without winning the race
 *   SPLIT_RACE      race.over is looked at and set in two steps
 *   STALE_WAITER    who gives up does not take its waiter out of the queue
 *   NO_DISARM       who was woken does not wait for a timer that fires
 *   DEAF_CLOSE      closing does not wake who receives
 *   UNLOCK_FIRST    a select lets go of one channel before it waits on the next
 *   LEAVE_UNLOCKED  a select takes its waiters out of the queues without the locks
 *   DROP_BUFFER     a close empties the buffer */

#define CHANS   2
#define TASKS   4
#define SENDER  0 /* on channel 0, with a deadline */
#define CLOSER  1 /* sends on channel 1, or doesn't, and closes it */
#define TAKER   2 /* receives from channel 0, with a deadline */
#define CHOOSER 3 /* selects from 0 and 1, without */
#define NOBODY  7

#define NOT_YET  0
#define DONE     1
#define CLOSED   2
#define TIMEOUT  3

mtype = { IDLE, ARMED, FIRING };

bool locked[CHANS];
bool closed[CHANS];
byte buffered[CHANS]; /* the value in the buffer of channel 1, 0 for none */

/* Waiters: one of each task on each channel. */
chan senders[CHANS] = [TASKS] of { byte };
chan receivers[CHANS] = [TASKS] of { byte };
bool has_race[TASKS];
bool over[TASKS];
byte winner[TASKS] = NOBODY; /* the channel of the waiter that won */
byte value[TASKS];           /* sender: what; receiver: what it got */
bool on_stack[TASKS];        /* waiters and race of the task may be looked at */

bool parked[TASKS];
byte woken[TASKS];
mtype timer[TASKS] = IDLE;

byte told[3];     /* values 1 and 2: what their senders were told */
byte received[3]; /* how many times */
byte finished;

inline lock(c) { atomic { !locked[c] -> locked[c] = true } }
inline unlock(c) { locked[c] = false }

inline ready(t, how)
{
    atomic {
        assert(parked[t]);
        parked[t] = false;
        woken[t] = how
    }
}

inline park(me) { atomic { !parked[me] -> skip } }

inline win(t, at, won)
{
    assert(on_stack[t]);
#ifdef SPLIT_RACE
    won = !over[t];
    if
    :: won -> over[t] = true; winner[t] = at
    :: else -> skip
    fi
#else
    atomic {
        won = !over[t];
        if
        :: won -> over[t] = true; winner[t] = at
        :: else -> skip
        fi
    }
#endif
}

inline pop(queue, c, t, won)
{
    t = NOBODY;
    do
    :: atomic { nempty(queue) -> queue ? t };
        assert(on_stack[t]);
        won = true;
#ifndef NO_RACE
        if
        :: has_race[t] -> win(t, c, won)
        :: else -> skip
        fi;
#else
        winner[t] = c;
#endif
        if
        :: won -> break
        :: else -> t = NOBODY
        fi
    :: empty(queue) -> break
    od
}

inline remove(queue, me)
{
    atomic {
        if
        :: queue ?? [eval(me)] -> queue ?? eval(me)
        :: else -> skip
        fi
    }
}

inline try_send(c, v, t, won, result)
{
    result = NOT_YET;
    pop(receivers[c], c, t, won);
    if
    :: t != NOBODY -> value[t] = v; result = DONE
    :: t == NOBODY && c == 1 && buffered[c] == 0 -> buffered[c] = v; result = DONE
    :: else -> skip
    fi
}

inline try_recv(c, v, t, won, result)
{
    result = NOT_YET;
    v = 0;
    pop(senders[c], c, t, won);
    if
    :: t != NOBODY && buffered[c] == 0 -> v = value[t]; result = DONE
    :: t != NOBODY && buffered[c] != 0 -> v = buffered[c]; buffered[c] = value[t]; result = DONE
    :: t == NOBODY && buffered[c] != 0 -> v = buffered[c]; buffered[c] = 0; result = DONE
    :: t == NOBODY && buffered[c] == 0 && closed[c] -> result = CLOSED
    :: else -> skip
    fi
}

inline wake_other(t, how)
{
    if
    :: t != NOBODY -> ready(t, how)
    :: else -> skip
    fi
}

/* A task begins to wait: its waiters come to the stack. */
inline begin(me, races)
{
    atomic {
        on_stack[me] = true;
        has_race[me] = races;
        over[me] = false;
        winner[me] = NOBODY
    }
}

/* The commit of a park with a deadline, by the context that follows. */
inline arm(me) { atomic { timer[me] = ARMED } }

inline disarm(me)
{
    atomic {
        if
        :: timer[me] == ARMED -> timer[me] = IDLE
        :: else -> skip
        fi
    };
#ifndef NO_DISARM
    timer[me] == IDLE
#endif
}

inline go_on(me) { on_stack[me] = false }

inline count(v)
{
    if
    :: v != 0 -> received[v]++
    :: else -> skip
    fi
}

active proctype timers()
{
    bool won;
    byte t;

end:
    do
    :: atomic { timer[SENDER] == ARMED -> timer[SENDER] = FIRING; t = SENDER };
        win(t, NOBODY, won);
        if :: won -> ready(t, TIMEOUT) :: else -> skip fi;
        timer[t] = IDLE
    :: atomic { timer[TAKER] == ARMED -> timer[TAKER] = FIRING; t = TAKER };
        win(t, NOBODY, won);
        if :: won -> ready(t, TIMEOUT) :: else -> skip fi;
        timer[t] = IDLE
    od
}

active proctype sender()
{
    byte t, result;
    bool won;

    lock(0);
    try_send(0, 1, t, won, result);
    if
    :: result == DONE -> unlock(0); wake_other(t, DONE)
    :: else ->
        begin(SENDER, true);
        value[SENDER] = 1;
        senders[0] ! SENDER;
        parked[SENDER] = true;
        arm(SENDER);
        unlock(0);
        park(SENDER);
        disarm(SENDER);
        result = woken[SENDER];
        if
        :: result == TIMEOUT ->
#ifndef STALE_WAITER
            lock(0);
            remove(senders[0], SENDER);
            unlock(0)
#else
            skip
#endif
        :: else -> skip
        fi;
        go_on(SENDER)
    fi;
    told[1] = result;
    finished++
}

active proctype taker()
{
    byte t, result, v;
    bool won;

    lock(0);
    try_recv(0, v, t, won, result);
    if
    :: result != NOT_YET -> unlock(0); wake_other(t, DONE)
    :: else ->
        begin(TAKER, true);
        value[TAKER] = 0;
        receivers[0] ! TAKER;
        parked[TAKER] = true;
        arm(TAKER);
        unlock(0);
        park(TAKER);
        disarm(TAKER);
        result = woken[TAKER];
        if
        :: result == TIMEOUT ->
#ifndef STALE_WAITER
            lock(0);
            remove(receivers[0], TAKER);
            unlock(0)
#else
            skip
#endif
        :: else -> skip
        fi;
        v = value[TAKER];
        go_on(TAKER)
    fi;
    if
    :: result == DONE -> count(v)
    :: else -> assert(v == 0)
    fi;
    finished++
}

bool leaves; /* the select's task has parked, and its channels are still locked */

/* Looks at the selection on the task's stack before each channel that it lets go of. */
active proctype let_go()
{
end:
    leaves;
    assert(on_stack[CHOOSER]);
    unlock(1);
    assert(on_stack[CHOOSER]);
    unlock(0)
}

inline leave_queue(c)
{
#ifndef LEAVE_UNLOCKED
    lock(c);
#endif
#ifndef STALE_WAITER
    remove(receivers[c], CHOOSER);
#endif
#ifndef LEAVE_UNLOCKED
    unlock(c)
#else
    skip
#endif
}

/* The order of locks is that of their numbers, and they are let go of backwards. */
active proctype chooser()
{
    byte t, result, v;
    bool won;

    lock(0);
    lock(1);
    try_recv(0, v, t, won, result);
    if
    :: result == NOT_YET -> try_recv(1, v, t, won, result)
    :: else -> skip
    fi;
    if
    :: result != NOT_YET -> unlock(1); unlock(0); wake_other(t, DONE)
    :: else ->
#ifdef UNLOCK_FIRST
        unlock(1);
        lock(1);
#endif
        begin(CHOOSER, true);
        value[CHOOSER] = 0;
        receivers[0] ! CHOOSER;
        receivers[1] ! CHOOSER;
        parked[CHOOSER] = true;
        leaves = true;
        park(CHOOSER);
        if
        :: winner[CHOOSER] != 0 -> leave_queue(0)
        :: else -> skip
        fi;
        if
        :: winner[CHOOSER] != 1 -> leave_queue(1)
        :: else -> skip
        fi;
        result = woken[CHOOSER];
        assert(winner[CHOOSER] == (result == CLOSED || value[CHOOSER] == 2 -> 1 : 0));
        v = value[CHOOSER];
        go_on(CHOOSER)
    fi;
    if
    :: result == DONE -> assert(v != 0); count(v)
    :: else -> assert(result == CLOSED && v == 0)
    fi;
    finished++
}

active proctype closer()
{
    byte t, result;
    bool won;

    if
    :: true ->
        lock(1);
        try_send(1, 2, t, won, result);
        assert(result == DONE); /* there is room */
        unlock(1);
        wake_other(t, DONE);
        told[2] = DONE
    :: true
    fi;
    lock(1);
    closed[1] = true;
#ifdef DROP_BUFFER
    buffered[1] = 0;
#endif
#ifndef DEAF_CLOSE
    pop(receivers[1], 1, t, won);
#else
    t = NOBODY;
#endif
    unlock(1);
    wake_other(t, CLOSED);
    finished++
}

init
{
    finished == TASKS;
    assert(received[1] == (told[1] == DONE -> 1 : 0));
    assert(received[2] + (buffered[1] == 2 -> 1 : 0) ==
           (told[2] == DONE -> 1 : 0));
    assert(empty(senders[0]) && empty(receivers[0]) && empty(receivers[1]))
}
