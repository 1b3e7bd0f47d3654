/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/cgroupmem.h"

#define NONE INT64_MAX

static char root[] = "/tmp/test_cgroupmem.XXXXXX";

static void setup(void)
{
    cr_assert_not_null(mkdtemp(root), "no directory");
}

static void teardown(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r '%s'", root);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(cgroupmem, .init = setup, .fini = teardown);

/* Writes TEXT to the file NAME below the root, whose directories it makes. */
static void put(const char *name, const char *text)
{
    char path[512];
    FILE *f = NULL;

    snprintf(path, sizeof path, "%s%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    f = fopen(path, "we");
    cr_assert_not_null(f, "can't write %s", path);
    fputs(text, f);
    fclose(f);
}

static void expect(int64_t want)
{
    int64_t got = cgroup_memory_limit(root);

    cr_assert_eq(got, want, "%" PRId64 ", not %" PRId64, got, want);
}

Test(cgroupmem, there_is_none_without_groups)
{
    expect(NONE);
}

Test(cgroupmem, the_own_group_of_version_2)
{
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/memory.max", "536870912\n");
    expect(536870912);
}

Test(cgroupmem, the_least_of_all_groups_above)
{
    put("/proc/self/cgroup", "0::/a/b/c\n");
    put("/sys/fs/cgroup/a/b/c/memory.max", "max\n");
    put("/sys/fs/cgroup/a/b/memory.max", "500000000\n");
    put("/sys/fs/cgroup/a/memory.max", "400000000\n");
    expect(400000000);
}

Test(cgroupmem, what_stalls_counts_as_what_kills)
{
    put("/proc/self/cgroup", "0::/a\n");
    put("/sys/fs/cgroup/a/memory.max", "500000000\n");
    put("/sys/fs/cgroup/a/memory.high", "300000000\n");
    expect(300000000);
}

Test(cgroupmem, a_container_that_sees_its_group_at_the_root)
{
    put("/proc/self/cgroup", "0::/outside/of/here\n");
    put("/sys/fs/cgroup/memory.max", "100000000\n");
    expect(100000000);
}

Test(cgroupmem, the_memory_hierarchy_of_version_1)
{
    put("/proc/self/cgroup", "9:cpu,cpuacct:/x\n4:hugetlb,memory:/x\n0::/\n");
    put("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "200000000\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    expect(200000000);
}

Test(cgroupmem, no_limit_is_none_in_both_versions)
{
    put("/proc/self/cgroup", "4:memory:/\n0::/a\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/a/memory.max", "max\n");
    expect(NONE);
}

Test(cgroupmem, rubbish_is_no_limit)
{
    put("/proc/self/cgroup", "rubbish\n\n0:\n4:memory\n0::/a\n");
    put("/sys/fs/cgroup/a/memory.max", "");
    put("/sys/fs/cgroup/memory.max", "-5\n");
    expect(NONE);
}

Test(cgroupmem, a_tenth_is_left_to_others)
{
    cr_assert_eq(cgroup_share(1000), 900, "%" PRId64, cgroup_share(1000));
    cr_assert_eq(cgroup_share(NONE), NONE, "a tenth of no limit was taken off");
}
