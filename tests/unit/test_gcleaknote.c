/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdint.h>

#include "runtime/gcleaknote.h"
#include "runtime/stack.h"

#define NOTHING 0 /* as the address that is left out */

static struct stack stack;
static uintptr_t lo;
static uintptr_t hi;

static void begin(void)
{
    stack = stack_alloc(NULL, STACK_DEFAULT_BYTES);
    lo = (uintptr_t)stack_lo(stack);
    hi = (uintptr_t)stack_hi(stack);
    cr_assert(leaknote_begin(), "there is no memory for notes");
}

static void end(void)
{
    leaknote_end();
    stack_free(NULL, stack);
}

TestSuite(gcleaknote, .init = begin, .fini = end);

Test(gcleaknote, is_on_from_its_beginning_to_its_end)
{
    cr_assert(leaknote_is_on(), "it is off");
    leaknote_end();
    cr_assert_not(leaknote_is_on(), "it is on");
    cr_assert(leaknote_begin(), "it does not begin again");
}

Test(gcleaknote, has_nothing_noted_at_first)
{
    cr_assert_not(leaknote_any(lo, hi, NOTHING), "something is noted");
}

Test(gcleaknote, finds_each_address_in_what_is_asked_for_and_nowhere_else)
{
    for (uintptr_t at = lo; at < hi; at += 8) {
        leaknote_add(at + at / 8 % 8); /* also into the middle of a word */
        cr_assert(leaknote_any(lo, hi, NOTHING), "%" PRIuPTR " is not found", at - lo);
        cr_assert(leaknote_any(at, at + 8, NOTHING), "%" PRIuPTR " alone", at - lo);
        cr_assert(at + 8 == hi || !leaknote_any(at + 8, hi, NOTHING), "above %" PRIuPTR, at - lo);
        leaknote_end();
        cr_assert(leaknote_begin(), "it does not begin again");
        cr_assert_not(leaknote_any(lo, hi, NOTHING), "%" PRIuPTR " is not forgotten", at - lo);
        leaknote_add(at);
        cr_assert(at == lo || !leaknote_any(lo, at, NOTHING), "below %" PRIuPTR, at - lo);
        leaknote_end();
        cr_assert(leaknote_begin(), "it does not begin again");
    }
}

Test(gcleaknote, leaves_one_word_out_and_no_neighbour)
{
    for (uintptr_t at = lo + 8; at < lo + 200 * 8; at += 8) {
        leaknote_add(at);
        cr_assert_not(leaknote_any(lo, hi, at), "%" PRIuPTR " is not left out", at - lo);
        cr_assert_not(leaknote_any(lo, hi, at + 7), "its last byte is not left out");
        cr_assert(leaknote_any(lo, hi, at - 8), "that below is left out");
        cr_assert(leaknote_any(lo, hi, at + 8), "that above is left out");
        leaknote_add(at - 8);
        cr_assert(leaknote_any(lo, hi, at), "the one below %" PRIuPTR " is lost", at - lo);
        leaknote_end();
        cr_assert(leaknote_begin(), "it does not begin again");
    }
}

/* The word that is left out of one stack is as good as any in another. */
Test(gcleaknote, leaves_nothing_out_of_another_stack)
{
    leaknote_add(lo + 64);
    cr_assert(leaknote_any(lo, hi, lo + 64 + STACK_SLAB_BYTES), "left out by its place in a slab");
}

Test(gcleaknote, takes_no_address_that_is_in_no_stack)
{
    uintptr_t from = UINTPTR_MAX;
    uintptr_t to = 0;

    leaknote_widen(&from, &to);
    cr_assert(from <= lo && to >= hi, "[%" PRIxPTR ", %" PRIxPTR ") is too narrow", from, to);
    leaknote_add(0);
    leaknote_add(from - 1);
    leaknote_add(to);
    leaknote_add(UINTPTR_MAX);
    cr_assert_not(leaknote_any(lo, hi, NOTHING), "something is noted");
}

/* Nobody has looked for references to it: it counts as referred to. */
Test(gcleaknote, knows_all_of_stacks_that_were_made_after_it_began)
{
    uint32_t before = stack_slab_count();
    struct stack late = {0};

    for (size_t i = 0; stack_slab_count() == before; i++) {
        cr_assert_lt(i, STACK_SLAB_BYTES / STACK_DEFAULT_BYTES + 1, "no slab is made");
        late = stack_alloc(NULL, STACK_DEFAULT_BYTES);
        cr_assert_not_null(late.lo, "no stack");
    }
    leaknote_add((uintptr_t)stack_lo(late)); /* does no harm */
    cr_assert(leaknote_any((uintptr_t)stack_lo(late), (uintptr_t)stack_hi(late), NOTHING),
              "a stack without notes is not referred to");
}
