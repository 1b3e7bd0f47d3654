/* SPDX-License-Identifier: MIT */
/* page.h - THE CONTRACT: the memory that a process on libgort shares with whoever watches it.
 *
 * Three memfds, kept open for the life of the process and found through /proc/PID/fd:
 *   gomon-page   header, sections, counters, snapshots, rings, history. Sealed against shrinking,
 *                growing and any later writer: readers use pread(2) or a read-only mapping.
 *   gomon-tasks  the task table, sealed in the same way.
 *   gomon-mail   the mailbox: requests of watchers, answers of the runtime. Sealed in size only;
 *                both sides write, and each treats what it reads there as hostile.
 * The image of gomon-page is also written to /dev/shm/gomon-<uid>/<pid>.<starttime> once a second.
 *
 * Everything is little-endian in practice (the endian tag tells), of fixed width, 8-byte aligned,
 * and referred to by its offset from the start of its file. Structures grow at their end only; a
 * reader skips by the stride and the sizes that the writer states, and ignores sections and bits of
 * `compat` that it does not know.
 *
 * Three ways of being consistent, named at each structure:
 *   live      single words with one writer, relaxed; they need not agree with each other;
 *   double    two copies and `seq`: the writer fills copy (seq + 1) & 1, then stores seq + 1 with
 *             release. A reader loads seq with acquire, copies copy seq & 1, loads seq again: the
 *             copy is whole if seq moved by less than 1. A crash leaves the last good copy;
 *   ring      slot.seq is 2n + 1 while entry n is written and 2n + 2 when it is whole; entry n lies
 *             in slot n % count. A reader that finds a larger seq was lapped and knows how many
 *             entries it missed.
 * This header holds layout only: no functions. gort-page(5) is its manual. */
#ifndef GOMON_PAGE_H
#define GOMON_PAGE_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_MAJOR 1 /* a reader must know the major number */
#define PAGE_MINOR 4 /* additions only */
#define PAGE_ENDIAN_TAG 0x01020304u
#define PAGE_MAGIC { 'G', 'O', 'M', 'O', 'N', '\r', '\n', 0x1a }
#define PAGE_TASKS_MAGIC { 'G', 'O', 'M', 'O', 'N', 'T', '\n', 0x1a }
#define PAGE_MAIL_MAGIC { 'G', 'O', 'M', 'O', 'N', 'M', '\n', 0x1a }
#define PAGE_MEMFD_NAME "gomon-page"
#define PAGE_TASKS_MEMFD_NAME "gomon-tasks"
#define PAGE_MAIL_MEMFD_NAME "gomon-mail"
#define PAGE_DIR_FORMAT "/dev/shm/gomon-%u" /* uid */

/* ---- Header ---- */

enum page_state {
    PAGE_STATE_BUILDING = 0,
    PAGE_STATE_LIVE = 1,
    PAGE_STATE_EXITED = 2,  /* the program returned or called exit */
    PAGE_STATE_CRASHED = 3, /* a fatal error was reported */
};

struct page_header {
    uint8_t magic[8];
    uint32_t endian; /* PAGE_ENDIAN_TAG as the writer stores it */
    uint16_t major;
    uint16_t minor;
    uint32_t header_bytes;
    uint32_t section_bytes; /* size of one struct page_section */
    uint64_t page_bytes;    /* size of the whole page */
    uint64_t incompat;      /* a reader refuses bits it does not know */
    uint64_t ro_compat;     /* must be zero for anyone who would write */
    uint64_t compat;        /* may be ignored */
    uint64_t reserved0;
    /* The first 64 bytes never change their meaning. */
    uint32_t state; /* enum page_state; live */
    uint32_t uid;
    int32_t pid;   /* as the process sees itself */
    int32_t nspid; /* in the outermost namespace that it could tell, else pid */
    uint64_t start_ticks; /* field 22 of /proc/PID/stat: tells pids apart that are used again */
    uint8_t boot_id[16];
    uint8_t build_id[20]; /* GNU build-id of the main program, zero-filled */
    uint32_t build_id_bytes;
    uint64_t epoch_real_ns; /* CLOCK_REALTIME and CLOCK_MONOTONIC read together; live */
    uint64_t epoch_mono_ns;
    uint64_t start_real_ns;
    uint64_t heartbeat_mono_ns; /* written by every publish; live */
    uint64_t publish_interval_ns;
    uint32_t section_count;
    uint32_t section_offset;
    uint32_t os_page_bytes;
    uint32_t nmetrics;
    uint8_t name[32]; /* name of the program, NUL-terminated */
    uint8_t reserved1[40];
};

