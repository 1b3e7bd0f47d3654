/* SPDX-License-Identifier: MIT */
/* Each direction has one word. NOTHING; EVENT: one came and nobody has used it; WAITING: a task is
 * about to park; or the task that is parked. Only the one user of a direction goes from NOTHING to
 * WAITING and on to the task; events, deadlines and the close take it back, by compare-and-swap,
 * and who takes a task out readies it. */
#include "config.h"

#include "runtime/polldesc.h"

#include <stdatomic.h>
#include <sys/epoll.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/alloc.h"
#include "runtime/netpoll.h"
#include "runtime/sched.h"

#define RECORDS_PER_BLOCK 256u
#define BLOCKS_MAX        4096u

static const uintptr_t NOTHING = 0;
static const uintptr_t EVENT = 1;
static const uintptr_t WAITING = 2;

struct polldesc {
    _Alignas(CACHE_LINE_BYTES) _Atomic(uintptr_t) word[POLL_DIRECTIONS]; /* [atomic] */
    _Atomic(uint32_t) generation; /* grows with every use; [atomic] */
    _Atomic(uint32_t) closing;    /* 1: nobody may wait; [atomic] */
    _Atomic(void *) owner;        /* kept alive while open; NULL: not in use; [atomic] */
};

struct block {
    struct polldesc record[RECORDS_PER_BLOCK];
};

/* Objects of the collected heap, found by the collector from here. */
static _Atomic(struct block *) blocks[BLOCKS_MAX];

/* A wait with a deadline; lies on the stack of the task that waits. */
struct poll_wait {
    _Atomic(uintptr_t) *word;
    int64_t deadline_ns;
};

/* ---- records -------------------------------------------------------------------------------- */

/* The record of FD, if there ever was one. */
static struct polldesc *find_record(uint32_t fd)
{
    struct block *b;

    if (fd / RECORDS_PER_BLOCK >= BLOCKS_MAX)
        return NULL;
    /* Acquire: pairs with the release in make_record. */
    b = atomic_load_explicit(&blocks[fd / RECORDS_PER_BLOCK], memory_order_acquire);
    return b == NULL ? NULL : &b->record[fd % RECORDS_PER_BLOCK];
}

/* As find_record, and makes its block. NULL: the number is out of range. */
static struct polldesc *make_record(uint32_t fd)
{
    struct block *none = NULL;
    struct block *b;

    if (fd / RECORDS_PER_BLOCK >= BLOCKS_MAX || find_record(fd) != NULL)
        return find_record(fd);
    b = heap_alloc(sizeof *b, ALLOC_SCAN, 0);
    /* If another task was faster, its block is the one, and ours is garbage. */
    atomic_compare_exchange_strong_explicit(&blocks[fd / RECORDS_PER_BLOCK], &none, b,
                                            memory_order_release, memory_order_relaxed);
    return find_record(fd);
}

int polldesc_open(int fd, void *owner, struct polldesc **out)
{
    struct polldesc *pd = make_record((uint32_t)fd);
    uint32_t generation;
    void *former;
    int rc;

    if (pd == NULL)
        return GORT_EMFILE;
    former = atomic_exchange_explicit(&pd->owner, owner, memory_order_relaxed);
    CHECK(former == NULL);
    generation = 1 + atomic_fetch_add_explicit(&pd->generation, 1, memory_order_relaxed);
    atomic_store_explicit(&pd->word[POLL_READ], NOTHING, memory_order_relaxed);
    atomic_store_explicit(&pd->word[POLL_WRITE], NOTHING, memory_order_relaxed);
    atomic_store_explicit(&pd->closing, 0, memory_order_relaxed);
    rc = netpoll_add(fd, (uint64_t)generation << 32 | (uint32_t)fd);
    if (rc != GORT_OK)
        atomic_store_explicit(&pd->owner, NULL, memory_order_relaxed);
    *out = pd;
    return rc;
}

void polldesc_close(struct polldesc *pd, int fd)
{
    DCHECK(find_record((uint32_t)fd) == pd);
    DCHECK(atomic_load_explicit(&pd->closing, memory_order_relaxed) == 1);
    netpoll_remove(fd);
    atomic_store_explicit(&pd->owner, NULL, memory_order_relaxed);
}

/* ---- waking --------------------------------------------------------------------------------- */

/* Takes the word's waiting task out, if there is one, and leaves what is to be found there. A task
 * that is about to park finds that it need not. */
