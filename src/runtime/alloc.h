/* SPDX-License-Identifier: MIT */
/* alloc.h - the way into the collected heap, for the runtime itself.
 * gort/mem.h is the public face. Callers hold a proc (between rt_enter and rt_leave) and no lock.
 */
#ifndef RUNTIME_ALLOC_H
#define RUNTIME_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gort/mem.h"
#include "runtime/span.h"

struct proc;

/* How an object is searched for references. */
enum alloc_kind { ALLOC_SCAN, ALLOC_NOSCAN };

/* A zeroed object of BYTES. PC is the public function's caller: the allocation site. May start a
 * collection, during which the calling task is stopped and may move to another worker. Never NULL.
 */
void *heap_alloc(size_t bytes, enum alloc_kind kind, uintptr_t pc);

/* The same for any kind; the caller sets the type of a typed object, which must be small. */
void *alloc_in_proc(size_t bytes, enum span_kind kind, uintptr_t pc);

/* BYTES and one more, so that an address just behind the end still lies in the slot. What overflows
 * here is refused as too large later. Slots of 24 bytes, for 17, are not aligned as 16 bytes have
 * to be; all other sizes just above a multiple of 16 are. */
static inline size_t with_end(size_t bytes)
{
    if (bytes == 16)
        return 25;
    return bytes == SIZE_MAX ? bytes : bytes + 1;
}

/* Prepares the heap, before the first proc; GC_PERCENT -1 is off, LIMIT < 0 is none. If it is HARD
 * it is kept whatever that takes, because the kernel ends the process a little above it. */
void heap_init(int gc_percent, int64_t limit_bytes, bool limit_is_hard);

/* The cache of a new proc. */
struct heap_cache *heap_cache_new(void);

/* Asks for a collection, two minutes having gone by without one: sysmon's call, from a thread
 * without a proc. The next allocation that takes its slow path, or a task of the collector's own,
 * carries it out. */
void gc_ask_periodic(void);

/* When the last cycle ended, monotonic; and whether collection is on. For sysmon. */
int64_t gc_last_end_ns(void);
bool gc_is_on(void);

#endif
