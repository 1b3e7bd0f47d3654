/* SPDX-License-Identifier: MIT */
/* san.h - telling ASan, TSan and Valgrind about stacks that are switched. Empty otherwise.
 * Every context (a task, or a worker's own stack) has a san_fiber. Around each switch:
 * san_switch_begin on the old stack, then the switch, then san_switch_end on the new one. Functions
 * that read memory of others on purpose (stack scanning, dumps) carry NO_SANITIZE_READS. */
#ifndef RUNTIME_SAN_H
#define RUNTIME_SAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SAN_ADDRESS 1
#else
#define SAN_ADDRESS 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define SAN_THREAD 1
#else
#define SAN_THREAD 0
#endif

#define NO_SANITIZE_READS  __attribute__((no_sanitize("address", "thread", "undefined")))
#define NO_SANITIZE_THREAD __attribute__((no_sanitize("thread")))

/* Each task has one: without sanitizers no more than it must be. */
struct san_fiber {
    unsigned valgrind; /* id of the registered stack */
#if SAN_THREAD
    void *tsan; /* TSan's fibre */
#endif
#if SAN_ADDRESS
    void *fake_stack; /* ASan's, while switched away */
    const void *lo;   /* bounds of the stack */
    size_t bytes;
#endif
};

/* A context on the calling thread's own stack [LO, LO + BYTES). */
void san_fiber_init_thread(struct san_fiber *f, const void *lo, size_t bytes);
/* Whether anybody wants to be told: [const] after san_start, which comes before the first task. */
extern bool san_listens;
void san_start(void);

/* Slow halves of the next two. */
void san_fiber_init_slow(struct san_fiber *f, const void *lo, size_t bytes);
void san_fiber_fini_slow(struct san_fiber *f);

/* A context on a fresh stack; its end. */
static inline void san_fiber_init(struct san_fiber *f, const void *lo, size_t bytes)
{
    if (san_listens)
        san_fiber_init_slow(f, lo, bytes);
}

static inline void san_fiber_fini(struct san_fiber *f)
{
    if (san_listens)
        san_fiber_fini_slow(f);
}

enum san_leave { SAN_COMES_BACK, SAN_DYING };

#if SAN_ADDRESS
void __sanitizer_start_switch_fiber(void **save, const void *lo, size_t bytes);
void __sanitizer_finish_switch_fiber(void *fake, const void **old_lo, size_t *old_bytes);
#endif
#if SAN_THREAD
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
#endif

/* FROM is left for TO; DYING: FROM never comes back. Always inlined, for TSan counts entries and
 * exits of functions on the stack of the fibre that is current: none may lie between this call and
 * the switch. */
__attribute__((always_inline)) static inline void
san_switch_begin(struct san_fiber *from, struct san_fiber *to, enum san_leave how)
{
#if SAN_ADDRESS
    __sanitizer_start_switch_fiber(how == SAN_DYING ? NULL : &from->fake_stack, to->lo, to->bytes);
#endif
#if SAN_THREAD
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
    (void)from;
    (void)to;
    (void)how;
}

/* On TO's stack, first thing. */
__attribute__((always_inline)) static inline void san_switch_end(struct san_fiber *to)
{
#if SAN_ADDRESS
    __sanitizer_finish_switch_fiber(to->fake_stack, NULL, NULL);
#endif
    (void)to;
}

/* Memory that may hold references to malloc'ed memory, for LeakSanitizer. */
void san_root_add(const void *p, size_t bytes);

/* Freed and allocated parts of the collected heap. */
void san_poison(const void *p, size_t bytes);
void san_unpoison(const void *p, size_t bytes);

/* Around a search of memory that may be undefined: Valgrind reports nothing of the calling thread.
 * Begin returns whether Valgrind runs the program: then what the search finds is to be handed to
 * san_define, lest it make undefined what is computed from it. */
bool san_search_begin(void);
void san_search_end(void);
void san_define(void *p, size_t bytes);

#endif
