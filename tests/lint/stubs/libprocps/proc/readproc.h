/* SPDX-License-Identifier: MIT */
/* readproc.h - as much of libprocps' interface as proclib.c uses, to compile that arm where the
 * library is not installed. Never linked. */
#ifndef STUBS_PROC_READPROC_H
#define STUBS_PROC_READPROC_H

#include <sys/types.h>

typedef struct proc_t {
    char state;
    unsigned long long utime;
    unsigned long long stime;
    unsigned long vm_size;
    unsigned long vm_rss;
    char cmd[64];
    int nlwp;
    uid_t euid;
} proc_t;

typedef struct PROCTAB PROCTAB;

#define PROC_FILLSTATUS 0x0020
#define PROC_FILLSTAT 0x0040
#define PROC_PID 0x1000

PROCTAB *openproc(int flags, ...);
proc_t *readproc(PROCTAB *table, proc_t *process);
void closeproc(PROCTAB *table);

#endif
