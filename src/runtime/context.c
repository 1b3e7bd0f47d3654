/* SPDX-License-Identifier: MIT */
/* context.c - gort/context.h: trees of what is cancelled together.
 * Only what can be cancelled on its own, a context or a function that waits for one, is a node of a
 * tree; contexts with values refer to the nearest node above. A tree has one lock, in its topmost
 * node, so that cancelling reaches all nodes in one step, and nobody finds a parent cancelled and
 * can add a child that is not. A node is on its parent's list until it is cancelled. Deadlines are
 * timers, armed with the lock held; one that fires too late finds its node cancelled.
 * Threads: tasks; deadlines also on workers. Source: Go's context.go. */
#include "config.h"

#include "gort/context.h"

#include <stdatomic.h>

#include "base/list.h"
#include "gort/time.h"
#include "runtime/alloc.h"
#include "runtime/chanlook.h"
#include "runtime/fatal.h"
#include "runtime/replay.h"
#include "runtime/sched.h"
#include "runtime/timer.h"

struct node {
    struct lock lock;      /* of the tree; only that of the topmost node is used */
    struct node *top;      /* [const] */
    struct list link;      /* on the list of the node above; [lock:top] */
    struct list children;  /* [lock:top] */
    _Atomic(int) err;      /* not 0: cancelled; written under the lock; [atomic] */
    int cause;             /* [lock:top]; [const] once err is set */
    gort_chan *done;       /* NULL: a function; [const] */
    struct timer timer;    /* armed under the lock, once */
    int late_cause;        /* the cause when the timer fires; [const] */
    void (*fn)(void *arg); /* to be run in a task when cancelled, or NULL; [const] */
    void *arg;             /* [const] */
    uintptr_t pc;          /* whose caller made it; [const] */
};

struct gort_ctx {      /* all [const] */
    gort_ctx *parent;  /* NULL: the background */
    struct node *node; /* the nearest above, or its own; NULL: it is never cancelled */
    int64_t deadline_ns;
    const void *key; /* NULL: no value here */
    void *value;
};

struct cancel_ctx {
    gort_ctx ctx;
    struct node node;
};

struct gort_ctx_func {
    struct node node;
};

static gort_ctx background = {.deadline_ns = GORT_FOREVER};
static gort_ctx todo = {.deadline_ns = GORT_FOREVER};

/* ---- trees ---------------------------------------------------------------------------------- */

static struct node *node_of_link(struct list *link)
{
    return container_of(link, struct node, link);
}

/* An idle node below ABOVE, or the top of a tree if that is NULL; not yet on a list. */
static void node_init(struct node *n, const struct node *above, uintptr_t pc)
{
    lock_init(&n->lock, RANK_CONTEXT);
    n->top = above != NULL ? above->top : n;
    list_init(&n->link);
    list_init(&n->children);
    n->timer.place = TIMER_KEEPS;
    n->pc = pc;
}

static int node_err(const struct node *n)
{
    /* Acquire: pairs with the release in cancel_locked; the cause is there too. */
    return atomic_load_explicit(&n->err, memory_order_acquire);
}

/* Cancels N and all below it, which go onto the empty list CANCELLED for follow_up. Level by level,
 * because a tree may be deeper than a stack: the list grows while it is gone through. */
static void cancel_locked(struct node *n, int err, int cause, struct list *cancelled)
{
    list_remove(&n->link);
    list_push_back(cancelled, &n->link);
    LIST_FOR_EACH(link, cancelled)
    {
        struct list *child;

        n = node_of_link(link);
        DCHECK(lock_is_held(&n->top->lock) && node_err(n) == GORT_OK);
        n->cause = cause;
        atomic_store_explicit(&n->err, err, memory_order_release);
        if (n->done != NULL)
            chan_close(n->done);
        while ((child = list_pop_front(&n->children)) != NULL)
            list_push_back(cancelled, child);
    }
}

/* What cancelling brings with it, without the lock. */
static void follow_up(struct list *cancelled)
{
    struct list *link;

    while ((link = list_pop_front(cancelled)) != NULL) {
        struct node *n = node_of_link(link);

        timer_disarm(&n->timer);
        if (n->fn != NULL)
            sched_spawn(n->fn, n->arg, NULL, 0, n->pc);
    }
}

