/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/heap.h"
#include "runtime/san.h"
#include "runtime/sysmem.h"

#define LARGE_NOSCAN span_class_of(0, SPAN_NOSCAN)
#define LARGE_SCAN   span_class_of(0, SPAN_CONSERVATIVE)

static void setup(void)
{
    cr_assert(heap_init_pages(), "no memory for the heap's tables");
    srand(1);
}

TestSuite(heap, .init = setup);

/* A span of NPAGES, whose bytes may be used as if they were objects. */
static struct span *large(size_t npages, unsigned spanclass)
{
    struct span *s = heap_span_new(npages, spanclass);

    if (s == NULL) {
        cr_assert_fail("no span of %zu pages", npages);
        abort();
    }
    san_unpoison((const void *)s->base, npages * HEAP_PAGE_BYTES);
    return s;
}

/* The span that the page tables name for ADDR. */
static struct span *span_at(uintptr_t addr)
{
    struct arena *a = arena_of(addr);

    return a == NULL ? NULL : a->spans[arena_page_of(addr)];
}

static void assert_sums(const char *when)
{
    struct heap_pages p;

    heap_read_pages(&p);
    cr_assert_eq(p.inuse + p.free + p.released, sys_bytes(SYS_HEAP),
                 "%s: %" PRIu64 " in use + %" PRIu64 " free + %" PRIu64 " released != %" PRIu64,
                 when, p.inuse, p.free, p.released, sys_bytes(SYS_HEAP));
}

Test(heap, every_page_of_a_span_leads_to_it)
{
    struct span *s = large(20, LARGE_SCAN);

    for (size_t i = 0; i < s->npages; i++) {
        struct span *found = span_at(s->base + i * HEAP_PAGE_BYTES + 17);

        cr_assert_eq(found, s, "page %zu leads elsewhere", i);
    }
    heap_span_free(s);
}

Test(heap, pages_of_a_freed_span_lead_nowhere)
{
    struct span *s = large(5, LARGE_SCAN);
    struct arena *a = s->arena;
    size_t first = s->first_page;
    uintptr_t base = s->base;

    heap_span_free(s);
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(a->desc[first + i], 0, "page %zu is still described", i);
        cr_assert_null(span_at(base + i * HEAP_PAGE_BYTES), "page %zu still has a span", i);
    }
}

Test(heap, freed_neighbours_become_one_run)
{
    struct span *s[4];
    uintptr_t base = 0;

    for (int i = 0; i < 4; i++)
        s[i] = large(10, LARGE_SCAN);
    base = s[0]->base;
    heap_span_free(s[0]);
    heap_span_free(s[2]);
    heap_span_free(s[1]);
    s[0] = large(30, LARGE_SCAN);
    cr_assert_eq(s[0]->base, base, "a run of 30 pages was not found again at the lowest address");
}

Test(heap, kinds_have_arenas_of_their_own)
{
    struct span *scan = large(1, LARGE_SCAN);
    struct span *noscan = large(1, LARGE_NOSCAN);

    cr_assert_neq(scan->arena, noscan->arena, "objects with and without references share an arena");
    cr_assert_eq(noscan->arena->kind, ARENA_NOSCAN, "kind %d", noscan->arena->kind);
}

Test(heap, fresh_pages_are_known_to_be_zero_and_used_ones_not)
{
    struct span *s = large(3, LARGE_SCAN);

    cr_assert_not(s->needzero, "fresh pages need no zeroing");
    memset((void *)s->base, 1, 3 * HEAP_PAGE_BYTES);
    heap_span_free(s);
    s = large(3, LARGE_SCAN);
    cr_assert(s->needzero, "used pages need zeroing");
}

Test(heap, scavenged_pages_are_released_and_zero)
{
    struct span *s = large(100, LARGE_NOSCAN);
    struct heap_pages before;
    struct heap_pages after;
    size_t bytes = 100 * HEAP_PAGE_BYTES;

    memset((void *)s->base, 1, bytes);
    heap_span_free(s);
    heap_read_pages(&before);
    cr_assert_eq(heap_scavenge(SIZE_MAX), bytes, "not all idle pages were given back");
    heap_read_pages(&after);
    cr_assert_eq(after.released - before.released, bytes, "released grew by %" PRIu64,
                 after.released - before.released);
    assert_sums("after scavenging");
    s = large(100, LARGE_NOSCAN);
    cr_assert_not(s->needzero, "released pages are zero");
    for (size_t i = 0; i < bytes; i++)
        cr_assert_eq(((char *)s->base)[i], 0, "byte %zu of a released page is not zero", i);
}

