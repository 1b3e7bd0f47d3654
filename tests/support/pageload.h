/* SPDX-License-Identifier: MIT */
/* pageload.h - a process that has something to publish, for tests of the page.
 * Threads: none of its own. */
#ifndef SUPPORT_PAGELOAD_H
#define SUPPORT_PAGELOAD_H

#include <sys/types.h>

/* A first task for gort_run: keeps tasks parking, spawning, allocating and collecting, until ARG, a
 * task function without argument or NULL, has returned; without one for ever. */
int pageload_run(void *arg);

/* A child process that runs it for ever; returns when the child has a page. Its pid, or -1. */
pid_t pageload_start(void);

/* Kills it with SIGKILL and waits for its end. */
void pageload_kill(pid_t pid);

#endif