enum page_section_type {
    PAGE_SECTION_METRICS = 1,      /* struct page_metric [] */
    PAGE_SECTION_STRINGS = 2,      /* NUL-terminated UTF-8 */
    PAGE_SECTION_VALUES = 3,       /* struct page_double, copies of uint64_t [nmetrics] */
    PAGE_SECTION_PROCS = 4,        /* struct page_proc []; live */
    PAGE_SECTION_SIZE_CLASSES = 5, /* struct page_double, copies of struct page_size_class [] */
    PAGE_SECTION_GC_CYCLES = 6,    /* struct page_gc_cycle []; ring */
    PAGE_SECTION_EVENTS = 7,       /* struct page_event []; ring */
    PAGE_SECTION_TASK_GROUPS = 8,  /* struct page_double, copies of struct page_task_group [] */
    PAGE_SECTION_ALLOC_SITES = 9,  /* struct page_double, copies of struct page_alloc_site [] */
    PAGE_SECTION_HISTORY_1S = 10,  /* struct page_history_slot + uint64_t [kept]; ring */
    PAGE_SECTION_HISTORY_1M = 11,  /* struct page_history_slot + struct page_minute [kept]; ring */
    PAGE_SECTION_SITES_1M = 12,    /* struct page_sites_minute []; ring */
    PAGE_SECTION_LATENCY = 13,     /* struct page_double, copies of struct page_latency []; since
                                      1.2 */
    PAGE_SECTION_LEAKS = 14,       /* struct page_double, copies of struct page_leak []; since
                                      1.3 */
};

struct page_section {
    uint32_t type; /* enum page_section_type */
    uint32_t flags;
    uint64_t offset; /* from the start of the page */
    uint64_t bytes;
    uint32_t stride; /* of one entry; of one copy for a struct page_double */
    uint32_t count;  /* entries; entries of one copy for a struct page_double */
};

/* ---- Metrics, described by the page itself ---- */

enum page_metric_kind { PAGE_KIND_COUNTER = 0, PAGE_KIND_GAUGE = 1 };
enum page_metric_unit {
    PAGE_UNIT_COUNT = 0,
    PAGE_UNIT_BYTES = 1,
    PAGE_UNIT_NS = 2,
    PAGE_UNIT_UNIX_NS = 3,
    PAGE_UNIT_PPM = 4,
    PAGE_UNIT_ENUM = 5,
};
enum page_metric_level { PAGE_LEVEL_INFO = 0, PAGE_LEVEL_DIAG = 1, PAGE_LEVEL_DEBUG = 2 };
#define PAGE_NO_HISTORY 0xffffffffu

struct page_metric {
    uint32_t name; /* offset into STRINGS */
    uint32_t help;
    uint32_t slot;    /* index into VALUES */
    uint32_t history; /* index into a history slot's values, or PAGE_NO_HISTORY */
    uint8_t kind;     /* enum page_metric_kind */
    uint8_t unit;     /* enum page_metric_unit */
    uint8_t level;    /* enum page_metric_level */
    uint8_t reserved[13];
};

/* Slots of this version's VALUES, for the writer. A reader goes by the descriptors' names. */
enum metric {
#define METRIC(id, name, kind, unit, level, keep, help) METRIC_##id,
#include "metrics.def"
#undef METRIC
    METRIC_COUNT
};

