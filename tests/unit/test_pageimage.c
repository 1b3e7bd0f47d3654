/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seqlock.h"
#include "runtime/pageimage.h"
#include "runtime/pagewrite.h"

#define SECONDS 300

static struct pagelayout layout;
static char *page;
static int fd;
static struct pageimage image;

static void setup(void)
{
    pagelayout_plan(&layout, &(struct pagelayout_sizes){
                                 .procs = 2, .size_classes = 4, .seconds = SECONDS, .minutes = 3});
    page = calloc(1, layout.bytes);
    fd = memfd_create("image", 0);
    cr_assert(page != NULL && fd >= 0, "no memory");
    pagelayout_write(&layout, page);
}

static void teardown(void)
{
    close(fd);
    free(page);
}

TestSuite(pageimage, .init = setup, .fini = teardown);

static void begin(void)
{
    int error = pageimage_begin(&image, fd, page, &layout);

    cr_assert_eq(error, 0, "%s", strerror(error));
}

static void update(void)
{
    int error = pageimage_update(&image);

    cr_assert_eq(error, 0, "%s", strerror(error));
}

/* The image as a reader sees it; borrowed until the next call. */
static const char *read_image(void)
{
    static char *copy;

    free(copy);
    copy = malloc(layout.bytes);
    cr_assert_eq(pread(fd, copy, layout.bytes, 0), (ssize_t)layout.bytes, "short image");
    return copy;
}

/* The newest copy of a double buffer in the image. */
static const uint64_t *newest(enum page_section_type type, uint64_t *seq)
{
    const struct page_section *s = pagelayout_find(&layout, type);
    const struct page_double *head =
        (const struct page_double *)(const void *)(read_image() + s->offset);

    *seq = head->seq;
    return (const uint64_t *)(const void *)((const char *)(head + 1) + (head->seq & 1) * s->stride);
}

static void put_second(struct pagering *ring, uint64_t value)
{
    uint64_t *to = pagering_begin(ring);

    for (size_t i = 0; i < ring->stride / 8 - 1; i++)
        seq_store(&to[i], value);
    pagering_commit(ring);
}

static const uint64_t *image_slot(enum page_section_type type, uint64_t n)
{
    const struct page_section *s = pagelayout_find(&layout, type);

    return (const uint64_t *)(const void *)(read_image() + s->offset + n % s->count * s->stride);
}

Test(pageimage, begins_as_the_page_is)
{
    begin();
    cr_assert_eq(memcmp(read_image(), page, layout.bytes), 0, "the image differs from the page");
}

Test(pageimage, fills_its_own_other_copy_whatever_the_page_did_between)
{
    struct pagedouble values = pagedouble_at(page, &layout, PAGE_SECTION_VALUES);
    uint64_t entries[METRIC_COUNT] = {0};
    uint64_t seq = 0;

    begin();
    for (uint64_t i = 1; i <= 6; i++) {
        /* Two publishes for each image: the page's number keeps its parity. */
        entries[0] = 10 * i;
        pagedouble_put(&values, entries, sizeof entries, METRIC_COUNT, 1);
        entries[0] = 10 * i + 1;
        pagedouble_put(&values, entries, sizeof entries, METRIC_COUNT, 2);
        update();
        cr_assert_eq(newest(PAGE_SECTION_VALUES, &seq)[0], 10 * i + 1, "round %" PRIu64, i);
        cr_assert_eq(seq, i, "number %" PRIu64 " in round %" PRIu64, seq, i);
    }
}

Test(pageimage, a_double_buffer_that_rests_is_not_written)
{
    struct pagedouble values = pagedouble_at(page, &layout, PAGE_SECTION_VALUES);
    uint64_t entries[METRIC_COUNT] = {7};
    uint64_t seq = 0;

    pagedouble_put(&values, entries, sizeof entries, METRIC_COUNT, 1);
    begin();
    update();
    update();
    newest(PAGE_SECTION_VALUES, &seq);
    cr_assert_eq(seq, 1, "number %" PRIu64, seq);
}

Test(pageimage, writes_the_new_slots_of_a_ring)
{
    struct pagering ring = pagering_at(page, &layout, PAGE_SECTION_HISTORY_1S);

    begin();
    for (uint64_t n = 0; n < 2 * SECONDS; n++) {
        put_second(&ring, n);
        if (n % 7 == 0)
            update();
    }
    update();
    for (uint64_t n = SECONDS; n < 2 * SECONDS; n++) {
        const uint64_t *slot = image_slot(PAGE_SECTION_HISTORY_1S, n);

        cr_assert_eq(slot[0], 2 * n + 2, "slot of entry %" PRIu64 " has %" PRIu64, n, slot[0]);
        cr_assert_eq(slot[1], n, "entry %" PRIu64 " holds %" PRIu64, n, slot[1]);
    }
}

Test(pageimage, catches_up_with_a_ring_that_lapped_it)
{
    struct pagering ring = pagering_at(page, &layout, PAGE_SECTION_HISTORY_1S);
    const uint64_t last = 5 * SECONDS + 11;

    begin();
    for (uint64_t n = 0; n <= last; n++)
        put_second(&ring, n);
    update();
    update();
    for (uint64_t n = last - SECONDS + 1; n <= last; n++) {
        const uint64_t *slot = image_slot(PAGE_SECTION_HISTORY_1S, n);

        cr_assert_eq(slot[0], 2 * n + 2, "slot of entry %" PRIu64 " has %" PRIu64, n, slot[0]);
    }
}

Test(pageimage, leaves_out_an_entry_that_is_being_written)
{
    struct pagering ring = pagering_at(page, &layout, PAGE_SECTION_HISTORY_1S);

    begin();
    put_second(&ring, 5);
    pagering_begin(&ring);
    update();
    cr_assert_eq(image_slot(PAGE_SECTION_HISTORY_1S, 0)[0], 2, "the whole entry");
    cr_assert_eq(image_slot(PAGE_SECTION_HISTORY_1S, 1)[0], 0, "the other");
    pagering_commit(&ring);
    update();
    cr_assert_eq(image_slot(PAGE_SECTION_HISTORY_1S, 1)[0], 4, "it is whole by now");
}

Test(pageimage, the_state_can_be_written_alone)
{
    begin();
    pageimage_write_state(fd, PAGE_STATE_CRASHED);
    cr_assert_eq(((const struct page_header *)(const void *)read_image())->state,
                 PAGE_STATE_CRASHED, "state");
}

Test(pageimage, a_limit_on_files_is_an_error_and_no_signal)
{
    struct rlimit limit = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
    int error = 0;

    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0, "setrlimit");
    error = pageimage_begin(&image, fd, page, &layout);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    cr_assert_eq(error, EFBIG, "error %d", error);
}
