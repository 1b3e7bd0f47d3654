/* SPDX-License-Identifier: MIT */
/* libgc.c - the benchmarks of allocation on the Boehm-Demers-Weiser collector, for comparison.
 * Takes the flags that compare.sh gives and prints lines in Go's format. Built only where libgc is
 * found; it knows nothing of our runtime, and nothing else here knows libgc. */
#define GC_THREADS
#include <gc.h>
#include <pthread.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/peak.h"
#include "tests/bench/trees.h"

#define TREES_DEPTH 19
#define THREADS_MAX 64

static void keep(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}

static void alloc_plain(int64_t n, size_t bytes)
{
    for (int64_t i = 0; i < n; i++)
        keep(GC_MALLOC_ATOMIC(bytes));
}

static void alloc_pointers(int64_t n, size_t bytes)
{
    for (int64_t i = 0; i < n; i++)
        keep(GC_MALLOC(bytes));
}

static void alloc_and_free(int64_t n, size_t bytes)
{
    for (int64_t i = 0; i < n; i++) {
        void *p = GC_MALLOC(bytes);

        keep(p);
        GC_FREE(p);
    }
}

static void alloc_and_free_later(int64_t n, size_t bytes)
{
    enum { LIVE = 100 };
    void **live = GC_MALLOC(LIVE * sizeof *live);

    for (int64_t i = 0; i < n; i++) {
        GC_FREE(live[i % LIVE]);
        live[i % LIVE] = GC_MALLOC(bytes);
    }
}

/* ---- threads ---- */

struct share {
    void (*run)(int64_t n, size_t bytes);
    int64_t n;
    size_t bytes;
};

static void *run_share(void *arg)
{
    const struct share *s = arg;

    s->run(s->n, s->bytes);
    return NULL;
}

/* N iterations of RUN, shared out among NTHREADS. */
static void run_threads(long nthreads, struct share all)
{
    pthread_t threads[THREADS_MAX];
    struct share part = all;

    part.n = all.n / nthreads + 1;
    for (long i = 0; i < nthreads; i++)
        if (pthread_create(&threads[i], NULL, run_share, &part) != 0)
            abort();
    for (long i = 0; i < nthreads; i++)
        pthread_join(threads[i], NULL);
}

static long processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
}

static void alloc_plain_everywhere(int64_t n, size_t bytes)
{
    run_threads(processors(), (struct share){alloc_plain, n, bytes});
}

static void alloc_pointers_everywhere(int64_t n, size_t bytes)
{
    run_threads(processors(), (struct share){alloc_pointers, n, bytes});
}

/* ---- binary trees ---- */

struct tree *tree_alloc(void)
{
    return GC_MALLOC(sizeof(struct tree));
}

static void work(int64_t n, size_t bytes)
{
    (void)n;
    (void)bytes;
    if (trees_work(TREES_DEPTH) != trees_expected(TREES_DEPTH))
        abort();
}

static void grow_trees(int64_t n, size_t bytes)
{
    struct tree *lasting = NULL;

    (void)bytes;
    for (int64_t i = 0; i < n; i++) {
        if (tree_count(tree_new(TREES_DEPTH + 1)) != trees_nodes(TREES_DEPTH + 1))
            abort();
        lasting = tree_new(TREES_DEPTH);
        run_threads(TREES_WORKERS, (struct share){.run = work});
        if (tree_count(lasting) != trees_nodes(TREES_DEPTH))
            abort();
    }
}

/* ---- measuring ---- */

static const struct bench {
    const char *name;
    void (*run)(int64_t n, size_t bytes);
    size_t sizes[8]; /* up to a 0; none: the benchmark has no sizes */
} benches[] = {
    {"BenchmarkAllocPlain", alloc_plain, {8, 16, 32, 128, 1024}},
    {"BenchmarkAllocPointers", alloc_pointers, {8, 16, 32, 128, 1024}},
    {"BenchmarkAllocFree", alloc_and_free, {8, 16, 32, 128, 1024}},
    {"BenchmarkAllocFreeLater", alloc_and_free_later, {8, 16, 32, 128, 1024}},
    {"BenchmarkAllocPlainParallel", alloc_plain_everywhere, {8, 16, 32, 128, 1024}},
    {"BenchmarkAllocPointersParallel", alloc_pointers_everywhere, {8, 16, 32, 128, 1024}},
    {"BenchmarkBinaryTrees", grow_trees, {0}},
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* As many iterations as take TIME_NS, by longer and longer runs; or if it is negative, so many. */
static void measure(const struct bench *b, size_t bytes, int64_t time_ns)
{
    int64_t n = time_ns < 0 ? -time_ns : 1;

    peak_reset();
    for (;;) {
        int64_t start_ns = now_ns();
        int64_t took_ns = 0;

        b->run(n, bytes);
        took_ns = now_ns() - start_ns;
        if (took_ns >= time_ns || n >= 1000000000) {
            printf("%8lld %12.2f ns/op", (long long)n, (double)took_ns / (double)n);
            break;
        }
        n = took_ns * 100 < time_ns ? n * 100 : time_ns / (took_ns / n + 1) * 6 / 5 + 1;
    }
    if (bytes == 0)
        printf(" %12lld peak-B", (long long)peak_bytes());
    printf("\n");
}

static void run(const struct bench *b, const regex_t *size, int64_t time_ns)
{
    if (b->sizes[0] == 0) {
        printf("%s ", b->name);
        measure(b, 0, time_ns);
    }
    for (int i = 0; b->sizes[i] != 0; i++) {
        char name[24];

        snprintf(name, sizeof name, "%zu", b->sizes[i]);
        if (size != NULL && regexec(size, name, 0, NULL, 0) != 0)
            continue;
        printf("%s/%s ", b->name, name);
        measure(b, b->sizes[i], time_ns);
    }
}

/* "NAME" or "NAME/SIZE", each a regular expression. */
static int run_matching(char *pattern, int64_t time_ns)
{
    char *slash = strchr(pattern, '/');
    regex_t name;
    regex_t size;

    if (slash != NULL)
        *slash++ = '\0';
    if (regcomp(&name, pattern, REG_EXTENDED | REG_NOSUB) != 0 ||
        (slash != NULL && regcomp(&size, slash, REG_EXTENDED | REG_NOSUB) != 0))
        return 2;
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++)
        if (regexec(&name, benches[i].name, 0, NULL, 0) == 0)
            run(&benches[i], slash == NULL ? NULL : &size, time_ns);
    return 0;
}

/* "100ms", "2s"; or "10x", a number of iterations, which becomes negative. */
static int64_t parse_time(const char *text)
{
    char *unit = NULL;
    long long n = strtoll(text, &unit, 10);

    return strcmp(unit, "x") == 0 ? -n : n * (strcmp(unit, "ms") == 0 ? 1000000 : 1000000000);
}

int main(int argc, char **argv)
{
    char all[] = ".";
    char *pattern = all;
    int64_t time_ns = 100000000;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-bench") == 0)
            pattern = argv[i + 1];
        else if (strcmp(argv[i], "-benchtime") == 0)
            time_ns = parse_time(argv[i + 1]);
        else
            return 2;
    }
    GC_INIT();
    return run_matching(pattern, time_ns);
}
