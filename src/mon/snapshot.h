/* SPDX-License-Identifier: MIT */
/* snapshot.h - what was true of a target at one moment, as plain values.
 * A snapshot owns all that it shows: no pointer leads into shared memory, and a figure never
 * changes once it is in. What a source does not have is marked as missing, by a valid bit or by a
 * count of 0, and is never a made-up 0. Rates are computed here, once, from this snapshot and the
 * one before.
 * Threads: a value; its owner may copy it by assignment, or with snapshot_copy. */
#ifndef MON_SNAPSHOT_H
#define MON_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/metric.h"

#define SNAPSHOT_MAX_PROCS 512
#define SNAPSHOT_MAX_CLASSES 96
#define SNAPSHOT_MAX_CYCLES 512
#define SNAPSHOT_MAX_SITES 256
#define SNAPSHOT_MAX_EVENTS 64
#define SNAPSHOT_MAX_LATENCIES 512
#define SNAPSHOT_MAX_LEAKS 256
#define SNAPSHOT_EVENT_BYTES 96
#define SNAPSHOT_FRAMES 16
#define SNAPSHOT_NAME_BYTES 40

/* In the order of enum page_proc_state. */
enum proc_state { PROC_IDLE, PROC_RUNNING, PROC_BLOCKING, PROC_STOPPED, PROC_SPINNING };
#define PROC_STATES 5

struct proc_sample {
    uint32_t id;
    enum proc_state state;
    uint32_t runq; /* tasks in its own queue */
    int32_t tid;   /* kernel thread of its worker, or 0 */
    uint64_t task; /* id of the task that it runs, or 0 */
    int64_t task_since_ns;
    uint64_t switches;
    uint64_t steals;
    uint64_t detaches;
    uint64_t mallocs;
    uint64_t alloc_bytes;
    uint64_t state_ns[PROC_STATES]; /* time in each state since the start */
    uint32_t share_ppm[PROC_STATES]; /* of each state since the snapshot before; all 0: unknown */
    double switches_per_s;          /* since the snapshot before */
};

/* How long tasks waited for a proc; bucket i begins at from_ns[i], the last one has no end. */
struct latency_sample {
    uint32_t n; /* 0: not known */
    uint64_t from_ns[SNAPSHOT_MAX_LATENCIES]; /* rising */
    uint64_t count[SNAPSHOT_MAX_LATENCIES];   /* waits since the target began */
    uint64_t lately[SNAPSHOT_MAX_LATENCIES];  /* those of the last lately_ns */
    int64_t lately_ns;                        /* 0: all since it began */
};

struct class_sample {
    uint32_t object_bytes; /* 0: large objects */
    uint64_t mallocs;
    uint64_t frees;
    uint64_t spans;
    uint64_t span_bytes;
    uint64_t live_bytes;
};

/* In the order of enum page_gc_trigger. */
enum gc_trigger { GC_BY_HEAP, GC_BY_TIME, GC_BY_CALL, GC_BY_LIMIT };
/* In the order of enum page_gc_mode and of enum page_gc_phase: values of MON_GC_MODE and
 * MON_GC_PHASE. */
enum gc_mode { GC_MODE_STOP_THE_WORLD, GC_MODE_CONCURRENT };
enum gc_phase { GC_PHASE_OFF, GC_PHASE_MARK, GC_PHASE_MARK_TERMINATION, GC_PHASE_SWEEP };

/* In the order of enum page_stopped_how. */
enum stopped_how { STOPPED_UNKNOWN, STOPPED_BY_SIGNAL, STOPPED_IN_RUNTIME, STOPPED_BY_BLOCKING };

/* The parts of one stop of the world; all 0: there was none. */
struct gc_stop {
    uint64_t stop_ns; /* from asking until the last thread had stopped */
    uint64_t work_ns;
    uint64_t restart_ns;
    uint64_t off_cpu_ns; /* of all three, that a thread which the others waited for had no CPU */
};

/* The task that was last to stop, in the stop for which the others waited longer. */
struct gc_last {
    uint64_t task; /* id, or 0 */
    enum stopped_how how;
    char name[SNAPSHOT_NAME_BYTES]; /* without control characters; "": none */
    uint32_t nframes;               /* 0: not known */
    uint64_t pc[SNAPSHOT_FRAMES];   /* innermost first: return addresses, but of one that a signal
                                       stopped the first is where it was */
};

struct gc_cycle {
    uint64_t number; /* NumGC after it, from 1 */
    int64_t start_mono_ns;
    int64_t end_real_ns;
    uint64_t pause_ns;   /* the world stood still: stop + mark + restart */
    uint64_t stop_ns;    /* until the last thread had stopped */
    uint64_t mark_ns;    /* roots and marking */
    uint64_t restart_ns; /* until the world went on */
    uint64_t heap_before;
    uint64_t heap_live;
    uint64_t heap_goal;
    uint64_t stacks_bytes;
    uint64_t globals_bytes;
    enum gc_trigger trigger;
    enum gc_mode mode;
    uint32_t procs;
    uint32_t tasks;
    struct gc_stop first;   /* of a mark beside the program */
    struct gc_stop last;    /* or the only one */
    uint64_t clean_ns;      /* before the first stop, of declaring pages clean */
    uint64_t beside_ns;     /* between the stops */
    uint64_t marker_ns;     /* of it, of the collector's threads, summed */
    uint64_t assist_ns;     /* of it, of tasks that helped, summed */
    uint64_t rounds;        /* looks at the written pages before the last stop */
    uint64_t written_pages; /* found by all looks; each was a fault of the program */
    uint64_t last_pages;    /* found in the last stop */
    uint64_t heap_end;      /* at the end of the mark */
    struct gc_last last_stopped;
};

