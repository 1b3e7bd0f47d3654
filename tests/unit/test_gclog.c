/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "runtime/gclog.h"

static void add(uint64_t pause_ns, enum gc_trigger trigger)
{
    struct gc_cycle c = {
        .trigger = trigger, .pause_ns = pause_ns, .procs = 4, .heap_live = pause_ns};

    gclog_add(&c, 10);
}

Test(gclog, nothing_is_there_at_first)
{
    struct gc_cycle c;
    struct gc_totals t;

    gc_read_totals(&t);
    cr_assert_eq(t.cycles, 0, "%" PRIu64 " cycles", t.cycles);
    cr_assert_eq(gc_cycles_read(0, &c, 1), 0, "a cycle from nowhere");
}

Test(gclog, totals_add_up)
{
    struct gc_totals t;

    add(100, GC_BY_HEAP);
    add(200, GC_BY_CALL);
    add(300, GC_BY_TIME);
    gc_read_totals(&t);
    cr_assert(t.cycles == 3 && t.forced == 1, "%" PRIu64 " cycles, %" PRIu64 " forced", t.cycles,
              t.forced);
    cr_assert_eq(t.pause_ns, 600, "pauses %" PRIu64, t.pause_ns);
    cr_assert_eq(t.proc_ns, 2400, "time of procs %" PRIu64, t.proc_ns);
    cr_assert_eq(t.mark_thread_ns, 30, "marking %" PRIu64, t.mark_thread_ns);
    cr_assert_eq(t.live_bytes, 300, "live %" PRIu64, t.live_bytes);
}

Test(gclog, cycles_come_oldest_first_and_are_numbered)
{
    struct gc_cycle c[8];
    size_t n = 0;

    for (uint64_t i = 1; i <= 5; i++)
        add(i, GC_BY_HEAP);
    n = gc_cycles_read(2, c, 8);
    cr_assert_eq(n, 3, "%zu cycles above 2", n);
    for (size_t i = 0; i < n; i++)
        cr_assert(c[i].number == i + 3 && c[i].pause_ns == i + 3, "entry %zu is cycle %" PRIu64, i,
                  c[i].number);
    cr_assert_eq(gc_cycles_read(0, c, 2), 2, "more than asked for");
    cr_assert_eq(c[0].number, 1, "the first is %" PRIu64, c[0].number);
}

Test(gclog, a_reader_that_was_lapped_goes_on_with_the_oldest_kept)
{
    struct gc_cycle c;

    for (uint64_t i = 1; i <= GC_CYCLES_KEPT + 10; i++)
        add(i, GC_BY_HEAP);
    cr_assert_eq(gc_cycles_read(3, &c, 1), 1, "nothing is left");
    cr_assert_eq(c.number, 11, "the oldest is %" PRIu64, c.number);
}

static uint64_t pause_ns[GC_CYCLES_KEPT];
static uint64_t end_ns[GC_CYCLES_KEPT];

Test(gclog, pauses_lie_where_memstats_wants_them)
{
    for (uint64_t i = 1; i <= GC_CYCLES_KEPT + 3; i++)
        add(i, GC_BY_HEAP);
    gc_read_pauses(GC_CYCLES_KEPT + 3, pause_ns, end_ns);
    cr_assert_eq(pause_ns[2], GC_CYCLES_KEPT + 3, "the newest is %" PRIu64, pause_ns[2]);
    cr_assert_eq(pause_ns[3], 4, "the oldest is %" PRIu64, pause_ns[3]);
}

Test(gclog, a_pause_that_was_overwritten_since_is_told_as_none)
{
    for (uint64_t i = 1; i <= GC_CYCLES_KEPT + 3; i++)
        add(i, GC_BY_HEAP);
    gc_read_pauses(GC_CYCLES_KEPT + 1, pause_ns, end_ns); /* as one who began two cycles ago */
    cr_assert_eq(pause_ns[0], GC_CYCLES_KEPT + 1, "its newest is %" PRIu64, pause_ns[0]);
    cr_assert(pause_ns[1] == 0 && pause_ns[2] == 0, "%" PRIu64 " and %" PRIu64 " came later",
              pause_ns[1], pause_ns[2]);
    cr_assert_eq(pause_ns[3], 4, "its oldest but two is %" PRIu64, pause_ns[3]);
}
