/* SPDX-License-Identifier: MIT */
/* allocresize.c - gort/mem.h: objects at aligned addresses, and objects that change their size.
 * Spans begin at a page, so the slots of a size that is a multiple of a power of two up to a page
 * are aligned to it; what needs more has a span of its own at an aligned page.
 * What lies behind the end of an object that is searched is zero, and is kept so: it may become
 * part of the object. */
#include "config.h"

#include "gort/mem.h"

#include <string.h>

#include "runtime/alloc.h"
#include "runtime/allocfree.h"
#include "runtime/alloclarge.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/proc.h"

#define CALLER         ((uintptr_t)__builtin_return_address(0))
#define KEEP_MIN_BYTES ((size_t)64) /* slots up to that are never exchanged for smaller ones */

/* ---- aligned ---- */

/* The smallest size of a class that holds BYTES and is a multiple of ALIGN; 0 if there is none. */
static size_t aligned_class_bytes(size_t align, size_t bytes)
{
    for (unsigned c = size_class_of(bytes); c < SIZE_CLASSES; c++)
        if (size_classes[c].bytes % align == 0)
            return size_classes[c].bytes;
    return 0;
}

static void *alloc_aligned(const char *what, size_t align, size_t bytes, enum span_kind kind,
                           uintptr_t pc)
{
    size_t slot_bytes = 0;
    void *p = NULL;

    if (!is_pow2(align) || align > LARGE_ALIGN_MAX_BYTES)
        gort_fatal("%s: an alignment of %zu: not a power of two up to %zu", what, align,
                   (size_t)LARGE_ALIGN_MAX_BYTES);
    rt_enter(what);
    bytes = with_end(bytes);
    if (align <= HEAP_PAGE_BYTES && bytes <= SMALL_MAX_BYTES)
        slot_bytes = aligned_class_bytes(align, bytes);
    if (slot_bytes != 0)
        p = alloc_in_proc(slot_bytes, kind, pc);
    else
        p = alloc_large_aligned(bytes, max_size(align, HEAP_PAGE_BYTES), kind, pc);
    if (slot_bytes != 0)
        san_poison((char *)p + bytes, slot_bytes - bytes);
    rt_leave_to(worker_self(), pc);
    DCHECK((uintptr_t)p % align == 0);
    return p;
}

void *gort_alloc_aligned(size_t align, size_t bytes)
{
    return alloc_aligned("gort_alloc_aligned", align, bytes, SPAN_CONSERVATIVE, CALLER);
}

void *gort_alloc_noscan_aligned(size_t align, size_t bytes)
{
    return alloc_aligned("gort_alloc_noscan_aligned", align, bytes, SPAN_NOSCAN, CALLER);
}

/* ---- of another size ---- */

/* How many bytes of memory begin at P, which is in an object of S. */
static size_t room_at(const struct span *s, const void *p)
{
    return s->elem_bytes - ((uintptr_t)p - s->base) % s->elem_bytes;
}

/* Whether the slot of P is right for BYTES too, its end included. */
static bool fits(const struct span *s, size_t bytes)
{
    if (object_is_tiny(s) || bytes >= s->elem_bytes)
        return false;
    return bytes >= s->elem_bytes / 2 || s->elem_bytes <= KEEP_MIN_BYTES;
}

/* May collect before, as any allocation. */
static bool grow_in_place(struct span *s, size_t bytes, uintptr_t pc)
{
    enum gc_phase phase = GC_OFF;

    if (span_classes[s->spanclass].size_class != 0 || bytes < s->elem_bytes)
        return false;
    gc_make_room(bytes - s->elem_bytes, pc);
    phase = gc_phase(); /* until this task leaves the runtime */
    return (phase == GC_OFF || phase == GC_SWEEP) && alloc_large_grow(s, with_end(bytes), pc);
}

/* The object at P has BYTES of its slot. Outside of the runtime, as it may take long. */
static void *settle(const struct span *s, char *p, size_t bytes)
{
    san_unpoison(p, s->elem_bytes);
    if (span_kind_of(s) != SPAN_NOSCAN)
        memset(p + bytes, 0, s->elem_bytes - bytes);
    san_poison(p + bytes, s->elem_bytes - bytes);
    return p;
}

/* A new object with the contents of the one at P, which goes. The contents are copied outside of
 * the runtime: that may take long. */
static void *move(struct span *s, void *p, size_t bytes, uintptr_t pc)
{
    size_t room = room_at(s, p);
    void *q = alloc_in_proc(with_end(bytes), span_kind_of(s), pc);

    rt_leave_to(worker_self(), pc);
    san_unpoison(p, room);
    memcpy(q, p, min_size(room, bytes));
    rt_enter("gort_realloc");
    object_free(s, p);
    rt_leave_to(worker_self(), pc);
    return q;
}

void *gort_realloc(void *p, size_t bytes)
{
    struct span *s = NULL;

    if (p == NULL)
        return gort_alloc(bytes);
    rt_enter("gort_realloc");
    s = object_span("gort_realloc", p);
    if (span_kind_of(s) == SPAN_TYPED)
        gort_fatal("gort_realloc: %p has a type; gort_slice_grown keeps it", p);
    if (!fits(s, bytes) && !grow_in_place(s, bytes, CALLER))
        return move(s, p, bytes, CALLER);
    rt_leave(worker_self());
    return settle(s, p, bytes);
}
