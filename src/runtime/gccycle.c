/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gccycle.h"

#include <stdalign.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "runtime/allocsite.h"
#include "runtime/cache.h"
#include "runtime/debug.h"
#include "runtime/gcclean.h"
#include "runtime/gcdirty.h"
#include "runtime/gcleak.h"
#include "runtime/gclimit.h"
#include "runtime/gclimiter.h"
#include "runtime/gclog.h"
#include "runtime/gcmark.h"
#include "runtime/gcmarked.h"
#include "runtime/gcpages.h"
#include "runtime/gcparked.h"
#include "runtime/gcroot.h"
#include "runtime/gcstack.h"
#include "runtime/gcsweep.h"
#include "runtime/gcthread.h"
#include "runtime/gcverify.h"
#include "runtime/heap.h"
#include "runtime/laststop.h"
#include "runtime/offcpu.h"
#include "runtime/pool.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/special.h"
#include "runtime/sysmem.h"
#include "runtime/world.h"

#define LITTLE_NS (NS_PER_MS / 5) /* that a stop may mark, if it is to be the only one */

/* [owner] of the cycle; NULL: no memory for it. Not in a static variable: what lies on the stacks
 * of others is no reference of ours. */
static struct last_stop *last_stop;

struct cycle {
    struct gc_cycle log;
    uint64_t longest_ns; /* that it took until the last thread had stopped */
    struct mark_result mark;
    uint64_t nspans; /* to be swept */
    bool marked;     /* the mark is over */
    bool seeks_leaks;
    struct gc_stop proof; /* the stop in which leaks are proven */
};

/* ---- stopping ---- */

struct stop {
    struct cycle *cycle;
    struct gc_stop *log;
    void (*work)(struct cycle *c); /* [stw] */
    int64_t patience_ns;           /* with those who do not stop */
    bool done;
};

static uint64_t now_ns(void)
{
    return (uint64_t)clock_mono_ns();
}

/* Of the part of a stop between two moments, how much the owner was on no processor, by what
 * offcpu_queued_ns said next to each of them. */
static uint64_t queued(const int64_t queued_ns[2], uint64_t from_ns, uint64_t to_ns)
{
    int64_t ns = queued_ns[1] - queued_ns[0];

    if (ns < 0) /* the descriptor was taken away */
        return 0;
    return min_size((uint64_t)ns, to_ns - from_ns);
}

/* LAST_NS: of the wait for all to stop, that the last of them was on no processor; the owner may
 * have been so at the same time. QUEUED_NS: next to the four moments of LOG. */
static uint64_t off_cpu(const struct gc_stop *log, int64_t last_ns, const int64_t queued_ns[4])
{
    uint64_t own_ns = queued(&queued_ns[0], log->asked_ns, log->stopped_ns);

    return max_size((uint64_t)last_ns, own_ns) +
           queued(&queued_ns[1], log->stopped_ns, log->marked_ns) +
           queued(&queued_ns[2], log->marked_ns, log->restarted_ns);
}

static void stop_and_work(void *arg)
{
    struct stop *s = arg;
    struct world_stop how = {.last = last_stop};
    int64_t queued_ns[4] = {offcpu_queued_ns()};

    s->done = world_stop(&how, s->patience_ns);
    if (!s->done) { /* all but one or the other have been stopped meanwhile */
        s->cycle->log.stop_ns += now_ns() - (uint64_t)how.asked_ns;
        return;
    }
    queued_ns[1] = offcpu_queued_ns();
    s->work(s->cycle);
    queued_ns[2] = offcpu_queued_ns();
    s->log->marked_ns = now_ns();
    world_start();
    s->log->restarted_ns = (uint64_t)world_resumed_ns((int64_t)s->log->marked_ns);
    s->log->asked_ns = (uint64_t)how.asked_ns;
    s->log->stopped_ns = (uint64_t)how.stopped_ns;
    queued_ns[3] = offcpu_queued_ns();
    s->log->off_cpu_ns = off_cpu(s->log, how.off_cpu_ns, queued_ns);
}

