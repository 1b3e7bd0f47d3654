/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/offcpu.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/os_linux.h"

/* Its /proc/thread-self/schedstat, plus 1; 0: none. */
static __thread int queue_fd __attribute__((tls_model("initial-exec")));

void offcpu_begin(struct offcpu *wait, int32_t tid)
{
    wait->begin_ns = clock_mono_ns();
    wait->cpu_ns = os_thread_cpu_ns(tid);
}

int64_t offcpu_end(const struct offcpu *wait, int32_t tid, int64_t end_ns)
{
    int64_t ran_ns = os_thread_cpu_ns(tid) - wait->cpu_ns;
    int64_t off_ns = end_ns - wait->begin_ns - ran_ns;

    return ran_ns >= 0 && off_ns > 0 ? off_ns : 0; /* a thread that has ended has no clock */
}

void offcpu_watch_self(void)
{
    queue_fd = os_off_stdio(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) + 1;
}

int64_t offcpu_queued_ns(void)
{
    char text[96]; /* ns on a processor, ns waiting for one, times that it got one */
    char *end = text;
    ssize_t n = 0;

    if (queue_fd <= 0)
        return 0;
    n = pread(queue_fd - 1, text, sizeof text - 1, 0);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    (void)strtoull(text, &end, 10);
    return (int64_t)strtoull(end, NULL, 10);
}
