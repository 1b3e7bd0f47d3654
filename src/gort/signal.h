/* SPDX-License-Identifier: MIT */
/* signal.h - signals to the program, as values in channels and as the end of a context.
 *     gort_ctx *ctx = gort_ctx_with_signals(parent, GORT_SIGNAL(SIGINT) | GORT_SIGNAL(SIGTERM));
 * A header of its own rather than a part of context.h: the channel is the foundation, the context
 * one use of it, and who includes neither keeps the signals as they are.
 * What a handler may do is next to nothing, so ours notes the number in a word and writes to an
 * event descriptor; a task named "signals", which is there as long as anything is registered, waits
 * for that as for a socket and does the rest. So the program is not taken for deadlocked meanwhile.
 *   - While a signal is registered it loses its default action. A handler that the program had
 *     installed before runs as well; one that it installs later replaces ours.
 *   - When nobody has it registered any more it is again as it was before.
 *   - Masks are left alone: a signal that every thread blocks does not arrive.
 *   - In a child after fork, signals act as if nothing had been registered.
 *   - Of equal signals that come before the first is delivered, one is.
 * GORT_SIGNAL of SIGKILL and SIGSTOP, of those that a fault raises (SIGSEGV, SIGBUS, SIGFPE,
 * SIGILL, SIGTRAP) and of SIGURG, which is the runtime's, is misuse, and so is no signal at all.
 * None of these functions blocks the task for long. Source: the behaviour of Go's os/signal. */
#ifndef GORT_SIGNAL_H
#define GORT_SIGNAL_H

#include <gort/chan.h>
#include <gort/context.h>

/* A set with the signal NUMBER, 1 to 64; sets are joined by |. */
#define GORT_SIGNAL(number) (UINT64_C(1) << ((number)-1))

/* Has each of SIGNALS that arrives from now on sent to C, a channel of int, as its number; C is
 * kept as a reference. It is not waited for: what finds C full, or unbuffered without a receiver,
 * is dropped. A second call with C adds to its signals. */
GORT_API void gort_signal_notify(gort_chan *c, uint64_t signals);

/* Sends nothing to C any more: when it returns, that is so. Of what has arrived by then nothing is
 * lost: it is sent before. Nothing happens if nothing was to be sent. C must not be closed before.
 */
GORT_API void gort_signal_stop(gort_chan *c);

/* A context that the first of SIGNALS to arrive cancels; its cause is then the number. Once it is
 * cancelled, in whatever way, the signals are not registered for it any more: so a second one has
 * its default action. To be cancelled, as any context. */
GORT_API gort_ctx *gort_ctx_with_signals(gort_ctx *parent, uint64_t signals);

#endif
