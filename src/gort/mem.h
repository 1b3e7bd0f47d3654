/* SPDX-License-Identifier: MIT */
/* mem.h - the collected heap.
 * Objects are zeroed, never move, and are reclaimed when nothing refers to them. They are aligned
 * to 8 bytes, and to 16 if their size is a multiple of 16 (those of gort_alloc_noscan below 16
 * bytes to the power of two that divides their size, up to 8): what C demands of any type of that
 * size.
 * A reference is any properly aligned word that points to the object, into it, or just behind its
 * requested end; a single object of up to 128 bytes, from gort_new or gort_alloc_typed, is not
 * kept by its end alone. None of these calls blocks the task for long; any of them may collect.
 * They end the process when memory runs out. */
#ifndef GORT_MEM_H
#define GORT_MEM_H

#include <gort/base.h>

/* What the words of a type are, for precise scanning. Made by GORT_TYPE. */
typedef struct gort_type {
    const char *name;
    size_t bytes;         /* of one element */
    size_t nwords;        /* bits in the bitmap that matter: words up to the last reference */
    const uint64_t *ptrs; /* bit i: word i is a reference */
} gort_type;

/* An object of BYTES, every aligned word of which is searched for references (conservative).
 * 0 bytes give a valid address, but not one of its own. */
GORT_API void *gort_alloc(size_t bytes) __attribute__((malloc, alloc_size(1), returns_nonnull));

/* An object that holds no references: never searched. Buffers for input and output must be of this
 * kind. */
GORT_API void *gort_alloc_noscan(size_t bytes)
    __attribute__((malloc, alloc_size(1), returns_nonnull));

/* N elements of TYPE, searched by its bitmap only. N * bytes is checked for overflow. TYPE must
 * live for ever (static). */
GORT_API void *gort_alloc_typed(const gort_type *type, size_t n)
    __attribute__((malloc, returns_nonnull));

/* N elements of BYTES each, searched conservatively; the product is checked for overflow. */
GORT_API void *gort_alloc_array(size_t n, size_t bytes)
    __attribute__((malloc, alloc_size(1, 2), returns_nonnull));

/* As gort_alloc, for a single object rather than a buffer: see above on references to its end. */
GORT_API void *gort_alloc_object(size_t bytes)
    __attribute__((malloc, alloc_size(1), returns_nonnull));

#define gort_new(T)     ((T *)gort_alloc_object(sizeof(T)))
#define gort_make(T, n) ((T *)gort_alloc_array((n), sizeof(T)))

/* A type whose references are the listed members, at most 64 words long:
 *     GORT_TYPE(node_type, struct node,
 *               GORT_PTR(struct node, left) | GORT_PTR(struct node, right)); */
#define GORT_PTR(T, member) (UINT64_C(1) << (offsetof(T, member) / sizeof(void *)))
#define GORT_TYPE(var, T, bits)                                                             \
    _Static_assert(sizeof(T) <= 64 * sizeof(void *), "GORT_TYPE describes up to 64 words"); \
    static const uint64_t var##_ptrs[1] = {bits};                                           \
    static const gort_type var = {                                                          \
        .name = #T,                                                                         \
        .bytes = sizeof(T),                                                                 \
        .nwords = (bits) == 0 ? 0 : 64u - (unsigned)__builtin_clzll((bits) | 1u),           \
        .ptrs = var##_ptrs}

/* Adds [P, P + BYTES) to what is searched conservatively for references, until it is removed by the
 * same P. For memory from malloc or mmap. GORT_ENOMEM if there are too many. */
GORT_API GORT_MUST_CHECK int gort_root_add(const void *p, size_t bytes);
GORT_API void gort_root_remove(const void *p);

/* P stays alive at least until here. */
static inline void gort_keepalive(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}

/* Collects: all that was unreachable when it was called has been freed when it returns. Blocks the
 * task. */
GORT_API void gort_gc(void);

/* Sets the growth of the heap between collections in percent; -1 turns collection off. Returns the
 * former value. */
GORT_API int gort_set_gc_percent(int percent);

/* Sets a soft limit on the memory that the runtime uses, in bytes; a negative LIMIT only asks.
 * Returns the former value. */
GORT_API int64_t gort_set_memory_limit(int64_t limit_bytes);

/* Sets the limit on threads that run tasks or block in them, 10,000 at first; N below 1 only asks.
 * Returns the former limit. A program that needs more threads, now or later, is ended: it is a
 * guard against blocking calls without bound, before they use up the system. Callable from any
 * thread. */
GORT_API int gort_set_max_threads(int n);

/* Collects and returns as much memory as possible to the system. */
GORT_API void gort_free_os_memory(void);

#endif
