/* SPDX-License-Identifier: MIT */
/* stack.h - stacks for tasks.
 * Cut from slabs of 64 MiB, one size a slab; the lowest page of each is a guard: by
 * MADV_GUARD_INSTALL, which costs no mapping, else by mprotect up to a budget, else it is a canary:
 * it has to be all zeroes, as it was mapped, when the task ends. Freed stacks are kept warm in a
 * per-proc list and spill to a global one; trimming gives resident memory back below the top page.
 * Threads: per-proc lists by the owner, the rest under a lock of rank STACK. */
#ifndef RUNTIME_STACK_H
#define RUNTIME_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STACK_MIN_BYTES     (16u << 10)
#define STACK_DEFAULT_BYTES (64u << 10)
#define STACK_MAX_BYTES     (64u << 20)
#define STACK_GUARD_BYTES   4096u
#define STACK_CLASSES       13 /* powers of two from the least to the most */

struct stack {
    char *lo;     /* of the guard */
    size_t bytes; /* the guard included */
};

struct stack_cache { /* warm stacks of one proc; [owner] */
    uint32_t count;
    char *lo[64];              /* of the default size only */
    _Atomic(int64_t) inuse;    /* of that size, handed out less taken back by this proc: below zero
                                * for one that takes back others'; [atomic], written by the owner */
    struct stack_cache *other; /* [const] */
};

struct stack_stats {
    uint64_t inuse_bytes;   /* resident estimate of stacks in use */
    uint64_t cached_bytes;  /* resident estimate of free stacks */
    uint64_t virtual_bytes; /* address space of stacks in use */
};

/* An empty cache, zeroes so far, which is never freed: it goes on counting. Lock: takes STACK. */
void stack_cache_init(struct stack_cache *cache);

/* A stack of BYTES, a power of two within the limits; lo NULL if memory runs out. CACHE may be
 * NULL. */
struct stack stack_alloc(struct stack_cache *cache, size_t bytes);

/* Takes S back. CACHE may be NULL. */
void stack_free(struct stack_cache *cache, struct stack s);

/* Gives all stacks in CACHE to the other procs. Its owner, or with the world stopped. Lock: takes
 * STACK. */
void stack_cache_flush(struct stack_cache *cache);

/* Stacks begin one next to the other, so equal frames of all tasks would lie in the same few sets
 * of the caches, and tasks that take turns would put out each other's. So stacks end at 16
 * different offsets below a page's end, which leaves half of the page: it is still one page that a
 * task with a shallow stack needs. */
#define STACK_COLOURS      16u
#define STACK_COLOUR_BYTES 128u

static inline size_t stack_colour_bytes(const char *lo)
{
    uintptr_t n = (uintptr_t)lo / STACK_MIN_BYTES;

    /* Neighbours of 16 KiB differ, and those of 64 KiB, the default, are all colours in turn. */
    return (n + n / 4) % STACK_COLOURS * STACK_COLOUR_BYTES;
}

/* The lowest address that a frame may use, and the end. */
static inline char *stack_lo(struct stack s)
{
    return s.lo + STACK_GUARD_BYTES;
}

static inline char *stack_hi(struct stack s)
{
    return s.lo + s.bytes - stack_colour_bytes(s.lo);
}

/* Whether ADDR lies in a guard; if so, in the guard of the stack that begins at *LO.
 * Async-signal-safe. */
bool stack_guard_hit(const void *addr, char **lo);

/* Whether S, which has no guard that faults, was used beyond its end: then what lay below it is
 * damaged. Always false for a stack with a guard. */
bool stack_has_overflowed(struct stack s);

/* Gives the memory of free stacks back to the system, some at a time: stack_trim_begin takes all
 * free stacks, each call of stack_trim_step puts back up to 64 of them, false when all are back.
 * Locks: take STACK. */
struct stack_trim {
    char *lo[STACK_CLASSES]; /* linked as free ones are */
};
void stack_trim_begin(struct stack_trim *t);
bool stack_trim_step(struct stack_trim *t);

/* Slabs ever made, and what has come into use of slab I, which lies in one aligned stretch of
 * STACK_SLAB_BYTES; returns the size of its stacks, side by side from its beginning. Any thread.
 * Lock: takes STACK. */
#define STACK_SLAB_BYTES ((size_t)64 << 20)
uint32_t stack_slab_count(void);
size_t stack_slab_used(uint32_t i, uintptr_t *lo, uintptr_t *hi);

/* Brings the estimate of resident bytes up to date for one slab of 64 MiB, a different one each
 * time: about 0.1 ms. Threads: sysmon only. Lock: takes STACK. */
void stack_measure(void);

void stack_read_stats(struct stack_stats *stats);

#endif