static void cancel(struct node *n, int err, int cause)
{
    struct list cancelled;

    list_init(&cancelled);
    lock_take(&n->top->lock);
    if (node_err(n) == GORT_OK)
        cancel_locked(n, err, cause, &cancelled);
    lock_release(&n->top->lock);
    follow_up(&cancelled);
}

/* The function of a deadline. */
static void expire(void *arg)
{
    struct node *n = arg;

    cancel(n, GORT_ETIMEDOUT, n->late_cause);
}

/* Puts N below ABOVE, which may be NULL, with a deadline of its own unless GORT_FOREVER; or cancels
 * it if that is due. */
static void attach(struct node *n, struct node *above, int64_t deadline_ns)
{
    struct list cancelled;

    list_init(&cancelled);
    lock_take(&n->top->lock);
    if (above != NULL && node_err(above) != GORT_OK) {
        cancel_locked(n, node_err(above), above->cause, &cancelled);
    } else if (deadline_ns <= sched_now_ns()) {
        cancel_locked(n, GORT_ETIMEDOUT, n->late_cause, &cancelled);
    } else {
        if (above != NULL)
            list_push_back(&above->children, &n->link);
        if (deadline_ns != GORT_FOREVER)
            timer_arm(&n->timer, deadline_ns, expire, n);
    }
    lock_release(&n->top->lock);
    follow_up(&cancelled);
}

/* ---- making --------------------------------------------------------------------------------- */

static void check_parent(const gort_ctx *parent, const char *what)
{
    if (parent == NULL)
        gort_fatal("%s: no parent", what);
}

/* When a deadline cancels, and what is then its cause. */
struct limit {
    int64_t deadline_ns;
    int cause; /* 0: the error itself */
};

static gort_ctx *new_cancel_ctx(gort_ctx *parent, struct limit limit, uintptr_t pc)
{
    struct cancel_ctx *c = heap_alloc(sizeof *c, ALLOC_SCAN, pc);
    bool earlier = limit.deadline_ns < parent->deadline_ns;

    c->ctx = (gort_ctx){.parent = parent,
                        .node = &c->node,
                        .deadline_ns = earlier ? limit.deadline_ns : parent->deadline_ns};
    node_init(&c->node, parent->node, pc);
    c->node.done = chan_new(0, 0, pc);
    c->node.late_cause = limit.cause != 0 ? limit.cause : GORT_ETIMEDOUT;
    attach(&c->node, parent->node, earlier ? limit.deadline_ns : GORT_FOREVER);
    return &c->ctx;
}

gort_ctx *gort_ctx_background(void)
{
    return &background;
}

gort_ctx *gort_ctx_todo(void)
{
    return &todo;
}

/* WHAT is the public function, PC its caller. */
static gort_ctx *with_limit(const char *what, gort_ctx *parent, struct limit limit, uintptr_t pc)
{
    gort_ctx *ctx;

    rt_enter(what);
    check_parent(parent, what);
    ctx = new_cancel_ctx(parent, limit, pc);
    rt_leave_to(worker_self(), pc);
    return ctx;
}

gort_ctx *gort_ctx_with_cancel(gort_ctx *parent)
{
    return with_limit("gort_ctx_with_cancel", parent, (struct limit){GORT_FOREVER, 0},
                      (uintptr_t)__builtin_return_address(0));
}

gort_ctx *gort_ctx_with_deadline(gort_ctx *parent, int64_t deadline_ns)
{
    return with_limit("gort_ctx_with_deadline", parent, (struct limit){deadline_ns, 0},
                      (uintptr_t)__builtin_return_address(0));
}

gort_ctx *gort_ctx_with_deadline_cause(gort_ctx *parent, int64_t deadline_ns, int cause)
{
    return with_limit("gort_ctx_with_deadline_cause", parent, (struct limit){deadline_ns, cause},
                      (uintptr_t)__builtin_return_address(0));
}

gort_ctx *gort_ctx_with_timeout(gort_ctx *parent, int64_t duration_ns)
{
    return with_limit("gort_ctx_with_timeout", parent, (struct limit){gort_in(duration_ns), 0},
                      (uintptr_t)__builtin_return_address(0));
}

gort_ctx *gort_ctx_with_timeout_cause(gort_ctx *parent, int64_t duration_ns, int cause)
{
    return with_limit("gort_ctx_with_timeout_cause", parent,
                      (struct limit){gort_in(duration_ns), cause},
                      (uintptr_t)__builtin_return_address(0));
}

