/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/source.h"
#include "tests/support/fakepage.h"

#define START_NS (1000 * NS_PER_S)
#define REAL_NS (INT64_C(1795403564) * NS_PER_S)

static struct fakepage page;
static struct metric_table table;
static struct snapshot snap;
static struct source_failure failure;

static void setup(void)
{
    fakepage_init(&page, &(struct fakepage_options){.name = "fake\x1b[2J",
                                                    .nprocs = 2,
                                                    .task_rows = 1000,
                                                    .mono_ns = START_NS,
                                                    .real_ns = REAL_NS});
    metric_table_init(&table);
}

static void teardown(void)
{
    fakepage_fini(&page);
}

TestSuite(source_page, .init = setup, .fini = teardown);

static struct source *try_open(void)
{
    return source_page_open(getpid(), fakepage_own_start_ticks(), &table, &failure);
}

static struct source *open_own(void)
{
    struct source *s = try_open();

    cr_assert_not_null(s, "status %d: %s", failure.status, failure.why);
    return s;
}

static void assert_refused(enum exit_status status, const char *words)
{
    struct source *s = try_open();

    cr_assert_null(s, "it was opened");
    cr_assert_eq(failure.status, status, "status %d: %s", failure.status, failure.why);
    cr_assert_not_null(strstr(failure.why, words), "\"%s\" not in \"%s\"", words, failure.why);
}

static uint64_t value_of(unsigned metric)
{
    uint64_t value;

    cr_assert(snapshot_value(&snap, metric, &value), "%s is missing", table.info[metric].name);
    return value;
}

/* ---- what is read ---- */

Test(source_page, reads_values_by_name)
{
    struct source *s;

    page.value[METRIC_HEAP_LIVE] = 12345;
    page.value[METRIC_GC_COUNT] = 7;
    fakepage_publish(&page, START_NS + 5);
    s = open_own();

    cr_assert_eq(s->ops->read(s, &snap), SOURCE_READ, "not read");
    cr_assert_eq(value_of(MON_HEAP_LIVE), 12345, "heap.live %" PRIu64, value_of(MON_HEAP_LIVE));
    cr_assert_eq(value_of(MON_GC_COUNT), 7, "gc.count %" PRIu64, value_of(MON_GC_COUNT));
    cr_assert_eq(snap.published_ns, START_NS + 5, "published %" PRId64, snap.published_ns);
    s->ops->close(s);
}

Test(source_page, slots_may_lie_anywhere)
{
    struct page_metric *m = fakepage_at(&page, PAGE_SECTION_METRICS);
    struct source *s;

    m[METRIC_HEAP_LIVE].slot = METRIC_GC_COUNT;
    m[METRIC_GC_COUNT].slot = METRIC_HEAP_LIVE;
    page.value[METRIC_HEAP_LIVE] = 1;
    page.value[METRIC_GC_COUNT] = 2;
    fakepage_publish(&page, START_NS);
    s = open_own();
    s->ops->read(s, &snap);

    cr_assert_eq(value_of(MON_HEAP_LIVE), 2, "heap.live %" PRIu64, value_of(MON_HEAP_LIVE));
    cr_assert_eq(value_of(MON_GC_COUNT), 1, "gc.count %" PRIu64, value_of(MON_GC_COUNT));
    s->ops->close(s);
}

Test(source_page, a_metric_that_the_page_lacks_is_missing)
{
    struct page_section *metrics = fakepage_section(&page, PAGE_SECTION_METRICS);
    struct source *s;
    uint64_t value;

    metrics->count = METRIC_GC_COUNT; /* those from there on are not described */
    fakepage_publish(&page, START_NS);
    s = open_own();
    s->ops->read(s, &snap);

    cr_assert_not(table.info[MON_GC_COUNT].present, "gc.count is present");
    cr_assert_not(snapshot_value(&snap, MON_GC_COUNT, &value), "gc.count is %" PRIu64, value);
    cr_assert(snapshot_value(&snap, MON_HEAP_ALLOC, &value), "heap.alloc is missing");
    s->ops->close(s);
}

