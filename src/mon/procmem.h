/* SPDX-License-Identifier: MIT */
/* procmem.h - reading the memory of another process, without stopping it.
 * Threads: any. Source: process_vm_readv(2), ptrace(2) on access modes. */
#ifndef MON_PROCMEM_H
#define MON_PROCMEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Copies up to BYTES at ADDRESS of process PID to OUT. Returns how many were there, or a negative
 * errno: -EFAULT nothing is mapped there, -EPERM not allowed, -ESRCH the process is gone. */
ssize_t procmem_read(pid_t pid, uint64_t address, void *out, size_t bytes);

/* Says in TEXT what forbids reading PID, given the error, and what would help. */
void procmem_explain(pid_t pid, int error, char *text, size_t bytes);

#endif
