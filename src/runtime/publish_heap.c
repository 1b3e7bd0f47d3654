/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/publish_heap.h"

#include <string.h>

#include "base/bits.h"
#include "runtime/gc.h"
#include "runtime/gclimiter.h"
#include "runtime/stats.h"

#define CYCLES_AT_ONCE 8u
#define GROWN_SITES    64u /* that are shown although others have more live bytes */
#define PPM            1e6

_Static_assert((int)GC_OFF == (int)PAGE_GC_OFF, "phases are shown as they are");
_Static_assert((int)GC_MARK == (int)PAGE_GC_MARK, "phases are shown as they are");
_Static_assert((int)GC_MARK_TERMINATION == (int)PAGE_GC_MARK_TERMINATION,
               "phases are shown as they are");
_Static_assert((int)GC_SWEEP == (int)PAGE_GC_SWEEP, "phases are shown as they are");
_Static_assert((int)GC_STOP_THE_WORLD == (int)PAGE_GC_STOP_THE_WORLD,
               "modes are shown as they are");
_Static_assert((int)GC_CONCURRENT == (int)PAGE_GC_CONCURRENT, "modes are shown as they are");
_Static_assert(offsetof(struct gc_stop, off_cpu_ns) ==
                   sizeof((struct page_gc_cycle){0}.last_stop_ns),
               "the times of a stop are shown as they are");
_Static_assert((int)STOPPED_BY_BLOCKING == (int)PAGE_STOPPED_BY_BLOCKING,
               "ways to stop are shown as they are");
_Static_assert(LASTSTOP_FRAMES == PAGE_GC_FRAMES, "stacks are shown as they are");
_Static_assert((int)GC_BY_HEAP == (int)PAGE_GC_BY_HEAP, "causes are shown as they are");
_Static_assert((int)GC_BY_TIME == (int)PAGE_GC_BY_TIME, "causes are shown as they are");
_Static_assert((int)GC_BY_CALL == (int)PAGE_GC_BY_CALL, "causes are shown as they are");
_Static_assert((int)GC_BY_LIMIT == (int)PAGE_GC_BY_LIMIT, "causes are shown as they are");

void publish_heap_init(struct publish_heap *h, void *page, const struct pagelayout *layout)
{
    *h = (struct publish_heap){
        .classes = pagedouble_at(page, layout, PAGE_SECTION_SIZE_CLASSES),
        .sites = pagedouble_at(page, layout, PAGE_SECTION_ALLOC_SITES),
        .cycles = pagering_at(page, layout, PAGE_SECTION_GC_CYCLES),
    };
}

/* ---- values ---- */

static void set_memstats(uint64_t value[METRIC_COUNT], const struct gort_memstats *m)
{
    value[METRIC_HEAP_ALLOC] = m->heap_alloc;
    value[METRIC_HEAP_TOTAL_ALLOC] = m->total_alloc;
    value[METRIC_MEM_SYS] = m->sys;
    value[METRIC_HEAP_MALLOCS] = m->mallocs;
    value[METRIC_HEAP_FREES] = m->frees;
    value[METRIC_HEAP_SYS] = m->heap_sys;
    value[METRIC_HEAP_IDLE] = m->heap_idle;
    value[METRIC_HEAP_INUSE] = m->heap_inuse;
    value[METRIC_HEAP_RELEASED] = m->heap_released;
    value[METRIC_HEAP_OBJECTS] = m->heap_objects;
    value[METRIC_STACK_INUSE] = m->stack_inuse;
    value[METRIC_STACK_SYS] = m->stack_sys;
    value[METRIC_MSPAN_INUSE] = m->mspan_inuse;
    value[METRIC_MSPAN_SYS] = m->mspan_sys;
    value[METRIC_MCACHE_INUSE] = m->mcache_inuse;
    value[METRIC_MCACHE_SYS] = m->mcache_sys;
    value[METRIC_BUCKHASH_SYS] = m->buckhash_sys;
    value[METRIC_GC_SYS] = m->gc_sys;
    value[METRIC_OTHER_SYS] = m->other_sys;
    value[METRIC_GC_GOAL] = m->next_gc;
    value[METRIC_GC_LAST] = m->last_gc;
    value[METRIC_GC_PAUSE_TOTAL] = m->pause_total_ns;
    value[METRIC_GC_COUNT] = m->num_gc;
    value[METRIC_GC_FORCED] = m->num_forced_gc;
    value[METRIC_GC_CPU] = (uint64_t)(m->gc_cpu_fraction * PPM);
}

