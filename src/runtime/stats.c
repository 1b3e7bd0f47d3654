/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/stats.h"

#include <string.h>

#include "base/clock.h"
#include "runtime/cache.h"
#include "runtime/gcsweep.h"
#include "runtime/gcthread.h"
#include "runtime/heap.h"
#include "runtime/proc.h"
#include "runtime/procsize.h"
#include "runtime/stack.h"
#include "runtime/sysmem.h"

#define HEAP_TRIES 4 /* a reader is faster than most changes */

_Static_assert(GORT_MEMSTATS_SIZES == SIZE_CLASSES, "MemStats shows every size class");
_Static_assert(GORT_MEMSTATS_PAUSES == GC_CYCLES_KEPT, "MemStats shows every pause that is kept");

static void fill_objects(gort_memstats *m, const struct heap_sums *sums)
{
    uint64_t freed = sums->large_free_bytes;

    m->total_alloc = sums->large_alloc_bytes;
    m->mallocs = sums->mallocs[0] + sums->tiny_allocs;
    m->frees = sums->frees[0] + sums->tiny_allocs;
    for (unsigned i = 1; i < SIZE_CLASSES; i++) {
        m->total_alloc += sums->mallocs[i] * size_classes[i].bytes;
        freed += sums->frees[i] * size_classes[i].bytes;
        m->mallocs += sums->mallocs[i];
        m->frees += sums->frees[i];
    }
    m->heap_alloc = m->alloc = m->total_alloc - freed;
    m->heap_objects = m->mallocs - m->frees;
}

/* The objects, and the pages as they were meanwhile; where pages come and go all the time, as they
 * were soon after. */
static void read_heap(struct heap_sums *sums, struct heap_pages *pages)
{
    struct heap_pages before;

    heap_read_pages(pages);
    for (int tries = 0; tries < HEAP_TRIES; tries++) {
        before = *pages;
        cache_read_sums(sums);
        heap_read_pages(pages);
        if (memcmp(&before, pages, sizeof before) == 0)
            return;
    }
}

/* If the pages are as of a moment later: spans that were given back between are idle now, and were
 * in use when their objects counted. */
static void keep_above_alloc(gort_memstats *m)
{
    uint64_t missing = m->heap_alloc > m->heap_inuse ? m->heap_alloc - m->heap_inuse : 0;
    uint64_t idle = m->heap_idle - m->heap_released;

    m->heap_inuse += missing;
    m->heap_idle -= missing < idle ? missing : idle;
}

static void fill_memory(gort_memstats *m, const struct heap_pages *pages)
{
    struct stack_stats stacks;

    stack_read_stats(&stacks);
    m->heap_inuse = pages->inuse;
    m->heap_idle = pages->free + pages->released;
    m->heap_released = pages->released;
    keep_above_alloc(m);
    m->heap_sys = m->heap_inuse + m->heap_idle;
    m->stack_inuse = stacks.inuse_bytes;
    m->stack_sys = stacks.inuse_bytes + stacks.cached_bytes;
    m->mspan_inuse = pages->span_inuse;
    m->mspan_sys = sys_bytes(SYS_MSPAN);
    m->mcache_inuse = cache_inuse_bytes();
    m->mcache_sys = sys_bytes(SYS_MCACHE);
    m->buckhash_sys = sys_bytes(SYS_BUCKETS);
    m->gc_sys = sys_bytes(SYS_GC);
    m->other_sys = sys_bytes(SYS_OTHER);
    m->sys = m->heap_sys + m->stack_sys + m->mspan_sys + m->mcache_sys + m->buckhash_sys +
             m->gc_sys + m->other_sys;
}

static void fill_collector(gort_memstats *m, const struct gc_totals *gc)
{
    m->next_gc = gc_goal();
    m->last_gc = gc->end_real_ns;
    m->pause_total_ns = gc->pause_ns;
    m->num_gc = (uint32_t)gc->cycles;
    m->num_forced_gc = (uint32_t)gc->forced;
    m->gc_cpu_fraction = (double)gc->proc_ns / ((double)procsize_total_ns(clock_mono_ns()) + 1);
    m->enable_gc = 1;
}

static bool has_started(void)
{
    return atomic_load_explicit(&sched.nprocs, memory_order_acquire) != 0;
}

void gort_read_memstats(gort_memstats *stats)
{
    struct heap_sums sums;
    struct heap_pages pages;
    struct gc_totals gc;

    memset(stats, 0, sizeof *stats);
    if (!has_started())
        return;
    gc_read_totals(&gc);
    read_heap(&sums, &pages);
    fill_objects(stats, &sums);
    fill_memory(stats, &pages);
    fill_collector(stats, &gc);
    gc_read_pauses(gc.cycles, stats->pause_ns, stats->pause_end);
    for (unsigned i = 1; i < SIZE_CLASSES; i++) {
        stats->by_size[i].size = size_classes[i].bytes;
        stats->by_size[i].mallocs = sums.mallocs[i];
        stats->by_size[i].frees = sums.frees[i];
    }
}

void stats_read(struct memory_stats *out)
{
    struct heap_sums sums;
    struct heap_pages pages;
    struct stack_stats stacks;

    memset(out, 0, sizeof *out);
    gc_read_totals(&out->gc);
    read_heap(&sums, &pages);
    stack_read_stats(&stacks);
    fill_objects(&out->mem, &sums);
    fill_memory(&out->mem, &pages);
    fill_collector(&out->mem, &out->gc);
    out->phase = gc_phase();
    out->percent = gc_percent();
    out->memory_limit = gc_memory_limit();
    out->tiny_allocs = sums.tiny_allocs;
    out->stack_virtual = stacks.virtual_bytes;
    out->sweep_ns = sweep_total_ns();
    out->gc_threads = gcthread_count();
}

void stats_read_classes(struct size_class_stats out[GORT_MEMSTATS_SIZES])
{
    struct heap_sums sums;
    struct heap_pages pages;
    uint64_t small_span_bytes = 0;

    read_heap(&sums, &pages);
    for (unsigned i = 1; i < SIZE_CLASSES; i++) {
        const struct size_class *c = &size_classes[i];
        uint64_t spans = heap_class_spans(i);

        out[i] = (struct size_class_stats){
            .object_bytes = c->bytes,
            .mallocs = sums.mallocs[i],
            .frees = sums.frees[i],
            .spans = spans,
            .span_bytes = spans * c->npages * HEAP_PAGE_BYTES,
            .live_bytes = (sums.mallocs[i] - sums.frees[i]) * c->bytes,
        };
        small_span_bytes += out[i].span_bytes;
    }
    out[0] = (struct size_class_stats){
        .mallocs = sums.mallocs[0],
        .frees = sums.frees[0],
        .spans = heap_class_spans(0),
        .span_bytes = pages.inuse > small_span_bytes ? pages.inuse - small_span_bytes : 0,
        .live_bytes = sums.large_alloc_bytes - sums.large_free_bytes,
    };
}

void stats_read_proc(const struct proc *p, uint64_t *mallocs, uint64_t *bytes)
{
    cache_read_allocs(p->heap, mallocs, bytes);
}
