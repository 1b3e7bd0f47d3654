/* SPDX-License-Identifier: MIT */
/* stages.c - gort/pattern.h: pipelines, fan-in and fan-out.
 * A stage is some tasks of a group that receive from one channel and send to another; the last to
 * return closes that. Every wait is also one for the group's context, so the first failure ends
 * them all. An ordered stage numbers its input. Number i may send once it has got the token of gate
 * i, which i
 * - 1 passes on when its function has returned: so the functions run side by side up to their first
 * output. There are no more numbers under way than workers, so as many gates are enough.
 * Threads: tasks, no lock held. Source: golang.org/x/sync/errgroup, whose example is a pipeline. */
#include "config.h"

#include "gort/mem.h"
#include "gort/pattern.h"
#include "gort/select.h"
#include "gort/task.h"
#include "runtime/chan.h"
#include "runtime/group.h"
#include "runtime/pattern.h"

#define SPLIT_MAX 65535u

/* A stage that runs. */
struct running {
    gort_stage stage;  /* [const] */
    gort_ctx *ctx;     /* of the group; [const] */
    gort_chan *in;     /* NULL: a source; [const] */
    gort_chan *out;    /* NULL: a sink; [const] */
    _Atomic(int) left; /* tasks that have not returned; [atomic] */
    gort_mutex taking; /* of an ordered stage: around a receive and its number */
    uint64_t next;     /* number of the next input; [lock:taking] */
    gort_chan **gates; /* of an ordered stage: one for each worker; [const] */
};

/* One call of the stage's function; lies on the stack of its task. */
struct gort_emitter {
    struct running *r;
    uint64_t number; /* of the input, in an ordered stage */
    bool has_turn;   /* the token of this number */
};

/* ---- order ---------------------------------------------------------------------------------- */

static gort_chan *gate_of(const struct running *r, uint64_t number)
{
    return r->gates[number % (uint64_t)r->stage.workers];
}

static int wait_for_turn(gort_emitter *e)
{
    int err;

    if (e->r->gates == NULL || e->has_turn)
        return 0;
    err = gort_recv_ctx(gate_of(e->r, e->number), NULL, e->r->ctx);
    e->has_turn = err == 1;
    return e->has_turn ? 0 : err;
}

static int pass_turn_on(gort_emitter *e)
{
    int err = wait_for_turn(e);

    /* There is room: each gate has one token at most. */
    if (err == 0 && e->r->gates != NULL)
        gort_send(gate_of(e->r, e->number + 1), NULL);
    return err;
}

static void make_gates(struct running *r)
{
    r->gates = gort_make(gort_chan *, (size_t)r->stage.workers);
    for (int i = 0; i < r->stage.workers; i++)
        r->gates[i] = gort_chan_new(0, 1);
    gort_send(r->gates[0], NULL);
}

/* As gort_recv_ctx; the number of what was received goes to *NUMBER. */
static int take(struct running *r, void *in, uint64_t *number)
{
    int got;

    if (r->gates == NULL)
        return gort_recv_ctx(r->in, in, r->ctx);
    gort_mutex_lock(&r->taking);
    got = gort_recv_ctx(r->in, in, r->ctx);
    if (got == 1)
        *number = r->next++;
    gort_mutex_unlock(&r->taking);
    return got;
}

/* ---- a stage's tasks ------------------------------------------------------------------------ */

/* 0 at the end of the input, or an error. */
static int work(struct running *r)
{
    void *in = gort_alloc(r->in->elem_bytes);
    int err = 0;

    while (err == 0) {
        gort_emitter e = {.r = r};
        int got = take(r, in, &e.number);

        if (got <= 0)
            return got;
        err = r->stage.run(&e, in, r->stage.arg);
        if (err == 0)
            err = pass_turn_on(&e);
    }
    return err;
}

static int produce(struct running *r)
{
    gort_emitter e = {.r = r};

    return r->stage.run(&e, NULL, r->stage.arg);
}

/* The end of one task of R. */
static int leave(struct running *r, int err)
{
    /* Before the output is closed, so that its end is not taken for the end of a whole. */
    if (err != 0)
        gort_ctx_cancel(r->ctx, err);
    /* Acquire and release: the last one closes after all have sent. */
    if (atomic_fetch_sub_explicit(&r->left, 1, memory_order_acq_rel) == 1 && r->out != NULL)
        gort_close(r->out);
    return err != 0 ? gort_ctx_cause(r->ctx) : 0;
}

static int run_stage(void *arg)
{
    struct running *r = arg;

    return leave(r, r->in != NULL ? work(r) : produce(r));
}

int gort_emit(gort_emitter *to, const void *value)
{
    int err;

    if (to->r->out == NULL)
        pattern_misuse("gort_emit", "a sink has no output");
    err = wait_for_turn(to);
    return err != 0 ? err : gort_send_ctx(to->r->out, value, to->r->ctx);
}

gort_ctx *gort_emitter_ctx(const gort_emitter *to)
{
    return to->r->ctx;
}

/* ---- starting ------------------------------------------------------------------------------- */

static void check_group(const gort_group *g, const char *what)
{
    if (g->gort_ctx == NULL)
        pattern_misuse(what, "the group has no context");
    if (g->gort_limited)
        pattern_misuse(what, "the group has a limit");
}

static struct running *running_new(gort_group *g, const gort_stage *stage, const char *what)
{
    struct running *r;

