/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <string.h>

#include "base/elfnote.h"

/* Two notes: another one, then the build-id. */
static const uint32_t notes[] = {
    4, 4, 1, 0x00434241, 0x11111111,                           /* "ABC" */
    4, 6, NT_GNU_BUILD_ID, 0x00554e47, 0x04030201, 0x00000605, /* "GNU" */
};

Test(elfnote, finds_the_build_id_behind_other_notes)
{
    size_t n = 0;
    const uint8_t *id = elfnote_build_id((const uint8_t *)notes, sizeof notes, &n);

    cr_assert_not_null(id, "not found");
    cr_assert_eq(n, 6, "%zu bytes", n);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(id[i], i + 1, "byte %zu is %u", i, id[i]);
}

Test(elfnote, never_reads_behind_the_end)
{
    for (size_t bytes = 0; bytes < sizeof notes; bytes++) {
        uint8_t *cut = malloc(bytes + 1);
        size_t n = 0;

        memcpy(cut, notes, bytes);
        cr_assert_null(elfnote_build_id(cut, bytes, &n), "found in %zu bytes", bytes);
        free(cut);
    }
}

Test(elfnote, refuses_lengths_that_cannot_be)
{
    static const uint32_t bad[][4] = {
        {0xfffffffd, 4, NT_GNU_BUILD_ID, 0x00554e47},
        {4, 0xfffffff0, NT_GNU_BUILD_ID, 0x00554e47},
        {0xffffffff, 0xffffffff, NT_GNU_BUILD_ID, 0x00554e47},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t n = 0;

        cr_assert_null(elfnote_build_id((const uint8_t *)bad[i], sizeof bad[i], &n), "case %zu", i);
    }
}
