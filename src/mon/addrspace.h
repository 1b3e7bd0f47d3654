/* SPDX-License-Identifier: MIT */
/* addrspace.h - whether a process is still the program that it was.
 * When it calls exec, its pid, its start time and its pidfd stay; its address space does not. An
 * open /proc/PID/maps belongs to the address space that the process had then: it reads as empty
 * once that has been torn down, and keeps none of its memory. A child that shares the address space
 * (vfork) and outlives the exec delays this until its own end.
 * Threads: any. */
#ifndef MON_ADDRSPACE_H
#define MON_ADDRSPACE_H

#include <stdbool.h>
#include <sys/types.h>

/* Takes hold of the address space that process PID has now. Returns a descriptor to close, or -1:
 * the process is gone or another user's. */
int addrspace_open(pid_t pid);

/* Whether process PID, of which FD was opened, has another address space now; false if it has none
 * any more, being about to end, or if FD is -1. Costs a few system calls, whatever the process
 * has mapped. */
bool addrspace_is_replaced(int fd, pid_t pid);

/* Whether process PID has the memfd NAME mapped; what may not be looked at has not. Reads of all
 * that is mapped. */
bool addrspace_has_memfd(pid_t pid, const char *name);

#endif
