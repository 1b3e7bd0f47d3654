/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dumpjob.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/dumpread.h"
#include "mon/mail.h"
#include "mon/peek.h"
#include "mon/symbol.h"
#include "mon/unwind.h"

#define JOB_WITHIN_NS (30 * NS_PER_S) /* a target that goes on sending is cut off */

enum phase {
    PHASE_MAIL,  /* waiting for a batch */
    PHASE_BATCH, /* reading it */
    PHASE_PEEK,
    PHASE_NAMES,
    PHASE_OVER,
};

struct dumpjob {
    pid_t pid;
    struct symbols *symbols;
    struct mail *mail; /* or NULL */
    struct peek *peek; /* or NULL */
    enum phase phase;
    int64_t start_ns;
    struct dumpread reader;
    struct dumpread_record record;
    bool has_task;  /* record holds a task that waits for a rule of unwinding */
    bool has_begun; /* the record that begins a dump has come */
    const struct unwind_machine *machine;
    uint8_t *peek_stack; /* [PEEK_STACK_BYTES] */
    struct dump *dump;   /* in the making, or finished; NULL when taken */
    struct dump_status status;
};

static void fail(struct dumpjob *job, const char *why)
{
    job->phase = PHASE_OVER;
    job->status.stage = DUMP_STAGE_FAILED;
    snprintf(job->status.message, sizeof job->status.message, "%s", why);
}

/* Goes over to reading from outside; WHY the runtime can't be asked, or "". */
static void begin_peek(struct dumpjob *job, const char *why)
{
    char trouble[PEEK_TEXT_BYTES], note[sizeof job->dump->note] = "";

    if (why[0] != '\0')
        snprintf(note, sizeof note, "%s: read from outside", why);
    mail_close(job->mail);
    job->mail = NULL;
    dump_free(job->dump);
    job->dump = NULL;
    job->status.ntasks = 0;
    job->has_task = false;
    job->peek = peek_open(job->pid, trouble);
    if (job->peek == NULL) {
        fail(job, trouble);
        return;
    }
    job->peek_stack = malloc(PEEK_STACK_BYTES);
    CHECK(job->peek_stack != NULL);
    job->machine = unwind_machine_here();
    job->dump = dump_new(DUMP_PEEKED);
    job->dump->mono_ns = (uint64_t)clock_mono_ns();
    job->dump->real_ns = (uint64_t)clock_real_ns();
    memcpy(job->dump->note, note, sizeof note);
    job->phase = PHASE_PEEK;
    job->status.stage = DUMP_STAGE_READING;
}

struct dumpjob *dumpjob_new(pid_t pid, struct symbols *symbols, enum dumpjob_way way)
{
    struct dumpjob *job = calloc(1, sizeof *job);
    char trouble[MAIL_TEXT_BYTES] = "";

    CHECK(job != NULL);
    job->pid = pid;
    job->symbols = symbols;
    job->start_ns = clock_mono_ns();
    job->status.stage = DUMP_STAGE_WAITING;
    symbols_refresh(symbols);
    if (way == DUMPJOB_ASK_OR_PEEK)
        job->mail = mail_open(pid, trouble);
    if (job->mail == NULL) {
        begin_peek(job, trouble);
        return job;
    }
    job->dump = dump_new(DUMP_ASKED);
    if (!mail_ask(job->mail, PAGE_MAIL_DUMP_STACKS, PEEK_STACK_BYTES))
        begin_peek(job, mail_failure(job->mail));
    return job;
}

void dumpjob_free(struct dumpjob *job)
{
    if (job == NULL)
        return;
    mail_close(job->mail);
    peek_close(job->peek);
    free(job->peek_stack);
    dump_free(job->dump);
    free(job);
}

/* ---- One task ---- */

