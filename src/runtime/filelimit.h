/* SPDX-License-Identifier: MIT */
/* filelimit.h - whether a file may grow to a size.
 * Beyond RLIMIT_FSIZE the kernel does not only refuse: it sends SIGXFSZ, which ends the program. So
 * whoever writes a file for the runtime's own sake asks first.
 * Threads: any; async-signal-safe. */
#ifndef RUNTIME_FILELIMIT_H
#define RUNTIME_FILELIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

static inline bool filelimit_allows(uint64_t bytes)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= bytes;
}

#endif
