/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/pageimage.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/seqlock.h"
#include "runtime/filelimit.h"

#define FILE_PAGE_BYTES 4096u /* what lies in one is written whole or not at all */
#define SLOT_MAX_BYTES  4096u
#define SLOTS_AT_ONCE   256u

_Static_assert(sizeof(struct page_history_slot) + METRIC_COUNT * sizeof(struct page_minute) <=
                   SLOT_MAX_BYTES,
               "a slot is copied before it is written");

static int write_at(int fd, const void *data, size_t bytes, uint64_t offset)
{
    const char *at = data;

    while (bytes > 0) {
        ssize_t done = pwrite(fd, at, bytes, (off_t)offset);

        if (done <= 0)
            return done == 0 ? EIO : errno;
        at += done;
        offset += (uint64_t)done;
        bytes -= (size_t)done;
    }
    return 0;
}

static const void *section_at(const struct pageimage *image, const struct page_section *s)
{
    return image->page + s->offset;
}

static int write_section(struct pageimage *image, const struct page_section *s)
{
    return write_at(image->fd, section_at(image, s), s->bytes, s->offset);
}

static int write_header(struct pageimage *image)
{
    struct page_header header;

    seq_load_words((uint64_t *)&header, (const uint64_t *)(const void *)image->page,
                   sizeof header / sizeof(uint64_t));
    return write_at(image->fd, &header, sizeof header, 0);
}

/* The copy first, then the head that names it. */
static int write_double(struct pageimage *image, const struct page_section *s, size_t i)
{
    const struct page_double *live = section_at(image, s);
    struct page_double *head = &image->head[i];
    unsigned from = seq_double_newest(live->seq);
    unsigned to = seq_double_begin(&head->seq);
    const char *copy = (const char *)(live + 1) + from * (size_t)s->stride;
    int error = 0;

    if (live->seq == image->seen[i])
        return 0;
    error = write_at(image->fd, copy, s->stride, s->offset + sizeof *live + to * (size_t)s->stride);
    if (error != 0)
        return error;
    head->mono_ns[to] = live->mono_ns[from];
    head->count[to] = live->count[from];
    head->seq++;
    image->seen[i] = live->seq;
    return write_at(image->fd, head, sizeof *head, s->offset);
}

/* One whole slot at OFFSET; its number first and last if it could be cut in two. */
static int write_slot(int fd, const uint64_t *slot, size_t bytes, uint64_t offset)
{
    uint64_t unfinished = slot[0] - 1;
    int error = 0;

    if (offset % FILE_PAGE_BYTES + bytes <= FILE_PAGE_BYTES)
        return write_at(fd, slot, bytes, offset);
    error = write_at(fd, &unfinished, sizeof unfinished, offset);
    if (error == 0)
        error = write_at(fd, slot + 1, bytes - sizeof *slot, offset + sizeof *slot);
    if (error == 0)
        error = write_at(fd, slot, sizeof *slot, offset);
    return error;
}

/* Copies the slot of entry N. False if it is not whole, or holds another entry: then *N is the
 * next that is worth trying. */
static bool copy_slot(const struct pageimage *image, const struct page_section *s, uint64_t *n,
                      uint64_t *slot)
{
    const char *at = (const char *)section_at(image, s) + *n % s->count * s->stride;
    const uint64_t *shared = (const uint64_t *)(const void *)at;
    uint64_t whole = 2 * *n + 2;

    seq_load_words(slot, shared, s->stride / sizeof *slot);
    if (slot[0] == whole && seq_load(shared) == whole)
        return true;
    if (slot[0] > whole) /* lapped: the oldest that can still be there */
        *n = seq_ring_number(slot[0]) - s->count + 1;
    return false;
}

static int write_ring(struct pageimage *image, const struct page_section *s, size_t i)
{
    uint64_t slot[SLOT_MAX_BYTES / sizeof(uint64_t)];
    uint64_t n = image->seen[i];
    int error = 0;

    CHECK(s->stride <= sizeof slot);
    for (unsigned tries = 0; tries < SLOTS_AT_ONCE && error == 0; tries++) {
        uint64_t wanted = n;

        if (copy_slot(image, s, &n, slot)) {
            error = write_slot(image->fd, slot, s->stride, s->offset + n % s->count * s->stride);
            n++;
        } else if (n == wanted) {
            break;
        }
    }
    if (error == 0)
        image->seen[i] = n;
    return error;
}

int pageimage_update(struct pageimage *image)
{
    const struct pagelayout *layout = image->layout;
    int error = 0;

    if (!filelimit_allows(layout->bytes))
        return EFBIG;
    for (size_t i = 0; i < layout->nsections && error == 0; i++) {
        const struct page_section *s = &layout->section[i];

        switch (pagelayout_shape_of((enum page_section_type)s->type)) {
        case PAGE_SHAPE_FIXED:
            break;
        case PAGE_SHAPE_LIVE:
            error = write_section(image, s);
            break;
        case PAGE_SHAPE_DOUBLE:
            error = write_double(image, s, i);
            break;
        case PAGE_SHAPE_RING:
            error = write_ring(image, s, i);
            break;
        }
    }
    return error != 0 ? error : write_header(image);
}

int pageimage_begin(struct pageimage *image, int fd, const void *page,
                    const struct pagelayout *layout)
{
    uint64_t table_bytes = layout->nsections * sizeof layout->section[0];
    int error = 0;

    *image = (struct pageimage){.page = page, .layout = layout, .fd = fd};
    if (!filelimit_allows(layout->bytes))
        return EFBIG;
    if (ftruncate(fd, (off_t)layout->bytes) != 0)
        return errno;
    error = write_at(fd, layout->section, table_bytes, sizeof(struct page_header));
    for (size_t i = 0; i < layout->nsections && error == 0; i++) {
        const struct page_section *s = &layout->section[i];

        if (pagelayout_shape_of((enum page_section_type)s->type) == PAGE_SHAPE_FIXED)
            error = write_section(image, s);
    }
    return error != 0 ? error : pageimage_update(image);
}

void pageimage_write_state(int fd, uint32_t state)
{
    if (filelimit_allows(sizeof(struct page_header)))
        (void)!pwrite(fd, &state, sizeof state, offsetof(struct page_header, state));
}
