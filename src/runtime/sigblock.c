/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/sigblock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "runtime/fatal.h"
#include "runtime/publish.h"

#define TOLD_MAX 16

static _Atomic(int32_t) told[TOLD_MAX]; /* threads that were told of, 0: free */

/* Whether TID is told of for the first time. Once there is no room, nobody is. */
static bool is_news(int32_t tid)
{
    for (size_t i = 0; i < ARRAY_COUNT(told); i++) {
        int32_t seen = 0;

        if (atomic_compare_exchange_strong_explicit(&told[i], &seen, tid, memory_order_relaxed,
                                                    memory_order_relaxed))
            return true;
        if (seen == tid)
            return false;
    }
    return false;
}

bool sigblock_is_blocked(const char *status)
{
    const char *at = strstr(status, "\nSigBlk:");

    return at != NULL && (strtoull(at + strlen("\nSigBlk:"), NULL, 16) >> (SIGURG - 1) & 1) != 0;
}

static bool blocks(int32_t tid)
{
    char path[48];
    char status[4096];
    ssize_t n = -1;
    int fd = -1;

    snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, status, sizeof status - 1);
    close(fd);
    status[n > 0 ? n : 0] = '\0';
    return sigblock_is_blocked(status);
}

bool sigblock_look(int32_t tid)
{
    int saved_errno = errno;
    bool blocked = tid != 0 && blocks(tid);

    if (blocked && is_news(tid)) {
        runtime_log("gort: thread %d blocks SIGURG, by which the runtime stops tasks: "
                    "collections have to wait for it",
                    tid);
        publish_signal_blocked(tid);
    }
    errno = saved_errno;
    return blocked;
}
