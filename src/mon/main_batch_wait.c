/* SPDX-License-Identifier: MIT */
/* main_batch_wait.c - output without a screen, as long as there is nothing to write: of a target
 * that is not there yet, and of one that ended and has no successor yet. It reads a clock. */
#include "config.h"

#include <stdio.h>

#include "base/clock.h"
#include "mon/fail.h"
#include "mon/follow.h"
#include "mon/main_batch_parts.h"

static struct monitor_options how_to_watch(const struct batches *all, const struct options *o)
{
    struct monitor_options how = monitor_options_of(o, MONITOR_RECORDS_NOTHING);

    how.sparing = all->out.several;
    how.taken = &all->taken;
    return how;
}

static void note_taken(struct batches *all)
{
    all->taken.n = 0;
    for (unsigned i = 0; i < all->n; i++) {
        const struct batch *b = all->one[i];

        if (!b->is_over && !b->waits && b->monitor != NULL)
            all->taken.pid[all->taken.n++] = monitor_model(b->monitor)->target.pid;
    }
}

static void take(struct batches *all, struct batch *b, struct monitor *monitor)
{
    pid_t pid = monitor_model(monitor)->target.pid;

    symbols_free(b->symbols);
    monitor_free(b->monitor);
    b->monitor = monitor;
    b->symbols = symbols_new(pid, b->options->debuginfod ? SYMBOL_DOWNLOAD : SYMBOL_LOCAL);
    b->waits = false;
    note_taken(all);
}

enum exit_status batch_open(struct batches *all, struct batch *b, const struct target *target,
                            struct monitor_failure *failure)
{
    struct monitor_options how = how_to_watch(all, b->options);
    struct monitor *monitor = monitor_new(target, &how, failure);

    if (monitor == NULL)
        return failure->status;
    take(all, b, monitor);
    return EXIT_OK;
}

/* ---- what is not there yet ---- */

/* The right to read a process does not come by waiting for it. */
static bool may_come(const struct batch *b, enum exit_status status)
{
    const struct options *o = b->options;
    enum fleet_wait wait = fleetwait_for(&b->wait, o, status);

    return (o->wait || o->follow) && wait != FLEET_WAITS_NOT && wait != FLEET_WAITS_RIGHT;
}

bool batch_await(struct batch *b, enum exit_status status, const char *why)
{
    b->waits = may_come(b, status);
    b->is_over = !b->waits;
    if (b->waits)
        fprintf(stderr, "gomon: %s; waiting for it\n", why);
    return b->waits;
}

static bool is_meant(const struct batches *all, const struct batch *b, const struct target *t)
{
    return fleetwait_is_of(&b->wait, t->start_ticks) && !pidlist_has(&all->taken, t->pid);
}

/* What has the pid of a process that ended is not what was waited for; nor is what another watches,
 * but the next of that name may be. */
static void look_for(struct batches *all, struct batch *b)
{
    struct several_one one = {.word = b->word};
    struct monitor_failure failure;
    int64_t now_ns = clock_mono_ns();

    if (!fleetwait_is_due(&b->wait, now_ns))
        return;
    fleetwait_tried(&b->wait, now_ns);
    several_find_one(b->options, &all->list, &one);
    failure.status = one.status;
    snprintf(failure.text, sizeof failure.text, "%s", one.error);
    if (one.status == EXIT_OK && !is_meant(all, b, &one.target)) {
        failure.status = EXIT_NO_TARGET;
        snprintf(failure.text, sizeof failure.text, "process %d ended before it could be watched",
                 (int)one.pid);
    } else if (one.status == EXIT_OK) {
        batch_open(all, b, &one.target, &failure);
    }
    if (!b->waits || may_come(b, failure.status))
        return;
    b->waits = false;
    b->is_over = true;
    batch_note(all, fail(failure.status, "%s", failure.text));
}

/* ---- what comes after one that ended ---- */

void batch_await_next(struct batch *b)
{
    const struct model *m = monitor_model(b->monitor);

    b->waits = true;
    fprintf(stderr, "gomon: process %d (%s): %s; waiting for the next\n", (int)m->target.pid,
            m->target.name, target_state_text(m->status.state));
}

/* One that another has taken since it was found is none. */
static void look_for_next(struct batches *all, struct batch *b)
{
    struct monitor_options how = how_to_watch(all, b->options);
    struct monitor *next = NULL;
    pid_t pid;

    monitor_tick(b->monitor, clock_mono_ns(), clock_real_ns());
    if (!pidlist_has(&all->taken, monitor_model(b->monitor)->status.successor))
        next = follow_next(b->monitor, &how, &pid);
    if (next != NULL)
        take(all, b, next);
}

bool batch_any_came(struct batches *all)
{
    bool any = false;

    note_taken(all);
    for (unsigned i = 0; i < all->n; i++) {
        struct batch *b = all->one[i];

        if (!b->waits)
            continue;
        if (b->monitor == NULL)
            look_for(all, b);
        else
            look_for_next(all, b);
        any = any || !b->waits;
    }
    return any;
}