/* In front of two copies of `stride` bytes each, the first at the multiple of 64 bytes
 * that follows it. */
struct page_double {
    uint64_t seq; /* number of publishes; copy seq & 1 is the newest */
    uint64_t mono_ns[2];
    uint64_t count[2]; /* entries that are filled in each copy */
    uint64_t reserved[3];
};

/* ---- Procs ---- */

enum page_proc_state {
    PAGE_PROC_IDLE = 0,
    PAGE_PROC_RUNNING = 1,
    PAGE_PROC_BLOCKING = 2, /* its task is in a blocking section */
    PAGE_PROC_STOPPED = 3,  /* for the collector */
    PAGE_PROC_SPINNING = 4, /* its worker looks for work */
    PAGE_PROC_ABSENT = 5,   /* not there: never made, or removed; all rows behind it are so too */
};

/* Live; written by sysmon from the proc's own counters. The last row also counts what procs without
 * a row of their own have done. */
struct page_proc {
    uint32_t id;
    uint32_t state; /* enum page_proc_state */
    uint32_t runq;  /* tasks in the local queue, runnext included */
    uint32_t timers;
    int32_t tid;    /* kernel thread of its worker, or 0 */
    uint32_t reserved0;
    uint64_t task; /* id of the task that it runs, or 0 */
    uint64_t task_since_ns;
    uint64_t switches;
    uint64_t steals;
    uint64_t yields;
    uint64_t parks;
    uint64_t spawns;
    uint64_t blocking_entered;
    uint64_t detaches;
    uint64_t mallocs;
    uint64_t alloc_bytes;
    uint64_t running_ns; /* time in each state; the five add up to the time that it was there */
    uint64_t idle_ns;
    uint64_t blocking_ns;
    uint64_t stopped_ns;
    uint64_t spinning_ns;
    uint64_t blocking_taken; /* times it was taken from a task in a blocking section; since 1.1 */
    uint64_t reserved1[12];
};

/* A bucket of the histogram of how long tasks waited for a proc, from runnable to running. The next
 * one begins where it ends; the last one has no end. */
struct page_latency {
    uint64_t from_ns;
    uint64_t count; /* of the measured waits, since the process began */
};

/* ---- Heap ---- */

struct page_size_class {
    uint32_t object_bytes; /* 0: large objects */
    uint32_t reserved0;
    uint64_t mallocs;
    uint64_t frees;
    uint64_t spans;
    uint64_t span_bytes;
    uint64_t live_bytes; /* (mallocs - frees) * object_bytes; the exact bytes for large objects */
};

/* Those with most live bytes; if there are more than fit, the last 64 are others that have grown
 * most. */
struct page_alloc_site { /* sampled; scaled up to estimate all objects */
    uint64_t pc;
    uint64_t live_objects;
    uint64_t live_bytes;
    uint64_t total_objects;
    uint64_t total_bytes;
    uint64_t samples;
    uint64_t before_bytes;   /* live at before_mono_ns, 10 to 20 minutes ago; since 1.3 */
    uint64_t before_mono_ns; /* 0: the program is younger, nothing lived when it began */
};

enum page_gc_phase { PAGE_GC_OFF = 0, PAGE_GC_MARK = 1, PAGE_GC_MARK_TERMINATION = 2,
                     PAGE_GC_SWEEP = 3 };
enum page_gc_mode { PAGE_GC_STOP_THE_WORLD = 0, PAGE_GC_CONCURRENT = 1 };
enum page_gc_trigger { PAGE_GC_BY_HEAP = 0, PAGE_GC_BY_TIME = 1, PAGE_GC_BY_CALL = 2,
                       PAGE_GC_BY_LIMIT = 3 };

#define PAGE_GC_FRAMES 16
enum page_stopped_how { PAGE_STOPPED_UNKNOWN = 0,
                        PAGE_STOPPED_BY_SIGNAL = 1,   /* in code that is not the runtime's */
                        PAGE_STOPPED_IN_RUNTIME = 2,  /* on leaving it */
                        PAGE_STOPPED_BY_BLOCKING = 3, /* it goes on, in a blocking section */
};

