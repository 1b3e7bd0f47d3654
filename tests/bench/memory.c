/* SPDX-License-Identifier: MIT */
/* memory.c - how much memory a parked task takes: what the process has more, resident and in page
 * tables, when b->n tasks wait, for each of them: from a few thousand on it is the same. A million:
 *     tests/bench/memory -benchtime 1000000x */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

/* The figure behind NAME in /proc/self/status, which is in kB there. */
static int64_t status_bytes(const char *status, const char *name)
{
    const char *at = strstr(status, name);

    return at == NULL ? 0 : strtoll(at + strlen(name), NULL, 10) * 1024;
}

static int64_t process_bytes(void)
{
    char status[8192];
    size_t n = 0;
    FILE *f = fopen("/proc/self/status", "r");

    if (f != NULL) {
        n = fread(status, 1, sizeof status - 1, f);
        fclose(f);
    }
    status[n] = '\0';
    return status_bytes(status, "\nVmRSS:") + status_bytes(status, "\nVmPTE:");
}

struct crowd {
    gort_chan *gate;
    gort_waitgroup here;
    gort_waitgroup gone;
};

static void wait_at_gate(void *arg)
{
    struct crowd *crowd = arg;

    gort_waitgroup_done(&crowd->here);
    gort_recv(crowd->gate, NULL);
    gort_waitgroup_done(&crowd->gone);
}

GORT_BENCH(ParkedTask)
{
    static int64_t before; /* of the first call: later ones find memory that was used already */
    struct crowd *crowd = gort_new(struct crowd);

    if (before == 0)
        before = process_bytes();
    crowd->gate = gort_chan_new(0, 0);
    gort_waitgroup_add(&crowd->here, (int)b->n);
    gort_waitgroup_add(&crowd->gone, (int)b->n);
    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++)
        gort_go(wait_at_gate, crowd);
    gort_waitgroup_wait(&crowd->here);
    gort_bench_stop_timer(b);
    gort_bench_report_metric(b, (double)(process_bytes() - before) / (double)b->n, "B/task");
    gort_close(crowd->gate);
    gort_waitgroup_wait(&crowd->gone);
}

GORT_BENCH_MAIN
