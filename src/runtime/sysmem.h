/* SPDX-License-Identifier: MIT */
/* sysmem.h - memory from the system for the runtime itself, accounted by use.
 * Everything that MemStats calls *Sys is counted here, at the moment it becomes usable, so that Sys
 * is always the sum of its parts. Threads: any; the counters are atomic. Nothing here is searched
 * by the collector. */
#ifndef RUNTIME_SYSMEM_H
#define RUNTIME_SYSMEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sys_use {
    SYS_HEAP,    /* HeapSys */
    SYS_STACK,   /* StackSys: task stacks */
    SYS_MSPAN,   /* MSpanSys */
    SYS_MCACHE,  /* MCacheSys */
    SYS_BUCKETS, /* BuckHashSys */
    SYS_GC,      /* GCSys */
    SYS_OTHER,   /* OtherSys */
    SYS_USES,
};

/* Reserves BYTES of address space, aligned to ALIGN (a power of two, at least a page), readable and
 * writable, not yet counted or populated. NULL if the system refuses. */
void *sys_reserve(size_t bytes, size_t align);

/* As sys_reserve, and counts BYTES for USE. NULL if the system refuses. */
void *sys_map(size_t bytes, enum sys_use use);

/* Unmaps what sys_map gave. */
void sys_unmap(void *p, size_t bytes, enum sys_use use);

/* madvise(2) that leaves errno alone: it is called from where the program allocates. Whether the
 * kernel took the advice. */
bool sys_advise(void *p, size_t bytes, int advice);

/* Counts BYTES, which may be negative, for USE: memory of a reservation that came into use or was
 * given back. */
void sys_count(enum sys_use use, int64_t bytes);

/* Bytes counted for USE. */
uint64_t sys_bytes(enum sys_use use);

/* BYTES of zeroed memory, aligned to ALIGN (a power of two up to 4096), that is never freed. For
 * records that live as long as the process. Ends the process when memory runs out. Lock: takes
 * PERSIST. */
void *persist_alloc(size_t bytes, size_t align, enum sys_use use);

/* As persist_alloc, but NULL when memory runs out. */
void *persist_try_alloc(size_t bytes, size_t align, enum sys_use use);

#endif
