/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/fatal.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/debug.h"
#include "runtime/os_linux.h"
#include "runtime/publish.h"
#include "runtime/replay.h"
#include "runtime/taskdump.h"

#define EXIT_FATAL 2

/* ---- Formatting ---- */

struct out {
    char *at;
    char *end; /* one byte is left for the NUL */
};

static void put(struct out *o, const char *s, size_t n)
{
    while (n-- > 0 && o->at < o->end)
        *o->at++ = *s++;
}

static void put_number(struct out *o, unsigned long long n, unsigned base)
{
    char digits[24];
    char *p = digits + sizeof digits;

    do {
        *--p = "0123456789abcdef"[n % base];
        n /= base;
    } while (n > 0);
    put(o, p, (size_t)(digits + sizeof digits - p));
}

static void put_signed(struct out *o, long long n)
{
    if (n < 0)
        put(o, "-", 1);
    put_number(o, n < 0 ? 0ULL - (unsigned long long)n : (unsigned long long)n, 10);
}

/* Formats the conversion at F, behind its '%', and returns what follows it. */
static const char *put_conversion(struct out *o, const char *f, va_list *ap)
{
    if (strncmp(f, ".*s", 3) == 0) {
        int width = va_arg(*ap, int);
        const char *s = va_arg(*ap, const char *);

        put(o, s, strnlen(s, (size_t)width));
        return f + 3;
    }
    if (strncmp(f, "zu", 2) == 0) {
        put_number(o, va_arg(*ap, size_t), 10);
        return f + 2;
    }
    if (strncmp(f, "llu", 3) == 0) {
        put_number(o, va_arg(*ap, unsigned long long), 10);
        return f + 3;
    }
    if (strncmp(f, "lld", 3) == 0) {
        put_signed(o, va_arg(*ap, long long));
        return f + 3;
    }
    if (*f == 's') {
        const char *s = va_arg(*ap, const char *);

        put(o, s, strlen(s));
    } else if (*f == 'd') {
        put_signed(o, va_arg(*ap, int));
    } else if (*f == 'u') {
        put_number(o, va_arg(*ap, unsigned), 10);
    } else if (*f == '%') {
        put(o, "%", 1);
    } else if (*f == 'p') {
        put(o, "0x", 2);
        put_number(o, (uintptr_t)va_arg(*ap, void *), 16);
    }
    return f + 1;
}

size_t fatal_format(char *buf, size_t bytes, const char *format, va_list ap)
{
    struct out o = {buf, buf + bytes - 1};
    va_list args;

    va_copy(args, ap);
    while (*format != '\0') {
        if (*format != '%') {
            put(&o, format++, 1);
            continue;
        }
        format = put_conversion(&o, format + 1, &args);
    }
    va_end(args);
    *o.at = '\0';
    return (size_t)(o.at - buf);
}

/* ---- Writing ---- */

static void write_all(const char *s, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDERR_FILENO, s, n);

        if (done <= 0)
            return;
        s += done;
        n -= (size_t)done;
    }
}

void runtime_log(const char *format, ...)
{
    char line[512];
    va_list ap;
    size_t n;

    va_start(ap, format);
    n = fatal_format(line, sizeof line - 1, format, ap);
    va_end(ap);
    line[n] = '\n';
    write_all(line, n + 1);
}

/* ---- The end ---- */

enum who { THIS_TASK, INTERRUPTED_TASK, ALL_TASKS };

static void no_more(void)
{
}

_Noreturn static void die(enum who who, const char *message, const ucontext_t *context,
                          void (*more)(void))
{
    static _Atomic(int32_t) dying;
    int32_t nobody = 0;
    int32_t me = os_thread_id();

    /* One thread tells its story; one that fails while it tells stops at once, the others wait for
     * the end. */
    if (!atomic_compare_exchange_strong_explicit(&dying, &nobody, me, memory_order_relaxed,
                                                 memory_order_relaxed)) {
        if (nobody == me)
            _exit(EXIT_FATAL);
        for (;;)
            pause();
    }
    runtime_log("fatal error: %s", message);
    if (who == ALL_TASKS)
        publish_deadlock();
    publish_crashed(message);
    more();
    if (who == INTERRUPTED_TASK)
        taskdump_print_signal(STDERR_FILENO, context);
    else
        taskdump_print_self(STDERR_FILENO);
    if (who == ALL_TASKS)
        taskdump_print_others(STDERR_FILENO);
    taskdump_print_end(STDERR_FILENO);
    replay_say_trace();
    if (debug.crash)
        abort();
    _exit(EXIT_FATAL);
}

_Noreturn void gort_fatal(const char *format, ...)
{
    char message[512];
    va_list ap;

    va_start(ap, format);
    fatal_format(message, sizeof message, format, ap);
    va_end(ap);
    die(THIS_TASK, message, NULL, no_more);
}

_Noreturn void gort_fatal_with(void (*more)(void), const char *format, ...)
{
    char message[512];
    va_list ap;

    va_start(ap, format);
    fatal_format(message, sizeof message, format, ap);
    va_end(ap);
    die(THIS_TASK, message, NULL, more);
}

_Noreturn void gort_fatal_all(const char *format, ...)
{
    char message[512];
    va_list ap;

    va_start(ap, format);
    fatal_format(message, sizeof message, format, ap);
    va_end(ap);
    die(ALL_TASKS, message, NULL, no_more);
}

_Noreturn void gort_fatal_signal(const ucontext_t *context, const char *format, ...)
{
    char message[512];
    va_list ap;

    va_start(ap, format);
    fatal_format(message, sizeof message, format, ap);
    va_end(ap);
    die(INTERRUPTED_TASK, message, context, no_more);
}
