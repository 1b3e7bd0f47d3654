/* SPDX-License-Identifier: MIT */
/* benchtimer.c - what a benchmark's body calls about itself: timer, loop, metrics, failure. */
#include "config.h"

#include "gort/bench.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gort/stats.h"
#include "gort/time.h"
#include "runtime/benchrun.h"
#include "runtime/fatal.h"

/* ---- The timer ---- */

static void note_allocs(struct bench *b)
{
    gort_memstats m;

    gort_read_memstats(&m);
    b->start_allocs = m.mallocs;
    b->start_alloc_bytes = m.total_alloc;
}

static void add_allocs(struct bench *b)
{
    gort_memstats m;

    gort_read_memstats(&m);
    b->result.allocs += m.mallocs - b->start_allocs;
    b->result.alloc_bytes += m.total_alloc - b->start_alloc_bytes;
}

void gort_bench_start_timer(gort_bench *pub)
{
    struct bench *b = bench_of(pub);

    if (b->is_timing)
        return;
    note_allocs(b);
    b->is_timing = true;
    b->start_ns = gort_now();
}

void gort_bench_stop_timer(gort_bench *pub)
{
    struct bench *b = bench_of(pub);

    if (!b->is_timing)
        return;
    b->result.duration_ns += gort_now() - b->start_ns;
    b->is_timing = false;
    add_allocs(b);
}

void gort_bench_reset_timer(gort_bench *pub)
{
    struct bench *b = bench_of(pub);

    b->result.nmetrics = 0;
    b->result.duration_ns = 0;
    b->result.allocs = 0;
    b->result.alloc_bytes = 0;
    if (b->is_timing) {
        note_allocs(b);
        b->start_ns = gort_now();
    }
}

int64_t gort_bench_elapsed(const gort_bench *pub)
{
    const struct bench *b = bench_of(pub);

    return b->result.duration_ns + (b->is_timing ? gort_now() - b->start_ns : 0);
}

/* ---- The loop ---- */

/* Measured from here; with a fixed number of iterations they are all asked for at once. */
static int begin_loop(struct bench *b)
{
    int64_t fixed_n = b->suite->flags->fixed_n;

    b->pub.n = 0;
    b->pub.gort_loop_n = fixed_n > 0 ? fixed_n : 1;
    b->pub.gort_loop_i = 1;
    gort_bench_reset_timer(&b->pub);
    return 1;
}

static int end_loop(struct bench *b)
{
    gort_bench_stop_timer(&b->pub);
    b->pub.n = b->pub.gort_loop_n;
    b->loop_ended = true;
    return 0;
}

int gort_bench_loop_more(gort_bench *pub)
{
    struct bench *b = bench_of(pub);
    const struct bench_flags *flags = b->suite->flags;
    int64_t elapsed_ns;
    int64_t n;

    if (!b->is_timing) {
        gort_bench_fail(pub, "gort_bench_loop was called while the timer was stopped");
        return 0;
    }
    if (pub->gort_loop_n == 0)
        return begin_loop(b);
    elapsed_ns = gort_bench_elapsed(pub);
    if (flags->fixed_n > 0 || elapsed_ns >= flags->time_ns)
        return end_loop(b);
    n = bench_predict(flags->time_ns, pub->gort_loop_n, elapsed_ns, pub->gort_loop_n);
    if (n <= pub->gort_loop_n) /* as often as a benchmark ever runs */
        return end_loop(b);
    pub->gort_loop_n = n;
    pub->gort_loop_i++;
    return 1;
}

/* ---- Figures ---- */

void gort_bench_set_bytes(gort_bench *pub, int64_t bytes)
{
    bench_of(pub)->result.bytes_per_op = bytes;
}

void gort_bench_report_allocs(gort_bench *pub)
{
    bench_of(pub)->shows_allocs = true;
}

static void check_unit(const char *unit)
{
    size_t length = strlen(unit);

    if (length == 0 || length >= BENCH_UNIT_BYTES)
        gort_fatal("gort_bench_report_metric: a unit of %zu bytes, not 1 to %d", length,
                   BENCH_UNIT_BYTES - 1);
    for (const char *p = unit; *p != '\0'; p++) {
        if (isspace((unsigned char)*p))
            gort_fatal("gort_bench_report_metric: the unit \"%s\" has a blank", unit);
    }
}

void gort_bench_report_metric(gort_bench *pub, double value, const char *unit)
{
    struct bench_result *r = &bench_of(pub)->result;
    unsigned i = 0;

    check_unit(unit);
    while (i < r->nmetrics && strcmp(r->metrics[i].unit, unit) != 0)
        i++;
    if (i == BENCH_METRICS_MAX)
        gort_fatal("gort_bench_report_metric: more than %d units", BENCH_METRICS_MAX);
    if (i == r->nmetrics)
        r->nmetrics++;
    snprintf(r->metrics[i].unit, sizeof r->metrics[i].unit, "%s", unit);
    r->metrics[i].value = value;
}

/* ---- Failure ---- */

void gort_bench_fail(gort_bench *pub, const char *format, ...)
{
    struct bench *b = bench_of(pub);
    va_list ap;

    va_start(ap, format);
    gort_mutex_lock(&b->lock);
    if (!b->failed)
        vsnprintf(b->why, sizeof b->why, format, ap);
    b->failed = true;
    gort_mutex_unlock(&b->lock);
    va_end(ap);
}

bool bench_has_failed(struct bench *b)
{
    bool failed;

    gort_mutex_lock(&b->lock);
    failed = b->failed;
    gort_mutex_unlock(&b->lock);
    return failed;
}
