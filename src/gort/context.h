/* SPDX-License-Identifier: MIT */
/* context.h - contexts: what a piece of work and all that it starts have in common.
 * A context says when to give up, and why, and carries values of a request. Contexts form a tree:
 * each is made from a parent, and what cancels one cancels all below it. A function that may wait
 * takes one as its first argument and waits for gort_ctx_done beside whatever it waits for,
 * in a select or by a function whose name ends in _ctx (gort_send_ctx, gort_recv_ctx,
 * gort_sem_acquire_ctx, gort_sleep_ctx):
 *     gort_ctx *ctx = gort_ctx_with_timeout(parent, 5 * GORT_S);
 *     gort_case cases[] = {GORT_RECV(answers, &answer), GORT_RECV(gort_ctx_done(ctx), NULL)};
 *     err = gort_select(cases, 2) == 0 ? GORT_OK : gort_ctx_err(ctx);
 *     gort_ctx_cancel(ctx, 0);
 * Contexts are objects of the collected heap. One that can be cancelled stays alive until it is, if
 * its parent does or it has a deadline to come: so cancel each when its work is done.
 * None of these functions blocks the task. A NULL context is misuse. Those that make something end
 * the process when memory runs out. Source: the behaviour of Go's package context. */
#ifndef GORT_CONTEXT_H
#define GORT_CONTEXT_H

#include <gort/chan.h>

typedef struct gort_ctx gort_ctx;

/* ---- making ---------------------------------------------------------------------------------- */

/* The root of all: never cancelled, without a deadline, without values. Lives for ever. Callable
 * from any thread. */
GORT_API gort_ctx *gort_ctx_background(void);

/* The same, for where it is not yet settled which context is the right one: easy to search for. */
GORT_API gort_ctx *gort_ctx_todo(void);

/* A context that is cancelled by gort_ctx_cancel or with PARENT, if that is cancelled, at once. */
GORT_API gort_ctx *gort_ctx_with_cancel(gort_ctx *parent);

/* As gort_ctx_with_cancel, but it is cancelled with GORT_ETIMEDOUT at DEADLINE_NS (GORT_FOREVER:
 * never), or DURATION_NS from now, at once if that has passed. */
GORT_API gort_ctx *gort_ctx_with_deadline(gort_ctx *parent, int64_t deadline_ns);
GORT_API gort_ctx *gort_ctx_with_timeout(gort_ctx *parent, int64_t duration_ns);

/* The same, but CAUSE (0: GORT_ETIMEDOUT) is what gort_ctx_cause tells if it was this deadline that
 * passed; gort_ctx_err still gives GORT_ETIMEDOUT, and gort_ctx_cancel has a cause of its own. */
GORT_API gort_ctx *gort_ctx_with_deadline_cause(gort_ctx *parent, int64_t deadline_ns, int cause);
GORT_API gort_ctx *gort_ctx_with_timeout_cause(gort_ctx *parent, int64_t duration_ns, int cause);

/* PARENT with one value more. A key is the address of something of the program's own, a static
 * variable for example; NULL is misuse. KEY and VALUE are kept as references. */
GORT_API gort_ctx *gort_ctx_with_value(gort_ctx *parent, const void *key, void *value);

/* The values of PARENT without its deadline, and not cancelled when PARENT is. */
GORT_API gort_ctx *gort_ctx_without_cancel(gort_ctx *parent);

/* ---- cancelling ------------------------------------------------------------------------------ */

/* Cancels CTX and all below it with GORT_ECANCELED; when it returns, all of them are. Nothing
 * happens if it has been cancelled before. CTX is from gort_ctx_with_cancel, a function for a
 * deadline or gort_group_with_ctx, else it is misuse. CAUSE is any number that tells the program
 * why; 0 means GORT_ECANCELED. */
GORT_API void gort_ctx_cancel(gort_ctx *ctx, int cause);

/* ---- asking ---------------------------------------------------------------------------------- */

/* The channel that is closed when CTX is cancelled: for receiving only, there is never a value.
 * NULL, which is never ready, if CTX can't be cancelled. Callable from any thread. */
GORT_API gort_chan *gort_ctx_done(const gort_ctx *ctx);

/* GORT_OK until CTX is cancelled; then, for ever, GORT_ETIMEDOUT if a deadline passed first, else
 * GORT_ECANCELED, and the channel is closed. */
GORT_API int gort_ctx_err(const gort_ctx *ctx);

/* GORT_OK until CTX is cancelled; then why: what was said to gort_ctx_cancel of the context that
 * was cancelled first, for a deadline its cause or GORT_ETIMEDOUT. */
GORT_API int gort_ctx_cause(const gort_ctx *ctx);

/* The earliest deadline of CTX and those above it, GORT_FOREVER if there is none: fit for the _by
 * functions. Callable from any thread. */
GORT_API int64_t gort_ctx_deadline(const gort_ctx *ctx);

/* The value of KEY that is nearest above; NULL if there is none. Takes time in proportion to the
 * number of contexts above CTX. Callable from any thread. */
GORT_API void *gort_ctx_value(const gort_ctx *ctx, const void *key);

/* ---- acting ---------------------------------------------------------------------------------- */

typedef struct gort_ctx_func gort_ctx_func;

/* Runs FN(ARG) in a task of its own once CTX is cancelled, at once if it is. ARG is kept as a
 * reference as long as CTX is alive and the function may still run; the result need not be kept. */
GORT_API gort_ctx_func *gort_ctx_after_func(gort_ctx *ctx, void (*fn)(void *arg), void *arg);

/* Has F not run any more. Returns 1 if that prevented it; 0 if its task has been started, which may
 * still run, or if it was stopped before. */
GORT_API int gort_ctx_func_stop(gort_ctx_func *f);

#endif
