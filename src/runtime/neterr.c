/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/neterr.h"

#include <errno.h>

#include "gort/base.h"

int err_from_errno(int errnum)
{
    switch (errnum) {
    case EPIPE:
        return GORT_EPIPE;
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
        return GORT_ERESET;
    case ECONNREFUSED:
        return GORT_EREFUSED;
    case ETIMEDOUT:
        return GORT_ETIMEDOUT;
    case EMFILE:
    case ENFILE:
        return GORT_EMFILE;
    case ENOMEM:
    case ENOBUFS:
        return GORT_ENOMEM;
    case EADDRINUSE:
        return GORT_EADDRINUSE;
    case EADDRNOTAVAIL:
        return GORT_EADDRNOTAVAIL;
    case EACCES:
    case EPERM:
        return GORT_EPERM;
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
        return GORT_EUNREACHABLE;
    case ENOENT:
    case ENOTDIR:
        return GORT_ENOTFOUND;
    case EINVAL:
    case ENAMETOOLONG:
    case EAFNOSUPPORT:
        return GORT_EINVAL;
    default:
        return GORT_ESYSTEM;
    }
}