/* Adds the task with the stack that is known of it. */
static void add_task(struct dumpjob *job, const struct page_dump_task *task, enum dump_end end,
                     const uint64_t *pc, size_t npcs)
{
    struct dump_entry entry = {
        .row = &task->row,
        .name = (const char *)task->name,
        .tid = task->tid,
        .moved = (task->flags & PAGE_DUMP_MOVED) != 0,
        .end = end,
        .pc = pc,
        .npcs = npcs,
    };

    dump_add(job->dump, &entry);
    job->status.ntasks = job->dump->ntasks;
}

/* A task without a stack to walk: where it is known to be, or else the function it starts in. */
static void add_without_stack(struct dumpjob *job, const struct page_dump_task *task)
{
    bool unstarted = (task->flags & PAGE_DUMP_NOT_STARTED) != 0;
    uint64_t pc = task->row.pc != 0 && !unstarted ? task->row.pc : task->row.start_fn + 1;

    add_task(job, task, unstarted ? DUMP_END_UNSTARTED : DUMP_END_UNKNOWN, &pc, 1);
}

/* How many of the innermost frames are inside the runtime call that the task waits in, or waited,
 * below the function that was called: how it came to park there makes no difference to anyone. */
static size_t runtime_frames(const struct page_task *row, const struct unwind_result *result)
{
    for (size_t i = 1; i < result->n; i++) {
        if (row->pc != 0 && result->pc[i] == row->pc)
            return i - 1;
    }
    return 0;
}

/* Unwinds and adds a task; false if it must be tried again when a rule has come. */
static bool take_task(struct dumpjob *job, const struct page_dump_task *task, const uint8_t *stack)
{
    struct unwind_task input = {
        .machine = job->machine,
        .pc = task->pc,
        .valid = task->valid,
        .reg = task->reg,
        .stack_lo = task->stack_lo,
        .stack = stack,
        .stack_bytes = task->stack_bytes,
        .is_truncated = (task->flags & PAGE_DUMP_TRUNCATED) != 0,
    };
    struct unwind_result result;
    size_t skip;

    if (task->pc == 0 || (task->flags & (PAGE_DUMP_NO_REGS | PAGE_DUMP_NOT_STARTED))) {
        add_without_stack(job, task);
        return true;
    }
    if (unwind_task(job->symbols, &input, &result) == UNWIND_WAITS)
        return false;
    skip = runtime_frames(&task->row, &result);
    add_task(job, task, result.end, result.pc + skip, result.n - skip);
    return true;
}

/* ---- The phases: each does a little, and returns false when it has to wait ---- */

static bool step_mail(struct dumpjob *job)
{
    switch (mail_step(job->mail)) {
    case MAIL_NOTHING:
        return false;
    case MAIL_BATCH:
        job->reader = (struct dumpread){0};
        job->reader.batch = mail_batch(job->mail, &job->reader.bytes);
        job->phase = PHASE_BATCH;
        job->status.stage = DUMP_STAGE_READING;
        return true;
    case MAIL_DONE:
        job->phase = PHASE_NAMES;
        job->status.stage = DUMP_STAGE_NAMING;
        return true;
    case MAIL_FAILED:
        break;
    }
    begin_peek(job, mail_failure(job->mail));
    return true;
}

static void begin_dump(struct dumpjob *job, const struct page_dump_begin *begin)
{
    job->machine = unwind_machine(begin->machine);
    if (job->machine != unwind_machine_here() || begin->id != mail_id(job->mail)) {
        begin_peek(job, "the answer of the runtime is damaged");
        return;
    }
    job->has_begun = true;
    job->dump->mono_ns = begin->mono_ns;
    job->dump->real_ns = begin->real_ns;
}

