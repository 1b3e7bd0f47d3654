/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/pageident.h"

#define FIELDS_4_TO_21 "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18"

Test(pageident, start_time_is_the_22nd_field)
{
    uint64_t ticks = pageident_start_ticks("77 (name) S " FIELDS_4_TO_21 " 4242 99 100\n");

    cr_assert_eq(ticks, 4242, "%" PRIu64, ticks);
}

Test(pageident, a_name_with_blanks_and_parentheses_moves_no_field)
{
    uint64_t ticks = pageident_start_ticks("77 (a) b (c) S 1) S " FIELDS_4_TO_21 " 4242 99\n");

    cr_assert_eq(ticks, 4242, "%" PRIu64, ticks);
}

Test(pageident, a_short_stat_gives_no_start_time)
{
    const char *texts[] = {"", "77 (name", "77 (name) S 1 2 3", "77 (name) S 1 2 3 4 5 6 7 8 9 10"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert_eq(pageident_start_ticks(texts[i]), 0, "%s", texts[i]);
}

Test(pageident, outer_pid_is_the_first_of_the_namespaces)
{
    int32_t pid = pageident_outer_pid("Name:\tx\nNStgid:\t9 8\nNSpid:\t4711\t12\t1\nNSpgid:\t7\n");

    cr_assert_eq(pid, 4711, "%" PRId32, pid);
    cr_assert_eq(pageident_outer_pid("Name:\tx\nPid:\t4\n"), 0, "without namespaces");
}

Test(pageident, boot_id_is_read_as_bytes)
{
    uint8_t bytes[16];

    pageident_boot_id("00112233-4455-6677-8899-aabbccddeeff\n", bytes);
    for (unsigned i = 0; i < 16; i++)
        cr_assert_eq(bytes[i], 0x11 * i, "byte %u is %x", i, bytes[i]);

    pageident_boot_id("00112233-4455", bytes);
    for (unsigned i = 0; i < 16; i++)
        cr_assert_eq(bytes[i], 0, "byte %u of a cut one is %x", i, bytes[i]);
}

Test(pageident, tells_of_this_process)
{
    struct page_header h = {0};

    pageident_fill(&h);

    cr_assert_eq(h.pid, getpid(), "pid %d", h.pid);
    cr_assert_eq(h.uid, geteuid(), "uid %u", h.uid);
    cr_assert_neq(h.start_ticks, 0, "no start time");
    cr_assert_gt(h.nspid, 0, "outer pid %d", h.nspid);
    cr_assert_eq(strncmp((const char *)h.name, program_invocation_short_name, 31), 0, "name %s",
                 (const char *)h.name);
}
