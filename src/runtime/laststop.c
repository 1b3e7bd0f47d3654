/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/laststop.h"

#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "runtime/proc.h"
#include "runtime/san.h"
#include "runtime/unwind.h"

#define WALKED_FRAMES (LASTSTOP_FRAMES + (size_t)16) /* with those that the runtime has inside */

_Static_assert(sizeof((struct task){0}.name) == sizeof((struct last_stop){0}.name),
               "names are copied as they are");

/* Registers of W's task where it stopped; false if they are not known. */
static bool find_regs(const struct worker *w, struct unwind_regs *regs)
{
    if (w->stop_frame == NULL)
        unwind_regs_parked(regs, (uintptr_t)w->current->sp);
    else if (w->stop_context != NULL)
        unwind_regs_signal(regs, w->stop_context);
    else
        return false;
    return true;
}

/* Not memcpy, which sanitizers intercept: the stack is another's. */
NO_SANITIZE_READS static void copy_words(uint64_t *to, uintptr_t from, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof *to; i++)
        to[i] = ((const volatile uint64_t *)from)[i];
}

static void take_stack(struct last_stop *l, const struct worker *w)
{
    const struct task *t = w->current;
    uintptr_t hi = (uintptr_t)stack_hi(t->stack);
    uintptr_t lo = 0;

    if (t->stack.lo == NULL || !find_regs(w, &l->regs))
        return;
    lo = align_down(l->regs.reg[UNWIND_SP], sizeof l->stack[0]);
    if (lo < (uintptr_t)stack_lo(t->stack) || lo >= hi)
        return;
    l->stack_lo = lo;
    l->stack_bytes = min_size(hi - lo, sizeof l->stack);
    copy_words(l->stack, lo, l->stack_bytes);
}

/* Whether W waits for the world, with the task that it arrived with. One that arrived in the moment
 * between two stops may be elsewhere by now. */
static bool is_held(const struct worker *w, uint64_t task)
{
    /* Acquire: pairs with the store of who became quiet; see world.c. */
    return atomic_load_explicit(&w->mode, memory_order_acquire) == WORKER_STOPPED &&
           w->current != NULL && w->current->id == task;
}

static void take_held(struct last_stop *l, const struct worker *w)
{
    memcpy(l->name, w->current->name, sizeof l->name);
    if (w->stop_frame != NULL) {
        l->how = STOPPED_BY_SIGNAL;
    } else {
        l->how = STOPPED_IN_RUNTIME;
        l->leave_pc = w->stop_pc;
    }
    take_stack(l, w);
}

void laststop_take(struct last_stop *l, const struct worker *w)
{
    l->task = 0;
    l->how = STOPPED_UNKNOWN;
    memset(l->name, 0, sizeof l->name);
    l->leave_pc = 0;
    l->stack_lo = 0;
    if (w == NULL)
        return;
    l->task = atomic_load_explicit(&w->arrival_task, memory_order_relaxed);
    if (atomic_load_explicit(&w->arrival_goes_on, memory_order_relaxed) != 0)
        l->how = STOPPED_BY_BLOCKING;
    else if (is_held(w, l->task))
        take_held(l, w);
}

/* How many of the N frames of PC the runtime has inside of the call that returns to PROGRAM; N:
 * that one is not among them. */
static size_t count_own(const uintptr_t *pc, size_t n, uintptr_t program)
{
    size_t i = 0;

    while (i < n && pc[i] != program)
        i++;
    return i;
}

size_t laststop_walk(const struct last_stop *l, uint64_t pcs[LASTSTOP_FRAMES])
{
    uintptr_t pc[WALKED_FRAMES];
    size_t n = 0;
    size_t own = 0;

    if (l->stack_lo != 0)
        n = unwind_copy(&l->regs, l->stack_lo, l->stack, l->stack_bytes, pc, WALKED_FRAMES);
    if (l->leave_pc != 0)
        own = count_own(pc, n, l->leave_pc);
    if (l->leave_pc != 0 && own == n) {
        pcs[0] = l->leave_pc;
        return 1;
    }
    n = min_size(n - own, LASTSTOP_FRAMES);
    for (size_t i = 0; i < n; i++)
        pcs[i] = pc[own + i];
    return n;
}
