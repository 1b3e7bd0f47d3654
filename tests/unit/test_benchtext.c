/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "runtime/benchflags.h"
#include "runtime/benchmatch.h"
#include "runtime/benchtext.h"

/* ---- Numbers: the texts are those of Go 1.24's testing package ---- */

Test(benchtext, numbers_have_the_decimals_that_go_gives_them)
{
    static const struct {
        double value;
        const char *text;
    } examples[] = {
        {0, "         0 u"},
        {1234567, "   1234567 u"},
        {999.95, "      1000 u"},
        {999.94, "       999.9 u"},
        {99.995, "       100.0 u"},
        {99.994, "        99.99 u"},
        {9.9995, "        10.00 u"},
        {9.9994, "         9.999 u"},
        {0.99995, "         1.000 u"},
        {0.99994, "         0.9999 u"},
        {0.099994, "         0.09999 u"},
        {0.0099994, "         0.009999 u"},
        {0.00001, "         0.0000100 u"},
        {-42.5, "       -42.50 u"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
        char text[64];
        size_t length = bench_pretty(text, sizeof text, examples[i].value, "u");

        cr_assert_str_eq(text, examples[i].text, "%g is '%s', not '%s'", examples[i].value, text,
                         examples[i].text);
        cr_assert_eq(length, strlen(text), "length %zu of '%s'", length, text);
    }
}

static const char *result(const struct bench_result *r, bool with_allocs)
{
    static char line[BENCH_LINE_BYTES];

    bench_result_text(line, sizeof line, r, with_allocs);
    return line;
}

Test(benchtext, a_plain_result_is_iterations_and_time)
{
    struct bench_result r = {.n = 1000, .duration_ns = 1234500};

    cr_assert_str_eq(result(&r, false), "    1000\t      1234 ns/op", "'%s'", result(&r, false));
}

Test(benchtext, allocations_are_whole_numbers_rounded_down)
{
    struct bench_result r = {.n = 3, .duration_ns = 30, .alloc_bytes = 100, .allocs = 5};

    cr_assert_str_eq(result(&r, true),
                     "       3\t        10.00 ns/op\t      33 B/op\t       1 allocs/op", "'%s'",
                     result(&r, true));
}

Test(benchtext, bytes_give_megabytes_of_a_million)
{
    struct bench_result r = {.n = 1000, .duration_ns = 1000000000, .bytes_per_op = 2000};

    cr_assert_str_eq(result(&r, false), "    1000\t   1000000 ns/op\t   2.00 MB/s", "'%s'",
                     result(&r, false));
}

Test(benchtext, metrics_are_sorted_by_unit)
{
    struct bench_result r = {
        .n = 1, .duration_ns = 5, .nmetrics = 2, .metrics = {{"z-ns", 1}, {"a-ns", 2}}};

    cr_assert_str_eq(result(&r, false),
                     "       1\t         5.000 ns/op\t         2.000 a-ns\t         1.000 z-ns",
                     "'%s'", result(&r, false));
}

Test(benchtext, a_metric_replaces_the_built_in_of_its_unit)
{
    struct bench_result r = {.n = 1,
                             .duration_ns = 5,
                             .nmetrics = 3,
                             .metrics = {{"ns/op", 0}, {"B/op", 7.9}, {"MB/s", 1.5}}};

    cr_assert_str_eq(result(&r, true), "       1\t   1.50 MB/s\t       7 B/op\t       0 allocs/op",
                     "'%s'", result(&r, true));
}

Test(benchtext, a_line_that_is_too_long_is_cut)
{
    struct bench_result r = {.n = 1000, .duration_ns = 1234500};
    char line[12];

    cr_assert_eq(bench_result_text(line, sizeof line, &r, true), 11u, "'%s'", line);
    cr_assert_str_eq(line, "    1000\t  ", "'%s'", line);
}

/* ---- How often ---- */

Test(benchtext, iterations_are_predicted_as_go_does)
{
    static const struct {
        int64_t goal_ns, prev_n, prev_ns, last, n;
    } examples[] = {
        {1000000000, 1, 1000, 1, 100},                 /* at most a hundred times as many */
        {1000000000, 100, 100000, 100, 10000},         /* and again */
        {1000000000, 10000, 10000000, 10000, 1000000}, /* exactly a hundred times: 1.2 is above */
        {1000000000, 500000, 500000000, 500000, 1200000}, /* a fifth more than the goal */
        {1000000000, 1000, 2000000000, 1000, 1001},       /* at least one more */
        {1000000000, 100, 0, 100, 10000},                 /* no time at all counts as 1 ns */
        {1000000000, 1, 1, 100000000, 1000000000},        /* never above 1e9 */
        {INT64_MAX, 900000000, 1, 900000000, 1000000000}, /* the product needs 128 bits */
        {INT64_MAX, 1000000000, INT64_MAX, 1, 100},
    };

    for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
        int64_t n = bench_predict(examples[i].goal_ns, examples[i].prev_n, examples[i].prev_ns,
                                  examples[i].last);

        cr_assert_eq(n, examples[i].n, "example %zu: %" PRId64 ", not %" PRId64, i, n,
                     examples[i].n);
    }
}

