/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcmark.h"

#include <sched.h>
#include <time.h>

#include "base/clock.h"
#include "runtime/gcleak.h"
#include "runtime/gclimiter.h"
#include "runtime/gcpace.h"
#include "runtime/gcpages.h"
#include "runtime/gcparked.h"
#include "runtime/gcroot.h"
#include "runtime/gcsearch.h"
#include "runtime/gcstack.h"
#include "runtime/gcwork.h"
#include "runtime/proc.h"

#define SLICE_BYTES ((uint64_t)64 << 10) /* searched between two looks at the clock: 25-100 us */
#define TURN_NS     NS_PER_MS            /* worked before a marker makes way */
#define GUEST_NS    (NS_PER_MS / 20) /* the same on a processor that tasks may need any moment */
#define REST_MAX_NS (10 * NS_PER_MS)
#define EXPECT_NS   (NS_PER_MS / 4) /* waited for a mark that is about to be opened */

static struct {
    _Atomic(uint32_t) part;     /* enum mark_part, of the crew that is open */
    _Atomic(uint32_t) expected; /* 1: one is going to be opened in a moment */
    _Atomic(uint32_t) pressed; /* 1: the program writes about as fast as pages are searched again */
    size_t nroots;              /* pieces of roots; [owner] of the cycle, read by the crew */
    _Atomic(size_t) npieces;    /* of roots and pages; set as nroots, and asked by who may join */
    _Atomic(size_t) next_piece;
    /* Sums. */
    _Atomic(uint64_t) live_bytes;
    _Atomic(uint64_t) live_objects;
    _Atomic(int64_t) born_bytes;
    _Atomic(uint64_t) heap_bytes;
    _Atomic(int64_t) credit; /* bytes searched beyond what tasks owe; may be below 0 for a moment */
    _Atomic(uint64_t) root_bytes[2];
    _Atomic(uint64_t) thread_ns;
    _Atomic(uint64_t) assist_ns;
    _Atomic(uint64_t) written_pages; /* when they were looked for last; UINT64_MAX: not yet */
} mark;

static enum mark_part part_now(void)
{
    return (enum mark_part)atomic_load_explicit(&mark.part, memory_order_relaxed);
}

static bool is_beside(enum mark_part part)
{
    return part != MARK_ALL && part != MARK_LAST && part != MARK_LEFT;
}

/* Whether the program undoes it meanwhile: it has to be faster. */
static bool is_race(enum mark_part part)
{
    return part == MARK_CLEAN || part == MARK_RENEW || part == MARK_SETTLE;
}

/* ---- sums ---- */

static void add(_Atomic(uint64_t) *sum, uint64_t n)
{
    if (n != 0)
        atomic_fetch_add_explicit(sum, n, memory_order_relaxed);
}

/* What is counted after the end of the part would be lost: before its marker leaves or waits. */
static void publish_sums(struct marker *m)
{
    add(&mark.live_bytes, m->live_bytes);
    add(&mark.live_objects, m->live_objects);
    add(&mark.heap_bytes, m->heap_bytes);
    for (int i = 0; i < 2; i++) {
        add(&mark.root_bytes[i], m->root_bytes[i]);
        m->root_bytes[i] = 0;
    }
    m->live_bytes = m->live_objects = m->heap_bytes = 0;
}

static uint64_t sum(_Atomic(uint64_t) *of)
{
    return atomic_load_explicit(of, memory_order_relaxed);
}

void mark_count_born(int64_t bytes)
{
    atomic_fetch_add_explicit(&mark.born_bytes, bytes, memory_order_relaxed);
}

uint64_t mark_take_credit(uint64_t want)
{
    int64_t there = atomic_load_explicit(&mark.credit, memory_order_relaxed);
    int64_t take = there < (int64_t)want ? there : (int64_t)want;

    if (take <= 0)
        return 0;
    atomic_fetch_sub_explicit(&mark.credit, take, memory_order_relaxed);
    return (uint64_t)take;
}

