/* SPDX-License-Identifier: MIT */
/* modules.c - libraries come and go while collections run one after another. The collector searches
 * the data of a library for references, so none may vanish under it, nor be missed while it is
 * there. */
#include "config.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include "gort.h"

#define SKIPPED 77
#define RUN_FOR (1500 * GORT_MS)
#define HOLES   8
#define HOLE    ((size_t)64 << 10)

/* A library of the system's own that has writable data, and that nothing else here uses. */
#define LIBRARY "libresolv.so.2"

static _Atomic(bool) over;
static _Atomic(int) cycles;

static void collect(void *done)
{
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        gort_gc();
        atomic_fetch_add_explicit(&cycles, 1, memory_order_relaxed);
    }
    gort_close(done);
}

/* Fills the place where the library was with memory that can't be read. */
static void punish_late_readers(void)
{
    void *hole[HOLES];

    for (int i = 0; i < HOLES; i++)
        hole[i] = mmap(NULL, HOLE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    gort_yield();
    for (int i = 0; i < HOLES; i++)
        munmap(hole[i], HOLE);
}

static int ignore_module(struct dl_phdr_info *info, size_t bytes, void *arg)
{
    (void)info;
    (void)bytes;
    (void)arg;
    return 0;
}

/* As unwinders do: waits for the loader's lock with all signals blocked. */
static void walk_modules(void *done)
{
    sigset_t all, before;

    sigfillset(&all);
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        pthread_sigmask(SIG_SETMASK, &all, &before);
        dl_iterate_phdr(ignore_module, NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        gort_sleep(GORT_MS);
    }
    gort_close(done);
}

static int run(void *arg)
{
    gort_chan *walked = gort_chan_new(0, 0);
    gort_chan *done = gort_chan_new(0, 0);
    int64_t end_ns = gort_in(RUN_FOR);
    int n = 0;

    (void)arg;
    gort_go(collect, done);
    gort_go(walk_modules, walked);
    for (; gort_now() < end_ns; n++) {
        void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

        if (library == NULL)
            return SKIPPED;
        dlclose(library);
        punish_late_readers();
    }
    atomic_store_explicit(&over, true, memory_order_relaxed);
    gort_recv(done, NULL);
    gort_recv(walked, NULL);
    printf("%d libraries in %d collections\n", n,
           atomic_load_explicit(&cycles, memory_order_relaxed));
    return n > 0 && atomic_load_explicit(&cycles, memory_order_relaxed) > 0 ? 0 : 1;
}

int main(void)
{
    return gort_run(&(gort_options){.maxprocs = 2}, run, NULL);
}
