/* SPDX-License-Identifier: MIT */
/* seqlock.h - how one writer shows more than one word to readers that it never waits for.
 * Two shapes, both on arrays of 64-bit words in memory that is shared, with a sequence number in
 * front:
 *   double   two copies. The writer fills the one that seq does not name and then moves seq on by
 *            1, so a writer that dies in the middle leaves a good copy. A copy is whole if seq is
 *            the same after it was read as before.
 *   ring     slots. seq is 2n + 1 while entry n is written and 2n + 2 when it is whole.
 * Every word of data is stored with release and loaded with acquire. That keeps it behind the
 * sequence number stored before it, and in front of the one loaded after it, without fences, which
 * the thread sanitizer does not know; on amd64 both are plain moves. A reader in another process
 * may as well copy with pread(2): ask the same questions of the copy.
 * Threads: one writer, any readers; no lock. A reader that loses against a writer tries again, a
 * bounded number of times.
 * Source: Lamport, Concurrent Reading and Writing (1977); Boehm, Can Seqlocks Get Along With
 * Programming Language Memory Models? (2012). */
#ifndef BASE_SEQLOCK_H
#define BASE_SEQLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- words ---- */

static inline uint64_t seq_load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE); /* pairs with the release in seq_store */
}

static inline void seq_store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE); /* pairs with the acquire in seq_load */
}

static inline void seq_load_words(uint64_t *to, const uint64_t *shared, size_t nwords)
{
    for (size_t i = 0; i < nwords; i++)
        to[i] = seq_load(&shared[i]);
}

static inline void seq_store_words(uint64_t *shared, const uint64_t *from, size_t nwords)
{
    for (size_t i = 0; i < nwords; i++)
        seq_store(&shared[i], from[i]);
}

/* ---- double ---- */

/* Which copy, 0 or 1, is the newest whole one. */
static inline unsigned seq_double_newest(uint64_t seq)
{
    return (unsigned)(seq & 1);
}

/* Writer: which copy to fill now. Until seq_double_commit no reader looks at it. */
static inline unsigned seq_double_begin(const uint64_t *seq)
{
    return seq_double_newest(__atomic_load_n(seq, __ATOMIC_RELAXED) + 1);
}

/* Writer: the copy that seq_double_begin named is complete. */
static inline void seq_double_commit(uint64_t *seq)
{
    seq_store(seq, __atomic_load_n(seq, __ATOMIC_RELAXED) + 1);
}

/* Reader: whether a copy that was read between the two readings of seq belongs together. */
static inline bool seq_double_is_whole(uint64_t seq_before, uint64_t seq_after)
{
    return seq_before == seq_after;
}

/* ---- ring ---- */

/* Writer: entry N of a ring goes into this slot from now on. */
static inline void seq_ring_begin(uint64_t *seq, uint64_t n)
{
    seq_store(seq, 2 * n + 1);
}

/* Writer: entry N is complete. */
static inline void seq_ring_commit(uint64_t *seq, uint64_t n)
{
    seq_store(seq, 2 * n + 2);
}

/* Whether a slot with this number holds a whole entry. */
static inline bool seq_ring_is_whole(uint64_t seq)
{
    return seq != 0 && (seq & 1) == 0;
}

/* The number n, from 0, of the entry that a slot holds or is about to hold; seq must not be 0. */
static inline uint64_t seq_ring_number(uint64_t seq)
{
    return (seq - 1) / 2;
}

#endif