gort_ctx *gort_ctx_with_value(gort_ctx *parent, const void *key, void *value)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    gort_ctx *ctx;

    rt_enter("gort_ctx_with_value");
    check_parent(parent, "gort_ctx_with_value");
    if (key == NULL)
        gort_fatal("gort_ctx_with_value: no key");
    ctx = heap_alloc(sizeof *ctx, ALLOC_SCAN, pc);
    *ctx = (gort_ctx){.parent = parent,
                      .node = parent->node,
                      .deadline_ns = parent->deadline_ns,
                      .key = key,
                      .value = value};
    rt_leave(worker_self());
    return ctx;
}

gort_ctx *gort_ctx_without_cancel(gort_ctx *parent)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    gort_ctx *ctx;

    rt_enter("gort_ctx_without_cancel");
    check_parent(parent, "gort_ctx_without_cancel");
    ctx = heap_alloc(sizeof *ctx, ALLOC_SCAN, pc);
    *ctx = (gort_ctx){.parent = parent, .deadline_ns = GORT_FOREVER};
    rt_leave(worker_self());
    return ctx;
}

/* ---- cancelling and asking ------------------------------------------------------------------ */

static bool has_own_node(const gort_ctx *ctx)
{
    return ctx->node != NULL && &container_of(ctx->node, struct cancel_ctx, node)->ctx == ctx;
}

void gort_ctx_cancel(gort_ctx *ctx, int cause)
{
    rt_enter("gort_ctx_cancel");
    if (!has_own_node(ctx))
        gort_fatal("gort_ctx_cancel: the context is not one to be cancelled");
    cancel(ctx->node, GORT_ECANCELED, cause != 0 ? cause : GORT_ECANCELED);
    rt_leave(worker_self());
}

gort_chan *gort_ctx_done(const gort_ctx *ctx)
{
    return ctx->node == NULL ? NULL : ctx->node->done;
}

/* Waits until the cancelling that is under way in N's tree is over. */
static void let_cancel_finish(struct node *n)
{
    struct worker *w = rt_enter("gort_ctx_err");

    lock_take(&n->top->lock);
    lock_release(&n->top->lock);
    rt_leave(w);
}

int gort_ctx_err(const gort_ctx *ctx)
{
    int err = ctx->node == NULL ? GORT_OK : node_err(ctx->node);

    if (err != GORT_OK && !chan_can_recv(ctx->node->done))
        let_cancel_finish(ctx->node);
    return err;
}

int gort_ctx_cause(const gort_ctx *ctx)
{
    return gort_ctx_err(ctx) == GORT_OK ? GORT_OK : ctx->node->cause;
}

int64_t gort_ctx_deadline(const gort_ctx *ctx)
{
    return ctx->deadline_ns;
}

void *gort_ctx_value(const gort_ctx *ctx, const void *key)
{
    for (; ctx != NULL; ctx = ctx->parent)
        if (key != NULL && ctx->key == key)
            return ctx->value;
    return NULL;
}

/* ---- functions ------------------------------------------------------------------------------ */

gort_ctx_func *gort_ctx_after_func(gort_ctx *ctx, void (*fn)(void *arg), void *arg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    gort_ctx_func *f;

    rt_enter("gort_ctx_after_func");
    check_parent(ctx, "gort_ctx_after_func");
    if (fn == NULL)
        gort_fatal("gort_ctx_after_func: no function");
    f = heap_alloc(sizeof *f, ALLOC_SCAN, pc);
    node_init(&f->node, ctx->node, pc);
    f->node.fn = fn;
    f->node.arg = arg;
    attach(&f->node, ctx->node, GORT_FOREVER);
    rt_leave(worker_self());
    return f;
}

int gort_ctx_func_stop(gort_ctx_func *f)
{
    struct node *n = &f->node;
    bool stopped;

    rt_enter("gort_ctx_func_stop");
    lock_take(&n->top->lock);
    stopped = node_err(n) == GORT_OK;
    if (stopped) {
        list_remove(&n->link);
        atomic_store_explicit(&n->err, GORT_ECANCELED, memory_order_relaxed);
    }
    lock_release(&n->top->lock);
    rt_leave(worker_self());
    return stopped;
}
