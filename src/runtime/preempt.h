/* SPDX-License-Identifier: MIT */
/* preempt.h - the one signal of the runtime, SIGURG, and what it may ask of a thread.
 * Two requests: stop for the collector (wait in the handler), and a snapshot of a running task's
 * registers and stack for a dump. The handler runs on an alternate stack and never switches stacks:
 * that deadlocks inside libc. A signal that is not ours (nobody asked) goes to the handler that was
 * there before. */
#ifndef RUNTIME_PREEMPT_H
#define RUNTIME_PREEMPT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

#define SNAPSHOT_STACK_BYTES (64u << 10)
#define SNAPSHOT_REGS        34

/* Registers by DWARF number and the stack of a running task, copied by its own thread. */
struct snapshot_request {
    uint64_t task;               /* out: id of the task that ran, 0: none */
    uint64_t pc;                 /* out */
    uint64_t valid;              /* out: bit r: reg[r] is known */
    uint64_t reg[SNAPSHOT_REGS]; /* out */
    uintptr_t stack_lo;          /* out: address of the first byte copied */
    size_t stack_bytes;          /* out */
    bool truncated;              /* out */
    unsigned char stack[SNAPSHOT_STACK_BYTES];
};

/* Installs the handler. */
void preempt_init(void);

/* Gives the calling thread its alternate stack and unblocks SIGURG. */
void preempt_init_thread(struct worker *w);

/* Takes W's alternate stack away and blocks all signals: the calling thread ends. */
void preempt_fini_thread(struct worker *w);

/* As init and fini, of a thread that was not made by the runtime: its signal mask, but for SIGURG,
 * and its own alternate stack stay, or come back. */
struct preempt_thread {
    stack_t stack;
    bool blocked;
};
void preempt_attach_thread(struct worker *w, struct preempt_thread *before);
void preempt_detach_thread(struct worker *w, const struct preempt_thread *before);

/* Lets SIGURG through to the calling thread again, which had blocked it. */
void preempt_unblock(void);

/* Sends SIGURG to W. */
void preempt_signal(struct worker *w);

/* Sends SIGURG to W and waits until its thread has taken it, for 2 ms at most; whether it has. What
 * the thread did before is then seen by the caller, what the caller did before by the thread. It
 * may cut a blocking system call short. Threads: sysmon only. */
bool preempt_barrier(struct worker *w);

/* Asks W's thread for a snapshot and waits up to TIMEOUT_NS; whether *REQ was filled. *HELD_NS is
 * how long the thread was held. Threads: sysmon only; REQ is sysmon's own static buffer, kept until
 * the next call. */
bool preempt_snapshot(struct worker *w, struct snapshot_request *req, int64_t timeout_ns,
                      int64_t *held_ns);

#endif
