/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/dump.h"

#include <elf.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "page.h"
#include "runtime/blocker.h"
#include "runtime/preempt.h"
#include "runtime/proc.h"
#include "runtime/san.h"
#include "runtime/sigblock.h"
#include "runtime/stack.h"
#include "runtime/sysmem.h"
#include "runtime/task.h"
#include "runtime/tasktab_read.h"
#include "runtime/unwind_regs.h"

#define COPY_TRIES     3
#define ANSWER_NS      NS_PER_MS          /* in one step */
#define ANSWER_TASK_NS (50 * NS_PER_MS)   /* for one task, with other duties in between */
#define ANSWER_DUMP_NS (1000 * NS_PER_MS) /* for all tasks of a dump */
#define LEAST_BYTES    (sizeof(struct page_dump_task) + sizeof(struct page_dump_lock))
#define SEARCHED_ROWS  256u /* free rows between looks at the clock */

_Static_assert(UNWIND_NREGS <= PAGE_DUMP_REGS, "all registers have a place");
_Static_assert(SNAPSHOT_REGS == PAGE_DUMP_REGS, "registers go through as they are");
_Static_assert(sizeof((struct task *)0)->name == sizeof((struct page_dump_task *)0)->name,
               "names go through as they are");

/* Not in a static variable: what lies on the stacks of others is no reference of ours. */
static struct snapshot_request *snapshot; /* [const] after init */
static _Atomic(int64_t) hold_max_ns;

/* What a look at one task came to. */
enum look {
    LOOK_WRITTEN,
    LOOK_NO_TASK,  /* the row is free */
    LOOK_NO_ROOM,  /* in this batch */
    LOOK_MOVED,    /* it went on meanwhile */
    LOOK_NO_REPLY, /* it runs, and its thread has not answered yet */
};

/* A record in the making. */
struct record {
    struct page_dump_task task;
    struct blocker blocker;
    const void *stack; /* where it is read from */
};

/* ---- reading what belongs to others ---- */

/* Copies NWORDS words that may change meanwhile. Word by word: sanitizers watch memcpy. */
NO_SANITIZE_READS static void copy_words(uint64_t *to, const void *from, size_t nwords)
{
    const uint64_t *word = from;

    for (size_t i = 0; i < nwords; i++) {
        to[i] = word[i];
        __asm__ volatile("" ::: "memory"); /* else the compiler makes a memcpy of it */
    }
}

NO_SANITIZE_READS static void copy_name(uint8_t name[32], const struct task *t)
{
    copy_words((uint64_t *)(void *)name, t->name, sizeof t->name / sizeof(uint64_t));
    name[sizeof t->name - 1] = '\0';
}

/* ---- registers ---- */

static void set_regs(struct page_dump_task *d, const struct unwind_regs *regs)
{
    d->pc = regs->pc;
    d->valid = regs->valid;
    for (unsigned r = 0; r < UNWIND_NREGS; r++)
        d->reg[r] = regs->reg[r];
}

/* A task that was switched away from: its registers lie at its saved stack pointer. */
static void fill_parked(struct record *r)
{
    uint64_t frame[CTX_FRAME_WORDS];
    uintptr_t sp = (uintptr_t)r->task.row.sp;
    struct unwind_regs regs;

    copy_words(frame, r->stack, CTX_FRAME_WORDS);
    unwind_regs_parked(&regs, (uintptr_t)frame);
    regs.reg[UNWIND_SP] += sp - (uintptr_t)frame;
    set_regs(&r->task, &regs);
}

/* A task in a blocking section: its registers were captured when it entered. */
static void fill_blocking(struct record *r, const struct task *t)
{
    uint64_t captured[CTX_CALLEE_WORDS];
    struct unwind_regs regs;

    copy_words(captured, t->blocking_regs, CTX_CALLEE_WORDS);
    unwind_regs_captured(&regs, (const uintptr_t *)captured, (uintptr_t)r->task.row.sp,
                         (uintptr_t)r->task.row.pc);
    set_regs(&r->task, &regs);
}

