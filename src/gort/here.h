/* SPDX-License-Identifier: MIT */
/* here.h - what the inlined halves of the public functions know of the runtime. Not for programs:
 * names and layout may change with every version. */
#ifndef GORT_HERE_H
#define GORT_HERE_H

#include <gort/base.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Marks what the inlined halves use, the slow halves included. */
#define GORT_INSIDE GORT_API

#define GORT_RARELY(condition) __builtin_expect(!!(condition), 0)

/* Of each thread that runs tasks. */
struct gort_here {
    _Atomic(uint32_t) attention; /* not 0: every call is to take its slow path */
    uint32_t holder;             /* what a lock's word is while the current task has it */
};

/* Never NULL; on a thread that runs no tasks it always asks for attention. */
GORT_INSIDE extern _Thread_local struct gort_here *gort_here_now
    __attribute__((tls_model("initial-exec")));

/* Read by an instruction that says from where: a compiler would keep the variable's address, which
 * is another one after a task has gone on on another thread. */
GORT_INSIDE inline struct gort_here *gort_here(void)
{
    struct gort_here *here;
#if defined(__x86_64__)
    __asm__ volatile("movq gort_here_now@GOTTPOFF(%%rip), %0\n\t"
                     "movq %%fs:(%0), %0"
                     : "=r"(here));
#elif defined(__aarch64__)
    char *offset;

    __asm__ volatile("mrs %0, tpidr_el0\n\t"
                     "adrp %1, :gottprel:gort_here_now\n\t"
                     "ldr %1, [%1, :gottprel_lo12:gort_here_now]\n\t"
                     "ldr %0, [%0, %1]"
                     : "=&r"(here), "=&r"(offset));
#else
#error "libgort runs on amd64 and arm64"
#endif
    return here;
}

/* Whether the system lets a thread issue a barrier for all threads of the process. */
GORT_INSIDE extern _Atomic(bool) gort_has_barrier;

/* For each hash of an address, how many tasks wait for a mutex there. */
#define GORT_WAITING_BITS 11u

GORT_INSIDE extern _Atomic(uint32_t) gort_waiting[1u << GORT_WAITING_BITS];

GORT_INSIDE inline _Atomic(uint32_t) *gort_waiting_at(const void *lock)
{
    return &gort_waiting[(uint64_t)(uintptr_t)lock * UINT64_C(0x9e3779b97f4a7c15) >>
                         (64 - GORT_WAITING_BITS)];
}

#endif
