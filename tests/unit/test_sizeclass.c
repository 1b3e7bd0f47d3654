/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "base/bits.h"
#include "runtime/sizeclass.h"

TestSuite(sizeclass, .init = sizeclass_init);

/* How far neighbouring candidates of about SIZE bytes are apart. */
static size_t spacing(size_t size, size_t before)
{
    if (!is_pow2(size))
        return before;
    if (size >= 2048)
        return 256;
    if (size >= 128)
        return size / 8;
    return size >= 32 ? 16 : before;
}

/* The fewest pages of which objects of SIZE leave at most an eighth over. */
static size_t pages_for(size_t size)
{
    size_t bytes = HEAP_PAGE_BYTES;

    while (bytes % size > bytes / 8)
        bytes += HEAP_PAGE_BYTES;
    return bytes / HEAP_PAGE_BYTES;
}

/* Derives the table from its rule. Returns the number of classes, class 0 included. */
static size_t derive_table(struct size_class *out)
{
    size_t n = 1;
    size_t step = 8;

    for (size_t size = 8; size <= SMALL_MAX_BYTES; size += step) {
        size_t npages = pages_for(size);
        size_t span = npages * HEAP_PAGE_BYTES;

        step = spacing(size, step);
        if (n > 1 && out[n - 1].npages == npages && span / out[n - 1].bytes == span / size)
            n--; /* as many of the larger fit: the smaller one is not needed */
        out[n].npages = (uint32_t)npages;
        out[n++].bytes = (uint32_t)size;
    }
    for (size_t i = 1; i < n; i++) { /* use what would be left over */
        size_t span = out[i].npages * HEAP_PAGE_BYTES;
        size_t roomy = align_down(span / (span / out[i].bytes), 128);

        out[i].bytes = (uint32_t)max_size(out[i].bytes, roomy);
    }
    return n;
}

Test(sizeclass, table_follows_its_rule)
{
    struct size_class want[4 * SIZE_CLASSES] = {{0}};
    size_t n = derive_table(want);

    cr_assert_eq(n, SIZE_CLASSES, "the rule gives %zu classes", n);
    for (size_t i = 1; i < n; i++) {
        cr_assert_eq(size_classes[i].bytes, want[i].bytes,
                     "class %zu has %u bytes, the rule says %u", i, size_classes[i].bytes,
                     want[i].bytes);
        cr_assert_eq(size_classes[i].npages, want[i].npages,
                     "class %zu has %u pages, the rule says %u", i, size_classes[i].npages,
                     want[i].npages);
    }
}

Test(sizeclass, each_size_gets_the_smallest_class_that_holds_it)
{
    for (size_t bytes = 0; bytes <= SMALL_MAX_BYTES; bytes++) {
        unsigned c = size_class_of(bytes);

        cr_assert_geq(size_classes[c].bytes, bytes, "%zu bytes in class %u of %u", bytes, c,
                      size_classes[c].bytes);
        cr_assert(c == 1 || size_classes[c - 1].bytes < bytes,
                  "%zu bytes in class %u, but %u would hold them", bytes, c, c - 1);
    }
}

Test(sizeclass, multiplication_finds_the_object_at_every_offset)
{
    for (unsigned i = 1; i < SIZE_CLASSES; i++) {
        const struct size_class *c = &size_classes[i];

        for (size_t off = 0; off < c->npages * HEAP_PAGE_BYTES; off++) {
            size_t got = (size_t)((uint64_t)off * c->magic >> 32);

            cr_assert_eq(got, off / c->bytes, "offset %zu in class %u is object %zu", off, i, got);
        }
    }
}

Test(sizeclass, only_8_and_24_are_not_multiples_of_16)
{
    for (unsigned i = 1; i < SIZE_CLASSES; i++) {
        uint32_t bytes = size_classes[i].bytes;

        cr_assert(bytes % 16 == 0 || bytes == 8 || bytes == 24, "class %u: %u bytes", i, bytes);
    }
}

Test(sizeclass, typed_objects_above_512_bytes_fit_the_type_words_of_a_page)
{
    for (unsigned i = size_class_of(513); i < SIZE_CLASSES; i++)
        cr_assert_leq(size_classes[i].nelems, 16, "class %u: %u objects", i,
                      size_classes[i].nelems);
}
