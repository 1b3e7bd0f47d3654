/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/pagewrite.h"

#include "base/check.h"
#include "base/seqlock.h"

struct pagedouble pagedouble_at(void *page, const struct pagelayout *layout,
                                enum page_section_type type)
{
    const struct page_section *s = pagelayout_find(layout, type);

    if (s == NULL)
        return (struct pagedouble){0};
    return (struct pagedouble){
        .head = (struct page_double *)(void *)((char *)page + s->offset),
        .copy_bytes = s->stride,
    };
}

struct pagering pagering_at(void *page, const struct pagelayout *layout,
                            enum page_section_type type)
{
    const struct page_section *s = pagelayout_find(layout, type);

    if (s == NULL)
        return (struct pagering){0};
    return (struct pagering){
        .slots = (char *)page + s->offset,
        .stride = s->stride,
        .count = s->count,
    };
}

void pagedouble_put(const struct pagedouble *d, const void *entries, size_t bytes, uint64_t count,
                    int64_t now_ns)
{
    struct page_double *head = d->head;
    unsigned copy = 0;
    char *to = NULL;

    if (head == NULL)
        return;
    CHECK(bytes <= d->copy_bytes && bytes % sizeof(uint64_t) == 0);
    copy = seq_double_begin(&head->seq);
    to = (char *)(head + 1) + copy * d->copy_bytes;
    seq_store_words((uint64_t *)(void *)to, entries, bytes / sizeof(uint64_t));
    seq_store(&head->mono_ns[copy], (uint64_t)now_ns);
    seq_store(&head->count[copy], count);
    seq_double_commit(&head->seq);
}

static uint64_t *slot_of(const struct pagering *ring)
{
    return (uint64_t *)(void *)(ring->slots + ring->next % ring->count * ring->stride);
}

uint64_t *pagering_begin(struct pagering *ring)
{
    uint64_t *slot = NULL;

    if (ring->slots == NULL)
        return NULL;
    slot = slot_of(ring);
    seq_ring_begin(slot, ring->next);
    return slot + 1;
}

void pagering_commit(struct pagering *ring)
{
    seq_ring_commit(slot_of(ring), ring->next);
    ring->next++;
}

void pagering_put(struct pagering *ring, const void *entry, size_t bytes)
{
    uint64_t *to = pagering_begin(ring);

    if (to == NULL)
        return;
    CHECK(bytes <= ring->stride && bytes % sizeof(uint64_t) == 0);
    seq_store_words(to, (const uint64_t *)entry + 1, bytes / sizeof(uint64_t) - 1);
    pagering_commit(ring);
}
