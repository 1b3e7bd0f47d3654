/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/pagelayout.h"

static const struct pagelayout_sizes usual = {
    .procs = 4, .size_classes = 69, .latencies = 304, .seconds = 900, .minutes = 1440};

static struct pagelayout layout;
static char *page;

static void setup(void)
{
    pagelayout_plan(&layout, &usual);
    page = calloc(1, layout.bytes);
    cr_assert_not_null(page, "no memory for %" PRIu64 " bytes", layout.bytes);
    pagelayout_write(&layout, page);
}

static void teardown(void)
{
    free(page);
}

TestSuite(pagelayout, .init = setup, .fini = teardown);

static const struct page_header *header(void)
{
    return (const struct page_header *)(const void *)page;
}

/* The section table as a reader finds it. */
static const struct page_section *section(enum page_section_type type)
{
    const struct page_section *s =
        (const struct page_section *)(const void *)(page + header()->section_offset);

    for (uint32_t i = 0; i < header()->section_count; i++)
        if (s[i].type == type)
            return &s[i];
    cr_assert_fail("no section of type %d", type);
    abort();
}

/* What major version 1 writes: another program may have been built on these numbers. */
Test(pagelayout, the_frozen_part_never_moves)
{
    static const uint8_t golden[] = {
        'G', 'O', 'M', 'O', 'N', '\r', '\n', 0x1a, /* magic */
        0x04, 0x03, 0x02, 0x01,                    /* endian */
        1, 0, PAGE_MINOR, 0,                       /* major, minor */
        0, 1, 0, 0,                                /* header_bytes */
        32, 0, 0, 0,                               /* section_bytes */
    };

    cr_assert_eq(memcmp(page, golden, sizeof golden), 0, "the first %zu bytes differ",
                 sizeof golden);
    for (size_t i = 32; i < 64; i++)
        cr_assert_eq(page[i], 0, "byte %zu is %d", i, page[i]);
    cr_assert_eq(header()->page_bytes, layout.bytes, "%" PRIu64, header()->page_bytes);
    cr_assert_eq(header()->state, PAGE_STATE_BUILDING, "state %u", header()->state);
}

/* Of task groups, cycles and allocation sites as version 1.3 has grown them, behind its table of
 * sections. */
Test(pagelayout, offsets_of_the_first_version)
{
    static const struct {
        enum page_section_type type;
        uint64_t offset;
        uint32_t stride;
        uint32_t count;
    } golden[] = {
        {PAGE_SECTION_METRICS, 704, 32, METRIC_COUNT},
        {PAGE_SECTION_PROCS, 0, 256, 4},
        {PAGE_SECTION_SIZE_CLASSES, 0, 3328, 69},
        {PAGE_SECTION_GC_CYCLES, 0, 440, 256},
        {PAGE_SECTION_EVENTS, 0, 128, 256},
        {PAGE_SECTION_TASK_GROUPS, 0, 32768, 256},
        {PAGE_SECTION_ALLOC_SITES, 0, 16384, 256},
        {PAGE_SECTION_SITES_1M, 0, 528, 1440},
        {PAGE_SECTION_LATENCY, 0, 4864, 304},
        {PAGE_SECTION_LEAKS, 0, 16384, 256},
    };

    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const struct page_section *s = section(golden[i].type);

        cr_assert_not_null(s, "section %d is missing", (int)golden[i].type);
        cr_assert(golden[i].offset == 0 || s->offset == golden[i].offset,
                  "section %d at %" PRIu64, (int)golden[i].type, s->offset);
        cr_assert_eq(s->stride, golden[i].stride, "section %d has stride %u", (int)s->type,
                     s->stride);
        cr_assert_eq(s->count, golden[i].count, "section %d has %u entries", (int)s->type,
                     s->count);
    }
}

Test(pagelayout, sections_are_aligned_and_apart)
{
    uint64_t end = header()->section_offset + header()->section_count * header()->section_bytes;

    for (uint32_t i = 0; i < layout.nsections; i++) {
        const struct page_section *s = &layout.section[i];
        uint64_t least = (uint64_t)s->stride * s->count;

        if (pagelayout_shape_of((enum page_section_type)s->type) == PAGE_SHAPE_DOUBLE)
            least = sizeof(struct page_double) + 2 * (uint64_t)s->stride;
        cr_assert_eq(s->offset % 64, 0, "section %u at %" PRIu64, s->type, s->offset);
        cr_assert_geq(s->offset, end, "section %u begins before %" PRIu64, s->type, end);
        cr_assert_eq(s->bytes, least, "section %u has %" PRIu64 " bytes", s->type, s->bytes);
        end = s->offset + s->bytes;
    }
    cr_assert_leq(end, header()->page_bytes, "the last section ends at %" PRIu64, end);
}

Test(pagelayout, every_metric_is_described_once)
{
    const struct page_section *metrics = section(PAGE_SECTION_METRICS);
    const struct page_section *strings = section(PAGE_SECTION_STRINGS);
    const struct page_metric *m = (const void *)(page + metrics->offset);
    const char *text = page + strings->offset;
    uint32_t kept = 0;

    cr_assert_eq(text[strings->bytes - 1], '\0', "the texts have no end");
    for (uint32_t i = 0; i < metrics->count; i++) {
        cr_assert_eq(m[i].slot, i, "metric %u has slot %u", i, m[i].slot);
        cr_assert_lt(m[i].name, strings->bytes, "name of metric %u", i);
        cr_assert_lt(m[i].help, strings->bytes, "help of metric %u", i);
        cr_assert_gt(strlen(text + m[i].help), 0, "metric %u has no help", i);
        if (m[i].history != PAGE_NO_HISTORY)
            cr_assert_eq(m[i].history, kept++, "metric %u has history %u", i, m[i].history);
    }
    cr_assert_str_eq(text + m[METRIC_HEAP_ALLOC].name, "heap.alloc", "name of slot %d",
                     METRIC_HEAP_ALLOC);
    cr_assert_eq(kept, layout.nkept, "%u kept", kept);
    cr_assert_eq(section(PAGE_SECTION_HISTORY_1S)->stride, 16 + 8 * kept, "stride %u",
                 section(PAGE_SECTION_HISTORY_1S)->stride);
    cr_assert_eq(section(PAGE_SECTION_HISTORY_1M)->stride, 16 + 24 * kept, "stride %u",
                 section(PAGE_SECTION_HISTORY_1M)->stride);
}

Test(pagelayout, history_costs_what_the_manual_says)
{
    uint64_t bytes = section(PAGE_SECTION_HISTORY_1S)->bytes +
                     section(PAGE_SECTION_HISTORY_1M)->bytes +
                     section(PAGE_SECTION_SITES_1M)->bytes;

    cr_assert_leq(bytes, UINT64_C(2700000), "history takes %" PRIu64 " bytes", bytes);
}

Test(pagelayout, without_history_there_are_no_such_sections)
{
    struct pagelayout none;

    pagelayout_plan(&none, &(struct pagelayout_sizes){.procs = 1, .size_classes = 69});

    cr_assert_null(pagelayout_find(&none, PAGE_SECTION_HISTORY_1S), "seconds");
    cr_assert_null(pagelayout_find(&none, PAGE_SECTION_HISTORY_1M), "minutes");
    cr_assert_null(pagelayout_find(&none, PAGE_SECTION_SITES_1M), "sites");
    /* Nearly half of it are 256 collections, each with the stack of who was last to stop. */
    cr_assert_lt(none.bytes, UINT64_C(288) << 10, "%" PRIu64 " bytes", none.bytes);
}
