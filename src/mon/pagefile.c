/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/pagefile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/seqlock.h"

#define SCRATCH_BYTES ((size_t)256 * 1024)
#define MOST_SECTIONS 64
#define MOST_TRIES 64
#define KNOWN_INCOMPAT UINT64_C(0)

/* What this gomon knows of a section: the least size of its entries, and its shape. */
struct known {
    uint16_t entry_bytes;
    bool is_double;
};

static const struct known known[PAGEFILE_TYPES] = {
    [PAGE_SECTION_METRICS] = {.entry_bytes = sizeof(struct page_metric)},
    [PAGE_SECTION_STRINGS] = {.entry_bytes = 1},
    [PAGE_SECTION_VALUES] = {.entry_bytes = sizeof(uint64_t), .is_double = true},
    [PAGE_SECTION_PROCS] = {.entry_bytes = sizeof(struct page_proc)},
    [PAGE_SECTION_SIZE_CLASSES] = {.entry_bytes = sizeof(struct page_size_class),
                                   .is_double = true},
    [PAGE_SECTION_GC_CYCLES] = {.entry_bytes = offsetof(struct page_gc_cycle, first_stop_ns)},
    [PAGE_SECTION_EVENTS] = {.entry_bytes = sizeof(struct page_event)},
    [PAGE_SECTION_TASK_GROUPS] = {.entry_bytes = PAGE_TASK_GROUP_LEAST,
                                  .is_double = true},
    [PAGE_SECTION_ALLOC_SITES] = {.entry_bytes = offsetof(struct page_alloc_site, before_bytes),
                                  .is_double = true},
    [PAGE_SECTION_HISTORY_1S] = {.entry_bytes = sizeof(struct page_history_slot)},
    [PAGE_SECTION_HISTORY_1M] = {.entry_bytes = sizeof(struct page_history_slot)},
    [PAGE_SECTION_SITES_1M] = {.entry_bytes = sizeof(struct page_sites_minute)},
    [PAGE_SECTION_LATENCY] = {.entry_bytes = sizeof(struct page_latency), .is_double = true},
    [PAGE_SECTION_LEAKS] = {.entry_bytes = sizeof(struct page_leak), .is_double = true},
};

/* ---- reading ---- */