/* Of two stops, the one counts in which the others waited longer. */
static void note_last(struct cycle *c, const struct gc_stop *stop)
{
    uint64_t waited_ns = stop->stopped_ns - stop->asked_ns;

    if (last_stop == NULL || waited_ns <= c->longest_ns)
        return;
    c->longest_ns = waited_ns;
    c->log.last_task = last_stop->task;
    c->log.last_how = last_stop->how;
    memcpy(c->log.last_name, last_stop->name, sizeof c->log.last_name);
    c->log.last_frames = laststop_walk(last_stop, c->log.last_pcs);
}

/* WORK in the stopped world. The loader's lock is held meanwhile, and before: a thread that waits
 * for it with its signals blocked, as unwinders and sanitizers do, stops only when it has got it:
 * then all go on for a moment. */
static void with_world_stopped(struct cycle *c, struct gc_stop *log, void (*work)(struct cycle *c))
{
    struct stop s = {.cycle = c, .log = log, .work = work, .patience_ns = WORLD_PATIENCE_NS};

    for (;;) {
        gcroot_hold_modules(stop_and_work, &s);
        sched_wake_one(); /* not with the loader's lock: starting a thread takes others of its own
                           */
        if (s.done)
            break;
        world_stop_later(&s.patience_ns);
    }
    note_last(c, log);
}

/* ---- what is told of it ---- */

static void begin_log(struct cycle *c)
{
    c->log.heap_before = gc_object_bytes();
    c->log.heap_end = c->log.heap_before;
    c->log.heap_goal = gc_goal();
    c->log.procs = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    c->log.tasks = (uint64_t)tasks_alive();
    if (c->log.trigger == GC_BY_HEAP && gc_is_limited())
        c->log.trigger = GC_BY_LIMIT;
}

static void add_stop(struct gc_cycle *log, const struct gc_stop *s)
{
    log->stop_ns += s->stopped_ns - s->asked_ns;
    log->mark_ns += s->marked_ns - s->stopped_ns;
    log->restart_ns += s->restarted_ns - s->marked_ns;
}

static void end_log(struct cycle *c)
{
    struct gc_cycle *log = &c->log;

    log->start_mono_ns = log->first.asked_ns != 0 ? log->first.asked_ns : log->last.asked_ns;
    log->end_real_ns = (uint64_t)clock_real_ns();
    add_stop(log, &log->first);
    add_stop(log, &log->last);
    add_stop(log, &c->proof);
    log->pause_ns = log->stop_ns + log->mark_ns + log->restart_ns;
    limiter_count_kept(log->pause_ns * log->procs);
    log->heap_live = c->mark.live_bytes;
    log->heap_bytes = c->mark.heap_bytes;
    log->stack_bytes = c->mark.stack_bytes;
    log->globals_bytes = c->mark.globals_bytes;
    gclog_add(log, c->mark.thread_ns);
    gc_set_end((int64_t)log->last.restarted_ns);
    if (debug.gctrace > 0)
        gclog_trace(log, c->mark.thread_ns);
}

/* ---- the end of every mark ---- */

/* What depends on what is reachable and what is not, while all marks are there. [stw] */
static void draw_conclusions(void)
{
    allocsite_marked();
    special_marked();
}

/* The marks are complete. [stw] */
static void end_mark(struct cycle *c)
{
    mark_read(&c->mark);
    if (debug.verify != 0)
        verify_run();
    draw_conclusions();
    gc_enter_phase(GC_MARK_TERMINATION);
    gc_mark_ended(&c->mark, c->log.heap_end);
    gcstack_end();
    gc_enter_phase(GC_SWEEP);
    c->nspans = sweep_begin(gc_room());
    c->marked = true;
}

static void begin_mark(void)
{
    gc_enter_phase(GC_MARK);
    pools_age();
    cache_flush_all();
    heap_forget_strays();
    mark_clear();
}

/* ---- stop the world ---- */

static void mark_all(struct cycle *c)
{
    begin_mark();
    if (c->seeks_leaks)
        gcleak_leave_out_all();
    mark_run(MARK_ALL, gcthread_wake_markers);
    if (c->seeks_leaks) {
        gcleak_prove(gcthread_wake_markers);
        gcleak_release(GCLEAK_RELEASE_STOPPED, gcthread_wake_markers);
    }
    end_mark(c);
}

static void run_stopped(struct cycle *c)
{
    with_world_stopped(c, &c->log.last, mark_all);
}

/* ---- concurrent ---- */

