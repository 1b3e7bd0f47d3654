/* SPDX-License-Identifier: MIT */
/* pageread.c - a watcher that reads the page without pause while the runtime works and publishes:
 * whatever it accepts must hold together, and the page must go on. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort.h"
#include "tests/support/pageload.h"
#include "tests/support/pageread.h"
#include "tests/support/procfd.h"

#define RUN_S 2

static struct {
    pthread_t thread;
    _Atomic(int) stop;
    uint64_t reads;     /* [owner] */
    uint64_t publishes; /* [owner] */
    const char *fault;  /* [owner] */
} watcher;

static void *watch(void *arg)
{
    struct pageread p;
    uint64_t first = 0;

    (void)arg;
    if (!pageread_open(&p, procfd_open(getpid(), PAGE_MEMFD_NAME, O_RDONLY))) {
        watcher.fault = "there is no page";
        return NULL;
    }
    while (!atomic_load_explicit(&watcher.stop, memory_order_relaxed) && watcher.fault == NULL) {
        uint64_t v[METRIC_COUNT + 8];
        uint64_t count = 0;
        uint64_t seq = 0;

        if (!pageread_refresh(&p))
            watcher.fault = "the page was cut";
        else
            watcher.fault = pageread_check(&p);
        seq = pageread_double(&p, PAGE_SECTION_VALUES, v, &count);
        first = first == 0 ? seq : first;
        watcher.publishes = seq - first;
        watcher.reads++;
    }
    pageread_close(&p);
    return NULL;
}

static void watch_for_a_while(void)
{
    if (pthread_create(&watcher.thread, NULL, watch, NULL) != 0) {
        perror("pthread_create");
        exit(77);
    }
    gort_sleep(RUN_S * GORT_S);
    atomic_store_explicit(&watcher.stop, 1, memory_order_relaxed);
    GORT_BLOCKING
    {
        pthread_join(watcher.thread, NULL);
    }
}

int main(void)
{
    void (*fn)(void) = watch_for_a_while;
    void *arg = NULL;

    memcpy(&arg, &fn, sizeof arg);
    if (gort_run(&(gort_options){.maxprocs = 2}, pageload_run, arg) != 0)
        return 1;
    printf("%" PRIu64 " reads of %" PRIu64 " publishes: %s\n", watcher.reads, watcher.publishes,
           watcher.fault != NULL ? watcher.fault : "all whole");
    return watcher.fault == NULL && watcher.reads > 0 && watcher.publishes >= RUN_S ? 0 : 1;
}
