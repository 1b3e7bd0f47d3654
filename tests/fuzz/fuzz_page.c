/* SPDX-License-Identifier: MIT */
/* fuzz_page.c - a page and a task table that lie, read as gomon reads them.
 * Input that begins with 'R' is a page, with 'T' a task table, from its second byte on. Any other
 * is a list of changes to a good page, 16 bytes each: where, how, and what; so that the fuzzer
 * need not find out first what a page looks like. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "mon/pagepart.h"
#include "mon/tasktable.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fakepage.h"

#define CHANGE_BYTES 16
#define MOST_CHANGES 64

static struct snapshot snap;
static struct task_groups groups;

static void count_site(void *arg, const struct source_site *site)
{
    uint64_t *sum = arg;

    *sum += site->value;
}

/* What is kept of a target must never hold what drives a terminal, and no count more than its
 * room. */
static void check_snapshot(const struct metric_table *t)
{
    CHECK(t->n <= METRIC_TABLE_MAX);
    CHECK(snap.nprocs <= SNAPSHOT_MAX_PROCS && snap.nclasses <= SNAPSHOT_MAX_CLASSES);
    CHECK(snap.ncycles <= SNAPSHOT_MAX_CYCLES && snap.nsites <= SNAPSHOT_MAX_SITES);
    CHECK(snap.nevents <= SNAPSHOT_MAX_EVENTS);
    for (unsigned i = 0; i < t->n; i++)
        CHECK(strpbrk(t->info[i].name, "\033\n\r\a\b") == NULL);
    for (uint32_t i = 0; i < snap.nevents; i++)
        CHECK(strpbrk(snap.event[i].text, "\033\n\r\a\b") == NULL);
    for (uint32_t i = 0; i < snap.nprocs; i++)
        CHECK((unsigned)snap.proc[i].state < PROC_STATES);
}

static void read_past(struct pagefile *pf, const struct pagepart_map *map,
                      struct pagepart_place *place, const struct metric_table *t)
{
    struct history *h = history_new(t);
    struct history_bucket b;
    uint64_t sum = 0;

    CHECK(h != NULL);
    pagepart_history(pf, map, place, h);
    pagepart_past_sites(pf, place, count_site, &sum);
    for (int64_t ns = 0; ns < INT64_C(100000000000); ns += INT64_C(7000000000))
        history_range(h, MON_HEAP_ALLOC, ns, ns + INT64_C(7000000000), &b);
    history_free(h);
}

/* Takes FD. */
static void read_page(int fd)
{
    static struct snapshot prev;
    static struct metric_table table;
    struct pagefile pf;
    struct pagepart_map map;
    struct pagepart_place place = {0};
    char why[PAGEFILE_WHY_BYTES];

    if (pagefile_open(&pf, fd, why) != PAGEFILE_GOOD)
        return;
    metric_table_init(&table);
    memset(&snap, 0, sizeof snap);
    if (pagepart_metrics(&pf, &map, &table)) {
        pagepart_values(&pf, &map, &snap);
        pagepart_procs(&pf, &snap);
        pagepart_classes(&pf, &snap);
        pagepart_latency(&pf, &snap);
        pagepart_sites(&pf, &snap);
        pagepart_cycles(&pf, &place, &snap);
        pagepart_events(&pf, &place, &snap);
        pagepart_groups(&pf, &groups);
        pagepart_holders(&pf, &groups);
        CHECK(groups.nholders <= TASK_HOLDERS_MAX);
        snapshot_derive(&snap, &prev, &table);
        check_snapshot(&table);
        read_past(&pf, &map, &place, &table);
    }
    pagefile_close(&pf);
}

static void read_tasks(int fd)
{
    struct tasktable *t = tasktable_open(fd);

    if (t == NULL)
        return;
    if (tasktable_count(t, &groups) == TASKTABLE_COUNTED)
        CHECK(groups.n <= TASK_GROUPS_MAX);
    tasktable_close(t);
}

/* A file with these bytes. */
static int file_with(const uint8_t *data, size_t bytes)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    CHECK(fd >= 0 && write(fd, data, bytes) == (ssize_t)bytes);
    return fd;
}

/* A page with something in each of its sections. */
static void make_page(struct fakepage *f)
{
    struct page_site_count site[2] = {{1, 2}};

    fakepage_init(f, &(struct fakepage_options){
                         .name = "fuzz", .nprocs = 2, .task_rows = 8, .mono_ns = 1000000000});
    fakepage_publish(f, 2000000000);
    for (int64_t i = 1; i < 5; i++) {
        fakepage_second(f, i * 1000000000);
        fakepage_minute(f, i * 60000000000, 50, 200);
        fakepage_sites_minute(f, i * 60000000000, site, site);
        fakepage_cycle(f, &(struct page_gc_cycle){.pause_ns = 5});
        fakepage_event(f, i, PAGE_EVENT_START, "start");
    }
    fakepage_alloc_sites(f, 1, &(struct page_alloc_site){.pc = 1}, 1);
    fakepage_task_groups(f, 1, &(struct page_task_group){.state = PAGE_TASK_RUNNING, .count = 1},
                         1);
    fakepage_size_classes(f, 1, &(struct page_size_class){.object_bytes = 8}, 1);
}

/* Where a change goes: the header and the table of sections, the start of a section, or
 * anywhere. */
static uint64_t place_of(const uint8_t *good, size_t page_bytes, uint8_t kind, uint32_t at)
{
    struct page_header header;
    struct page_section section;
    uint64_t head_bytes;

    memcpy(&header, good, sizeof header);
    head_bytes = sizeof header + header.section_count * sizeof section;
    if (kind % 4 < 2)
        return at % (head_bytes - 8);
    if (kind % 4 == 3)
        return at % (page_bytes - 8);
    memcpy(&section, good + sizeof header + at % header.section_count * sizeof section,
           sizeof section);
    return section.offset + at / header.section_count % 256;
}

/* Reads the GOOD page with the changes that DATA tells. */
static void read_changed(const uint8_t *good, size_t page_bytes, const uint8_t *data, size_t bytes)
{
    uint8_t *page = malloc(page_bytes);
    size_t cut = page_bytes;

    CHECK(page != NULL);
    memcpy(page, good, page_bytes);
    for (size_t i = 0; i < MOST_CHANGES && (i + 1) * CHANGE_BYTES <= bytes; i++) {
        const uint8_t *c = data + i * CHANGE_BYTES;
        uint32_t at;

        memcpy(&at, c + 4, sizeof at);
        if (c[0] % 16 == 15)
            cut = at % (page_bytes + 1);
        else
            memcpy(page + place_of(good, page_bytes, c[0], at), c + 8, (size_t)1 << c[1] % 4);
    }
    read_page(file_with(page, cut));
    free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct fakepage good; /* made once, never changed */

    if (good.page == NULL)
        make_page(&good);
    if (bytes > 0 && data[0] == 'R')
        read_page(file_with(data + 1, bytes - 1));
    else if (bytes > 0 && data[0] == 'T')
        read_tasks(file_with(data + 1, bytes - 1));
    else
        read_changed(good.page, good.page_bytes, data, bytes);
    return 0;
}
