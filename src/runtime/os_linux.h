/* SPDX-License-Identifier: MIT */
/* os_linux.h - the few system calls that the scheduler needs and libc does not wrap, or not so.
 * Threads: any. All return without touching errno in the caller's sight unless they say so. */
#ifndef RUNTIME_OS_LINUX_H
#define RUNTIME_OS_LINUX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gort/here.h"

/* Sleeps while *WORD is EXPECTED, at most TIMEOUT_NS (negative: no limit). False when the time ran
 * out. Private to the process. */
bool futex_wait(_Atomic(uint32_t) *word, uint32_t expected, int64_t timeout_ns);
/* Wakes up to COUNT sleepers. */
void futex_wake(_Atomic(uint32_t) *word, int count);

int32_t os_thread_id(void);

/* Where the calling thread's own stack lies, its guard not included. */
void os_thread_stack(char **lo, size_t *bytes);

/* FD, which may be negative, or the number that it has moved to: what the runtime keeps must not
 * get that of a standard stream which the program has closed, and may write to all the same. Closed
 * on exec. Negative if there is no other number; then FD is closed, and errno says why. */
int os_off_stdio(int fd);

/* As pthread_create, but tries for a fifth of a second as long as that says EAGAIN: while one
 * thread of a process is about to exec, no other can make a thread. Blocks the calling thread.
 * Source: Go's retryOnEAGAIN. */
int os_thread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg),
                     void *arg);

/* Processor time that the thread of this process has used; 0 if there is none. */
int64_t os_thread_cpu_ns(int32_t tid);
/* Whether it waits for something in the kernel; also if that can't be found out. */
bool os_thread_sleeps(int32_t tid);

/* Processors that this process may use: its affinity mask, bounded by its cgroup's CPU limit,
 * rounded up; at least 1. */
int os_cpu_count(void);

/* Gets the kernel ready for os_process_barrier; false if it refuses. Once, before the first thread.
 * What it says is kept in gort_has_barrier, until the kernel refuses after all. */
bool os_barrier_init(void);
/* A full memory barrier in every running thread of the process. If a sandbox that was put up
 * meanwhile refuses it, says so by gort_has_barrier and waits instead until all stores from
 * before are seen: a millisecond. */
void os_process_barrier(void);
/* Whether somebody may still rely on a barrier because he found gort_has_barrier true: false once
 * that has been false for a millisecond. */
extern _Atomic(bool) os_needs_barrier;

/* Where the calling thread's errno lies; for places where the compiler would keep the address
 * across a switch. */
int *os_errno_place(void);
/* errno itself, read and written there. */
int os_errno(void);
void os_set_errno(int value);

#endif
