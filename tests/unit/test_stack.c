/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/bits.h"
#include "runtime/stack.h"
#include "tests/support/refuse.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

Test(stack, can_be_used_from_guard_to_end)
{
    struct stack s = stack_alloc(NULL, STACK_DEFAULT_BYTES);

    cr_assert_not_null(s.lo, "no stack");
    memset(stack_lo(s), 0x5a, (size_t)(stack_hi(s) - stack_lo(s)));
    cr_assert_eq(stack_hi(s)[-1], 0x5a, "the top byte");
    stack_free(NULL, s);
}

Test(stack, guard_faults, .signal = SIGSEGV)
{
    struct stack s = stack_alloc(NULL, STACK_DEFAULT_BYTES);

    *(volatile char *)s.lo = 1;
}

/* As on a kernel before 6.13 when no more mappings are allowed. */
static void refuse_guards(void)
{
    cr_assert(refuse_call_with(SYS_madvise, 2, MADV_GUARD_INSTALL, EINVAL), "no seccomp");
    cr_assert(refuse_call_with(SYS_mprotect, 2, PROT_NONE, ENOMEM), "no seccomp");
}

Test(stack, without_guards_an_overflow_is_found_afterwards)
{
    struct stack guarded = stack_alloc(NULL, STACK_DEFAULT_BYTES);
    struct stack s[100];

    refuse_guards();
    for (size_t i = 0; i < ARRAY_COUNT(s); i++) /* more than get their guards at a time */
        s[i] = stack_alloc(NULL, STACK_DEFAULT_BYTES);
    struct stack last = s[ARRAY_COUNT(s) - 1];

    memset(stack_lo(last), 1, (size_t)(stack_hi(last) - stack_lo(last)));
    cr_assert(!stack_has_overflowed(last), "a full stack");
    cr_assert(!stack_has_overflowed(guarded), "a stack with a guard");
    stack_lo(last)[-100] = 1;
    cr_assert(stack_has_overflowed(last), "an overflow");
    cr_assert(!stack_has_overflowed(s[ARRAY_COUNT(s) - 2]), "its neighbour");
}

Test(stack, guard_hit_names_the_stack)
{
    struct stack s = stack_alloc(NULL, STACK_DEFAULT_BYTES);
    char *lo = NULL;

    cr_assert(stack_guard_hit(s.lo + 8, &lo), "inside the guard");
    cr_assert_eq(lo, s.lo, "%p, not %p", (void *)lo, (void *)s.lo);
    cr_assert(!stack_guard_hit(stack_lo(s), &lo), "the first usable byte is no guard");
    cr_assert(!stack_guard_hit(&s, &lo), "another memory is no guard");
}

Test(stack, cache_gives_back_what_was_freed_last)
{
    struct stack_cache cache = {0};
    struct stack a = stack_alloc(&cache, STACK_DEFAULT_BYTES);
    struct stack b = stack_alloc(&cache, STACK_DEFAULT_BYTES);

    stack_free(&cache, a);
    stack_free(&cache, b);

    cr_assert_eq(stack_alloc(&cache, STACK_DEFAULT_BYTES).lo, b.lo, "the warmest first");
    cr_assert_eq(stack_alloc(&cache, STACK_DEFAULT_BYTES).lo, a.lo, "then the other");
}

Test(stack, statistics_follow_use)
{
    struct stack_stats before;
    struct stack_stats during;
    struct stack_stats after;
    struct stack s;

    stack_read_stats(&before);
    s = stack_alloc(NULL, 4 * STACK_DEFAULT_BYTES);
    stack_read_stats(&during);
    stack_free(NULL, s);
    stack_read_stats(&after);

    cr_assert_eq(during.virtual_bytes - before.virtual_bytes, 4 * STACK_DEFAULT_BYTES,
                 "virtual %lu", (unsigned long)(during.virtual_bytes - before.virtual_bytes));
    cr_assert_gt(during.inuse_bytes, before.inuse_bytes, "in use %lu",
                 (unsigned long)during.inuse_bytes);
    cr_assert_eq(after.inuse_bytes, before.inuse_bytes, "in use %lu",
                 (unsigned long)after.inuse_bytes);
    cr_assert_gt(after.cached_bytes, before.cached_bytes, "cached %lu",
                 (unsigned long)after.cached_bytes);
}

/* As a task does that is spawned on one proc and ends on another. */
Test(stack, statistics_sum_up_what_caches_count)
{
    static struct stack_cache spawning;
    static struct stack_cache ending;
    struct stack_stats before;
    struct stack_stats during;
    struct stack_stats after;
    struct stack s;

    stack_cache_init(&spawning);
    stack_cache_init(&ending);
    stack_read_stats(&before);
    s = stack_alloc(&spawning, STACK_DEFAULT_BYTES);
    stack_read_stats(&during);
    stack_free(&ending, s);
    stack_read_stats(&after);

    cr_assert_eq(during.virtual_bytes - before.virtual_bytes, STACK_DEFAULT_BYTES, "virtual %lu",
                 (unsigned long)(during.virtual_bytes - before.virtual_bytes));
    cr_assert_eq(after.virtual_bytes, before.virtual_bytes, "virtual %lu",
                 (unsigned long)after.virtual_bytes);
}

/* Equal frames of neighbours would share the sets of a cache. */
Test(stack, neighbours_end_at_different_places_in_their_pages)
{
    uint32_t seen = 0;

    for (unsigned i = 0; i < STACK_COLOURS; i++) {
        struct stack s = stack_alloc(NULL, STACK_DEFAULT_BYTES);
        size_t below = (size_t)(s.lo + s.bytes - stack_hi(s));

        cr_assert_leq(below, 2048, "%zu bytes of the page are left out", below);
        seen |= 1u << below / STACK_COLOUR_BYTES;
    }
    cr_assert_eq(seen, (1u << STACK_COLOURS) - 1, "ends %x", seen);
}

Test(stack, all_sizes_are_aligned_to_themselves_and_apart)
{
    for (size_t bytes = STACK_MIN_BYTES; bytes <= STACK_MAX_BYTES; bytes *= 2) {
        struct stack a = stack_alloc(NULL, bytes);
        struct stack b = stack_alloc(NULL, bytes);

        cr_assert_not_null(a.lo, "no stack of %zu bytes", bytes);
        cr_assert_not_null(b.lo, "no second stack of %zu bytes", bytes);
        cr_assert_eq((uintptr_t)a.lo % bytes, 0, "%p for %zu bytes", (void *)a.lo, bytes);
        cr_assert(a.lo + bytes <= b.lo || b.lo + bytes <= a.lo, "stacks of %zu bytes overlap",
                  bytes);
    }
}

Test(stack, measuring_finds_pages_that_a_deep_call_touched)
{
    struct stack_stats before;
    struct stack_stats after;
    struct stack s = stack_alloc(NULL, STACK_DEFAULT_BYTES);

    stack_measure();
    stack_read_stats(&before);
    memset(stack_lo(s), 1, (size_t)(stack_hi(s) - stack_lo(s)));
    stack_measure();
    stack_read_stats(&after);

    cr_assert_geq(after.inuse_bytes, before.inuse_bytes + STACK_DEFAULT_BYTES / 2,
                  "in use %lu, was %lu", (unsigned long)after.inuse_bytes,
                  (unsigned long)before.inuse_bytes);
}
