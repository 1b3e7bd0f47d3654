/* SPDX-License-Identifier: MIT */
/* check.h - what must hold.
 * CHECK stays in every build and ends the process with one line: our own bug. DCHECK is for checks
 * too dear for a release; it is compiled there but not run. Neither may have side effects.
 * Threads: any; async-signal-safe. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#ifndef GORT_DEBUG_CHECKS
#define GORT_DEBUG_CHECKS 0
#endif

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE __attribute__((always_inline)) inline

#define CHECK(cond)                                        \
    do {                                                   \
        if (UNLIKELY(!(cond)))                             \
            check_failed(__FILE__, __LINE__, #cond);       \
    } while (0)

#define DCHECK(cond)                                       \
    do {                                                   \
        if (GORT_DEBUG_CHECKS && UNLIKELY(!(cond)))        \
            check_failed(__FILE__, __LINE__, #cond);       \
    } while (0)

/* After a switch that lists every case. */
#define UNREACHABLE() check_failed(__FILE__, __LINE__, "unreachable")

/* Writes "file:line: check failed: cond" to stderr and aborts. */
_Noreturn void check_failed(const char *file, int line, const char *cond);

#endif