void mark_give_credit(uint64_t bytes)
{
    atomic_fetch_add_explicit(&mark.credit, (int64_t)bytes, memory_order_relaxed);
}

uint64_t mark_progress(void)
{
    return sum(&mark.heap_bytes);
}

void mark_clear(void)
{
    atomic_store_explicit(&mark.live_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&mark.live_objects, 0, memory_order_relaxed);
    atomic_store_explicit(&mark.born_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&mark.heap_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&mark.credit, 0, memory_order_relaxed);
    atomic_store_explicit(&mark.thread_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&mark.assist_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&mark.written_pages, UINT64_MAX, memory_order_relaxed);
    atomic_store_explicit(&mark.pressed, 0, memory_order_relaxed);
}

void mark_read(struct mark_result *result)
{
    int64_t born = atomic_load_explicit(&mark.born_bytes, memory_order_relaxed);

    *result = (struct mark_result){
        .live_bytes = sum(&mark.live_bytes) + (uint64_t)(born > 0 ? born : 0),
        .live_objects = sum(&mark.live_objects),
        .heap_bytes = sum(&mark.heap_bytes),
        .stack_bytes = sum(&mark.root_bytes[GCROOT_STACKS]) + gcstack_settled_bytes(),
        .globals_bytes = sum(&mark.root_bytes[GCROOT_GLOBALS]),
        .thread_ns = sum(&mark.thread_ns),
        .assist_ns = sum(&mark.assist_ns),
        .written_pages = sum(&mark.written_pages),
    };
}

/* ---- pieces ---- */

/* What a task leads to is marked before the next is looked at: that may wait for it. */
static void scan_left(struct marker *m, size_t i)
{
    size_t end = 0;
    size_t k = gcleak_begin_piece(i, &end, marker_search_root, m);

    for (; k < end; k++)
        if (gcleak_scan(k, marker_search_root, m))
            marker_drain(m, SLICE_BYTES);
}

static void scan_roots(struct marker *m, size_t i)
{
    enum mark_part part = part_now();

    m->root_kind = GCROOT_STACKS;
    switch (part) {
    case MARK_BESIDE:
        gcroot_scan_beside_piece(i, marker_search_root, m);
        break;
    case MARK_RENEW:
        parked_renew(i, marker_search_root, m);
        break;
    case MARK_SETTLE:
        parked_settle(i, marker_search_root, m);
        break;
    case MARK_LEFT:
    case MARK_LEFT_BESIDE:
        scan_left(m, i);
        break;
    case MARK_ALL:
    case MARK_CLEAN:
    case MARK_LAST:
        m->root_kind = gcroot_kind(i);
        gcroot_scan(i, marker_search_root, m);
        break;
    }
}

static void scan_pages(struct marker *m, size_t i)
{
    enum dirty_how how = part_now() == MARK_CLEAN ? DIRTY_RENEW : DIRTY_KEEP;

    add(&mark.written_pages, pages_find(i, how, marker_search_pages, m));
}

static size_t piece_count(void)
{
    return atomic_load_explicit(&mark.npieces, memory_order_relaxed);
}

static bool are_pieces_left(void)
{
    return atomic_load_explicit(&mark.next_piece, memory_order_relaxed) < piece_count();
}

static bool take_piece(struct marker *m)
{
    size_t i = 0;

    if (!are_pieces_left())
        return false;
    i = atomic_fetch_add_explicit(&mark.next_piece, 1, memory_order_relaxed);
    if (i >= piece_count())
        return false;
    if (i < mark.nroots)
        scan_roots(m, i);
    else
        scan_pages(m, i - mark.nroots);
    return true;
}

static bool take_buffer(struct marker *m)
{
    struct workbuf *b = work_get_full();

    if (b == NULL)
        return false;
    marker_take(m, b);
    return true;
}

/* ---- the crew's loop ---- */