struct page_gc_cycle { /* ring */
    uint64_t seq;
    uint64_t number; /* NumGC after this cycle, from 1 */
    uint64_t start_mono_ns;
    uint64_t end_real_ns; /* PauseEnd */
    uint64_t pause_ns;    /* PauseNs: the world stood still */
    uint64_t stop_ns;     /* part of it until the last thread had stopped, in both stops */
    uint64_t mark_ns;     /* part of it for roots and marking, in both */
    uint64_t restart_ns;  /* part of it from the end of that until the world went on, in both */
    uint64_t heap_before; /* bytes when it began */
    uint64_t heap_live;   /* bytes marked */
    uint64_t heap_goal;   /* goal of this cycle */
    uint64_t stacks_bytes;
    uint64_t globals_bytes;
    uint64_t last_stopped_task; /* id of the task that was the last to stop, or 0; of two stops the
                                   one counts in which the others waited longer */
    uint32_t trigger;           /* enum page_gc_trigger */
    uint32_t mode;              /* enum page_gc_mode */
    uint32_t procs;
    uint32_t tasks;
    /* Asked, last thread stopped, work done, world went on; the first is 0 if it was one stop. */
    uint64_t first_stop_ns[4];
    uint64_t last_stop_ns[4];
    uint64_t clean_ns;      /* before the first stop: declaring the heap's pages clean */
    uint64_t beside_ns;     /* between the stops: marking beside the program */
    uint64_t marker_ns;     /* of it, time of the collector's threads, summed */
    uint64_t assist_ns;     /* of it, time of tasks that helped, summed */
    uint64_t rounds;        /* looks at the written pages before the last stop */
    uint64_t written_pages; /* found by these and by the last stop */
    uint64_t last_pages;    /* found by the last stop */
    uint64_t heap_end;      /* bytes of objects at the end of the mark, dead ones too */
    /* Since 1.3: more of the task that was the last to stop. */
    uint8_t last_stopped_name[32]; /* NUL-terminated; "": it has none */
    uint32_t last_stopped_frames;  /* entries of last_stopped_pc; 0: not known */
    uint32_t last_stopped_how;     /* enum page_stopped_how */
    /* Innermost first, return addresses; but of one that a signal stopped the first is that of the
     * instruction it was about to run. Of one in the runtime the first is where the program goes
     * on. */
    uint64_t last_stopped_pc[PAGE_GC_FRAMES];
    /* Since 1.4: of the first and of the last stop, the time in which the thread that was the last
     * to stop, until it had, or the collector's own was on no processor. */
    uint64_t first_off_cpu_ns;
    uint64_t last_off_cpu_ns;
};

/* ---- Events ---- */

enum page_event_kind {
    PAGE_EVENT_START = 1,
    PAGE_EVENT_EXIT = 2,
    PAGE_EVENT_FATAL = 3,          /* text: the message */
    PAGE_EVENT_SIGURG_BLOCKED = 4, /* arg0: tid of the thread that blocks the runtime's signal */
    PAGE_EVENT_TASK_HOG = 5,       /* arg0: task id, arg1: ns it has run */
    PAGE_EVENT_OUT_OF_SHM = 6,     /* the named page could not be written: text says why */
    PAGE_EVENT_STACK_OVERFLOW = 7, /* arg0: task id */
};

struct page_event { /* ring */
    uint64_t seq;
    uint64_t mono_ns;
    uint32_t kind; /* enum page_event_kind */
    uint32_t reserved;
    uint64_t arg[2];
    uint8_t text[88]; /* NUL-terminated */
};

/* ---- Tasks ---- */

enum page_task_state {
    PAGE_TASK_DEAD = 0, /* the row is free */
    PAGE_TASK_RUNNABLE = 1,
    PAGE_TASK_RUNNING = 2,
    PAGE_TASK_WAITING = 3,
    PAGE_TASK_BLOCKING = 4, /* in a blocking section */
};

