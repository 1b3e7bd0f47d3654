/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/fail.h"

#include <stdarg.h>
#include <stdio.h>

enum exit_status fail(enum exit_status status, const char *format, ...)
{
    va_list args;

    fputs("gomon: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}
