/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "runtime/history.h"

#define MINUTE_NS (60 * NS_PER_S)
#define KEPT      METRIC_HEAP_ALLOC /* the first metric has a history */
#define START_NS  (1000 * MINUTE_NS)

static struct pagelayout layout;
static char *page;
static struct history history;
static uint64_t value[METRIC_COUNT];

static void setup(void)
{
    pagelayout_plan(&layout, &(struct pagelayout_sizes){
                                 .procs = 1, .size_classes = 1, .seconds = 10, .minutes = 5});
    page = calloc(1, layout.bytes);
    cr_assert_not_null(page, "no memory");
    pagelayout_write(&layout, page);
    history_init(&history, page, &layout);
}

static void teardown(void)
{
    free(page);
}

TestSuite(page_history, .init = setup, .fini = teardown);

static bool add(int64_t now_ns, uint64_t v)
{
    int64_t ended_ns = 0;

    value[KEPT] = v;
    return history_is_due(&history, now_ns) && history_add(&history, now_ns, value, &ended_ns);
}

/* Slot of entry N; its seq must say that it holds it. */
static const uint64_t *entry(enum page_section_type type, uint64_t n)
{
    const struct page_section *s = pagelayout_find(&layout, type);
    const uint64_t *slot = (const void *)(page + s->offset + n % s->count * s->stride);

    cr_assert_eq(slot[0], 2 * n + 2, "entry %" PRIu64 " has number %" PRIu64, n, slot[0]);
    return slot;
}

static uint32_t place_of(enum metric m)
{
    const struct page_section *s = pagelayout_find(&layout, PAGE_SECTION_METRICS);
    const struct page_metric *metric = (const void *)(page + s->offset);

    return metric[m].history;
}

static const struct page_minute *minute(uint64_t n)
{
    return (const struct page_minute *)(entry(PAGE_SECTION_HISTORY_1M, n) + 2) + place_of(KEPT);
}

Test(page_history, a_second_holds_the_kept_values)
{
    value[METRIC_PROCS] = 99; /* has no history */
    value[METRIC_NETPOLL_WAITERS] = 5;
    add(START_NS, 42);
    add(START_NS + NS_PER_S, 43);

    cr_assert_eq(entry(PAGE_SECTION_HISTORY_1S, 0)[1], START_NS, "time %" PRIu64,
                 entry(PAGE_SECTION_HISTORY_1S, 0)[1]);
    cr_assert_eq(entry(PAGE_SECTION_HISTORY_1S, 0)[2 + place_of(KEPT)], 42, "first");
    cr_assert_eq(entry(PAGE_SECTION_HISTORY_1S, 1)[2 + place_of(KEPT)], 43, "second");
    cr_assert_eq(entry(PAGE_SECTION_HISTORY_1S, 1)[2 + place_of(METRIC_NETPOLL_WAITERS)], 5,
                 "another metric");
}

Test(page_history, there_is_one_sample_a_second_however_often_it_ticks)
{
    for (int64_t at = 0; at < 5 * NS_PER_S; at += NS_PER_S / 10)
        add(START_NS + at, 1);
    cr_assert_eq(history.seconds.next, 5, "%" PRIu64 " samples", history.seconds.next);
}

Test(page_history, a_tick_that_comes_a_little_early_counts)
{
    for (int64_t i = 0; i < 5; i++)
        add(START_NS + i * NS_PER_S - (i % 2) * 20 * NS_PER_MS, 1);
    cr_assert_eq(history.seconds.next, 5, "%" PRIu64 " samples", history.seconds.next);
}

