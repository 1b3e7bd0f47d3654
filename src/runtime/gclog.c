/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gclog.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/seqlock.h"
#include "runtime/fatal.h"
#include "runtime/noroot.h"
#include "runtime/proc.h"
#include "runtime/procsize.h"

#define CYCLE_WORDS (sizeof(struct gc_cycle) / sizeof(uint64_t))
#define TOTAL_WORDS (sizeof(struct gc_totals) / sizeof(uint64_t))
#define MIB         (UINT64_C(1) << 20)

struct slot {
    uint64_t seq;
    uint64_t words[CYCLE_WORDS];
};

static struct {
    struct slot ring[GC_CYCLES_KEPT]; /* [atomic] */
    /* The same once more, close together for those who want no more of them. */
    uint64_t begun;                    /* cycles that have an entry or are getting one; [atomic] */
    uint64_t pause_ns[GC_CYCLES_KEPT]; /* [atomic] */
    uint64_t end_real_ns[GC_CYCLES_KEPT]; /* [atomic] */
    uint64_t totals_seq;                  /* [atomic] */
    uint64_t totals[2][TOTAL_WORDS];      /* [atomic] */
    struct gc_totals now;                 /* [owner] of the cycle */
} gclog;
NO_ROOT(gclog);

static void add_to_totals(const struct gc_cycle *c, uint64_t mark_thread_ns)
{
    struct gc_totals *t = &gclog.now;

    t->cycles = c->number;
    t->forced += c->trigger == GC_BY_CALL;
    t->pause_ns += c->pause_ns;
    t->stop_ns += c->stop_ns;
    t->mark_thread_ns += mark_thread_ns;
    t->assist_ns += c->assist_ns;
    t->proc_ns += c->pause_ns * c->procs + c->marker_ns + c->assist_ns;
    t->written_pages += c->written_pages;
    t->rounds += c->rounds;
    t->end_mono_ns = c->last.restarted_ns;
    t->end_real_ns = c->end_real_ns;
    t->live_bytes = c->heap_live;
    t->heap_bytes = c->heap_bytes;
    t->stack_bytes = c->stack_bytes;
    t->globals_bytes = c->globals_bytes;
}

void gclog_add(struct gc_cycle *cycle, uint64_t mark_thread_ns)
{
    uint64_t n = gclog.now.cycles;
    struct slot *slot = &gclog.ring[n % GC_CYCLES_KEPT];
    uint64_t cycle_words[CYCLE_WORDS];
    uint64_t total_words[TOTAL_WORDS];

    cycle->number = n + 1;
    add_to_totals(cycle, mark_thread_ns);
    memcpy(cycle_words, cycle, sizeof cycle_words);
    memcpy(total_words, &gclog.now, sizeof total_words);
    seq_ring_begin(&slot->seq, n);
    seq_store_words(slot->words, cycle_words, CYCLE_WORDS);
    seq_ring_commit(&slot->seq, n);
    seq_store(&gclog.begun, n + 1);
    seq_store(&gclog.pause_ns[n % GC_CYCLES_KEPT], cycle->pause_ns);
    seq_store(&gclog.end_real_ns[n % GC_CYCLES_KEPT], cycle->end_real_ns);
    seq_store_words(gclog.totals[seq_double_begin(&gclog.totals_seq)], total_words, TOTAL_WORDS);
    seq_double_commit(&gclog.totals_seq);
}

void gc_read_totals(struct gc_totals *totals)
{
    uint64_t words[TOTAL_WORDS];
    uint64_t seq = 0;

    /* Written once a cycle: a second try always succeeds in practice. */
    do {
        seq = seq_load(&gclog.totals_seq);
        seq_load_words(words, gclog.totals[seq_double_newest(seq)], TOTAL_WORDS);
    } while (!seq_double_is_whole(seq, seq_load(&gclog.totals_seq)));
    memcpy(totals, words, sizeof *totals);
}

static bool read_slot(uint64_t n, struct gc_cycle *out)
{
    const struct slot *slot = &gclog.ring[n % GC_CYCLES_KEPT];
    uint64_t words[CYCLE_WORDS];
    uint64_t seq = seq_load(&slot->seq);

    if (!seq_ring_is_whole(seq) || seq_ring_number(seq) != n)
        return false;
    seq_load_words(words, slot->words, CYCLE_WORDS);
    memcpy(out, words, sizeof *out);
    return seq_load(&slot->seq) == seq;
}

void gc_read_pauses(uint64_t cycles, uint64_t pause_ns[GC_CYCLES_KEPT],
                    uint64_t end_real_ns[GC_CYCLES_KEPT])
{
    uint64_t kept = cycles < GC_CYCLES_KEPT ? cycles : GC_CYCLES_KEPT;
    uint64_t begun = 0;

    seq_load_words(pause_ns, gclog.pause_ns, kept);
    seq_load_words(end_real_ns, gclog.end_real_ns, kept);
    /* Who has got a word of a later cycle sees that this had begun. */
    begun = seq_load(&gclog.begun);
    for (uint64_t n = cycles; n < begun && n < cycles + kept; n++)
        pause_ns[n % GC_CYCLES_KEPT] = end_real_ns[n % GC_CYCLES_KEPT] = 0;
}