/* Reads all BYTES at OFFSET, or fails. */
static bool read_all(int fd, void *to, size_t bytes, uint64_t offset)
{
    uint8_t *at = to;

    while (bytes > 0) {
        ssize_t n = pread(fd, at, bytes, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        offset += (uint64_t)n;
        bytes -= (size_t)n;
    }
    return true;
}

/* ---- checking ---- */

#define WHY(...) snprintf(why, PAGEFILE_WHY_BYTES, __VA_ARGS__)

static enum pagefile_verdict check_version(const struct page_header *h, char *why)
{
    if (h->major != PAGE_MAJOR) {
        WHY("has version %u.%u, this gomon reads %u.x: use the gomon that came with its library",
            h->major, h->minor, PAGE_MAJOR);
        return PAGEFILE_OTHER_VERSION;
    }
    if ((h->incompat & ~KNOWN_INCOMPAT) != 0) {
        WHY("uses features that this gomon does not know (%#" PRIx64 "): use a newer gomon",
            h->incompat & ~KNOWN_INCOMPAT);
        return PAGEFILE_OTHER_VERSION;
    }
    return PAGEFILE_GOOD;
}

static enum pagefile_verdict check_header(const struct page_header *h, uint64_t file_bytes,
                                          char *why)
{
    static const uint8_t magic[] = PAGE_MAGIC;
    enum pagefile_verdict version;

    if (memcmp(h->magic, magic, sizeof magic) != 0) {
        WHY("does not begin like one");
        return PAGEFILE_DAMAGED;
    }
    if (h->endian != PAGE_ENDIAN_TAG) {
        WHY("was written on a machine of the other byte order");
        return PAGEFILE_OTHER_VERSION;
    }
    version = check_version(h, why);
    if (version != PAGEFILE_GOOD)
        return version;
    if (h->state == PAGE_STATE_BUILDING) {
        WHY("is just being made: try again");
        return PAGEFILE_BUILDING;
    }
    if (h->page_bytes > file_bytes) {
        WHY("is cut: %" PRIu64 " of %" PRIu64 " bytes are there", file_bytes, h->page_bytes);
        return PAGEFILE_DAMAGED;
    }
    if (h->header_bytes < sizeof *h || h->section_bytes < sizeof(struct page_section) ||
        h->section_bytes > SCRATCH_BYTES / MOST_SECTIONS || h->section_count > MOST_SECTIONS) {
        WHY("has a header that makes no sense");
        return PAGEFILE_DAMAGED;
    }
    return PAGEFILE_GOOD;
}

/* How far apart the entries in a copy of a double are. A writer with larger entries than ours
 * divides its copies into them evenly; what is left over is padding. */
static uint32_t double_stride(const struct page_section *s, const struct known *k)
{
    uint32_t each = s->stride / s->count;
    bool even = s->stride % s->count == 0 && each % sizeof(uint64_t) == 0;

    return even && each >= k->entry_bytes ? each : k->entry_bytes;
}

/* Takes one section over, if it holds together. No product or sum of these fields overflows 64
 * bits. */
static bool take_section(struct pagefile_section *to, const struct page_section *s,
                         uint64_t page_bytes)
{
    const struct known *k = &known[s->type];
    uint64_t copies = k->is_double ? 2 : s->count;
    uint64_t head = k->is_double ? sizeof(struct page_double) : 0;

    if (to->count != 0 || s->count == 0 || s->stride == 0 || s->stride > SCRATCH_BYTES)
        return false;
    if (s->offset % sizeof(uint64_t) != 0 || s->offset > page_bytes ||
        s->bytes > page_bytes - s->offset || head + copies * s->stride > s->bytes)
        return false;
    if (k->entry_bytes > 1 && s->stride % sizeof(uint64_t) != 0)
        return false;
    *to = (struct pagefile_section){.offset = s->offset, .stride = s->stride, .count = s->count};
    if (k->is_double) {
        to->copy_stride = s->stride;
        to->stride = double_stride(s, k);
        return (uint64_t)to->stride * to->count <= to->copy_stride;
    }
    return to->stride >= k->entry_bytes;
}

static enum pagefile_verdict read_sections(struct pagefile *pf, char *why)
{
    const struct page_header *h = &pf->header;
    size_t bytes = (size_t)h->section_count * h->section_bytes;

    if (!read_all(pf->fd, pf->scratch, bytes, h->section_offset)) {
        WHY("has no table of sections where it should be");
        return PAGEFILE_DAMAGED;
    }
    for (uint32_t i = 0; i < h->section_count; i++) {
        struct page_section s;

        memcpy(&s, pf->scratch + (size_t)i * h->section_bytes, sizeof s);
        if (s.type >= PAGEFILE_TYPES || known[s.type].entry_bytes == 0)
            continue; /* newer than we are */
        if (!take_section(&pf->section[s.type], &s, h->page_bytes)) {
            WHY("has a section (type %" PRIu32 ") that makes no sense", s.type);
            return PAGEFILE_DAMAGED;
        }
    }
    return PAGEFILE_GOOD;
}

static enum pagefile_verdict read_and_check(struct pagefile *pf, char *why)
{
    off_t bytes = lseek(pf->fd, 0, SEEK_END);
    enum pagefile_verdict verdict;

    if (bytes < 0 || pf->scratch == NULL) {
        WHY("cannot be read: %s", strerror(errno));
        return PAGEFILE_UNREADABLE;
    }
    if (!read_all(pf->fd, &pf->header, sizeof pf->header, 0)) {
        WHY("is cut: %lld bytes are less than a header", (long long)bytes);
        return PAGEFILE_DAMAGED;
    }
    verdict = check_header(&pf->header, (uint64_t)bytes, why);
    return verdict == PAGEFILE_GOOD ? read_sections(pf, why) : verdict;
}

enum pagefile_verdict pagefile_open(struct pagefile *pf, int fd,
                                    char why[static PAGEFILE_WHY_BYTES])
{
    enum pagefile_verdict verdict;

    *pf = (struct pagefile){.fd = fd, .scratch = malloc(SCRATCH_BYTES)};
    verdict = read_and_check(pf, why);
    if (verdict != PAGEFILE_GOOD)
        pagefile_close(pf);
    return verdict;
}

void pagefile_close(struct pagefile *pf)
{
    if (pf->fd >= 0)
        close(pf->fd);
    free(pf->scratch);
    *pf = (struct pagefile){.fd = -1};
}

/* ---- reading what was checked ---- */

bool pagefile_refresh(struct pagefile *pf)
{
    struct page_header now;

    if (!read_all(pf->fd, &now, sizeof now, 0))
        return false;
    pf->header.state = now.state;
    pf->header.epoch_real_ns = now.epoch_real_ns;
    pf->header.epoch_mono_ns = now.epoch_mono_ns;
    pf->header.heartbeat_mono_ns = now.heartbeat_mono_ns;
    return true;
}

bool pagefile_entries(struct pagefile *pf, enum page_section_type type, uint32_t first, uint32_t n,
                      struct pagefile_entries *out)
{
    const struct pagefile_section *s = &pf->section[type];
    size_t room = s->stride == 0 ? 0 : SCRATCH_BYTES / s->stride;

    *out = (struct pagefile_entries){.first = pf->scratch, .stride = s->stride};
    if (first >= s->count)
        return true;
    n = (uint32_t)min_size(min_size(n, s->count - first), room);
    if (!read_all(pf->fd, pf->scratch, (size_t)n * s->stride,
                  s->offset + (uint64_t)first * s->stride))
        return false;
    out->n = n;
    return true;
}

enum pagefile_double pagefile_double(struct pagefile *pf, enum page_section_type type,
                                     struct pagefile_entries *out)
{
    const struct pagefile_section *s = &pf->section[type];
    struct page_double before;
    struct page_double after;

    *out = (struct pagefile_entries){.first = pf->scratch, .stride = s->stride};
    if (s->count == 0)
        return PAGEFILE_NONE;
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        unsigned copy;

        if (!read_all(pf->fd, &before, sizeof before, s->offset) || before.seq == 0)
            return PAGEFILE_NONE;
        copy = seq_double_newest(before.seq);
        if (!read_all(pf->fd, pf->scratch, s->copy_stride,
                      s->offset + sizeof before + (uint64_t)copy * s->copy_stride) ||
            !read_all(pf->fd, &after, sizeof after, s->offset))
            return PAGEFILE_NONE;
        if (!seq_double_is_whole(before.seq, after.seq))
            continue;
        out->mono_ns = after.mono_ns[copy];
        out->n = (uint32_t)min_size(after.count[copy], s->count);
        return PAGEFILE_WHOLE;
    }
    return PAGEFILE_TORN;
}

