/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "runtime/noroot.h"

#define WORD_BYTES sizeof(uintptr_t)

static struct {
    uintptr_t before;
    char table[4096];
    uintptr_t behind;
} mine;

static char odd[4001];

#define table mine.table
NO_ROOT(table);
#undef table
NO_ROOT(odd);

Test(noroot, a_table_is_left_out_and_what_is_around_it_is_not)
{
    struct noroot_words found = noroot_first((uintptr_t)&mine, (uintptr_t)(&mine + 1));

    cr_assert_eq(found.lo, (uintptr_t)mine.table, "it begins %td bytes late",
                 (ptrdiff_t)(found.lo - (uintptr_t)mine.table));
    cr_assert_eq(found.hi, (uintptr_t)&mine.behind, "it ends %td bytes late",
                 (ptrdiff_t)(found.hi - (uintptr_t)&mine.behind));
    found = noroot_first(found.hi, (uintptr_t)(&mine + 1));
    cr_assert(found.lo == found.hi && found.lo == (uintptr_t)(&mine + 1),
              "%zu bytes more are left out", (size_t)(found.hi - found.lo));
}

/* A word that it has in common with something else is looked at. */
Test(noroot, whole_words_are_left_out)
{
    struct noroot_words found = noroot_first((uintptr_t)odd - WORD_BYTES,
                                             (uintptr_t)odd + sizeof odd + WORD_BYTES);

    cr_assert_eq(found.lo % WORD_BYTES, 0, "from %" PRIxPTR, found.lo);
    cr_assert_eq(found.hi % WORD_BYTES, 0, "to %" PRIxPTR, found.hi);
    cr_assert(found.lo >= (uintptr_t)odd && found.hi <= (uintptr_t)odd + sizeof odd,
              "more than the table");
    cr_assert_gt(found.hi - found.lo, sizeof odd - 2 * WORD_BYTES, "%zu bytes",
                 (size_t)(found.hi - found.lo));
}

/* Part of what is asked about only: the caller would step over the rest, which is not in there. */
Test(noroot, a_table_that_reaches_out_is_none)
{
    struct noroot_words found = noroot_first((uintptr_t)&mine, (uintptr_t)mine.table + 64);

    cr_assert_eq(found.lo, found.hi, "%zu bytes", (size_t)(found.hi - found.lo));
}

Test(noroot, all_are_found_in_order)
{
    uintptr_t lo = 0;
    size_t bytes = 0;

    for (int i = 0; i < 1000; i++) {
        struct noroot_words found = noroot_first(lo, UINTPTR_MAX);

        if (found.lo == found.hi)
            break;
        cr_assert_geq(found.lo, lo, "not in order");
        bytes += found.hi - found.lo;
        lo = found.hi;
    }
    cr_assert_geq(bytes, sizeof mine.table + sizeof odd - 2 * WORD_BYTES, "%zu bytes", bytes);
}
