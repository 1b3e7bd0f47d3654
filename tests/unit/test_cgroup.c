/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "mon/cgroup.h"

static char root[] = "/tmp/test_cgroup.XXXXXX";
static struct cgroup_memory memory;

static void setup(void)
{
    cr_assert_not_null(mkdtemp(root), "mkdtemp");
}

static void teardown(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", root);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(cgroup, .init = setup, .fini = teardown);

/* Makes the folder DIR below the root, and in it NAME with TEXT. */
static void put(const char *dir, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    for (size_t i = 0; dir[i] != '\0'; i++) {
        snprintf(path, sizeof path, "%s%.*s", root, (int)i + 1, dir);
        mkdir(path, 0700);
    }
    snprintf(path, sizeof path, "%s%s/%s", root, dir, name);
    file = fopen(path, "we");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void assert_memory(const char *membership, uint64_t bytes, uint64_t limit)
{
    cr_assert(cgroup_read(root, membership, &memory), "not found");
    cr_assert(memory.bytes == bytes && memory.limit_bytes == limit, "%" PRIu64 " of %" PRIu64,
              memory.bytes, memory.limit_bytes);
}

Test(cgroup, version_2_has_its_use_and_limit)
{
    put("/a/b", "memory.current", "1000\n");
    put("/a/b", "memory.max", "5000\n");
    assert_memory("0::/a/b\n", 1000, 5000);
}

Test(cgroup, the_least_limit_above_counts)
{
    put("/a/b", "memory.current", "1000\n");
    put("/a/b", "memory.max", "max\n");
    put("/a", "memory.max", "3000\n");
    assert_memory("0::/a/b\n", 1000, 3000);
    put("/a/b", "memory.max", "4000\n");
    assert_memory("0::/a/b\n", 1000, 3000);
}

Test(cgroup, no_limit_anywhere_is_none)
{
    put("/a", "memory.current", "1000\n");
    put("/a", "memory.max", "max\n");
    assert_memory("0::/a\n", 1000, 0);
}

Test(cgroup, version_1_is_found_among_its_controllers)
{
    put("/memory/x", "memory.usage_in_bytes", "77\n");
    put("/memory/x", "memory.limit_in_bytes", "9223372036854771712\n");
    put("/memory", "memory.limit_in_bytes", "99\n");
    assert_memory("9:name=systemd:/y\n4:cpu,memory:/x\n1:cpuset:/z\n0::/\n", 77, 99);
}

Test(cgroup, both_versions_mounted_use_the_one_with_memory)
{
    put("/unified/u", "memory.current", "55\n");
    assert_memory("4:cpu:/x\n0::/u\n", 55, 0);
}

Test(cgroup, the_root_of_version_2_has_none)
{
    cr_assert_not(cgroup_read(root, "0::/\n", &memory), "%" PRIu64, memory.bytes);
}

Test(cgroup, a_text_that_is_none_finds_nothing)
{
    cr_assert_not(cgroup_read(root, "", &memory), "of an empty text");
    cr_assert_not(cgroup_read(root, "::::\n:::", &memory), "of colons");
    cr_assert_not(cgroup_read(root, "no colon at all", &memory), "of words");
}

Test(cgroup, files_that_can_be_dropped_are_told)
{
    put("/a", "memory.current", "1000\n");
    put("/a", "memory.stat", "anon 500\nactive_file 7\ninactive_file 300\n");
    assert_memory("0::/a\n", 1000, 0);
    cr_assert_eq(memory.cache_bytes, 300, "%" PRIu64, memory.cache_bytes);

    put("/memory/x", "memory.usage_in_bytes", "77\n");
    put("/memory/x", "memory.stat", "inactive_file 3\ntotal_inactive_file 40\n");
    assert_memory("4:memory:/x\n", 77, 0);
    cr_assert_eq(memory.cache_bytes, 40, "%" PRIu64, memory.cache_bytes);
}

/* ---- CPU time ---- */

static struct cgroup_cpu cpu;

Test(cgroup, the_innermost_limit_of_cpu_time_counts)
{
    put("/a/b", "cpu.stat", "usage_usec 9\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n");
    put("/a", "cpu.stat", "usage_usec 9\nnr_periods 100\nnr_throttled 20\nthrottled_usec 5000\n");
    cr_assert(cgroup_read_cpu(root, "0::/a/b\n", &cpu), "not found");
    cr_assert(cpu.periods == 100 && cpu.throttled == 20 && cpu.throttled_ns == 5000000,
              "%" PRIu64 " of %" PRIu64 ", %" PRIu64 " ns", cpu.throttled, cpu.periods,
              cpu.throttled_ns);
}

Test(cgroup, version_1_counts_nanoseconds)
{
    put("/cpu/x", "cpu.stat", "nr_periods 10\nnr_throttled 4\nthrottled_time 700\n");
    cr_assert(cgroup_read_cpu(root, "2:cpu,cpuacct:/x\n", &cpu), "not found");
    cr_assert(cpu.throttled == 4 && cpu.throttled_ns == 700, "%" PRIu64 ", %" PRIu64 " ns",
              cpu.throttled, cpu.throttled_ns);
}

Test(cgroup, without_a_limit_of_cpu_time_there_is_none)
{
    put("/a", "cpu.stat", "usage_usec 9\n");
    cr_assert_not(cgroup_read_cpu(root, "0::/a\n", &cpu), "found one");
    cr_assert_not(cgroup_read_cpu(root, "0::/none\n", &cpu), "found one in nothing");
}
