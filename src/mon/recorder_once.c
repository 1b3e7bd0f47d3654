/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/recorder_once.h"

#include "base/bits.h"
#include "mon/about.h"
#include "mon/dump.h"
#include "mon/dump_text.h"

#define STACKS_KEPT     1024
#define FRAMES_KEPT     DUMP_MAX_FRAMES
#define ALL_FRAMES_KEPT 16384
#define TASKS_KEPT      64 /* of one stack */
#define ALL_TASKS_KEPT  16384

struct writer {
    struct recfile *f;
    int64_t mono_ns;
    size_t nframes; /* written so far, of all stacks */
    size_t ntasks;
};

static bool write_frames(struct writer *w, int64_t rank, const struct dump_group *g)
{
    size_t n = min_size(min_size(g->nframes, FRAMES_KEPT), ALL_FRAMES_KEPT - w->nframes);
    bool good = true;

    for (size_t i = 0; i < n && good; i++) {
        const struct dump_frame *x = &g->frame[i];

        good = recfile_put(w->f, RECFILE_FRAMES, "iiiittitii", w->mono_ns, rank, (int64_t)i,
                           (int64_t)x->pc, x->function, x->file, (int64_t)x->line, x->module,
                           (int64_t)x->offset, (int64_t)x->inlined);
    }
    w->nframes += n;
    return good;
}

static bool write_task(struct writer *w, int64_t rank, size_t i, const struct dump_task *t)
{
    w->ntasks++;
    return recfile_put(w->f, RECFILE_STACK_TASKS, "iiiitiiii", w->mono_ns, rank, (int64_t)i,
                       (int64_t)t->id, t->name, (int64_t)t->since_ns, (int64_t)t->tid,
                       (int64_t)t->holder, (int64_t)t->readers);
}

/* The longest in their state, and who is shortest in it. */
static bool write_tasks(struct writer *w, int64_t rank, const struct dump_group *g)
{
    size_t listed = dump_listed(g);
    size_t n = min_size(min_size(listed, TASKS_KEPT), ALL_TASKS_KEPT - w->ntasks);
    bool good = true;

    for (size_t i = 0; i + 1 < n && good; i++)
        good = write_task(w, rank, i, &g->task[i]);
    if (n > 0 && good)
        good = write_task(w, rank, listed - 1, &g->task[listed - 1]);
    return good;
}

static bool write_holders(struct writer *w, int64_t rank, const struct dump_group *g)
{
    bool good = true;

    for (size_t i = 0; i < g->nholders && good; i++) {
        const struct dump_holder *h = &g->holder[i];
        int64_t in = h->group == DUMP_NO_GROUP ? -1 : (int64_t)h->group;

        good = recfile_put(w->f, RECFILE_HOLDERS, "iiiitiii", w->mono_ns, rank, (int64_t)i,
                           (int64_t)h->id, h->name, (int64_t)h->readers, in, (int64_t)h->nwaiters);
    }
    return good;
}

static bool write_stack(struct writer *w, int64_t rank, const struct dump_group *g)
{
    const struct dump_frame *at = &g->spawned_at;
    char state[DUMP_STATE_BYTES];

    return recfile_put(w->f, RECFILE_STACKS, "iiitiiiitiitttii", w->mono_ns, rank, (int64_t)g->key,
                       dump_state_text(g, state), (int64_t)g->state, (int64_t)g->reason,
                       (int64_t)g->leaked, (int64_t)g->moved, dump_end_text(g->end),
                       (int64_t)g->ntasks, (int64_t)at->pc, at->function, at->file, at->module,
                       (int64_t)at->line, (int64_t)g->nholders_more) &&
           write_frames(w, rank, g) && write_tasks(w, rank, g) && write_holders(w, rank, g);
}

static bool write_dump(struct recfile *f, const struct dump *d)
{
    struct writer w = {.f = f, .mono_ns = (int64_t)d->mono_ns};
    bool good = recfile_put(f, RECFILE_DUMPS, "iitiiiit", w.mono_ns, (int64_t)d->real_ns,
                            d->origin == DUMP_ASKED ? "asked" : "peeked", (int64_t)d->took_ns,
                            (int64_t)d->ntasks, (int64_t)d->nskipped, (int64_t)d->ngroups, d->note);

    for (size_t i = 0; i < d->ngroups && i < STACKS_KEPT && good; i++)
        good = write_stack(&w, (int64_t)i, &d->group[i]);
    return good;
}

bool recorder_once_write(struct recfile *f, const struct recorder_once *once)
{
    bool good = once->dump == NULL || write_dump(f, once->dump);

    for (unsigned i = 0; once->about != NULL && i < once->about->n && good; i++)
        good = recfile_put(f, RECFILE_TARGET, "itt", once->mono_ns, once->about->fact[i].name,
                           once->about->fact[i].value);
    return good;
}
