/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/taskdump.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort/task.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
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

static const char *state_text(const struct task *t)
{
    switch ((enum task_state)atomic_load_explicit(&t->state, memory_order_relaxed)) {
    case TASK_DEAD:
        return "dead";
    case TASK_RUNNABLE:
        return "runnable";
    case TASK_RUNNING:
        return "running";
    case TASK_WAITING:
        return wait_reason_text(t->reason);
    case TASK_BLOCKING:
        return "blocking section";
    }
    return "?";
}

static void put_head(struct sink *s, const struct task *t)
{
    sink_format(s, "\ntask %llu [%s]:%s%s\n", (unsigned long long)t->id, state_text(t),
                t->name[0] != '\0' ? " " : "", t->name);
}

static void put_birth(struct sink *s, const struct task *t)
{
    sink_write(s, "created by\n", 11);
    sink_frames(s, &t->spawn_pc, 1);
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

    if (t != NULL && t->stack.lo != NULL) {
        put_head(s, t);
        put_stack(s, regs, stack_lo(t->stack), stack_hi(t->stack));
        put_birth(s, t);
    }
}

NO_SANITIZE_READS static void put_other(struct sink *s, const struct task *t)
{
    struct unwind_regs regs;
    uintptr_t sp, hi;

    put_head(s, t);
    if (t->stack.lo == NULL)
        sink_frames(s, (const uintptr_t[]){(uintptr_t)t->fn + 1}, 1);
    else if (!tasktab_parked(t, &sp, &hi))
        sink_format(s, "\t(stack not shown: it runs on another thread)\n");
    else {
        unwind_regs_parked(&regs, sp);
        put_stack(s, &regs, (const void *)sp, (const void *)hi);
    }
    put_birth(s, t);
}

static void put_others(struct sink *s)
{
    const struct worker *w = worker_self();
    size_t n = tasks_used();

    for (size_t i = 0; i < n; i++) {
        const struct task *t = task_at(i);

        if (t->id != 0 && atomic_load_explicit(&t->state, memory_order_relaxed) != TASK_DEAD &&
            (w == NULL || t != w->current))
            put_other(s, t);
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