Test(source_page, a_metric_that_gomon_does_not_know_is_added)
{
    struct page_metric *m = fakepage_at(&page, PAGE_SECTION_METRICS);
    char *strings = fakepage_at(&page, PAGE_SECTION_STRINGS);
    struct source *s;
    int i;

    memcpy(strings + m[METRIC_DUMPS].name, "new.thing", sizeof "new.thing");
    m[METRIC_DUMPS].unit = 77;
    page.value[METRIC_DUMPS] = 5;
    fakepage_publish(&page, START_NS);
    s = open_own();
    s->ops->read(s, &snap);
    i = metric_find(&table, "new.thing");

    cr_assert_geq(i, MON_KNOWN, "number %d", i);
    cr_assert_eq(table.info[i].unit, FMT_COUNT, "unit %d", table.info[i].unit);
    cr_assert_eq(value_of((unsigned)i), 5, "value %" PRIu64, value_of((unsigned)i));
    s->ops->close(s);
}

Test(source_page, a_page_cannot_tell_what_gomon_measures)
{
    struct page_metric *m = fakepage_at(&page, PAGE_SECTION_METRICS);
    char *strings = fakepage_at(&page, PAGE_SECTION_STRINGS);
    struct source *s;
    uint64_t value;

    memcpy(strings + m[METRIC_DUMPS].name, "process.rss", sizeof "process.rss");
    page.value[METRIC_DUMPS] = 5;
    fakepage_publish(&page, START_NS);
    s = open_own();
    s->ops->read(s, &snap);

    cr_assert_not(snapshot_value(&snap, MON_PROCESS_RSS, &value), "rss is %" PRIu64, value);
    s->ops->close(s);
}

Test(source_page, facts_are_without_control_characters)
{
    struct source *s = open_own();
    char version[16];

    snprintf(version, sizeof version, "%d.%d", PAGE_MAJOR, PAGE_MINOR);
    cr_assert_str_eq(s->ops->facts(s)->name, "fake?[2J", "\"%s\"", s->ops->facts(s)->name);
    cr_assert_str_eq(s->ops->facts(s)->version, version, "%s", s->ops->facts(s)->version);
    s->ops->close(s);
}

Test(source_page, reads_procs_classes_and_sites)
{
    struct page_size_class classes[2] = {{.object_bytes = 8, .mallocs = 5},
                                         {.object_bytes = 16, .mallocs = 6}};
    struct page_alloc_site sites[3] = {{.pc = 1, .live_bytes = 10},
                                       {.pc = 2, .live_bytes = 30},
                                       {.pc = 3, .live_bytes = 20}};
    struct source *s = open_own();

    page.proc[1].state = PAGE_PROC_BLOCKING;
    page.proc[1].running_ns = 99;
    fakepage_size_classes(&page, START_NS, classes, 2);
    fakepage_alloc_sites(&page, START_NS, sites, 3);
    s->ops->read(s, &snap);

    cr_assert_eq(snap.nprocs, 2, "procs %" PRIu32, snap.nprocs);
    cr_assert_eq(snap.proc[1].state, PROC_BLOCKING, "state %d", snap.proc[1].state);
    cr_assert_eq(snap.proc[1].state_ns[PROC_RUNNING], 99, "running %" PRIu64,
                 snap.proc[1].state_ns[PROC_RUNNING]);
    cr_assert_eq(snap.nclasses, 2, "classes %" PRIu32, snap.nclasses);
    cr_assert_eq(snap.size_class[1].mallocs, 6, "mallocs %" PRIu64, snap.size_class[1].mallocs);
    cr_assert(snap.nsites == 3 && snap.site[0].pc == 2 && snap.site[1].pc == 3,
              "%" PRIu32 " sites, first %" PRIu64 ", second %" PRIu64, snap.nsites,
              snap.site[0].pc, snap.site[1].pc);
    s->ops->close(s);
}

