/* SPDX-License-Identifier: MIT */
/* polldesc.h - the tasks that wait for one descriptor.
 * The record of descriptor N is always the same: records are indexed by descriptor, never move and
 * are never freed, so an event that comes late finds a record; its generation tells that it was
 * meant for a former use. An open record refers to its owner, and the table of records is searched
 * by the collector: what is open is never reclaimed.
 * To read: reset; the system call; if that would block, wait; and again. An event between reset and
 * wait is kept, so none is lost. A direction has one user at a time.
 * Threads: tasks, inside the runtime, no lock held; no lock of its own.
 * Source: Go's netpoll.go. */
#ifndef RUNTIME_POLLDESC_H
#define RUNTIME_POLLDESC_H

#include <stdint.h>

enum poll_direction { POLL_READ, POLL_WRITE, POLL_DIRECTIONS };

struct polldesc;
struct taskq;

/* Registers descriptor FD for both directions, on behalf of OWNER, an object of the collected heap.
 * GORT_OK, GORT_EMFILE or another error: then nothing is registered. */
int polldesc_open(int fd, void *owner, struct polldesc **out);

/* From now on nobody waits: both directions give GORT_ECLOSED. The descriptor is still open. */
void polldesc_evict(struct polldesc *pd);

/* Gives the record of FD up, after polldesc_evict; the descriptor is to be closed after this. */
void polldesc_close(struct polldesc *pd, int fd);

/* Forgets former events of direction DIR. */
void polldesc_reset(struct polldesc *pd, enum poll_direction dir);

/* Parks until DIR may be ready: GORT_OK. Or GORT_ECLOSED, GORT_ETIMEDOUT. */
int polldesc_wait(struct polldesc *pd, enum poll_direction dir, int64_t deadline_ns, uintptr_t pc);

/* The poller saw EVENTS (of epoll) on what was registered with KEY: adds the tasks that waited to
 * READY. Any thread. */
void polldesc_event(uint64_t key, uint32_t events, struct taskq *ready);

#endif
