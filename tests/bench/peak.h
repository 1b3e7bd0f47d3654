/* SPDX-License-Identifier: MIT */
/* peak.h - the most memory that the process has had, resident, from now on.
 * Knows nothing of the runtime, so that the peers of other libraries can use it too. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Forgets what was before, where the kernel allows it. */
static inline void peak_reset(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");

    if (f != NULL) {
        fputs("5", f);
        fclose(f);
    }
}

/* In bytes; 0 if the system doesn't tell. */
static inline int64_t peak_bytes(void)
{
    char line[256];
    int64_t bytes = 0;
    FILE *f = fopen("/proc/self/status", "r");

    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            bytes = strtoll(line + 6, NULL, 10) * 1024; /* it is in kB there */
    fclose(f);
    return bytes;
}

#endif