void publish_heap_values(uint64_t value[METRIC_COUNT])
{
    struct memory_stats s;

    stats_read(&s);
    set_memstats(value, &s.mem);
    value[METRIC_HEAP_LIVE] = s.gc.live_bytes;
    value[METRIC_HEAP_TINY_ALLOCS] = s.tiny_allocs;
    value[METRIC_STACK_VIRTUAL] = s.stack_virtual;
    value[METRIC_GC_PERCENT] = s.percent < 0 ? UINT64_MAX : (uint64_t)s.percent;
    value[METRIC_GC_MEMORY_LIMIT] = (uint64_t)s.memory_limit;
    value[METRIC_GC_PHASE] = (uint64_t)s.phase;
    value[METRIC_GC_MODE] = (uint64_t)gc_mode();
    value[METRIC_GC_STOP_TOTAL] = s.gc.stop_ns;
    value[METRIC_GC_MARK_TOTAL] = s.gc.mark_thread_ns;
    value[METRIC_GC_SWEEP_TOTAL] = s.sweep_ns;
    value[METRIC_GC_SCANNED_STACKS] = s.gc.stack_bytes;
    value[METRIC_GC_SCANNED_GLOBALS] = s.gc.globals_bytes;
    value[METRIC_GC_SCANNED_HEAP] = s.gc.heap_bytes;
    value[METRIC_GC_ASSIST_TOTAL] = s.gc.assist_ns;
    value[METRIC_GC_ROUNDS] = s.gc.rounds;
    value[METRIC_GC_WRITTEN_PAGES] = s.gc.written_pages;
    value[METRIC_GC_LIMITER_LAST] = limiter_last_cycle();
    value[METRIC_THREADS] += s.gc_threads;
}

/* ---- tables ---- */

static void put_classes(const struct publish_heap *h, int64_t now_ns)
{
    struct size_class_stats in[GORT_MEMSTATS_SIZES];
    struct page_size_class out[GORT_MEMSTATS_SIZES] = {0};

    stats_read_classes(in);
    for (size_t i = 0; i < GORT_MEMSTATS_SIZES; i++) {
        out[i].object_bytes = (uint32_t)in[i].object_bytes;
        out[i].mallocs = in[i].mallocs;
        out[i].frees = in[i].frees;
        out[i].spans = in[i].spans;
        out[i].span_bytes = in[i].span_bytes;
        out[i].live_bytes = in[i].live_bytes;
    }
    pagedouble_put(&h->classes, out, sizeof out, GORT_MEMSTATS_SIZES, now_ns);
}