size_t gc_cycles_read(uint64_t from, struct gc_cycle *out, size_t max)
{
    struct gc_totals totals;
    uint64_t n = from;
    size_t count = 0;

    gc_read_totals(&totals);
    if (totals.cycles > GC_CYCLES_KEPT && n < totals.cycles - GC_CYCLES_KEPT)
        n = totals.cycles - GC_CYCLES_KEPT;
    for (; n < totals.cycles && count < max; n++)
        if (read_slot(n, &out[count]))
            count++;
    return count;
}

/* ---- the trace ---- */

/* NS as milliseconds with two significant digits or more, as Go writes them. */
static const char *ms_text(char *buf, size_t bytes, uint64_t ns)
{
    uint64_t us = ns / 1000;

    if (us >= 10000)
        snprintf(buf, bytes, "%llu", (unsigned long long)(us / 1000));
    else if (us >= 1000)
        snprintf(buf, bytes, "%llu.%llu", (unsigned long long)(us / 1000),
                 (unsigned long long)(us % 1000 / 100));
    else if (us >= 100)
        snprintf(buf, bytes, "0.%02llu", (unsigned long long)(us / 10));
    else if (us > 0)
        snprintf(buf, bytes, "0.%03llu", (unsigned long long)us);
    else
        snprintf(buf, bytes, "0");
    return buf;
}

#define MS(ns) ms_text((char[24]){0}, 24, (ns))

static uint64_t mib_up(uint64_t bytes)
{
    return bytes == UINT64_MAX ? bytes / MIB : (bytes + MIB - 1) / MIB;
}

/* The three phases as Go tells of them, in wall-clock time and in processor time. */
struct phases {
    uint64_t clock_ns[3];
    uint64_t cpu_ns[3]; /* that of the second without assists */
};

/* All three are parts of the one stop: until all have stopped, the mark, and going on. */
static struct phases phases_of_stop(const struct gc_cycle *c, uint64_t mark_thread_ns)
{
    return (struct phases){
        .clock_ns = {c->stop_ns, c->mark_ns, c->restart_ns},
        .cpu_ns = {c->stop_ns * c->procs, mark_thread_ns, c->restart_ns * c->procs},
    };
}

/* The first and the third are the stops. */
static struct phases phases_beside(const struct gc_cycle *c)
{
    uint64_t first_ns = c->first.restarted_ns - c->first.asked_ns;
    uint64_t last_ns = c->last.restarted_ns - c->last.asked_ns;

    return (struct phases){
        .clock_ns = {first_ns, c->beside_ns, last_ns},
        .cpu_ns = {first_ns * c->procs, c->marker_ns, last_ns * c->procs},
    };
}

void gclog_trace(const struct gc_cycle *c, uint64_t mark_thread_ns)
{
    uint64_t since_ns = c->last.restarted_ns - (uint64_t)sched.start_ns;
    uint64_t percent = 100 * gclog.now.proc_ns / ((uint64_t)procsize_total_ns(clock_mono_ns()) + 1);
    struct phases p = c->mode == GC_CONCURRENT ? phases_beside(c)
                                               : phases_of_stop(c, mark_thread_ns);
    char at[64];
    char cpu[128];

    snprintf(at, sizeof at, "%llu.%03llus %llu%%", (unsigned long long)(since_ns / 1000000000),
             (unsigned long long)(since_ns / 1000000 % 1000), (unsigned long long)percent);
    snprintf(cpu, sizeof cpu, "%s+%s/%s/0+%s ms cpu", MS(p.cpu_ns[0]), MS(c->assist_ns),
             MS(p.cpu_ns[1]), MS(p.cpu_ns[2]));
    runtime_log(
        "gc %llu @%s: %s+%s+%s ms clock, %s, %llu->%llu->%llu MB, %llu MB goal, "
        "%llu MB stacks, %llu MB globals, %llu P%s",
        (unsigned long long)c->number, at, MS(p.clock_ns[0]), MS(p.clock_ns[1]), MS(p.clock_ns[2]),
        cpu, (unsigned long long)(c->heap_before / MIB), (unsigned long long)(c->heap_end / MIB),
        (unsigned long long)(c->heap_live / MIB), (unsigned long long)mib_up(c->heap_goal),
        (unsigned long long)(c->stack_bytes / MIB), (unsigned long long)(c->globals_bytes / MIB),
        (unsigned long long)c->procs, c->trigger == GC_BY_CALL ? " (forced)" : "");
}
