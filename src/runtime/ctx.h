/* SPDX-License-Identifier: MIT */
/* ctx.h - switching stacks.
 * A context that is switched away lies on its own stack: the callee-saved registers and the address
 * to go on at, lowest at the saved stack pointer. amd64: r15 r14 r13 r12 rbx rbp, return address.
 * arm64: x19 to x30, d8 to d15 (20 words). The return goes by an indirect jump, so that the
 * processor's return predictor is not led astray. Floating point control words are not switched: a
 * task that changes them changes them for its worker. Threads: the saved context belongs to whoever
 * holds the task. */
#ifndef RUNTIME_CTX_H
#define RUNTIME_CTX_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define CTX_FRAME_WORDS    7
#define CTX_PC_WORD        6
#define CTX_CALLEE_WORDS   6 /* rbx rbp r12 r13 r14 r15, as a blocking section saves them */
#define CTX_RED_ZONE_BYTES 128
#else
#define CTX_FRAME_WORDS    20
#define CTX_PC_WORD        11
#define CTX_CALLEE_WORDS   12 /* x19 to x30 */
#define CTX_RED_ZONE_BYTES 0
#endif

/* Saves the running context's stack pointer in *SAVE_SP and goes on with the context saved at
 * NEW_SP. */
void ctx_switch(void **save_sp, void *new_sp);

/* Where a new task begins: calls sched_task_main. Unwinding ends here. */
void gort_task_start(void);

/* A context on the fresh stack that ends at HI, which begins in gort_task_start. Returns its saved
 * stack pointer. */
static inline void *ctx_prepare(void *hi)
{
    uintptr_t *top = (uintptr_t *)(((uintptr_t)hi - 64) &
                                   ~(uintptr_t)15); /* the stack pointer at the first instruction */
    uintptr_t *sp = top - CTX_FRAME_WORDS;

    for (size_t i = 0; i < CTX_FRAME_WORDS; i++)
        sp[i] = 0;
    sp[CTX_PC_WORD] = (uintptr_t)gort_task_start;
    return sp;
}

#endif
