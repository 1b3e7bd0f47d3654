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
struct gort_ctx;

/* Makes a channel of elements of ELEM_BYTES (0 to 65536) and a buffer of CAPACITY elements (0 to
 * 4294967295), in the collected heap; nothing needs to be freed. The buffer is searched for
 * references. Ends the process when memory runs out. */
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

/* As above, but gort_ctx_err of CTX when that is cancelled first, or was before: then nothing was
 * sent or received. */
GORT_API GORT_MUST_CHECK int gort_send_ctx(gort_chan *c, const void *value, struct gort_ctx *ctx);
GORT_API GORT_MUST_CHECK int gort_recv_ctx(gort_chan *c, void *value, struct gort_ctx *ctx);

/* No more values will be sent. */
GORT_API void gort_close(gort_chan *c);

/* Elements buffered now, and the buffer's size. 0 for NULL, and for the channel of a timer or
 * ticker, whose time can be taken back. Callable from any thread. */
GORT_API size_t gort_chan_len(const gort_chan *c);
GORT_API size_t gort_chan_cap(const gort_chan *c);

/* A channel of one type:
 *     GORT_CHAN(job, struct job)
 * defines job_chan, a struct to be passed by value, whose member c is the channel; the functions
 * above, as job_chan_new(capacity), job_send(ch, value), job_recv(ch, &value), job_try_send,
 * job_try_recv, job_send_by, job_recv_by, job_send_ctx, job_recv_ctx, job_close, job_len, job_cap;
 * and makes GORT_RANGE of this header, GORT_RECV_FROM and GORT_SEND_TO of select.h know its type.
 * What is sent is an argument, not a pointer to it. */
#define GORT_CHAN(name, type)                                                    \
    typedef struct name##_chan {                                                 \
        union {                                                                  \
            gort_chan *c;                                                        \
            type *gort_elem; /* never used: it has the type */                   \
        };                                                                       \
    } name##_chan;                                                               \
    GORT_TYPED_ name##_chan name##_chan_new(size_t capacity)                     \
    {                                                                            \
        name##_chan ch;                                                          \
        ch.c = gort_chan_new(sizeof(type), capacity);                            \
        return ch;                                                               \
    }                                                                            \
    GORT_TYPED_ void name##_send(name##_chan ch, type value)                     \
    {                                                                            \
        gort_send(ch.c, &value);                                                 \
    }                                                                            \
    GORT_TYPED_ int name##_recv(name##_chan ch, type *value)                     \
    {                                                                            \
        return gort_recv(ch.c, value);                                           \
    }                                                                            \
    GORT_TYPED_ GORT_MUST_CHECK int name##_try_send(name##_chan ch, type value)  \
    {                                                                            \
        return gort_try_send(ch.c, &value);                                      \
    }                                                                            \
    GORT_TYPED_ GORT_MUST_CHECK int name##_try_recv(name##_chan ch, type *value) \
    {                                                                            \
        return gort_try_recv(ch.c, value);                                       \
    }                                                                            \
    GORT_TYPED_ GORT_MUST_CHECK int name##_send_by(name##_chan ch, type value,   \
                                                   int64_t deadline_ns)          \
    {                                                                            \
        return gort_send_by(ch.c, &value, deadline_ns);                          \
    }                                                                            \
    GORT_TYPED_ GORT_MUST_CHECK int name##_recv_by(name##_chan ch, type *value,  \
                                                   int64_t deadline_ns)          \
    {                                                                            \
        return gort_recv_by(ch.c, value, deadline_ns);                           \
    }                                                                            \
    GORT_TYPED_ GORT_MUST_CHECK int name##_send_ctx(name##_chan ch, type value,  \
                                                    struct gort_ctx *ctx)        \
    {                                                                            \
        return gort_send_ctx(ch.c, &value, ctx);                                 \
    }                                                                            \
    GORT_TYPED_ GORT_MUST_CHECK int name##_recv_ctx(name##_chan ch, type *value, \
                                                    struct gort_ctx *ctx)        \
    {                                                                            \
        return gort_recv_ctx(ch.c, value, ctx);                                  \
    }                                                                            \
    GORT_TYPED_ void name##_close(name##_chan ch)                                \
    {                                                                            \
        gort_close(ch.c);                                                        \
    }                                                                            \
    GORT_TYPED_ size_t name##_len(name##_chan ch)                                \
    {                                                                            \
        return gort_chan_len(ch.c);                                              \
    }                                                                            \
    GORT_TYPED_ size_t name##_cap(name##_chan ch)                                \
    {                                                                            \
        return gort_chan_cap(ch.c);                                              \
    }
#define GORT_TYPED_ static inline __attribute__((unused))

/* Receives from CH, of a GORT_CHAN, until it is closed and empty; VALUE is a variable of its type:
 *     GORT_RANGE (job, jobs)
 *         work_on(&job); */
#define GORT_RANGE(value, ch) \
    for (__typeof__(*(ch).gort_elem) value; gort_recv((ch).c, &value) == 1;)

#endif
