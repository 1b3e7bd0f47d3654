/* SPDX-License-Identifier: MIT */
/* pagebits.h - sets of pages as bitmaps, on plain words.
 * Bit i of word w is page 64 * w + i. Used by the page heap for what is free and what has been
 * given back to the system.
 * Threads: none of its own; whoever owns the words says what protects them. */
#ifndef RUNTIME_PAGEBITS_H
#define RUNTIME_PAGEBITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGEBITS_NONE SIZE_MAX

/* The first page of the first run of N set bits among the first NBITS, or PAGEBITS_NONE; only
 * then *LONGEST is the longest run there is. N is at least 1, NBITS a multiple of 64. */
size_t pagebits_find(const uint64_t *bits, size_t nbits, size_t n, size_t *longest);

/* Sets or clears N bits from FIRST on. */
void pagebits_set(uint64_t *bits, size_t first, size_t n);
void pagebits_clear(uint64_t *bits, size_t first, size_t n);

/* How many of the N bits from FIRST on are set. */
size_t pagebits_count(const uint64_t *bits, size_t first, size_t n);

/* Length of the run of set bits that FIRST lies in, both directions; 0 if its bit is clear. */
size_t pagebits_run_around(const uint64_t *bits, size_t nbits, size_t first);

/* The last run of bits that are set in BITS and clear in BUT, cut to its MOST last pages: returns
 * its first page and its length in *N, or PAGEBITS_NONE. */
size_t pagebits_last_run(const uint64_t *bits, const uint64_t *but, size_t nbits, size_t most,
                         size_t *n);

#endif