    check_group(g, what);
    if (stage->run == NULL)
        pattern_misuse(what, "no function");
    if (stage->workers < 0)
        pattern_misuse(what, "a negative number of workers");
    r = gort_new(struct running);
    r->stage = *stage;
    r->ctx = g->gort_ctx;
    if (r->stage.workers == 0)
        r->stage.workers = 1;
    return r;
}

static void start(gort_group *g, struct running *r, uintptr_t pc)
{
    if (r->stage.ordered && r->stage.workers > 1)
        make_gates(r);
    atomic_store_explicit(&r->left, r->stage.workers, memory_order_relaxed);
    for (int i = 0; i < r->stage.workers; i++)
        group_go(g, r->stage.name, run_stage, r, pc);
}

gort_chan *gort_source_go(gort_group *g, const gort_stage *stage)
{
    struct running *r = running_new(g, stage, "gort_source_go");

    r->stage.workers = 1;
    r->out = gort_chan_new(stage->out_bytes, stage->buffer);
    start(g, r, (uintptr_t)__builtin_return_address(0));
    return r->out;
}

gort_chan *gort_stage_go(gort_group *g, gort_chan *in, const gort_stage *stage)
{
    struct running *r = running_new(g, stage, "gort_stage_go");

    if (in == NULL)
        pattern_misuse("gort_stage_go", "no input");
    r->in = in;
    r->out = gort_chan_new(stage->out_bytes, stage->buffer);
    start(g, r, (uintptr_t)__builtin_return_address(0));
    return r->out;
}

void gort_sink_go(gort_group *g, gort_chan *in, const gort_stage *stage)
{
    struct running *r = running_new(g, stage, "gort_sink_go");

    if (in == NULL)
        pattern_misuse("gort_sink_go", "no input");
    r->in = in;
    start(g, r, (uintptr_t)__builtin_return_address(0));
}

/* ---- fan-in --------------------------------------------------------------------------------- */

struct inlet {
    struct running *r;
    gort_chan *in;
};

static int run_inlet(void *arg)
{
    const struct inlet *inlet = arg;
    struct running *r = inlet->r;
    void *value = gort_alloc(inlet->in->elem_bytes);
    int err;

    while ((err = gort_recv_ctx(inlet->in, value, r->ctx)) == 1)
        if ((err = gort_send_ctx(r->out, value, r->ctx)) != 0)
            break;
    return leave(r, err);
}

gort_chan *gort_merge_go(gort_group *g, gort_chan *const *ins, size_t n, size_t buffer)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct running *r;

    check_group(g, "gort_merge_go");
    if (n == 0 || n > INT32_MAX)
        pattern_misuse("gort_merge_go", "no channels, or too many");
    for (size_t i = 0; i < n; i++)
        if (ins[i] == NULL || ins[i]->elem_bytes != ins[0]->elem_bytes)
            pattern_misuse("gort_merge_go", "channels of different elements, or NULL");
    r = gort_new(struct running);
    r->ctx = g->gort_ctx;
    r->out = gort_chan_new(ins[0]->elem_bytes, buffer);
    atomic_store_explicit(&r->left, (int)n, memory_order_relaxed);
    for (size_t i = 0; i < n; i++) {
        struct inlet *inlet = gort_new(struct inlet);

        *inlet = (struct inlet){r, ins[i]};
        group_go(g, "merge", run_inlet, inlet, pc);
    }
    return r->out;
}

/* ---- fan-out -------------------------------------------------------------------------------- */

struct outlets {
    gort_ctx *ctx;
    gort_chan *in;
    size_t n;
    enum gort_split how;
    void *value;
    gort_chan **out;
    gort_case *cases; /* a send for each, and the end of the context */
};

/* Sends the value to those whose case has a channel, until one has it, or all have. */
static int send_to_outlets(struct outlets *o)
{
    size_t left = o->how == GORT_SPLIT_ALL ? o->n : 1;

    for (size_t i = 0; i < o->n; i++)
        o->cases[i].c = o->out[i];
    for (; left > 0; left--) {
        size_t at = (size_t)gort_select(o->cases, o->n + 1);

        if (at == o->n)
            return gort_ctx_err(o->ctx);
        o->cases[at].c = NULL;
    }
    return 0;
}

static int run_split(void *arg)
{
    struct outlets *o = arg;
    int err;

    while ((err = gort_recv_ctx(o->in, o->value, o->ctx)) == 1)
        if ((err = send_to_outlets(o)) != 0)
            break;
    for (size_t i = 0; i < o->n; i++)
        gort_close(o->out[i]);
    return err != 0 ? gort_ctx_cause(o->ctx) : 0;
}

void gort_split_go(gort_group *g, gort_chan *in, gort_chan **outs, size_t n, enum gort_split how,
                   size_t buffer)
{
    struct outlets *o;

    check_group(g, "gort_split_go");
    if (in == NULL || n == 0 || n > SPLIT_MAX)
        pattern_misuse("gort_split_go", "no input, no outputs, or too many");
    o = gort_new(struct outlets);
    *o = (struct outlets){.ctx = g->gort_ctx, .in = in, .n = n, .how = how};
    o->value = gort_alloc(in->elem_bytes);
    o->out = gort_make(gort_chan *, n);
    o->cases = gort_make(gort_case, n + 1);
    for (size_t i = 0; i < n; i++) {
        outs[i] = o->out[i] = gort_chan_new(in->elem_bytes, buffer);
        o->cases[i] = (gort_case)GORT_SEND(o->out[i], o->value);
    }
    o->cases[n] = (gort_case)GORT_RECV(gort_ctx_done(o->ctx), NULL);
    group_go(g, "split", run_split, o, (uintptr_t)__builtin_return_address(0));
}