static struct task *take_task(_Atomic(uintptr_t) *word, uintptr_t leave)
{
    uintptr_t old = atomic_load_explicit(word, memory_order_seq_cst);

    do {
        if (old == EVENT || (old == NOTHING && leave == NOTHING))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(word, &old, leave, memory_order_seq_cst,
                                                    memory_order_seq_cst));
    if (old == NOTHING || old == WAITING)
        return NULL;
    netpoll_count_waiter(-1);
    return (struct task *)old;
}

static void collect(struct polldesc *pd, enum poll_direction dir, struct taskq *ready)
{
    struct task *t = take_task(&pd->word[dir], EVENT);

    if (t == NULL)
        return;
    t->wake_value = GORT_OK;
    taskq_push(ready, t);
}

void polldesc_event(uint64_t key, uint32_t events, struct taskq *ready)
{
    struct polldesc *pd = find_record((uint32_t)key);

    /* A generation that changes right after this look does no harm: the new user's next system call
     * would block, and it waits again. */
    if (pd == NULL ||
        atomic_load_explicit(&pd->generation, memory_order_relaxed) != (uint32_t)(key >> 32))
        return;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        collect(pd, POLL_READ, ready);
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
        collect(pd, POLL_WRITE, ready);
}

static void evict(struct polldesc *pd, enum poll_direction dir)
{
    struct task *t = take_task(&pd->word[dir], NOTHING);

    if (t != NULL)
        sched_ready(t, GORT_OK);
}

void polldesc_evict(struct polldesc *pd)
{
    /* Sequential consistency: pairs with start_wait, which says that it waits before it reads this;
     * here it is the other way round, and one of the two sees the other. */
    atomic_store_explicit(&pd->closing, 1, memory_order_seq_cst);
    evict(pd, POLL_READ);
    evict(pd, POLL_WRITE);
}

static void poll_time_out(void *arg)
{
    struct task *t = take_task(arg, NOTHING);

    if (t != NULL)
        sched_ready_last(t, GORT_OK);
}

/* ---- waiting -------------------------------------------------------------------------------- */

void polldesc_reset(struct polldesc *pd, enum poll_direction dir)
{
    atomic_store_explicit(&pd->word[dir], NOTHING, memory_order_seq_cst);
}

/* Whether there is something to wait for: the word is WAITING then. */
static bool start_wait(struct polldesc *pd, _Atomic(uintptr_t) *word)
{
    uintptr_t old = NOTHING;

    if (!atomic_compare_exchange_strong_explicit(word, &old, WAITING, memory_order_seq_cst,
                                                 memory_order_seq_cst)) {
        CHECK(old == EVENT);
        return false;
    }
    return atomic_load_explicit(&pd->closing, memory_order_seq_cst) == 0;
}

/* The timer is armed first: once the task stands in the word it may go on, and disarm it. Once it
 * is armed it may fire, but the task does not go on before this function returns false or puts it
 * into the word. */
static bool commit_wait(struct task *t, void *arg)
{
    const struct poll_wait *wait = arg;
    _Atomic(uintptr_t) *word = wait->word;
    uintptr_t old = WAITING;

    if (wait->deadline_ns != GORT_FOREVER)
        timer_arm(&t->timer, wait->deadline_ns, poll_time_out, word);
    netpoll_count_waiter(1);
    if (atomic_compare_exchange_strong_explicit(word, &old, (uintptr_t)t, memory_order_seq_cst,
                                                memory_order_seq_cst))
        return true;
    netpoll_count_waiter(-1);
    return false;
}

int polldesc_wait(struct polldesc *pd, enum poll_direction dir, int64_t deadline_ns, uintptr_t pc)
{
    struct poll_wait wait = {.word = &pd->word[dir], .deadline_ns = deadline_ns};
    uintptr_t found;

    if (start_wait(pd, wait.word)) {
        sched_park(WAIT_IO, pc, commit_wait, &wait);
        if (deadline_ns != GORT_FOREVER)
            timer_disarm(&task_self()->timer);
    }
    found = atomic_exchange_explicit(wait.word, NOTHING, memory_order_seq_cst);
    if (atomic_load_explicit(&pd->closing, memory_order_seq_cst) != 0)
        return GORT_ECLOSED;
    if (found == EVENT)
        return GORT_OK;
    CHECK(deadline_ns != GORT_FOREVER);
    return GORT_ETIMEDOUT;
}
