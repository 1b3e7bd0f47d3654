/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/pageread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/seqlock.h"

#define DOUBLE_TRIES 100

static const struct {
    enum page_section_type type;
    size_t time; /* word of a slot */
} rings[] = {
    {PAGE_SECTION_EVENTS, 1},     {PAGE_SECTION_GC_CYCLES, 2}, {PAGE_SECTION_HISTORY_1S, 1},
    {PAGE_SECTION_HISTORY_1M, 1}, {PAGE_SECTION_SITES_1M, 1},
};

static bool read_at(int fd, void *to, size_t bytes, uint64_t offset)
{
    return pread(fd, to, bytes, (off_t)offset) == (ssize_t)bytes;
}

bool pageread_open(struct pageread *p, int fd)
{
    static const uint8_t magic[] = PAGE_MAGIC;
    struct page_header h;

    *p = (struct pageread){.fd = fd};
    if (fd < 0 || !read_at(fd, &h, sizeof h, 0) || memcmp(h.magic, magic, sizeof magic) != 0)
        return false;
    p->bytes = h.page_bytes;
    p->copy = malloc(p->bytes);
    return p->copy != NULL && pageread_refresh(p);
}

void pageread_close(struct pageread *p)
{
    free(p->copy);
    p->copy = NULL;
}

/* Marks as unfinished what was overwritten while it was copied. */
static bool recheck_ring(struct pageread *p, enum page_section_type type)
{
    const struct page_section *s = pageread_section(p, type);

    for (uint64_t i = 0; s != NULL && i < s->count; i++) {
        uint64_t offset = s->offset + i * s->stride;
        uint64_t now = 0;

        if (*pageread_slot(p, type, i) == 0)
            continue;
        if (!read_at(p->fd, &now, sizeof now, offset))
            return false;
        if (now != *pageread_slot(p, type, i))
            memcpy(p->copy + offset, &(uint64_t){1}, sizeof now);
    }
    return true;
}

bool pageread_refresh(struct pageread *p)
{
    if (!read_at(p->fd, p->copy, p->bytes, 0))
        return false;
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++)
        if (!recheck_ring(p, rings[i].type))
            return false;
    return true;
}

const struct page_header *pageread_header(const struct pageread *p)
{
    return (const void *)p->copy;
}

const struct page_section *pageread_section(const struct pageread *p, enum page_section_type type)
{
    const struct page_header *h = pageread_header(p);
    const struct page_section *s = (const void *)(p->copy + h->section_offset);

    for (uint32_t i = 0; i < h->section_count; i++)
        if (s[i].type == type)
            return &s[i];
    return NULL;
}

uint64_t pageread_double(const struct pageread *p, enum page_section_type type, void *copy,
                         uint64_t *count)
{
    const struct page_section *s = pageread_section(p, type);

    for (int i = 0; s != NULL && i < DOUBLE_TRIES; i++) {
        struct page_double before;
        struct page_double after;
        unsigned newest = 0;

        if (!read_at(p->fd, &before, sizeof before, s->offset))
            return 0;
        newest = seq_double_newest(before.seq);
        if (!read_at(p->fd, copy, s->stride,
                     s->offset + sizeof before + newest * (size_t)s->stride) ||
            !read_at(p->fd, &after, sizeof after, s->offset))
            return 0;
        *count = before.count[newest];
        if (seq_double_is_whole(before.seq, after.seq))
            return before.seq;
    }
    return 0;
}

const uint64_t *pageread_slot(const struct pageread *p, enum page_section_type type, uint64_t i)
{
    const struct page_section *s = pageread_section(p, type);

    CHECK(s != NULL);
    return (const void *)(p->copy + s->offset + i * s->stride);
}

/* ---- what has to hold ---- */

static const char *check_values(const struct pageread *p)
{
    const struct page_section *s = pageread_section(p, PAGE_SECTION_VALUES);
    uint64_t *v = s != NULL ? malloc(s->stride) : NULL;
    const char *fault = NULL;
    uint64_t count = 0;

    if (v == NULL || pageread_double(p, PAGE_SECTION_VALUES, v, &count) == 0)
        fault = "no whole copy of the values";
    else if (count != METRIC_COUNT)
        fault = "the values are of another number";
    else if (v[METRIC_MEM_SYS] != v[METRIC_HEAP_SYS] + v[METRIC_STACK_SYS] + v[METRIC_MSPAN_SYS] +
                                      v[METRIC_MCACHE_SYS] + v[METRIC_BUCKHASH_SYS] +
                                      v[METRIC_GC_SYS] + v[METRIC_OTHER_SYS])
        fault = "Sys is not the sum of its parts";
    else if (v[METRIC_HEAP_OBJECTS] != v[METRIC_HEAP_MALLOCS] - v[METRIC_HEAP_FREES])
        fault = "HeapObjects is not Mallocs less Frees";
    else if (v[METRIC_TASKS] != v[METRIC_TASKS_RUNNING] + v[METRIC_TASKS_RUNNABLE] +
                                    v[METRIC_TASKS_WAITING] + v[METRIC_TASKS_BLOCKING])
        fault = "the tasks are not the sum of their states";
    free(v);
    return fault;
}

/* Whole slots hold the entry that belongs there, and times grow with their numbers. */
static const char *check_ring(const struct pageread *p, enum page_section_type type, size_t time)
{
    const struct page_section *s = pageread_section(p, type);
    uint64_t first = UINT64_MAX;
    uint64_t entries = 0;

    for (uint64_t i = 0; s != NULL && i < s->count; i++) {
        const uint64_t *slot = pageread_slot(p, type, i);

        if (!seq_ring_is_whole(slot[0]))
            continue;
        entries++;
        if (seq_ring_number(slot[0]) % s->count != i)
            return "a slot holds an entry that belongs elsewhere";
        if (seq_ring_number(slot[0]) < first)
            first = seq_ring_number(slot[0]);
    }
    for (uint64_t i = 0; i + 1 < entries; i++) {
        uint64_t n = first + i;
        const uint64_t *slot = pageread_slot(p, type, n % s->count);
        const uint64_t *next = pageread_slot(p, type, (n + 1) % s->count);

        if (seq_ring_is_whole(slot[0]) && slot[0] + 2 == next[0] && slot[time] > next[time])
            return "a ring goes back in time";
    }
    return NULL;
}

const char *pageread_check(const struct pageread *p)
{
    const char *fault = check_values(p);

    for (size_t i = 0; i < sizeof rings / sizeof rings[0] && fault == NULL; i++)
        fault = check_ring(p, rings[i].type, rings[i].time);
    return fault;
}

unsigned pageread_events(const struct pageread *p, enum page_event_kind kind)
{
    const struct page_section *s = pageread_section(p, PAGE_SECTION_EVENTS);
    unsigned n = 0;

    CHECK(s != NULL);
    for (uint64_t i = 0; i < s->count; i++) {
        const struct page_event *e = (const void *)pageread_slot(p, PAGE_SECTION_EVENTS, i);

        n += seq_ring_is_whole(e->seq) && e->kind == kind;
    }
    return n;
}
