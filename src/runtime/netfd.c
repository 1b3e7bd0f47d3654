/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/netfd.h"

#include <errno.h>
#include <unistd.h>

#include "runtime/mutex.h"
#include "runtime/neterr.h"
#include "runtime/sched.h"

int netfd_open(struct netfd *f, int fd, void *owner)
{
    f->fd = fd;
    return polldesc_open(fd, owner, &f->pd);
}

static bool is_closed(struct netfd *f)
{
    return atomic_load_explicit(&f->closed, memory_order_relaxed) != 0;
}

static int64_t attempt_outside(int fd, const struct netfd_op *op)
{
    int64_t n;

    rt_leave_to(worker_self(), op->pc);
    do
        n = op->attempt(fd, op->arg);
    while (n == -EINTR);
    rt_enter("a network call");
    return n;
}

/* In turn: attempts until it succeeds, fails, or may no longer wait. Once closed is seen,
 * descriptor and record may be another's; as long as it is not, closing waits for this turn to
 * end. */
static int64_t attempt_until_done(struct netfd *f, const struct netfd_op *op)
{
    if (is_closed(f))
        return GORT_ECLOSED;
    polldesc_reset(f->pd, op->dir);
    for (;;) {
        int64_t n;
        int rc;

        n = attempt_outside(f->fd, op);
        if (n != -EAGAIN)
            return n >= 0 ? n : err_from_errno((int)-n);
        rc = polldesc_wait(f->pd, op->dir, op->deadline_ns, op->pc);
        if (rc != GORT_OK)
            return rc;
    }
}

int64_t netfd_do(struct netfd *f, const struct netfd_op *op)
{
    const struct mutex_wait wait = {WAIT_IO, op->pc, op->deadline_ns};
    int64_t result;

    if (mutex_lock(&f->turn[op->dir], &wait) != GORT_OK)
        return is_closed(f) ? GORT_ECLOSED : GORT_ETIMEDOUT;
    result = attempt_until_done(f, op);
    mutex_unlock(&f->turn[op->dir], "a network call");
    return result;
}

bool netfd_close(struct netfd *f, uintptr_t pc)
{
    const struct mutex_wait wait = {WAIT_IO, pc, GORT_FOREVER};

    if (atomic_exchange_explicit(&f->closed, 1, memory_order_relaxed) != 0)
        return false;
    polldesc_evict(f->pd);
    mutex_lock(&f->turn[POLL_READ], &wait);
    mutex_lock(&f->turn[POLL_WRITE], &wait);
    polldesc_close(f->pd, f->fd);
    close(f->fd);
    mutex_unlock(&f->turn[POLL_WRITE], "gort_conn_close");
    mutex_unlock(&f->turn[POLL_READ], "gort_conn_close");
    return true;
}