Test(source_page, reads_leaks_but_kinds_without_a_task)
{
    struct page_leak leaks[FAKEPAGE_LEAKS] = {{.spawn_pc = 1}, {.wait_pc = 7, .count = 4}};
    struct source *s = open_own();

    fakepage_leaks(&page, START_NS, leaks, 2);
    s->ops->read(s, &snap);
    cr_assert(snap.nleaks == 1 && snap.leak[0].wait_pc == 7, "%" PRIu32 " kinds", snap.nleaks);
    for (size_t i = 0; i < FAKEPAGE_LEAKS; i++)
        leaks[i].count = 1;
    fakepage_leaks(&page, START_NS, leaks, FAKEPAGE_LEAKS);
    s->ops->read(s, &snap);
    cr_assert_eq(snap.nleaks, SNAPSHOT_MAX_LEAKS, "%" PRIu32 " kinds", snap.nleaks);
    s->ops->close(s);
}

Test(source_page, a_writer_that_stops_in_the_middle_leaves_the_last_good_values)
{
    struct page_double *d = fakepage_at(&page, PAGE_SECTION_VALUES);
    uint8_t *copies = (uint8_t *)(d + 1);
    struct source *s;

    page.value[METRIC_HEAP_LIVE] = 5;
    fakepage_publish(&page, START_NS);
    memset(copies + (d->seq + 1) % 2 * fakepage_section(&page, PAGE_SECTION_VALUES)->stride, 0xff,
           64);
    s = open_own();

    cr_assert_eq(s->ops->read(s, &snap), SOURCE_READ, "not read");
    cr_assert_eq(value_of(MON_HEAP_LIVE), 5, "heap.live %" PRIu64, value_of(MON_HEAP_LIVE));
    s->ops->close(s);
}

/* ---- rings ---- */

static void add_cycles(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        fakepage_cycle(&page, &(struct page_gc_cycle){.pause_ns = 100 + page.ncycles});
}

static void assert_cycles(uint32_t n, uint64_t first, uint64_t last)
{
    cr_assert(snap.ncycles == n && snap.cycle[0].number == first &&
                  snap.cycle[snap.ncycles - 1].number == last,
              "%" PRIu32 " cycles, %" PRIu64 " to %" PRIu64, snap.ncycles, snap.cycle[0].number,
              snap.cycle[snap.ncycles - 1].number);
}

Test(source_page, recent_cycles_are_right_after_3_256_257_and_1000)
{
    static const uint64_t after[] = {3, 256, 257, 1000};

    for (size_t i = 0; i < ARRAY_COUNT(after); i++) {
        struct source *s;

        memset(&snap, 0, sizeof snap);
        add_cycles(after[i] - page.ncycles);
        s = open_own();
        s->ops->read(s, &snap);
        assert_cycles((uint32_t)min_size(after[i], FAKEPAGE_CYCLES),
                      after[i] <= FAKEPAGE_CYCLES ? 1 : after[i] - FAKEPAGE_CYCLES + 1, after[i]);
        s->ops->close(s);
    }
}

Test(source_page, later_reads_add_what_is_new)
{
    struct source *s = open_own();

    add_cycles(3);
    s->ops->read(s, &snap);
    add_cycles(2);
    s->ops->read(s, &snap);

    assert_cycles(5, 1, 5);
    s->ops->close(s);
}

Test(source_page, a_reader_that_was_lapped_goes_on_with_what_is_left)
{
    struct source *s = open_own();

    add_cycles(3);
    s->ops->read(s, &snap);
    add_cycles(300);
    s->ops->read(s, &snap);

    assert_cycles(3 + FAKEPAGE_CYCLES, 1, 303);
    cr_assert_eq(snap.cycle[3].number, 48, "after the hole: %" PRIu64, snap.cycle[3].number);
    s->ops->close(s);
}