static void put_cycle(struct pagering *ring, const struct gc_cycle *c)
{
    struct page_gc_cycle out = {
        .number = c->number,
        .start_mono_ns = c->start_mono_ns,
        .end_real_ns = c->end_real_ns,
        .pause_ns = c->pause_ns,
        .stop_ns = c->stop_ns,
        .mark_ns = c->mark_ns,
        .restart_ns = c->restart_ns,
        .heap_before = c->heap_before,
        .heap_live = c->heap_live,
        .heap_goal = c->heap_goal,
        .stacks_bytes = c->stack_bytes,
        .globals_bytes = c->globals_bytes,
        .last_stopped_task = c->last_task,
        .trigger = (uint32_t)c->trigger,
        .mode = (uint32_t)c->mode,
        .procs = (uint32_t)c->procs,
        .tasks = (uint32_t)c->tasks,
        .clean_ns = c->clean_ns,
        .beside_ns = c->beside_ns,
        .marker_ns = c->marker_ns,
        .assist_ns = c->assist_ns,
        .rounds = c->rounds,
        .written_pages = c->written_pages,
        .last_pages = c->last_pages,
        .heap_end = c->heap_end,
        .first_off_cpu_ns = c->first.off_cpu_ns,
        .last_off_cpu_ns = c->last.off_cpu_ns,
    };

    memcpy(out.first_stop_ns, &c->first, sizeof out.first_stop_ns);
    memcpy(out.last_stop_ns, &c->last, sizeof out.last_stop_ns);
    memcpy(out.last_stopped_name, c->last_name, sizeof out.last_stopped_name);
    out.last_stopped_frames = (uint32_t)c->last_frames;
    out.last_stopped_how = (uint32_t)c->last_how;
    memcpy(out.last_stopped_pc, c->last_pcs, sizeof out.last_stopped_pc);

    pagering_put(ring, &out, sizeof out);
}

static void put_cycles(struct publish_heap *h)
{
    struct gc_cycle cycles[CYCLES_AT_ONCE];
    size_t n = CYCLES_AT_ONCE;

    while (n == CYCLES_AT_ONCE) {
        n = gc_cycles_read(h->cycles_told, cycles, CYCLES_AT_ONCE);
        for (size_t i = 0; i < n; i++) {
            put_cycle(&h->cycles, &cycles[i]);
            h->cycles_told = cycles[i].number;
        }
    }
}

void publish_heap_tick(struct publish_heap *h, int64_t now_ns)
{
    put_classes(h, now_ns);
    put_cycles(h);
}

/* Whether the site at PC is among the N of SITE. */
static bool is_there(const struct page_alloc_site *site, size_t n, uint64_t pc)
{
    for (size_t i = 0; i < n; i++)
        if (site[i].pc == pc)
            return true;
    return false;
}

/* Adds sites of IN that are not among the first KNOWN. */
static void add_sites(struct publish_heap *h, const struct alloc_site_stats *in, size_t n,
                      size_t known)
{
    uint64_t before_ns = (uint64_t)allocsite_before_ns();

    for (size_t i = 0; i < n; i++) {
        if (is_there(h->site, known, in[i].pc))
            continue;
        h->site[h->nsites++] = (struct page_alloc_site){
            .pc = in[i].pc,
            .live_objects = in[i].live_objects,
            .live_bytes = in[i].live_bytes,
            .total_objects = in[i].total_objects,
            .total_bytes = in[i].total_bytes,
            .samples = in[i].samples,
            .before_bytes = in[i].before_bytes,
            .before_mono_ns = before_ns,
        };
    }
}

void publish_heap_sites(struct publish_heap *h, int64_t now_ns)
{
    static struct alloc_site_stats in[PAGELAYOUT_ALLOC_SITES]; /* [lock: publish] */
    size_t n = allocsite_top(in, PAGELAYOUT_ALLOC_SITES, ALLOCSITE_BY_LIVE);

    h->nsites = 0;
    if (n < PAGELAYOUT_ALLOC_SITES) {
        add_sites(h, in, n, 0);
    } else {
        add_sites(h, in, PAGELAYOUT_ALLOC_SITES - GROWN_SITES, 0);
        n = allocsite_top(in, GROWN_SITES, ALLOCSITE_BY_GROWTH);
        add_sites(h, in, n, h->nsites);
    }
    pagedouble_put(&h->sites, h->site, h->nsites * sizeof h->site[0], h->nsites, now_ns);
}

void publish_heap_top_sites(const struct publish_heap *h,
                            struct page_site_count site[PAGE_SITES_KEPT])
{
    size_t n = min_size(h->nsites, PAGE_SITES_KEPT);

    memset(site, 0, PAGE_SITES_KEPT * sizeof site[0]);
    for (size_t i = 0; i < n; i++)
        site[i] = (struct page_site_count){h->site[i].pc, h->site[i].live_bytes};
}
