/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/procinfo.h"
#include "mon/procstat.h"
#include "tests/support/fakepage.h"

#define MIB ((size_t)1024 * 1024)

static struct procinfo_reader *reader;
static struct procinfo info;

static void setup(void)
{
    reader = procinfo_reader_new();
    cr_assert_not_null(reader, "no process library");
}

static void teardown(void)
{
    procinfo_reader_free(reader);
}

TestSuite(procinfo, .init = setup, .fini = teardown);

static void read_own(void)
{
    cr_assert(procinfo_read(reader, getpid(), &info), "not read");
}

Test(procinfo, knows_this_process)
{
    read_own();

    cr_assert(info.valid && info.pid == getpid() && info.uid == geteuid(), "pid %d uid %d",
              (int)info.pid, (int)info.uid);
    cr_assert_eq(info.start_ticks, fakepage_own_start_ticks(), "start %" PRIu64, info.start_ticks);
    cr_assert_not_null(strstr(info.name, "procinf"), "name %s", info.name);
    cr_assert_geq(info.nthreads, 1, "threads %" PRIu32, info.nthreads);
}

Test(procinfo, memory_that_is_touched_shows_in_rss)
{
    uint64_t before;
    uint8_t *p = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    cr_assert_neq(p, MAP_FAILED, "mmap");
    read_own();
    before = info.rss_bytes;
    memset(p, 1, 64 * MIB);
    read_own();

    cr_assert_geq(info.rss_bytes, before + 60 * MIB, "%" PRIu64 " after %" PRIu64, info.rss_bytes,
                  before);
    munmap(p, 64 * MIB);
}

Test(procinfo, an_open_file_is_counted)
{
    uint32_t before;
    int fd;

    read_own();
    before = info.nfiles;
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    read_own();

    cr_assert(info.has_files && info.nfiles == before + 1, "%" PRIu32 " after %" PRIu32,
              info.nfiles, before);
    close(fd);
}

Test(procinfo, cpu_time_grows_with_work, .timeout = 20)
{
    uint64_t before;

    read_own();
    before = info.cpu_ns;
    while (clock_thread_cpu_ns() < NS_PER_S / 10)
        ;
    read_own();

    cr_assert_gt(info.cpu_ns, before, "%" PRIu64 " after %" PRIu64, info.cpu_ns, before);
}

Test(procinfo, no_such_process_is_not_valid)
{
    cr_assert_not(procinfo_read(reader, 0x3fffffff, &info), "it was read");
    cr_assert_not(info.valid, "and is valid");
}

Test(procstat, a_name_may_hold_parentheses_and_blanks)
{
    struct procstat stat;

    cr_assert(procstat_parse("12 (a) (b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20",
                             &stat),
              "not parsed");
    cr_assert_str_eq(stat.name, "a) (b) c", "%s", stat.name);
    cr_assert(stat.state == 'S' && stat.start_ticks == 4711, "state %c start %" PRIu64, stat.state,
              stat.start_ticks);
}

Test(procstat, a_cut_text_is_none)
{
    struct procstat stat;

    cr_assert_not(procstat_parse("", &stat), "empty");
    cr_assert_not(procstat_parse("12 (name", &stat), "cut in the name");
    cr_assert_not(procstat_parse("12 (name) S 1 2 3", &stat), "cut behind it");
    cr_assert_not(procstat_parse(")12 (", &stat), "turned round");
}

Test(procstat, this_process_has_its_pid_from_inside)
{
    cr_assert_eq(procstat_inner_pid(getpid()), getpid(), "pid %d",
                 (int)procstat_inner_pid(getpid()));
    cr_assert_eq(procstat_inner_pid(0x3fffffff), 0, "one that is not there has a pid");
}
