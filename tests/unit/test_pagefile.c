/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/seqlock.h"
#include "runtime/pagefile.h"
#include "runtime/pagewrite.h"
#include "runtime/publish_events.h"

#define START_NS (100 * NS_PER_S)

static char base[] = "/dev/shm/gort-test-XXXXXX";
static char dir[48];
static char image[96];
static struct pagelayout layout;
static char *page;
static struct pagefile file;

static void setup(void)
{
    struct page_header *h = NULL;

    if (mkdtemp(base) == NULL)
        cr_skip_test("no /dev/shm");
    snprintf(dir, sizeof dir, "%s/pages", base);
    snprintf(image, sizeof image, "%s/12.34", dir);
    pagelayout_plan(&layout, &(struct pagelayout_sizes){.procs = 1, .size_classes = 1});
    page = calloc(1, layout.bytes);
    cr_assert_not_null(page, "no memory");
    pagelayout_write(&layout, page);
    h = (void *)page;
    h->pid = 12;
    h->start_ticks = 34;
    publish_events_init(pagering_at(page, &layout, PAGE_SECTION_EVENTS));
    pagefile_init(&file, dir, page, &layout);
}

static void teardown(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf '%s'", base);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(pagefile, .init = setup, .fini = teardown);

/* Events of the kind in the page, all of them about shared memory. */
static uint64_t count_events(void)
{
    const struct page_section *s = pagelayout_find(&layout, PAGE_SECTION_EVENTS);
    const struct page_event *e = (const void *)(page + s->offset);
    uint64_t n = 0;

    while (seq_ring_is_whole(e[n].seq) && e[n].kind == PAGE_EVENT_OUT_OF_SHM)
        n++;
    return n;
}

static bool exists(void)
{
    struct stat st;

    return stat(image, &st) == 0 && (uint64_t)st.st_size == layout.bytes;
}

/* The heartbeat in the image. */
static uint64_t image_heartbeat(void)
{
    struct page_header h = {.pid = 0};

    cr_assert_eq(pread(file.name.fd, &h, sizeof h, 0), (ssize_t)sizeof h, "short image");
    return h.heartbeat_mono_ns;
}

static void beat(uint64_t heartbeat)
{
    struct page_header *h = (void *)page;

    h->heartbeat_mono_ns = heartbeat;
}

Test(pagefile, follows_the_page_soon_after_the_start)
{
    beat(1);
    pagefile_tick(&file, START_NS);
    cr_assert(exists(), "no image");
    cr_assert_eq(image_heartbeat(), 1, "%" PRIu64, image_heartbeat());
    beat(2);
    pagefile_tick(&file, START_NS + NS_PER_S / 4);
    cr_assert_eq(image_heartbeat(), 2, "not written soon after the start");
}

Test(pagefile, follows_the_page_once_a_second)
{
    const int64_t second_ns = START_NS + NS_PER_S / 4;

    beat(1);
    pagefile_tick(&file, START_NS);
    pagefile_tick(&file, second_ns);
    beat(2);
    pagefile_tick(&file, second_ns + NS_PER_S / 2);
    cr_assert_eq(image_heartbeat(), 1, "written after half a second");
    pagefile_tick(&file, second_ns + NS_PER_S);
    cr_assert_eq(image_heartbeat(), 2, "not written after a second");
    cr_assert_eq(count_events(), 0, "%" PRIu64 " events", count_events());
}

Test(pagefile, a_removed_image_is_made_again_after_a_minute)
{
    pagefile_tick(&file, START_NS);
    unlink(image);
    pagefile_tick(&file, START_NS + NS_PER_S);
    cr_assert_eq(count_events(), 1, "%" PRIu64 " events", count_events());
    pagefile_tick(&file, START_NS + 30 * NS_PER_S);
    cr_assert_not(exists(), "tried again at once");
    pagefile_tick(&file, START_NS + 61 * NS_PER_S);
    cr_assert(exists(), "not made again");
    cr_assert_eq(count_events(), 1, "%" PRIu64 " events", count_events());
}

Test(pagefile, trouble_that_lasts_is_told_once_and_new_trouble_anew)
{
    cr_assert_eq(mkdir(dir, 0700), 0, "mkdir");
    cr_assert_eq(chmod(dir, 0755), 0, "chmod");
    for (int64_t minute = 0; minute < 5; minute++)
        pagefile_tick(&file, START_NS + minute * 61 * NS_PER_S);
    cr_assert_eq(count_events(), 1, "%" PRIu64 " events", count_events());
    cr_assert_eq(chmod(dir, 0700), 0, "chmod");
    pagefile_tick(&file, START_NS + 400 * NS_PER_S);
    cr_assert(exists(), "not made when the trouble was over");
    unlink(image);
    pagefile_tick(&file, START_NS + 402 * NS_PER_S);
    cr_assert_eq(count_events(), 2, "%" PRIu64 " events", count_events());
}

Test(pagefile, the_event_says_where_and_why)
{
    const struct page_section *s = pagelayout_find(&layout, PAGE_SECTION_EVENTS);
    const struct page_event *e = (const void *)(page + s->offset);
    const char *text = (const char *)e->text;

    cr_assert_eq(mkdir(dir, 0700), 0, "mkdir");
    cr_assert_eq(chmod(dir, 0755), 0, "chmod");
    pagefile_tick(&file, START_NS);
    cr_assert_eq(strncmp(text, dir, strlen(dir)), 0, "%s", text);
    cr_assert_not_null(strstr(text, "mode 0700"), "%s", text);
}

Test(pagefile, a_clean_end_removes_it)
{
    pagefile_tick(&file, START_NS);
    pagefile_remove(&file);
    cr_assert_not(exists(), "the image is left");
}
