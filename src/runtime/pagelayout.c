/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/pagelayout.h"

#include <string.h>

#include "base/bits.h"
#include "base/check.h"

#define SECTION_ALIGN CACHE_LINE_BYTES

struct metric_text {
    const char *name;
    const char *help;
    uint8_t kind;
    uint8_t unit;
    uint8_t level;
    uint8_t keep;
};

static const struct metric_text metric_text[METRIC_COUNT] = {
#define METRIC(id, name, kind, unit, level, keep, help) \
    [METRIC_##id] = {name, help, PAGE_KIND_##kind, PAGE_UNIT_##unit, PAGE_LEVEL_##level, keep},
#include "metrics.def"
#undef METRIC
};

_Static_assert(METRIC_COUNT <= 4096, "one page of values");

/* ---- planning ---- */

static uint32_t count_kept(void)
{
    uint32_t kept = 0;

    for (unsigned i = 0; i < METRIC_COUNT; i++)
        kept += metric_text[i].keep;
    return kept;
}

static uint64_t count_string_bytes(void)
{
    uint64_t bytes = 1; /* offset 0 is the empty text */

    for (unsigned i = 0; i < METRIC_COUNT; i++)
        bytes += strlen(metric_text[i].name) + 1 + strlen(metric_text[i].help) + 1;
    return bytes;
}

/* Puts a section behind the others, unless it would be empty. */
static void add(struct pagelayout *layout, enum page_section_type type, uint64_t stride,
                uint32_t count)
{
    struct page_section *s = &layout->section[layout->nsections];

    if (count == 0)
        return;
    CHECK(layout->nsections < PAGELAYOUT_SECTIONS_MAX && stride <= UINT32_MAX);
    *s = (struct page_section){
        .type = type,
        .offset = layout->bytes,
        .bytes = stride * count,
        .stride = (uint32_t)stride,
        .count = count,
    };
    layout->nsections++;
    layout->bytes += align_up(s->bytes, SECTION_ALIGN);
}

/* As add, for a double buffer of COUNT entries of ENTRY_BYTES. */
static void add_double(struct pagelayout *layout, enum page_section_type type, uint64_t entry_bytes,
                       uint32_t count)
{
    uint64_t copy_bytes = align_up(entry_bytes * count, SECTION_ALIGN);

    if (count == 0)
        return;
    add(layout, type, sizeof(struct page_double) + 2 * copy_bytes, 1);
    layout->section[layout->nsections - 1].stride = (uint32_t)copy_bytes;
    layout->section[layout->nsections - 1].count = count;
}

void pagelayout_plan(struct pagelayout *layout, const struct pagelayout_sizes *sizes)
{
    uint32_t kept = count_kept();
    uint64_t second_bytes = sizeof(struct page_history_slot) + kept * sizeof(uint64_t);
    uint64_t minute_bytes = sizeof(struct page_history_slot) + kept * sizeof(struct page_minute);

    *layout = (struct pagelayout){.nkept = kept};
    layout->bytes = sizeof(struct page_header) +
                    PAGELAYOUT_SECTIONS_MAX * sizeof(struct page_section);
    layout->bytes = align_up(layout->bytes, SECTION_ALIGN);
    add(layout, PAGE_SECTION_METRICS, sizeof(struct page_metric), METRIC_COUNT);
    add(layout, PAGE_SECTION_STRINGS, 1, (uint32_t)count_string_bytes());
    add_double(layout, PAGE_SECTION_VALUES, sizeof(uint64_t), METRIC_COUNT);
    add(layout, PAGE_SECTION_PROCS, sizeof(struct page_proc), sizes->procs);
    add_double(layout, PAGE_SECTION_SIZE_CLASSES, sizeof(struct page_size_class),
               sizes->size_classes);
    add(layout, PAGE_SECTION_GC_CYCLES, sizeof(struct page_gc_cycle), PAGELAYOUT_GC_CYCLES);
    add(layout, PAGE_SECTION_EVENTS, sizeof(struct page_event), PAGELAYOUT_EVENTS);
    add_double(layout, PAGE_SECTION_TASK_GROUPS, sizeof(struct page_task_group),
               PAGELAYOUT_TASK_GROUPS);
    add_double(layout, PAGE_SECTION_ALLOC_SITES, sizeof(struct page_alloc_site),
               PAGELAYOUT_ALLOC_SITES);
    add(layout, PAGE_SECTION_HISTORY_1S, second_bytes, sizes->seconds);
    add(layout, PAGE_SECTION_HISTORY_1M, minute_bytes, sizes->minutes);
    add(layout, PAGE_SECTION_SITES_1M, sizeof(struct page_sites_minute), sizes->minutes);
    add_double(layout, PAGE_SECTION_LATENCY, sizeof(struct page_latency), sizes->latencies);
    add_double(layout, PAGE_SECTION_LEAKS, sizeof(struct page_leak), PAGELAYOUT_LEAKS);
}

const struct page_section *pagelayout_find(const struct pagelayout *layout,
                                           enum page_section_type type)
{
    for (uint32_t i = 0; i < layout->nsections; i++)
        if (layout->section[i].type == type)
            return &layout->section[i];
    return NULL;
}

enum pagelayout_shape pagelayout_shape_of(enum page_section_type type)
{
    switch (type) {
    case PAGE_SECTION_METRICS:
    case PAGE_SECTION_STRINGS:
        return PAGE_SHAPE_FIXED;
    case PAGE_SECTION_PROCS:
        return PAGE_SHAPE_LIVE;
    case PAGE_SECTION_VALUES:
    case PAGE_SECTION_SIZE_CLASSES:
    case PAGE_SECTION_TASK_GROUPS:
    case PAGE_SECTION_ALLOC_SITES:
    case PAGE_SECTION_LATENCY:
    case PAGE_SECTION_LEAKS:
        return PAGE_SHAPE_DOUBLE;
    case PAGE_SECTION_GC_CYCLES:
    case PAGE_SECTION_EVENTS:
    case PAGE_SECTION_HISTORY_1S:
    case PAGE_SECTION_HISTORY_1M:
    case PAGE_SECTION_SITES_1M:
        return PAGE_SHAPE_RING;
    }
    UNREACHABLE();
}

/* ---- writing what is fixed ---- */

/* Appends TEXT to the strings that end at *AT; returns its offset. */
static uint32_t put_text(char *strings, uint32_t *at, const char *text)
{
    uint32_t offset = *at;
    size_t bytes = strlen(text) + 1;

    memcpy(strings + offset, text, bytes);
    *at += (uint32_t)bytes;
    return offset;
}

static void write_metrics(struct page_metric *metric, char *strings, uint32_t string_bytes)
{
    uint32_t at = 1;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_text *text = &metric_text[i];

        metric[i].name = put_text(strings, &at, text->name);
        metric[i].help = put_text(strings, &at, text->help);
        metric[i].slot = i;
        metric[i].history = text->keep ? kept++ : PAGE_NO_HISTORY;
        metric[i].kind = text->kind;
        metric[i].unit = text->unit;
        metric[i].level = text->level;
    }
    CHECK(at == string_bytes);
}

static void write_header(const struct pagelayout *layout, struct page_header *header)
{
    static const uint8_t magic[] = PAGE_MAGIC;

    memcpy(header->magic, magic, sizeof header->magic);
    header->endian = PAGE_ENDIAN_TAG;
    header->major = PAGE_MAJOR;
    header->minor = PAGE_MINOR;
    header->header_bytes = sizeof *header;
    header->section_bytes = sizeof(struct page_section);
    header->page_bytes = layout->bytes;
    header->section_count = layout->nsections;
    header->section_offset = sizeof *header;
    header->nmetrics = METRIC_COUNT;
    header->state = PAGE_STATE_BUILDING;
}

void pagelayout_write(const struct pagelayout *layout, void *page)
{
    const struct page_section *metrics = pagelayout_find(layout, PAGE_SECTION_METRICS);
    const struct page_section *strings = pagelayout_find(layout, PAGE_SECTION_STRINGS);
    char *base = page;

    CHECK(metrics != NULL && strings != NULL);
    write_header(layout, page);
    memcpy(base + sizeof(struct page_header), layout->section,
           layout->nsections * sizeof layout->section[0]);
    write_metrics((struct page_metric *)(void *)(base + metrics->offset), base + strings->offset,
                  strings->count);
}
