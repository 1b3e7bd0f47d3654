/* SPDX-License-Identifier: MIT */
/* cgroup.h - how much memory a control group uses and may use.
 * The limit that counts is the least of the group's own and those of all above it, in version 2 and
 * in version 1 of control groups alike.
 * Threads: any. */
#ifndef MON_CGROUP_H
#define MON_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

struct cgroup_memory {
    uint64_t bytes;
    uint64_t limit_bytes; /* 0: none */
};

/* The memory of the group that MEMBERSHIP, the text of /proc/PID/cgroup, names, in the file system
 * mounted at ROOT. False if there is none, as in the root group of version 2. */
bool cgroup_read(const char *root, const char *membership, struct cgroup_memory *memory);

#endif
