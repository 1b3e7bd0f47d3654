/* SPDX-License-Identifier: MIT */
/* gcdirty.h - which pages of memory were written, as the kernel knows it.
 * Memory that is watched can be declared clean, page by page. The kernel notes the first write to
 * each page since, by whomever: the program, memcpy, or the kernel itself in read(2). No call fails
 * because of it and no signal is sent: the write costs one fault, under a microsecond. One question
 * then tells the written pages of a range and, if wanted, declares just these clean again, so that
 * no write is lost in between.
 * A page that was never touched, or that was given back to the system since, counts as written.
 * Memory that other processes or devices write does not come to notice: huge pages of files, and
 * buffers that are registered with io_uring or read into by O_DIRECT.
 *
 * Where the kernel can't, before Linux 6.7 or in a sandbox, dirty_init says so. If it refuses
 * later, all pages count as written from then on, which is safe, and dirty_has_failed says so.
 * Threads: any. No locks; calls for the same memory may run side by side.
 * Source: userfaultfd(2) in the mode WP_ASYNC, ioctl_pagemap_scan(2); Boehm, Demers and Shenker,
 * Mostly Parallel Garbage Collection (1991), for what it is good for. */
#ifndef RUNTIME_GCDIRTY_H
#define RUNTIME_GCDIRTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIRTY_PAGE_BYTES ((size_t)4096)

/* Most bytes that the kernel is asked about in one call: meanwhile no thread can map memory. */
#define DIRTY_AT_ONCE ((size_t)8 << 20)

/* Tries whether the kernel notes writes, its own included; keeps two descriptors if so. Whether it
 * does. Once, before the other calls. */
bool dirty_init(void);

/* Whether pages are noted: dirty_init said so, and the kernel has not refused since. */
bool dirty_is_on(void);

/* Whether it has refused since. */
bool dirty_has_failed(void);

/* Watches [P, P + BYTES), whole pages of private anonymous memory, for as long as they are mapped.
 * They count as written. */
void dirty_watch(const void *p, size_t bytes);

/* Declares all pages of [LO, HI), which is watched, clean. Returns after several calls of the
 * kernel; what is written meanwhile may count as written or not. */
void dirty_declare_clean(uintptr_t lo, uintptr_t hi);

/* Declares all pages of [LO, HI) written: their next writes cost nothing. */
void dirty_declare_written(uintptr_t lo, uintptr_t hi);

/* Calls FN(CTX, LO, HI) for each run of written pages in [LO, HI), in order of address, and returns
 * how many pages these were. With DIRTY_RENEW these count as clean again, from before the call. */
enum dirty_how { DIRTY_KEEP, DIRTY_RENEW };
typedef void (*dirty_fn)(void *ctx, uintptr_t lo, uintptr_t hi);
size_t dirty_find(uintptr_t lo, uintptr_t hi, enum dirty_how how, dirty_fn fn, void *ctx);

#endif
