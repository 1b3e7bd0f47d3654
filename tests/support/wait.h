/* SPDX-License-Identifier: MIT */
/* wait.h - waiting for something that is about to happen, with a deadline.
 * Threads: any. */
#ifndef SUPPORT_WAIT_H
#define SUPPORT_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/* Asks IS_SO(ARG) again and again until it says yes, or TIMEOUT_NS have passed: then false. */
bool wait_until(bool (*is_so)(void *arg), void *arg, int64_t timeout_ns);

#endif
