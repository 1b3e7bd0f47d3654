/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(const char *s)
{
    size_t n = strlen(s);

    while (n > 0) {
        ssize_t done = write(STDERR_FILENO, s, n);

        if (done <= 0)
            return;
        s += done;
        n -= (size_t)done;
    }
}

_Noreturn void check_failed(const char *file, int line, const char *cond)
{
    char digits[12];
    char *p = digits + sizeof digits - 1;

    *p = '\0';
    for (unsigned n = (unsigned)line; n > 0; n /= 10)
        *--p = (char)('0' + n % 10);
    put(file);
    put(":");
    put(p);
    put(": check failed: ");
    put(cond);
    put("\n");
    abort();
}
