/* SPDX-License-Identifier: MIT */
/* chan.h - channels: typed queues by which tasks hand over values and wait for each other.
 * The semantics are Go's: an unbuffered channel hands a value from sender to receiver; a buffered
 * one blocks senders when full and receivers when empty; closing wakes all, receivers drain the
 * buffer first. Waiters are served first come, first served. A NULL channel blocks for ever.
 * Sending on a closed channel, closing it twice and closing NULL are misuse. */
#ifndef GORT_CHAN_H
#define GORT_CHAN_H

#include <gort/base.h>

typedef struct gort_chan gort_chan;

/* Makes a channel of elements of ELEM_BYTES (0 to 65536) and a buffer of CAPACITY elements, in the
 * collected heap; nothing needs to be freed. The buffer is searched for references. Ends the
 * process when memory runs out. */
GORT_API gort_chan *gort_chan_new(size_t elem_bytes, size_t capacity);

/* Copies *VALUE into the channel; blocks the task until a receiver or the buffer has it. */
GORT_API void gort_send(gort_chan *c, const void *value);

/* Copies the next value to *VALUE (may be NULL: dropped); blocks the task until there is one.
 * Returns 1; or 0 when the channel is closed and empty, and then zeroes *VALUE. */
GORT_API int gort_recv(gort_chan *c, void *value);

/* As above, without blocking: GORT_EWOULDBLOCK when it would have to wait. gort_try_send returns 0
 * when sent. */
GORT_API GORT_MUST_CHECK int gort_try_send(gort_chan *c, const void *value);
GORT_API GORT_MUST_CHECK int gort_try_recv(gort_chan *c, void *value);

/* As above, but GORT_ETIMEDOUT when DEADLINE_NS passes first. gort_send_by returns 0 when sent. */
GORT_API GORT_MUST_CHECK int gort_send_by(gort_chan *c, const void *value, int64_t deadline_ns);
GORT_API GORT_MUST_CHECK int gort_recv_by(gort_chan *c, void *value, int64_t deadline_ns);

/* No more values will be sent. */
GORT_API void gort_close(gort_chan *c);

/* Elements buffered now, and the buffer's size. 0 for NULL. Callable from any thread. */
GORT_API size_t gort_chan_len(const gort_chan *c);
GORT_API size_t gort_chan_cap(const gort_chan *c);

/* Typed wrappers around one element type:
 *     GORT_CHAN(job, struct job)
 * defines struct job_chan { gort_chan *c; } and job_chan_new(capacity), job_send(ch, value),
 * job_recv(ch, &value), job_close(ch). */
#define GORT_CHAN(name, type)                                                          \
    typedef struct name##_chan {                                                       \
        gort_chan *c;                                                                  \
    } name##_chan;                                                                     \
    static inline __attribute__((unused)) name##_chan name##_chan_new(size_t capacity) \
    {                                                                                  \
        return (name##_chan){gort_chan_new(sizeof(type), capacity)};                   \
    }                                                                                  \
    static inline __attribute__((unused)) void name##_send(name##_chan ch, type value) \
    {                                                                                  \
        gort_send(ch.c, &value);                                                       \
    }                                                                                  \
    static inline __attribute__((unused)) int name##_recv(name##_chan ch, type *value) \
    {                                                                                  \
        return gort_recv(ch.c, value);                                                 \
    }                                                                                  \
    static inline __attribute__((unused)) void name##_close(name##_chan ch)            \
    {                                                                                  \
        gort_close(ch.c);                                                              \
    }

#endif
