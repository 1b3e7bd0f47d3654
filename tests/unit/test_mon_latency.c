/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/latency.h"
#include "mon/pagepart.h"
#include "tests/support/fakepage.h"

static struct latency_past *past;
static struct snapshot snap;

static void set_up(void)
{
    past = latency_past_new();
    cr_assert_not_null(past, "no memory");
    snap.latency = (struct latency_sample){.n = 2, .from_ns = {0, 100}};
}

static void tear_down(void)
{
    latency_past_free(past);
}

TestSuite(mon_latency, .init = set_up, .fini = tear_down);

/* At second S the target has counted N waits in the first bucket and twice as many in the other. */
static void at(int64_t s, uint64_t n)
{
    snap.published_ns = s * NS_PER_S;
    snap.latency.count[0] = n;
    snap.latency.count[1] = 2 * n;
    latency_past_add(past, &snap);
}

static void expect(int64_t s, uint64_t n)
{
    const struct latency_sample *l = &snap.latency;

    cr_assert_eq(l->lately_ns, s * NS_PER_S, "over %" PRId64 " ns", l->lately_ns);
    cr_assert(l->lately[0] == n && l->lately[1] == 2 * n, "%" PRIu64 " and %" PRIu64, l->lately[0],
              l->lately[1]);
}

Test(mon_latency, at_first_all_since_the_start_is_known)
{
    at(1000, 50);
    expect(0, 50);
}

Test(mon_latency, until_a_minute_is_known_it_is_what_is_known)
{
    at(1000, 50);
    at(1001, 53);
    expect(1, 3);
    at(1030, 60);
    expect(30, 10);
}

Test(mon_latency, later_it_is_the_last_minute)
{
    for (int64_t s = 1000; s <= 1500; s++)
        at(s, (uint64_t)s);
    expect(60, 60);
}

Test(mon_latency, looks_more_than_a_minute_apart_show_what_is_between_them)
{
    at(1000, 10);
    at(1600, 30);
    expect(600, 20);
    at(2200, 70);
    expect(600, 40);
}

Test(mon_latency, counts_that_fall_are_none)
{
    at(1000, 10);
    at(1001, 4);
    expect(1, 0);
}

Test(mon_latency, other_buckets_are_another_histogram)
{
    at(1000, 10);
    snap.latency.from_ns[1] = 200;
    at(1001, 12);
    expect(0, 12);
    snap.latency.n = 0;
    at(1002, 13);
    cr_assert_eq(snap.latency.lately_ns, 0, "over %" PRId64 " ns", snap.latency.lately_ns);
}

/* ---- Out of a page ---- */

static struct fakepage page;

/* What is read of a page with N buckets; with none of such a section without anything in it. */
static bool read_page(const struct page_latency *bucket, size_t n)
{
    char why[PAGEFILE_WHY_BYTES];
    struct pagefile pf;
    bool read;

    fakepage_init(&page, &(struct fakepage_options){.name = "fake", .nprocs = 1, .task_rows = 1});
    if (n > 0)
        fakepage_latency(&page, 1, bucket, n);
    cr_assert_eq(pagefile_open(&pf, dup(page.page_fd), why), PAGEFILE_GOOD, "%s", why);
    snap.latency.n = 0;
    read = pagepart_latency(&pf, &snap);
    pagefile_close(&pf);
    fakepage_fini(&page);
    return read;
}

Test(mon_latency, buckets_are_read_as_they_are)
{
    static const struct page_latency bucket[] = {{0, 5}, {8, 0}, {16, UINT64_MAX}};

    cr_assert(read_page(bucket, 3) && snap.latency.n == 3, "%" PRIu32 " buckets", snap.latency.n);
    cr_assert(snap.latency.from_ns[2] == 16 && snap.latency.count[2] == UINT64_MAX,
              "%" PRIu64 " from %" PRIu64, snap.latency.count[2], snap.latency.from_ns[2]);
    cr_assert(read_page(NULL, 0) && snap.latency.n == 0, "%" PRIu32 " of none", snap.latency.n);
}

Test(mon_latency, buckets_that_do_not_rise_are_not_believed)
{
    static const struct page_latency bucket[] = {{0, 5}, {8, 2}, {8, 1}, {16, 3}};

    cr_assert(read_page(bucket, 4) && snap.latency.n == 2, "%" PRIu32 " buckets", snap.latency.n);
}
