/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/pagebits.h"

#include "base/bits.h"
#include "base/check.h"

#define ALL_SET UINT64_MAX

static bool is_set(const uint64_t *bits, size_t i)
{
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}

/* Walks through WORD, whose bits follow a run of RUN set ones. Stops at the first run of N and
 * returns its end, from the start of the word; else returns 65. *RUN is the run at the word's end.
 */
static unsigned run_ends_in(uint64_t word, size_t n, size_t *run, size_t *longest)
{
    unsigned at = 0;

    while (at < 64) {
        uint64_t rest = word >> at;
        unsigned ones = rest == ALL_SET >> at ? 64 - at : bits_lowest(~rest);

        if (*run + ones >= n)
            return at + (unsigned)(n - *run);
        *run += ones;
        *longest = max_size(*longest, *run);
        at += ones;
        if (at == 64)
            break;
        *run = 0;
        rest = word >> at;
        at = rest == 0 ? 64 : at + bits_lowest(rest);
    }
    return 65;
}

size_t pagebits_find(const uint64_t *bits, size_t nbits, size_t n, size_t *longest)
{
    size_t run = 0;

    DCHECK(n > 0 && nbits % 64 == 0);
    *longest = 0;
    for (size_t w = 0; w < nbits / 64; w++) {
        unsigned end = 0;

        if (bits[w] == 0) {
            run = 0;
            continue;
        }
        end = run_ends_in(bits[w], n, &run, longest);
        if (end <= 64)
            return w * 64 + end - n;
    }
    return PAGEBITS_NONE;
}

/* The bits of one word that [FIRST, END) covers. */
static uint64_t mask_of(size_t word, size_t first, size_t end)
{
    size_t lo = max_size(first, word * 64) - word * 64;
    size_t hi = min_size(end, word * 64 + 64) - word * 64;

    return (ALL_SET >> (64 - (hi - lo))) << lo;
}

void pagebits_set(uint64_t *bits, size_t first, size_t n)
{
    for (size_t w = first / 64; n > 0 && w <= (first + n - 1) / 64; w++)
        bits[w] |= mask_of(w, first, first + n);
}

void pagebits_clear(uint64_t *bits, size_t first, size_t n)
{
    for (size_t w = first / 64; n > 0 && w <= (first + n - 1) / 64; w++)
        bits[w] &= ~mask_of(w, first, first + n);
}

size_t pagebits_count(const uint64_t *bits, size_t first, size_t n)
{
    size_t count = 0;

    for (size_t w = first / 64; n > 0 && w <= (first + n - 1) / 64; w++)
        count += bits_count(bits[w] & mask_of(w, first, first + n));
    return count;
}

size_t pagebits_run_around(const uint64_t *bits, size_t nbits, size_t first)
{
    size_t lo = first;
    size_t hi = first;

    while (hi < nbits && is_set(bits, hi))
        hi += hi % 64 == 0 && bits[hi / 64] == ALL_SET ? 64 : 1;
    if (hi == first)
        return 0;
    while (lo > 0 && is_set(bits, lo - 1))
        lo -= lo % 64 == 0 && bits[lo / 64 - 1] == ALL_SET ? 64 : 1;
    return hi - lo;
}

size_t pagebits_last_run(const uint64_t *bits, const uint64_t *but, size_t nbits, size_t most,
                         size_t *n)
{
    for (size_t w = nbits / 64; w-- > 0;) {
        uint64_t word = bits[w] & ~but[w];
        size_t end = 0;
        size_t first = 0;

        if (word == 0)
            continue;
        end = w * 64 + bits_highest(word) + 1;
        first = end;
        while (first > 0 && end - first < most && is_set(bits, first - 1) &&
               !is_set(but, first - 1))
            first--;
        *n = end - first;
        return first;
    }
    return PAGEBITS_NONE;
}
