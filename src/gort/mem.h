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
 * live for ever (static). One object of up to 128 bytes goes without a byte more for its end, as of
 * gort_alloc_object: 16 bytes without references take 16, as a buffer of gort_alloc_noscan 32. */
GORT_API void *gort_alloc_typed(const gort_type *type, size_t n)
    __attribute__((malloc, returns_nonnull));

/* N elements of BYTES each, searched conservatively; the product is checked for overflow. */
GORT_API void *gort_alloc_array(size_t n, size_t bytes)
    __attribute__((malloc, alloc_size(1, 2), returns_nonnull));

/* The same for elements without references. */
GORT_API void *gort_alloc_noscan_array(size_t n, size_t bytes)
    __attribute__((malloc, alloc_size(1, 2), returns_nonnull));

/* As gort_alloc, for a single object rather than a buffer: see above on references to its end. */
GORT_API void *gort_alloc_object(size_t bytes)
    __attribute__((malloc, alloc_size(1), returns_nonnull));

#define gort_new(T)            ((T *)gort_alloc_object(sizeof(T)))
#define gort_make(T, n)        ((T *)gort_alloc_array((n), sizeof(T)))
#define gort_make_noscan(T, n) ((T *)gort_alloc_noscan_array((n), sizeof(T)))

/* As gort_alloc and gort_alloc_noscan, at an address that is a multiple of ALIGN: a power of two up
 * to 32 MiB, else it is misuse. The object may take up to about twice its size, or ALIGN more. */
GORT_API void *gort_alloc_aligned(size_t align, size_t bytes)
    __attribute__((malloc, alloc_align(1), alloc_size(2), returns_nonnull));
GORT_API void *gort_alloc_noscan_aligned(size_t align, size_t bytes)
    __attribute__((malloc, alloc_align(1), alloc_size(2), returns_nonnull));

/* The object at P, without a type, with BYTES: in place if its slot has room or, for more than
 * 32 KiB, if what lies behind it is free; else as a new one of the same kind with the same
 * contents. P is not to be used any more, as after gort_free, unless it is what is returned. What
 * comes in addition is zero, or of no particular contents if the object is never searched. NULL
 * gives a new object of gort_alloc. An alignment above that of gort_alloc is lost. Misuse: P is no
 * object's start, or one of gort_alloc_typed. */
GORT_API void *gort_realloc(void *p, size_t bytes)
    __attribute__((alloc_size(2), returns_nonnull, warn_unused_result));

/* A hint that nothing uses the object at P any more, through any reference: where that is cheap,
 * its memory is used again, and counted as freed, before a collection finds it dead; else nothing
 * happens. Nobody has to call this. A use afterwards is as wrong as after free(3). NULL is nothing.
 * Misuse: P is no object's start, or was freed; what is noticed of that ends the program, and with
 * GORT_DEBUG=clobberfree=1 more is noticed. Of what live.h has attached to the object, weak
 * pointers are cleared, cleanups will be called, and its finalizer is not. */
GORT_API void gort_free(void *p);

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

/* Memory outside the heap, for objects that are freed all at once: an arena is a chain of chunks
 * from the system, of 64 KiB first, that nothing but gort_arena_free gives back. The collector
 * neither frees its objects nor searches them for references; with GORT_ARENA_SCAN it searches all
 * of the arena's memory, as an added root. One arena is for one task at a time, or for any thread
 * if it is not searched. Its memory counts as OtherSys and towards the memory limit. */
typedef struct gort_arena gort_arena;
enum { GORT_ARENA_SCAN = 1 };

/* A new arena; FLAGS is 0 or GORT_ARENA_SCAN. */
GORT_API gort_arena *gort_arena_new(unsigned flags) __attribute__((returns_nonnull));

/* A zeroed object of BYTES in A, aligned to 16 bytes. It lives as long as A. */
GORT_API void *gort_arena_alloc(gort_arena *a, size_t bytes)
    __attribute__((malloc, alloc_size(2), assume_aligned(16), returns_nonnull));

/* Frees A and all its objects. Uses of them afterwards fault, or find another's memory; under the
 * address sanitizer and with GORT_DEBUG=clobberfree=1 they fault for as long as fewer than 256
 * chunks more were freed. NULL is nothing. */
GORT_API void gort_arena_free(gort_arena *a);

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
