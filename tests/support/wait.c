/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/wait.h"

#include <unistd.h>

#include "base/clock.h"

bool wait_until(bool (*is_so)(void *arg), void *arg, int64_t timeout_ns)
{
    int64_t end_ns = clock_mono_ns() + timeout_ns;

    while (!is_so(arg)) {
        if (clock_mono_ns() >= end_ns)
            return false;
        usleep(1000);
    }
    return true;
}
