/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/pagebits.h"

#define NBITS 512

static uint64_t bits[NBITS / 64];

static void clear_all(void)
{
    memset(bits, 0, sizeof bits);
}

static void setup(void)
{
    clear_all();
    srand(1);
}

TestSuite(pagebits, .init = setup);

/* The same question, asked bit by bit. */
static size_t find_slowly(size_t n, size_t *longest)
{
    size_t run = 0;

    *longest = 0;
    for (size_t i = 0; i < NBITS; i++) {
        run = (bits[i / 64] >> (i % 64) & 1) != 0 ? run + 1 : 0;
        if (run > *longest)
            *longest = run;
        if (run == n)
            return i + 1 - n;
    }
    return PAGEBITS_NONE;
}

Test(pagebits, find_agrees_with_a_bit_by_bit_search)
{
    for (int round = 0; round < 20000; round++) {
        size_t n = (size_t)rand() % 150 + 1;
        size_t longest = 0;
        size_t want_longest = 0;
        size_t got = 0;
        size_t want = 0;

        clear_all();
        for (int i = rand() % 40; i > 0; i--) {
            size_t first = (size_t)rand() % NBITS;
            size_t len = (size_t)rand() % (NBITS - first) % 130;

            if (i % 3 == 0)
                pagebits_clear(bits, first, len);
            else
                pagebits_set(bits, first, len);
        }
        got = pagebits_find(bits, NBITS, n, &longest);
        want = find_slowly(n, &want_longest);
        cr_assert_eq(got, want, "round %d: run of %zu at %zu, not %zu", round, n, got, want);
        cr_assert(want != PAGEBITS_NONE || longest == want_longest,
                  "round %d: longest %zu, not %zu", round, longest, want_longest);
    }
}

Test(pagebits, set_and_clear_touch_their_range_only)
{
    pagebits_set(bits, 60, 70);
    cr_assert_eq(pagebits_count(bits, 0, NBITS), 70, "%zu bits set",
                 pagebits_count(bits, 0, NBITS));
    cr_assert_eq(pagebits_count(bits, 60, 70), 70, "%zu in the range",
                 pagebits_count(bits, 60, 70));
    pagebits_clear(bits, 64, 64);
    cr_assert_eq(pagebits_count(bits, 0, NBITS), 6, "%zu bits left",
                 pagebits_count(bits, 0, NBITS));
    pagebits_set(bits, 0, 0);
    cr_assert_eq(pagebits_count(bits, 0, NBITS), 6, "an empty range set %zu bits",
                 pagebits_count(bits, 0, NBITS) - 6);
}

Test(pagebits, run_around_counts_both_directions)
{
    pagebits_set(bits, 10, 300);
    for (size_t i = 0; i < NBITS; i++) {
        size_t want = i >= 10 && i < 310 ? 300 : 0;
        size_t got = pagebits_run_around(bits, NBITS, i);

        cr_assert_eq(got, want, "run around %zu is %zu, not %zu", i, got, want);
    }
}

Test(pagebits, last_run_leaves_out_what_the_other_set_holds)
{
    uint64_t but[NBITS / 64] = {0};
    size_t n = 0;
    size_t first = 0;

    pagebits_set(bits, 100, 200);
    pagebits_set(but, 250, 50);
    first = pagebits_last_run(bits, but, NBITS, 1000, &n);
    cr_assert(first == 100 && n == 150, "run of %zu at %zu", n, first);
    first = pagebits_last_run(bits, but, NBITS, 40, &n);
    cr_assert(first == 210 && n == 40, "cut run of %zu at %zu", n, first);
    pagebits_set(but, 100, 200);
    first = pagebits_last_run(bits, but, NBITS, 40, &n);
    cr_assert_eq(first, PAGEBITS_NONE, "found %zu in an empty set", first);
}
