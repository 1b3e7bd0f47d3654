/* SPDX-License-Identifier: MIT */
/* publish_events.h - the ring of events, seen by publish.c; publish_event is in publish.h. */
#ifndef RUNTIME_PUBLISH_EVENTS_H
#define RUNTIME_PUBLISH_EVENTS_H

#include <stdint.h>

#include "runtime/pagewrite.h"

/* Events go into RING from now on. Before there are other threads, or in a forked child: with an
 * empty ring, which swallows them. */
void publish_events_init(struct pagering ring);

/* As publish_event, for one who may have interrupted it: does without the event rather than wait.
 * Async-signal-safe. */
void publish_event_now(uint32_t kind, uint64_t arg0, uint64_t arg1, const char *text);

#endif