Test(heap, spans_larger_than_an_arena_are_found_page_by_page)
{
    size_t npages = 2 * ARENA_PAGES + 100;
    struct span *s = large(npages, LARGE_NOSCAN);
    uintptr_t base = s->base;

    for (size_t i = 0; i < npages; i += 97)
        cr_assert_eq(span_at(base + i * HEAP_PAGE_BYTES), s, "page %zu leads elsewhere", i);
    assert_sums("with a huge span");
    heap_span_free(s);
    assert_sums("after a huge span");
    s = large(npages, LARGE_NOSCAN);
    cr_assert_eq(s->base, base, "empty arenas were not used again");
}

Test(heap, sums_hold_while_spans_come_and_go)
{
    struct span *spans[200] = {NULL};

    for (int round = 0; round < 20000; round++) {
        size_t i = (size_t)rand() % 200;

        if (spans[i] != NULL)
            heap_span_free(spans[i]);
        spans[i] = rand() % 4 == 0 ? NULL
                                   : large((size_t)rand() % 300 + 1,
                                           rand() % 2 == 0 ? LARGE_SCAN : LARGE_NOSCAN);
        if (round % 1000 == 0) {
            heap_scavenge((size_t)rand() % (1 << 20));
            assert_sums("in between");
        }
    }
    for (int i = 0; i < 200; i++)
        for (int j = 0; spans[i] != NULL && j < i; j++)
            cr_assert(spans[j] == NULL || span_end(spans[i]) <= spans[j]->base ||
                          span_end(spans[j]) <= spans[i]->base,
                      "spans %d and %d overlap", i, j);
}

Test(heap, impossible_sizes_are_refused)
{
    cr_assert_null(heap_span_new(SIZE_MAX / HEAP_PAGE_BYTES, LARGE_SCAN), "got 2^64 bytes");
    assert_sums("after a refusal");
}

Test(heap, aligned_spans_leave_the_pages_before_them_free)
{
    struct span *first = large(3, LARGE_SCAN);

    for (size_t align = 1; align <= 1024; align *= 4) {
        struct span *s = heap_span_new_aligned(5, align, LARGE_SCAN);

        cr_assert_not_null(s, "no span aligned to %zu pages", align);
        cr_assert_eq(s->base % (align * HEAP_PAGE_BYTES), 0, "%#zx is not aligned to %zu pages",
                     (size_t)s->base, align);
        cr_assert_eq(s->npages, 5, "%zu pages", s->npages);
        assert_sums("with an aligned span");
        heap_span_free(s);
    }
    heap_span_free(first);
    assert_sums("at the end");
}

Test(heap, a_span_grows_over_free_pages_and_leads_from_all_of_them)
{
    struct span *s = large(4, LARGE_SCAN);
    struct span *behind = large(6, LARGE_SCAN);
    bool zero = true;

    memset((void *)behind->base, 1, 6 * HEAP_PAGE_BYTES);
    cr_assert_eq(behind->base, span_end(s), "they are no neighbours");
    cr_assert_not(heap_span_extend(s, 5, &zero), "grew over a neighbour");
    cr_assert_eq(s->npages, 4, "%zu pages", s->npages);
    heap_span_free(behind);
    cr_assert(heap_span_extend(s, 9, &zero), "did not grow over free pages");
    cr_assert_not(zero, "used pages are said to be zero");
    cr_assert_eq(s->elem_bytes, 9 * HEAP_PAGE_BYTES, "%zu bytes", s->elem_bytes);
    cr_assert_eq(span_at(s->base + 9 * HEAP_PAGE_BYTES - 1), s, "the last page leads elsewhere");
    cr_assert_neq(span_at(s->base + 9 * HEAP_PAGE_BYTES), s, "grew too far");
    assert_sums("grown");
    heap_span_free(s);
    assert_sums("freed");
}

Test(heap, a_span_does_not_grow_into_an_arena_of_the_other_kind)
{
    struct span *s = large(ARENA_PAGES, LARGE_NOSCAN);
    const struct arena *last = NULL;
    bool zero = false;

    heap_span_extend(s, ARENA_PAGES + 1, &zero);
    last = arena_of(span_end(s) - 1);
    cr_assert(last != NULL && last->kind == ARENA_NOSCAN, "a page of the other kind was taken");
    heap_span_free(s);
}
