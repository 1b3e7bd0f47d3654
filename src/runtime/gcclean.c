/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcclean.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "runtime/debug.h"
#include "runtime/gc.h"
#include "runtime/gcdirty.h"
#include "runtime/gclog.h"
#include "runtime/gcmark.h"
#include "runtime/gcparked.h"
#include "runtime/gcthread.h"

#define FEW_PAGES  64u   /* written ones: the last stop can do with them */
#define FEW_TASKS  1024u /* that have run: as FEW_PAGES */
#define ROUNDS_MAX 16u
#define LATE_MAX   4u              /* rounds that are repeated because they took long */
#define LATE_NS    (NS_PER_MS / 2) /* off the processor: what is written meanwhile is little yet */

/* How the program is kept from undoing a mark faster than it is done. */
enum pressure {
    PRESSURE_NONE,
    PRESSURE_MARKERS, /* all of them work as much as they can */
    PRESSURE_BRAKE,   /* who allocates searches as much as is written meanwhile */
    PRESSURE_STOP,    /* who allocates waits for the end */
};

/* How much there was to look at again in the last round. */
struct rest {
    uint64_t pages;
    uint64_t tasks;
    enum pressure pressure;
    unsigned late; /* rounds that found little, but said little of what there is by now */
};

/* Whether N is not much less than BEFORE. */
static bool is_still(uint64_t n, uint64_t before)
{
    return n > before - before / 4;
}

/* N pages were written while BEFORE of them were searched, and ALLOCATED bytes of objects: presses
 * harder if that is going to take too long. */
static void press(struct rest *rest, uint64_t n, uint64_t before, uint64_t allocated)
{
    if (n <= before / 2)
        return;
    if (rest->pressure < PRESSURE_BRAKE ||
        (rest->pressure == PRESSURE_BRAKE && is_still(n, before)))
        rest->pressure++;
    if (rest->pressure == PRESSURE_MARKERS)
        mark_press();
    else if (rest->pressure == PRESSURE_BRAKE)
        gc_brake(n * DIRTY_PAGE_BYTES, allocated);
    else
        gc_hold_up();
}

/* Searches the pages that were written since the last round; how many. *IS_LATE: the owner was off
 * its processor meanwhile. Then the program has had time to write more than there was to find. */
static uint64_t look_again(struct gc_cycle *log, bool *is_late)
{
    int64_t start_ns = clock_mono_ns();
    int64_t start_cpu_ns = clock_thread_cpu_ns();
    struct mark_result mark;
    int64_t off_ns = 0;

    mark_run(MARK_CLEAN, gcthread_wake_markers);
    off_ns = clock_mono_ns() - start_ns - (clock_thread_cpu_ns() - start_cpu_ns);
    *is_late = off_ns > LATE_NS;
    mark_read(&mark);
    log->rounds++;
    log->written_pages += mark.written_pages;
    return mark.written_pages;
}

/* Looks again at the pages that were written. True if that need not be repeated: there are few, or
 * they will not be fewer. */
static bool clean_pages(struct gc_cycle *log, struct rest *rest)
{
    uint64_t before = rest->pages;
    uint64_t bytes = gc_object_bytes();
    bool is_late = false;
    uint64_t n = look_again(log, &is_late);

    bytes = gc_object_bytes() - bytes;
    rest->pages = n;
    if (n < FEW_PAGES && is_late && rest->late++ < LATE_MAX) {
        rest->pages = UINT64_MAX; /* that took its time */
        return false;
    }
    if (n < FEW_PAGES || (rest->pressure == PRESSURE_STOP && is_still(n, before)))
        return true;
    press(rest, n, before, (int64_t)bytes < 0 ? 0 : bytes);
    return false;
}

/* Looks again at the tasks that have run. True if there are few, or they will not be fewer: those
 * who allocate are not held up for that, which would be worse for them than the longer stop. Where
 * the collector is under test it is done for few, too. */
static bool settle_tasks(struct rest *rest)
{
    uint64_t few = debug_tests_gc() ? 1 : FEW_TASKS;
    uint64_t n = parked_count_changed();

    if (n < few || is_still(n, rest->tasks))
        return true;
    rest->tasks = n;
    mark_run(MARK_RENEW, gcthread_wake_markers);
    mark_run(MARK_SETTLE, gcthread_wake_markers);
    rest->pages = UINT64_MAX; /* that took its time */
    return false;
}

/* ---- public ---- */

void clean_up(struct gc_cycle *log)
{
    struct rest rest = {UINT64_MAX, UINT64_MAX, PRESSURE_NONE, 0};

    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        bool is_clean = clean_pages(log, &rest);

        if (settle_tasks(&rest) && is_clean)
            return;
    }
}
