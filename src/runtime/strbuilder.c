/* SPDX-License-Identifier: MIT */
/* strbuilder.c - text that is put together. It grows as a slice of characters does. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "gort/mem.h"
#include "gort/slice.h"
#include "gort/str.h"
#include "runtime/fatal.h"

#define FIRST_CHARS 15u /* what a block of 16 bytes holds */

void gort_builder_reserve(gort_builder *b, size_t more)
{
    gort_slice s = {.ptr = b->ptr, .len = b->len, .cap = b->cap};

    if (more <= b->cap - b->len)
        return;
    s = gort_slice_grown(s, 1, b->cap == 0 && more < FIRST_CHARS ? FIRST_CHARS : more);
    b->ptr = s.ptr;
    b->cap = s.cap;
}

void gort_builder_append(gort_builder *b, const void *from, size_t n)
{
    if (n == 0)
        return;
    gort_builder_reserve(b, n);
    memmove(b->ptr + b->len, from, n);
    b->len += n;
    gort_keepalive(from);
}

void gort_builder_printf(gort_builder *b, const char *format, ...)
{
    size_t room = b->cap - b->len;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room == 0 ? NULL : b->ptr + b->len, room, format, args);
    va_end(args);
    if (n < 0)
        gort_fatal("gort_builder_printf: the system cannot format \"%s\"", format);
    if ((size_t)n >= room) {
        gort_builder_reserve(b, (size_t)n + 1);
        va_start(args, format);
        vsnprintf(b->ptr + b->len, (size_t)n + 1, format, args);
        va_end(args);
    }
    b->len += (size_t)n;
}

const char *gort_builder_string(gort_builder *b)
{
    gort_builder_reserve(b, 1);
    b->ptr[b->len] = '\0';
    return b->ptr;
}

char *gort_builder_take(gort_builder *b)
{
    char *text;

    gort_builder_string(b);
    text = b->ptr;
    *b = (gort_builder){0};
    return text;
}
