/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/os_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

bool futex_wait(_Atomic(uint32_t) *word, uint32_t expected, int64_t timeout_ns)
{
    struct timespec limit = {.tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S};
    int saved = errno;
    long rc = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &limit,
                      NULL, 0);
    bool timed_out = rc != 0 && errno == ETIMEDOUT;

    errno = saved;
    return !timed_out;
}

void futex_wake(_Atomic(uint32_t) *word, int count)
{
    int saved = errno;

    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    errno = saved;
}

int32_t os_thread_id(void)
{
    return (int32_t)syscall(SYS_gettid);
}

void os_thread_stack(char **lo, size_t *bytes)
{
    pthread_attr_t attr;
    void *base = NULL;

    CHECK(pthread_getattr_np(pthread_self(), &attr) == 0);
    CHECK(pthread_attr_getstack(&attr, &base, bytes) == 0);
    pthread_attr_destroy(&attr);
    *lo = base;
}

int os_thread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg),
                     void *arg)
{
    int rc = pthread_create(thread, attr, fn, arg);

    for (long ms = 1; rc == EAGAIN && ms <= 20; ms++) {
        struct timespec pause = {.tv_nsec = ms * 1000000};

        nanosleep(&pause, NULL);
        rc = pthread_create(thread, attr, fn, arg);
    }
    return rc;
}

int64_t os_thread_cpu_ns(int32_t tid)
{
    /* As pthread_getcpuclockid makes it: of one thread, by the scheduler's account. */
    clockid_t clock = (clockid_t)((~(uint32_t)tid << 3) | 6u);
    struct timespec ts;

    return clock_gettime(clock, &ts) == 0 ? ts.tv_sec * NS_PER_S + ts.tv_nsec : 0;
}

bool os_thread_sleeps(int32_t tid)
{
    char path[48];
    char stat[256];
    const char *at;
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    n = read(fd, stat, sizeof stat - 1);
    close(fd);
    stat[n > 0 ? n : 0] = '\0';
    at = strrchr(stat, ')'); /* NUMBER (NAME) STATE */
    return at == NULL || strncmp(at, ") S", 3) == 0;
}

int os_off_stdio(int fd)
{
    int moved = -1;
    int error = 0;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    error = errno;
    close(fd);
    errno = error;
    return moved;
}

static int affinity_count(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);

        return online > 0 ? (int)online : 1;
    }
    return CPU_COUNT(&set);
}

/* The quota in whole processors, or 0 if there is none. Looks at the process's own cgroup as
 * version 2 shows it from inside a container, then at the path that /proc names. */
static int cgroup_count(void)
{
    char path[4096 + 64] = "/sys/fs/cgroup/cpu.max";
    FILE *f = fopen("/proc/self/cgroup", "re");

    if (f != NULL) {
        char line[4096];

        while (fgets(line, sizeof line, f) != NULL) {
            char name[4000];

            if (sscanf(line, "0::%3999[^\n]", name) == 1)
                snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", name);
        }
        fclose(f);
    }
    f = fopen(path, "re");
    if (f == NULL)
        return 0;
    long long quota = 0, period = 0;
    int fields = fscanf(f, "%lld %lld", &quota, &period);

    fclose(f);
    if (fields != 2 || quota <= 0 || period <= 0)
        return 0;
    return (int)((quota + period - 1) / period);
}

int os_cpu_count(void)
{
    int saved = errno;
    int cpus = affinity_count();
    int limit = cgroup_count();

    errno = saved;
    if (limit > 0 && limit < cpus)
        cpus = limit;
    return cpus > 0 ? cpus : 1;
}

_Atomic(bool) gort_has_barrier;
_Atomic(bool) os_needs_barrier;

bool os_barrier_init(void)
{
    bool has = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;

    atomic_store_explicit(&gort_has_barrier, has, memory_order_relaxed);
    atomic_store_explicit(&os_needs_barrier, has, memory_order_relaxed);
    return has;
}

void os_process_barrier(void)
{
    const struct timespec long_enough = {.tv_nsec = 1000000};
    int saved = errno;

    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0)
        return;
    atomic_store_explicit(&gort_has_barrier, false, memory_order_seq_cst);
    nanosleep(&long_enough, NULL);
    atomic_store_explicit(&os_needs_barrier, false, memory_order_release);
    errno = saved;
}

int *os_errno_place(void)
{
    return &errno;
}

__attribute__((noinline)) int os_errno(void)
{
    __asm__ volatile("");
    return errno;
}

__attribute__((noinline)) void os_set_errno(int value)
{
    __asm__ volatile("");
    errno = value;
}
