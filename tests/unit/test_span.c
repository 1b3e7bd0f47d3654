/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stddef.h>

#include "base/bits.h"
#include "runtime/heap.h"
#include "runtime/span.h"

static void setup(void)
{
    cr_assert(heap_init_pages(), "no memory for the heap's tables");
}

TestSuite(span, .init = setup);

static struct span *open_span(size_t object_bytes, enum span_kind kind)
{
    unsigned size_class = size_class_of(object_bytes);
    struct span *s = heap_span_new(size_classes[size_class].npages,
                                   span_class_of(size_class, kind));

    cr_assert_not_null(s, "no span for objects of %zu bytes", object_bytes);
    return s;
}

/* Takes every free slot; how many there were. */
static size_t take_all(struct span *s)
{
    unsigned word = 0;
    uint64_t bits = 0;
    size_t n = 0;

    while (span_take_word(s, &word, &bits))
        n += bits_count(bits);
    return n;
}

static void mark(struct span *s, size_t i)
{
    atomic_fetch_or_explicit(&span_bits(s)[i / 64].mark, UINT64_C(1) << (i % 64),
                             memory_order_relaxed);
}

Test(span, gives_out_each_slot_of_every_class_once)
{
    for (unsigned c = 1; c < SIZE_CLASSES; c++) {
        struct span *s = open_span(size_classes[c].bytes, SPAN_CONSERVATIVE);
        size_t n = take_all(s);

        cr_assert_eq(n, size_classes[c].nelems, "class %u gave %zu slots of %u", c, n,
                     size_classes[c].nelems);
        cr_assert_eq(s->nfree, 0, "class %u: %u still free", c, s->nfree);
        cr_assert(span_is_valid(s), "class %u: the span is damaged", c);
    }
}

Test(span, takes_back_what_was_not_used)
{
    struct span *s = open_span(32, SPAN_CONSERVATIVE);
    unsigned word = 0;
    uint64_t bits = 0;
    uint64_t again = 0;

    cr_assert(span_take_word(s, &word, &bits), "a fresh span is full");
    span_give_back(s, word, bits & ~UINT64_C(0xff));
    cr_assert_eq(s->nfree, s->nelems - 8, "%u of %u free after 8 were used", s->nfree, s->nelems);
    cr_assert(span_take_word(s, &word, &again), "nothing left after giving back");
    cr_assert_eq(again, bits & ~UINT64_C(0xff), "got %" PRIx64 " back", again);
}

Test(span, sweep_keeps_the_marked_and_frees_the_others)
{
    struct span *s = open_span(48, SPAN_CONSERVATIVE);
    uint64_t freed[PAGE_BIT_WORDS] = {0};
    uint32_t n = 0;

    take_all(s);
    mark(s, 0);
    mark(s, 77);
    mark(s, s->nelems - 1);
    n = span_sweep_bits(s, freed);
    cr_assert_eq(n, s->nelems - 3, "%u of %u freed", n, s->nelems);
    cr_assert_eq(freed[77 / 64] >> (77 % 64) & 1, 0, "the marked object was freed");
    cr_assert_eq(freed[0] & 3, 2, "of the first two, the second was to be freed: %" PRIx64,
                 freed[0]);
    cr_assert(s->needzero, "freed slots are taken for zero");
    n = span_sweep_bits(s, freed);
    cr_assert_eq(n, 3, "marks outlived the sweep: %u freed without any", n);
    cr_assert_eq(s->nfree, s->nelems, "%u of %u free", s->nfree, s->nelems);
}

Test(span, a_mark_on_a_free_slot_makes_no_object)
{
    struct span *s = open_span(64, SPAN_CONSERVATIVE);
    uint64_t freed[PAGE_BIT_WORDS] = {0};
    uint32_t n = 0;

    mark(s, 5);
    n = span_sweep_bits(s, freed);
    cr_assert(n == 0 && s->nfree == s->nelems, "%u freed, %u of %u free", n, s->nfree, s->nelems);
}

struct pair {
    long number;
    struct pair *left;
    long other;
    struct pair *right;
};
GORT_TYPE(pair_type, struct pair, GORT_PTR(struct pair, left) | GORT_PTR(struct pair, right));

static uint64_t low_bits(const struct span *s, uintptr_t addr, unsigned n)
{
    uint64_t bits = arena_ptr_bits(s->arena, addr);

    return n == 64 ? bits : bits & ((UINT64_C(1) << n) - 1);
}

