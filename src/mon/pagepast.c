/* SPDX-License-Identifier: MIT */
/* pagepast.c - the parts of a page that tell of the past: its rings. Interface: pagepart.h. */
#include "config.h"

#include <string.h>

#include "base/bits.h"
#include "base/seqlock.h"
#include "mon/pagepart.h"
#include "mon/text.h"

_Static_assert(SNAPSHOT_FRAMES == PAGE_GC_FRAMES, "stacks are copied as they are");

/* ---- collections and events ---- */

static enum gc_trigger trigger_from(uint32_t trigger)
{
    return trigger <= GC_BY_LIMIT ? (enum gc_trigger)trigger : GC_BY_HEAP;
}

static uint64_t between(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? to_ns - from_ns : 0;
}

static struct gc_stop stop_from(const uint64_t ns[4], uint64_t off_cpu_ns)
{
    return (struct gc_stop){.stop_ns = between(ns[0], ns[1]),
                            .work_ns = between(ns[1], ns[2]),
                            .restart_ns = between(ns[2], ns[3]),
                            .off_cpu_ns = min_size(off_cpu_ns, between(ns[0], ns[3]))};
}

static void add_last(struct gc_last *last, const struct page_gc_cycle *c)
{
    last->task = c->last_stopped_task;
    last->how = c->last_stopped_how <= PAGE_STOPPED_BY_BLOCKING
                    ? (enum stopped_how)c->last_stopped_how
                    : STOPPED_UNKNOWN;
    last->nframes = (uint32_t)min_size(c->last_stopped_frames, SNAPSHOT_FRAMES);
    memcpy(last->pc, c->last_stopped_pc, sizeof last->pc);
    text_clean(last->name, sizeof last->name, c->last_stopped_name, sizeof c->last_stopped_name);
}

static struct gc_cycle cycle_from(const struct page_gc_cycle *c)
{
    return (struct gc_cycle){
        .number = c->number,
        .start_mono_ns = pagefile_time(c->start_mono_ns),
        .end_real_ns = pagefile_time(c->end_real_ns),
        .pause_ns = c->pause_ns,
        .stop_ns = c->stop_ns,
        .mark_ns = c->mark_ns,
        .restart_ns = c->restart_ns,
        .heap_before = c->heap_before,
        .heap_live = c->heap_live,
        .heap_goal = c->heap_goal,
        .stacks_bytes = c->stacks_bytes,
        .globals_bytes = c->globals_bytes,
        .trigger = trigger_from(c->trigger),
        .mode = c->mode == PAGE_GC_CONCURRENT ? GC_MODE_CONCURRENT : GC_MODE_STOP_THE_WORLD,
        .procs = c->procs,
        .tasks = c->tasks,
        .first = stop_from(c->first_stop_ns, c->first_off_cpu_ns),
        .last = stop_from(c->last_stop_ns, c->last_off_cpu_ns),
        .clean_ns = c->clean_ns,
        .beside_ns = c->beside_ns,
        .marker_ns = c->marker_ns,
        .assist_ns = c->assist_ns,
        .rounds = c->rounds,
        .written_pages = c->written_pages,
        .last_pages = c->last_pages,
        .heap_end = c->heap_end,
    };
}

static void add_cycle(void *arg, const uint8_t *slot, uint32_t bytes)
{
    struct snapshot *s = arg;
    struct page_gc_cycle c = {0}; /* it may be shorter in an older page */

    memcpy(&c, slot, min_size(sizeof c, bytes));
    if (s->ncycles == SNAPSHOT_MAX_CYCLES)
        memmove(&s->cycle[0], &s->cycle[1], --s->ncycles * sizeof s->cycle[0]);
    s->cycle[s->ncycles] = cycle_from(&c);
    add_last(&s->cycle[s->ncycles++].last_stopped, &c);
}

void pagepart_cycles(struct pagefile *pf, struct pagepart_place *place, struct snapshot *s)
{
    pagefile_ring(pf, PAGE_SECTION_GC_CYCLES, &place->cycle, add_cycle, s);
}

