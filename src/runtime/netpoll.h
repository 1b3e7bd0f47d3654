/* SPDX-License-Identifier: MIT */
/* netpoll.h - the poller: tasks that wait for descriptors to become ready.
 * One epoll instance, edge-triggered, each descriptor registered once for both directions. The
 * scheduler polls without blocking when it looks for work, an idle worker blocks in it until the
 * next timer (polling.h), and sysmon looks every 10 ms. Threads: as each function says. Source:
 * Go's netpoll.go. */
#ifndef RUNTIME_NETPOLL_H
#define RUNTIME_NETPOLL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/runq.h"

/* Any descriptor registered? If not, the scheduler never polls. Any thread. */
bool netpoll_in_use(void);

/* Collects tasks whose descriptors became ready into *READY, with wake_value set and state still
 * TASK_WAITING: the caller gives them to sched_ready_batch. Blocks the thread for up to TIMEOUT_NS
 * (0: not at all; GORT_FOREVER). Any thread; at most one blocks at a time (the scheduler sees to
 * it). */
void netpoll_poll(int64_t timeout_ns, struct taskq *ready);

/* Makes a blocked netpoll_poll return. Any thread. Works also when nothing is registered yet: sets
 * the poller up. */
void netpoll_break(void);

/* For polldesc.c: registers descriptor FD for both directions, with a KEY that its events bring;
 * GORT_OK or an error. And takes it out. */
int netpoll_add(int fd, uint64_t key);
void netpoll_remove(int fd);

/* For polldesc.c: a task more, or a task less, is parked on a descriptor. */
void netpoll_count_waiter(int change);

/* Tasks parked on descriptors, and events ever taken. */
uint64_t netpoll_waiters(void);
uint64_t netpoll_events(void);

#endif
