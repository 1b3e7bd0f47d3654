/* SPDX-License-Identifier: MIT */
/* selfexec.h - a test that starts its own program anew. */
#ifndef SUPPORT_SELFEXEC_H
#define SUPPORT_SELFEXEC_H

#include <limits.h>
#include <stdint.h>
#include <unistd.h>

/* Executes this program with ARGV; returns if that fails. By its path, for through /proc/self/exe
 * valgrind would start itself. Async-signal-safe. */
static inline void self_exec(const char *const argv[])
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n < 0)
        return;
    path[n] = '\0';
    execv(path, (char *const *)(uintptr_t)argv);
}

#endif
