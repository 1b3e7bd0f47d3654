/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "runtime/gcsearch.h"
#include "runtime/heap.h"
#include "runtime/san.h"

#define LARGE_PAGES ((size_t)256)
#define LARGE_BYTES (LARGE_PAGES * HEAP_PAGE_BYTES)
#define LARGE_WORDS (LARGE_BYTES / sizeof(uintptr_t))
#define MOST_BYTES  ((uint64_t)64 << 10)

static void setup(void)
{
    cr_assert(heap_init_pages(), "no memory for the heap's tables");
}

TestSuite(gcsearch, .init = setup);

/* A large object of LARGE_BYTES, each word of which refers to REFER_TO; NULL: to itself. */
static struct span *new_table(const struct span *refer_to)
{
    struct span *s = heap_span_new(LARGE_PAGES, span_class_of(0, SPAN_CONSERVATIVE));
    uintptr_t *word = NULL;

    cr_assert_not_null(s, "no span of %zu pages", LARGE_PAGES);
    san_unpoison((const void *)s->base, LARGE_BYTES);
    word = (uintptr_t *)s->base;
    for (size_t i = 0; i < LARGE_WORDS; i++)
        word[i] = refer_to == NULL ? s->base : refer_to->base;
    span_bits(s)->alloc = 1;
    return s;
}

/* An allocating task that helps asks for a little: it must not be kept until all is searched, which
 * for a table of a few MB would be for many ms. */
Test(gcsearch, a_large_object_is_searched_a_little_at_a_time)
{
    struct span *second = new_table(NULL);
    struct span *first = new_table(second);
    uintptr_t root = first->base;
    struct marker m;
    bool is_done = false;
    int turns = 0;

    marker_init(&m);
    marker_search_root(&m, &root, &root + 1);
    while (!is_done) {
        uint64_t before = m.heap_bytes;

        is_done = marker_drain(&m, 1);
        turns++;
        cr_assert_leq(m.heap_bytes - before, MOST_BYTES, "turn %d: %" PRIu64 " bytes at once",
                      turns, m.heap_bytes - before);
    }
    cr_assert_eq(m.heap_bytes, 2 * LARGE_BYTES, "%" PRIu64 " bytes were searched", m.heap_bytes);
    cr_assert_eq(m.live_objects, 2, "%" PRIu64 " objects were marked", m.live_objects);
    marker_fini(&m);
}

/* Roots are looked at some words at a time: whatever their number is. */
Test(gcsearch, a_reference_is_found_wherever_it_stands_among_roots)
{
    struct span *s = new_table(NULL);
    uintptr_t root[11];

    for (size_t n = 1; n <= ARRAY_COUNT(root); n++) {
        for (size_t at = 0; at < n; at++) {
            struct marker m;

            memset(root, 0, sizeof root);
            root[at] = s->base;
            marker_init(&m);
            marker_search_root(&m, root, root + n);
            marker_drain(&m, UINT64_MAX);
            cr_expect_eq(m.live_objects, 1, "word %zu of %zu is overlooked", at, n);
            marker_fini(&m);
            atomic_store_explicit(&span_bits(s)->mark, 0, memory_order_relaxed);
        }
    }
}
