/* SPDX-License-Identifier: MIT */
/* neterr.h - from the system's error numbers to ours.
 * Threads: any. */
#ifndef RUNTIME_NETERR_H
#define RUNTIME_NETERR_H

/* The gort_err for ERRNO, which is not 0; GORT_ESYSTEM if there is none of its own. */
int err_from_errno(int errnum);

#endif