static void declare_clean(struct cycle *c)
{
    uint64_t start_ns = now_ns();

    pages_declare_clean();
    parked_declare_clean();
    c->log.clean_ns = now_ns() - start_ns;
}

static void begin_beside(struct cycle *c)
{
    (void)c;
    begin_mark();
    gc_mark_begins();
    mark_begin_beside();
}

/* Marks all if that is soon done. Else the rest is for a mark beside the program: nothing has been
 * written since the stop, so it is still time to declare everything clean. */
static void mark_little(struct cycle *c)
{
    begin_mark();
    if (!mark_try(LITTLE_NS)) {
        declare_clean(c);
        if (!dirty_has_failed()) {
            gc_mark_begins();
            mark_begin_beside();
            return;
        }
        mark_run(MARK_ALL, gcthread_wake_markers);
    }
    end_mark(c);
}

static void prove_leaks(struct cycle *c)
{
    (void)c;
    mark_run(MARK_LAST, gcthread_wake_markers);
    gcleak_prove(gcthread_wake_markers);
}

static void finish_beside(struct cycle *c)
{
    cache_flush_all();
    mark_run(MARK_LAST, gcthread_wake_markers);
    end_mark(c);
}

/* The second half of the marking beside the program, if the cycle looks for leaks: see gcleak.h. */
static void seek_leaks(struct cycle *c)
{
    if (gcleak_look_again(gcthread_wake_markers)) {
        mark_expect(gcthread_call_markers);
        with_world_stopped(c, &c->proof, prove_leaks);
    }
    gcleak_release(GCLEAK_RELEASE_BESIDE, gcthread_wake_markers);
    clean_up(&c->log);
}

static void note_beside(struct cycle *c)
{
    mark_read(&c->mark);
    c->log.beside_ns = now_ns() - c->log.first.restarted_ns;
    c->log.marker_ns = c->mark.thread_ns;
    c->log.assist_ns = c->mark.assist_ns;
    c->log.heap_end = gc_object_bytes();
}

/* From the first stop on. */
static void finish_mark(struct cycle *c)
{
    c->log.mode = GC_CONCURRENT;
    mark_run(MARK_BESIDE, gcthread_wake_markers);
    if (c->seeks_leaks)
        gcleak_look(gcthread_wake_markers);
    marked_gather();
    clean_up(&c->log);
    if (c->seeks_leaks)
        seek_leaks(c);
    note_beside(c);
    mark_expect(gcthread_call_markers);
    with_world_stopped(c, &c->log.last, finish_beside);
    c->log.last_pages = c->mark.written_pages;
    c->log.written_pages += c->log.last_pages;
}

static void run_beside(struct cycle *c)
{
    declare_clean(c);
    if (dirty_has_failed()) {
        run_stopped(c);
        return;
    }
    with_world_stopped(c, &c->log.first, begin_beside);
    finish_mark(c);
}

/* Under gcstress, when all heaps are little, both ways are taken in turn. */
static bool may_be_brief(void)
{
    static bool turn; /* [owner] of the cycle */

    turn = !turn;
    return gc_is_little() && (debug.gcstress == 0 || turn);
}

static void run_little(struct cycle *c)
{
    with_world_stopped(c, &c->log.last, mark_little);
    if (c->marked)
        return;
    c->log.first = c->log.last;
    finish_mark(c);
}

/* ---- public ---- */

void cycle_run(enum gc_trigger trigger)
{
    struct cycle c = {.log.trigger = trigger};

    if (debug.replay == 0)
        gcthread_start();
    if (last_stop == NULL)
        last_stop = persist_try_alloc(sizeof *last_stop, alignof(struct last_stop), SYS_GC);
    begin_log(&c);
    c.seeks_leaks = gcleak_begin(trigger);
    if (gc_mode() != GC_CONCURRENT)
        run_stopped(&c);
    else if (!c.seeks_leaks && may_be_brief())
        run_little(&c);
    else
        run_beside(&c);
    if (c.seeks_leaks)
        gcleak_end();
    marked_forget();
    if (gc_mode() == GC_CONCURRENT && dirty_has_failed())
        gc_give_up_mode();
    end_log(&c);
    gclimit_tell();
    if (c.nspans == 0) /* nobody will sweep a last one */
        gc_sweep_ended();
    if (debug.replay == 0)
        gcthread_ask(GCTHREAD_SWEEP);
}
