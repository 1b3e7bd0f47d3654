/* SPDX-License-Identifier: MIT */
/* outofmemory.c - the end of memory: impossible sizes and an address space that is used up end the
 * process with one line, those who hold most, and exit code 2; garbage alone never does, even with
 * collection off or far from due. What exceeds the memory limit is told of, and goes on. */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gort.h"
#include "runtime/san.h"

#define SPACE_BYTES ((rlim_t)800 << 20)

static void ask_for_everything(void)
{
    volatile size_t bytes = SIZE_MAX; /* the compiler would warn */

    gort_keepalive(gort_alloc(bytes));
}

static void ask_for_a_product_that_wraps(void)
{
    volatile size_t n = SIZE_MAX / 4;

    gort_keepalive(gort_alloc_array(n + 2, 8));
}

static void ask_for_more_than_there_is(void)
{
    volatile size_t bytes = (size_t)1 << 45;

    gort_keepalive(gort_alloc_noscan(bytes));
}

static void keep_everything(void)
{
    void **last = NULL;

    for (;;) {
        void **next = gort_alloc(50000);

        *next = last;
        last = next;
    }
}

static void keep_everything_small(void)
{
    void **last = NULL;

    for (;;) {
        void **next = gort_alloc(1000);

        *next = last;
        last = next;
    }
}

static void make_garbage_without_collections(void)
{
    gort_set_gc_percent(-1);
    for (int i = 0; i < 12000; i++)
        gort_keepalive(gort_alloc_noscan(100000));
}

/* The goal of the next collection is beyond what there is. */
static void make_garbage_beside_much(void)
{
    enum { LIVE = 100 };
    void **keep = gort_make(void *, LIVE);

    gort_set_gc_percent(1000);
    for (int i = 0; i < LIVE; i++)
        keep[i] = gort_alloc(1 << 20);
    for (int i = 0; i < 200000; i++)
        gort_keepalive(gort_alloc(i % 3 == 0 ? 60000 : 3000));
    gort_keepalive(keep);
}

static void grow_without_end(void)
{
    char *p = NULL;

    for (size_t bytes = 1000;; bytes += bytes / 8) {
        p = gort_realloc(p, bytes);
        p[bytes - 1] = 1;
    }
}

static void fill_an_arena(void)
{
    gort_arena *a = gort_arena_new(0);

    for (;;)
        memset(gort_arena_alloc(a, 10000), 1, 10000);
}

/* What lives exceeds the memory limit, which is for the system to mind. The background thread
 * tells, in its turn. */
static void keep_more_than_the_limit(void)
{
    void **keep = gort_make(void *, 100);

    gort_set_memory_limit(40 << 20);
    for (int i = 0; i < 100; i++)
        keep[i] = gort_alloc_noscan(1 << 20);
    for (int i = 0; i < 100; i++) {
        gort_gc();
        gort_sleep(2 * GORT_MS);
    }
    gort_keepalive(keep);
}

/* SAID is part of what is printed. */
static const struct scenario {
    const char *name;
    void (*run)(void);
    int status;
    const char *said;
} scenarios[] = {
    {"everything", ask_for_everything, 2, "no room for 18446744073709551615 bytes"},
    {"a product that wraps", ask_for_a_product_that_wraps, 2, "no room for"},
    {"more than there is", ask_for_more_than_there_is, 2, "no room for 35184372088833 bytes"},
    {"large objects, all kept", keep_everything, 2, "objects allocated by\n    keep_everything+"},
    {"small objects, all kept", keep_everything_small, 2,
     "objects allocated by\n    keep_everything_small+"},
    {"an object that grows", grow_without_end, 2, "allocated by\n    grow_without_end+"},
    {"an arena", fill_an_arena, 2, "no room for"},
    {"garbage, collection off", make_garbage_without_collections, 0, ""},
    {"garbage, collection late", make_garbage_beside_much, 0, ""},
    {"more than the memory limit", keep_more_than_the_limit, 0,
     "gort: the memory limit of 40 MiB is exceeded"},
};

static int run_task(void *arg)
{
    ((const struct scenario *)arg)->run();
    return 0;
}

/* In a child of its own, with little address space. Its words go to TEXT. */
static int run_scenario(const struct scenario *s, char *text, size_t bytes)
{
    struct rlimit limit = {.rlim_cur = SPACE_BYTES, .rlim_max = SPACE_BYTES};
    int ends[2];
    size_t n = 0;
    ssize_t got = 0;
    int status = 0;
    pid_t child = 0;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        exit(77);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        mallopt(M_ARENA_MAX, 1); /* each takes 128 MiB, for as many threads as there happen to be */
        setrlimit(RLIMIT_AS, &limit);
        exit(gort_run(NULL, run_task, (void *)(uintptr_t)s));
    }
    close(ends[1]);
    while (n < bytes - 1 && (got = read(ends[0], text + n, bytes - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
    static char text[65536];
    int failures = 0;

    if (SAN_ADDRESS || SAN_THREAD) {
        printf("sanitizers need more address space than this test leaves\n");
        return 77;
    }
    setenv("GORT_MONITOR", "off", 1);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        const struct scenario *s = &scenarios[i];
        int status = run_scenario(s, text, sizeof text);
        int said = strstr(text, "fatal error: out of memory: ") != NULL;

        if (status == s->status && said == (status == 2) && strstr(text, s->said) != NULL)
            continue;
        failures++;
        printf("%s: exit %d, not %d; it said:\n%s\n", s->name, status, s->status, text);
        fflush(stdout); /* or the next child tells it again */
    }
    return failures == 0 ? 0 : 1;
}
