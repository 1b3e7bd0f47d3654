/* SPDX-License-Identifier: MIT */
/* proclib.h - the process library of this system, whichever it is.
 * libproc2 with the macros of 4.0.2 or of 4.0.5, or libprocps before procps 4: proclib.c alone
 * knows.
 * Threads: one owner. */
#ifndef MON_PROCLIB_H
#define MON_PROCLIB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proclib_figures {
    char name[64]; /* as the library gives it: it may hold anything */
    char state;
    uid_t uid;
    uint32_t nthreads;
    uint64_t rss_bytes;
    uint64_t virtual_bytes;
    uint64_t cpu_ticks; /* of the system's clock for such things, see sysconf(_SC_CLK_TCK) */
};

struct proclib;

/* NULL if the library refuses. */
struct proclib *proclib_new(void);
void proclib_free(struct proclib *lib);

/* False: there is no such process. */
bool proclib_read(struct proclib *lib, pid_t pid, struct proclib_figures *figures);

#endif
