/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <ctype.h>
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "gort.h"

/* ---- Benchmarks to run: each is chosen by its name ---- */

static _Atomic(int64_t) made; /* iterations of the last call */
static _Atomic(int64_t) calls;

GORT_BENCH(Loop)
{
    atomic_store_explicit(&made, 0, memory_order_relaxed);
    while (gort_bench_loop(b))
        atomic_fetch_add_explicit(&made, 1, memory_order_relaxed);
    gort_bench_report_metric(b, (double)(atomic_load_explicit(&made, memory_order_relaxed) == b->n),
                             "equal");
}

GORT_BENCH(Count)
{
    atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
    for (int64_t i = 0; i < b->n; i++)
        gort_keepalive(gort_alloc_noscan(63));
    gort_bench_set_bytes(b, 64);
    gort_bench_report_allocs(b);
    gort_bench_report_metric(b, (double)atomic_load_explicit(&calls, memory_order_relaxed),
                             "calls");
}

static void share(gort_bench_share *s, void *arg)
{
    (void)arg;
    while (gort_bench_next(s))
        atomic_fetch_add_explicit(&made, 1, memory_order_relaxed);
}

GORT_BENCH(Parallel)
{
    int64_t count;

    atomic_store_explicit(&made, 0, memory_order_relaxed);
    gort_bench_set_parallelism(b, 3);
    gort_bench_run_parallel(b, share, NULL);
    count = atomic_load_explicit(&made, memory_order_relaxed);
    gort_bench_report_metric(b, (double)(count == b->n), "equal");
}

static void give_up(gort_bench_share *s, void *arg)
{
    (void)s, (void)arg;
}

GORT_BENCH(FailsParallel)
{
    gort_bench_run_parallel(b, give_up, NULL);
}

GORT_BENCH(FailsEarly)
{
    while (gort_bench_loop(b))
        break;
}

GORT_BENCH(FailsStopped)
{
    gort_bench_stop_timer(b);
    while (gort_bench_loop(b))
        continue;
}

GORT_BENCH(Stopped)
{
    gort_bench_stop_timer(b);
    gort_bench_reset_timer(b);
    gort_bench_report_metric(b, (double)gort_bench_elapsed(b), "elapsed-ns");
}

static void leaf(gort_bench *b, void *arg)
{
    while (gort_bench_loop(b))
        gort_keepalive(arg);
}

static void branch(gort_bench *b, void *arg)
{
    gort_bench_run(b, "leaf", leaf, arg);
    gort_bench_run(b, "other leaf", leaf, arg);
}

GORT_BENCH(Tree)
{
    gort_bench_run(b, "a", branch, NULL);
    gort_bench_run(b, "b", leaf, NULL);
    gort_bench_run(b, "b", leaf, NULL);
    gort_bench_run(b, "", leaf, NULL);
}

/* ---- Running them ---- */

static char output[65536];

