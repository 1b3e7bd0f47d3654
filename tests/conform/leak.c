/* SPDX-License-Identifier: MIT */
/* leak.c - which tasks the collector proves to be leaked, whatever they wait for. What keeps a task
 * from being one is leakreach.c.
 * The search of stacks is conservative and may reach a few by chance, so leaks are claimed of the
 * most of many. */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"
#include "tests/support/leaker.h"

static int64_t find(void)
{
    return gort_find_leaks();
}

/* MANY tasks that wait in WAIT, each for something of its own, are found to be leaked. */
static void expect_leaked(void (*wait)(void *box), enum conform_wait why)
{
    int64_t before = gort_leaked_tasks();
    int parked = conform_parked(why);

    leaker_spawn(wait, NULL);
    UNTIL_PARKED(parked + LEAKER_MANY, why);
    EVENTUALLY(find() >= before + LEAKER_MOST, "%d of %d are leaked",
               (int)(gort_leaked_tasks() - before), LEAKER_MANY);
}

/* ---- channels ------------------------------------------------------------------------------- */

static void send(void *box)
{
    int value = 1;

    gort_send(((struct leaker_box *)box)->chan, &value);
}

static void receive(void *box)
{
    gort_recv(((struct leaker_box *)box)->chan, NULL);
}

static void receive_until_cancelled(void *box)
{
    gort_ctx *ctx = gort_ctx_with_cancel(gort_ctx_background());

    EXPECT(gort_recv_ctx(((struct leaker_box *)box)->chan, NULL, ctx) == 0, "it goes on");
}

static void choose(gort_chan *c, size_t n)
{
    gort_case cases[20];

    for (size_t i = 0; i < n; i++)
        cases[i] = (gort_case)GORT_RECV(i % 2 == 0 ? c : gort_chan_new(0, 0), NULL);
    EXPECT(gort_select(cases, n) < 0, "it goes on");
}

static void choose_of_few(void *box)
{
    choose(((struct leaker_box *)box)->chan, 3);
}

static void choose_of_many(void *box)
{
    choose(((struct leaker_box *)box)->chan, 20);
}

CLAIM(one_that_sends_where_nobody_receives)
{
    expect_leaked(send, PARKED_SEND);
}

CLAIM(one_that_receives_where_nobody_sends)
{
    expect_leaked(receive, PARKED_RECV);
}

CLAIM(one_that_selects_among_channels_that_nobody_has)
{
    expect_leaked(choose_of_few, PARKED_SELECT);
    expect_leaked(choose_of_many, PARKED_SELECT);
    expect_leaked(receive_until_cancelled, PARKED_SELECT);
}

static void receive_from_none(void *box)
{
    (void)box;
    gort_recv(NULL, NULL);
}

static void choose_of_none(void *box)
{
    (void)box;
    gort_select(NULL, 0);
}

CLAIM(one_that_waits_for_nothing_at_all)
{
    int64_t before = find();

    leaker_spawn(receive_from_none, NULL);
    leaker_spawn(choose_of_none, NULL);
    EVENTUALLY(find() >= before + 2 * LEAKER_MOST, "%d are leaked",
               (int)(gort_leaked_tasks() - before));
}

/* ---- locks and what counts ------------------------------------------------------------------ */

static void lock_twice(void *box)
{
    struct leaker_box *b = box;

    gort_mutex_lock(&b->mutex);
    gort_mutex_lock(&b->mutex);
}

static void write_while_reading(void *box)
{
    struct leaker_box *b = box;

    gort_rwmutex_rlock(&b->rwmutex);
    gort_rwmutex_lock(&b->rwmutex);
}

static void read_while_writing(void *box)
{
    struct leaker_box *b = box;

    gort_rwmutex_lock(&b->rwmutex);
    gort_rwmutex_rlock(&b->rwmutex);
}

static void await_signal(void *box)
{
    struct leaker_box *b = box;

    gort_mutex_lock(&b->mutex);
    gort_cond_wait(&b->cond, &b->mutex);
}

