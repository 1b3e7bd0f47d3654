/* SPDX-License-Identifier: MIT */
/* refuse.h - a system that refuses some calls, as sandboxes and old kernels do: by seccomp, for
 * this process and its children, for good. */
#ifndef SUPPORT_REFUSE_H
#define SUPPORT_REFUSE_H

#include <stdbool.h>
#include <stdint.h>

/* From now on system call NR fails with errno ERROR. False if seccomp is not to be had. */
bool refuse_call(uint32_t nr, uint32_t error);

/* The same for all threads of the process, at once. */
bool refuse_call_in_all_threads(uint32_t nr, uint32_t error);

/* The same, for this thread, only where argument ARG, counted from 0, has the low half VALUE. */
bool refuse_call_with(uint32_t nr, unsigned arg, uint32_t value, uint32_t error);

#endif
