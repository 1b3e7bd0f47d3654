/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/benchrun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "gort/mem.h"
#include "gort/task.h"

#define CALLS_MAX_N 1000000000 /* no call has more iterations */
#define WIDTH_SLACK 8          /* so that a longer name does not move the column each time */

/* ---- Names ---- */

size_t bench_full_name(char *buf, size_t bytes, const char *name, int procs)
{
    int n = procs == 1 ? snprintf(buf, bytes, "%s", name)
                       : snprintf(buf, bytes, "%s-%d", name, procs);

    CHECK(n >= 0);
    return (size_t)n < bytes ? (size_t)n : bytes - 1;
}

static bool is_taken(const struct bench_suite *suite, const char *text)
{
    const struct bench_name *name = suite->names;

    while (name != NULL && strcmp(name->text, text) != 0)
        name = name->next;
    return name != NULL;
}

/* Takes the name of PARENT's sub-benchmark NAME, with a number behind it if it is taken. */
static const char *take_name(const struct bench *parent, const char *name)
{
    struct bench_suite *suite = parent->suite;
    struct bench_name *taken = calloc(1, sizeof *taken);
    bool is_top = parent->name[0] == '\0';
    char escaped[BENCH_NAME_BYTES / 2];

    CHECK(taken != NULL);
    bench_escape(escaped, sizeof escaped, name);
    for (unsigned n = 0; n == 0 || is_taken(suite, taken->text); n++) {
        char number[16] = "";

        if (n > 0 || name[0] == '\0')
            snprintf(number, sizeof number, "#%02u", n);
        /* The parent's is cut, not the number: else no name of this length would ever be free. */
        snprintf(taken->text, sizeof taken->text, "%.*s%s%s%s",
                 (int)(sizeof taken->text - sizeof escaped - sizeof number - sizeof "Benchmark"),
                 parent->name, is_top ? "Benchmark" : "/", escaped, number);
    }
    taken->next = suite->names;
    suite->names = taken;
    return taken->text;
}

void bench_suite_fini(struct bench_suite *suite)
{
    while (suite->names != NULL) {
        struct bench_name *name = suite->names;

        suite->names = name->next;
        free(name);
    }
}

/* ---- Calls of the body ---- */

static void call_body(struct bench *b)
{
    gort_gc(); /* what the last call left is not this one's */
    b->pub.gort_loop_n = b->pub.gort_loop_i = 0;
    b->loop_ended = false;
    b->parallelism = 1;
    b->prev_n = b->pub.n;
    b->prev_ns = b->result.duration_ns;
    b->pub.n = b->next_n;
    gort_bench_reset_timer(&b->pub);
    gort_bench_start_timer(&b->pub);
    b->fn(&b->pub, b->arg);
    gort_bench_stop_timer(&b->pub);
    if (b->pub.gort_loop_n > 0 && !b->loop_ended)
        gort_bench_fail(&b->pub, "the body left gort_bench_loop before it returned 0");
}

static void run_call(void *arg)
{
    struct bench *b = arg;

    call_body(b);
    gort_waitgroup_done(&b->call);
}

/* Calls the body with N iterations in a task of its own, and waits for it. */
static void run_n(struct bench *b, int64_t n)
{
    gort_attr attr = {.name = "bench", .stack_bytes = BENCH_STACK_BYTES};

    b->next_n = n;
    gort_waitgroup_add(&b->call, 1);
    gort_go_with(&attr, run_call, b);
    gort_waitgroup_wait(&b->call);
}

/* Calls the body until the measurement is long enough; its first call has been. */
static void measure(struct bench *b)
{
    const struct bench_flags *flags = b->suite->flags;
    int64_t n = 1;

    if (b->pub.gort_loop_n > 0)
        return; /* that call went on until it had enough */
    if (flags->fixed_n > 1)
        run_n(b, flags->fixed_n);
    while (flags->fixed_n == 0 && !bench_has_failed(b) && b->result.duration_ns < flags->time_ns &&
           n < CALLS_MAX_N) {
        n = bench_predict(flags->time_ns, b->pub.n, b->result.duration_ns, n);
        run_n(b, n);
    }
}

/* ---- A benchmark and its line ---- */

static void bench_init(struct bench *b, struct bench_suite *suite, const char *name)
{
    memset(b, 0, sizeof *b);
    b->suite = suite;
    b->name = name;
}

void bench_root_init(struct bench *b, struct bench_suite *suite)
{
    bench_init(b, suite, "");
}

static void print_failure(struct bench *b, const char *shown)
{
    printf("--- FAIL: %s\n    %s\n", shown, b->why);
    fflush(stdout);
    b->suite->failed = true;
}

/* As often as -count says, all but the first time from the start; B has had its first call. */
static bool print_lines(struct bench *b)
{
    struct bench_suite *suite = b->suite;
    char shown[BENCH_NAME_BYTES + 8];
    char line[BENCH_LINE_BYTES];
    bool good = true;

    bench_full_name(shown, sizeof shown, b->name, suite->procs);
    for (int64_t i = 0; i < suite->flags->count; i++) {
        printf("%-*s\t", (int)suite->width, shown);
        fflush(stdout);
        if (i > 0) {
            void (*fn)(gort_bench * b, void *arg) = b->fn;
            void *arg = b->arg;

            bench_init(b, suite, b->name);
            b->fn = fn;
            b->arg = arg;
            run_n(b, 1);
        }
        measure(b);
        if (bench_has_failed(b)) {
            print_failure(b, shown);
            good = false;
            continue;
        }
        b->result.n = b->pub.n;
        bench_result_text(line, sizeof line, &b->result, suite->flags->benchmem || b->shows_allocs);
        printf("%s\n", line);
        fflush(stdout);
    }
    return good;
}

static void widen(struct bench_suite *suite, const char *name)
{
    size_t width = strlen(name) + suite->suffix_width;

    if (width > suite->width)
        suite->width = width + WIDTH_SLACK;
}

int gort_bench_run(gort_bench *pub, const char *name, void (*fn)(gort_bench *b, void *arg),
                   void *arg)
{
    struct bench *parent = bench_of(pub);
    struct bench_suite *suite = parent->suite;
    const char *full = take_name(parent, name);
    enum bench_fit fit = bench_match_name(suite->match, full);
    struct bench sub;

    parent->has_subs = true;
    if (fit == BENCH_FIT_NO)
        return 1;
    bench_init(&sub, suite, full);
    sub.fn = fn;
    sub.arg = arg;
    sub.has_subs = fit == BENCH_FIT_PARTLY; /* only they are wanted, not its own line */
    widen(suite, full);
    run_n(&sub, 1);
    if (bench_has_failed(&sub)) {
        print_failure(&sub, full);
        return 0;
    }
    return sub.has_subs || print_lines(&sub);
}
