/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/publish_events.h"

#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "runtime/cycles.h"
#include "runtime/lock.h"
#include "runtime/publish.h"

#define NOW_TRIES 1000

static struct {
    struct lock lock;
    struct pagering ring; /* [lock:lock]; slots is [const] while threads run */
} events = {.lock = LOCK_INIT(RANK_EVENTS)};

void publish_events_init(struct pagering ring)
{
    lock_init(&events.lock, RANK_EVENTS);
    events.ring = ring;
}

static struct page_event make(uint32_t kind, uint64_t arg0, uint64_t arg1, const char *text)
{
    struct page_event event = {
        .mono_ns = (uint64_t)clock_mono_ns(), .kind = kind, .arg = {arg0, arg1}};

    if (text != NULL)
        memcpy(event.text, text, strnlen(text, sizeof event.text - 1));
    return event;
}

void publish_event(uint32_t kind, uint64_t arg0, uint64_t arg1, const char *text)
{
    struct page_event event;

    if (events.ring.slots == NULL)
        return;
    event = make(kind, arg0, arg1, text);
    lock_take(&events.lock);
    pagering_put(&events.ring, &event, sizeof event);
    lock_release(&events.lock);
}

void publish_signal_blocked(int32_t tid)
{
    publish_event(PAGE_EVENT_SIGURG_BLOCKED, (uint64_t)tid, 0, NULL);
}

void publish_stack_overflow(uint64_t id)
{
    publish_event_now(PAGE_EVENT_STACK_OVERFLOW, id, 0, NULL);
}

void publish_event_now(uint32_t kind, uint64_t arg0, uint64_t arg1, const char *text)
{
    struct page_event event;

    if (events.ring.slots == NULL)
        return;
    event = make(kind, arg0, arg1, text);
    for (int i = 0; i < NOW_TRIES; i++) {
        if (lock_try(&events.lock)) {
            pagering_put(&events.ring, &event, sizeof event);
            lock_release(&events.lock);
            return;
        }
        cpu_relax();
    }
}
