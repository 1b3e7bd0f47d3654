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
