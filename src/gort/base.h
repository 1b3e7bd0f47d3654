/* SPDX-License-Identifier: MIT */
/* base.h - what every public header needs: visibility, errors, time units. */
#ifndef GORT_BASE_H
#define GORT_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define GORT_API extern "C" __attribute__((visibility("default")))
#else
#define GORT_API __attribute__((visibility("default")))
#endif
#define GORT_MUST_CHECK __attribute__((warn_unused_result))

#define GORT_FOREVER INT64_MAX
#define GORT_NS      INT64_C(1)
#define GORT_US      INT64_C(1000)
#define GORT_MS      INT64_C(1000000)
#define GORT_S       INT64_C(1000000000)

/* Errors, returned as negative numbers. Values are stable. */
enum gort_err {
    GORT_OK = 0,
    GORT_ETIMEDOUT = -1,   /* the deadline passed first, or the peer is silent for too long */
    GORT_EWOULDBLOCK = -2, /* a _try_ call found nothing to do */
    GORT_ECLOSED = -3,     /* the connection or listener was closed on this side */
    GORT_ECANCELED = -4,
    GORT_EINVAL = -5,
    GORT_ENOMEM = -6,
    GORT_EALREADY = -7,
    GORT_EREFUSED = -8, /* the peer refused the connection */
    GORT_ERESET = -9,   /* the peer reset the connection */
    GORT_EADDRINUSE = -10,
    GORT_EADDRNOTAVAIL = -11,
    GORT_EPERM = -12,
    GORT_EMFILE = -13, /* no file descriptor left */
    GORT_EUNREACHABLE = -14,
    GORT_EPIPE = -15,     /* the peer reads no more */
    GORT_ENOTFOUND = -16, /* no such host or path */
    GORT_ESYSTEM = -17,   /* another system error */
};

/* A short English text for ERR (0 or negative); never NULL. Callable from any thread. */
GORT_API const char *gort_strerror(int err);

#endif
