/* SPDX-License-Identifier: MIT */
/* resident.h - how much memory this process keeps. Threads: any. */
#ifndef SUPPORT_RESIDENT_H
#define SUPPORT_RESIDENT_H

#include <stdint.h>
#include <stdio.h>

/* Anonymous memory that is resident, in KiB; -1 if the system does not say. */
static inline int64_t resident_kb(void)
{
    char line[128];
    long long kb = -1;
    FILE *f = fopen("/proc/self/status", "r");

    if (f == NULL)
        return -1;
    while (fgets(line, sizeof line, f) != NULL)
        sscanf(line, "RssAnon: %lld kB", &kb);
    fclose(f);
    return kb;
}

#endif
