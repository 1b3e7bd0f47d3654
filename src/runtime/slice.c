/* SPDX-License-Identifier: MIT */
/* slice.c - arrays that grow: how far, and with memory of which kind.
 * A capacity is rounded up to what the size class holds anyway, less the byte behind the end. */
#include "config.h"

#include "gort/slice.h"

#include <string.h>

#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/sizeclass.h"

#define DOUBLED_UP_TO 256u /* elements */

const gort_type gort_noscan = {.name = "noscan", .bytes = 1};

/* Elements to make room for when WANTED are needed and there is room for CAP. */
static size_t next_cap(size_t cap, size_t wanted)
{
    if (wanted / 2 >= cap) /* also where twice CAP would overflow */
        return wanted;
    if (cap < DOUBLED_UP_TO)
        return 2 * cap;
    while (cap < wanted)
        cap += (cap + 3 * DOUBLED_UP_TO) / 4;
    return cap;
}

/* N rounded up to what fits into the memory that N elements of BYTES take. */
static size_t fill_up(size_t n, size_t bytes)
{
    size_t all;

    if (bytes == 0 || __builtin_mul_overflow(n, bytes, &all))
        return n; /* too much is refused by the allocation */
    if (all < SMALL_MAX_BYTES)
        all = size_classes[size_class_of(all + 1)].bytes - 1;
    else if (all < SIZE_MAX - HEAP_PAGE_BYTES)
        all |= HEAP_PAGE_BYTES - 1;
    return all / bytes;
}

static void *alloc_array(const gort_type *type, size_t n, size_t bytes)
{
    size_t all;

    if (__builtin_mul_overflow(n, bytes, &all))
        all = SIZE_MAX; /* refused */
    if (bytes < sizeof(void *) || (type != NULL && type->nwords == 0))
        return gort_alloc_noscan(all);
    if (type == NULL)
        return gort_alloc(all);
    if (type->bytes != bytes)
        gort_fatal("slice: elements of %zu bytes, but of %s, which has %zu", bytes, type->name,
                   type->bytes);
    return gort_alloc_typed(type, n);
}

/* S with its elements in a new array with room for CAP. */
static gort_slice moved(gort_slice s, size_t bytes, size_t cap)
{
    void *to = alloc_array(s.type, cap, bytes);

    if (s.len > 0)
        memcpy(to, s.ptr, s.len * bytes);
    s.ptr = to;
    s.cap = cap;
    return s;
}

gort_slice gort_slice_grown(gort_slice s, size_t bytes, size_t more)
{
    size_t wanted;

    if (more <= s.cap - s.len)
        return s;
    if (__builtin_add_overflow(s.len, more, &wanted))
        wanted = SIZE_MAX; /* refused */
    return moved(s, bytes, fill_up(next_cap(s.cap, wanted), bytes));
}

void gort_slice_append(gort_slice *s, size_t bytes, const void *from, size_t n)
{
    if (n == 0)
        return;
    *s = gort_slice_grown(*s, bytes, n); /* FROM stays: the parameter refers to it */
    memmove((char *)s->ptr + s->len * bytes, from, n * bytes);
    s->len += n;
    gort_keepalive(from);
}

gort_slice gort_slice_copy(const gort_slice *s, size_t bytes)
{
    return s->len == 0 ? (gort_slice){.type = s->type} : moved(*s, bytes, s->len);
}

gort_slice gort_slice_part(const gort_slice *s, size_t bytes, size_t lo, size_t hi)
{
    if (lo > hi || hi > s->len)
        gort_fatal("gort_slice_part: %zu to %zu of %zu elements", lo, hi, s->len);
    return (gort_slice){.ptr = s->ptr == NULL ? NULL : (char *)s->ptr + lo * bytes,
                        .len = hi - lo,
                        .cap = hi - lo,
                        .type = s->type};
}