enum page_wait_reason { /* texts: waits.def */
#define WAIT(id, text) PAGE_WAIT_##id,
#include "waits.def"
#undef WAIT
    PAGE_WAIT_COUNT
};

struct page_tasks_header {
    uint8_t magic[8];
    uint32_t endian;
    uint16_t major;
    uint16_t minor;
    uint32_t header_bytes; /* rows begin here */
    uint32_t row_bytes;    /* sizeof(struct page_task) of the writer */
    uint64_t capacity;     /* rows in the file */
    uint64_t used;         /* rows [0, used) have ever held a task; live, only grows */
    uint64_t page_pid;
    /* Where the records of the tasks are in the memory of the process; since 1.2. */
    uint64_t records;       /* address of an array of addresses, each of a block; 0: not told */
    uint16_t block_records; /* the record of row i is number i % block_records of the block */
    uint16_t record_bytes;  /* number i / block_records of the array */
    uint16_t lock_at;       /* where in a record the lock word is, */
    uint16_t name_at;       /* and where the name, of PAGE_TASK_NAME_BYTES */
};
#define PAGE_TASK_NAME_BYTES 32

/* The lock word of a task, a u64: the address at which it waits for a lock, and in its lowest two
 * bits what lies there; 0: it waits for none. Only as long as it is there the lock is. */
enum page_lock_kind {
    PAGE_LOCK_NONE = 0,
    PAGE_LOCK_MUTEX = 1,      /* the u32 there is who holds it: number of the row + 1, or 0 */
    PAGE_LOCK_RW_READERS = 2, /* the task wants to read: the same, PAGE_LOCK_TO_HOLDER from there */
    PAGE_LOCK_RW_WRITER = 3,  /* to write: the i32 PAGE_LOCK_TO_READERS from there is how many
                                 readers have yet to leave */
};
#define PAGE_LOCK_KIND(word) ((unsigned)((word)&3))
#define PAGE_LOCK_ADDR(word) ((word) & ~UINT64_C(3))
#define PAGE_LOCK_TO_HOLDER (-8)
#define PAGE_LOCK_TO_READERS 4

/* One row, written by whoever holds the task. The generation in `word` grows by 2 with every
 * transition and is odd while the rest of the row is written: a reader that sees the same even word
 * before and after copied a row that belongs together. It goes on when a row is used again. */
struct page_task {
    uint64_t word;     /* PAGE_TASK_WORD(state, reason, generation) */
    uint64_t id;       /* from 1, never used again */
    uint64_t since_ns; /* monotonic, coarse (tens of ms): when it came into this state */
    uint64_t spawn_pc; /* return address of the call that spawned it */
    uint64_t start_fn; /* address of its function */
    uint64_t sp;       /* saved stack pointer while not running */
    uint64_t pc;       /* return address of the runtime call that it waits in, or 0 */
    uint64_t stack_hi; /* end of its stack, or 0 before its first run */
};
#define PAGE_TASK_WORD(state, reason, gen)                                                         \
    ((uint64_t)(uint8_t)(state) | (uint64_t)(uint8_t)(reason) << 8 |                               \
     (uint64_t)(uint32_t)(gen) << 32)
#define PAGE_TASK_LEAKED (UINT64_C(1) << 16) /* or-ed in: it waits in vain; since 1.3 */
#define PAGE_TASK_STATE(word) ((unsigned)((word)&0xff))
#define PAGE_TASK_REASON(word) ((unsigned)((word) >> 8 & 0xff))
#define PAGE_TASK_GENERATION(word) ((uint32_t)((word) >> 32))
#define PAGE_TASK_IN_FLUX(word) ((unsigned)((word) >> 32 & 1))

