/* SPDX-License-Identifier: MIT */
/* holder.c - the stack of a task that waits for a lock says who holds it; not yet while the task is
 * on its way to sleep, for then the list of those who wait is locked. */
#include "config.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"

#define TEXT_BYTES (1 << 18)

static char text[TEXT_BYTES];

/* How often WANTED stands in the stacks of all tasks. */
static int count_in_stacks(const char *wanted)
{
    int n = 0;

    gort_stack(text, sizeof text, 1);
    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at++)
        n++;
    return n;
}

/* How many of all tasks are said to wait for a lock that task ID holds. */
static int count_held_by(uint64_t id)
{
    char nameless[64], named[64];

    snprintf(nameless, sizeof nameless, ", held by task %" PRIu64 "]", id);
    snprintf(named, sizeof named, ", held by task %" PRIu64 " \"", id);
    return count_in_stacks(nameless) + count_in_stacks(named);
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
    EVENTUALLY(count_held_by(gort_task_id()) == 3, "%s", text);
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
    EVENTUALLY(count_held_by(id) == 1, "%s", text);
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
    EVENTUALLY(count_held_by(gort_task_id()) == 1, "%s", text);
    gort_rwmutex_unlock(&t.rw);
    next_holder(&t);
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

static void read_once(void *arg)
{
    struct turn *t = arg;

    gort_rwmutex_rlock(&t->rw);
    gort_rwmutex_runlock(&t->rw);
}

CLAIM(a_reader_names_the_writer)
{
    struct turn t;

    turn_init(&t);
    gort_rwmutex_lock(&t.rw);
    for (int i = 0; i < 3; i++)
        gort_waitgroup_go(&t.tasks, read_once, &t);
    UNTIL_PARKED(3, PARKED_RLOCK);
    EVENTUALLY(count_held_by(gort_task_id()) == 3, "%s", text);
    gort_rwmutex_unlock(&t.rw);
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

static void read_a_turn(void *arg)
{
    struct turn *t = arg;
    uint64_t id = gort_task_id();

    gort_rwmutex_rlock(&t->rw);
    gort_send(t->ids, &id);
    gort_recv(t->go_on, NULL);
    gort_rwmutex_runlock(&t->rw);
}

static void let_one_go(struct turn *t)
{
    gort_send(t->go_on, NULL);
}

CLAIM(a_writer_counts_the_readers_that_are_in)
{
    struct turn t;

    turn_init(&t);
    for (int i = 0; i < 2; i++)
        gort_waitgroup_go(&t.tasks, read_a_turn, &t);
    next_holder(&t);
    next_holder(&t);
    gort_waitgroup_go(&t.tasks, write_once, &t);
    UNTIL_PARKED(1, PARKED_RWLOCK);
    EVENTUALLY(count_in_stacks("RWMutex.Lock, held by 2 readers]") == 1, "%s", text);
    let_one_go(&t);
    EVENTUALLY(count_in_stacks("RWMutex.Lock, held by 1 reader]") == 1, "%s", text);
    let_one_go(&t);
    next_holder(&t);
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

CLAIM(a_reader_behind_a_writer_that_waits_names_that_writer)
{
    struct turn t;
    uint64_t writer;

    turn_init(&t);
    gort_rwmutex_rlock(&t.rw);
    gort_waitgroup_go(&t.tasks, write_once, &t);
    UNTIL_PARKED(1, PARKED_RWLOCK);
    gort_waitgroup_go(&t.tasks, read_once, &t);
    UNTIL_PARKED(1, PARKED_RLOCK);
    EVENTUALLY(count_in_stacks("RWMutex.RLock, held by task ") == 1, "%s", text);
    EXPECT(count_held_by(gort_task_id()) == 0, "%s", text);
    gort_rwmutex_runlock(&t.rw);
    writer = next_holder(&t);
    EXPECT(writer != gort_task_id(), "%" PRIu64, writer);
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

static void take_a_turn_and_leave(void *arg)
{
    struct turn *t = arg;

    take_a_turn(t);
    gort_waitgroup_done(&t->tasks);
}

CLAIM(a_holder_is_named_by_its_name_too)
{
    const gort_attr attr = {.name = "the holder"};
    struct turn t;
    char wanted[64];

    turn_init(&t);
    gort_waitgroup_add(&t.tasks, 1);
    gort_go_with(&attr, take_a_turn_and_leave, &t);
    snprintf(wanted, sizeof wanted, ", held by task %" PRIu64 " \"the holder\"]", next_holder(&t));
    gort_waitgroup_go(&t.tasks, take_a_turn, &t);
    UNTIL_PARKED(1, PARKED_MUTEX);
    EVENTUALLY(count_in_stacks(wanted) == 1, "no %s in %s", wanted, text);
    let_one_go(&t);
    next_holder(&t);
    let_one_go(&t);
    gort_waitgroup_wait(&t.tasks); /* they use what lies on this stack */
}

ENDS(a_deadlock_names_the_holder, 2, "[sync.Mutex.Lock, held by task 1 \"main\"]")
{
    gort_mutex m = {0};

    gort_mutex_lock(&m);
    gort_mutex_lock(&m);
}