/* ---- one kind of task each ---- */

/* Decides how much of the stack [LO, HI) is copied, at most ROOM bytes. */
static void choose_stack(struct record *r, const struct dump_job *job, uint64_t lo, uint64_t bytes,
                         uint64_t room)
{
    uint64_t wanted = bytes;

    if (job->stack_max != 0 && job->stack_max < wanted)
        wanted = job->stack_max;
    if (room < wanted)
        wanted = room;
    wanted = align_down(wanted, sizeof(uint64_t));
    if (wanted < bytes)
        r->task.flags |= PAGE_DUMP_TRUNCATED;
    r->task.stack_lo = lo;
    r->task.stack_bytes = wanted;
}

static int32_t thread_of(const struct task *t)
{
    struct worker *w = atomic_load_explicit(&t->worker, memory_order_relaxed);

    return w != NULL ? atomic_load_explicit(&w->tid, memory_order_relaxed) : 0;
}

static void fill_at_rest(struct record *r, const struct task *t)
{
    bool blocking = PAGE_TASK_STATE(r->task.row.word) == PAGE_TASK_BLOCKING;

    r->stack = (const void *)(uintptr_t)r->task.row.sp;
    if (blocking) {
        r->task.tid = thread_of(t);
        fill_blocking(r, t);
    } else {
        fill_parked(r);
    }
}

static void note_hold(int64_t held_ns)
{
    if (held_ns > atomic_load_explicit(&hold_max_ns, memory_order_relaxed))
        atomic_store_explicit(&hold_max_ns, held_ns, memory_order_relaxed);
}

/* Asks the thread that runs T. Whether it answered, and for this task. */
static bool fill_running(struct record *r, const struct task *t)
{
    struct worker *w = atomic_load_explicit(&t->worker, memory_order_relaxed);
    int64_t held_ns = 0;

    if (w == NULL || !preempt_snapshot(w, snapshot, ANSWER_NS, &held_ns))
        return false;
    note_hold(held_ns);
    if (snapshot->task != r->task.row.id)
        return false;
    r->task.tid = atomic_load_explicit(&w->tid, memory_order_relaxed);
    r->task.pc = snapshot->pc;
    r->task.valid = snapshot->valid;
    memcpy(r->task.reg, snapshot->reg, sizeof r->task.reg);
    if (snapshot->truncated)
        r->task.flags |= PAGE_DUMP_TRUNCATED;
    r->stack = snapshot->stack;
    return true;
}

/* ---- one record ---- */

static bool has_lock(const struct record *r)
{
    return r->blocker.holder != 0 || r->blocker.readers != 0;
}

/* Whether the record fits, with what belongs to it. In an empty batch it always does: choose_stack
 * has seen to it. */
static bool fits(const struct record *r, const struct dump_batch *batch)
{
    size_t bytes = sizeof r->task + r->task.stack_bytes;

    if (has_lock(r))
        bytes += sizeof(struct page_dump_lock);
    return batch->used + bytes <= batch->capacity;
}

static void copy_stack(const struct record *r, const struct dump_batch *batch)
{
    char *to = batch->at + batch->used + sizeof r->task;

    copy_words((uint64_t *)(void *)to, r->stack, r->task.stack_bytes / sizeof(uint64_t));
}

static void put_lock(const struct record *r, struct dump_batch *batch)
{
    struct page_dump_lock lock = {
        .head = {PAGE_DUMP_LOCK, sizeof lock},
        .task = r->task.row.id,
        .holder = r->blocker.holder,
        .readers = r->blocker.readers,
    };

    memcpy(batch->at + batch->used, &lock, sizeof lock);
    batch->used += sizeof lock;
}

