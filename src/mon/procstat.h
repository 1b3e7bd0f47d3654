/* SPDX-License-Identifier: MIT */
/* procstat.h - who a process is and whether it lives, from /proc/PID/stat and status.
 * For quick looks between samples: one small file, no library. The figures of a process come from
 * procinfo.h.
 * Threads: any. */
#ifndef MON_PROCSTAT_H
#define MON_PROCSTAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct procstat {
    char name[64]; /* as the kernel cut it, without control characters */
    char state;    /* R S D Z T t X, as in ps(1) */
    uint64_t start_ticks;
};

/* False: no such process, or it is gone while being read. */
bool procstat_read(pid_t pid, struct procstat *stat);

/* Whether there is no such process, or only what is left of one that nobody has waited for. */
bool procstat_has_ended(pid_t pid);

/* The same of a process whose state is known. */
static inline bool procstat_is_zombie(const struct procstat *stat)
{
    return stat->state == 'Z' || stat->state == 'X';
}

/* The start_ticks of a process that started AGO_NS ago. */
uint64_t procstat_ticks_ago(int64_t ago_ns);

/* The pid of the process as it sees itself, in the innermost namespace; 0 if it is gone. */
pid_t procstat_inner_pid(pid_t pid);

/* The text of /proc/PID/stat taken apart; false if it is none. */
bool procstat_parse(const char *text, struct procstat *stat);

/* Reads the small file PATH, relative to DIR as in openat(2), into TEXT and ends it with a NUL.
 * Returns the number of bytes, or -1. */
ssize_t procstat_read_file(int dir, const char *path, char *text, size_t bytes);

#endif
