/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcwork.h"

#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "base/check.h"
#include "runtime/cycles.h"
#include "runtime/fatal.h"
#include "runtime/lock.h"
#include "runtime/sysmem.h"

#define BUFFERS_AT_ONCE ((size_t)16)
#define SPINS           200
#define YIELDS          (SPINS + 100)
#define NAP_NS          20000 /* others may search for long yet, beside the program */

#define CREW_OPEN   UINT32_C(0x80000000)
#define CREW_JOINED UINT32_C(0x00010000) /* one marker more */
#define CREW_IDLE   UINT32_C(0x00000001)

_Static_assert(sizeof(struct workbuf) <= WORKBUF_BYTES, "a buffer of grey objects is a page");

static struct {
    struct lock lock;
    struct workbuf *empty;   /* [lock:lock] */
    struct workbuf *full;    /* [lock:lock] */
    _Atomic(uint32_t) nfull; /* changed under the lock */
    _Atomic(uint32_t)
        asked; /* 1: who is no marker found nothing; since the last buffer was shared */
    _Atomic(uint32_t) crew;
    _Atomic(uint32_t) gone; /* members that have seen the end */
} work = {.lock = LOCK_INIT(RANK_GCWORK)};

/* ---- the pool ---- */

static void more_buffers_locked(void)
{
    char *p = sys_map(BUFFERS_AT_ONCE * WORKBUF_BYTES, SYS_GC);

    if (p == NULL)
        gort_fatal("out of memory: no room for the collector's work");
    for (size_t i = 0; i < BUFFERS_AT_ONCE; i++) {
        struct workbuf *b = (struct workbuf *)(void *)(p + i * WORKBUF_BYTES);

        b->next = work.empty;
        work.empty = b;
    }
}

struct workbuf *work_get_empty(void)
{
    struct workbuf *b = NULL;

    lock_take(&work.lock);
    if (work.empty == NULL)
        more_buffers_locked();
    b = work.empty;
    work.empty = b->next;
    lock_release(&work.lock);
    b->n = 0;
    b->raw = false;
    return b;
}

static void count_full_locked(uint32_t n)
{
    uint32_t before = atomic_load_explicit(&work.nfull, memory_order_relaxed);

    /* Sequential consistency: ordered with the crew word, see the header. */
    atomic_store_explicit(&work.nfull, before + n, memory_order_seq_cst);
}

struct workbuf *work_get_full(void)
{
    struct workbuf *b = NULL;

    if (!work_is_there())
        return NULL;
    lock_take(&work.lock);
    b = work.full;
    if (b != NULL) {
        work.full = b->next;
        count_full_locked((uint32_t)-1);
    }
    lock_release(&work.lock);
    return b;
}

void work_put(struct workbuf *b)
{
    lock_take(&work.lock);
    if (b->n == 0) {
        b->next = work.empty;
        work.empty = b;
    } else {
        b->next = work.full;
        work.full = b;
        count_full_locked(1);
    }
    lock_release(&work.lock);
}

void work_ask(void)
{
    atomic_store_explicit(&work.asked, 1, memory_order_relaxed);
}

void work_share(struct workbuf *b)
{
    struct workbuf *other = work_get_empty();
    uint32_t give = b->n / 2;

    for (uint32_t i = 0; i < give; i++)
        other->grey[i] = b->grey[i];
    for (uint32_t i = give; i < b->n; i++)
        b->grey[i - give] = b->grey[i];
    other->n = give;
    b->n -= give;
    atomic_store_explicit(&work.asked, 0, memory_order_relaxed);
    work_put(other);
}

bool work_is_there(void)
{
    return atomic_load_explicit(&work.nfull, memory_order_seq_cst) != 0;
}

/* ---- the crew ---- */

static uint32_t idle_of(uint32_t crew)
{
    return crew & (CREW_JOINED - 1);
}

static uint32_t joined_of(uint32_t crew)
{
    return (crew & ~CREW_OPEN) / CREW_JOINED;
}

bool work_is_wanted(void)
{
    return idle_of(atomic_load_explicit(&work.crew, memory_order_relaxed)) != 0 ||
           atomic_load_explicit(&work.asked, memory_order_relaxed) != 0;
}

static bool change(uint32_t *from, uint32_t to)
{
    return atomic_compare_exchange_strong_explicit(&work.crew, from, to, memory_order_seq_cst,
                                                   memory_order_seq_cst);
}

void crew_open(void)
{
    CHECK((atomic_load_explicit(&work.crew, memory_order_relaxed) & CREW_OPEN) == 0);
    atomic_store_explicit(&work.gone, 0, memory_order_relaxed);
    atomic_store_explicit(&work.crew, CREW_OPEN + CREW_JOINED, memory_order_seq_cst);
}

bool crew_join(void)
{
    uint32_t crew = atomic_load_explicit(&work.crew, memory_order_seq_cst);

    while ((crew & CREW_OPEN) != 0)
        if (change(&crew, crew + CREW_JOINED))
            return true;
    return false;
}

void crew_leave(void)
{
    atomic_fetch_sub_explicit(&work.crew, CREW_JOINED, memory_order_seq_cst);
}

bool crew_is_open(void)
{
    return (atomic_load_explicit(&work.crew, memory_order_relaxed) & CREW_OPEN) != 0;
}

static void pause_a_little(int *round)
{
    if (++*round < SPINS)
        cpu_relax();
    else if (*round < YIELDS)
        sched_yield();
    else
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

/* One look while idle: 1 there is work, 0 the mark is over, -1 neither. */
static int look(void)
{
    uint32_t crew = atomic_load_explicit(&work.crew, memory_order_seq_cst);

    if ((crew & CREW_OPEN) == 0)
        return 0;
    if (work_is_there())
        return change(&crew, crew - CREW_IDLE) ? 1 : -1;
    /* Who left since had given its work before: it would have been seen. */
    if (idle_of(crew) == joined_of(crew))
        return change(&crew, crew & ~CREW_OPEN) ? 0 : -1;
    return -1;
}

bool crew_wait(void)
{
    int round = 0;
    int seen = -1;

    atomic_fetch_add_explicit(&work.crew, CREW_IDLE, memory_order_seq_cst);
    while ((seen = look()) < 0)
        pause_a_little(&round);
    if (seen == 0)
        /* Release: pairs with the acquire in crew_disband: the member's marks and counts. */
        atomic_fetch_add_explicit(&work.gone, 1, memory_order_release);
    return seen != 0;
}

void crew_disband(void)
{
    uint32_t crew = atomic_load_explicit(&work.crew, memory_order_relaxed);
    int round = 0;

    while (atomic_load_explicit(&work.gone, memory_order_acquire) != joined_of(crew))
        pause_a_little(&round);
}
