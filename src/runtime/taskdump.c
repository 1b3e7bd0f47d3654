/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/taskdump.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort/task.h"
#include "runtime/blocker.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
#include "runtime/san.h"
#include "runtime/tasktab.h"
#include "runtime/traceback.h"
#include "runtime/unwind.h"

#define FRAMES_MAX 100u

/* ---- A place to write to: a descriptor or a buffer ---- */

struct sink {
    int fd; /* -1: the buffer */
    char *at;
    char *end;
};

static void sink_write(struct sink *s, const char *text, size_t n)
{
    if (s->fd >= 0) {
        while (n > 0) {
            ssize_t done = write(s->fd, text, n);

            if (done <= 0)
                return;
            text += done;
            n -= (size_t)done;
        }
        return;
    }
    if (n > (size_t)(s->end - s->at))
        n = (size_t)(s->end - s->at);
    memcpy(s->at, text, n);
    s->at += n;
}

static void sink_format(struct sink *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void sink_format(struct sink *s, const char *format, ...)
{
    char line[256];
    va_list ap;

    va_start(ap, format);
    sink_write(s, line, fatal_format(line, sizeof line, format, ap));
    va_end(ap);
}

static void sink_frames(struct sink *s, const uintptr_t *pcs, size_t n)
{
    char line[512];

    for (size_t i = 0; i < n; i++)
        sink_write(s, line, traceback_format(line, sizeof line, &pcs[i], 1));
    if (n == FRAMES_MAX)
        sink_write(s, "...additional frames elided...\n", 31);
}

/* ---- One task ---- */

/* A task's record as it was for a moment: it may belong to another task by now. */
struct about {
    const struct task *task;
    enum task_state state;
    enum wait_reason reason;
    uint64_t id;
    uintptr_t spawn_pc;
    uintptr_t start_fn;
    bool has_stack;
    bool leaked;
    struct blocker blocker;
    char name[sizeof((struct task *)NULL)->name];
};

/* Not memcpy: sanitizers look into that. */
NO_SANITIZE_READS static void look_at(struct about *a, const struct task *t)
{
    a->task = t;
    a->state = (enum task_state)atomic_load_explicit(&t->state, memory_order_relaxed);
    a->reason = t->reason;
    a->id = t->id;
    a->spawn_pc = t->spawn_pc;
    a->start_fn = (uintptr_t)t->fn;
    a->leaked = atomic_load_explicit(&t->leaked_ns, memory_order_relaxed) != 0;
    a->has_stack = t->stack.lo != NULL;
    a->blocker = (struct blocker){0};
    if (a->state == TASK_WAITING)
        blocker_look(&a->blocker, t);
    for (size_t i = 0; i < sizeof a->name; i++)
        a->name[i] = t->name[i];
    a->name[sizeof a->name - 1] = '\0';
}

static const char *state_text(const struct about *a)
{
    switch (a->state) {
    case TASK_DEAD:
        return "dead";
    case TASK_RUNNABLE:
        return "runnable";
    case TASK_RUNNING:
        return "running";
    case TASK_WAITING:
        return wait_reason_text(a->reason);
    case TASK_BLOCKING:
        return "blocking section";
    }
    return "?";
}

static void put_blocker(struct sink *s, const struct blocker *b)
{
    if (b->holder != 0)
        sink_format(s, ", held by task %llu", (unsigned long long)b->holder);
    if (b->holder != 0 && b->name[0] != '\0')
        sink_format(s, " \"%s\"", b->name);
    if (b->readers != 0)
        sink_format(s, ", held by %llu %s", (unsigned long long)b->readers,
                    b->readers == 1 ? "reader" : "readers");
}

static void put_head(struct sink *s, const struct about *a)
{
    sink_format(s, "\ntask %llu [%s%s", (unsigned long long)a->id, state_text(a),
                a->leaked ? " (leaked)" : "");
    put_blocker(s, &a->blocker);
    sink_format(s, "]:%s%s\n", a->name[0] != '\0' ? " " : "", a->name);
}

static void put_birth(struct sink *s, const struct about *a)
{
    sink_format(s, "created by\n");
    sink_frames(s, &a->spawn_pc, 1);
}

static void put_stack(struct sink *s, const struct unwind_regs *regs, const void *lo,
                      const void *hi)
{
    uintptr_t pcs[FRAMES_MAX];

    sink_frames(s, pcs, unwind_stack(regs, (uintptr_t)lo, (uintptr_t)hi, pcs, FRAMES_MAX));
}

static void put_self(struct sink *s, const struct unwind_regs *regs)
{
    struct worker *w = worker_self();
    struct task *t = w != NULL ? w->current : NULL;
    struct about a;

    if (t == NULL || t->stack.lo == NULL)
        return;
    look_at(&a, t);
    put_head(s, &a);
    put_stack(s, regs, stack_lo(t->stack), stack_hi(t->stack));
    put_birth(s, &a);
}

static void put_other(struct sink *s, const struct about *a)
{
    struct unwind_regs regs;
    uintptr_t sp, hi;

    put_head(s, a);
    if (!a->has_stack) {
        sink_frames(s, (const uintptr_t[]){a->start_fn + 1}, 1);
    } else if (tasktab_stack_of(a->task->slot, a->id, &sp, &hi)) {
        unwind_regs_parked(&regs, sp);
        put_stack(s, &regs, (const void *)sp, (const void *)hi);
    } else {
        sink_format(s, "\t(stack not shown: it runs on another thread)\n");
    }
    put_birth(s, a);
}

static void put_others(struct sink *s)
{
    const struct worker *w = worker_self();
    size_t n = tasks_used();

    for (size_t i = 0; i < n; i++) {
        struct about a;

        look_at(&a, task_at(i));
        if (a.id != 0 && a.state != TASK_DEAD && (w == NULL || a.task != w->current))
            put_other(s, &a);
    }
}

/* ---- Public ---- */

void taskdump_print_self(int fd)
{
    struct unwind_regs regs;

    unwind_regs_here(&regs);
    put_self(&(struct sink){.fd = fd}, &regs);
}

void taskdump_print_others(int fd)
{
    put_others(&(struct sink){.fd = fd});
}

void taskdump_print_end(int fd)
{
    sink_write(&(struct sink){.fd = fd}, "\n", 1);
    traceback_print_modules(fd);
}

void taskdump_print_signal(int fd, const ucontext_t *context)
{
    struct unwind_regs regs;

    unwind_regs_signal(&regs, context);
    put_self(&(struct sink){.fd = fd}, &regs);
}

size_t gort_stack(char *buf, size_t bytes, int all)
{
    struct unwind_regs regs;
    struct sink s = {.fd = -1, .at = buf, .end = buf + bytes - 1};

    if (bytes == 0)
        return 0;
    unwind_init();
    unwind_regs_here(&regs);
    put_self(&s, &regs);
    if (all != 0)
        put_others(&s);
    *s.at = '\0';
    return (size_t)(s.at - buf);
}