Test(source_page, the_oldest_cycles_make_room)
{
    struct source *s = open_own();

    for (int i = 0; i < 10; i++) {
        add_cycles(200);
        s->ops->read(s, &snap);
    }

    assert_cycles(SNAPSHOT_MAX_CYCLES, 2000 - SNAPSHOT_MAX_CYCLES + 1, 2000);
    s->ops->close(s);
}

Test(source_page, events_keep_their_text_harmless)
{
    struct source *s = open_own();

    fakepage_event(&page, START_NS, PAGE_EVENT_FATAL, "bad\033]0;x\007\nend");
    s->ops->read(s, &snap);

    cr_assert_eq(snap.nevents, 1, "%" PRIu32 " events", snap.nevents);
    cr_assert_str_eq(snap.event[0].text, "bad?]0;x??end", "\"%s\"", snap.event[0].text);
    s->ops->close(s);
}

Test(source_page, history_from_before_is_taken_in)
{
    struct source *s;
    struct history *h;
    struct history_bucket b;

    page.value[METRIC_HEAP_ALLOC] = 100;
    for (int64_t minute = 0; minute < 3; minute++)
        fakepage_minute(&page, START_NS + (minute + 1) * 60 * NS_PER_S, 50, 200);
    for (int64_t t = 0; t < 60; t++) {
        page.value[METRIC_HEAP_ALLOC] = (uint64_t)t;
        fakepage_second(&page, START_NS + (180 + t) * NS_PER_S);
    }
    s = open_own();
    h = history_new(&table);
    s->ops->history(s, h);

    history_range(h, MON_HEAP_ALLOC, START_NS + 30 * NS_PER_S, START_NS + 31 * NS_PER_S, &b);
    cr_assert(b.min == 50 && b.max == 200, "a minute: min %g max %g", (double)b.min,
              (double)b.max);
    history_range(h, MON_HEAP_ALLOC, START_NS + 200 * NS_PER_S, START_NS + 201 * NS_PER_S, &b);
    cr_assert(b.min == 20 && b.n == 1, "a second: min %g n %" PRIu32, (double)b.min, b.n);
    history_free(h);
    s->ops->close(s);
}

static void count_sites(void *arg, const struct source_site *site)
{
    uint64_t *sum = arg;

    sum[site->of] += site->pc * 1000 + site->value;
}

Test(source_page, sites_of_past_minutes_are_told)
{
    struct page_site_count tasks[2] = {{1, 10}};
    struct page_site_count allocs[3] = {{2, 20}, {3, 30}};
    uint64_t sum[2] = {0};
    struct source *s;

    fakepage_sites_minute(&page, START_NS, tasks, allocs);
    s = open_own();
    s->ops->sites(s, count_sites, sum);

    cr_assert_eq(sum[SOURCE_SITE_TASKS], 1010, "tasks %" PRIu64, sum[SOURCE_SITE_TASKS]);
    cr_assert_eq(sum[SOURCE_SITE_BYTES], 5050, "bytes %" PRIu64, sum[SOURCE_SITE_BYTES]);
    s->ops->close(s);
}

/* ---- what is refused ---- */

Test(source_page, another_version_is_refused_by_name)
{
    page.header->major = 2;
    page.header->minor = 1;
    assert_refused(EXIT_BAD_PAGE, "version 2.1, this gomon reads 1.x");
}

Test(source_page, unknown_features_are_refused)
{
    page.header->incompat = 4;
    assert_refused(EXIT_BAD_PAGE, "0x4");
}

Test(source_page, a_newer_minor_version_is_read)
{
    struct source *s;

    page.header->minor = 9;
    page.header->compat = 0xff;
    page.section[0].flags = 0xff;
    s = open_own();
    s->ops->close(s);
}