/* Over the cycles that the snapshot holds. */
struct pause_summary {
    uint32_t n;
    uint64_t p50_ns;
    uint64_t p90_ns;
    uint64_t p99_ns;
    uint64_t max_ns;
};

struct alloc_site {
    uint64_t pc;
    uint64_t live_objects;
    uint64_t live_bytes;
    uint64_t total_objects;
    uint64_t total_bytes;
    uint64_t before_bytes;  /* live some minutes ago */
    int64_t before_mono_ns; /* when; 0: before the program began */
};

/* Tasks that the collector has proven to wait in vain, of one spawn site and wait site. */
struct leak_sample {
    uint64_t spawn_pc;
    uint64_t start_fn;
    uint64_t wait_pc;
    uint32_t reason; /* see task_reason_name */
    uint64_t count;
    int64_t waits_since_ns; /* monotonic: the first of them; 0: not known */
    int64_t proven_ns;      /* monotonic: the first of them */
};

/* In the order of enum page_event_kind. */
enum event_kind {
    EVENT_START = 1,
    EVENT_EXIT,
    EVENT_FATAL,
    EVENT_SIGURG_BLOCKED,
    EVENT_TASK_HOG,
    EVENT_OUT_OF_SHM,
    EVENT_STACK_OVERFLOW,
};

struct event_sample {
    uint64_t number; /* from 0 */
    int64_t mono_ns;
    uint32_t kind; /* enum event_kind, or one that is not known */
    uint64_t arg[2];
    char text[SNAPSHOT_EVENT_BYTES]; /* without control characters */
};

struct snapshot {
    int64_t mono_ns;      /* when it was read */
    int64_t real_ns;
    int64_t published_ns; /* monotonic: when the target wrote the values */
    int64_t interval_ns;  /* since the snapshot that the rates refer to; 0: there was none */
    bool stale;           /* nothing new could be read: these are the last good values */

    uint64_t value[METRIC_TABLE_MAX];
    double rate[METRIC_TABLE_MAX]; /* change per second */
    bool has_value[METRIC_TABLE_MAX];
    bool has_rate[METRIC_TABLE_MAX];

    uint32_t nprocs; /* 0: not known; so with the counts below */
    struct proc_sample proc[SNAPSHOT_MAX_PROCS];
    struct latency_sample latency;
    uint32_t nclasses;
    struct class_sample size_class[SNAPSHOT_MAX_CLASSES];
    uint32_t ncycles;
    struct gc_cycle cycle[SNAPSHOT_MAX_CYCLES]; /* oldest first */
    struct pause_summary pauses;
    uint32_t nsites;
    struct alloc_site site[SNAPSHOT_MAX_SITES]; /* most live bytes first */
    uint32_t nleaks;
    struct leak_sample leak[SNAPSHOT_MAX_LEAKS]; /* first found first */
    uint32_t nevents;
    struct event_sample event[SNAPSHOT_MAX_EVENTS]; /* oldest first */
};

/* The value of a metric: its number from metric.h. False if it is missing; *VALUE is then 0. */
bool snapshot_value(const struct snapshot *s, unsigned metric, uint64_t *value);

/* Its change per second since the snapshot before; false if that is not known, and *PER_S is then
 * 0. */
bool snapshot_rate(const struct snapshot *s, unsigned metric, double *per_s);

/* The newest cycle, or NULL. */
const struct gc_cycle *snapshot_last_cycle(const struct snapshot *s);

/* The address by which the code of frame I of LAST is looked up, as return addresses are. */
uint64_t gc_last_code(const struct gc_last *last, uint32_t i);

/* Of both stops, the time in which a thread that all others waited for was on no processor. */
uint64_t gc_off_cpu_ns(const struct gc_cycle *cycle);

/* Numbers of the allocation sites in that order, most first; returns how many there are. Of those
 * that have shrunk, growth has none. */
enum site_order { SITES_BY_LIVE, SITES_BY_GROWTH };
uint32_t snapshot_order_sites(const struct snapshot *s, enum site_order order,
                              uint16_t index[SNAPSHOT_MAX_SITES]);

/* Live bytes more than before; below 0: it has shrunk. */
double alloc_site_growth(const struct alloc_site *site);

/* Of the spans of a class, the bytes that hold no object; 0 if the target tells nonsense. */
uint64_t class_free_bytes(const struct class_sample *sample);

/* Fills what follows from two snapshots that the target published: rates, shares of the procs, and
 * the summary of pauses. PREV may be NULL: there are no rates then. */
void snapshot_derive(struct snapshot *s, const struct snapshot *prev, const struct metric_table *t);

/* The same for what gomon measures itself. PREV is the snapshot before, published anew or not. */
void snapshot_derive_measured(struct snapshot *s, const struct snapshot *prev);

/* Drops the rates of what the target publishes: it publishes no longer, so they tell nothing of
 * now. */
void snapshot_forget_rates(struct snapshot *s, const struct metric_table *t);

/* What an assignment does, but of the lists only what they hold: a snapshot is large, and what is
 * never written to takes no memory. */
void snapshot_copy(struct snapshot *to, const struct snapshot *from);

/* Sets one value; for sources. */
void snapshot_set(struct snapshot *s, unsigned metric, uint64_t value);

#endif