/* Searches until there is nothing to take, but for about MOST_NS at most. Whether there is more. */
static bool work_a_turn(struct marker *m, int64_t most_ns)
{
    int64_t start_ns = clock_mono_ns();
    int64_t start_cpu_ns = clock_thread_cpu_ns();
    bool more = true;

    for (;;) {
        if (marker_drain(m, SLICE_BYTES))
            more = take_piece(m) || take_buffer(m);
        if (!more || clock_mono_ns() - start_ns >= most_ns)
            break;
    }
    mark_give_credit(m->heap_bytes);
    publish_sums(m);
    add(&mark.thread_ns, (uint64_t)(clock_mono_ns() - start_ns));
    limiter_count_marker((uint64_t)(clock_thread_cpu_ns() - start_cpu_ns));
    return more;
}

/* Idle procs that no marker with a share of its own makes up for. */
static bool is_proc_idle_for(uint32_t i)
{
    uint32_t idle = atomic_load_explicit(&sched.nidle_procs, memory_order_relaxed);

    return idle > i;
}

static bool is_pressed(void)
{
    return atomic_load_explicit(&mark.pressed, memory_order_relaxed) != 0;
}

/* How much of its time the marker I may work whatever the program does, in thousandths. */
static uint32_t share_of(uint32_t i)
{
    if (!is_beside(part_now()) || (is_race(part_now()) && (i == 0 || is_pressed())))
        return 1000;
    return pace_marker_share(atomic_load_explicit(&sched.nprocs, memory_order_relaxed), i);
}

/* Whether the marker I works where tasks would if there were any. Then it makes way after each
 * moment: a worker that is woken for one may be waiting for this processor, and as long as others
 * are content the kernel leaves it waiting for some ms. */
static bool is_guest(uint32_t i)
{
    return is_beside(part_now()) && is_proc_idle_for(i);
}

static void nap(int64_t ns)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
}

/* After a turn: lets the program have the processor for as long as SHARE demands. What the marker
 * has found others can take meanwhile. */
static void rest(struct marker *m, uint32_t share)
{
    int64_t ns = TURN_NS * (1000 - share) / share;

    marker_fini(m);
    publish_sums(m);
    nap(ns < REST_MAX_NS ? ns : REST_MAX_NS);
    marker_init(m);
}

/* A member of the crew, until the end of the part. True if it has left before, having no share. */
static bool work_to_the_end(uint32_t i)
{
    struct marker m;

    marker_init(&m);
    do {
        while (work_a_turn(&m, is_guest(i) ? GUEST_NS : TURN_NS)) {
            uint32_t share = share_of(i);

            if (is_guest(i)) {
                sched_yield();
                continue;
            }
            if (share == 0) {
                marker_fini(&m);
                publish_sums(&m);
                crew_leave();
                return true;
            }
            if (share < 1000)
                rest(&m, share);
        }
    } while (crew_wait());
    marker_fini(&m);
    return false;
}

/* A mark is about to be opened in a stop: the helper that was woken for it is there when it is.
 * Whether it was opened in that time. */
static bool await_opening(void)
{
    int64_t end_ns = clock_mono_ns() + EXPECT_NS;

    while (!crew_is_open() && atomic_load_explicit(&mark.expected, memory_order_relaxed) != 0 &&
           clock_mono_ns() < end_ns)
        sched_yield();
    return crew_is_open();
}

bool mark_help(uint32_t i)
{
    if (!crew_is_open() && !await_opening())
        return true;
    if ((share_of(i) == 0 && !is_guest(i)) || (crew_join() && work_to_the_end(i)))
        return false;
    return true;
}

/* Tasks may be needed for the written pages: without them the program may write more of these than
 * the markers can search in their share of the time. */
static bool take_pages(struct marker *m)
{
    return part_now() == MARK_CLEAN && take_piece(m);
}

static bool is_work_for_assists(void)
{
    return work_is_there() || (part_now() == MARK_CLEAN && are_pieces_left());
}