struct page_task_group { /* tasks of one spawn site, function, state and reason */
    uint64_t spawn_pc;
    uint64_t start_fn;
    uint32_t state;
    uint32_t reason;
    uint64_t count;
    uint64_t oldest_since_ns;
    /* Since 1.2: who has the lock that most of them wait for; of holder and readers one at most is
     * not 0. */
    uint64_t held;      /* of these tasks, how many wait for it */
    uint64_t holder;    /* id of a task; of a read-write mutex the writer */
    uint64_t holder_pc; /* return address of the runtime call that it waits in, or 0: it runs */
    uint32_t holder_state;
    uint32_t holder_reason;
    uint64_t readers; /* so many have to leave before one can write */
    uint8_t holder_name[32];
    uint64_t leaked; /* of these tasks, how many are proven to be leaked; since 1.3 */
    uint32_t circle; /* of so many tasks each waits for a lock of the next, and the holder is one of
                        them; 0: none; since 1.3 */
    uint32_t reserved;
};
#define PAGE_TASK_GROUP_LEAST 40 /* its size before 1.2 */

/* Tasks of one spawn site, function, wait site and reason that the collector has proven to be
 * leaked: nothing that it searches refers to what they wait for but what is leaked itself. */
struct page_leak {
    uint64_t spawn_pc;
    uint64_t start_fn;
    uint64_t wait_pc; /* return address of the runtime call that they wait in */
    uint32_t reason;
    uint32_t reserved;
    uint64_t count;
    uint64_t waits_since_ns; /* the first of them, monotonic and coarse; 0: not known */
    uint64_t proven_ns;      /* the first of them, monotonic */
    uint64_t reserved1;
};

/* ---- History ---- */

struct page_history_slot { /* ring; the values follow */
    uint64_t seq;
    uint64_t mono_ns;
};

struct page_minute {
    uint64_t min;
    uint64_t max;
    uint64_t last;
};

#define PAGE_SITES_KEPT 16
struct page_site_count {
    uint64_t pc;
    uint64_t value; /* tasks, or live bytes */
};
struct page_sites_minute { /* ring */
    uint64_t seq;
    uint64_t mono_ns;
    struct page_site_count tasks[PAGE_SITES_KEPT];  /* by spawn site, most first */
    struct page_site_count allocs[PAGE_SITES_KEPT]; /* by allocation site, most live bytes first */
};

/* ---- Layout, proved ---- */

_Static_assert(sizeof(struct page_header) == 256, "the header is 256 bytes");
_Static_assert(offsetof(struct page_header, state) == 64, "the first 64 bytes are frozen");
_Static_assert(offsetof(struct page_header, boot_id) == 88, "header layout");
_Static_assert(offsetof(struct page_header, epoch_real_ns) == 128, "header layout");
_Static_assert(offsetof(struct page_header, section_count) == 168, "header layout");
_Static_assert(offsetof(struct page_header, name) == 184, "header layout");
_Static_assert(sizeof(struct page_section) == 32, "section layout");
_Static_assert(sizeof(struct page_metric) == 32, "metric layout");
_Static_assert(sizeof(struct page_double) == 64, "double buffer layout");
_Static_assert(sizeof(struct page_proc) == 256, "proc layout");
_Static_assert(sizeof(struct page_latency) == 16, "latency layout");
_Static_assert(sizeof(struct page_size_class) == 48, "size class layout");
_Static_assert(sizeof(struct page_alloc_site) == 64, "allocation site layout");
_Static_assert(sizeof(struct page_gc_cycle) == 440, "GC cycle layout");
_Static_assert(sizeof(struct page_event) == 128 && sizeof(struct page_task) == 64, "layout");
_Static_assert(sizeof(struct page_tasks_header) == 64, "task table layout");
_Static_assert(sizeof(struct page_task_group) == 128, "task group layout");
_Static_assert(sizeof(struct page_leak) == 64, "leak layout");
_Static_assert(offsetof(struct page_task_group, held) == PAGE_TASK_GROUP_LEAST, "group layout");
_Static_assert(sizeof(struct page_history_slot) == 16, "history layout");
_Static_assert(sizeof(struct page_sites_minute) == 16 + 2 * PAGE_SITES_KEPT * 16, "sites layout");

#include "pagemail.h"

#endif
