/* SPDX-License-Identifier: MIT */
/* fatal.h - the end, said clearly.
 * "fatal error: MESSAGE", a blank line, the task and its stack, exit 2 (abort with
 * GORT_DEBUG=crash=1), as in Go. Uses no malloc and no stdio. The page is marked as crashed first.
 */
#ifndef RUNTIME_FATAL_H
#define RUNTIME_FATAL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* Misuse of the public interface or a resource that ran out. FORMAT knows %s %d %u %zu %lld %llu %p
 * only. Any thread. */
_Noreturn void gort_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As gort_fatal; MORE writes lines to stderr between the message and the stack. */
_Noreturn void gort_fatal_with(void (*more)(void), const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As gort_fatal, with the stacks of all tasks behind it: for deadlocks. */
_Noreturn void gort_fatal_all(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As gort_fatal, from a signal handler: the stack is that of CONTEXT, where the signal struck. */
_Noreturn void gort_fatal_signal(const ucontext_t *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bounded formatting with the conversions above; async-signal-safe. Returns the length, at most
 * BYTES - 1. */
size_t fatal_format(char *buf, size_t bytes, const char *format, va_list ap);

/* One line to stderr. */
void runtime_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
