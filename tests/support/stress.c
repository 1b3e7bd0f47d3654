/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/stress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define FAULTS_SHOWN 20

static _Atomic(int) faults;
static uint64_t done;

void stress_fail(const char *format, ...)
{
    char text[512];
    va_list ap;

    if (atomic_fetch_add_explicit(&faults, 1, memory_order_relaxed) >= FAULTS_SHOWN)
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    dprintf(STDOUT_FILENO, "not so: %s\n", text);
}

bool stress_is_over(const struct stress *s)
{
    return gort_now() >= s->end_ns;
}

struct stress_random stress_random(const struct stress *s, int task)
{
    return (struct stress_random){(uint64_t)s->seed << 32 ^ (uint64_t)task};
}

/* splitmix64. */
uint32_t stress_below(struct stress_random *r, uint32_t n)
{
    uint64_t x = r->state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ x >> 31) >> 32) % n;
}

static int run(void *arg)
{
    struct stress *s = arg;

    s->end_ns = gort_in((int64_t)(s->seconds * 1e9));
    done = stress_run(s);
    return atomic_load_explicit(&faults, memory_order_relaxed) != 0;
}

static void read_options(struct stress *s, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--tasks") == 0)
            s->tasks = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--seconds") == 0)
            s->seconds = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--seed") == 0)
            s->seed = (uint32_t)strtoul(argv[i + 1], NULL, 0);
    }
}

int main(int argc, char **argv)
{
    const gort_options options = {.maxprocs = 4};
    struct stress s = stress_defaults;
    int failed;

    s.seed = (uint32_t)clock_real_ns() | 1;
    read_options(&s, argc, argv);
    printf("--tasks %d --seconds %g --seed %" PRIu32 "\n", s.tasks, s.seconds, s.seed);
    fflush(stdout);
    failed = gort_run(&options, run, &s);
    printf("%" PRIu64 " done, %d faults\n", done,
           atomic_load_explicit(&faults, memory_order_relaxed));
    return failed != 0 || done == 0;
}
