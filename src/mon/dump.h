/* SPDX-License-Identifier: MIT */
/* dump.h - all tasks of a target at one moment, grouped by equal stack and state.
 * Ten thousand tasks have a dozen stacks between them: a reader wants each stack once, with how
 * many tasks stand there, since when, and which. A dump is a value: it is built task by task,
 * finished once (names and lines filled in, groups sorted), and then never changes; nothing in
 * it points to the target or to the caches that made it.
 * Who: dumpjob.c builds it, dumpfile.c reads one from a file; the stacks panel, dumpdiff.c and the
 * writers of dumpsave.c read it.
 * Threads: one. */
#ifndef MON_DUMP_H
#define MON_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define DUMP_MAX_FRAMES 128 /* of one stack before inlined calls are spelt out */

struct pool;
struct symbols;

enum dump_origin {
    DUMP_ASKED,  /* the runtime answered */
    DUMP_PEEKED, /* it did not: read from outside, tasks may have moved meanwhile */
};

/* How a stack ends. */
enum dump_end {
    DUMP_END_START,     /* at the start of the task: it is whole */
    DUMP_END_LOST,      /* no way on: code without unwind information, or a damaged stack */
    DUMP_END_TRUNCATED, /* more stack than was copied, or more frames than DUMP_MAX_FRAMES */
    DUMP_END_UNKNOWN,   /* running, and its registers could not be had */
    DUMP_END_UNSTARTED, /* it has not run yet */
    DUMP_END_LEFT_OFF,  /* there are too many different stacks to keep all of each */
};

/* One line of a stack. Texts are never NULL, "" is unknown; they hold no control characters. */
struct dump_frame {
    uint64_t pc; /* return address in the target; the same for what was inlined */
    const char *function;
    const char *file;   /* as the compiler was given it */
    const char *module; /* path of the program or library */
    uint64_t offset;    /* of pc in the module, as addr2line(1) takes it */
    uint32_t line;      /* 0: unknown */
    bool inlined;       /* into the function of the next frame */
};

struct dump_task {
    uint64_t id;
    uint64_t since_ns; /* monotonic: when it came into its state */
    const char *name;  /* "" if it has none */
    int32_t tid;       /* kernel thread while running or blocking, else 0 */
    uint64_t holder;   /* id of the task that holds the lock that this one waits for, or 0 */
    uint64_t readers;  /* that a writer waits for, or 0 */
};

/* Who holds a lock that tasks of a group wait for. */
struct dump_holder {
    uint64_t id;      /* 0: readers do */
    uint64_t readers; /* how many then, else 0 */
    const char *name; /* "" if it has none */
    size_t group;     /* that it is in, or DUMP_NO_GROUP */
    size_t nwaiters;  /* tasks of the group that wait for it */
};
#define DUMP_NO_GROUP    SIZE_MAX
#define DUMP_HOLDERS_MAX 8 /* of one group */

struct dump_group {
    uint64_t key;     /* of stack and state; the same in later dumps of the process */
    uint8_t state;    /* enum page_task_state, or anything from a hostile target: dump_state_text */
    uint8_t reason;   /* enum page_wait_reason, likewise */
    bool leaked;      /* proven to wait in vain */
    bool moved;       /* some of its tasks ran on while they were copied */
    enum dump_end end;
    const struct dump_frame *frame; /* innermost first */
    size_t nframes;
    struct dump_frame spawned_at; /* the call that started these tasks; pc 0: unknown */
    const struct dump_task *task; /* longest in this state first */
    size_t ntasks;
    size_t nunlisted; /* of these, whom task leaves off: of a recorded dump, the most of a crowd */
    const struct dump_holder *holder; /* most waiters first */
    size_t nholders;
    size_t nholders_more; /* that are left off */
};

struct dump {
    enum dump_origin origin;
    uint64_t mono_ns; /* when it was taken, on the target's clocks */
    uint64_t real_ns;
    uint64_t took_ns; /* in the target */
    uint64_t ntasks;
    uint64_t nskipped; /* records or tasks that made no sense */
    char note[160];    /* why it is not all that it could be, or "" */
    const struct dump_group *group; /* most tasks first */
    size_t ngroups;
};

/* How far a dump has come, for the screen. */
struct dump_status {
    enum dump_stage {
        DUMP_STAGE_NONE,    /* none was asked for */
        DUMP_STAGE_WAITING, /* for the runtime's answer */
        DUMP_STAGE_READING, /* tasks come in */
        DUMP_STAGE_NAMING,  /* functions and lines are looked up */
        DUMP_STAGE_DONE,
        DUMP_STAGE_FAILED, /* message says why and what helps */
    } stage;
    uint64_t ntasks; /* so far */
    char message[160];
};

#define DUMP_STATE_BYTES 48

/* What the tasks of GROUP do: "chan receive", "select (leaked)", "running", "state 77". TEXT is
 * room for what is not one word of a table. */
const char *dump_state_text(const struct dump_group *group, char text[DUMP_STATE_BYTES]);

/* How many tasks of GROUP can be looked at. */
static inline size_t dump_listed(const struct dump_group *group)
{
    return group->ntasks - group->nunlisted;
}

/* How long TASK had been in its state when DUMP was taken; 0 if its clock is ahead. */
uint64_t dump_age_ns(const struct dump *dump, const struct dump_task *task);

/* ---- For dumpjob.c ---- */

/* One unwound task. */
struct dump_entry {
    const struct page_task *row;
    const char *name; /* "" if it has none; copied */
    int32_t tid;
    bool moved;
    enum dump_end end;
    const uint64_t *pc; /* innermost first; the byte before each lies in its instruction */
    size_t npcs;
};

struct dump *dump_new(enum dump_origin origin);
void dump_free(struct dump *dump);

/* Adds a task. Only while the dump is not finished. */
void dump_add(struct dump *dump, const struct dump_entry *entry);

/* The task that was added last, if it is TASK, waits for a lock that the task HOLDER has, or
 * if that is 0, so many READERS. */
void dump_add_lock(struct dump *dump, uint64_t task, uint64_t holder, uint64_t readers);

/* Asks SYMBOLS for every address that it does not know yet; true when all are known and the dump
 * is finished. */
bool dump_finish(struct dump *dump, struct symbols *symbols);

/* ---- For dumpfile.c and recording_stacks.c ---- */

/* Where the groups and texts of a dump lie that is put together by hand, in place of dump_add and
 * dump_finish. */
struct pool *dump_pool(struct dump *dump);

#endif