/* ---- Names ---- */

Test(benchtext, names_are_escaped_as_go_does)
{
    static const struct {
        const char *name;
        const char *escaped;
    } examples[] = {
        {"plain-1", "plain-1"},
        {"two words\tand\nlines", "two_words_and_lines"},
        {"\x01 \x07\x08\x1b\x7f", "\\x01_\\a\\b\\x1b\\x7f"},
        {"na\xc3\xafve", "na\xc3\xafve"},
        {"no\xc2\xa0"
         "break",
         "no_break"},
        {"\xc2\x80", "\\u0080"},
        {"\xe2\x80\x8b", "\\u200b"},
        {"\xf3\xa0\x80\x81", "\\U000e0001"},
        {"bad\xff\xc3", "bad\xef\xbf\xbd\xef\xbf\xbd"},
        {"", ""},
    };

    for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
        char text[64];

        bench_escape(text, sizeof text, examples[i].name);
        cr_assert_str_eq(text, examples[i].escaped, "'%s' is '%s', not '%s'", examples[i].name,
                         text, examples[i].escaped);
    }
}

Test(benchtext, a_name_is_never_cut_within_a_character)
{
    char text[4];

    cr_assert_eq(bench_escape(text, sizeof text, "ab\xc3\xaf"), 2u, "'%s'", text);
    cr_assert_str_eq(text, "ab", "'%s'", text);
}

/* ---- Which ---- */

static enum bench_fit fit(const char *pattern, const char *name)
{
    struct bench_match m;
    char why[64];
    enum bench_fit result;

    cr_assert(bench_match_init(&m, pattern, why, sizeof why), "%s: %s", pattern, why);
    result = bench_match_name(&m, name);
    bench_match_fini(&m);
    return result;
}

Test(benchmatch, levels_and_alternatives_are_matched_as_go_does)
{
    static const struct {
        const char *pattern;
        const char *name;
        enum bench_fit fit;
    } examples[] = {
        {".", "BenchmarkChan", BENCH_FIT_FULLY},
        {"", "BenchmarkChan", BENCH_FIT_FULLY},
        {"Chan", "BenchmarkChanSync", BENCH_FIT_FULLY},
        {"Chan$", "BenchmarkChanSync", BENCH_FIT_NO},
        {"^Chan", "BenchmarkChan", BENCH_FIT_NO},
        {"Chan", "BenchmarkChan/10/deep", BENCH_FIT_FULLY},
        {"Chan/10", "BenchmarkChan", BENCH_FIT_PARTLY},
        {"Chan/10", "BenchmarkChan/100", BENCH_FIT_FULLY},
        {"Chan/10$", "BenchmarkChan/100", BENCH_FIT_NO},
        {"Chan/10", "BenchmarkMutex", BENCH_FIT_NO},
        {"Chan//x", "BenchmarkChan/any", BENCH_FIT_PARTLY},
        {"Chan//x", "BenchmarkChan/any/x", BENCH_FIT_FULLY},
        {"Chan|Mutex", "BenchmarkMutex", BENCH_FIT_FULLY},
        {"Chan/10|Mutex/2", "BenchmarkMutex/2", BENCH_FIT_FULLY},
        {"Chan/10|Mutex/2", "BenchmarkMutex/10", BENCH_FIT_NO},
        {"(Chan/10|Mutex)", "BenchmarkMutex", BENCH_FIT_FULLY},
        {"Ch[/a]n", "BenchmarkChan", BENCH_FIT_FULLY},
        {"Chan/two words", "BenchmarkChan/two_words", BENCH_FIT_FULLY},
    };

    for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
        enum bench_fit got = fit(examples[i].pattern, examples[i].name);

        cr_assert_eq(got, examples[i].fit, "-bench '%s' on %s: %d", examples[i].pattern,
                     examples[i].name, (int)got);
    }
}