static bool step_batch(struct dumpjob *job)
{
    enum dumpread_kind kind = DUMPREAD_TASK;

    if (!job->has_task)
        kind = dumpread_next(&job->reader, &job->record);
    if (kind == DUMPREAD_TASK && !job->has_begun)
        kind = DUMPREAD_DAMAGED;
    switch (kind) {
    case DUMPREAD_BEGIN:
        begin_dump(job, &job->record.begin);
        return true;
    case DUMPREAD_TASK:
        job->has_task = !take_task(job, &job->record.task, job->record.stack);
        return !job->has_task;
    case DUMPREAD_LOCK:
        dump_add_lock(job->dump, job->record.lock.task, job->record.lock.holder,
                      job->record.lock.readers);
        return true;
    case DUMPREAD_END:
        job->dump->took_ns = job->record.end.took_ns;
        return true;
    case DUMPREAD_DAMAGED:
        job->dump->nskipped++;
        job->phase = PHASE_MAIL;
        return true;
    case DUMPREAD_END_OF_BATCH:
        job->phase = PHASE_MAIL;
        return true;
    }
    return true;
}

static bool step_peek(struct dumpjob *job)
{
    struct dump *dump = job->dump;
    enum peek_progress progress = PEEK_TASK;

    if (!job->has_task)
        progress = peek_next(job->peek, &job->record.task, job->peek_stack, &job->record.lock);
    if (progress == PEEK_NOTHING_YET)
        return true;
    if (progress == PEEK_END) {
        dump->took_ns = (uint64_t)clock_mono_ns() - dump->mono_ns;
        if (peek_trouble(job->peek)[0] != '\0')
            snprintf(dump->note, sizeof dump->note, "%s", peek_trouble(job->peek));
        job->phase = PHASE_NAMES;
        job->status.stage = DUMP_STAGE_NAMING;
        return true;
    }
    job->has_task = !take_task(job, &job->record.task, job->peek_stack);
    if (!job->has_task)
        dump_add_lock(dump, job->record.lock.task, job->record.lock.holder,
                      job->record.lock.readers);
    return !job->has_task;
}

static bool step_names(struct dumpjob *job)
{
    if (!dump_finish(job->dump, job->symbols))
        return false;
    if (job->dump->note[0] == '\0')
        snprintf(job->dump->note, sizeof job->dump->note, "%s", symbols_trouble(job->symbols));
    job->phase = PHASE_OVER;
    job->status.stage = DUMP_STAGE_DONE;
    return true;
}

/* One step; false if nothing can be done now. */
static bool step(struct dumpjob *job)
{
    switch (job->phase) {
    case PHASE_MAIL:
        return step_mail(job);
    case PHASE_BATCH:
        return step_batch(job);
    case PHASE_PEEK:
        return step_peek(job);
    case PHASE_NAMES:
        return step_names(job);
    case PHASE_OVER:
        return false;
    }
    return false;
}

void dumpjob_step(struct dumpjob *job, int64_t budget_ns)
{
    int64_t now_ns = clock_mono_ns();
    int64_t end_ns = now_ns + budget_ns;

    while (job->phase != PHASE_OVER && now_ns < end_ns) {
        bool moved = step(job);

        if (!moved && !symbols_step(job->symbols))
            break;
        now_ns = clock_mono_ns();
    }
    if (job->phase != PHASE_OVER && now_ns - job->start_ns > JOB_WITHIN_NS)
        fail(job, "the dump took too long and was given up");
}

int dumpjob_fd(const struct dumpjob *job)
{
    return job->phase == PHASE_OVER ? -1 : symbols_fd(job->symbols);
}

int64_t dumpjob_wake_ns(const struct dumpjob *job)
{
    switch (job->phase) {
    case PHASE_MAIL:
        return mail_wake_ns(job->mail);
    case PHASE_BATCH:
    case PHASE_PEEK:
        return job->has_task ? symbols_wake_ns(job->symbols) : 0;
    case PHASE_NAMES:
        return symbols_wake_ns(job->symbols);
    case PHASE_OVER:
        return INT64_MAX;
    }
    return INT64_MAX;
}

const struct dump_status *dumpjob_status(const struct dumpjob *job)
{
    return &job->status;
}

struct dump *dumpjob_take(struct dumpjob *job)
{
    struct dump *dump = job->status.stage == DUMP_STAGE_DONE ? job->dump : NULL;

    if (dump != NULL)
        job->dump = NULL;
    return dump;
}
