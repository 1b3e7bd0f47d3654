/* SPDX-License-Identifier: MIT */
/* realloc.c - gort_realloc keeps contents and kind, and moves only when it has to; aligned objects;
 * products that overflow. */
#include "config.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/conform.h"

#define MIB ((size_t)1 << 20)

static unsigned char at(size_t i)
{
    return (unsigned char)(i * 31 % 251 + 1);
}

static void write_all(unsigned char *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        p[i] = at(i);
}

static void expect_all(const unsigned char *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        EXPECT(p[i] == at(i), "byte %zu of %zu is %d", i, bytes, p[i]);
}

static void expect_zero(const unsigned char *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        EXPECT(p[i] == 0, "byte %zu, which is new, is %d", i, p[i]);
}

CLAIM(null_gives_a_new_object)
{
    unsigned char *p = gort_realloc(NULL, 100);

    expect_zero(p, 0, 100);
}

CLAIM(contents_stay_and_new_bytes_are_zero)
{
    static const size_t sizes[] = {1, 8, 30, 31, 32, 200, 100, 150, 5000, 33000, 40000, 9, 3000};
    unsigned char *p = gort_alloc(sizes[0]);
    size_t has = sizes[0];

    write_all(p, has);
    for (size_t i = 1; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t bytes = sizes[i];

        p = gort_realloc(p, bytes);
        expect_all(p, has < bytes ? has : bytes);
        expect_zero(p, has, bytes);
        write_all(p, bytes);
        has = bytes;
        if (i % 4 == 0)
            gort_gc();
    }
}

/* Text grows byte by byte, from where it shares a block with others. */
CLAIM(objects_without_references_grow_too)
{
    unsigned char *p = gort_alloc_noscan(1);
    unsigned char *neighbour = gort_alloc_noscan(1);

    *neighbour = 7;
    p[0] = at(0);
    for (size_t n = 2; n < 600; n++) {
        p = gort_realloc(p, n);
        p[n - 1] = at(n - 1);
        expect_all(p, n);
    }
    EXPECT(*neighbour == 7, "the neighbour became %d", *neighbour);
}

CLAIM(a_slot_with_room_is_kept)
{
    unsigned char *p = gort_alloc(260); /* of 288 */
    unsigned char *q = gort_realloc(p, 287);

    EXPECT(p == q, "moved from %p to %p", (void *)p, (void *)q);
    q = gort_realloc(p, 150);
    EXPECT(p == q, "moved from %p to %p", (void *)p, (void *)q);
    q = gort_realloc(p, 288);
    EXPECT(p != q, "no room for the end");
    p = gort_realloc(q, 20);
    EXPECT(p != q, "most of a slot is wasted");
}

CLAIM(what_was_given_up_in_place_comes_back_as_zero)
{
    unsigned char *p = gort_alloc(260);

    write_all(p, 260);
    p = gort_realloc(p, 150);
    p = gort_realloc(p, 260);
    expect_all(p, 150);
    expect_zero(p, 150, 260);
}

/* Others allocate, too, so that one try may find the pages taken. */
CLAIM(a_large_object_grows_where_it_is)
{
    int kept = 0;

    for (int i = 0; i < 10; i++) {
        unsigned char *p = gort_alloc(MIB);
        unsigned char *q = NULL;

        write_all(p, MIB);
        q = gort_realloc(p, MIB + 100000);
        kept += p == q;
        expect_all(q, MIB);
        expect_zero(q, MIB, MIB + 100000);
        write_all(q, MIB + 100000); /* the next one finds this behind it */
        gort_free(q);
    }
    EXPECT(kept > 0, "moved each time");
}

CLAIM(large_objects_are_counted_as_they_are)
{
    gort_memstats m;
    void *p = gort_alloc_noscan(MIB);

    for (size_t bytes = 2 * MIB; bytes <= 16 * MIB; bytes += 2 * MIB)
        p = gort_realloc(p, bytes);
    gort_gc();
    gort_read_memstats(&m);
    EXPECT(m.alloc >= 16 * MIB && m.alloc <= m.heap_inuse, "%" PRIu64 " in %" PRIu64, m.alloc,
           m.heap_inuse);
    gort_keepalive(p);
}

/* A reference in an object stays one wherever it goes. */
CLAIM(what_it_refers_to_stays)
{
    void **p = gort_make(void *, 4);
    unsigned char *kept = gort_alloc(100);

    write_all(kept, 100);
    p[3] = kept;
    kept = NULL;
    for (size_t n = 10; n < 20000; n *= 3) {
        p = gort_realloc(p, n * sizeof *p);
        gort_gc();
        expect_all(p[3], 100);
    }
}

ENDS(an_object_with_a_type, 2, "has a type")
{
    static const uint64_t ptrs[] = {1};
    static const gort_type type = {.name = "t", .bytes = 16, .nwords = 1, .ptrs = ptrs};

    gort_keepalive(gort_realloc(gort_alloc_typed(&type, 3), 100));
}

ENDS(an_address_inside, 2, "points into an object")
{
    gort_keepalive(gort_realloc((char *)gort_alloc(100) + 16, 200));
}

/* ---- aligned ---- */

CLAIM(addresses_are_aligned_and_objects_apart)
{
    static const size_t sizes[] = {0, 1, 16, 100, 4095, 4096, 30000, 33000, MIB};

    for (size_t align = 1; align <= 4 * MIB; align *= 2) {
        unsigned char *last = NULL;

        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            size_t bytes = sizes[i];
            unsigned char *p = i % 2 == 0 ? gort_alloc_aligned(align, bytes)
                                          : gort_alloc_noscan_aligned(align, bytes);

            EXPECT((uintptr_t)p % align == 0, "%p is no multiple of %zu", (void *)p, align);
            expect_zero(p, 0, bytes);
            memset(p, 0x77, bytes);
            if (last != NULL)
                EXPECT(sizes[i - 1] == 0 || last[sizes[i - 1] - 1] == 0x77, "overwritten");
            last = p;
        }
    }
}

static volatile size_t too_large = SIZE_MAX; /* the compiler would warn */

ENDS(an_alignment_that_is_no_power_of_two, 2, "an alignment of 24")
{
    gort_keepalive(gort_alloc_aligned(too_large == 0 ? 8 : 24, 100));
}

ENDS(an_alignment_beyond_reason, 2, "an alignment of 67108864")
{
    gort_keepalive(gort_alloc_aligned(too_large == 0 ? 8 : 64 * MIB, 100));
}

ENDS(a_product_without_references_that_wraps, 2, "out of memory")
{
    gort_keepalive(gort_alloc_noscan_array(too_large / 4 + 2, 8));
}

CLAIM(products_are_zero)
{
    uint32_t *numbers = gort_make_noscan(uint32_t, 1000);

    expect_zero((const unsigned char *)numbers, 0, 4000);
}
