/* SPDX-License-Identifier: MIT */
/* cgroupmem.h - how much memory the process's control group grants.
 * The kernel kills what takes more than memory.max (version 1: memory.limit_in_bytes) of its group
 * or of a group above it, and stalls what takes more than memory.high: the least of all these is
 * the limit. Inside a container the files of the process's own group lie at the root of the mount,
 * while /proc may name the path outside: what is not there is passed over. Threads: any; opens
 * files, to be called at start only. Source: cgroups(7), cgroup-v2 of Linux. */
#ifndef RUNTIME_CGROUPMEM_H
#define RUNTIME_CGROUPMEM_H

#include <stdint.h>

/* The limit in bytes, INT64_MAX if there is none. ROOT is put before the names of the files: "", or
 * the directory of a test's own. Keeps errno. */
int64_t cgroup_memory_limit(const char *root);

/* The limit for the runtime's memory under a group's limit of BYTES: a tenth less, for what the
 * runtime does not count, such as malloc, mapped files and other processes of the group. */
int64_t cgroup_share(int64_t bytes);

#endif
