/* SPDX-License-Identifier: MIT */
/* pattern.h - what the files that implement gort/pattern.h share. */
#ifndef RUNTIME_PATTERN_H
#define RUNTIME_PATTERN_H

#include "runtime/fatal.h"
#include "runtime/proc.h"

/* Ends the process: the public function WHAT was called in a way that FAULT names. Threads: a task
 * that is not inside the runtime. */
static inline _Noreturn void pattern_misuse(const char *what, const char *fault)
{
    rt_enter(what);
    gort_fatal("%s: %s", what, fault);
}

#endif
