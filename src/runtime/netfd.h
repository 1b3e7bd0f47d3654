/* SPDX-License-Identifier: MIT */
/* netfd.h - a non-blocking descriptor whose operations park the task.
 * Each direction has a turn, a mutex: operations of one direction come one after the other, and
 * closing waits for both turns, so that no operation ever meets a descriptor of somebody else under
 * the same number. Closing drives the operations out first.
 * The system calls are made outside the runtime: a large copy holds up neither the collector nor,
 * if it takes long, the proc.
 * Threads: tasks, inside the runtime, no lock held. */
#ifndef RUNTIME_NETFD_H
#define RUNTIME_NETFD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gort/sync.h"
#include "runtime/polldesc.h"

struct netfd {
    int fd;              /* [const] until it is closed */
    struct polldesc *pd; /* [const] */
    gort_mutex turn[POLL_DIRECTIONS];
    _Atomic(uint32_t) closed; /* 1: closed or about to be; [atomic] */
};

/* One operation: ATTEMPT makes the system call on FD and returns 0 or more, or a negative errno;
 * -EAGAIN parks, and then comes another attempt. It is called outside the runtime. */
struct netfd_op {
    enum poll_direction dir;
    int64_t deadline_ns;
    uintptr_t pc;
    int64_t (*attempt)(int fd, void *arg);
    void *arg;
};

/* Takes FD, non-blocking, on behalf of OWNER, the heap object that F lies in. GORT_OK or an error;
 * then FD is still the caller's. */
int netfd_open(struct netfd *f, int fd, void *owner);

/* Carries OP out: 0 or more, as the last attempt, or an error. */
int64_t netfd_do(struct netfd *f, const struct netfd_op *op);

/* Drives all operations out with GORT_ECLOSED and closes. The second time it does nothing and
 * returns false. */
bool netfd_close(struct netfd *f, uintptr_t pc);

#endif