Test(span, pointer_bits_of_neighbours_stay_apart)
{
    struct span *s = open_span(3 * sizeof(struct pair),
                               SPAN_TYPED); /* 12 words: not a word's part */

    for (size_t i = 0; i < s->nelems; i++)
        span_set_type(s, s->base + i * s->elem_bytes, &pair_type, i % 4);
    for (size_t i = 0; i < s->nelems; i++) {
        uint64_t want = UINT64_C(0xaaa) & ((UINT64_C(1) << 4 * (i % 4)) - 1);
        uint64_t got = low_bits(s, s->base + i * s->elem_bytes, 12);

        cr_assert_eq(got, want, "object %zu: bits %" PRIx64 ", not %" PRIx64, i, got, want);
    }
}

Test(span, pointer_bits_are_replaced_when_a_slot_is_used_again)
{
    static const uint64_t last_ptrs[1] = {UINT64_C(1) << 63};
    static const gort_type last = {.name = "last", .bytes = 512, .nwords = 64, .ptrs = last_ptrs};
    struct span *s = open_span(512, SPAN_TYPED);
    uintptr_t addr = s->base + 512 * 3;

    span_set_type(s, addr, &pair_type, 16);
    cr_assert_eq(low_bits(s, addr, 64), UINT64_C(0xaaaaaaaaaaaaaaaa), "bits %" PRIx64,
                 low_bits(s, addr, 64));
    span_set_type(s, addr, &last, 1);
    cr_assert_eq(low_bits(s, addr, 64), UINT64_C(1) << 63, "bits %" PRIx64, low_bits(s, addr, 64));
}

/* Of a type whose only reference is the second word. */
static gort_type second_type(size_t bytes)
{
    static const uint64_t second[1] = {2};

    return (gort_type){.name = "second", .bytes = bytes, .nwords = 2, .ptrs = second};
}

Test(span, a_word_of_slots_gets_its_type_at_once)
{
    static const uint64_t last[1] = {UINT64_MAX};

    for (size_t bytes = 16; bytes <= 128; bytes += 8) {
        struct span *s = open_span(bytes, SPAN_TYPED);
        size_t n = s->elem_bytes / 8;
        gort_type before = {.name = "all", .bytes = s->elem_bytes, .nwords = n, .ptrs = last};
        gort_type after = second_type(s->elem_bytes);
        uint64_t some = UINT64_C(0xf731);

        for (size_t i = 0; i < s->nelems; i++)
            span_set_type(s, s->base + i * s->elem_bytes, &before, 1);
        span_set_types(s, 0, some, &after);
        if (s->nelems >= 128)
            span_set_types(s, 1, UINT64_MAX, &after);
        for (size_t i = 0; i < s->nelems; i++) {
            bool is_new = i < 64 ? some >> i & 1 : i < 128 && s->nelems >= 128;
            uint64_t want = is_new ? 2 : UINT64_MAX >> (64 - n);
            uint64_t got = low_bits(s, s->base + i * s->elem_bytes, (unsigned)n);

            cr_assert_eq(got, want, "%zu bytes, object %zu: bits %" PRIx64 ", not %" PRIx64, bytes,
                         i, got, want);
        }
    }
}

Test(span, large_typed_objects_have_a_type_word_each)
{
    struct span *s = open_span(1024, SPAN_TYPED);

    for (size_t i = 0; i < s->nelems; i++)
        span_set_type(s, s->base + i * 1024, &pair_type, 32);
    for (size_t i = 0; i < s->nelems; i++)
        cr_assert_eq(span_type_of(s, i), &pair_type, "object %zu has no type", i);
}

Test(span, every_address_of_a_slot_has_its_number)
{
    for (unsigned sc = 1; sc < SIZE_CLASSES; sc++) {
        struct span *s = heap_span_new(size_classes[sc].npages, span_class_of(sc, SPAN_NOSCAN));

        for (size_t i = 0; i < s->nelems; i++) {
            uintptr_t addr = s->base + i * s->elem_bytes;

            cr_assert_eq(span_slot_of(s, addr), i, "class %u, slot %zu", sc, i);
            cr_assert_eq(span_slot_of(s, addr + s->elem_bytes - 1), i, "class %u, slot %zu", sc, i);
        }
        cr_assert_eq(span_of(s->base + 5), s, "class %u: leads elsewhere", sc);
        heap_span_free(s);
    }
}