Test(benchmatch, a_wrong_pattern_is_refused_with_a_reason)
{
    struct bench_match m;
    char why[64] = "";

    cr_assert_not(bench_match_init(&m, "Chan/(", why, sizeof why), "it was taken");
    cr_assert_str_neq(why, "", "no reason");
}

/* ---- Flags ---- */

/* Parses TEXT as the only argument. */
static bool parse(struct bench_flags *f, const char *text)
{
    char arg[64];
    char *argv[] = {(char[]){"program"}, arg};
    char why[256];

    snprintf(arg, sizeof arg, "%s", text);
    return bench_flags_parse(f, 2, argv, why, sizeof why);
}

Test(benchflags, times_are_read_as_go_writes_them)
{
    static const struct {
        const char *text;
        int64_t ns;
        int64_t n;
    } examples[] = {
        {"-benchtime=1s", 1000000000, 0},
        {"--benchtime=100ms", 100000000, 0},
        {"-benchtime=1.5s", 1500000000, 0},
        {"-benchtime=1m30s", 90000000000, 0},
        {"-benchtime=20us", 20000, 0},
        {"-benchtime=.5s", 500000000, 0},
        {"-benchtime=1h", 3600000000000, 0},
        {"-benchtime=1x", 0, 1},
        {"-benchtime=1000000000x", 0, 1000000000},
    };

    for (size_t i = 0; i < ARRAY_COUNT(examples); i++) {
        struct bench_flags f;

        cr_assert(parse(&f, examples[i].text), "%s is refused", examples[i].text);
        cr_assert_eq(f.time_ns, examples[i].ns, "%s: %" PRId64 " ns", examples[i].text, f.time_ns);
        cr_assert_eq(f.fixed_n, examples[i].n, "%s: %" PRId64, examples[i].text, f.fixed_n);
    }
}

Test(benchflags, what_makes_no_sense_is_refused)
{
    static const char *const wrong[] = {
        "-benchtime=",    "-benchtime=0s",  "-benchtime=0x", "-benchtime=5",  "-benchtime=.s",
        "-benchtime=-1s", "-benchtime=1xx", "-count=0",      "-count=x",      "-count",
        "-cpu=0",         "-cpu=1,",        "-cpu=1025",     "-cpu=1;2",      "-benchmem=perhaps",
        "-nothing",       "word",           "---bench=.",    "-benchtime=1d", "-",
    };

    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        struct bench_flags f;

        cr_assert_not(parse(&f, wrong[i]), "%s is taken", wrong[i]);
    }
}

Test(benchflags, a_list_of_procs_is_kept_in_its_order)
{
    struct bench_flags f;

    cr_assert(parse(&f, "-cpu=4,1,1024"), "refused");
    cr_assert_eq(f.ncpus, 3u, "%u", f.ncpus);
    cr_assert(f.cpus[0] == 4 && f.cpus[1] == 1 && f.cpus[2] == 1024, "%d %d %d", f.cpus[0],
              f.cpus[1], f.cpus[2]);
}
