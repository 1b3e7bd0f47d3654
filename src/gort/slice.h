/* SPDX-License-Identifier: MIT */
/* slice.h - arrays that grow, in the collected heap.
 *     typedef GORT_SLICE(int) ints;
 *     ints numbers = {0};
 *     GORT_APPEND(&numbers, 7);
 *     for (size_t i = 0; i < numbers.len; i++) use(numbers.ptr[i]);
 * A slice is a value, like Go's: what is assigned to another shares its elements until one of them
 * grows. Nothing needs to be freed; the elements stay as long as anything refers to them.
 * Elements smaller than a pointer, or of a type without references, are not searched by the
 * collector; of others every word is, or those that the type says.
 * One slice is for one task at a time. None of these calls blocks. A length beyond all memory ends
 * the process.
 * Source: Go's growslice (runtime/slice.go). */
#ifndef GORT_SLICE_H
#define GORT_SLICE_H

#include <gort/base.h>
#include <gort/mem.h>

/* Empty when zero. TYPE is set before the first element, and says what the collector searches:
 * NULL for every word of an element, &gort_noscan for none, or a GORT_TYPE of its size. */
typedef struct gort_slice {
    void *ptr;
    size_t len; /* elements */
    size_t cap; /* elements that there is room for */
    const gort_type *type;
} gort_slice;

/* A slice of elements of type T. */
#define GORT_SLICE(T)              \
    union {                        \
        gort_slice gort_any;       \
        struct {                   \
            T *ptr;                \
            size_t len;            \
            size_t cap;            \
            const gort_type *type; \
        };                         \
    }

/* For elements without references, of any size. */
GORT_API extern const gort_type gort_noscan;

/* S with room for MORE elements of BYTES each beyond its own: if there is not enough, they move to
 * an array twice as large, from 256 elements on a quarter and 192 larger, and at least as large as
 * is needed. Elements that are added by hand go to ptr[len], and len is counted up. */
GORT_API GORT_MUST_CHECK gort_slice gort_slice_grown(gort_slice s, size_t bytes, size_t more);

/* Appends N elements of BYTES each; FROM may lie in S itself. */
GORT_API void gort_slice_append(gort_slice *s, size_t bytes, const void *from, size_t n);

/* A slice with the same elements, of BYTES each, that shares none with S; no larger than needed. */
GORT_API gort_slice gort_slice_copy(const gort_slice *s, size_t bytes);

/* The elements from LO up to HI, shared with S; without room behind them, so that appending to it
 * does not overwrite S. LO <= HI <= len, else it is misuse. */
GORT_API gort_slice gort_slice_part(const gort_slice *s, size_t bytes, size_t lo, size_t hi);

/* The same for slices of a type; S is a pointer to one, and may be evaluated more than once. */
#define GORT_RESERVE(s, more) \
    ((s)->gort_any = gort_slice_grown((s)->gort_any, sizeof *(s)->ptr, (more)))
#define GORT_APPEND_N(s, from, n)                       \
    gort_slice_append(&(s)->gort_any, sizeof *(s)->ptr, \
                      1 ? (from) : (s)->ptr /* of the same type */, (n))
/* VALUE may be made by what appends to S itself. */
#define GORT_APPEND(s, value)                        \
    __extension__({                                  \
        __typeof__(*(s)->ptr) gort_value_ = (value); \
        if ((s)->len == (s)->cap)                    \
            GORT_RESERVE((s), 1);                    \
        (s)->ptr[(s)->len++] = gort_value_;          \
        (void)0;                                     \
    })
/* Writes a copy of S, or a part, to *TO, a slice of the same type. */
#define GORT_COPY(to, s) ((to)->gort_any = gort_slice_copy(&(s)->gort_any, sizeof *(s)->ptr))
#define GORT_PART(to, s, lo, hi) \
    ((to)->gort_any = gort_slice_part(&(s)->gort_any, sizeof *(s)->ptr, (lo), (hi)))
/* Empties S and keeps its room: whoever shares elements sees them change. */
#define GORT_CLEAR(s) ((void)((s)->len = 0))

#endif
