/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "runtime/gcborn.h"
#include "runtime/gcmarked.h"
#include "runtime/gcsearch.h"
#include "runtime/heap.h"
#include "runtime/san.h"

#define TABLE_PAGES ((size_t)100)

static void setup(void)
{
    cr_assert(heap_init_pages(), "no memory for the heap's tables");
}

TestSuite(gcmarked, .init = setup);

static struct span *new_span(size_t npages, unsigned spanclass)
{
    struct span *s = heap_span_new(npages, spanclass);

    cr_assert_not_null(s, "no span of %zu pages", npages);
    san_unpoison((const void *)s->base, npages * HEAP_PAGE_BYTES);
    return s;
}

/* That just the N pages from FIRST on are noted, of those of A. */
static void expect_run(const struct arena *a, size_t first, size_t n)
{
    cr_expect_eq(marked_next(a, 0, ARENA_PAGES), first, "begins at %zu instead of %zu",
                 marked_next(a, 0, ARENA_PAGES), first);
    cr_expect_eq(marked_next_not(a, first, ARENA_PAGES), first + n, "ends at %zu instead of %zu",
                 marked_next_not(a, first, ARENA_PAGES), first + n);
    cr_expect_eq(marked_next(a, first + n, ARENA_PAGES), ARENA_PAGES, "there are more behind it");
}

static void expect_none(const struct arena *a)
{
    cr_expect_eq(marked_next(a, 0, ARENA_PAGES), ARENA_PAGES, "page %zu",
                 marked_next(a, 0, ARENA_PAGES));
}

/* Marks what WORD refers to, and what hangs on that. */
static void mark_from(uintptr_t word)
{
    struct marker m;

    marker_init(&m);
    marker_search_root(&m, &word, &word + 1);
    marker_drain(&m, UINT64_MAX);
    marker_fini(&m);
}

Test(gcmarked, all_pages_of_a_marked_object_are_noted_and_no_others)
{
    struct span *s = new_span(TABLE_PAGES, span_class_of(0, SPAN_CONSERVATIVE));

    span_bits(s)->alloc = 1;
    marked_gather();
    expect_none(s->arena);
    mark_from(s->base + 5 * HEAP_PAGE_BYTES);
    expect_run(s->arena, s->first_page, TABLE_PAGES);
    marked_forget();
    expect_none(s->arena);
}

/* Pages of a span with several are taken together then. */
Test(gcmarked, what_was_marked_before_is_gathered)
{
    unsigned class = size_class_of(6144);
    struct span *small = new_span(size_classes[class].npages,
                                  span_class_of(class, SPAN_CONSERVATIVE));
    struct span *large = new_span(TABLE_PAGES, span_class_of(0, SPAN_CONSERVATIVE));
    struct span *dead = new_span(TABLE_PAGES, span_class_of(0, SPAN_CONSERVATIVE));

    span_bits(small)->alloc = UINT64_MAX;
    span_bits(large)->alloc = span_bits(dead)->alloc = 1;
    mark_from(small->base + 6144);
    mark_from(large->base);
    expect_none(small->arena);
    marked_gather();
    cr_expect_eq(marked_next(small->arena, small->first_page, ARENA_PAGES), small->first_page);
    cr_expect_eq(marked_next_not(small->arena, small->first_page, ARENA_PAGES),
                 large->first_page + TABLE_PAGES, "not as far as the large one");
    cr_expect_eq(large->first_page, small->first_page + small->npages, "not side by side");
    cr_expect_eq(marked_next(dead->arena, dead->first_page, dead->first_page + TABLE_PAGES),
                 dead->first_page + TABLE_PAGES, "the dead one is among them");
}

Test(gcmarked, a_small_object_is_noted_on_the_pages_that_it_lies_on)
{
    unsigned class = size_class_of(6144); /* four of them on three pages */
    struct span *s = new_span(size_classes[class].npages, span_class_of(class, SPAN_CONSERVATIVE));

    cr_assert_eq(s->elem_bytes, 6144);
    span_bits(s)->alloc = UINT64_MAX;
    marked_gather();
    mark_from(s->base + 3 * 6144 + 6143); /* the last */
    expect_run(s->arena, s->first_page + 2, 1);
    mark_from(s->base + 6144); /* the second: on the first page and the next */
    expect_run(s->arena, s->first_page, 3);
}

Test(gcmarked, what_has_no_references_is_not_noted)
{
    struct span *s = new_span(TABLE_PAGES, span_class_of(0, SPAN_NOSCAN));

    span_bits(s)->alloc = 1;
    marked_gather();
    mark_from(s->base);
    cr_expect_eq(atomic_load_explicit(&span_bits(s)->mark, memory_order_relaxed), 1,
                 "it is not marked");
    expect_none(s->arena);
}

/* They are searched no more, so all that is stored in them has to be seen on their pages. */
Test(gcmarked, slots_taken_while_a_mark_runs_are_noted)
{
    unsigned class = size_class_of(2048); /* four a page */
    struct span *s = new_span(size_classes[class].npages, span_class_of(class, SPAN_CONSERVATIVE));

    cr_assert_eq(s->elem_bytes, 2048);
    born_taken(s, 0, UINT64_C(1) << 1);
    expect_run(s->arena, s->first_page, 1);
    born_taken(s, 0, UINT64_C(1) << 3);
    expect_run(s->arena, s->first_page, 1);
}

Test(gcmarked, an_object_may_lie_in_two_arenas)
{
    size_t npages = ARENA_PAGES + 70;
    struct span *s = new_span(npages, span_class_of(0, SPAN_CONSERVATIVE));
    const struct arena *next = arena_of(s->base + ARENA_BYTES);
    size_t first = s->first_page;

    marked_note(s->base, span_end(s));
    expect_run(s->arena, first, ARENA_PAGES - first);
    cr_assert_not_null(next, "the object ends in its first arena");
    expect_run(next, 0, first + npages - ARENA_PAGES);
}

Test(gcmarked, a_search_ends_where_it_is_told_to)
{
    struct span *s = new_span(TABLE_PAGES, span_class_of(0, SPAN_CONSERVATIVE));
    size_t first = s->first_page;

    marked_note(s->base + 10 * HEAP_PAGE_BYTES, s->base + 80 * HEAP_PAGE_BYTES);
    cr_expect_eq(marked_next(s->arena, first, first + 10), first + 10, "one before");
    cr_expect_eq(marked_next(s->arena, first, first + 11), first + 10, "not the first");
    cr_expect_eq(marked_next(s->arena, first + 79, first + 90), first + 79, "not the last");
    cr_expect_eq(marked_next(s->arena, first + 80, first + 90), first + 90, "one behind");
    cr_expect_eq(marked_next_not(s->arena, first + 20, first + 70), first + 70, "a gap");
}