static void add_event(void *arg, const uint8_t *slot, uint32_t bytes)
{
    struct snapshot *s = arg;
    struct event_sample *to;
    struct page_event e;

    memcpy(&e, slot, min_size(sizeof e, bytes));
    if (s->nevents == SNAPSHOT_MAX_EVENTS)
        memmove(&s->event[0], &s->event[1], --s->nevents * sizeof s->event[0]);
    to = &s->event[s->nevents++];
    *to = (struct event_sample){.number = seq_ring_number(e.seq),
                                .mono_ns = pagefile_time(e.mono_ns),
                                .kind = e.kind,
                                .arg = {e.arg[0], e.arg[1]}};
    text_clean(to->text, sizeof to->text, e.text, sizeof e.text);
}

void pagepart_events(struct pagefile *pf, struct pagepart_place *place, struct snapshot *s)
{
    pagefile_ring(pf, PAGE_SECTION_EVENTS, &place->event, add_event, s);
}

/* ---- history ---- */

struct history_reader {
    const struct pagepart_map *map;
    struct history *history;
};

/* Number I of the values that follow the head of a slot, each of ENTRY_BYTES; false if the slot
 * does not reach so far. */
static bool take_kept(const uint8_t *slot, uint32_t bytes, uint32_t i, void *entry,
                      size_t entry_bytes)
{
    uint64_t at = sizeof(struct page_history_slot) + (uint64_t)i * entry_bytes;

    if (i == PAGE_NO_HISTORY || at + entry_bytes > bytes)
        return false;
    memcpy(entry, slot + at, entry_bytes);
    return true;
}

static int64_t time_of(const uint8_t *slot)
{
    struct page_history_slot head;

    memcpy(&head, slot, sizeof head);
    return pagefile_time(head.mono_ns);
}

static void add_second(void *arg, const uint8_t *slot, uint32_t bytes)
{
    const struct history_reader *r = arg;
    uint64_t value;

    for (unsigned i = 0; i < r->map->n; i++)
        if (take_kept(slot, bytes, r->map->entry[i].history, &value, sizeof value))
            history_add(r->history, r->map->entry[i].metric, time_of(slot), value);
}

/* The slot of a minute bears the time of its last sample. */
static void add_minute(void *arg, const uint8_t *slot, uint32_t bytes)
{
    const struct history_reader *r = arg;
    struct page_minute m;

    for (unsigned i = 0; i < r->map->n; i++)
        if (take_kept(slot, bytes, r->map->entry[i].history, &m, sizeof m))
            history_add_minute(
                r->history, r->map->entry[i].metric, time_of(slot),
                &(struct history_minute){.min = m.min, .max = m.max, .last = m.last});
}

void pagepart_history(struct pagefile *pf, const struct pagepart_map *map,
                      struct pagepart_place *place, struct history *history)
{
    struct history_reader reader = {.map = map, .history = history};

    pagefile_ring(pf, PAGE_SECTION_HISTORY_1M, &place->minute, add_minute, &reader);
    pagefile_ring(pf, PAGE_SECTION_HISTORY_1S, &place->second, add_second, &reader);
}

/* ---- sites ---- */

struct site_reader {
    source_site_fn *fn;
    void *arg;
};

static void add_sites(void *arg, const uint8_t *slot, uint32_t bytes)
{
    const struct site_reader *r = arg;
    struct page_sites_minute m = {0};

    memcpy(&m, slot, min_size(sizeof m, bytes));
    for (size_t i = 0; i < PAGE_SITES_KEPT; i++) {
        if (m.tasks[i].pc != 0)
            r->fn(r->arg, &(struct source_site){.mono_ns = pagefile_time(m.mono_ns),
                                                .pc = m.tasks[i].pc,
                                                .value = m.tasks[i].value,
                                                .of = SOURCE_SITE_TASKS});
        if (m.allocs[i].pc != 0)
            r->fn(r->arg, &(struct source_site){.mono_ns = pagefile_time(m.mono_ns),
                                                .pc = m.allocs[i].pc,
                                                .value = m.allocs[i].value,
                                                .of = SOURCE_SITE_BYTES});
    }
}

void pagepart_past_sites(struct pagefile *pf, struct pagepart_place *place, source_site_fn *fn,
                         void *arg)
{
    struct site_reader reader = {.fn = fn, .arg = arg};

    pagefile_ring(pf, PAGE_SECTION_SITES_1M, &place->sites_minute, add_sites, &reader);
}
