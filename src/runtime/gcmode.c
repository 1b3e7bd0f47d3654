/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/gcdirty.h"
#include "runtime/gcpages.h"

static _Atomic(uint32_t) mode; /* enum gc_mode; from concurrent to the other one only */
static bool always_beside;     /* [const] after gc_choose_mode */

enum gc_mode gc_mode(void)
{
    return (enum gc_mode)atomic_load_explicit(&mode, memory_order_relaxed);
}

void gc_choose_mode(const char *wanted)
{
    bool concurrent = true;

    if (wanted != NULL && strcmp(wanted, "stw") == 0)
        return;
    if (wanted != NULL && strcmp(wanted, "concurrent") != 0 && *wanted != '\0')
        runtime_log("gort: GORT_GC_MODE=%s is neither \"concurrent\" nor \"stw\"; ignored", wanted);
    always_beside = wanted != NULL && strcmp(wanted, "concurrent") == 0;
    if (debug.replay != 0)
        return;
    concurrent = dirty_init() && pages_init();
    if (!concurrent && wanted != NULL && strcmp(wanted, "concurrent") == 0)
        runtime_log("gort: GORT_GC_MODE=concurrent: the system does not tell which pages are "
                    "written; the collector stops the world instead");
    atomic_store_explicit(&mode, concurrent ? GC_CONCURRENT : GC_STOP_THE_WORLD,
                          memory_order_relaxed);
}

bool gc_may_be_brief(void)
{
    return !always_beside;
}

void gc_give_up_mode(void)
{
    if (atomic_exchange_explicit(&mode, GC_STOP_THE_WORLD, memory_order_relaxed) == GC_CONCURRENT)
        runtime_log("gort: the system no longer tells which pages are written, perhaps because the "
                    "program has closed the runtime's descriptors; from now on the collector stops "
                    "the world");
}
