/* SPDX-License-Identifier: MIT */
/* holder.c - the stack of a task that waits for a mutex says which task holds it. */
#include "config.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"

#define TEXT_BYTES (1 << 18)

static char text[TEXT_BYTES];

/* How many of all tasks are said to wait for one that task ID holds. */
static int count_held_by(uint64_t id)
{
    char wanted[64];
    int n = 0;

    snprintf(wanted, sizeof wanted, ", held by task %" PRIu64 "]", id);
    gort_stack(text, sizeof text, 1);
    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at++)
        n++;
    return n;
}

struct turn {
    gort_mutex m;
    gort_rwmutex rw;
    gort_chan *ids; /* of those who got it */
    gort_chan *go_on;
    gort_waitgroup tasks;
};

static void turn_init(struct turn *t)
{
    *t = (struct turn){.ids = gort_chan_new(sizeof(uint64_t), 0), .go_on = gort_chan_new(0, 0)};
}

static uint64_t next_holder(struct turn *t)
{
    uint64_t id = 0;

    EXPECT(gort_recv(t->ids, &id) == 1, "closed");
    return id;
}

static void take_a_turn(void *arg)
{
    struct turn *t = arg;
    uint64_t id = gort_task_id();

    gort_mutex_lock(&t->m);
    gort_send(t->ids, &id);
    gort_recv(t->go_on, NULL);
    gort_mutex_unlock(&t->m);
}

CLAIM(each_waiter_names_the_holder)
{
    struct turn t;

    turn_init(&t);
    gort_mutex_lock(&t.m);
    for (int i = 0; i < 3; i++)
        gort_waitgroup_go(&t.tasks, take_a_turn, &t);
    UNTIL_PARKED(3, PARKED_MUTEX);
    EXPECT(count_held_by(gort_task_id()) == 3, "%s", text);
    gort_mutex_unlock(&t.m);
    for (int left = 2; left >= 0; left--) {
        uint64_t id = next_holder(&t);

        UNTIL_PARKED(left, PARKED_MUTEX);
        EVENTUALLY(count_held_by(id) == left, "%d wait for task %" PRIu64 ":\n%s", left, id, text);
        EXPECT(count_held_by(gort_task_id()) == 0, "%s", text);
        gort_send(t.go_on, NULL);
    }
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

static void try_a_turn(void *arg)
{
    struct turn *t = arg;
    uint64_t id = gort_task_id();

    EXPECT(gort_mutex_try_lock(&t->m) == 1, "not free");
    gort_send(t->ids, &id);
    gort_recv(t->go_on, NULL);
    gort_mutex_unlock(&t->m);
}

CLAIM(who_took_it_by_trying_is_named)
{
    struct turn t;
    uint64_t id;

    turn_init(&t);
    gort_waitgroup_go(&t.tasks, try_a_turn, &t);
    id = next_holder(&t);
    gort_waitgroup_go(&t.tasks, take_a_turn, &t);
    UNTIL_PARKED(1, PARKED_MUTEX);
    EXPECT(count_held_by(id) == 1, "%s", text);
    gort_send(t.go_on, NULL);
    next_holder(&t);
    gort_send(t.go_on, NULL);
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

static void write_once(void *arg)
{
    struct turn *t = arg;
    uint64_t id = gort_task_id();

    gort_rwmutex_lock(&t->rw);
    gort_rwmutex_unlock(&t->rw);
    gort_send(t->ids, &id);
}

CLAIM(a_writer_names_the_writer_before_it)
{
    struct turn t;

    turn_init(&t);
    gort_rwmutex_lock(&t.rw);
    gort_waitgroup_go(&t.tasks, write_once, &t);
    UNTIL_PARKED(1, PARKED_RWLOCK);
    EXPECT(count_held_by(gort_task_id()) == 1, "%s", text);
    gort_rwmutex_unlock(&t.rw);
    next_holder(&t);
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

CLAIM(a_writer_that_waits_for_readers_names_none)
{
    struct turn t;

    turn_init(&t);
    gort_rwmutex_rlock(&t.rw);
    gort_waitgroup_go(&t.tasks, write_once, &t);
    UNTIL_PARKED(1, PARKED_RWLOCK);
    gort_stack(text, sizeof text, 1);
    EXPECT(strstr(text, "held by") == NULL, "%s", text);
    gort_rwmutex_runlock(&t.rw);
    next_holder(&t);
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

ENDS(a_deadlock_names_the_holder, 2, "[sync.Mutex.Lock, held by task 1]")
{
    gort_mutex m = {0};

    gort_mutex_lock(&m);
    gort_mutex_lock(&m);
}
