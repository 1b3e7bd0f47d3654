/* SPDX-License-Identifier: MIT */
/* self.h - which worker the calling thread is.
 * A thread-local variable, read by an instruction that says from where: a compiler would keep the
 * variable's address, which is another one after a task has gone on on another thread. Threads:
 * any. */
#ifndef RUNTIME_SELF_H
#define RUNTIME_SELF_H

struct worker;

/* Written by worker_set_self only; the names in the assembler below. */
extern __thread struct worker *gort_self_worker
    __attribute__((visibility("hidden"), tls_model("initial-exec")));

/* The calling thread's worker, or NULL on a foreign thread. Never keep it across a switch. */
static inline struct worker *worker_self(void)
{
    struct worker *w;
#if defined(__x86_64__)
    __asm__ volatile("movq gort_self_worker@GOTTPOFF(%%rip), %0\n\t"
                     "movq %%fs:(%0), %0"
                     : "=r"(w));
#elif defined(__aarch64__)
    char *offset;

    __asm__ volatile("mrs %0, tpidr_el0\n\t"
                     "adrp %1, :gottprel:gort_self_worker\n\t"
                     "ldr %1, [%1, :gottprel_lo12:gort_self_worker]\n\t"
                     "ldr %0, [%0, %1]"
                     : "=&r"(w), "=&r"(offset));
#else
#error "libgort runs on amd64 and arm64"
#endif
    return w;
}

#endif
