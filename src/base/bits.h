/* SPDX-License-Identifier: MIT */
/* bits.h - alignment and bit tricks, on plain integers.
 * Threads: pure functions. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CACHE_LINE_BYTES 64

/* N rounded up or down to ALIGN, a power of two. */
static inline size_t align_up(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

static inline size_t align_down(size_t n, size_t align)
{
    return n & ~(align - 1);
}

static inline bool is_pow2(size_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* Index of the lowest set bit; WORD must not be 0. */
static inline unsigned bits_lowest(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

/* Index of the highest set bit; WORD must not be 0. */
static inline unsigned bits_highest(uint64_t word)
{
    return 63u - (unsigned)__builtin_clzll(word);
}

static inline unsigned bits_count(uint64_t word)
{
    return (unsigned)__builtin_popcountll(word);
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif
