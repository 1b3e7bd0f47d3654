/* SPDX-License-Identifier: MIT */
/* err.c - the text of every error. */
#include "config.h"

#include "gort/base.h"

const char *gort_strerror(int err)
{
    if (err > GORT_OK || err < GORT_ESYSTEM)
        return "unknown error";
    switch ((enum gort_err)err) {
    case GORT_OK:
        return "success";
    case GORT_ETIMEDOUT:
        return "deadline passed";
    case GORT_EWOULDBLOCK:
        return "would have to wait";
    case GORT_ECLOSED:
        return "closed on this side";
    case GORT_ECANCELED:
        return "canceled";
    case GORT_EINVAL:
        return "invalid argument";
    case GORT_ENOMEM:
        return "out of memory";
    case GORT_EALREADY:
        return "already done";
    case GORT_EREFUSED:
        return "connection refused";
    case GORT_ERESET:
        return "connection reset by peer";
    case GORT_EADDRINUSE:
        return "address in use";
    case GORT_EADDRNOTAVAIL:
        return "address not available";
    case GORT_EPERM:
        return "permission denied";
    case GORT_EMFILE:
        return "no file descriptor left";
    case GORT_EUNREACHABLE:
        return "host or network unreachable";
    case GORT_EPIPE:
        return "peer reads no more";
    case GORT_ENOTFOUND:
        return "no such host or path";
    case GORT_ESYSTEM:
        return "system error";
    }
    return "unknown error";
}