/* Reads the slot where entry N would be. Returns the number of the entry that is whole there, N or
 * a later one; 0 and *WHOLE false if it is older, or is being written. */
static uint64_t read_slot(struct pagefile *pf, const struct pagefile_section *s, uint64_t n,
                          bool *whole)
{
    uint64_t at = s->offset + n % s->count * s->stride;
    uint64_t before;
    uint64_t after;

    *whole = false;
    if (!read_all(pf->fd, pf->scratch, s->stride, at) ||
        !read_all(pf->fd, &after, sizeof after, at))
        return 0;
    memcpy(&before, pf->scratch, sizeof before);
    if (before != after || !seq_ring_is_whole(after) || seq_ring_number(after) < n)
        return 0;
    *whole = true;
    return seq_ring_number(after);
}

void pagefile_ring(struct pagefile *pf, enum page_section_type type, uint64_t *n,
                   pagefile_slot_fn *fn, void *arg)
{
    const struct pagefile_section *s = &pf->section[type];

    /* A writer that is in a hurry must not keep us here: twice round is enough. */
    for (uint64_t tries = 0; tries < 2 * (uint64_t)s->count; tries++) {
        bool whole;
        uint64_t found = read_slot(pf, s, *n, &whole);

        if (!whole)
            return;
        if (found == *n) {
            fn(arg, pf->scratch, s->stride);
            ++*n;
        } else {
            *n = found - *n > s->count ? found - s->count + 1 : *n + 1;
        }
    }
}

void pagefile_entry(const struct pagefile_entries *e, uint32_t i, void *to, size_t bytes)
{
    size_t there = min_size(bytes, e->stride);

    memcpy(to, e->first + (size_t)i * e->stride, there);
    memset((uint8_t *)to + there, 0, bytes - there);
}