uint64_t mark_assist(uint64_t bytes)
{
    int64_t start_ns = clock_mono_ns();
    struct marker m;
    uint64_t done = 0;
    int64_t start_cpu_ns = clock_thread_cpu_ns();
    uint64_t cpu_ns = 0;

    if (!is_work_for_assists()) {
        work_ask();
        return 0;
    }
    if (!crew_join())
        return 0;
    marker_init(&m);
    while (m.heap_bytes < bytes && (take_buffer(&m) || take_pages(&m)))
        if (m.heap_bytes < bytes)
            marker_drain(&m, bytes - m.heap_bytes);
    done = m.heap_bytes;
    marker_fini(&m);
    publish_sums(&m);
    add(&mark.assist_ns, (uint64_t)(clock_mono_ns() - start_ns));
    cpu_ns = (uint64_t)(clock_thread_cpu_ns() - start_cpu_ns);
    limiter_count_kept(cpu_ns);
    limiter_count_marker(cpu_ns);
    crew_leave();
    return done;
}

/* ---- the owner's side ---- */

static size_t prepare_pages(enum mark_part part)
{
    uint64_t before = atomic_exchange_explicit(&mark.written_pages, 0, memory_order_relaxed);

    return part == MARK_LAST ? pages_prepare_stopped() : pages_prepare_beside(before);
}

static void prepare(enum mark_part part)
{
    size_t npages = 0;

    mark.nroots = 0;
    switch (part) {
    case MARK_ALL:
        mark.nroots = gcroot_prepare(GCROOT_ALL);
        break;
    case MARK_BESIDE:
        mark.nroots = gcroot_beside_pieces();
        break;
    case MARK_CLEAN:
        npages = prepare_pages(part);
        break;
    case MARK_RENEW:
        mark.nroots = parked_renew_pieces();
        break;
    case MARK_SETTLE:
        mark.nroots = parked_settle_pieces();
        break;
    case MARK_LAST:
        mark.nroots = gcroot_prepare(GCROOT_CHANGED);
        npages = prepare_pages(part);
        break;
    case MARK_LEFT:
    case MARK_LEFT_BESIDE:
        mark.nroots = gcleak_pieces();
        break;
    }
    atomic_store_explicit(&mark.npieces, mark.nroots + npages, memory_order_relaxed);
    for (int i = 0; i < 2; i++)
        atomic_store_explicit(&mark.root_bytes[i], 0, memory_order_relaxed);
    atomic_store_explicit(&mark.next_piece, 0, memory_order_relaxed);
    atomic_store_explicit(&mark.part, part, memory_order_relaxed);
}

/* What only the owner can search, and the world runs on. */
static void search_modules(void)
{
    struct marker m;

    marker_init(&m);
    m.root_kind = GCROOT_GLOBALS;
    gcroot_scan_beside(marker_search_root, &m);
    marker_fini(&m);
    publish_sums(&m);
}

void mark_press(void)
{
    atomic_store_explicit(&mark.pressed, 1, memory_order_relaxed);
}

void mark_expect(void (*wake)(void))
{
    atomic_store_explicit(&mark.expected, 1, memory_order_relaxed);
    wake();
}

void mark_run(enum mark_part part, void (*wake)(void))
{
    prepare(part);
    crew_open();
    atomic_store_explicit(&mark.expected, 0, memory_order_relaxed);
    wake();
    if (part == MARK_BESIDE)
        search_modules();
    work_to_the_end(0);
    crew_disband();
}

bool mark_try(int64_t most_ns)
{
    struct marker m;
    bool more = false;

    prepare(MARK_ALL);
    marker_init(&m);
    more = work_a_turn(&m, most_ns);
    marker_fini(&m);
    return !more;
}

void mark_begin_beside(void)
{
    struct marker m;

    marker_init(&m);
    m.root_kind = GCROOT_STACKS;
    gcroot_begin_beside(marker_search_root, &m);
    marker_fini(&m);
    publish_sums(&m);
}
