/* SPDX-License-Identifier: MIT */
/* cache.h - what a proc allocates from, and what it counts.
 * For each span class the cache owns a span, and of it one word of 64 objects at a time: taking an
 * object is finding the lowest set bit of that word. Nothing is counted then: how many objects a
 * class has given out is what its words held, less the bits that are still set. Small slots are
 * cleared when their word is taken, all at once, large ones one by one. The first typed object of
 * a word gives its type to all slots of that word: who wants the same type next has it already.
 * Slots that the program has freed (allocfree.h), of spans that others own, are kept in a chain for
 * each class until the next collection: they go to the next objects when a word is used up.
 * The counts belong together: their writer makes seq odd while it changes more than one of them,
 * and a reader tries again. A thread without a proc that sweeps has a cache for its counts only.
 * Threads: the holder of the proc; with the world stopped the collector. Counts: anyone reads.
 * Source: Go's mcache and its consistent heap statistics; a word at a time as in Whippet. */
#ifndef RUNTIME_CACHE_H
#define RUNTIME_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/seqlock.h"
#include "runtime/span.h"

struct cache_word {
    _Atomic(uint64_t) bits; /* slots that are free; written by the owner, read for the counts */
    uintptr_t base;         /* address of the slot of bit 0; [owner] */
    uint32_t bytes;         /* of a slot; [owner] */
    bool needzero;          /* slots may hold old data; [owner] */
    const gort_type *type;  /* what its slots have been made in advance, or NULL; [owner] */
};

#define CLASS_SET_WORDS(n) (((n) + 63) / 64)

struct cache_counts { /* one writer, the owner; each word through seqlock.h */
    uint64_t seq;
    uint64_t took[CLASS_SET_WORDS(SPAN_CLASSES)];    /* classes that have ever counted in taken[] */
    uint64_t freeing[CLASS_SET_WORDS(SIZE_CLASSES)]; /* and in freed[] */
    uint64_t taken[SPAN_CLASSES]; /* slots put into words, less those given back */
    uint64_t freed[SIZE_CLASSES]; /* objects swept away; 0: large ones */
    uint64_t large_allocs;
    uint64_t large_alloc_bytes;
    uint64_t large_free_bytes;
    uint64_t tiny_allocs; /* objects that share a block, the block not counted */
};

struct heap_cache {
    struct cache_word words[SPAN_CLASSES];
    struct span *spans[SPAN_CLASSES]; /* [owner] */
    uint16_t word_no[SPAN_CLASSES];   /* of words[] in its span; [owner] */
    uintptr_t freed[SPAN_CLASSES];    /* chains of slots, by their first words; 0: none; [owner] */
    uintptr_t tiny;                   /* block of small pointer-free objects, or 0; [owner] */
    size_t tiny_used;                 /* bytes of it; [owner] */
    int64_t sample_left;              /* bytes to allocate until one is sampled; [owner] */
    uint64_t rng;                     /* [owner] */
    uint32_t stress_left;             /* objects until a collection, under gcstress; [owner] */
    _Alignas(CACHE_LINE_BYTES) struct cache_counts counts;
};

/* Objects and bytes, summed over all caches. Frees never exceed allocations. */
struct heap_sums {
    uint64_t mallocs[SIZE_CLASSES]; /* 0: large */
    uint64_t frees[SIZE_CLASSES];
    uint64_t large_alloc_bytes;
    uint64_t large_free_bytes;
    uint64_t tiny_allocs;
};

/* A slot of SPANCLASS, or 0 if the word is empty. */
static inline uintptr_t cache_take(struct heap_cache *c, unsigned spanclass)
{
    struct cache_word *w = &c->words[spanclass];
    uint64_t bits = atomic_load_explicit(&w->bits, memory_order_relaxed);

    if (UNLIKELY(bits == 0))
        return 0;
    atomic_store_explicit(&w->bits, bits & (bits - 1), memory_order_relaxed);
    return w->base + (uintptr_t)bits_lowest(bits) * w->bytes;
}

/* Fills the word of SPANCLASS from the span that the cache has; false if that is used up. */
bool cache_next_word(struct heap_cache *c, unsigned spanclass);

/* Fills it from another span, which may be swept for it. False if the system gives no memory. */
bool cache_refill(struct heap_cache *c, unsigned spanclass);

/* The slots left in the word of SPANCLASS, of up to 512 bytes, become ones of TYPE. Owner. */
void cache_set_type(struct heap_cache *c, unsigned spanclass, const gort_type *type);

/* Puts the slot at ADDR, of a span that others may own, into the chain of SPANCLASS. Owner. */
void cache_push_freed(struct heap_cache *c, unsigned spanclass, uintptr_t addr);

/* Takes one out; 0 if there is none. Owner. */
uintptr_t cache_pop_freed(struct heap_cache *c, unsigned spanclass);

/* Whether the slot at ADDR is among the first MOST in the chain. Owner. */
bool cache_is_freed(const struct heap_cache *c, unsigned spanclass, uintptr_t addr, size_t most);

/* Gives all spans and unused slots back. Owner, or the collector with the world stopped. */
void cache_flush(struct heap_cache *c);

/* Flushes every cache, and gives the chains back to their spans, which nobody owns then. No span
 * is unswept. [stw] */
void cache_flush_all(void);

/* Counting. Changes between begin and end are seen together. Owner. */
static inline void counts_begin(struct cache_counts *n)
{
    seq_ring_begin(&n->seq, n->seq / 2);
}

static inline void counts_end(struct cache_counts *n)
{
    seq_ring_commit(&n->seq, n->seq / 2);
}

static inline void counts_add(uint64_t *word, uint64_t n)
{
    seq_store(word, *word + n);
}

/* CLASS is one of those in SET that have a count: readers skip all others. */
static inline void counts_note(uint64_t *set, unsigned class)
{
    uint64_t bit = UINT64_C(1) << (class % 64);

    if (UNLIKELY((set[class / 64] & bit) == 0))
        seq_store(&set[class / 64], set[class / 64] | bit);
}

/* N slots of SPANCLASS went into words or to the program; or were given back: then N is -n. */
static inline void counts_take(struct cache_counts *c, unsigned spanclass, uint64_t n)
{
    counts_note(c->took, spanclass);
    counts_add(&c->taken[spanclass], n);
}

/* N objects of SIZE_CLASS are no more. */
static inline void counts_free(struct cache_counts *c, unsigned size_class, uint64_t n)
{
    counts_note(c->freeing, size_class);
    counts_add(&c->freed[size_class], n);
}

/* Sums up, without stopping anyone. Any thread. */
void cache_read_sums(struct heap_sums *sums);

/* Objects that C has given out and the bytes of them. Any thread. */
void cache_read_allocs(const struct heap_cache *c, uint64_t *mallocs, uint64_t *bytes);

/* Caches that exist, and their memory. Any thread. */
size_t cache_count(void);
uint64_t cache_inuse_bytes(void);

#endif