Test(source_page, other_bytes_than_a_page_are_refused)
{
    page.header->magic[0] = 'X';
    assert_refused(EXIT_BAD_PAGE, "does not begin like one");
}

Test(source_page, a_page_in_the_making_is_refused_for_now)
{
    page.header->state = PAGE_STATE_BUILDING;
    assert_refused(EXIT_FAILED, "try again");
}

Test(source_page, the_page_of_a_parent_is_refused)
{
    page.header->pid = 1;
    assert_refused(EXIT_NO_TARGET, "inherited that of process 1");
}

Test(source_page, a_cut_page_is_refused)
{
    cr_assert_eq(ftruncate(page.page_fd, 5000), 0, "ftruncate");
    assert_refused(EXIT_BAD_PAGE, "is cut");
    cr_assert_eq(ftruncate(page.page_fd, 100), 0, "ftruncate");
    assert_refused(EXIT_BAD_PAGE, "less than a header");
}

Test(source_page, sections_that_make_no_sense_are_refused)
{
    struct page_section good = *fakepage_section(&page, PAGE_SECTION_GC_CYCLES);
    struct page_section bad[] = {good, good, good, good, good, good};

    bad[0].offset = page.page_bytes;
    bad[1].offset += 4;
    bad[2].bytes = UINT64_MAX;
    bad[3].stride = 8;
    bad[4].count = UINT32_MAX;
    bad[5].stride = 1u << 30;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        *fakepage_section(&page, PAGE_SECTION_GC_CYCLES) = bad[i];
        assert_refused(EXIT_BAD_PAGE, "section (type 6)");
    }
}

Test(source_page, a_page_cut_while_it_is_read_is_gone_not_a_crash)
{
    struct source *s = open_own();

    cr_assert_eq(ftruncate(page.page_fd, 10), 0, "ftruncate");
    cr_assert_eq(s->ops->read(s, &snap), SOURCE_GONE, "it was read");
    s->ops->close(s);
}

Test(source_page, no_such_process_is_told)
{
    struct source *s = source_page_open(0x3fffffff, 1, &table, &failure);

    cr_assert_null(s, "it was opened");
    cr_assert_eq(failure.status, EXIT_NO_TARGET, "status %d", failure.status);
    cr_assert_not_null(strstr(failure.why, "no process"), "%s", failure.why);
}

/* ---- images ---- */

static void write_image(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t n = write(fd, page.page, page.page_bytes);

    cr_assert_eq(n, (ssize_t)page.page_bytes, "wrote %zd bytes", n);
    close(fd);
}

Test(source_page, an_image_is_read_like_a_page)
{
    char path[] = "/tmp/test_source_page.XXXXXX";
    struct source *s;

    close(mkstemp(path));
    page.value[METRIC_HEAP_LIVE] = 99;
    fakepage_publish(&page, START_NS);
    write_image(path);
    s = source_page_open_image(path, getuid(), &table, &failure);
    unlink(path);
    cr_assert_not_null(s, "%s", failure.why);
    s->ops->read(s, &snap);

    cr_assert_eq(value_of(MON_HEAP_LIVE), 99, "heap.live %" PRIu64, value_of(MON_HEAP_LIVE));
    s->ops->close(s);
}

Test(source_page, an_image_behind_a_link_is_refused)
{
    char path[] = "/tmp/test_source_page.XXXXXX";
    char link_path[] = "/tmp/test_source_page.XXXXXX";

    close(mkstemp(path));
    close(mkstemp(link_path));
    write_image(path);
    unlink(link_path);
    cr_assert_eq(symlink(path, link_path), 0, "symlink");
    cr_assert_null(source_page_open_image(link_path, getuid(), &table, &failure), "opened");
    unlink(link_path);
    cr_assert_null(source_page_open_image(path, getuid() + 1, &table, &failure), "opened");
    cr_assert_eq(failure.status, EXIT_BAD_PAGE, "status %d: %s", failure.status, failure.why);
    unlink(path);
}