/* Runs the program with ARGS, words separated by one blank; OUTPUT is what it prints. */
static int run(const char *args)
{
    char *argv[16] = {(char[]){"test_bench"}};
    char words[256];
    int argc = 1;
    FILE *file = tmpfile();
    int saved = dup(STDOUT_FILENO);
    int status;
    size_t n;

    snprintf(words, sizeof words, "%s", args);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    cr_assert(file != NULL && saved >= 0, "no file for the output");
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    status = gort_bench_main(argc, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    rewind(file);
    n = fread(output, 1, sizeof output - 1, file);
    output[n] = '\0';
    return status;
}

#define EXPECT_OUTPUT(text) cr_assert(strstr(output, text) != NULL, "no '%s' in:\n%s", text, output)
#define EXPECT_NONE(text)   cr_assert(strstr(output, text) == NULL, "'%s' in:\n%s", text, output)

Test(bench, a_loop_runs_until_the_time_is_over_and_counts)
{
    cr_assert_eq(run("-bench Loop -benchtime 5ms -cpu 2"), 0, "%s", output);
    EXPECT_OUTPUT("BenchmarkLoop-2");
    EXPECT_OUTPUT("1.000 equal");
    EXPECT_OUTPUT("\nPASS\n");
}

Test(bench, a_fixed_number_is_made_exactly)
{
    cr_assert_eq(run("-bench Loop -benchtime 777x"), 0, "%s", output);
    EXPECT_OUTPUT("\t     777\t");
    EXPECT_OUTPUT("1.000 equal");
}

Test(bench, a_counting_body_is_called_again_with_the_number)
{
    cr_assert_eq(run("-bench Count -benchtime 10000x"), 0, "%s", output);
    EXPECT_OUTPUT("2.000 calls");
    EXPECT_OUTPUT("MB/s");
    EXPECT_OUTPUT("      64 B/op\t       1 allocs/op");
}

Test(bench, one_fixed_iteration_is_the_first_call)
{
    cr_assert_eq(run("-bench Count -benchtime 1x"), 0, "%s", output);
    EXPECT_OUTPUT("1.000 calls");
}

Test(bench, parallel_bodies_make_the_number_together)
{
    cr_assert_eq(run("-bench ^BenchmarkParallel -benchtime 12345x -cpu 2"), 0, "%s", output);
    EXPECT_OUTPUT("1.000 equal");
}

Test(bench, every_number_of_procs_has_its_run_and_its_repeats)
{
    cr_assert_eq(run("-bench Loop -benchtime 10x -count 2 -cpu 1,3"), 0, "%s", output);
    EXPECT_OUTPUT("\nBenchmarkLoop     \t      10\t");
    EXPECT_OUTPUT("\nBenchmarkLoop-3   \t      10\t");
    cr_assert(strstr(output, "goos") == strstr(output, "goos: linux\ngoarch: "), "%s", output);
    cr_assert_null(strstr(strstr(output, "goos") + 1, "goos"), "two headers:\n%s", output);
}

Test(bench, a_failure_is_said_and_decides_the_status)
{
    cr_assert_eq(run("-bench Fails -benchtime 10x"), 1, "%s", output);
    EXPECT_OUTPUT("--- FAIL: BenchmarkFailsParallel\n    a body of gort_bench_run_parallel");
    EXPECT_OUTPUT("--- FAIL: BenchmarkFailsEarly\n    the body left gort_bench_loop");
    EXPECT_OUTPUT("--- FAIL: BenchmarkFailsStopped\n    gort_bench_loop was called while");
    EXPECT_OUTPUT("\nFAIL\n");
}

Test(bench, a_stopped_timer_measures_nothing)
{
    cr_assert_eq(run("-bench ^BenchmarkStopped -benchtime 10x"), 0, "%s", output);
    EXPECT_OUTPUT("\t      10\t         0 elapsed-ns\n");
}

Test(bench, sub_benchmarks_have_lines_and_their_parents_none)
{
    cr_assert_eq(run("-bench Tree -benchtime 10x -cpu 1"), 0, "%s", output);
    EXPECT_OUTPUT("\nBenchmarkTree/a/leaf ");
    EXPECT_OUTPUT("\nBenchmarkTree/a/other_leaf");
    EXPECT_OUTPUT("\nBenchmarkTree/b ");
    EXPECT_OUTPUT("\nBenchmarkTree/b#01 ");
    EXPECT_OUTPUT("\nBenchmarkTree/#00 ");
    EXPECT_NONE("BenchmarkTree/a ");
    EXPECT_NONE("BenchmarkTree ");
}

Test(bench, a_pattern_of_levels_chooses_sub_benchmarks)
{
    cr_assert_eq(run("-bench Tree/a/other -benchtime 10x -cpu 1"), 0, "%s", output);
    EXPECT_OUTPUT("\nBenchmarkTree/a/other_leaf");
    EXPECT_NONE("/leaf");
    EXPECT_NONE("Tree/b");
}

Test(bench, a_list_names_what_fits_and_runs_nothing)
{
    cr_assert_eq(run("-list -bench Loop|Tree/a"), 0, "%s", output);
    cr_assert_str_eq(output, "BenchmarkLoop\nBenchmarkTree\n", "'%s'", output);
}

Test(bench, a_wrong_flag_ends_with_2)
{
    cr_assert_eq(run("-bench ("), 2, "%s", output);
    cr_assert_eq(run("-cpu none"), 2, "%s", output);
    cr_assert_str_eq(output, "", "'%s'", output);
}

/* ---- The grammar of golang.org/design/14313 ---- */

/* key ":" value; the key begins with a lower case letter and holds neither blanks nor capitals. */
static bool is_config(const char *line)
{
    size_t n = 0;

    while (line[n] != '\0' && line[n] != ':' && !isspace((unsigned char)line[n]) &&
           !isupper((unsigned char)line[n]))
        n++;
    return islower((unsigned char)line[0]) && line[n] == ':' &&
           (line[n + 1] == ' ' || line[n + 1] == '\0');
}

static bool is_result(char *line)
{
    char *field = strtok(line, " \t");
    int fields = 0;
    char *end;

    if (field == NULL || strncmp(field, "Benchmark", 9) != 0 || !isupper((unsigned char)field[9]))
        return false;
    while ((field = strtok(NULL, " \t")) != NULL) {
        fields++;
        (void)strtod(field, &end);
        if ((fields == 1 || fields % 2 == 0) != (*end == '\0'))
            return false; /* iterations and values are numbers, units are not */
    }
    return fields >= 3 && fields % 2 == 1;
}

Test(bench, the_output_is_in_the_benchmark_format)
{
    char *rest = output;
    char *line;
    int configs = 0;
    int results = 0;

    cr_assert_eq(run("-bench Loop|Count|Tree -benchtime 1ms -benchmem -count 2 -cpu 1,2"), 0, "%s",
                 output);
    while ((line = strsep(&rest, "\n")) != NULL) {
        char copy[1024];

        snprintf(copy, sizeof copy, "%s", line);
        if (is_config(line))
            configs++;
        else if (is_result(copy))
            results++;
        else
            cr_assert(line[0] == '\0' || strcmp(line, "PASS") == 0, "no such line: '%s'", line);
    }
    cr_assert_geq(configs, 2, "%d lines of configuration", configs);
    cr_assert_eq(results, 2 * 2 * 7, "%d results", results);
}