static void acquire(void *box)
{
    struct leaker_box *b = box;

    gort_sem_init(&b->sem, 2);
    gort_sem_acquire(&b->sem, 2);
    gort_sem_acquire(&b->sem, 1);
}

static void acquire_too_much(void *box)
{
    struct leaker_box *b = box;

    gort_sem_init(&b->sem, 1);
    gort_sem_acquire(&b->sem, 2);
}

static void acquire_until_cancelled(void *box)
{
    struct leaker_box *b = box;

    gort_sem_init(&b->sem, 1);
    gort_sem_acquire(&b->sem, 1);
    EXPECT(gort_sem_acquire_ctx(&b->sem, 1, gort_ctx_with_cancel(gort_ctx_background())) == 0,
           "it goes on");
}

static void await_group(void *box)
{
    struct leaker_box *b = box;

    gort_waitgroup_add(&b->waitgroup, 1);
    gort_waitgroup_wait(&b->waitgroup);
}

static void do_again(void *box)
{
    gort_once_do(&((struct leaker_box *)box)->once, do_again, box);
}

CLAIM(one_that_waits_for_a_lock_that_nobody_will_let_go)
{
    expect_leaked(lock_twice, PARKED_MUTEX);
    expect_leaked(write_while_reading, PARKED_RWLOCK);
    expect_leaked(read_while_writing, PARKED_RLOCK);
    expect_leaked(do_again, PARKED_ONCE);
}

CLAIM(one_that_waits_for_a_condition_a_semaphore_or_a_group)
{
    expect_leaked(await_signal, PARKED_COND);
    expect_leaked(acquire, PARKED_SEM);
    expect_leaked(acquire_too_much, PARKED_SEM);
    expect_leaked(acquire_until_cancelled, PARKED_SEM);
    expect_leaked(await_group, PARKED_WAITGROUP);
}

/* ---- one that others wait for --------------------------------------------------------------- */

/* Would hand on what it receives, if it did. */
static void hand_down(void *arg)
{
    struct leaker_link *link = arg;
    int value = 0;

    while (gort_recv(link->own->chan, &value) == 1 && link->next != NULL)
        gort_send(link->next->chan, &value);
}

CLAIM(those_that_wait_for_leaked_ones)
{
    int64_t before = gort_leaked_tasks();
    int parked = conform_parked(PARKED_RECV);

    leaker_spawn_chain(hand_down, LEAKER_FORWARD, NULL);
    leaker_spawn_chain(hand_down, LEAKER_BACKWARD, NULL);
    UNTIL_PARKED(parked + 2 * LEAKER_MANY, PARKED_RECV);
    EVENTUALLY(find() >= before + 2 * LEAKER_MOST, "%d are leaked",
               (int)(gort_leaked_tasks() - before));
}

static void wait_and_keep(void *box)
{
    struct leaker_box *b = box;
    struct leaker_box *other = leaker_box_new();

    b->other = other;
    gort_recv(b->chan, NULL);
    EXPECT(gort_chan_len(other->chan) == 0, "nothing is sent");
}

/* The box of another task, which is leaked already, by the time this one waits for it. */
static void wait_for_the_other(void *arg)
{
    struct leaker_box *b = arg;

    gort_recv(b->other->chan, NULL);
}

CLAIM(those_that_come_to_wait_for_what_a_leaked_one_keeps)
{
    int64_t before = 0;
    int parked = conform_parked(PARKED_RECV);

    leaker_spawn(wait_and_keep, leaker_keep_static);
    UNTIL_PARKED(parked + LEAKER_MANY, PARKED_RECV);
    before = find();
    leaker_spawn_with_kept(wait_for_the_other);
    leaker_drop_static();
    UNTIL_PARKED(parked + 2 * LEAKER_MANY, PARKED_RECV);
    EVENTUALLY(find() >= before + 2 * LEAKER_MOST, "%d are leaked",
               (int)(gort_leaked_tasks() - before));
}

/* ---- what is told of them ------------------------------------------------------------------- */

#define KINDS_MAX 256

static gort_leak kinds[KINDS_MAX];