Test(page_history, a_minute_has_least_most_and_last)
{
    for (int64_t i = 0; i < 60; i++)
        cr_assert_not(add(START_NS + i * NS_PER_S, i == 20   ? 7
                                                   : i == 40 ? 500
                                                             : 100 + (uint64_t)i),
                      "the minute ended at second %" PRId64, i);
    cr_assert(add(START_NS + MINUTE_NS, 9999), "the minute did not end");

    cr_assert_eq(minute(0)->min, 7, "least %" PRIu64, minute(0)->min);
    cr_assert_eq(minute(0)->max, 500, "most %" PRIu64, minute(0)->max);
    cr_assert_eq(minute(0)->last, 159, "last %" PRIu64, minute(0)->last);
    cr_assert_eq(entry(PAGE_SECTION_HISTORY_1M, 0)[1], START_NS + 59 * NS_PER_S, "time %" PRIu64,
                 entry(PAGE_SECTION_HISTORY_1M, 0)[1]);
}

Test(page_history, the_next_minute_begins_anew)
{
    for (int64_t i = 0; i <= 120; i++)
        add(START_NS + i * NS_PER_S, i < 60 ? 1000 : 5);
    cr_assert_eq(minute(1)->min, 5, "least %" PRIu64, minute(1)->min);
    cr_assert_eq(minute(1)->max, 5, "most %" PRIu64, minute(1)->max);
}

Test(page_history, minutes_are_those_of_the_clock)
{
    add(START_NS + 58 * NS_PER_S, 1);
    cr_assert_not(add(START_NS + 59 * NS_PER_S, 2), "too early");
    cr_assert(add(START_NS + 60 * NS_PER_S, 3), "a minute of two seconds");
    cr_assert_eq(minute(0)->last, 2, "last %" PRIu64, minute(0)->last);
}

Test(page_history, a_stopped_process_leaves_a_gap_and_no_more)
{
    add(START_NS, 1);
    cr_assert(add(START_NS + 10 * MINUTE_NS + NS_PER_S / 2, 2), "the minute before the gap");
    add(START_NS + 10 * MINUTE_NS + NS_PER_S, 3);
    add(START_NS + 10 * MINUTE_NS + 3 * NS_PER_S / 2, 4);

    cr_assert_eq(history.seconds.next, 3, "%" PRIu64 " samples", history.seconds.next);
    cr_assert_eq(history.minutes.next, 1, "%" PRIu64 " minutes", history.minutes.next);
}

Test(page_history, old_entries_make_room)
{
    for (int64_t i = 0; i < 27; i++)
        add(START_NS + i * NS_PER_S, (uint64_t)i);
    for (uint64_t n = 17; n < 27; n++)
        cr_assert_eq(entry(PAGE_SECTION_HISTORY_1S, n)[2 + place_of(KEPT)], n, "entry %" PRIu64, n);
}

Test(page_history, how_much_to_keep_can_be_said)
{
    static const struct {
        const char *text;
        uint32_t seconds;
        uint32_t minutes;
        bool good;
    } cases[] = {
        {NULL, 900, 1440, true},
        {"", 900, 1440, true},
        {"off", 0, 0, true},
        {"0", 0, 1440, true},
        {"0,0", 0, 0, true},
        {"1h", 3600, 1440, true},
        {"90s,7d", 90, 10080, true},
        {"0,24h", 0, 1440, true},
        {"24h,168h", 86400, 10080, true},
        {"25h", 900, 1440, false},
        {"15m,8d", 900, 1440, false},
        {"15", 900, 1440, false},
        {"-1m", 900, 1440, false},
        {"15m,", 900, 1440, false},
        {"15m;24h", 900, 1440, false},
        {"offx", 900, 1440, false},
        {"99999999999999999999s", 900, 1440, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pagelayout_sizes sizes = {0};
        bool good = history_parse(cases[i].text, &sizes);
        const char *text = cases[i].text != NULL ? cases[i].text : "nothing";

        cr_assert_eq(good, cases[i].good, "%s is %s", text, good ? "taken" : "refused");
        cr_assert_eq(sizes.seconds, cases[i].seconds, "%s gives %u seconds", text, sizes.seconds);
        cr_assert_eq(sizes.minutes, cases[i].minutes, "%s gives %u minutes", text, sizes.minutes);
    }
}