static void put_record(struct record *r, struct dump_batch *batch)
{
    size_t bytes = sizeof r->task + r->task.stack_bytes;

    DCHECK(fits(r, batch));
    r->task.head = (struct page_dump_record){PAGE_DUMP_TASK, (uint32_t)bytes};
    memcpy(batch->at + batch->used, &r->task, sizeof r->task);
    batch->used += bytes;
    if (has_lock(r))
        put_lock(r, batch);
}

/* Copies what the task in SLOT has. The row is whole; whether it still holds is the caller's to
 * ask.
 */
static enum look look_inside(struct dump_job *job, struct dump_batch *batch, size_t slot,
                             struct record *r)
{
    const struct task *t = task_at(slot);
    struct page_task *row = &r->task.row;
    bool running = PAGE_TASK_STATE(row->word) == PAGE_TASK_RUNNING;
    uint64_t lo = row->sp;
    uint64_t bytes = 0;

    copy_name(r->task.name, t);
    if (PAGE_TASK_STATE(row->word) == PAGE_TASK_WAITING)
        blocker_look(&r->blocker, t);
    if (row->stack_hi == 0) {
        r->task.flags |= PAGE_DUMP_NOT_STARTED;
        return fits(r, batch) ? LOOK_WRITTEN : LOOK_NO_ROOM;
    }
    if (running) {
        if (!fill_running(r, t))
            return LOOK_NO_REPLY;
        lo = snapshot->stack_lo;
        bytes = snapshot->stack_bytes;
    } else {
        if (!tasktab_has_stack(row))
            return LOOK_MOVED;
        fill_at_rest(r, t);
        bytes = row->stack_hi - row->sp;
    }
    choose_stack(r, job, lo, bytes, batch->capacity - LEAST_BYTES);
    if (!fits(r, batch))
        return LOOK_NO_ROOM;
    copy_stack(r, batch);
    return LOOK_WRITTEN;
}

/* A snapshot is of one moment by itself; a copy of a stack at rest is good only if the task has not
 * gone on meanwhile. */
static bool still_holds(size_t slot, const struct record *r)
{
    return PAGE_TASK_STATE(r->task.row.word) == PAGE_TASK_RUNNING ||
           tasktab_is_unchanged(slot, &r->task.row);
}

/* Tries a few times to catch the task in SLOT at rest, then takes what there is. */
static enum look look_at(struct dump_job *job, struct dump_batch *batch, size_t slot,
                         struct record *r)
{
    enum look look = LOOK_MOVED;

    for (int i = 0; i < COPY_TRIES; i++) {
        bool whole = false;

        memset(r, 0, sizeof *r);
        whole = tasktab_read(slot, &r->task.row);
        if (PAGE_TASK_STATE(r->task.row.word) == PAGE_TASK_DEAD)
            return LOOK_NO_TASK;
        if (!whole)
            continue; /* a mixture: its stack may be that of two tasks, with a guard between */
        look = look_inside(job, batch, slot, r);
        if (look == LOOK_NO_ROOM || (look == LOOK_WRITTEN && still_holds(slot, r)))
            return look;
        if (look == LOOK_NO_REPLY && tasktab_is_unchanged(slot, &r->task.row))
            return look;
    }
    r->task.flags |= PAGE_DUMP_MOVED;
    return look;
}

/* Whether to ask a running task again later. */
static bool has_patience(struct dump_job *job, int64_t now_ns)
{
    if (job->asked_ns == 0)
        job->asked_ns = now_ns;
    if (job->patience_ns <= 0 || now_ns - job->asked_ns >= ANSWER_TASK_NS)
        return false;
    job->patience_ns -= ANSWER_NS;
    return true;
}

/* A record of what is known without the stack. */
static enum look give_up(struct record *r, const struct dump_batch *batch)
{
    r->blocker = (struct blocker){0};
    r->task.valid = 0;
    r->task.pc = 0;
    r->task.stack_bytes = 0;
    if (PAGE_TASK_STATE(r->task.row.word) == PAGE_TASK_RUNNING)
        r->task.flags |= PAGE_DUMP_NO_REGS;
    return fits(r, batch) ? LOOK_WRITTEN : LOOK_NO_ROOM;
}

