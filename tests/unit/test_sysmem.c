/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "runtime/sysmem.h"

#define MIB ((size_t)1 << 20)

static uint64_t sum_of_uses(void)
{
    uint64_t sum = 0;

    for (int use = 0; use < SYS_USES; use++)
        sum += sys_bytes((enum sys_use)use);
    return sum;
}

Test(sysmem, reservations_are_aligned_and_not_counted)
{
    uint64_t before = sum_of_uses();

    for (size_t align = 4096; align <= 64 * MIB; align *= 4) {
        char *p = sys_reserve(3 * 4096, align);

        cr_assert_not_null(p, "nothing for an alignment of %zu", align);
        cr_assert_eq((uintptr_t)p % align, 0, "%p for an alignment of %zu", (void *)p, align);
        memset(p, 1, (size_t)3 * 4096);
    }
    cr_assert_eq(sum_of_uses(), before, "a reservation counts");
}

Test(sysmem, mappings_count_for_their_use_until_they_are_unmapped)
{
    uint64_t before = sys_bytes(SYS_GC);
    char *p = sys_map(5000, SYS_GC);

    cr_assert_not_null(p, "no memory");
    memset(p, 1, 5000);
    cr_assert_eq(sys_bytes(SYS_GC) - before, 8192, "%" PRIu64 " bytes counted",
                 sys_bytes(SYS_GC) - before);
    sys_unmap(p, 5000, SYS_GC);
    cr_assert_eq(sys_bytes(SYS_GC), before, "%" PRIu64 " bytes left", sys_bytes(SYS_GC) - before);
}

Test(sysmem, impossible_sizes_are_refused)
{
    uint64_t before = sum_of_uses();

    cr_assert_null(sys_reserve(SIZE_MAX, 4096), "2^64 bytes");
    cr_assert_null(sys_reserve(SIZE_MAX - 8192, 64 * MIB), "nearly 2^64 bytes, aligned");
    cr_assert_null(sys_map((size_t)1 << 62, SYS_HEAP), "2^62 bytes");
    cr_assert_eq(sum_of_uses(), before, "a refusal counts");
}

Test(sysmem, records_are_zero_aligned_and_apart)
{
    static const size_t sizes[] = {1, 8, 24, 100, 4000, 40000, 300000};
    char *end = NULL;

    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            size_t align = (size_t)1 << (round % 13);
            char *p = persist_alloc(sizes[i], align, SYS_OTHER);

            cr_assert_eq((uintptr_t)p % align, 0, "%p for an alignment of %zu", (void *)p, align);
            for (size_t k = 0; k < sizes[i]; k++)
                cr_assert_eq(p[k], 0, "byte %zu of %zu is in use already", k, sizes[i]);
            memset(p, 1, sizes[i]);
            end = p + sizes[i];
        }
    }
    cr_assert_not_null(end, "nothing was allocated");
}

Test(sysmem, records_count_for_their_use_and_the_rest_of_a_chunk_for_other)
{
    uint64_t spans = sys_bytes(SYS_MSPAN);
    uint64_t sum = 0;

    persist_alloc(16, 16, SYS_OTHER); /* there is a chunk from now on */
    sum = sum_of_uses();
    persist_alloc(1000, 8, SYS_MSPAN);
    cr_assert_eq(sys_bytes(SYS_MSPAN) - spans, 1000, "%" PRIu64 " bytes of records",
                 sys_bytes(SYS_MSPAN) - spans);
    cr_assert_eq(sum_of_uses(), sum, "cutting a record changed the sum by %" PRId64,
                 (int64_t)(sum_of_uses() - sum));
}