/* The kind that waits in the function FN; without tasks if there is none. */
static gort_leak kind_of(void (*fn)(void *box))
{
    int n = gort_read_leaks(kinds, KINDS_MAX);

    for (int i = 0; i < n && i < KINDS_MAX; i++)
        if (kinds[i].start_fn == (uintptr_t)fn)
            return kinds[i];
    return (gort_leak){0};
}

static void wait_to_be_told(void *box)
{
    gort_recv(((struct leaker_box *)box)->chan, NULL);
}

CLAIM(they_are_told_by_kind_and_counted_once)
{
    int64_t begin_ns = gort_now();
    gort_leak first, last;

    expect_leaked(wait_to_be_told, PARKED_RECV);
    first = kind_of(wait_to_be_told);
    if (first.tasks == 0) {
        EXPECT(LEAKER_MOST == 0, "no such kind");
        return;
    }
    EXPECT(first.tasks >= LEAKER_MOST && first.tasks <= LEAKER_MANY, "%d tasks", (int)first.tasks);
    EXPECT(strcmp(first.reason, "chan receive") == 0, "they wait for %s", first.reason);
    EXPECT(first.spawn_pc != 0 && first.wait_pc > (uintptr_t)wait_to_be_told,
           "spawned at %p, wait at %p", (void *)first.spawn_pc, (void *)first.wait_pc);
    EXPECT(conform_is_deterministic() ||
               (first.proven_ns >= begin_ns && first.proven_ns <= gort_now()),
           "proven %lld ns after the claim began", (long long)(first.proven_ns - begin_ns));
    for (int i = 0; i < 3; i++)
        find();
    last = kind_of(wait_to_be_told);
    EXPECT(last.tasks > 0 && last.tasks <= LEAKER_MANY, "%d tasks", (int)last.tasks);
    EXPECT(last.proven_ns == first.proven_ns, "proven anew");
}

enum { ENDED, READS, IS_TO_END };

static _Atomic(int) reader;

static void read_all_the_time(void *arg)
{
    gort_leak leak[2];

    (void)arg;
    while (atomic_load_explicit(&reader, memory_order_relaxed) == READS)
        gort_read_leaks(leak, 2);
    atomic_store_explicit(&reader, ENDED, memory_order_relaxed);
}

static void wait_to_be_read_of(void *box)
{
    gort_recv(((struct leaker_box *)box)->chan, NULL);
}

/* Wherever a search stops it. */
CLAIM(they_can_be_told_while_others_are_found)
{
    atomic_store_explicit(&reader, READS, memory_order_relaxed);
    gort_go(read_all_the_time, NULL);
    for (int i = 0; i < 3; i++)
        expect_leaked(wait_to_be_read_of, PARKED_RECV);
    atomic_store_explicit(&reader, IS_TO_END, memory_order_relaxed);
    EVENTUALLY(atomic_load_explicit(&reader, memory_order_relaxed) == ENDED, "it still reads");
}

static size_t occurrences(const char *text, const char *what)
{
    size_t n = 0;

    for (text = strstr(text, what); text != NULL; text = strstr(text + 1, what))
        n++;
    return n;
}

CLAIM(dumps_say_so)
{
    static char text[1 << 20];
    int64_t known = find();

    gort_stack(text, sizeof text, 1);
    EXPECT(known == 0 || occurrences(text, " (leaked)") > 0, "%d are leaked, none in %.200s",
           (int)known, text);
}

/* ---- what stays ----------------------------------------------------------------------------- */

static void keep_words(void *box)
{
    struct leaker_box *b = box;

    b->words = gort_alloc_noscan(4096);
    memset(b->words, 0x77, 4096);
    gort_recv(b->chan, NULL);
    EXPECT(b->words[4095] == 0x77, "it is never read");
}

CLAIM(they_and_what_they_refer_to_live_on)
{
    expect_leaked(keep_words, PARKED_RECV);
    for (int i = 0; i < 3; i++)
        gort_gc();
    EXPECT(leaker_hidden_words() == 0, "%d of their objects are gone", leaker_hidden_words());
}