/* Its thread may block the signal; one that is in the handler has it blocked as well. */
static void look_for_blocked(const struct task *t)
{
    struct worker *w = atomic_load_explicit(&t->worker, memory_order_relaxed);

    if (w != NULL && atomic_load_explicit(&w->handling, memory_order_relaxed) == 0)
        (void)sigblock_look(atomic_load_explicit(&w->tid, memory_order_relaxed));
}

/* The task in the next slot. False if the step has to end: then *PROGRESS says how. */
static bool dump_slot(struct dump_job *job, struct dump_batch *batch, enum dump_progress *progress)
{
    struct record r;
    enum look look = look_at(job, batch, job->slot, &r);

    if (look == LOOK_NO_REPLY && has_patience(job, clock_mono_ns())) {
        *progress = DUMP_AGAIN;
        return false;
    }
    if (look == LOOK_NO_REPLY)
        look_for_blocked(task_at(job->slot));
    if (look == LOOK_NO_REPLY || look == LOOK_MOVED)
        look = give_up(&r, batch);
    if (look == LOOK_NO_ROOM) {
        *progress = DUMP_FULL;
        return false;
    }
    if (look == LOOK_WRITTEN) {
        put_record(&r, batch);
        job->ntasks++;
    }
    job->slot++;
    job->asked_ns = 0;
    return true;
}

/* ---- public ---- */

bool dump_init(void)
{
    if (snapshot == NULL)
        snapshot = sys_map(sizeof *snapshot, SYS_OTHER);
    return snapshot != NULL;
}

void dump_begin(struct dump_job *job, uint64_t id, uint64_t stack_max)
{
    *job = (struct dump_job){.id = id, .stack_max = stack_max, .patience_ns = ANSWER_DUMP_NS};
}

static void put_begin(struct dump_job *job, struct dump_batch *batch)
{
    struct page_dump_begin begin = {
        .head = {PAGE_DUMP_BEGIN, sizeof begin},
        .id = job->id,
        .mono_ns = (uint64_t)clock_mono_ns(),
        .real_ns = (uint64_t)clock_real_ns(),
        .machine = UNWIND_LINK_REGISTER ? EM_AARCH64 : EM_X86_64,
    };

    job->start_ns = (int64_t)begin.mono_ns;
    job->nslots = min_size(tasktab_used(), tasks_used());
    memcpy(batch->at + batch->used, &begin, sizeof begin);
    batch->used += sizeof begin;
}

static enum dump_progress put_end(struct dump_job *job, struct dump_batch *batch)
{
    struct page_dump_end end = {
        .head = {PAGE_DUMP_END, sizeof end},
        .ntasks = job->ntasks,
        .took_ns = (uint64_t)(clock_mono_ns() - job->start_ns),
    };

    if (batch->capacity - batch->used < sizeof end)
        return DUMP_FULL;
    memcpy(batch->at + batch->used, &end, sizeof end);
    batch->used += sizeof end;
    return DUMP_DONE;
}

/* Steps over free rows, of which there may be millions; not over too many at once. */
static void skip_free_rows(struct dump_job *job)
{
    size_t end = min_size(job->nslots, job->slot + SEARCHED_ROWS);

    while (job->slot < end && tasktab_is_free(job->slot))
        job->slot++;
}

enum dump_progress dump_step(struct dump_job *job, struct dump_batch *batch, int64_t deadline_ns)
{
    enum dump_progress progress = DUMP_AGAIN;

    if (job->start_ns == 0)
        put_begin(job, batch);
    do {
        skip_free_rows(job);
        if (job->slot == job->nslots)
            return put_end(job, batch);
        if (!dump_slot(job, batch, &progress))
            return progress;
    } while (clock_mono_ns() < deadline_ns);
    return DUMP_AGAIN;
}

int64_t dump_hold_max_ns(void)
{
    return atomic_load_explicit(&hold_max_ns, memory_order_relaxed);
}
